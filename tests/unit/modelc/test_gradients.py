"""The adjoint against finite differences of the hand-written oracles, with a smooth function in the place of the spike.

Where the reset is detached, the oracle's reset sees the spikes of the unperturbed run, so its finite difference is exactly the
gradient that training is promised.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from snn.engine.modelc import compile_model, load_builtin_model
from tests.unit.modelc.running import (
    NEURONS,
    SURROGATES,
    SURROGATES_OF_EVERY_MODEL,
    combinations,
    drive,
    in_millivolts,
    initial_states,
    label,
    oracle,
    parameters_for,
    simulate,
    smooth_spike,
    with_spike,
)

OPTIONS = ("reset", "reset_timing", "reset_gradient")
STEPS, COUNT = 8, 4
# Gentle shapes of every surrogate, so that a finite difference of 1e-6 resolves them; the formulas are those of any other
# parameters.
SHAPES = {
    "arctan": {"slope": 2.0, "scale": 0.7},
    "boxcar": {"width": 3.0, "scale": 0.4},
    "circle": {"slope": 2.0, "scale": 0.7},
    "clipped_inverse": {"width": 0.7, "scale": 0.5},
    "exponential": {"slope": 1.5, "scale": 0.6},
    "fast_sigmoid": {"slope": 1.0, "scale": 0.7},
    "gaussian": {"slope": 0.8, "scale": 0.7},
    "inverse": {"slope": 1.5, "scale": 0.7},
    "leaky_boxcar": {"width": 1.3, "leak": 0.2, "scale": 0.4},
    "log_tailed": {"width": 0.8, "leak": 0.3, "scale": 0.4},
    "multi_gaussian": {"width": 0.9, "depth": 0.3, "spread": 2.5, "scale": 0.6},
    "periodic_exponential": {"slope": 1.2, "slope_above": 1.6, "period": 1.3, "scale": 0.4},
    "power": {"slope": 1.1, "exponent": 2.6, "scale": 0.7},
    "s2nn": {"slope": 2.5, "height": 0.5, "fall": 0.8, "scale": 0.7},
    "shifted_exponential": {"slope": 1.4, "offset": 0.6, "scale": 0.5},
    "sigmoid": {"slope": 3.0, "scale": 0.8},
    "sparse_fast_sigmoid": {"slope": 1.0, "start": -0.7, "scale": 0.7},
    "step": {"start": -0.4, "below": 0.2, "above": 0.5, "scale": 0.8},
    "superspike": {"slope": 2.0, "scale": 0.9},
    "triangle": {"slope": 0.5, "scale": 0.6},
}
# The same for a membrane in mV (Izhikevich): a window of some 50 mV, and a spike that stays small where it stands for the
# reset.
WIDE = {
    "arctan": {"slope": 0.03, "scale": 0.2},
    "boxcar": {"width": 120.0, "scale": 0.002},
    "exponential": {"slope": 0.02, "scale": 0.003},
    "fast_sigmoid": {"slope": 0.02, "scale": 0.003},
    "sigmoid": {"slope": 0.03, "scale": 0.2},
    "superspike": {"slope": 0.03, "scale": 0.003},
    "triangle": {"slope": 0.008, "scale": 0.002},
}


def shape_of(surrogate, model):
    table, name = (WIDE, "WIDE") if in_millivolts(model) else (SHAPES, "SHAPES")
    assert surrogate in table, f"add gentle parameters of {surrogate!r} to {name} in {__name__}"
    return table[surrogate]


def surrogates_of(model):
    if not model.spiking:
        return ["arctan"]
    return SURROGATES if model.name == "lif" else SURROGATES_OF_EVERY_MODEL


def cases():
    """Every choice of a model's options with a third of its surrogates, in turns: to the adjoint a derivative is a number."""
    for name in NEURONS:
        model = load_builtin_model(name)
        surrogates, every = surrogates_of(model), list(combinations(model, OPTIONS))
        turns = min(3, len(surrogates), len(every))
        for (at, surrogate), (turn, choices) in itertools.product(enumerate(surrogates), enumerate(every)):
            if (at + turn) % turns == 0:
                yield pytest.param(name, surrogate, choices, id=f"{name}-{surrogate}-{label(choices, OPTIONS)}")


def inputs_for(model, choices, seed):
    """Input that, for a membrane in mV, stays below the peak: a smooth spike would not stop Izhikevich's there."""
    inputs = drive(model, STEPS, COUNT, seed=seed, choices=choices)
    return {k: 0.25 * v for k, v in inputs.items()} if in_millivolts(model) else inputs


