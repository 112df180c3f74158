"""The built-in definitions against the equations written by hand in tests/oracle."""

from __future__ import annotations

import numpy as np
import pytest

from snn.engine.modelc import load_builtin_model
from snn.engine.modelc.random_draws import Draws
from tests.oracle import ORACLES
from tests.unit.modelc.running import (
    MODELS,
    NEURONS,
    SEED,
    SOURCES,
    combinations,
    drive,
    oracle,
    parameters_for,
    simulate,
)

CASES = [
    pytest.param(name, choices, id=f"{name}-{'-'.join(choices.values())}")
    for name in NEURONS
    for choices in combinations(
        load_builtin_model(name), tuple(o.name for o in load_builtin_model(name).options if o.name != "reset_gradient")
    )
]


def test_every_model_has_an_oracle():
    for name in MODELS:
        assert name in ORACLES, f"write tests/oracle/{name}.py and add {name!r} to ORACLES in tests/oracle/__init__.py"
    assert sorted(ORACLES) == MODELS


@pytest.mark.parametrize(("name", "choices"), CASES)
def test_definition_in_double_equals_the_oracle(name, choices):
    model = load_builtin_model(name)
    inputs, parameters = drive(model, 60, 5, choices=choices), parameters_for(model, 5)
    expected = oracle(name).simulate(inputs, parameters, choices, 1.0)
    got, _, _ = simulate(model, inputs, parameters, choices, 1.0)
    for key, values in expected.items():
        np.testing.assert_allclose(got[key], values, rtol=1e-9, atol=1e-9, err_msg=key)
    if model.spiking:
        rate = expected["spikes"].mean()
        # Without leak and reset a neuron that crossed the threshold spikes on.
        highest = 1.0 if (name, choices.get("reset")) == ("integrate_and_fire", "none") else 0.9
        assert 0.01 < rate < highest, "the drive must make the test meaningful"


@pytest.mark.parametrize("name", NEURONS)
@pytest.mark.parametrize("dt", [0.1, 0.5])
def test_other_step_lengths(name, dt):
    model = load_builtin_model(name)
    (choices,) = combinations(model, ())
    inputs, parameters = drive(model, 200, 3, seed=5), parameters_for(model, 3)
    expected = oracle(name).simulate(inputs, parameters, choices, dt)
    got, _, _ = simulate(model, inputs, parameters, choices, dt)
    for key, values in expected.items():
        np.testing.assert_allclose(got[key], values, rtol=1e-9, atol=1e-9, err_msg=key)


@pytest.mark.parametrize("name", NEURONS)
def test_float32_stays_close_to_the_oracle(name):
    model = load_builtin_model(name)
    (choices,) = combinations(model, ())
    inputs = {k: v.astype(np.float32).astype(np.float64) for k, v in drive(model, 100, 20).items()}
    parameters = {k: v.astype(np.float32).astype(np.float64) for k, v in parameters_for(model, 20).items()}
    expected = oracle(name).simulate(inputs, parameters, choices, 1.0)
    got, _, _ = simulate(model, inputs, parameters, choices, 1.0, np.float32)
    scale = np.abs(expected["v"]).max()
    if model.spiking:
        # A neuron may cross a step earlier or later when its membrane passes within rounding of the threshold: allow one
        # in twenty, and compare membranes of the others.
        same = (got["spikes"] == expected["spikes"]).all(axis=0)
        assert same.mean() >= 0.95
    else:
        same = np.ones(20, bool)
    # 100 steps of at most a few roundings of half a unit in the last place each, amplified by spikes that the model makes
    # itself: on the way up a membrane multiplies an error of its start as often as it multiplies itself.
    tolerance = {"adex": 2e-3, "izhikevich": 2e-3, "noisy_izhikevich": 2e-3, "hodgkin_huxley": 2e-2}.get(name, 1e-5)
    np.testing.assert_allclose(got["v"][:, same], expected["v"][:, same], atol=tolerance * scale)


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_a_source_spikes_as_the_oracle_does(name, dt):
    model = load_builtin_model(name)
    parameters = {**model.default_parameters(), "rate": np.linspace(0, 1.2e3, 100)}
    expected = oracle(name).simulate({"steps": np.zeros((300, 100))}, parameters, {}, dt)["spikes"]
    constants = {**parameters, **model.numpy.derive(parameters, {}, dt)}
    for f in (np.float32, np.float64):
        got = [model.numpy.step(constants, {}, {}, f, Draws(SEED, t, 100))[1] for t in range(300)]
        np.testing.assert_array_equal(np.array(got), expected)
    # Counts of 300 steps: within four standard deviations of the binomial distribution.
    chance = np.minimum(parameters["rate"] * dt / 1000, 1)
    assert (np.abs(expected.sum(axis=0) - 300 * chance) <= 4 * np.sqrt(300 * chance * (1 - chance))).all()


