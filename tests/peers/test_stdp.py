"""The rule of the scene `stdp` in other simulators: spikes and weights of a run, and what one pair does. Needs `peers`."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import snn
from snn.scenes import STDP

from .running import stdp_with_inputs

pytestmark = pytest.mark.filterwarnings("ignore")  # those of other people's libraries


def test_brian2_learns_the_same_from_the_same_spikes() -> None:
    brian2 = pytest.importorskip("brian2", reason="Brian2 is not installed: pip install '.[peers]'")
    from snn.engine.bench.peers import brian2_peer

    steps = 4_000
    brian2.prefs.codegen.target = "numpy"
    brian2.defaultclock.dt = STDP.dt * brian2.ms
    brian2.seed(3)
    objects, populations = brian2_peer.stdp(STDP, 0.02, 3)
    (inputs, *_), (cells, *_) = populations["inputs"], populations["cells"]
    (synapses,) = (one for one in objects if one.name == brian2_peer.LEARNED)
    first = np.array(synapses.w).reshape(STDP.inputs, -1)
    heard, said = brian2.SpikeMonitor(inputs), brian2.SpikeMonitor(cells)
    brian2.Network(*objects, heard, said).run(steps * STDP.dt * brian2.ms)
    theirs = np.array(synapses.w).reshape(first.shape)

    def step(monitor: brian2.SpikeMonitor) -> np.ndarray:
        return np.rint(monitor.t / brian2.ms / STDP.dt).astype(int)

    # The same network, and as its inputs what the inputs there were; a spike arrives there in the step after.
    mine = stdp_with_inputs(0.02, first)
    frames = np.zeros((steps, 1, STDP.inputs), np.float32)
    arrives = step(heard) + 1
    frames[arrives[arrives < steps], 0, np.array(heard.i)[arrives < steps]] = 1
    with snn.Simulation(mine) as simulation:
        spikes = simulation.run(steps, {"inputs": frames}, {"cells": "spikes"})["cells"]["spikes"][:, 0]
        ours = simulation.get("inputs_to_cells.weight").reshape(first.shape) / STDP.weight_max
    their_spikes = np.zeros_like(spikes)
    their_spikes[step(said), np.array(said.i)] = 1
    assert spikes.sum() > 300
    assert np.array_equal(spikes, their_spikes)
    assert np.abs(theirs - first).max() > 0.05
    # float32 beside float64: of some tens of changes, each is rounded by half of 2**-24.
    assert np.abs(ours - theirs).max() < 1e-5


def test_what_a_pair_does_in_nest() -> None:
    nest = pytest.importorskip("nest", reason="NEST is not installed: pip install '.[peers]'")
    from snn.engine.bench.peers import nest_peer

    dt = STDP.dt
    silent = dataclasses.replace(STDP, inputs=21, input_rate=0.0)
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.resolution = dt
    populations, _ = nest_peer.stdp(silent, 0.001, 0)
    inputs, cell = populations["inputs"], populations["cells"]
    cell.t_ref = 1_000.0  # so that it spikes once
    connections = nest.GetConnections(synapse_model=nest_peer.LEARNED)
    largest = silent.weight_max * 200.0 / silent.tau_membrane
    connections.set(weight=np.full(21, 0.5 * largest))
    # Input k spikes k steps after 10 ms, and a train of its own makes the cell spike once.
    for k in range(21):
        train = nest.Create("spike_generator", params={"spike_times": [10.0 + (k - 1) * dt]})
        nest.Connect(train, inputs[k], syn_spec={"delay": dt})
    kick = nest.Create("spike_generator", params={"spike_times": [11.0]})
    nest.Connect(kick, cell, syn_spec={"weight": 1e6, "delay": dt})
    meter = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": dt})
    recorder = nest.Create("spike_recorder")
    nest.Connect(meter, cell)
    nest.Connect(cell + inputs[:1], recorder)
    nest.Simulate(20.0)
    changes = nest_peer.learned_weights(inputs) - 0.5

    events = recorder.events
    sent = np.rint(events["times"][events["senders"] == inputs[0].global_id][0] / dt)
    spiked = np.rint(events["times"][events["senders"] == cell.global_id][0] / dt)
    # Here a pair has lag 0 when the cell spikes in the step in which the arrival first moves its membrane.
    moved = np.rint(meter.events["times"][np.flatnonzero(meter.events["V_m"] != STDP.v_rest)[0]] / dt)
    assert moved == sent + 2
    lags = spiked - moved - np.arange(21) + 3
    assert (lags.max(), lags.min()) == (13, -7)
    decay = np.exp(-np.abs(lags) * dt / STDP.tau_plus)
    potentiation = STDP.amplitude_plus * np.exp(dt / STDP.tau_plus) * decay
    expected = np.where(lags > 0, potentiation, np.where(lags < 0, -STDP.amplitude_minus * decay, 0.0))
    assert changes == pytest.approx(expected, abs=1e-12)
