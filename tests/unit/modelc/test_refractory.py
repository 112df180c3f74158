"""The refractory counter at both ends of int32, on the targets in Python; test_cpp.py and tests/backend have the others."""

from __future__ import annotations

import numpy as np
import pytest

from snn.engine.modelc import load_builtin_model
from tests.unit.modelc import interpreter
from tests.unit.modelc.running import (
    HUGE_REFRACTORY,
    NEGATIVE_COUNTERS,
    REFRACTORY_MODELS,
    combinations,
    label,
    oracle,
    refractory_drive,
    simulate,
)

CASES = [
    pytest.param(name, choices, id=f"{name}-{label(choices, ('reset_timing', 'reset'))}")
    for name in REFRACTORY_MODELS
    for choices in combinations(load_builtin_model(name), ("reset_timing", "reset"))
]


def targets(model):
    return {"numpy": model.numpy, "op list": interpreter.Neuron(model.json)}


@pytest.mark.parametrize(("name", "choices"), CASES)
@pytest.mark.parametrize(("refractory", "dt"), HUGE_REFRACTORY)
def test_a_refractory_time_beyond_int32_keeps_the_neuron_silent(name, choices, refractory, dt):
    model = load_builtin_model(name)
    inputs, parameters = refractory_drive(model), model.default_parameters() | {"refractory": refractory}
    expected = oracle(name).simulate(inputs, parameters, choices, dt)
    assert (expected["spikes"].sum(axis=0) == 1).all()
    for target, functions in targets(model).items():
        got, _, _ = simulate(model, inputs, parameters, choices, dt, functions=functions)
        for key, values in expected.items():
            np.testing.assert_allclose(got[key], values, rtol=1e-9, atol=1e-9, err_msg=f"{target}: {key}")
    # The scalar derivation, which documents and summaries use, holds it as the others do.
    assert model.derive(parameters, model.option_indices(choices), dt)["refractory_steps"] == 2_000_000_000


@pytest.mark.parametrize(("name", "choices"), CASES)
@pytest.mark.parametrize("left", NEGATIVE_COUNTERS)
def test_a_negative_counter_is_that_of_a_free_neuron(name, choices, left):
    model = load_builtin_model(name)
    inputs, parameters = refractory_drive(model), model.default_parameters() | {"refractory": 2.0}
    neurons = next(iter(inputs.values())).shape[1]
    expected = oracle(name).simulate(inputs, parameters, choices, 1.0)
    assert (expected["spikes"].sum(axis=0) > 1).all()
    for target, functions in targets(model).items():
        start = {"refractory_left": np.full(neurons, left, np.int32)}
        got, _, _ = simulate(model, inputs, parameters, choices, 1.0, initial=start, functions=functions)
        for key, values in expected.items():
            np.testing.assert_allclose(got[key], values, rtol=1e-9, atol=1e-9, err_msg=f"{target}: {key}")
        assert (got["refractory_left"] >= 0).all()
