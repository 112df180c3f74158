"""A state is taken whole, with changed parameters of rules; and a child process leaves a device alone."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snn

PLACES: list[dict[str, Any]] = [
    {"device": "cpu", "threads": 3},
    {"device": "reference"},
    {"device": "vulkan"},
    {"devices": ["cpu", "vulkan"], "placement": {"cells[0:64]": 0, "cells[64:]": 1}},
]


def network() -> snn.Network:
    """Two plastic projections onto one population, with a rule each."""
    net = snn.Network(seed=2)
    net.add("source", snn.SpikeInput(40))
    net.add("cells", snn.LIF(90, tau_membrane=5.0))
    drawn = {"weight": snn.Uniform(0.2, 0.6), "delay": snn.Uniform(1.0, 5.0)}
    net.connect("source", "cells", snn.Sparse.fixed_probability(0.3, plasticity=snn.PairSTDP(), **drawn), name="p")
    net.connect("cells", "cells", snn.Sparse.fixed_indegree(4, plasticity=snn.TripletSTDP(), **drawn), name="q")
    return net


def spikes(steps: int) -> dict[str, np.ndarray]:
    return {"source": np.random.default_rng(steps).random((steps, 1, 40)) < 0.3}


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_state_is_taken_whole(place: dict[str, Any], tmp_path: Path) -> None:
    net = network()
    with snn.Simulation(net, seed=9) as donor:
        donor["p.amplitude_plus"] = 0.07
        donor["q.tau_plus"] = 11.0
        donor.run(30, spikes(30))
        donor.save_state(tmp_path / "donor")
    with snn.Simulation(net, seed=1, **place) as sim, snn.Simulation(net, seed=1) as twin:
        for one in (sim, twin):
            one.run(25, spikes(25))
        sim.load_state(tmp_path / "donor")
        twin.load_state(tmp_path / "donor")
        sim.save_state(tmp_path / "after")
        assert (tmp_path / "after").read_bytes() == (tmp_path / "donor").read_bytes()
        for one in (sim, twin):
            one.run(40, spikes(40))
        for path in ("cells.v", "p.weight", "q.weight"):
            np.testing.assert_array_equal(sim[path], twin[path], path)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_child_process_may_close_simulations_of_its_parent(place: dict[str, Any]) -> None:
    with snn.Simulation(network(), **place) as sim:
        sim.run(5, spikes(5))
        child = os.fork()
        if child == 0:
            sim.close()
            os._exit(0)
        end = time.monotonic() + 30
        while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0) and time.monotonic() < end:
            time.sleep(0.01)
        if ended == (0, 0):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        assert ended == (child, 0)
        sim.run(5, spikes(5))
