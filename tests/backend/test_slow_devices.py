"""A device among several that has become slow, or was taken for a faster one: work is moved, and the bits stay."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import snn

from .running import vulkan_settings
from .together import check_equal
from .vulkan_meddler import Meddler
from .vulkan_renderer import Renderer

BATCH = 8


class Slow(Meddler):
    """Its device takes `delay_s` longer for all that is submitted."""

    delay_s = 0.0

    def submit(self, queue: int, count: int, infos: int, fence: int) -> int:
        time.sleep(self.delay_s)
        return super().submit(queue, count, infos, fence)


def _network() -> snn.Network:
    net = snn.Network(dt=0.5, seed=5)
    net.add("drive", snn.PoissonSource(40, rate=90.0))
    net.add("cells", snn.LIF(60, tau_membrane=8.0))
    net.connect("drive", "cells", snn.Sparse.fixed_probability(0.3, weight=0.4, trainable=False))
    net.connect("cells", "cells", snn.Sparse.fixed_probability(0.2, weight=-0.1, delay=3.0, trainable=False))
    return net


MOST_ROUNDS = 16  # of 1024 steps: a device has to be slow at two safe points, which are further apart on a busy machine


def test_samples_leave_a_slow_device(
    renderer: Renderer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNN_VULKAN_MEMORY", "hidden")  # what is read is a submission too

    def round_of(sim: snn.Simulation) -> list[np.ndarray]:
        recording = sim.run(1024, record={"cells": ["v", "spike_count"]}, every=200)
        return [recording["cells"]["v"], recording["cells"]["spike_count"], sim["cells.v"]]

    slow = Slow(renderer)
    with (
        caplog.at_level(logging.INFO, "snn"),
        snn.Simulation(_network(), batch_size=BATCH, seed=3) as alone,
        snn.Simulation(_network(), devices=[slow.host(), "vulkan:0"], samples="auto", batch_size=BATCH, seed=3) as sim,
    ):
        assert sim.device == "vulkan*4+vulkan:0*4"
        slow.delay_s = 0.01  # many times what a submission takes, on a busy machine too
        for _ in range(MOST_ROUNDS):
            moved = sim.device != "vulkan*4+vulkan:0*4"
            check_equal(round_of(alone), round_of(sim))
            if moved:
                break
        assert int(sim.device.split("*")[1].partition("+")[0]) < 4
        assert sim.device_reason == "'vulkan' takes longer than was measured: work was moved to other devices"
        assert sim.device_reason in caplog.text


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
    environment = os.environ | {"SNN_CACHE": str(tmp_path)}

    def run(most_rounds: int) -> list[str]:
        return subprocess.run(
            [sys.executable, "-c", SCRIPT, str(most_rounds)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split("|")

    run(0)
    kept = tmp_path / "device_speeds.json"
    speeds = json.loads(kept.read_text())
    for name, speed in speeds.items():
        if name.startswith("vulkan:0"):
            speed |= {"small_step_s": 1e-9, "large_step_s": 2e-9, "exchange_s": 0.0, "spike_s": 0.0}
    kept.write_text(json.dumps(speeds))
    places, device, reason = run(MOST_ROUNDS)
    assert "1" in places
    assert reason == "'vulkan:0' takes longer than was measured: work was moved to other devices"
    assert "=1" not in device
    assert "exc=0" in device