def test_threshold_is_exact_at_equality():
    """Four inputs of 1/4 reach a threshold of 1 exactly: > waits for the fifth, >= does not."""
    model = load_builtin_model("integrate_and_fire")
    inputs = {"current": np.full((10, 1), 0.25)}
    for compare, first in (("greater", 4), ("greater_equal", 3)):
        choices = {"threshold_compare": compare, "reset": "subtract"}
        got, _, _ = simulate(model, inputs, model.default_parameters(), choices, 1.0, np.float32)
        assert int(np.argmax(got["spikes"][:, 0])) == first


def test_lif_defaults_are_the_neuron_of_the_training_libraries():
    """v = beta v + x, spike when v > 1, v - 1: bit for bit in float32."""
    model = load_builtin_model("lif")
    beta = np.float32(np.exp(-1.0 / 20.0))
    inputs = drive(model, 300, 16)
    got, _, constants = simulate(model, inputs, model.default_parameters(), {}, 1.0, np.float32)
    assert np.float32(constants["decay_membrane"]) == beta
    v = np.zeros(16, np.float32)
    for t in range(300):
        v = beta * v + inputs["current"][t].astype(np.float32)
        s = v > 1
        v = np.where(s, v - np.float32(1), v)
        np.testing.assert_array_equal(got["spikes"][t], s)
        np.testing.assert_array_equal(got["v"][t], v)


def test_lif_with_delayed_reset_is_the_default_of_snntorch():
    """v = beta v + x - r, r = (previous v > 1), bit for bit in float32."""
    model = load_builtin_model("lif")
    beta = np.float32(np.exp(-1.0 / 20.0))
    inputs = drive(model, 300, 16)
    choices = {"reset_timing": "next_step"}
    got, _, _ = simulate(model, inputs, model.default_parameters(), choices, 1.0, np.float32)
    v = np.zeros(16, np.float32)
    for t in range(300):
        r = (v > 1).astype(np.float32)
        v = beta * v + inputs["current"][t].astype(np.float32) - r
        np.testing.assert_array_equal(got["v"][t], v)
        np.testing.assert_array_equal(got["spikes"][t], v > 1)


def test_current_lif_is_the_neuron_of_the_microcircuit():
    """Rotter and Diesmann's propagators in mV, pA, pF with dt = 0.1 ms, spikes at threshold, 2 ms refractory."""
    model = load_builtin_model("current_lif")
    tau_m, tau_s, capacitance, dt = 10.0, 0.5, 250.0, 0.1
    p11, p22 = np.exp(-dt / tau_s), np.exp(-dt / tau_m)
    p21 = tau_s * tau_m / (capacitance * (tau_s - tau_m)) * (p11 - p22)
    p20 = tau_m / capacitance * (1 - p22)
    rng = np.random.default_rng(2)
    arriving = 87.8 * rng.poisson(3.0, (3000, 4))
    parameters = {
        **model.default_parameters(),
        "tau_membrane": tau_m, "tau_synapse": tau_s, "tau_inhibitory": tau_s, "resistance": tau_m / capacitance,
        "bias_current": 100.0, "threshold": -50.0, "v_rest": -65.0, "v_reset": -65.0, "refractory": 2.0,
    }  # fmt: skip
    choices = {
        "input_scaling": "exact", "synapse_order": "membrane_first", "reset": "value", "threshold_compare": "greater_equal",
    }  # fmt: skip
    inputs = {"current": arriving, "inhibitory": np.zeros_like(arriving), "injected_current": np.zeros_like(arriving)}
    got, _, _ = simulate(model, inputs, parameters, choices, dt)
    v, current, left = np.full(4, -65.0), np.zeros(4), np.zeros(4, int)
    for t in range(3000):
        v = np.where(left > 0, v, -65.0 + p22 * (v + 65.0) + p21 * current + p20 * 100.0)
        current = p11 * current + arriving[t]
        fired = (left == 0) & (v >= -50.0)
        left = np.where(fired, 20, np.maximum(left - 1, 0))
        v = np.where(fired, -65.0, v)
        np.testing.assert_array_equal(got["spikes"][t], fired)
        np.testing.assert_allclose(got["v"][t], v, rtol=1e-11)
    assert 5 < got["spikes"].sum() / 4 < 150


