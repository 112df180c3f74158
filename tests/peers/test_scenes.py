"""Scenes beside other simulators: equal rates, and the fly brain spike for spike. Needs the extra ``peers``, and PyGeNN."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import snn
from snn.engine.bench import irregularity, peers
from tests.python.test_scenes import SMALL

CASES = [
    (peer, name)
    for peer in peers.PEERS
    for name in ("brunel", "coba", "cuba", "flybrain", "izhikevich", "izhikevich_100k", "microcircuit", "stdp")
    if name not in peers.PEERS[peer].lacks
]


def need(name: str) -> None:
    """Skip where a simulator is not installed; not importing it here keeps its warnings and settings out."""
    peer = peers.PEERS[name]
    if subprocess.run([sys.executable, "-c", f"import {peer.package}"], capture_output=True, check=False).returncode:
        pytest.skip(f"it does not import: {peer.missing}")


@pytest.mark.parametrize(("peer", "name"), CASES)
def test_rates_and_weights_of_peers(peer: str, name: str) -> None:
    need(peer)
    scene, scale = snn.scenes.get(name), SMALL[name]
    found = peers.run(peer, peers.Task(name, scale, 0, 1, 2, scene.window / 2.0), peers.Answer)
    assert not isinstance(found, str), found
    assert scene.deviations(found.rates_hz, scale) == []
    assert scene.weight_deviations(found.weights, scale) == []
    assert len(found.seconds) == 2
    assert min(found.seconds) > 0
    assert found.synapses == pytest.approx(scene.synapses(scale), rel=0.01)
    assert 2**20 < found.rss_before_bytes < found.peak_rss_bytes


def test_memory_in_brian2_is_that_of_its_program() -> None:
    """getrusage() gives no less than the peak of the process that started it, which has Python and more."""
    need("brian2")
    found = peers.run("brian2", peers.Task("izhikevich", 0.5, 0, 1, 1, 1.0), peers.Answer)
    assert not isinstance(found, str), found
    assert found.rss_before_bytes < 16 * 2**20
    # 250,000 synapses of a weight and two indices.
    assert 16 * 250_000 < found.peak_rss_bytes < 64 * 2**20


def test_nest_is_as_irregular_and_correlated_as_the_table_says() -> None:
    """The table that tests/python/test_irregularity.py holds our own spikes against."""
    need("nest")
    for name, found in irregularity.in_nest(2).items():
        assert irregularity.NEST[name].allows(found), f"{name}: {found}; table: {irregularity.NEST[name]}"


# In a process of its own: Brian2 warns on import, and sets numpy's error state.
_FLY = """
import json, sys
import brian2 as b
import numpy as np
from brian2 import ms, mV
from snn.scenes import get

scene = get("flybrain")
found = scene.connectome(0.1, 0)
drive = np.load(sys.argv[1])
b.prefs.codegen.target = "numpy"
b.defaultclock.dt = 0.1 * ms
neurons = b.NeuronGroup(
    found.neurons,
    '''dv/dt = (v_0 - v + g) / t_mbr : volt (unless refractory)
    dg/dt = -g / tau : volt (unless refractory)
    rfc : second''',
    method="linear", threshold="v > v_th", reset="v = v_rst; g = 0 * mV", refractory="rfc",
    namespace=dict(v_0=-52 * mV, v_rst=-52 * mV, v_th=-45 * mV, t_mbr=20 * ms, tau=5 * ms),
)
neurons.v = -52 * mV
neurons.rfc = 2.2 * ms
neurons.rfc[found.driven] = 0 * ms
synapses = b.Synapses(neurons, neurons, "w : volt", on_pre="g += w", delay=1.8 * ms)
synapses.connect(i=found.sources, j=found.targets)
synapses.w = found.counts * 0.275 * mV
steps, indices = np.nonzero(drive)
source = b.SpikeGeneratorGroup(found.driven.size, indices, steps * 0.1 * ms)
arrivals = b.Synapses(source, neurons, on_pre="v += 0.275 * 250 * mV")
arrivals.connect(i=np.arange(found.driven.size), j=found.driven)
monitor = b.SpikeMonitor(neurons)
b.run(len(drive) * 0.1 * ms)
print(json.dumps([np.rint(np.asarray(monitor.t / ms) / 0.1).astype(int).tolist(), np.asarray(monitor.i).tolist()]))
"""


def test_flybrain_spikes_as_in_brian2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need("brian2")
    scene, steps = snn.scenes.get("flybrain"), 3000
    found = scene.connectome(0.1, 0)
    random = np.random.Generator(np.random.Philox(1))
    drive = (random.random((steps, found.driven.size)) < 0.015).astype(np.float32)
    np.save(tmp_path / "drive.npy", drive)
    command = [sys.executable, "-W", "ignore", "-c", _FLY, str(tmp_path / "drive.npy")]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    times, neurons = json.loads(told.stdout.splitlines()[-1])
    monkeypatch.setattr(snn.scenes.flybrain, "PoissonSource", lambda size, rate: snn.SpikeInput(size))
    with snn.Simulation(scene.build(0.1, seed=0)) as simulation:
        spikes = simulation.run(steps, {"drive": drive}, {"brain": "spikes"})["brain"]["spikes"][:, 0]
    # The drive arrives one step later here, a jump of the current in place of one of the membrane; all else is the same,
    # in float32 against float64: a spike near the threshold may move by a step, and what follows from it.
    ours = set(zip(*(axis.tolist() for axis in np.nonzero(spikes)), strict=True))
    theirs = {(time + 1, neuron) for time, neuron in zip(times, neurons, strict=True)}
    assert len(theirs) > 300
    assert len(ours & theirs) >= 0.98 * max(len(ours), len(theirs))
