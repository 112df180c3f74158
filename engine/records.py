"""What the native binding returns: plain named tuples, numbered and named as in ``snn.h``."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Counters",
    "DeviceInfo",
    "DeviceSpeed",
    "EpochResult",
    "NetworkInfo",
    "PlacementInfo",
    "PopulationInfo",
    "ProjectionArrays",
    "ProjectionInfo",
    "SpikeEvent",
    "TrainResult",
    "WeightUpdate",
]


class Counters(NamedTuple):
    """What a session has computed since it was opened or reset; the same on every device and for every number of threads."""

    steps: int
    neuron_updates: int
    """Steps times neurons times samples, without inputs."""
    spikes: int
    """Of neurons."""
    input_spikes: int
    """That spike inputs were given."""
    synaptic_events: int
    """One synapse that delivered one spike, counted in the step in which it arrives."""
    synaptic_operations: int
    """The same, and synapses that delivered a value other than 0 of a value input."""


class DeviceInfo(NamedTuple):
    """A device that sessions can run on."""

    name: str
    description: str
    core_count: int
    memory_bytes: int
    can_train: bool
    instruction_sets: tuple[str, ...]


class DeviceSpeed(NamedTuple):
    """How long one step takes on a device, in seconds, with one sample and one thread."""

    small_step: float
    """Of 128-256-256-8 LIF neurons, densely connected."""
    large_step: float
    """Of 1024-2048-1024."""
    driver: str
    """What drives the device, with its version; empty for libsnn itself."""
    was_kept: bool
    """It was measured before: by this process, or by another one that left it in the cache."""


class NetworkInfo(NamedTuple):
    """Sizes of a network; `neuron_count` is without inputs."""

    population_count: int
    projection_count: int
    finished: bool
    dt_ms: float
    neuron_count: int
    synapse_count: int
    parameter_count: int


class PlacementInfo(NamedTuple):
    """Where a session of a network would run, as the native library finds it."""

    device: str
    """Gives the same placement again."""
    reasons: tuple[str, ...]
    slices: list[tuple[int, int, int, int]]
    """Population, first neuron, number of neurons, and number of the device."""
    samples: tuple[int, ...]
    """Of each device."""
    step_seconds: tuple[float, ...]
    """Expected of each device."""
    window_steps: int


class PopulationInfo(NamedTuple):
    """A population as the native network holds it."""

    kind: int
    shape: tuple[int, ...]
    size: int
    name: str
    model_name: str | None
    surrogate_name: str | None


class ProjectionInfo(NamedTuple):
    """A projection as the native network holds it, without its weights and synapses."""

    name: str
    kind: int
    source: int
    target: int
    receptor: str
    delay_steps: int
    trainable: bool
    detached: bool
    arithmetic: int
    pool_mode: int
    weight_count: int
    bias_count: int
    synapse_count: int
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    by_rule: bool
    """Whether a connection rule makes the synapses whenever they are needed."""
    fixed_point_scale: float
    delay_range: tuple[int, int]
    bias: NDArray[np.float32] | None


class ProjectionArrays(NamedTuple):
    """Weights and synapses of a projection: read-only views of a finished network's memory, else copies."""

    weights: NDArray[np.float32] | None
    row_offsets: NDArray[np.uint64] | None
    synapse_targets: NDArray[np.uint32] | None
    synapse_delays: NDArray[np.uint16] | None


class SpikeEvent(NamedTuple):
    """The spikes of one population and sample in one step."""

    step: int
    population: Any
    """Index in the native binding; the population's name where the package `snn` hands it on."""
    sample: int
    neurons: NDArray[np.uint32]


class WeightUpdate(NamedTuple):
    """One update of one trained projection; `gradient_norm` is the L2 norm before clipping."""

    update: int
    projection: Any
    """Index in the native binding; the projection's name where the package `snn` hands it on."""
    gradient_norm: float


class TrainResult(NamedTuple):
    """What one batch gave; `spike_count` is over all spiking populations, samples and steps."""

    sample_count: int
    correct_count: int
    loss: float
    spike_count: float


class EpochResult(NamedTuple):
    """Sums of the steps of one epoch."""

    epoch: int
    sample_count: int
    correct_count: int
    mean_loss: float
