"""The commands of docs/command-line.md run: a run in parts is the run in one that the page begins with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import snn

from .pages import programs, run

PAGE = "command-line.md"
INSPECT, WHOLE, IN_PARTS = programs(PAGE, "sh")
(JOINING,) = programs(PAGE)


@pytest.mark.skipif(os.name != "posix", reason="the commands are for a POSIX shell")
def test_parts_join_to_a_whole(tmp_path: Path) -> None:
    network = snn.Network(seed=1)
    network.add("eyes", snn.SpikeInput(50))
    network.add("exc", snn.NoisyIzhikevich(80))
    network.connect("eyes", "exc", snn.Sparse.fixed_indegree(5, weight=4.0, delay=2.0, trainable=False))
    plastic = snn.Sparse.fixed_indegree(8, weight=1.0, delay=snn.Uniform(1, 9), plasticity=snn.PairSTDP(w_max=3.0))
    network.connect("exc", "exc", plastic)
    network.save(tmp_path / "brain.snn")
    command = Path(sys.executable).with_name("snn")
    environment = {**os.environ, "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}"}
    assert "--steps 10000" in WHOLE
    for block in (INSPECT.replace("vulkan", "cpu"), WHOLE.replace("--steps 10000", "--steps 40000"), IN_PARTS):
        subprocess.run(["sh", "-e", "-c", block], cwd=tmp_path, env=environment, timeout=120, check=True)
    whole = snn.Recording.load(tmp_path / "run.npz")
    parts = [snn.Recording.load(tmp_path / f"part{i}.npz") for i in range(4)]
    events, joined = whole["exc"]["spike_events"], snn.Recording.joined(parts)["exc"]["spike_events"]
    assert len(events.steps) > 10_000
    np.testing.assert_array_equal(joined.steps, events.steps)
    np.testing.assert_array_equal(joined.neurons, events.neurons)
    assert whole["exc"]["v"].shape == (4000, 1, 80)
    assert run(JOINING, tmp_path) == f"{whole.rates('exc').mean()} Hz\n"
