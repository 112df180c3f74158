"""The training steps that `snn bench` measures: networks with frozen weights, inputs and labels, the same for every library.

Neurons are leaky integrate-and-fire with decay 0.9 a step, threshold 1, reset by subtraction, and the surrogate
1 / (1 + 25 |v - threshold|)^2: snnTorch's fast sigmoid, which is Norse's and Spyx' SuperSpike as well. The loss is softmax
cross-entropy over the output's spike counts, the optimiser Adam. Gains of the weights are chosen so that 4 to 7 % of the hidden
neurons spike in a step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import snn
from snn._arrays import Floats

__all__ = ["DECAY", "LEARNING_RATE", "SLOPE", "TRAINING_CASES", "Case", "Conv", "Dense", "Layer", "Pool", "Variant"]

DECAY = 0.9
SLOPE = 25.0
LEARNING_RATE = 2e-4
HIDDEN_RATES = (0.04, 0.07)


@dataclass(frozen=True)
class Dense:
    """All to all, and back to itself a step later where `recurrent_gain` is given.

    Weights are uniform within +-gain / sqrt(fan in).
    """

    units: int
    gain: float
    recurrent_gain: float | None = None


@dataclass(frozen=True)
class Conv:
    """Two-dimensional convolution without padding; weights as of `Dense`."""

    channels: int
    kernel: int
    gain: float


@dataclass(frozen=True)
class Pool:
    """Largest spike of windows that do not overlap."""

    kernel: int


Layer = Dense | Conv | Pool


@dataclass(frozen=True)
class Variant:
    """How a library's neuron differs from ours.

    Parameters
    ----------
    options : dict
        Options of `snn.LIF` that make it that neuron.
    weight_factor : float
        On all weights, for neurons that scale their input.
    slope : float
        Of the surrogate.
    layer_delay : int
        Steps from a layer's spike to the next layer.
    """

    options: Mapping[str, str] = field(default_factory=dict)
    weight_factor: float = 1.0
    slope: float = SLOPE
    layer_delay: int = 0


@dataclass(frozen=True)
class Case:
    """One training step.

    Parameters
    ----------
    name, title : str
        Names.
    inputs : tuple of int
        Shape of the input.
    layers : tuple of Layer
        Each followed by neurons; after a `Pool`, the pooled spikes go on as they are.
    steps, batch : int
        Steps of a run, samples of a batch.
    density : float, optional
        Share of the inputs that spike in a step; None: normally distributed values.
    """

    name: str
    title: str
    inputs: tuple[int, ...]
    layers: tuple[Layer, ...]
    steps: int
    batch: int
    density: float | None

    def shapes(self) -> list[tuple[int, ...]]:
        """Return the shape of the input and after each layer."""
        shapes = [self.inputs]
        for layer in self.layers:
            if isinstance(layer, Dense):
                shapes.append((layer.units,))
                continue
            channels, height, width = shapes[-1]
            if isinstance(layer, Conv):
                shapes.append((layer.channels, height - layer.kernel + 1, width - layer.kernel + 1))
            else:
                shapes.append((channels, height // layer.kernel, width // layer.kernel))
        return shapes

    @property
    def outputs(self) -> int:
        """Number of classes."""
        return math.prod(self.shapes()[-1])

    def weights(self, seed: int) -> list[tuple[Floats, Floats | None] | None]:
        """Return for each layer its weights and its recurrent weights.

        Dense weights have shape (sources, targets), those of convolutions (channels, in_channels, kernel, kernel).
        """
        found: list[tuple[Floats, Floats | None] | None] = []
        for position, (layer, source) in enumerate(zip(self.layers, self.shapes(), strict=False)):

            def draw(shape: tuple[int, ...], fan_in: int, gain: float, stream: int) -> Floats:
                bound = gain / math.sqrt(fan_in)
                return snn.init.uniform(shape, -bound, bound, seed=seed, stream=stream)

            if isinstance(layer, Pool):
                found.append(None)
            elif isinstance(layer, Conv):
                shape = (layer.channels, source[0], layer.kernel, layer.kernel)
                found.append((draw(shape, math.prod(shape[1:]), layer.gain, 2 * position), None))
            else:
                fan_in, units = math.prod(source), layer.units
                back = None
                if layer.recurrent_gain is not None:
                    back = draw((units, units), units, layer.recurrent_gain, 2 * position + 1)
                found.append((draw((fan_in, units), fan_in, layer.gain, 2 * position), back))
        return found

    def batch_of_inputs(self, seed: int) -> Floats:
        """Return float32 (steps, batch, inputs)."""
        frames = np.empty((self.steps, self.batch, math.prod(self.inputs)), np.float32)
        for step, frame in enumerate(frames):  # one by one: a benchmark of memory makes no large copies
            stream = 2**32 + step
            if self.density is None:
                frame[:] = snn.init.normal(frame.shape, 0.0, 1.0, seed=seed, stream=stream)
            else:
                frame[:] = snn.init.uniform(frame.shape, 0.0, 1.0, seed=seed, stream=stream) < self.density
        return frames

    def labels(self, seed: int) -> NDArray[np.int32]:
        """Return int32 (batch,)."""
        words = snn.init.uniform(self.batch, 0.0, 1.0, seed=seed, stream=2**33)
        return np.minimum((words * self.outputs).astype(np.int32), self.outputs - 1)

    def network(self, seed: int, variant: Variant | None = None) -> snn.Network:
        """Return the network for this library."""
        variant = variant or Variant()
        options: dict[str, Any] = {"decay": "euler", **variant.options}
        spiking = snn.LIF(
            tau_membrane=1.0 / (1.0 - DECAY), surrogate=snn.Surrogate("fast_sigmoid", slope=variant.slope), **options
        )
        # Pooled spikes pass as they are, and so do their gradients: no memory, a threshold between 0 and 1, a derivative of 1.
        passing = snn.LIF(
            tau_membrane=1.0,
            decay="euler",
            threshold=0.5,
            reset="none",
            surrogate=snn.Surrogate("boxcar", width=1e6, scale=1.0),
        )
        network = snn.Network(seed=seed)
        source: snn.Input = snn.Input(self.inputs) if self.density is None else snn.SpikeInput(self.inputs)
        last = network.add("input", source)
        factor = np.float32(variant.weight_factor)
        shapes = self.shapes()
        for position, (layer, weights) in enumerate(zip(self.layers, self.weights(seed), strict=True)):
            neurons = passing if isinstance(layer, Pool) else spiking
            target = network.add(self.population_names()[position], neurons._with_shape(shapes[position + 1]))
            delay = 0
            if position > 0 and not isinstance(self.layers[position - 1], Pool):
                delay = variant.layer_delay
            connection: snn.connections.Connection
            if weights is None:
                assert isinstance(layer, Pool)
                connection = snn.MaxPool2d(layer.kernel, delay_steps=delay)
            elif isinstance(layer, Conv):
                connection = snn.Conv2d(layer.channels, layer.kernel, weights=weights[0] * factor, delay_steps=delay)
            else:
                connection = snn.Dense(weights=weights[0] * factor, delay_steps=delay)
            network.connect(last, target, connection)
            if weights is not None and weights[1] is not None:
                network.connect(target, target, snn.Dense(weights=weights[1] * factor, delay_steps=1))
            last = target
        return network

    def population_names(self) -> list[str]:
        """Return the name of the neurons after each layer; the last is ``"output"``."""
        names, pools, hidden = [], 0, 0
        for layer in self.layers[:-1]:
            if isinstance(layer, Pool):
                pools += 1
                names.append(f"pooled{pools}")
            else:
                hidden += 1
                names.append(f"hidden{hidden}")
        return [*names, "output"]

    def wrong_rates(self, rates: Mapping[str, float]) -> list[str]:
        """Return a sentence for each hidden population whose rate (spikes per neuron and step) is not as it must be.

        The single layer of `layer` counts as hidden: all of its work depends on its rate.
        """
        low, high = HIDDEN_RATES
        named = zip(self.population_names(), self.layers, strict=True)
        counted = [name for name, layer in named if not isinstance(layer, Pool)]
        if len(counted) > 1:
            counted.remove("output")
        return [
            f"{rates[name]:.2%} of {name!r} spike in a step, not {low:.0%} to {high:.0%}"
            for name in counted
            if not low <= rates[name] <= high
        ]


def _layer(units: int) -> Case:
    name = "layer" if units == 1024 else f"layer_{units}"
    return Case(name, f"{units}-{units} LIF, analog input", (units,), (Dense(units, 0.97),), 500, 16, None)


TRAINING_CASES: dict[str, Case] = {
    case.name: case
    for case in (
        Case(
            "shd",
            "700-256-256-20 LIF",
            (700,),
            (Dense(256, 6.28), Dense(256, 3.11), Dense(20, 2.69)),
            100,
            128,
            0.02,
        ),
        Case(
            "shd-recurrent",
            "700-256-20 LIF, recurrent hidden layer",
            (700,),
            (Dense(256, 6.08, recurrent_gain=1.0), Dense(20, 4.71)),
            100,
            128,
            0.02,
        ),
        Case("mnist", "784-1000-10 LIF", (784,), (Dense(1000, 1.95), Dense(10, 3.7)), 25, 128, 0.13),
        Case(
            "convnet",
            "12C5-MP2-64C5-MP2-10 LIF on 28x28",
            (1, 28, 28),
            (Conv(12, 5, 1.83), Pool(2), Conv(64, 5, 1.31), Pool(2), Dense(10, 9.98)),
            25,
            128,
            0.13,
        ),
        _layer(1024),
        _layer(4096),
    )
}
