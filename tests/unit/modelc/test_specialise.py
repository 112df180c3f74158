"""Specialised steps: the bits of the general step for that choice of options, without the work of the other choices."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from snn.engine.modelc import ModelError, models_folder
from snn.engine.modelc.calm import calm_steps, stays_in_registers
from snn.engine.modelc.choices import joined, known_derived
from snn.engine.modelc.choices import specialised as specialised_programs
from snn.engine.modelc.choices import training as training_programs
from snn.engine.modelc.compile import compile_neuron
from snn.engine.modelc.numpy_support import flush
from snn.engine.modelc.read_definition import read
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


def specialised(definition, programs, known):
    """The step for known options as it is printed: the program, its states and the condition of the spike."""
    stored = [r for r, s in zip(programs.step_states, definition.states, strict=True) if s.type == "float"]
    finite = range(len(definition.parameters))
    return specialise(
        programs.step, programs.step_states, known, spike=programs.step_spike, stored=stored, finite=finite
    )


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


def inputs_of(program, finite, known, seed):
    """Numbers for the inputs of a step, of which the first ``finite`` are neither infinite nor NaN."""
    rng = np.random.default_rng(seed)
    values = []
    for register, (_, kind) in enumerate(program.inputs):
        if register in known:
            values.append(np.full(LANES, known[register], np.int32))
        elif kind == "int":
            values.append(rng.integers(0, 4, LANES).astype(np.int32))
        else:
            values.append((rng.standard_normal(LANES) * rng.choice([0.1, 1, 40], LANES)).astype(np.float32))
            if register >= finite:
                values[-1][rng.choice(LANES, 20, replace=False)] = np.repeat(
                    np.float32([0.0, -0.0, np.inf, -np.inf]), 5
                )
    return values


@pytest.mark.parametrize("name", NEURONS)
def test_every_choice_of_options_gives_the_same_bits(name) -> None:
    definition = read(models_folder() / "neurons" / f"{name}.toml")
    programs = compile_neuron(definition)
    first = len(definition.parameters)
    spikes = programs.step_spike >= 0
    for choices in itertools.product(*(range(len(o.choices)) for o in definition.options)):
        known = {first + i: choice for i, choice in enumerate(choices)}
        program, states, spike = specialised(definition, programs, known)
        assert not known or all(operand not in known for i in program.instructions for operand in i.operands)
        constants = len(program.inputs) - len(definition.states) - len(definition.receptors)
        inputs = inputs_of(program, constants, known, seed=sum(choices))
        with np.errstate(all="ignore"):
            general = run(as_ops(programs.step), inputs, np.float32, draws=Draws())
            special = run(as_ops(program), inputs, np.float32, draws=Draws())
        for state, register, place in zip(definition.states, programs.step_states, states, strict=True):
            expected, found = (
                np.broadcast_to(values[r], LANES) for values, r in ((general, register), (special, place))
            )
            if state.type == "float":
                expected, found = flush(expected), flush(found)
                assert np.array_equal(np.isnan(expected), np.isnan(found))
                expected, found = np.nan_to_num(expected), np.nan_to_num(found)
            assert np.array_equal(expected.view(np.uint32), found.view(np.uint32)), state.name
        if spikes:
            assert np.array_equal(np.broadcast_to(general[programs.step_spike] > 0, LANES), special[spike])


def test_steps_without_a_receptor_give_the_same_bits_where_nothing_reaches_it() -> None:
    found = 0
    for name in NEURONS:
        definition = read(models_folder() / "neurons" / f"{name}.toml")
        programs = compile_neuron(definition)
        first_state = len(programs.step.inputs) - len(definition.states)
        left_out = range(first_state - len(definition.without), first_state)
        for choices in definition.specialised if definition.without else ():
            found += 1
            program = specialised_programs(definition, programs, choices)
            known = {
                len(definition.parameters) + i: o.choices.index(choices[o.name])
                for i, o in enumerate(definition.options)
            }
            known |= known_derived(definition, programs, known)
            first_receptor = first_state - len(definition.receptors)
            inputs = inputs_of(programs.step, first_receptor, known, seed=found)
            for register in left_out:
                inputs[register] = np.zeros_like(inputs[register])
            assert not any(register in i.operands for i in program.step.instructions for register in left_out)
            with np.errstate(all="ignore"):
                general = run(as_ops(programs.step), inputs, np.float32, draws=Draws())
                special = run(as_ops(program.step), inputs, np.float32, draws=Draws())
            for state, register, place in zip(
                definition.states, programs.step_states, program.step_states, strict=True
            ):
                expected, same = (np.broadcast_to(v[r], LANES) for v, r in ((general, register), (special, place)))
                if state.type == "float":
                    expected, same = flush(expected), flush(same)
                np.testing.assert_array_equal(same, expected, err_msg=state.name)
    assert found >= 6


def test_calm_steps_give_the_same_bits_where_nothing_spikes() -> None:
    found = 0
    for name in NEURONS:
        definition = read(models_folder() / "neurons" / f"{name}.toml")
        programs = compile_neuron(definition)
        for choices in definition.specialised:
            special = specialised_programs(definition, programs, choices)
            if not stays_in_registers(definition, special):
                continue
            program = special.step
            first_state = len(program.inputs) - len(definition.states)
            first_receptor = first_state - len(definition.receptors)
            for number, step in enumerate(calm_steps(definition, special)):
                found += 1
                known = {first_state + i: 0 for i, o in enumerate(step.outputs) if o is None}
                known |= dict.fromkeys((first_receptor + r for r in step.silent), 0)
                inputs = inputs_of(program, first_receptor, {}, seed=number)
                for register in known:
                    inputs[register] = np.zeros_like(inputs[register])
                with np.errstate(all="ignore"):
                    general = run(as_ops(program), inputs, np.float32, draws=Draws())
                    calm = run(as_ops(step.program), inputs, np.float32, draws=Draws())
                fires = np.broadcast_to(general[special.step_spike], LANES)
                assert np.array_equal(fires, np.broadcast_to(calm[step.spike], LANES))
                assert not fires.all()
                for state, register, place in zip(definition.states, special.step_states, step.outputs, strict=True):
                    expected = np.broadcast_to(general[register], LANES)[~fires]
                    if place is None:
                        assert not np.any(flush(expected) if state.type == "float" else expected), state.name
                        continue
                    same = np.broadcast_to(calm[place], LANES)[~fires]
                    assert np.array_equal(flush(expected), flush(same), equal_nan=True), state.name
    assert found >= 12


@pytest.mark.parametrize("learning", [False, True], ids=["fixed", "learning"])
def test_training_with_counters_at_0_gives_the_same_bits(learning) -> None:
    found = 0
    for name in NEURONS:
        definition = read(models_folder() / "neurons" / f"{name}.toml")
        programs = compile_neuron(definition)
        whole, constants = joined(programs) if learning and programs.learning else (programs, {})
        for number, choices in enumerate(definition.trained):
            training = training_programs(definition, programs, choices, learning=learning)
            if training is None:
                continue
            found += 1
            assert all(whole.tape[i].type == "float" for i in training.tape), "a counter is taped"
            first_state = len(programs.step.inputs) - len(definition.states)
            first_receptor = first_state - len(definition.receptors)
            first = len(definition.parameters)
            known = {first + i: o.choices.index(choices[o.name]) for i, o in enumerate(definition.options)}
            known |= known_derived(definition, programs, known) | dict.fromkeys(training.zeros, 0)
            known |= {first_state + i: 0 for i, state in enumerate(definition.states) if state.type == "int"}
            inputs = inputs_of(programs.step, first_receptor, known, seed=number)
            with np.errstate(all="ignore"):
                general = run(as_ops(programs.step), inputs, np.float32, draws=Draws())
                special = run(as_ops(training.programs.step), inputs, np.float32, draws=Draws())
            if programs.step_spike >= 0:
                spike = np.broadcast_to(special[training.programs.step_spike], LANES)
                assert np.array_equal(np.broadcast_to(general[programs.step_spike], LANES) > 0, spike)
                assert 0 < spike.sum() < LANES
            kept = [whole.tape[i].register for i in training.tape]
            places = [*training.programs.step_states, *(entry.register for entry in training.programs.tape)]
            assert_same_lanes(
                [(general, r) for r in [*programs.step_states, *kept]], [(special, p) for p in places], name
            )

            taped = [np.broadcast_to(general[entry.register], LANES) for entry in whole.tape]
            finite = np.isfinite([taped[i] for i in training.tape]).all(axis=0)  # else 0 times infinity is left out
            rng = np.random.default_rng(number)
            gradients = [rng.standard_normal(LANES).astype(np.float32) for _ in range(len(definition.states) + 1)]
            arguments = [*inputs[:first_receptor], *taped, *gradients]

            def slope(x):
                return np.float32(1) / (1 + np.abs(x))

            with np.errstate(all="ignore"):
                general = run(as_ops(whole.adjoint), arguments, np.float32, surrogate=slope)
                special = run(as_ops(training.programs.adjoint), arguments, np.float32, surrogate=slope)
            registers = [*whole.adjoint_states, *whole.adjoint_receptors, *(constants[i] for i in training.constants)]
            places = [*training.programs.adjoint_states, *training.programs.adjoint_receptors]
            places += training.constants.values()
            assert_same_lanes([(general, r) for r in registers], [(special, p) for p in places], name, finite)
            if learning:
                left_out = {i: general[register] for i, register in constants.items() if i not in training.constants}
                for options in options_that_fit(definition, training.choices):
                    assert_reaches_no_parameter(definition, programs, inputs[:first], options, left_out, finite)
    assert found == 11  # three of lif, one of four others, and those of two models with such a base


def assert_same_lanes(expected, found, name, lanes=slice(None)) -> None:
    for (general, register), (special, place) in zip(expected, found, strict=True):
        one, other = (np.broadcast_to(values[r], LANES)[lanes] for values, r in ((general, register), (special, place)))
        if one.dtype == np.float32:
            one, other = flush(one), flush(other)
        assert np.array_equal(one, other, equal_nan=True), f"{name} {register}"


def options_that_fit(definition, choices):
    """Every choice of options for which kernels with these choices are used."""
    return itertools.product(
        *(
            range(len(option.choices)) if choice < 0 else [choice]
            for option, choice in zip(definition.options, choices, strict=True)
        )
    )


def assert_reaches_no_parameter(definition, programs, parameters, options, gradients, lanes) -> None:
    """What an adjoint leaves out is 0, or goes to no parameter under these options."""
    learning, first = programs.learning, len(definition.parameters)
    given = [np.zeros(LANES, np.float32) for _ in range(first + len(definition.derived))]
    for place, gradient in gradients.items():
        given[place if place < first else place - len(definition.options)] = np.broadcast_to(gradient, LANES)
    chosen = [np.full(LANES, option, np.int32) for option in options]
    with np.errstate(all="ignore"):
        values = run(as_ops(learning.derive), [*parameters, *chosen, np.float32(1.0), *given], np.float32)
    for register in learning.derive_parameters:
        if register >= 0:
            assert not np.any(np.nan_to_num(np.broadcast_to(values[register], LANES)[lanes])), definition.name


def test_the_step_of_the_microcircuit_has_a_third_fewer_operations() -> None:
    definition = read(models_folder() / "neurons" / "current_lif.toml")
    programs = compile_neuron(definition)
    choices = definition.specialised[1]
    assert choices["input_scaling"] == "exact"
    assert choices["reset"] == "value"
    known = {len(definition.parameters) + i: o.choices.index(choices[o.name]) for i, o in enumerate(definition.options)}
    program, _, _ = specialised(definition, programs, known)
    assert len(program.instructions) < 0.7 * len(programs.step.instructions)


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
