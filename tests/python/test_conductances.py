"""Neurons with conductances beside an accurate solution of their equations; two of them by their names in NEST.

The oracle of the latter knows no model: C dv/dt = g_L (E_L - v) + g_ex (E_ex - v) + g_in (E_in - v) + I and, for
aeif_cond_exp, the exponential and the adaptation, in float64 by Runge and Kutta's fourth-order steps, with conductances that
decay exactly between events. NEST's own solver agrees with it (tests/peers/test_single_neurons.py).
"""

from __future__ import annotations

import numpy as np
import pytest

import snn
from tests.oracle import hodgkin_huxley

DT = 0.1
TAUS = np.array([0.02, 0.05, 0.2, 0.5, 2.0, 5.0, 10.0])
# NEST's defaults, in pF, nS, mV, ms.
IAF = {"C_m": 250.0, "g_L": 16.6667, "E_L": -70.0, "V_th": -55.0, "V_reset": -60.0, "t_ref": 2.0}
AEIF = {
    "C_m": 281.0, "g_L": 30.0, "E_L": -70.6, "V_th": -50.4, "V_peak": 0.0, "V_reset": -60.0, "t_ref": 0.0, "Delta_T": 2.0,
    "tau_w": 144.0, "a": 4.0, "b": 80.5,
}  # fmt: skip
E_EX, E_IN = 0.0, -85.0
MODELS = {"iaf_cond_exp": IAF, "aeif_cond_exp": AEIF}


