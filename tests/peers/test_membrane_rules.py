"""Plasticity by the target's membrane, beside the same equations in Brian2. Needs `peers`."""

from __future__ import annotations

import numpy as np
import pytest

import snn

pytestmark = pytest.mark.filterwarnings("ignore")  # those of other people's libraries

STEPS, SOURCES, CELLS, DT, TAU = 6_000, 40, 30, 0.5, 10.0
LIMITS = {"up_low": 2.0, "up_high": 8.0, "down_low": 1.0, "down_high": 6.0}


def test_bistable_synapses_are_those_of_brian2() -> None:
    brian2 = pytest.importorskip("brian2", reason="Brian2 is not installed: pip install '.[peers]'")
    ms = brian2.ms
    brian2.prefs.codegen.target = "numpy"
    brian2.defaultclock.dt = DT * ms
    # With some other seeds a float32 membrane passes a threshold a step before or after the float64 one.
    random = np.random.default_rng(13)
    spikes = random.random((STEPS, SOURCES)) < 0.02
    driven = np.repeat(random.uniform(0.3, 1.8, (STEPS // 40, CELLS)), 40, axis=0)
    first = random.integers(0, 2, (SOURCES, CELLS)).astype(float)

    rule = snn.BraderFusi(threshold_v=0.5, step_up=0.12, step_down=0.15, w_max=2.0**-30, **LIMITS)
    p = rule.parameters
    at, neurons = np.nonzero(spikes)
    source = brian2.SpikeGeneratorGroup(SOURCES, neurons, at * DT * ms)
    cells = brian2.NeuronGroup(
        CELLS, "dv/dt = (drive(t, i) - v) / tau : 1", threshold="v > 1", reset="v = 0", method="exact",
        namespace={"drive": brian2.TimedArray(driven, dt=DT * ms), "tau": TAU * ms},
    )  # fmt: skip
    synapses = brian2.Synapses(
        source,
        cells,
        """dx/dt = (alpha * int(x > border) - beta * int(x <= border)) : 1 (clock-driven)
        dc/dt = -c / tau_calcium : 1 (event-driven)""",
        on_pre="""x = clip(x, 0, 1)
        up = int(v_post > threshold_v) * int(c > up_low) * int(c < up_high)
        down = int(v_post <= threshold_v) * int(c > down_low) * int(c < down_high)
        x = clip(x + step_up * up - step_down * down, 0, 1)""",
        on_post="c += step_before",
        method="euler",
        namespace={
            **{name: p[name] for name in ("border", "threshold_v", "step_up", "step_down", *LIMITS)},
            "alpha": p["drift_up"] * brian2.Hz,
            "beta": p["drift_down"] * brian2.Hz,
            "tau_calcium": p["tau_calcium"] * ms,
            # An arrival is here in the next step, before the neurons', when the trace has decayed once.
            "step_before": np.exp(-DT / p["tau_calcium"]),
        },
    )
    synapses.connect()
    synapses.x = first.ravel()
    synapses.post.order = -1
    said = brian2.SpikeMonitor(cells)
    network = brian2.Network(source, cells, synapses, said)
    network.schedule = ["start", "groups", "thresholds", "resets", "synapses", "end"]  # the membrane after its reset
    network.run((STEPS + 1) * DT * ms)
    theirs = np.clip(np.array(synapses.x).reshape(first.shape), 0, 1)

    net = snn.Network(DT)
    net.add("source", snn.SpikeInput(SOURCES))
    net.add("drive", snn.Input(CELLS))
    net.add("cells", snn.LIF(CELLS, tau_membrane=TAU, reset="value", input_scaling="one_minus_decay"))
    net.connect("drive", "cells", snn.OneToOne(1.0))
    pairs = np.indices(first.shape).reshape(2, -1)
    weights = first.ravel() * p["w_max"]  # too small to be felt
    net.connect("source", "cells", snn.Sparse.from_arrays(*pairs, weights, delay_steps=1, plasticity=rule), name="p")
    inputs = {"source": spikes.astype(np.float32)[:, None], "drive": driven.astype(np.float32)[:, None]}
    with snn.Simulation(net) as sim:
        ours = sim.run(STEPS, inputs, {"cells": "spikes"})["cells"]["spikes"][:, 0]
        # A weight is that of its last arrival: one more shows where it has drifted to.
        sim["p.step_up"], sim["p.step_down"] = 0.0, 0.0
        ones = np.ones((1, 1, SOURCES), np.float32)
        sim.run(1, {"source": ones, "drive": inputs["drive"][-1:]})
        sim.run(1, {"source": 0 * ones, "drive": inputs["drive"][-1:]})
        found = sim.get("p.weight").reshape(first.shape) / p["w_max"]
    their_steps = np.rint(said.t / ms / DT).astype(int)
    their_spikes = np.zeros_like(ours)
    their_spikes[their_steps[their_steps < STEPS], np.array(said.i)[their_steps < STEPS]] = 1
    assert ours.sum() > 2_000
    assert np.array_equal(ours, their_spikes)
    assert np.mean((theirs > 0.02) & (theirs < 0.98)) > 0.05, "some synapses are on their way"
    assert 0.1 < np.mean(theirs > 0.5) < 0.9
    assert np.mean((theirs > 0.5) != (first > 0.5)) > 0.1, "some have changed sides"
    # float32 beside float64: of some tens of changes and ways, each is rounded by half of 2**-24.
    assert np.abs(found - theirs).max() < 2e-6