def test_current_lif_with_equal_time_constants_is_the_limit():
    model = load_builtin_model("current_lif")
    values = []
    for tau in (10.0, 10.0 * (1 + 1e-5)):
        parameters = {**model.default_parameters(), "tau_membrane": 10.0, "tau_synapse": tau, "tau_inhibitory": tau}
        values.append(model.derive(parameters, model.option_indices({"input_scaling": "exact"}), 1.0))
    for gain in ("synapse_gain", "inhibitory_gain"):
        assert values[0][gain] == pytest.approx(values[1][gain], rel=1e-5)
        assert values[0][gain] == pytest.approx(0.1 * np.exp(-0.1), rel=1e-12)


def test_the_weight_of_an_alpha_function_is_its_peak():
    model = load_builtin_model("alpha_lif")
    inputs = {receptor.name: np.zeros((400, 1)) for receptor in model.receptors}
    inputs["current"][0], inputs["inhibitory"][0] = 3.0, -2.0
    parameters = {**model.default_parameters(), "tau_synapse": 5.0, "tau_inhibitory": 12.0, "threshold": 1e9}
    got, _, _ = simulate(model, inputs, parameters, {}, 0.1)
    for name, peak, tau in (("synaptic_current", 3.0, 5.0), ("inhibitory_current", -2.0, 12.0)):
        assert np.abs(got[name]).argmax() == round(tau / 0.1)  # the step that ends one time constant after the first
        assert got[name][round(tau / 0.1), 0] == pytest.approx(peak, rel=1e-12)


@pytest.mark.parametrize("apart", [0.0, 1e-12, 1e-6, 1e-3, 0.0099, 0.0101, -0.0099, -0.0101, 0.1])
def test_alpha_lif_is_exact_where_time_constants_meet(apart):
    """dt / tau_synapse - dt / tau_membrane is `apart`: on both sides of where the power series takes over."""
    model = load_builtin_model("alpha_lif")
    tau = 1 / (1 / 20.0 + apart)
    parameters = {
        **model.default_parameters(),
        "tau_membrane": 20.0,
        "tau_synapse": tau,
        "tau_inhibitory": tau,
        "threshold": 1e9,
    }
    inputs = drive(model, 40, 3)
    (choices,) = combinations(model, ())
    expected = oracle("alpha_lif").simulate(inputs, parameters, choices, 1.0)
    got, _, _ = simulate(model, inputs, parameters, choices, 1.0)
    np.testing.assert_allclose(got["v"], expected["v"], rtol=1e-11, atol=1e-11)


def test_conductances_of_either_sign_leave_the_membrane_finite():
    """Weights that training made negative may close more conductance than there is."""
    model = load_builtin_model("conductance_lif")
    size = np.linspace(-30.0, 30.0, 121)
    inputs = {
        "excitatory": np.tile(size, (50, 1)),
        "inhibitory": np.tile(-size[::-1], (50, 1)),
        "current": np.zeros((50, 121)),
    }
    got, _, _ = simulate(model, inputs, model.default_parameters(), {}, 1.0, np.float32)
    assert np.isfinite(got["v"]).all()
    assert (np.abs(got["v"]) < 1e7).all()


@pytest.mark.parametrize("dt", [0.1, 1.0, 10.0])
def test_the_exponential_of_adex_stays_finite(dt):
    """A membrane far above the threshold at once, and a peak that it does not reach: the exponent is held at 60."""
    model = load_builtin_model("adex")
    inputs = {r.name: np.full((20, 4), 1e5 if r.name == "current" else 0.0) for r in model.receptors}
    for v_peak in (20.0, 1e38):
        parameters = {**model.default_parameters(), "v_peak": v_peak, "slope_factor": 0.5}
        start = {"v": np.full(4, 1e4, np.float32)}
        got, _, _ = simulate(model, inputs, parameters, {}, dt, np.float32, initial=start)
        assert all(np.isfinite(values).all() for values in got.values())
        assert got["spikes"].any() == (v_peak == 20.0)