def exact(p: dict[str, float], tau: np.ndarray, arriving: np.ndarray, substeps: int) -> tuple[np.ndarray, np.ndarray]:
    """Membranes and spikes (steps, neurons) of iaf_cond_exp, or with `Delta_T` of aeif_cond_exp.

    Of excitation and inhibition: time constants `tau` (2, neurons), and what opens at the end of a step, `arriving` (2, steps,
    neurons) in nS.
    """
    h = DT / substeps
    to_half, to_end = np.exp(-0.5 * h / tau), np.exp(-h / tau)
    adaptive = "Delta_T" in p

    def flow(v: np.ndarray, w: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        v = np.minimum(v, p.get("V_peak", np.inf))  # as in NEST: a step through the peak is no larger for it
        dv = p["g_L"] * (p["E_L"] - v) + g[0] * (E_EX - v) + g[1] * (E_IN - v)
        if not adaptive:
            return dv / p["C_m"], np.zeros_like(w)
        dv += p["g_L"] * p["Delta_T"] * np.exp((v - p["V_th"]) / p["Delta_T"]) - w
        return dv / p["C_m"], (p["a"] * (v - p["E_L"]) - w) / p["tau_w"]

    steps, neurons = arriving.shape[1:]
    v, w, g = np.full(neurons, p["E_L"]), np.zeros(neurons), np.zeros((2, neurons))
    left = np.zeros(neurons, int)
    membranes, spikes = np.empty((steps, neurons)), np.zeros((steps, neurons), bool)
    for t in range(steps):
        free = left == 0
        fired = np.zeros(neurons, bool)
        for _ in range(substeps):
            half, whole = g * to_half, g * to_end
            a1, b1 = flow(v, w, g)
            a2, b2 = flow(v + 0.5 * h * a1, w + 0.5 * h * b1, half)
            a3, b3 = flow(v + 0.5 * h * a2, w + 0.5 * h * b2, half)
            a4, b4 = flow(v + h * a3, w + h * b3, whole)
            v = np.where(free, v + h / 6 * (a1 + 2 * a2 + 2 * a3 + a4), v)
            w = w + h / 6 * (b1 + 2 * b2 + 2 * b3 + b4)
            g = whole
            if adaptive:  # without refractory time: it goes on from the reset at once
                peaked = v >= p["V_peak"]
                v, w, fired = np.where(peaked, p["V_reset"], v), w + peaked * p["b"], fired | peaked
        if not adaptive:
            fired = free & (v >= p["V_th"])
            v = np.where(fired, p["V_reset"], v)
        left = np.where(fired, round(p["t_ref"] / DT), np.maximum(left - 1, 0))
        g = g + arriving[:, t]
        membranes[t], spikes[t] = v, fired
    return membranes, spikes


def here(model: str, tau: np.ndarray, arriving: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same of this library's neurons; the conductances of iaf_cond_exp are in units of the leak here."""
    steps, count = arriving.shape[1:]
    net = snn.Network(dt=DT)
    net.add("neurons", snn.presets.nest(model, count, tau_syn_ex=tau[0], tau_syn_in=tau[1]))
    inputs = {}
    for receptor, values in zip(("excitatory", "inhibitory"), arriving, strict=True):
        net.add(receptor, snn.Input(count))
        net.connect(receptor, "neurons", snn.OneToOne(1.0, receptor=receptor, trainable=False))
        inputs[receptor] = values[:, None] / (IAF["g_L"] if model == "iaf_cond_exp" else 1.0)
    with snn.Simulation(net, device="cpu", threads=1) as sim:
        run = sim.run(steps, inputs, {"neurons": ["v", "spikes"]})["neurons"]
    return run["v"][:, 0].astype(np.float64), run["spikes"][:, 0].astype(bool)


@pytest.mark.parametrize(("model", "largest"), [("iaf_cond_exp", 0.0025), ("aeif_cond_exp", 0.002)])
def test_one_spike_moves_the_membrane_as_far_as_the_equations_say(model, largest):
    """10 nS at once: excitation onto one neuron for each time constant, inhibition onto another."""
    tau = np.tile(TAUS, (2, 2))
    arriving = np.zeros((2, 300, 2 * len(TAUS)))
    arriving[0, 5, : len(TAUS)] = arriving[1, 5, len(TAUS) :] = 10.0
    expected, _ = exact(MODELS[model], tau, arriving, 20)
    got, spikes = here(model, tau, arriving)
    assert not spikes.any()
    rest = MODELS[model]["E_L"]
    wanted = np.abs(expected - rest).max(axis=0)
    assert (wanted > 0.01).all()
    errors = np.abs(got - rest).max(axis=0) / wanted - 1
    for line in zip(tau[0], wanted, 100 * errors, strict=True):
        print(f"{model}, tau {line[0]:5} ms: {line[1]:.4f} mV, {line[2]:+.4f} %")
    assert np.abs(errors).max() < largest
    if model == "iaf_cond_exp":  # NEST 3.10, for its default time constants
        assert got[:, list(TAUS).index(0.2)].max() - rest == pytest.approx(0.526, abs=0.001)


@pytest.mark.parametrize("model", MODELS)
def test_neurons_under_poisson_input_fire_as_often_as_the_equations_say(model):
    """NEST's defaults (0.2 and 2 ms) under 2,500 Hz of 20 nS and 1,000 Hz of 10 nS, and other excitation of the same charge."""
    excitatory = TAUS[2:]
    tau = np.array([np.repeat(excitatory, 40), np.full(40 * len(excitatory), 2.0)])
    rng = np.random.default_rng(1)
    count = np.array([rng.poisson(rate * DT * 1e-3, (5000, tau.shape[1])) for rate in (2500.0, 1000.0)])
    arriving = count * np.array([20.0 * 0.2 / tau[0], np.full(tau.shape[1], 10.0)])[:, None]
    if model == "aeif_cond_exp":
        arriving[0] *= 2.0  # it has a larger leak
    expected, got = exact(MODELS[model], tau, arriving, 5)[1], here(model, tau, arriving)[1]
    rates = [spikes.reshape(5000, -1, 40).mean(axis=(0, 2)) * 1e3 / DT for spikes in (expected, got)]
    for line in zip(excitatory, *rates, strict=True):
        print(f"{model}, tau {line[0]:4} ms: {line[1]:.2f} Hz, here {line[2]:.2f} Hz")
    assert (rates[0] > 3.0).all()
    np.testing.assert_allclose(rates[1], rates[0], rtol=0.03)


@pytest.mark.parametrize("substeps", ["one", "four"])
def test_one_spike_moves_a_resting_hodgkin_huxley_neuron_as_far_as_the_equations_say(substeps):
    """Against the oracle with steps of 5 us; half of the neurons get no spike, because their rest is still settling."""
    tau = np.repeat([0.05, 0.2, 2.0, 10.0], 2)
    opened = np.tile([2.0, 0.0], 4) * 5.0 / (tau + 2.0)
    parameters = {p: d.default for p, d in snn.HodgkinHuxley.definition.parameters.items()}
    parameters |= {"bias_current": -100.0, "tau_excitatory": tau, "tau_inhibitory": tau}
    traces = []
    for dt in (0.1, 0.005):
        steps, arrival = round(40.0 / dt), round(20.0 / dt) - 1
        arriving = np.zeros((steps, 1, len(tau)))
        arriving[arrival, 0] = opened
        if dt < DT:
            inputs = {r: np.zeros((steps, len(tau))) for r in ("excitatory", "inhibitory", "current")}
            inputs["excitatory"] = arriving[:, 0]
            options = {"substeps": "one", "gate_update": "sequential"}
            traces.append(hodgkin_huxley.simulate(inputs, parameters, options, dt)["v"])
            continue
        net = snn.Network(dt=dt)
        net.add("input", snn.Input(len(tau)))
        net.add("neurons", snn.HodgkinHuxley(len(tau), substeps=substeps, **parameters))
        net.connect("input", "neurons", snn.OneToOne(1.0, receptor="excitatory", trainable=False))
        with snn.Simulation(net, device="cpu", threads=1) as sim:
            traces.append(
                sim.run(steps, {"input": arriving}, {"neurons": "v"})["neurons"]["v"][:, 0].astype(np.float64)
            )
    got, wanted = ((trace[:, ::2] - trace[:, 1::2]).max(axis=0) for trace in traces)
    print(f"{wanted} mV, errors {got / wanted - 1}")
    assert (wanted > 0.05).all()
    np.testing.assert_allclose(got, wanted, rtol=0.002)
