"""Delays of synapses: a dense connection with a delay for each pair of neurons, and how training learns delays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import MAX_DELAY, MAX_NEURONS, Floats, choice, integer, integer_array, number
from snn._words import Arithmetic
from snn.connections import Bias, Resolved, _Weighted
from snn.engine.errors import InvalidArgumentError, counted
from snn.init import Initializer, uniform
from snn.network import Network
from snn.projection import Projection

__all__ = ["DelayLearning", "DelayedDense", "TappedNetwork"]

KERNELS = ("gaussian", "triangle")
_NARROWEST = {"gaussian": 0.2, "triangle": 1.0}  # as libsnn allows
_DELAYS = 1 << 32  # random stream of delays, apart from those of weights


class DelayedDense(_Weighted):
    """Every source neuron to every target neuron, each pair with its own delay.

    In the network it is a sparse projection; `Projection.synapses` lists the delays. `DelayLearning` trains them. OpenVINO
    devices and ONNX graphs do not support delays that differ between synapses: run it on ``"cpu"`` or ``"vulkan"``.

    Parameters
    ----------
    units : int, optional
        Number of target neurons, needed in `Sequential`; otherwise the target decides.
    max_delay_steps : int, default 24
        Without `delays`, delays are drawn uniformly from 0 to this, in steps.
    delays : array_like of int, shape (source size, target size), optional
        Delays in steps, 0 to 4096; at most 4096 with `delay_steps`.
    weights : array_like of float32, shape (source size, target size), optional
        Copied. Drawn by `init` when not given.
    bias : bool or array_like of float32, shape (target size,), default False
        Added to the input sum at every step. True: zeros, which training may change.
    init : str, float or callable, default "kaiming_uniform"
        Rule for the weights; see `snn.init`.
    receptor, delay_steps, trainable, arithmetic
        See `Connection`. `delay_steps` is added to the delay of each pair.
    """

    def __init__(
        self,
        units: int | None = None,
        *,
        max_delay_steps: int = 24,
        delays: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        bias: Bias = False,
        init: str | float | Initializer = "kaiming_uniform",
        receptor: str | None = None,
        delay_steps: int = 0,
        trainable: bool = True,
        arithmetic: Arithmetic = "default",
    ) -> None:
        super().__init__(
            weights, bias, init, receptor=receptor, delay_steps=delay_steps, trainable=trainable, arithmetic=arithmetic
        )
        self.units = None if units is None else integer(units, "DelayedDense: units", minimum=1, maximum=MAX_NEURONS)
        most = MAX_DELAY - self.delay_steps
        self.max_delay_steps = integer(max_delay_steps, "DelayedDense: max_delay_steps", maximum=most)
        self.delays: NDArray[np.uint16] | None = None
        if delays is not None:
            table = np.asarray(delays)
            given = integer_array(table.reshape(-1), "DelayedDense: delays").reshape(table.shape)
            if given.size and (int(given.min()) < 0 or int(given.max()) > most):
                wrong = int(given.min()) if int(given.min()) < 0 else int(given.max())
                raise InvalidArgumentError(f"DelayedDense: delays contains {wrong}; it must be 0 to {most}")
            self.delays = given.astype(np.uint16)

    def target_shape(self, source: tuple[int, ...]) -> tuple[int, ...] | None:
        """Return ``(units,)``, or what the second axis of the weights or delays says."""
        if self.units is not None:
            return (self.units,)
        given = self.weights if self.weights is not None else self.delays
        return (given.shape[1],) if given is not None and given.ndim == 2 else None

    def resolved(self, source: tuple[int, ...], target: tuple[int, ...], seed: int, stream: int, what: str) -> Resolved:
        """Return a synapse for each pair."""
        inputs, outputs = math.prod(source), math.prod(target)
        if self.units is not None and self.units != outputs:
            raise InvalidArgumentError(f"{what}: units is {self.units}, but the target has {outputs} neurons")
        shape = (inputs, outputs)
        weights = self._weights(shape, inputs, outputs, seed, stream, what)
        delays = self.delays
        if delays is None:
            drawn = uniform(shape, 0.0, self.max_delay_steps + 1.0, seed=seed, stream=_DELAYS + stream)
            # Rounding to float32 may reach the upper end.
            delays = np.minimum(drawn, self.max_delay_steps).astype(np.uint16)
        if delays.shape != shape:
            raise InvalidArgumentError(f"{what}: delays has shape {delays.shape}; it must be {shape}")
        offsets = np.arange(inputs + 1, dtype=np.uint64) * np.uint64(outputs)
        targets = np.tile(np.arange(outputs, dtype=np.uint32), inputs)
        csr = (offsets, targets, delays.reshape(-1))
        return Resolved(2, None, weights.reshape(-1), self._bias(outputs, what), csr=csr)


@dataclass(frozen=True)
class DelayLearning:
    """Learns delays of a sparse projection's synapses along with the weights, for ``Trainer(delay_learning=...)``.

    Dilated convolutions with learnable spacings (Hammouamri, Khalfaoui-Hassani and Masquelier 2024, arXiv 2306.17670).
    In training, each delay is a real number learned by gradient, and the synapse's weight is spread over all delays from 0
    to `max_delay_steps` by a kernel around it. The kernel narrows from epoch to epoch. After every update the network gets
    the nearest whole delays, so it is saved, scored and simulated as an ordinary network with event-driven synapses.

    Parameters
    ----------
    max_delay_steps : int, default 24
        Largest delay in steps, without `delay_steps` of the projection; 1 to 4096. Time and memory of training grow with it.
    kernel : {"gaussian", "triangle"}, default "gaussian"
        ``exp(-x**2 / (2 * width**2))`` or ``max(0, width - abs(x))`` at the distance x in steps, divided by the sum over all
        delays.
    width : float, optional
        Width of the kernel in the first epoch, in steps, at least 0.2 (gaussian) or 1 (triangle). Default: half of
        `max_delay_steps`.
    final_width : float, optional
        Width to which the kernel narrows exponentially. Default: 0.5 (gaussian) or 1 (triangle), where a weight falls on one
        or two delays.
    narrowing : float, default 0.25
        Fraction of the epochs after which the final width is reached; 0 to 1.
    rate_factor : float, default 100.0
        Factor on the learning rate of delays. Their gradient is in steps; neither weight decay nor L1 acts on them.

    Notes
    -----
    Delays start from those of the network, 0 if it has none; the delay of a weight of 0 starts in the middle of the range. A
    pair of neurons may have one synapse. The order of the projection's synapses and weights changes with the delays; see
    `Projection.synapses`. OpenVINO devices and `snn.onnx` do not support it; every other device runs it.

    Examples
    --------
    >>> net = snn.Sequential(snn.SpikeInput(140), snn.DelayedDense(256), snn.LIF(), snn.Dense(20), snn.LeakyIntegrator())
    >>> trainer = snn.Trainer(
    ...     net, steps=100, encoder=None, loss="cross_entropy_mean_membrane", delay_learning=snn.DelayLearning(24)
    ... )
    """

    max_delay_steps: int = 24
    kernel: Literal["gaussian", "triangle"] = "gaussian"
    width: float | None = None
    final_width: float | None = None
    narrowing: float = 0.25
    rate_factor: float = 100.0

    def __post_init__(self) -> None:
        integer(self.max_delay_steps, "max_delay_steps", minimum=1, maximum=MAX_DELAY)
        choice(self.kernel, KERNELS, "kernel")
        for name in ("width", "final_width"):
            value = getattr(self, name)
            if value is not None and number(value, name, maximum=1e6) < _NARROWEST[self.kernel]:
                raise InvalidArgumentError(
                    f"{name} is {value:g}; a {self.kernel} kernel needs at least {_NARROWEST[self.kernel]:g} steps"
                )
        if self.width is not None and self.final_width is not None and self.final_width > self.width:
            raise InvalidArgumentError(
                f"final_width is {self.final_width:g}, above width, {self.width:g}; kernels narrow"
            )
        if number(self.narrowing, "narrowing", minimum=0.0) > 1.0:
            raise InvalidArgumentError(f"narrowing is {self.narrowing:g}; it must be 0 to 1")
        number(self.rate_factor, "rate_factor", minimum=0.0)

    def width_at(self, done: float) -> float:
        """Return the width in steps after a fraction of the epochs, 0 to 1."""
        narrowest = _NARROWEST[self.kernel]
        last = self.final_width if self.final_width is not None else max(0.5, narrowest)
        first = self.width if self.width is not None else max(self.max_delay_steps / 2, last)
        share = 1.0 if done >= self.narrowing else done / self.narrowing
        return float(first * (last / first) ** share)


class TappedNetwork:
    """A network for training in which projections with learned delays have a synapse for each delay.

    Parameters
    ----------
    network : Network
        The network to train; `store` writes the results into it.
    learning : dict of str to DelayLearning
        By projection.

    Raises
    ------
    InvalidArgumentError
        A projection is not sparse, has several synapses for one pair of neurons, or a delay that is too long.
    """

    def __init__(self, network: Network, learning: Mapping[str, DelayLearning]) -> None:
        self._origin = network
        self.network = network.copy()
        self._taps = {name: _Taps(self.network.projections[name], one) for name, one in learning.items()}
        self.network._rebuild()

    def store(self) -> None:
        """Copy weights, biases and delays into the original network."""
        for name, projection in self._origin.projections.items():
            trained = self.network.projections[name]
            if name in self._taps:
                self._taps[name].store(trained.weights, projection)
            elif projection.trainable and projection.kind != "pool2d" and projection.weights.size:
                projection.weights[...] = trained.weights
            if projection.trainable and projection.bias is not None:
                projection.bias[...] = trained.bias
        self._origin._rebuild()


class _Taps:
    """The synapses of a projection, one for each pair of neurons, and the positions of their taps."""

    def __init__(self, projection: Projection, learning: DelayLearning) -> None:
        what = f"projection {projection.name!r}"
        if projection.kind != "sparse":
            raise InvalidArgumentError(
                f"{what} is {projection.kind}; delays are learned of sparse projections, such as snn.DelayedDense"
            )
        sources, targets, delays, weights = projection._rows(None, None)
        order = np.lexsort((targets, sources))
        self.sources, self.targets = sources[order].astype(np.int64), targets[order]
        own: NDArray[np.int64] = delays[order].astype(np.int64) - projection.delay_steps
        same = (np.diff(self.sources) == 0) & (np.diff(self.targets) == 0)
        if same.any():
            pair = int(np.flatnonzero(same)[0])
            raise InvalidArgumentError(
                f"{what}: source {self.sources[pair]} has several synapses onto target {self.targets[pair]}; delays are "
                "learned where each pair of neurons has one at most"
            )
        if own.size and int(own.max()) > learning.max_delay_steps:
            raise InvalidArgumentError(
                f"{what} has a delay of {counted(int(own.max()), 'step')}; max_delay_steps is {learning.max_delay_steps}"
            )
        if projection.delay_steps + learning.max_delay_steps > MAX_DELAY:
            raise InvalidArgumentError(
                f"{what}: delay_steps is {projection.delay_steps} and max_delay_steps {learning.max_delay_steps}; their "
                f"sum must be at most {MAX_DELAY}"
            )
        self.delays = own
        taps = learning.max_delay_steps + 1
        counts = np.bincount(self.sources, minlength=projection.source.size)
        self.pair_offsets = np.concatenate([[0], np.cumsum(counts)])
        # In canonical order: rows by source, within a row by delay, then target.
        within = np.arange(self.sources.size) - self.pair_offsets[self.sources]
        first = self.pair_offsets[self.sources] * taps + within
        self.places = first[:, None] + np.arange(taps) * counts[self.sources][:, None]  # [pair][tap]
        tap_targets = np.empty(self.places.size, np.uint32)
        tap_delays = np.empty(self.places.size, np.uint16)
        tap_targets[self.places] = self.targets[:, None]
        tap_delays[self.places] = np.arange(taps)
        tap_weights = np.zeros(self.places.size, np.float32)
        tap_weights[np.take_along_axis(self.places, own[:, None], 1)[:, 0]] = weights[order]
        projection._set_synapses((self.pair_offsets * taps).astype(np.uint64), tap_targets, tap_delays, tap_weights)

    def store(self, weights: Floats, projection: Projection) -> None:
        """Give a projection the synapses whose taps have these weights. Where all are 0, the delay stays."""
        taps = weights[self.places]
        nearest = np.abs(taps).argmax(1)
        chosen = np.take_along_axis(taps, nearest[:, None], 1)[:, 0]
        self.delays = np.where(chosen != 0.0, nearest, self.delays)
        projection._set_synapses(
            self.pair_offsets.astype(np.uint64), self.targets, self.delays.astype(np.uint16), chosen
        )