def backward(functions, tapes, constants, weights, derivative, model):
    """Back-propagation through time with the printed adjoint, as docs/semantics.md says."""
    float_states = [s.name for s in model.states if s.type == "float"]
    carried = {s: np.zeros(COUNT) for s in float_states}
    inputs = {r.name: np.zeros((len(tapes), COUNT)) for r in model.receptors}
    for t in reversed(range(len(tapes))):
        arriving = {s.name: np.zeros(COUNT) for s in model.states}
        for s in float_states:
            arriving[s] = carried[s] + weights[s][t]
        spike_gradient = weights["spikes"][t] if model.spiking else np.zeros(COUNT)
        carried, receptors = functions.adjoint(constants, tapes[t], arriving, spike_gradient, derivative, np.float64)
        for r, gradient in receptors.items():
            inputs[r][t] = gradient
    return carried, inputs


def loss(result, weights):
    return sum((weights[k] * result[k]).sum(axis=0) for k in weights)


def check(model, forward, frozen_forward, surrogate, shape, choices, inputs, parameters):
    """Compare adjoint and finite difference; ``forward(inputs, initial)`` is the trusted smooth run."""
    spike, derivative = smooth_spike(surrogate, shape)
    functions = with_spike(model.numpy_source, spike)
    rng = np.random.default_rng(7)
    trusted = forward(inputs, {})
    weights = {k: rng.normal(size=(STEPS, COUNT)) for k in trusted}
    got, tapes, constants = simulate(model, inputs, parameters, choices, 1.0, functions=functions)
    for key in trusted:
        np.testing.assert_allclose(got[key], trusted[key], rtol=1e-8, atol=1e-8)
    state_gradients, input_gradients = backward(functions, tapes, constants, weights, derivative, model)

    size = 1e-6 * max(1.0, float(np.abs(next(iter(inputs.values()))).max()))

    def difference(change):
        up, down = (loss(frozen_forward(*change(sign * size)), weights) for sign in (1, -1))
        return (up - down) / (2 * size)

    nonzero = 0
    scale = max(1.0, max(float(np.abs(g).max()) for g in input_gradients.values()))
    for name in inputs:
        for t in range(STEPS):

            def change(amount, name=name, t=t):
                moved = inputs[name].copy()
                moved[t] += amount
                return {**inputs, name: moved}, {}

            expected = difference(change)
            np.testing.assert_allclose(input_gradients[name][t], expected, rtol=2e-6, atol=2e-7 * scale)
            nonzero += np.count_nonzero(expected)
    start = initial_states(model, parameters, COUNT)
    for state, gradient in state_gradients.items():
        expected = difference(lambda amount, state=state: (inputs, {state: start[state] + amount}))
        np.testing.assert_allclose(gradient, expected, rtol=2e-6, atol=2e-7 * scale, err_msg=state)
    assert nonzero > STEPS * COUNT // 2


@pytest.mark.parametrize(("name", "surrogate", "choices"), list(cases()))
def test_adjoint_equals_the_finite_difference_of_the_oracle(name, surrogate, choices):
    model = load_builtin_model(name)
    shape = shape_of(surrogate, model)
    inputs, parameters = inputs_for(model, choices, 3), parameters_for(model, COUNT)
    spike, _ = smooth_spike(surrogate, shape)
    run = oracle(name).simulate

    def smooth(x):
        return float(spike(np.float64(x)))

    def forward(inputs, initial, frozen=None):
        return run(inputs, parameters, choices, 1.0, spike=smooth, initial=initial, frozen=frozen)

    detached = choices.get("reset_gradient") == "detached"
    frozen = forward(inputs, {})["spikes"] if detached else None
    check(
        model, forward, lambda i, s: forward(i, s, frozen), surrogate, shape, choices, inputs, parameters
    )  # fmt: skip


@pytest.mark.parametrize(
    "name", [name for name in NEURONS if {o.name for o in load_builtin_model(name).options} - {*OPTIONS}]
)
def test_adjoint_of_the_other_options(name):
    """Every other option's choices, one at a time, with one surrogate."""
    model = load_builtin_model(name)
    for option in model.options:
        if option.name in OPTIONS:
            continue
        for choice in option.choices:
            (choices,) = combinations(model, ())
            choices[option.name] = choice
            shape = shape_of("sigmoid", model)
            inputs = inputs_for(model, choices, 4)
            parameters = parameters_for(model, COUNT)
            spike, _ = smooth_spike("sigmoid", shape)

            def smooth(x, spike=spike):
                return float(spike(np.float64(x)))

            def forward(
                inputs, initial, frozen=None, choices=choices, parameters=parameters, smooth=smooth, name=name
            ):  # fmt: skip
                return oracle(name).simulate(
                    inputs, parameters, choices, 1.0, spike=smooth, initial=initial, frozen=frozen
                )

            frozen = forward(inputs, {}).get("spikes")
            check(
                model, forward, lambda i, s, forward=forward, frozen=frozen: forward(i, s, frozen),
                "sigmoid", shape, choices, inputs, parameters,
            )  # fmt: skip


