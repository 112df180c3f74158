"""What a static synapse that is given as an array takes of the memory of the process: the table of docs/performance.md.

``python -m snn.engine.bench.synapse_memory`` prints, for one delay and for 50, the bytes a synapse that a process has in use
beyond those before the network: at the peak while it is connected, with and without the arrays that the caller gives; when the
network is finished and the arrays are gone; at the peak while a simulation is opened; and when it is open. Each line is a
process of its own. Before it is printed, the synapses of some neurons are compared with the arrays, before and after opening.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

import numpy as np

import snn
from snn.engine.bench.report import require
from snn.engine.machine import peak_rss_bytes, reset_peak_rss

__all__ = ["measure"]

NEURONS = (138_639, 15_000)  # as many as the fly has; with synapses as many as in the cortex
SYNAPSES = 15_000_000
DELAYS = (1, 50)
CHECKED = 100  # neurons whose synapses are compared
COLUMNS = ("arrays", "connecting", "without them", "finished", "opening", "open")


def _network(neurons: int) -> snn.Network:
    net = snn.Network(dt=0.1)
    net.add("cells", snn.CurrentLIF(neurons, initial={"v": snn.Uniform(0.0, 2.0)}))
    return net


def _same(projection: snn.Projection, expected: tuple[np.ndarray, ...]) -> bool:
    found = (*projection.synapses(range(CHECKED))[1:], projection.synapse_weights(range(CHECKED)))
    step = 0.5 / projection.fixed_point_scale
    return all(np.array_equal(one, other) for one, other in zip(found[:2], expected[:2], strict=True)) and bool(
        (np.abs(found[2] - expected[2]) <= step).all()
    )


def measure(neurons: int, synapses: int, delays: int, threads: int) -> list[float]:
    """Return the bytes a synapse of `COLUMNS`, beyond what this process has in use now.

    Parameters
    ----------
    neurons, synapses : int
        Of the network; sources, targets, weights and delays are drawn.
    delays : int
        Delays from one step on, equally likely.
    threads : int
        Of the simulation.
    """
    with snn.Simulation(_network(100), threads=threads) as simulation:  # what every process has once
        simulation.run(1)
    net = _network(neurons)
    random = np.random.default_rng(1)
    begin = reset_peak_rss()
    sources = np.sort(random.integers(0, neurons, synapses, np.uint32))
    targets = random.integers(0, neurons, synapses, np.uint32)
    weights = random.standard_normal(synapses, np.float32)
    steps = random.integers(1, delays + 1, synapses, np.uint16) if delays > 1 else None
    some = slice(0, int(np.searchsorted(sources, CHECKED)))
    own_delays = np.ones(some.stop, np.uint16) if steps is None else steps[some].copy()
    order = np.lexsort((targets[some], own_delays, sources[some]))
    expected = (targets[some][order], own_delays[order], weights[some][order])
    given = reset_peak_rss() - begin
    projection = net.connect(
        "cells",
        "cells",
        snn.Sparse.from_arrays(sources, targets, weights, steps, trainable=False, delay_steps=0 if delays > 1 else 1),
    )
    connecting = peak_rss_bytes() - begin
    del sources, targets, weights, steps
    require(projection.synapse_count == synapses, f"there are {projection.synapse_count} synapses")
    require(projection.arithmetic == "compact", f"the synapses are {projection.arithmetic}")
    require(_same(projection, expected), "the finished network has other synapses")
    finished = reset_peak_rss() - begin
    with snn.Simulation(net, threads=threads) as simulation:
        opening = peak_rss_bytes() - begin
        opened = reset_peak_rss() - begin
        require(_same(projection, expected), "the network has other synapses once a simulation is open")
        counted = simulation.run(200, {}, {"cells": "spike_count"})["cells"]["spike_count"]
        require(int(counted.sum()) > 0, "no neuron spikes")
    return [value / synapses for value in (given, connecting, connecting - given, finished, opening, opened)]


def main() -> None:
    """Print a line for each number of delays."""
    parser = argparse.ArgumentParser(prog="python -m snn.engine.bench.synapse_memory", description=__doc__)
    parser.add_argument("--neurons", type=int, nargs="+", default=NEURONS)
    parser.add_argument("--synapses", type=int, default=SYNAPSES)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--delays", type=int, help="measure this number of delays in this process")
    options = parser.parse_args()
    if options.delays:
        for neurons in options.neurons:
            values = measure(neurons, options.synapses, options.delays, options.threads)
            print(f"{neurons:8d} {options.delays:8d}", *(f"{value:13.2f}" for value in values), flush=True)
        return
    print(f"{'neurons':>8} {'delays':>8}", *(f"{name:>13}" for name in COLUMNS), flush=True)
    for neurons in options.neurons:
        for delays in DELAYS:
            settings = (neurons, "--synapses", options.synapses, "--threads", options.threads, "--delays", delays)
            subprocess.run([sys.executable, "-m", __spec__.name, "--neurons", *map(str, settings)], check=True)


if __name__ == "__main__":
    main()
