"""Many small brains stepped together, as a game has them: each is a sample of one session.

One repeat is a frame: every brain gets 128 values, held through the 16 steps of the frame, and the spikes of its 8 output
neurons are counted. The values of a frame are copied into a bound array and the counts come back; both are part of the time.
The brains have states of their own, and weights too where that is asked for. Before a time is given, each brain is compared
with a session that has it alone on the CPU: spike counts and membranes, bit for bit.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

import snn
from snn._arrays import Floats, known_name
from snn.engine.bench.latency import HIDDEN_ACTIVITY, HIGHEST, LOWEST, scale_weights
from snn.engine.bench.report import Settings, require, result
from snn.engine.errors import InvalidArgumentError, UnsupportedError
from snn.init import normal, uniform

__all__ = ["bench_brains"]

SIZES = (128, 64, 8)
STEPS = 16
COUNT = 1000
FRAMES = 8  # different ones, over and over
REPEATS = 200
CHECKED_FRAMES = 3
VARIANTS = ("shared weights", "own weights")
SAME_BITS = ("cpu", "vulkan", "auto", "reference")
# Of the weights that all begin with: brains that evolve are alike.
OWN_WEIGHTS_DEVIATION = 0.1


def brains_network(seed: int, inputs: Floats) -> snn.Network:
    """Return the network; its hidden neurons have the activity wanted with the inputs, shape (frames, 128)."""
    network = snn.Sequential(
        *SIZES[:1],
        *(layer for size in SIZES[1:] for layer in (snn.Dense(size, init=0.0), snn.LIF())),
        seed=seed,
    )
    scale_weights(network, np.repeat(inputs, STEPS, axis=0), "cpu")
    return network


def _own_weights(network: snn.Network, count: int, seed: int) -> dict[str, Floats]:
    """Return weights for each brain, by path: shape (count, sources, targets)."""
    found = {}
    for stream, (name, projection) in enumerate(network.projections.items()):
        weights = projection.weights
        spread = np.float32(OWN_WEIGHTS_DEVIATION) * weights.std()
        found[f"{name}.weight"] = weights + normal(
            (count, *weights.shape), 0.0, spread, seed=seed, stream=2000 + stream
        )
    return found


def _frame(simulation: snn.Simulation) -> NDArray[np.int64]:
    """Advance by a frame; return the counts of output spikes, shape (count, 8)."""
    counts: NDArray[np.int64] = simulation.run(STEPS, record={"output": "spike_count"})["output"]["spike_count"]
    return counts


def _check(simulation: snn.Simulation, bound: Floats, frames: Floats, weights: dict[str, Floats]) -> None:
    """Compare every brain with a session of its own."""
    counts = []
    for frame in frames[:CHECKED_FRAMES]:
        np.copyto(bound, frame)
        counts.append(_frame(simulation).copy())
    membranes = {name: simulation[f"{name}.v"] for name in ("hidden", "output")}
    inputs = np.repeat(frames[:CHECKED_FRAMES], STEPS, axis=0)
    for brain in range(simulation.batch_size):
        with snn.Simulation(simulation.network) as alone:
            for path, values in weights.items():
                alone[path] = values[brain]
            recording = alone.run(len(inputs), {"input": inputs[:, brain]}, {"output": "spikes"})
            spikes = recording["output"]["spikes"].reshape(-1, STEPS, SIZES[-1]).sum(axis=1)
            require(
                np.array_equal(spikes, np.array(counts)[:, brain]),
                f"brain {brain} spikes otherwise than when it is alone",
            )
            for name, values in membranes.items():
                same = values[brain].tobytes() == alone[f"{name}.v"].tobytes()
                require(same, f"the membranes of {name} of brain {brain} are others than when it is alone")
    require(any(array.any() for array in counts), "no output neuron spikes")


def bench_brains(settings: Settings) -> Iterator[dict[str, Any]]:
    """Time frames of many brains."""
    count = COUNT if settings.count is None else settings.count
    own_weights = settings.own_weights
    if settings.variant is not None:
        own_weights = VARIANTS.index(known_name(settings.variant, VARIANTS, "variant of benchmark 'brains'")) == 1
        if settings.own_weights and not own_weights:
            raise InvalidArgumentError(f"the variant is {settings.variant!r}, and weights of their own were asked for")
    for device in settings.device.split("+"):
        if device.split(":")[0] not in SAME_BITS:
            raise UnsupportedError(
                f"device {device!r} does not give the bits of the CPU, and each brain is compared with them; those that do "
                f"are: {', '.join(SAME_BITS)}"
            )
    frames = uniform((FRAMES, count, SIZES[0]), 0.0, 1.0, seed=settings.seed, stream=1000)
    network = brains_network(settings.seed, frames[:, 0])
    weights = _own_weights(network, count, settings.seed) if own_weights else {}
    seconds = np.empty(settings.repeats or REPEATS)
    with snn.Simulation(
        network,
        device=settings.device,
        threads=settings.threads,
        instruction_set=settings.instruction_set,
        batch_size=count,
        sample_weights=own_weights,
    ) as simulation:
        for path, values in weights.items():
            simulation[path] = values
        bound = simulation.bind_input("input")
        _check(simulation, bound, frames, weights)
        before = simulation.counters
        gc.disable()
        try:
            for index in range(seconds.size):
                frame = frames[index % FRAMES]
                begin = time.perf_counter()
                np.copyto(bound, frame)
                _frame(simulation)
                seconds[index] = time.perf_counter() - begin
        finally:
            gc.enable()
        after = simulation.counters
        device = simulation.device
    updates = after.neuron_updates - before.neuron_updates
    activity = (after.spikes - before.spikes) / updates
    require(
        LOWEST / 2 <= activity <= 2 * HIGHEST,
        f"{activity:.1%} of the neurons are active, not about {HIDDEN_ACTIVITY:.1%}",
    )
    yield result(
        "brains",
        VARIANTS[own_weights],
        settings,
        seconds,
        "frame",
        network=f"{count} brains of {'-'.join(map(str, SIZES))} LIF, {STEPS} steps a frame",
        brains=count,
        ran_on=device,
        activity=activity,
        brain_steps_per_s=count * STEPS / float(np.median(seconds)),
    )
