"""The op list, interpreted from its text, against the numpy target: the same bits."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snn.engine.modelc import load_builtin_model, load_builtin_surrogate
from snn.engine.modelc.random_draws import Draws
from tests.unit.modelc import interpreter
from tests.unit.modelc.running import (
    MODELS,
    NEURONS,
    SOURCES,
    SURROGATES,
    combinations,
    constants_for,
    drive,
    label,
    parameters_for,
    simulate,
)

OPTIONS = ("threshold_compare", "reset", "reset_timing", "reset_gradient", "membrane_substeps", "synapse_order")


def same_bits(a, b):
    a, b = np.asarray(a), np.asarray(b)
    assert a.dtype == b.dtype
    a, b = np.broadcast_arrays(a, b)
    np.testing.assert_array_equal(np.ascontiguousarray(a).view(np.uint8), np.ascontiguousarray(b).view(np.uint8))


CASES = [
    pytest.param(name, choices, id=f"{name}-{label(choices, OPTIONS)}")
    for name in NEURONS
    for choices in combinations(load_builtin_model(name), OPTIONS)
]


@pytest.mark.parametrize(("name", "choices"), CASES)
@pytest.mark.parametrize("f", [np.float32, np.float64])
def test_oplist_and_numpy_give_the_same_bits(name, choices, f):
    model = load_builtin_model(name)
    listed = interpreter.Neuron(model.json)
    inputs, parameters = drive(model, 20, 32), parameters_for(model, 32)
    indices = model.option_indices(choices)
    expected = model.numpy.derive(parameters, indices, 1.0)
    for key, value in listed.derive(parameters, indices, 1.0).items():
        same_bits(value, expected[key])
    got, tapes, constants = simulate(model, inputs, parameters, choices, 1.0, f)
    again, listed_tapes, _ = simulate(model, inputs, parameters, choices, 1.0, f, functions=listed)
    for key, value in got.items():
        same_bits(again[key], value)

    rng = np.random.default_rng(0)
    surrogate = load_builtin_surrogate("sigmoid")

    def derivative(x):
        return surrogate.numpy.derivative(surrogate.default_parameters(), x, f)

    for tape, listed_tape in zip(tapes[-3:], listed_tapes[-3:], strict=True):
        for key, value in tape.items():
            same_bits(listed_tape[key], value)
        arriving = {s.name: rng.normal(size=32).astype(f) for s in model.states}
        spike_gradient = rng.normal(size=32).astype(f)
        arguments = (constants, tape, arriving, spike_gradient, derivative, f)
        for one, other in zip(model.numpy.adjoint(*arguments), listed.adjoint(*arguments), strict=True):
            assert one.keys() == other.keys()
            for key in one:
                same_bits(other[key], one[key])


@pytest.mark.parametrize("name", SOURCES)
def test_the_op_list_of_a_source_gives_the_bits_of_numpy(name):
    model = load_builtin_model(name)
    parameters = {p.name: np.linspace(0, 500, 64) for p in model.parameters}
    constants = constants_for(model.numpy, parameters, {}, 1.0)
    for t in range(10):
        arguments = (constants, {}, {}, np.float32, Draws(1, t, 64))
        same_bits(interpreter.Neuron(model.json).step(*arguments)[1], model.numpy.step(*arguments)[1])


finite = st.floats(-1e6, 1e6, width=32)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_single_steps_from_any_state(data):
    model = load_builtin_model(data.draw(st.sampled_from(NEURONS)))
    choices = {o.name: data.draw(st.sampled_from(o.choices)) for o in model.options}
    parameters = model.default_parameters()
    states = {s.name: data.draw(st.integers(0, 5) if s.type == "int" else finite) for s in model.states}
    receptors = {r.name: data.draw(finite) for r in model.receptors}
    constants = constants_for(model.numpy, parameters, model.option_indices(choices), 1.0)
    draws = Draws(data.draw(st.integers(0, 2**64 - 1)), data.draw(st.integers(0, 2**44 - 1)), 1)
    after, spikes, tape = model.numpy.step(constants, receptors, states, np.float32, draws)
    again, spikes_again, tape_again = interpreter.Neuron(model.json).step(
        constants, receptors, states, np.float32, draws
    )
    for one, other in ((after, again), (tape, tape_again)):
        for key in one:
            same_bits(other[key], one[key])
    if model.spiking:
        same_bits(spikes_again, spikes)
        assert spikes in (0, 1)


@pytest.mark.parametrize("name", SURROGATES)
def test_surrogates_give_the_same_bits(name):
    surrogate = load_builtin_surrogate(name)
    x = np.random.default_rng(1).normal(0, 3, 1000)
    parameters = surrogate.default_parameters()
    for part, f in (("derivative", np.float32), ("derivative", np.float64), ("smooth", np.float64)):
        expected = getattr(surrogate.numpy, part)(parameters, x.astype(f), f)
        same_bits(interpreter.surrogate(surrogate.json, part, parameters, x.astype(f), f), expected)


@pytest.mark.parametrize("name", NEURONS)
def test_scalar_derive_equals_the_numpy_derive(name):
    model = load_builtin_model(name)
    for choices in combinations(model, tuple(o.name for o in model.options)):
        indices = model.option_indices(choices)
        scalar = model.derive(model.default_parameters(), indices, 0.3)
        for key, value in model.numpy.derive(model.default_parameters(), indices, 0.3).items():
            assert scalar[key] == value


@pytest.mark.parametrize("name", [*MODELS, *SURROGATES])
def test_documents_are_within_the_format(name):
    model = load_builtin_model(name) if name in MODELS else load_builtin_surrogate(name)
    document = json.loads(model.json)
    assert document == model.document
    assert model.json.isascii()
    assert len(model.json) < 1 << 20
    assert document["format"] == 1
    allowed = {
        "derive": {"div", "sqrt"},
        "step": {"spike", "uniform", "normal", "poisson"},
        "adjoint": {"spike", "surrogate", "div", "sqrt"},
        "derivative": {"div", "sqrt"},
        "smooth": {"div", "sqrt", "atan", "tanh"},
    }
    common = {
        *(
            "const",
            "iconst",
            "add",
            "sub",
            "mul",
            "min",
            "max",
            "neg",
            "abs",
            "floor",
            "exp",
            "log",
            "reciprocal",
            "iadd",
            "isub",
            "imul",
            "imin",
        ),
        *("imax", "lt", "le", "eq", "ilt", "ile", "ieq", "and", "or", "not", "select", "to_float", "to_int"),
    }
    for part, extra in allowed.items():
        if part in document:
            assert {op[0] for op in document[part]["ops"]} <= common | extra
            assert len(document[part]["ops"]) <= 4096


def test_a_register_never_reads_a_later_one():
    for name in MODELS:
        model = load_builtin_model(name)
        for program in (model.programs.derive, model.programs.step, model.programs.adjoint):
            for index, instruction in enumerate(program.instructions):
                assert all(operand < len(program.inputs) + index for operand in instruction.operands)


def test_stored_states_are_flushed():
    model = load_builtin_model("leaky_integrator")
    got, _, _ = simulate(model, {"current": np.full((1, 2), 2.0**-64)}, model.default_parameters(), {}, 1.0, np.float32)
    same_bits(got["v"], np.zeros((1, 2), np.float32))
