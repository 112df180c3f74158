"""Specialised steps: the bits of the general step for that choice of options, without the work of the other choices."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from snn.engine.modelc import ModelError, models_folder
from snn.engine.modelc.compile import compile_neuron
from snn.engine.modelc.definition import read
from snn.engine.modelc.specialise import specialise
from tests.unit.modelc.interpreter import run

NEURONS = sorted(path.stem for path in (models_folder() / "neurons").glob("*.toml"))
LANES = 200


class Draws:
    """The same numbers for the same draw."""

    def uniform(self, number):
        return np.random.default_rng(number).random(LANES)

    def normal(self, number):
        return np.random.default_rng(number).standard_normal(LANES)

    def poisson(self, number, mean):
        return np.random.default_rng(number).poisson(np.abs(mean) % 3)


def outputs_of(programs):
    return [*programs.step_states, *([programs.step_spike] if programs.step_spike >= 0 else [])]


def as_ops(program):
    ops = []
    for i in program.instructions:
        if i.op in ("const", "iconst"):
            ops.append([i.op, i.value])
        elif i.op in ("uniform", "normal", "poisson"):
            ops.append([i.op, int(i.value), *i.operands])
        else:
            ops.append([i.op, *i.operands])
    return ops


def inputs_of(program, known, seed):
    rng = np.random.default_rng(seed)
    values = []
    for register, (_, kind) in enumerate(program.inputs):
        if register in known:
            values.append(np.full(LANES, known[register], np.int32))
        elif kind == "int":
            values.append(rng.integers(0, 4, LANES).astype(np.int32))
        else:
            values.append((rng.standard_normal(LANES) * rng.choice([0.1, 1, 40], LANES)).astype(np.float32))
    return values


@pytest.mark.parametrize("name", NEURONS)
def test_every_choice_of_options_gives_the_same_bits(name) -> None:
    definition = read(models_folder() / "neurons" / f"{name}.toml")
    programs = compile_neuron(definition)
    outputs = outputs_of(programs)
    first = len(definition.parameters)
    for choices in itertools.product(*(range(len(o.choices)) for o in definition.options)):
        known = {first + i: choice for i, choice in enumerate(choices)}
        program, places = specialise(programs.step, outputs, known)
        assert len(program.instructions) <= len(programs.step.instructions)
        assert not known or all(operand not in known for i in program.instructions for operand in i.operands)
        inputs = inputs_of(program, known, seed=sum(choices))
        general = run(as_ops(programs.step), inputs, np.float32, draws=Draws())
        special = run(as_ops(program), inputs, np.float32, draws=Draws())
        for register, place in zip(outputs, places, strict=True):
            expected = np.broadcast_to(general[register], LANES)
            assert np.array_equal(np.broadcast_to(special[place], LANES).view(np.uint32), expected.view(np.uint32))


def test_the_step_of_the_microcircuit_has_a_quarter_fewer_operations() -> None:
    definition = read(models_folder() / "neurons" / "current_lif.toml")
    programs = compile_neuron(definition)
    choices = definition.specialised[1]
    assert choices["input_scaling"] == "exact"
    assert choices["reset"] == "value"
    known = {len(definition.parameters) + i: o.choices.index(choices[o.name]) for i, o in enumerate(definition.options)}
    program, _ = specialise(programs.step, outputs_of(programs), known)
    assert len(program.instructions) < 0.76 * len(programs.step.instructions)


def test_a_model_with_a_base_takes_over_its_list() -> None:
    folder = Path(models_folder()) / "neurons"
    assert read(folder / "driven_lif.toml").specialised == read(folder / "lif.toml").specialised


@pytest.mark.parametrize(
    ("listed", "sentence"),
    [
        ('"reset"', "must be a list of tables"),
        ('[{ reset = "sideways" }]', "reset = 'sideways' is not a choice of an option"),
        ('[{ colour = "red" }]', "colour = 'red' is not a choice of an option"),
    ],
)
def test_wrong_lists_are_refused(listed, sentence) -> None:
    text = (Path(models_folder()) / "neurons" / "lif.toml").read_text()
    lines = [f"specialised = {listed}" if line.startswith("specialised") else line for line in text.splitlines()]
    with pytest.raises(ModelError, match=sentence):
        read("\n".join(lines))
