"""A device among several that has become slow, or was taken for a faster one: work is moved, and the bits stay."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import snn

from .running import vulkan_settings
from .vulkan_meddler import Meddler

BATCH = 8


class Slow(Meddler):
    """Its device takes `delay_s` longer for all that is submitted."""

    delay_s = 0.0

    def submit(self, queue: int, count: int, infos: int, fence: int) -> int:
        time.sleep(self.delay_s)
        return super().submit(queue, count, infos, fence)


def network() -> snn.Network:
    net = snn.Network(dt=0.5, seed=5)
    net.add("drive", snn.PoissonSource(40, rate=90.0))
    net.add("cells", snn.LIF(60, tau_membrane=8.0))
    net.connect("drive", "cells", snn.Sparse.fixed_probability(0.3, weight=0.4, trainable=False))
    net.connect("cells", "cells", snn.Sparse.fixed_probability(0.2, weight=-0.1, delay=3.0, trainable=False))
    return net


MOST_ROUNDS = 16  # of 1024 steps: a device has to be slow at two safe points, which are further apart on a busy machine


SAMPLES = """
import logging, sys
import snn
sys.path.append(sys.argv[2])
from tests.backend.test_slow_devices import BATCH, Slow, network
from tests.backend.together import check_equal
from tests.backend.vulkan_renderer import Renderer

def round_of(sim):
    recording = sim.run(1024, record={"cells": ["v", "spike_count"]}, every=200)
    return [recording["cells"]["v"], recording["cells"]["spike_count"], sim["cells.v"]]

logging.basicConfig(level=logging.INFO, stream=sys.stderr)
renderer = Renderer()
slow = Slow(renderer)
with (
    snn.Simulation(network(), batch_size=BATCH, seed=3) as alone,
    snn.Simulation(network(), devices=[slow.host(), "vulkan:0"], samples="auto", batch_size=BATCH, seed=3) as sim,
):
    first = sim.device
    slow.delay_s = 0.01  # many times what a submission takes, on a busy machine too
    for _ in range(int(sys.argv[1])):
        moved = sim.device != first
        check_equal(round_of(alone), round_of(sim))
        if moved:
            break
    print(first, sim.device, sim.device_reason, sep="|", end="")
renderer.close()
assert renderer.problems == []
"""


def run_with_cache(script: str, most_rounds: int, folder: Path) -> tuple[list[str], str]:
    """Run a script in a process that keeps measurements in a folder; give what it prints, by "|", and what it logs."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", script, str(most_rounds), str(Path(__file__).parents[2])],
        env=os.environ | {"SNN_CACHE": str(folder), "SNN_VULKAN_MEMORY": "hidden"},  # what is read is a submission too
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("|"), done.stderr


def test_samples_leave_a_slow_device(tmp_path: Path) -> None:
    """One device twice, as the host's and as one of our own: a file says that both are as fast."""
    run_with_cache(SAMPLES, 0, tmp_path)
    kept = tmp_path / "device_speeds.json"
    speeds = json.loads(kept.read_text())
    own, hosts = (next(name for name in speeds if name.startswith(start)) for start in ("vulkan:0", "vulkan of a host"))
    speeds[hosts] = speeds[own]
    kept.write_text(json.dumps(speeds))
    (first, device, reason), logged = run_with_cache(SAMPLES, MOST_ROUNDS, tmp_path)
    assert first == "vulkan*4+vulkan:0*4"
    assert int(device.split("*")[1].partition("+")[0]) < 4
    assert reason == "'vulkan' takes longer than was measured: work was moved to other devices"
    assert reason in logged


SCRIPT = """
import sys
import numpy as np, snn

net = snn.Network(dt=0.5, seed=5)
net.add("drive", snn.PoissonSource(64, rate=90.0))
net.add("exc", snn.LIF(300, tau_membrane=8.0))
net.add("inh", snn.LIF(100, tau_membrane=8.0))
for source, target, weight in (("drive", "exc", 0.3), ("exc", "inh", 0.3), ("inh", "exc", -0.2), ("exc", "exc", 0.1)):
    rule = snn.Sparse.fixed_probability(0.1, weight=weight, delay=8.0, trainable=False)
    net.connect(source, target, rule)
places = net.placement(["cpu", "vulkan:0"]).populations
with snn.Simulation(net, seed=3) as alone, snn.Simulation(net, devices=["cpu", "vulkan:0"], seed=3) as sim:
    rounds = 0
    while rounds < int(sys.argv[1]):
        moved = sim.device_reason != ""
        one, other = (each.run(1024, record={"exc": "spikes", "inh": "v"}, every=8) for each in (alone, sim))
        assert one["exc"]["spikes"].any()
        assert (one["exc"]["spikes"] == other["exc"]["spikes"]).all()
        assert (one["inh"]["v"] == other["inh"]["v"]).all()
        rounds = 10**6 if moved else rounds + 1
    print(sorted(places.values()), sim.device, sim.device_reason, sep="|", end="")
"""


@pytest.mark.skipif(not vulkan_settings(), reason="no Vulkan device, or built without Vulkan")
def test_populations_leave_a_device_that_was_taken_for_a_faster_one(tmp_path: Path) -> None:
    """With a file of measurements that says that lavapipe takes no time at all."""
    run_with_cache(SCRIPT, 0, tmp_path)
    kept = tmp_path / "device_speeds.json"
    speeds = json.loads(kept.read_text())
    for name, speed in speeds.items():
        if name.startswith("vulkan:0"):
            speed |= {"small_step_s": 1e-9, "large_step_s": 2e-9, "exchange_s": 0.0, "spike_s": 0.0}
    kept.write_text(json.dumps(speeds))
    (places, device, reason), _ = run_with_cache(SCRIPT, MOST_ROUNDS, tmp_path)
    assert "1" in places
    assert reason == "'vulkan:0' takes longer than was measured: work was moved to other devices"
    assert "=1" not in device
    assert "exc=0" in device
