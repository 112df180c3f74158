"""How irregular and correlated the spikes of the cortical microcircuit are, here and in NEST.

``python -m snn.engine.bench.irregularity`` prints both, means over seeds with the least and the largest value.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from snn.scenes.microcircuit import MICROCIRCUIT
from snn.simulation import Simulation

SCALE = 0.1
WINDOW_MS = 5000.0  # after the scene's warm-up
LEAST_SPIKES = 6  # of a neuron whose intervals count: five of them
BIN_MS = 2.0  # of correlations


@dataclass(frozen=True)
class SpikeStatistics:
    """Means over a population.

    Parameters
    ----------
    rate_hz : float
        Spikes of a neuron in a second.
    cv_isi : float
        Coefficient of variation of a neuron's intervals between spikes, over those with at least `LEAST_SPIKES`.
    correlation : float
        Pearson's correlation of the spike counts of two neurons in bins of `BIN_MS`, over all pairs of neurons that spiked.
    """

    rate_hz: float
    cv_isi: float
    correlation: float


@dataclass(frozen=True)
class Shown:
    """The least and the largest value that NEST 3.10 shows, over seeds 0 to 4, at `SCALE` and over `WINDOW_MS`."""

    cv_isi: tuple[float, float]
    correlation: tuple[float, float]

    def allows(self, found: SpikeStatistics) -> bool:
        """Whether statistics are within these values, or beyond them by no more than they are apart."""
        pairs = ((self.cv_isi, found.cv_isi), (self.correlation, found.correlation))
        return all(2 * low - high <= value <= 2 * high - low for (low, high), value in pairs)


NEST: Mapping[str, Shown] = MappingProxyType(
    {
        "L23E": Shown((0.759, 0.848), (0.00171, 0.00201)),
        "L23I": Shown((0.786, 0.826), (0.00246, 0.00300)),
        "L4E": Shown((0.811, 0.816), (0.00149, 0.00186)),
        "L4I": Shown((0.812, 0.821), (0.00186, 0.00239)),
        "L5E": Shown((0.778, 0.794), (0.00663, 0.00794)),
        "L5I": Shown((0.760, 0.776), (0.00224, 0.00421)),
        "L6E": Shown((0.784, 0.797), (0.00048, 0.00054)),
        "L6I": Shown((0.772, 0.788), (0.00058, 0.00105)),
    }
)
"""By population."""


def spike_statistics(steps: np.ndarray, neurons: np.ndarray, size: int, count: int, dt: float) -> SpikeStatistics:
    """Return the statistics of `size` neurons over `count` steps of `dt` ms; a spike is in a step of `steps`, of a neuron."""
    order = np.lexsort((steps, neurons))
    steps, neurons = np.asarray(steps, np.int64)[order], np.asarray(neurons, np.int64)[order]
    rate_hz = len(steps) / size / (count * dt * 1e-3)
    return SpikeStatistics(rate_hz, _mean_cv(steps, neurons, size), _mean_correlation(steps, neurons, size, count, dt))


def _mean_cv(steps: np.ndarray, neurons: np.ndarray, size: int) -> float:
    same = neurons[1:] == neurons[:-1]
    intervals, owners = np.diff(steps)[same].astype(float), neurons[1:][same]
    number = np.bincount(owners, minlength=size)
    enough = number >= LEAST_SPIKES - 1
    mean = np.bincount(owners, intervals, size)[enough] / number[enough]
    square = np.bincount(owners, intervals**2, size)[enough] / number[enough]
    return float(np.mean(np.sqrt(np.maximum(square - mean**2, 0.0)) / mean))


def _mean_correlation(steps: np.ndarray, neurons: np.ndarray, size: int, count: int, dt: float) -> float:
    width = round(BIN_MS / dt)
    counts = np.zeros((size, count // width))
    inside = steps < counts.shape[1] * width
    np.add.at(counts, (neurons[inside], steps[inside] // width), 1.0)
    counts = counts[counts.any(axis=1)]
    counts -= counts.mean(axis=1, keepdims=True)
    counts /= counts.std(axis=1, keepdims=True)
    # The variance of a sum of n numbers of variance 1 is n + n (n - 1) times their mean correlation.
    n = len(counts)
    return float((counts.sum(axis=0).var() - n) / (n * (n - 1)))


def here(seed: int, scale: float = SCALE, window_ms: float = WINDOW_MS) -> dict[str, SpikeStatistics]:
    """Return the statistics of each population of the scene after its warm-up."""
    scene, count = MICROCIRCUIT, round(window_ms / MICROCIRCUIT.dt)
    sizes = scene.sizes(scale)
    with Simulation(scene.build(scale, seed=seed), seed=seed, threads=2) as simulation:
        simulation.step(round(scene.warm_up / scene.dt))
        recording = simulation.run(count, record=dict.fromkeys(sizes, "spike_events"))
    found = {}
    for name, size in sizes.items():
        events = recording[name]["spike_events"]
        found[name] = spike_statistics(events.steps, events.neurons, size, count, scene.dt)
    return found


def in_nest(seed: int, scale: float = SCALE, window_ms: float = WINDOW_MS) -> dict[str, SpikeStatistics]:
    """Return the same of NEST, which must be installed; it runs in a process of its own."""
    count = round(window_ms / MICROCIRCUIT.dt)
    with tempfile.TemporaryDirectory(prefix="snn-nest-") as folder:
        place = Path(folder) / "spikes.npz"
        command = [
            sys.executable,
            "-m",
            "snn.engine.bench.peers.nest_spikes",
            str(place),
            *map(str, (scale, seed, window_ms)),
        ]
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise RuntimeError(f"NEST ended with status {ended.returncode}: {ended.stderr[-1000:]}")
        with np.load(place) as spikes:
            return {
                name: spike_statistics(spikes[f"{name}_steps"], spikes[f"{name}_neurons"], size, count, MICROCIRCUIT.dt)
                for name, size in MICROCIRCUIT.sizes(scale).items()
            }


def main() -> None:
    """Print a line for each population, here and in NEST."""
    parser = argparse.ArgumentParser(prog="python -m snn.engine.bench.irregularity", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=SCALE)
    parser.add_argument("--window", type=float, default=WINDOW_MS, help="ms after the warm-up")
    options = parser.parse_args()
    for who, run in (("here", here), ("NEST", in_nest)):
        found = [run(seed, options.scale, options.window) for seed in range(options.seeds)]
        for name in found[0]:
            values = np.array([astuple(one[name]) for one in found])
            rows = zip(
                ("Hz", "CV", "correlation"), (2, 3, 5), values.mean(0), values.min(0), values.max(0), strict=True
            )
            told = [f"{word} {mean:.{d}f} ({low:.{d}f} to {high:.{d}f})" for word, d, mean, low, high in rows]
            print(f"{who}  {name:4}", *told, sep="  ", flush=True)


if __name__ == "__main__":
    main()