@pytest.mark.parametrize("dt", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("substeps", ["one", "four"])
def test_hodgkin_huxley_stays_between_its_reversal_potentials(dt, substeps):
    """Exponential Euler is a weighted mean, whatever the step: no conductance drives the membrane out."""
    model = load_builtin_model("hodgkin_huxley")
    rng = np.random.default_rng(4)
    inputs = {name: 10.0 ** rng.uniform(-2, 5, (200, 8)) for name in ("excitatory", "inhibitory")}
    inputs["current"] = np.zeros((200, 8))
    got, _, _ = simulate(model, inputs, model.default_parameters(), {"substeps": substeps}, dt, np.float32)
    assert (got["v"] > -90.01).all()
    assert (got["v"] < 50.01).all()
    for gate in ("sodium_activation", "sodium_inactivation", "potassium_activation"):
        assert (got[gate] >= 0).all()
        assert (got[gate] <= 1 + 1e-6).all()


def test_hodgkin_huxley_rests_and_fires_repetitively():
    """Spikes in 200 ms as in a solution of the equations by LSODA with a tolerance of 1e-9."""
    model = load_builtin_model("hodgkin_huxley")
    inputs = {r.name: np.zeros((2000, 3)) for r in model.receptors}
    parameters = {**model.default_parameters(), "bias_current": np.array([-100.0, 0.0, 400.0])}
    got, _, _ = simulate(model, inputs, parameters, {}, 0.1, np.float32)
    assert got["spikes"].sum(axis=0).tolist() == [0, 3, 15]


def test_izhikevich_regular_spiking_adapts():
    """The paper's regular spiking neuron under I = 10: a short first interval, then longer ones."""
    model = load_builtin_model("izhikevich")
    got, _, _ = simulate(model, {"current": np.full((1000, 1), 10.0)}, model.default_parameters(), {}, 1.0, np.float32)
    intervals = np.diff(np.flatnonzero(got["spikes"][:, 0]))
    assert len(intervals) > 10
    assert intervals[0] < 0.7 * intervals[2:].mean()
    assert intervals[2:].std() < 0.2 * intervals[2:].mean()


def test_leaky_integrator_rests_exactly():
    model = load_builtin_model("leaky_integrator")
    parameters = {**model.default_parameters(), "v_rest": -65.3}
    got, _, _ = simulate(model, {"current": np.zeros((50, 1))}, parameters, {}, 1.0, np.float32)
    assert (got["v"] == np.float32(-65.3)).all()


def test_resonate_and_fire_keeps_an_undamped_oscillation_and_answers_to_its_own_rhythm():
    """On the divergence boundary the length stays and the angle grows by asin(frequency dt); other rhythms average out."""
    model = load_builtin_model("resonate_and_fire")
    (choices,) = combinations(model, ())
    frequency, steps = 0.3, 2000
    parameters = {p.name: np.full(1, p.default) for p in model.parameters} | {
        "frequency": np.full(1, frequency),
        "threshold": np.full(1, 1e9),
        "damping": np.zeros(1),
    }
    kick = np.zeros((steps, 1))
    kick[0] = 1.0
    got, _, _ = simulate(model, {"current": kick}, parameters, choices, 1.0)
    turned = np.arange(steps) * np.arcsin(frequency)
    np.testing.assert_allclose(got["v"][:, 0], np.cos(turned), atol=1e-9)
    np.testing.assert_allclose(got["quadrature"][:, 0], np.sin(turned), atol=1e-9)

    parameters |= {"damping": np.full(1, 0.02)}

    def largest(rhythm: float) -> float:
        drive = np.sin(rhythm * np.arange(steps))[:, None]
        return np.abs(simulate(model, {"current": drive}, parameters, choices, 1.0)[0]["v"][steps // 2 :]).max()

    own = largest(np.arcsin(frequency))
    # |1 / (exp(i rhythm) - kept exp(i own))|, of both turning directions, for a loss of 0.02 a step.
    assert own == pytest.approx(0.5 / 0.02, rel=0.1)
    assert largest(0.15) < own / 3
    assert largest(0.6) < own / 3
