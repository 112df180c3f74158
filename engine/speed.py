"""What every measured simulation reports: how it compares with real time, and how active its neurons were.

Shared by ``snn run`` and the benchmarks, so that the same word is the same number in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import snn

__all__ = ["rates_hz", "realtime_factor", "spike_counts"]


def spike_counts(network: snn.Network) -> dict[str, str]:
    """Return what to record so that `rates_hz` knows every spiking population."""
    return {
        name: "spike_count"
        for name, population in network.populations.items()
        if population.spiking and not population.is_input
    }


def rates_hz(network: snn.Network, recording: Mapping[str, Mapping[str, NDArray[Any]]], steps: int) -> dict[str, float]:
    """Return the mean rate of each spiking population, in spikes per second of network time and neuron.

    Parameters
    ----------
    network : Network
        The network.
    recording : Recording
        Of `steps` steps, with what `spike_counts` asks for.
    steps : int
        Number of steps; no step gives rates of 0.
    """
    seconds = steps * network.dt / 1000.0
    return {
        name: float(recording[name]["spike_count"].mean(dtype=np.float64)) / seconds if seconds else 0.0
        for name in spike_counts(network)
    }


def realtime_factor(seconds: float, steps: int, dt_ms: float) -> float:
    """Return seconds on the clock for each second of network time: below 1 is faster than real time; 0 without a step.

    Parameters
    ----------
    seconds : float
        That the steps took.
    steps : int
        Number of steps.
    dt_ms : float
        Time step in milliseconds.
    """
    simulated = steps * dt_ms / 1000.0
    return seconds / simulated if simulated else 0.0