def test_every_operation_has_the_right_derivative():
    """A model that uses what the built-in ones do not: exp, log, reciprocal, abs, min, max, floor, repeat."""
    model = compile_model(
        {
            "model": {"name": "mixture"},
            "parameters": {"rate": {"default": 0.3}},
            "states": {"v": {"initial": 0.1}, "w": {"initial": 0.5}},
            "receptors": {"current": {}},
            "derived": {"half_rate": "rate / 2"},
            "step": {
                "program": """
                moved = v
                for part in repeat(3):
                    change = half_rate * exp(-abs(moved)) - w * moved * log(3 + moved)
                    moved = moved + 0.25 * change
                limited = min(max(moved + current * reciprocal(2 + moved * w), -0.9), 1.1)
                fired = spike(limited - 0.4)
                emit(fired)
                next.v = select(fired > 0, limited * 0.5, limited) - 0.1 * fired + floor(limited)
                next.w = 0.9 * w + 0.1 * max(limited, w) * fired
                """
            },
        }
    )
    inputs = {"current": np.random.default_rng(0).normal(0.1, 0.5, (STEPS, COUNT))}
    spike, _ = smooth_spike("sigmoid", SHAPES["sigmoid"])

    def forward(inputs, initial):
        v = np.asarray(initial.get("v", np.full(COUNT, 0.1)))
        w = np.asarray(initial.get("w", np.full(COUNT, 0.5)))
        seen = {"v": [], "w": [], "spikes": []}
        for x in inputs["current"]:
            moved = v
            for _ in range(3):
                moved = moved + 0.25 * (0.15 * np.exp(-np.abs(moved)) - w * moved * np.log(3 + moved))
            limited = np.clip(moved + x / (2 + moved * w), -0.9, 1.1)
            s = spike(limited - 0.4)
            v, w = (
                np.where(s > 0, limited * 0.5, limited) - 0.1 * s + np.floor(limited),
                0.9 * w + 0.1 * np.maximum(limited, w) * s,
            )
            for key, value in (("v", v), ("w", w), ("spikes", s)):
                seen[key].append(value)
        return {key: np.array(values) for key, values in seen.items()}

    check(model, forward, forward, "sigmoid", SHAPES["sigmoid"], {}, inputs, model.default_parameters())


def test_a_log_gives_no_gradient_where_it_is_held():
    model = compile_model(
        {
            "model": {"name": "held"},
            "states": {"v": {}},
            "receptors": {"current": {}},
            "step": {"program": "next.v = log(v) + current"},
        }
    )
    for v, expected in ((2.0, 0.5), (0.25, 4.0), (0.0, 0.0), (-0.0, 0.0), (-2.0, 0.0)):
        _, _, tape = model.numpy.step({}, {"current": np.float32(0)}, {"v": np.float32(v)})
        (gradients, _) = model.numpy.adjoint({}, tape, {"v": np.float32(1)}, np.float32(0), None)
        assert gradients["v"] == expected


def test_a_reciprocal_that_select_did_not_take_gives_no_gradient_at_its_pole():
    model = compile_model(
        {
            "model": {"name": "pole"},
            "states": {"v": {}},
            "receptors": {"current": {}},
            "step": {"program": "next.v = select(abs(v) < 0.1, v, reciprocal(v)) + current"},
        }
    )
    for v, expected in ((0.0, 1.0), (-0.0, 1.0), (0.5, -4.0), (-2.0, -0.25)):
        _, _, tape = model.numpy.step({}, {"current": np.float32(0)}, {"v": np.float32(v)})
        (gradients, _) = model.numpy.adjoint({}, tape, {"v": np.float32(1)}, np.float32(0), None)
        assert gradients["v"] == expected


@pytest.mark.parametrize("name", SURROGATES)
def test_derivative_is_the_derivative_of_the_smooth_function(name):
    assert name in SHAPES, f"add gentle parameters of {name!r} to SHAPES and WIDE in {__name__}"
    shape = SHAPES[name]
    spike, derivative = smooth_spike(name, shape)
    x = np.linspace(-4.013, 4.017, 201)
    np.testing.assert_allclose(derivative(x), (spike(x + 1e-6) - spike(x - 1e-6)) / 2e-6, rtol=1e-7, atol=1e-8)


def test_the_tape_of_lif_is_the_membrane_before_reset_and_the_counter():
    assert [entry.name for entry in load_builtin_model("lif").tape] == ["refractory_left", "membrane"]
    assert [entry.name for entry in load_builtin_model("leaky_integrator").tape] == []
