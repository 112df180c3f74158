"""Currents that change in time, into the membranes of neurons with synaptic currents: dV/dt = (E_L - V) / tau + I / C."""

from __future__ import annotations

import numpy as np
import pytest

import snn

STEPS, DT = 2000, 0.1


def injected(neurons: snn.Neuron, currents: np.ndarray, receptor: str, scale: float = 1.0) -> snn.Recording:
    """Run the neurons with (steps, neurons) of current from an input."""
    net = snn.Network(dt=DT)
    net.add("input", snn.Input(currents.shape[1]))
    net.add("neurons", neurons)
    net.connect("input", "neurons", snn.OneToOne(scale, receptor=receptor, trainable=False))
    with snn.Simulation(net, device="cpu") as sim:
        return sim.run(STEPS, {"input": currents[:, None].astype(np.float32)}, {"neurons": ["v", "spike_count"]})


# Each preset with the receptor for a current, and what a pA is there (simulators.md).
WAYS = {
    "iaf_psc_delta": ("current", 10.0 / 250.0 * -np.expm1(-DT / 10.0)),
    "iaf_psc_exp": ("injected_current", 1.0),
    "iaf_psc_alpha": ("injected_current", 1.0),
    "iaf_cond_exp": ("current", 1.0 / 16.6667),
    "aeif_cond_exp": ("current", 1.0),
}


@pytest.mark.parametrize("model", [name for name in WAYS if name != "aeif_cond_exp"])
def test_a_current_moves_the_membrane_as_the_equation_says(model: str) -> None:
    """Without spikes, in float64 with a current that is constant in each step; the leak of iaf_cond_exp is C / tau."""
    currents = np.random.default_rng(1).uniform(-300.0, 300.0, (STEPS, 3))
    receptor, scale = WAYS[model]
    tau = 250.0 / 16.6667 if model == "iaf_cond_exp" else 10.0
    v, expected = np.full(3, -70.0), []
    for current in currents:
        settled = -70.0 + tau / 250.0 * current
        v = settled + (v - settled) * np.exp(-DT / tau)
        expected.append(v)
    found = injected(snn.presets.nest(model, 3), currents, receptor, scale=scale)
    assert np.ptp(expected) > 2.0
    np.testing.assert_allclose(found["neurons"]["v"][:, 0], expected, atol=1e-4)


@pytest.mark.parametrize("model", WAYS)
@pytest.mark.parametrize("current", [200.0, 800.0])
def test_a_constant_current_from_an_input_is_i_e(model: str, current: float) -> None:
    receptor, scale = WAYS[model]
    inside = injected(snn.presets.nest(model, 1, I_e=current), np.zeros((STEPS, 1)), receptor)
    outside = injected(snn.presets.nest(model, 1), np.full((STEPS, 1), current), receptor, scale=scale)
    counts = [int(run["neurons"]["spike_count"].sum()) for run in (inside, outside)]
    assert counts[0] == counts[1]
    assert (counts[0] > 1) == (current == 800.0), counts
    if current == 200.0:
        np.testing.assert_allclose(outside["neurons"]["v"], inside["neurons"]["v"], atol=1e-3)


@pytest.mark.parametrize("neurons", [snn.CurrentLIF, snn.AlphaLIF])
def test_with_and_without_injected_current_the_steps_have_the_bits_of_the_reference(neurons: type[snn.Neuron]) -> None:
    """Compiled steps leave out a receptor that nothing reaches, and currents of 0 change nothing."""
    currents = np.random.default_rng(2).normal(0.08, 0.2, (300, 1, 40)).astype(np.float32)
    runs = {}
    for reached in (True, False):
        net = snn.Network(dt=DT, seed=3)
        net.add("input", snn.Input(40))
        net.add("source", snn.PoissonSource(60, rate=200.0))
        net.add("neurons", neurons(40, reset="value", tau_membrane=5.0))
        for receptor, weight in (("current", 0.03), ("inhibitory", -0.02)):
            rule = snn.Sparse.fixed_probability(0.3, weight=weight, receptor=receptor, trainable=False)
            net.connect("source", "neurons", rule, name=receptor)
        if reached:
            net.connect("input", "neurons", snn.OneToOne(1.0, receptor="injected_current", trainable=False))
        for device in ("cpu", "reference"):
            for scale in (1.0, 0.0):
                with snn.Simulation(net, device=device) as sim:
                    run = sim.run(300, {"input": scale * currents}, {"neurons": ["v", "spikes"]})["neurons"]
                assert 0 < run["spikes"].mean() < 0.5
                runs[reached, device, scale] = run["v"]
    for reached, scale in ((True, 1.0), (True, 0.0), (False, 0.0)):
        np.testing.assert_array_equal(runs[reached, "cpu", scale], runs[reached, "reference", scale])
    np.testing.assert_array_equal(runs[True, "cpu", 0.0], runs[False, "cpu", 0.0])
    assert (runs[True, "cpu", 1.0] != runs[False, "cpu", 1.0]).any()
