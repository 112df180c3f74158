"""How long one step of a small network takes: a single sample, 128-256-256-8 LIF, one step at a time.

One repeat is what a game or a robot does at each step: input in (128 values copied into a bound array), one step,
output spikes out. The input is active at 10 % of its neurons, others at each step. The weights are scaled until each
hidden population is active at 5 to 10 % of its neurons; that is measured again over the timed inputs before a time is
given. The clock is read twice a repeat; that is part of the time.

Variants: ``python`` calls `snn.Simulation` from a Python loop; ``c`` calls the C interface from a loop in C.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

import snn
from snn._arrays import Floats
from snn.engine import _native
from snn.engine.bench.report import Settings, require, result
from snn.engine.speed import rates_hz, realtime_factor, spike_counts
from snn.init import normal, uniform

__all__ = ["bench_latency", "latency_inputs", "latency_network", "scale_weights"]

SIZES = (128, 256, 256, 8)
INPUT_ACTIVITY = 0.10
HIDDEN_ACTIVITY = 0.075
LOWEST, HIGHEST = 0.05, 0.10
FRAMES = 1000
WARM_UP = 500
CHECKED = 10 * FRAMES  # steps over which the activity is looked at, however few are timed
REPEATS = 50_000


def latency_inputs(seed: int) -> Floats:
    """Input spikes of so many steps: shape (FRAMES, 128)."""
    draws = uniform((FRAMES, SIZES[0]), 0.0, 1.0, seed=seed, stream=1000)
    return (draws < INPUT_ACTIVITY).astype(np.float32)


def _activity(network: snn.Network, inputs: Floats, population: str, device: str) -> float:
    """Share of the neurons that spike in a step, after the start has passed."""
    with snn.Simulation(network, device=device) as simulation:
        simulation.run(WARM_UP, {"input": np.resize(inputs, (WARM_UP, inputs.shape[1]))})
        recording = simulation.run(
            FRAMES, {"input": np.resize(inputs, (FRAMES, inputs.shape[1]))}, {population: "spike_count"}
        )
    return float(recording[population]["spike_count"].mean()) / FRAMES


def scale_weights(network: snn.Network, inputs: Floats, device: str) -> None:
    """Draw weights anew and scale them layer by layer, so that each layer has the activity wanted.

    Parameters
    ----------
    network : Network
        Layers with one projection each, from the population ``"input"`` on.
    inputs : array, shape (steps, inputs)
        Given over and over.
    device : str
        Where it is tried.
    """
    for stream, projection in enumerate(network.projections.values()):
        drawn = normal(projection.weights.shape, 0.0, 1.0, seed=network.seed, stream=stream)
        low, high = 0.0, 4.0
        for _ in range(14):
            gain = 0.5 * (low + high)
            projection.weights[...] = drawn * np.float32(gain)
            if _activity(network, inputs, projection.target.name, device) < HIDDEN_ACTIVITY:
                low = gain
            else:
                high = gain


def latency_network(seed: int = 0, device: str = "cpu") -> snn.Network:
    """Return the network, its weights scaled for the activity wanted."""
    network = snn.Sequential(
        snn.SpikeInput(SIZES[0]),
        *(layer for size in SIZES[1:] for layer in (snn.Dense(size, init=0.0), snn.LIF())),
        seed=seed,
    )
    scale_weights(network, latency_inputs(seed), device)
    return network


def _simulation(network: snn.Network, settings: Settings) -> snn.Simulation:
    return snn.Simulation(
        network, device=settings.device, threads=settings.threads, instruction_set=settings.instruction_set
    )


def _check(network: snn.Network, frames: Floats, settings: Settings) -> tuple[dict[str, float], dict[str, float]]:
    """Return the activity and the rates over steps as the timed ones; raise when they are not what was asked for."""
    with _simulation(network, settings) as simulation:
        inputs = np.resize(frames, (WARM_UP + CHECKED, SIZES[0]))
        simulation.run(WARM_UP, {"input": inputs[:WARM_UP]})
        spiking = spike_counts(network)
        recording = simulation.run(CHECKED, {"input": inputs[WARM_UP:]}, spiking)
    activity = {name: float(recording[name]["spike_count"].mean()) / CHECKED for name in spiking}
    activity["input"] = float(frames.mean())
    require(abs(activity["input"] - INPUT_ACTIVITY) < 0.01, f"{activity['input']:.1%} of the input is active")
    for name in ("hidden1", "hidden2"):
        require(LOWEST <= activity[name] <= HIGHEST, f"{activity[name]:.1%} of {name} is active, not 5 to 10 %")
    return activity, rates_hz(network, recording, CHECKED)


def _python(network: snn.Network, frames: Floats, repeats: int, settings: Settings) -> tuple[Any, int]:
    """Return seconds of each repeat and the number of output spikes, through the package."""
    seconds = np.empty(repeats)
    spikes = 0
    rows = [frames[index : index + 1] for index in range(FRAMES)]
    with _simulation(network, settings) as simulation:
        bound = simulation.bind_input("input")
        clock, copy, step, output = time.perf_counter, np.copyto, simulation.step, simulation.spikes
        gc.disable()
        try:
            for index in range(-WARM_UP, repeats):
                row = rows[index % FRAMES]
                begin = clock()
                copy(bound, row)
                step()
                fired = output("output")
                end = clock()
                if index >= 0:
                    seconds[index] = end - begin
                    spikes += fired.size
        finally:
            gc.enable()
    return seconds, spikes


def _c(network: snn.Network, frames: Floats, repeats: int, settings: Settings) -> tuple[Any, int]:
    """Return seconds of each repeat and the number of output spikes, through the C interface."""
    session = _simulation(network, settings)._session
    source, target = network["input"]._index, network["output"]._index
    # The same inputs before the timed ones as in the Python variant, so that both see the same spikes.
    _native.time_steps(session, source, frames[-WARM_UP:], target, np.empty(WARM_UP), np.empty(WARM_UP, np.uint32))
    seconds, counts = np.empty(repeats), np.empty(repeats, np.uint32)
    _native.time_steps(session, source, frames, target, seconds, counts)
    return seconds, int(counts.sum())


def bench_latency(settings: Settings) -> Iterator[dict[str, Any]]:
    """Time single steps, from Python and from C."""
    repeats = settings.repeats or REPEATS
    network = latency_network(settings.seed)
    frames = latency_inputs(settings.seed)
    activity, rates = _check(network, frames, settings)
    found = {}
    for variant, measure in (("python", _python), ("c", _c)):
        if not settings.wants(variant):
            continue
        seconds, found[variant] = measure(network, frames, repeats, settings)
        yield result(
            "latency",
            variant,
            settings,
            seconds,
            "step",
            network="128-256-256-8 LIF",
            realtime_factor=realtime_factor(float(np.median(seconds)), 1, network.dt),
            rates_hz=rates,
            activity=activity,
            output_spikes=found[variant],
        )
    require(len(set(found.values())) < 2, f"the variants gave different numbers of output spikes: {found}")
