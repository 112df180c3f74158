"""Connections of populations: dense, one-to-one, convolution and pooling. Sparse connections are in `snn.sparse`."""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from snn._arrays import MAX_DELAY, MAX_NEURONS, Floats, boolean, choice, float32_array, integer, new_array
from snn._strict import Strict
from snn._words import ARITHMETIC, Arithmetic
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, arguments_shown
from snn.init import Initializer, initial_weights, initializer
from snn.plasticity import Plasticity

if TYPE_CHECKING:
    from snn.population import PopulationSlice

__all__ = [
    "AvgPool2d",
    "Connection",
    "Conv1d",
    "Conv2d",
    "Dense",
    "MaxPool2d",
    "OneToOne",
    "Resolved",
    "SumPool2d",
]

Pair = int | tuple[int, int]
Bias = bool | ArrayLike | None


@dataclass
class Resolved:
    """A connection between two populations of known shape, ready for libsnn."""

    kind: int
    weight_shape: tuple[int, ...] | None
    weights: Floats | None = None
    bias: Floats | None = None
    csr: tuple[Any, Any, Any] | None = None  # row offsets, targets, delays or None
    rule: dict[str, Any] | None = None
    pool_mode: int = 0
    window: dict[str, Any] = field(default_factory=dict)


class Connection(Strict, ABC):
    """Base class of connections.

    Parameters
    ----------
    receptor : str, optional
        Receptor of the target's model; default: its first.
    delay_steps : int, default 0
        Whole steps of the network's `dt` from a spike to its arrival, at most 4096; 0: within the same step. All delays are
        in steps except `delay` of a `Sparse` rule, which is in ms (``docs/layers.md`` has a table).
    trainable : bool, default True
        Whether training changes the weights.
    arithmetic : {"default", "float", "fixed", "compact"}
        How weights are stored and inputs summed (``docs/semantics.md``); saved with the network.

        - ``"float"``: float32, summed in a fixed order.
        - ``"fixed"``: float32 weights, integer sums. For `Sparse` from populations that spike.
        - ``"compact"``: as ``"fixed"``, with 16-bit weights, multiples of 1 / `Projection.fixed_point_scale`. The largest
          weight onto the receptor decides the scale; small weights may become 0. `Simulation` warns of too coarse weights.
        - ``"default"``: ``"compact"`` for `Sparse` from populations that spike with ``trainable=False``; ``"fixed"`` or
          ``"float"`` if its largest weights would make the others too coarse. Else ``"float"``.
    """

    _made_by, _made_with = "", ""
    """The class method, if it was one, and the arguments, as `repr` shows them."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Store the arguments of the call."""
        made = super().__new__(cls)
        made._made_with = arguments_shown(args, kwargs)
        return made

    def __init__(
        self,
        *,
        receptor: str | None = None,
        delay_steps: int = 0,
        trainable: bool = True,
        arithmetic: Arithmetic = "default",
    ) -> None:
        what = type(self).__name__
        if receptor is not None and not isinstance(receptor, str):
            raise ArgumentTypeError(f"{what}: receptor is {receptor!r}, not a name")
        self.receptor = receptor
        self.delay_steps = integer(delay_steps, f"{what}: delay_steps", maximum=MAX_DELAY)
        self.trainable = boolean(trainable, f"{what}: trainable")
        self.detached = False
        self.arithmetic = ARITHMETIC.index(choice(arithmetic, ARITHMETIC, f"{what}: arithmetic"))
        self.plasticity: Plasticity | None = None  # sparse connections take one

    def detach(self) -> Self:
        """Return the same connection, through which training propagates no gradient to the source.

        Its own weights still learn. Between layers with their own losses (``Trainer(auxiliary_losses=...)``) this makes
        learning local. On a recurrent connection it stops gradients through the recurrence.

        Examples
        --------
        >>> net.connect("hidden1", "hidden2", snn.Dense().detach())
        """
        detached = copy.copy(self)
        detached.detached = True
        return detached

    def check(self, source: str, target: str) -> None:
        """Refuse populations, given by name, that this kind of connection cannot connect."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self._made_by}({self._made_with})" + (".detach()" if self.detached else "")

    @abstractmethod
    def target_shape(self, source: tuple[int, ...]) -> tuple[int, ...] | None:
        """Return the target's shape for a source's shape; None if the connection does not decide it."""

    @abstractmethod
    def resolved(self, source: tuple[int, ...], target: tuple[int, ...], seed: int, stream: int, what: str) -> Resolved:
        """Return weights and biases for the two shapes; `what` names the projection in errors."""

    def resolved_parts(
        self, sources: PopulationSlice, targets: PopulationSlice, seed: int, stream: int, what: str
    ) -> Resolved:
        """Return the same for slices of populations, if this kind of connection can connect them."""
        for part in (sources, targets):
            if not part.is_whole:
                raise InvalidArgumentError(
                    f"{what}: snn.{type(self).__name__} connects whole populations, not {part}; snn.Sparse connects parts"
                )
        return self.resolved(sources.population.shape, targets.population.shape, seed, stream, what)


def _own(values: ArrayLike | None, what: str) -> Floats | None:
    """Return a copy, so that later changes to the caller's array do not affect the network."""
    return None if values is None else np.array(float32_array(values, what))


class _Weighted(Connection):
    """A connection with weights, given or drawn, and optional biases."""

    def __init__(self, weights: ArrayLike | None, bias: Bias, init: str | float | Initializer, **common: Any) -> None:
        super().__init__(**common)
        what = type(self).__name__
        self.weights = _own(weights, f"{what}: weights")
        self.has_bias = bias is not None and bias is not False
        self.bias = None if isinstance(bias, bool | None) else _own(bias, f"{what}: bias")
        self.init = initializer(init)

    def _weights(self, shape: tuple[int, ...], fan_in: int, fan_out: int, seed: int, stream: int, what: str) -> Floats:
        if self.weights is None:
            return initial_weights(self.init, shape, fan_in, fan_out, seed, stream, what)
        if self.weights.shape != shape:
            raise InvalidArgumentError(f"{what}: weights has shape {self.weights.shape}; it must be {shape}")
        return self.weights.copy()

    def _bias(self, count: int, what: str) -> Floats | None:
        if not self.has_bias:
            return None
        if self.bias is None:
            return new_array((count,), np.float32, f"{what}: bias")
        if self.bias.shape != (count,):
            raise InvalidArgumentError(f"{what}: bias has shape {self.bias.shape}; it must be ({count},)")
        return self.bias.copy()


class Dense(_Weighted):
    """Every source neuron to every target neuron.

    Parameters
    ----------
    units : int, optional
        Number of target neurons, needed in `Sequential`; otherwise the target decides.
    weights : array_like of float32, shape (source size, target size), optional
        Copied. Drawn by `init` when not given.
    bias : bool or array_like of float32, shape (target size,), default False
        Added to the input sum at every step. True: zeros, which training may change. PyTorch's ``Linear``, in contrast, has a
        bias by default.
    init : str, float or callable, default "kaiming_uniform"
        Rule for the weights; see `snn.init`.
    receptor, delay_steps, trainable, arithmetic
        See `Connection`.
    """

    def __init__(
        self,
        units: int | None = None,
        *,
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
        self.units = None if units is None else integer(units, "Dense: units", minimum=1, maximum=MAX_NEURONS)

    def target_shape(self, source: tuple[int, ...]) -> tuple[int, ...] | None:
        """Return ``(units,)``, or what the weights' second axis says."""
        if self.units is not None:
            return (self.units,)
        return (self.weights.shape[1],) if self.weights is not None and self.weights.ndim == 2 else None

    def resolved(self, source: tuple[int, ...], target: tuple[int, ...], seed: int, stream: int, what: str) -> Resolved:
        """Return weights of shape (source size, target size)."""
        inputs, outputs = math.prod(source), math.prod(target)
        if self.units is not None and self.units != outputs:
            raise InvalidArgumentError(f"{what}: units is {self.units}, but the target has {outputs} neurons")
        shape = (inputs, outputs)
        return Resolved(0, shape, self._weights(shape, inputs, outputs, seed, stream, what), self._bias(outputs, what))


class OneToOne(_Weighted):
    """Each source neuron to the target neuron of the same index.

    Parameters
    ----------
    weights : array_like of float32, shape (size,), or float, default 1.0
        One number for all.
    bias : bool or array_like of float32, shape (size,), default False
        Added to the input sum at every step.
    receptor, delay_steps, trainable, arithmetic
        See `Connection`.
    """

    def __init__(
        self,
        weights: ArrayLike = 1.0,
        *,
        bias: Bias = False,
        receptor: str | None = None,
        delay_steps: int = 0,
        trainable: bool = True,
        arithmetic: Arithmetic = "default",
    ) -> None:
        if weights is None:
            raise ArgumentTypeError("OneToOne: weights is None, not a number or an array of them")
        super().__init__(
            weights, bias, 0.0, receptor=receptor, delay_steps=delay_steps, trainable=trainable, arithmetic=arithmetic
        )

    def target_shape(self, source: tuple[int, ...]) -> tuple[int, ...]:
        """Return the source's shape."""
        return source

    def resolved(self, source: tuple[int, ...], target: tuple[int, ...], seed: int, stream: int, what: str) -> Resolved:
        """Return one weight for each neuron."""
        size = math.prod(source)
        if math.prod(target) != size:
            raise InvalidArgumentError(
                f"{what}: the source has {size} neurons and the target {math.prod(target)}; one-to-one needs as many"
            )
        given = self.weights
        assert given is not None
        weights = np.full(size, given, np.float32) if given.ndim == 0 else given.reshape(-1).copy()
        if weights.size != size:
            raise InvalidArgumentError(f"{what}: weights has shape {given.shape}; it must be ({size},)")
        return Resolved(1, (size,), weights, self._bias(size, what))


def _pair(value: Pair, what: str, minimum: int = 1) -> tuple[int, int]:
    pair = (value, value) if not isinstance(value, tuple | list) else tuple(value)
    if len(pair) != 2:
        raise InvalidArgumentError(f"{what} is {value!r}; it must be a number or a pair (y, x)")
    return integer(pair[0], what, minimum=minimum), integer(pair[1], what, minimum=minimum)


class _Window:
    """A window that moves over an image."""

    def __init__(self, what: str, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair) -> None:
        self.what = what
        self.kernel = _pair(kernel, f"{what}: kernel")
        self.stride = _pair(stride, f"{what}: stride")
        self.padding = _pair(padding, f"{what}: padding", minimum=0)
        self.dilation = _pair(dilation, f"{what}: dilation")

    def output(self, source: tuple[int, ...]) -> tuple[int, int, int]:
        """Return (channels of the source, height and width of the result)."""
        if len(source) != 3:
            raise InvalidArgumentError(
                f"{self.what}: the source has shape {source}; it must be (channels, height, width)"
            )
        sizes = [
            (source[axis + 1] + 2 * self.padding[axis] - self.dilation[axis] * (self.kernel[axis] - 1) - 1)
            // self.stride[axis]
            + 1
            for axis in (0, 1)
        ]
        if min(sizes) < 1:
            raise InvalidArgumentError(
                f"{self.what}: kernel {self.kernel} does not fit into {source[1:]} with padding {self.padding}"
            )
        return source[0], sizes[0], sizes[1]

    def arguments(self, groups: int) -> dict[str, Any]:
        """Return the keywords of the native binding."""
        return {
            "kernel": self.kernel,
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": groups,
        }


class Conv2d(_Weighted):
    """Two-dimensional convolution (cross-correlation, zero padding); shapes are (channels, height, width).

    Parameters
    ----------
    channels : int
        Number of output channels.
    kernel : int or (int, int)
        Height and width of the kernel.
    stride, padding, dilation : int or (int, int)
        As usual; (y, x).
    groups : int, default 1
        Number of channel groups; channels of different groups are not connected.
    weights : array_like of float32, shape (channels, in_channels / groups, kernel y, kernel x), optional
        Drawn by `init` when not given.
    bias : bool or array_like of float32, shape (channels,), default False
        Added to the input sum at every step. PyTorch's ``Conv2d``, in contrast, has a bias by default.
    init : str, float or callable, default "kaiming_uniform"
        Rule for the weights; see `snn.init`.
    receptor, delay_steps, trainable, arithmetic
        See `Connection`.
    """

    def __init__(
        self,
        channels: int,
        kernel: Pair,
        *,
        stride: Pair = 1,
        padding: Pair = 0,
        dilation: Pair = 1,
        groups: int = 1,
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
        what = type(self).__name__
        self.channels = integer(channels, f"{what}: channels", minimum=1, maximum=MAX_NEURONS)
        self.groups = integer(groups, f"{what}: groups", minimum=1)
        self._window = _Window(what, kernel, stride, padding, dilation)

    def target_shape(self, source: tuple[int, ...]) -> tuple[int, ...]:
        """Return (channels, height, width) of the result."""
        return (self.channels, *self._window.output(source)[1:])

    def resolved(self, source: tuple[int, ...], target: tuple[int, ...], seed: int, stream: int, what: str) -> Resolved:
        """Return weights of shape (channels, in_channels / groups, kernel y, kernel x)."""
        _check_target(self.target_shape(source), target, what)
        if source[0] % self.groups or self.channels % self.groups:
            raise InvalidArgumentError(
                f"{what}: groups is {self.groups}; it must divide the {source[0]} and {self.channels} channels"
            )
        kernel = self._window.kernel
        shape = (self.channels, source[0] // self.groups, *kernel)
        fan_in, fan_out = math.prod(shape[1:]), self.channels // self.groups * math.prod(kernel)
        return Resolved(
            3,
            shape,
            self._weights(shape, fan_in, fan_out, seed, stream, what),
            self._bias(self.channels, what),
            window=self._window.arguments(self.groups),
        )


class Conv1d(Conv2d):
    """One-dimensional convolution: that of images of one row. Shapes are (channels, 1, length).

    Parameters
    ----------
    channels : int
        Number of output channels.
    kernel : int
        Length of the kernel.
    stride, padding, dilation : int
        As usual.
    weights : array_like of float32, shape (channels, in_channels / groups, 1, kernel), optional
        Drawn by `init` when not given.
    groups, bias, init, receptor, delay_steps, trainable, arithmetic
        As for `Conv2d`.
    """

    def __init__(
        self,
        channels: int,
        kernel: int,
        *,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        groups: int = 1,
        weights: ArrayLike | None = None,
        bias: Bias = False,
        init: str | float | Initializer = "kaiming_uniform",
        receptor: str | None = None,
        delay_steps: int = 0,
        trainable: bool = True,
        arithmetic: Arithmetic = "default",
    ) -> None:
        for name, value in (("kernel", kernel), ("stride", stride), ("padding", padding), ("dilation", dilation)):
            integer(value, f"Conv1d: {name}", minimum=int(name != "padding"))
        super().__init__(
            channels,
            (1, kernel),
            stride=(1, stride),
            padding=(0, padding),
            dilation=(1, dilation),
            groups=groups,
            weights=weights,
            bias=bias,
            init=init,
            receptor=receptor,
            delay_steps=delay_steps,
            trainable=trainable,
            arithmetic=arithmetic,
        )


class _Pool2d(Connection):
    """Pooling over windows of each channel."""

    mode: int

    def __init__(
        self,
        kernel: Pair,
        *,
        stride: Pair | None = None,
        padding: Pair = 0,
        receptor: str | None = None,
        delay_steps: int = 0,
    ) -> None:
        super().__init__(receptor=receptor, delay_steps=delay_steps, trainable=False)
        self._window = _Window(type(self).__name__, kernel, kernel if stride is None else stride, padding, 1)

    def target_shape(self, source: tuple[int, ...]) -> tuple[int, ...]:
        """Return (channels, height, width) of the result."""
        return self._window.output(source)

    def resolved(self, source: tuple[int, ...], target: tuple[int, ...], seed: int, stream: int, what: str) -> Resolved:
        """Return the window; pooling has no weights."""
        _check_target(self.target_shape(source), target, what)
        return Resolved(4, None, pool_mode=self.mode, window=self._window.arguments(1))


class SumPool2d(_Pool2d):
    """Sum of spikes or input values over windows of each channel. Shapes are (channels, height, width).

    Parameters
    ----------
    kernel : int or (int, int)
        Height and width of the window.
    stride : int or (int, int), optional
        Default: the kernel's size.
    padding : int or (int, int), default 0
        Positions outside the image count as zero.
    receptor, delay_steps
        See `Connection`.
    """

    mode = 0


class AvgPool2d(_Pool2d):
    """Average over windows of each channel: `SumPool2d` divided by the size of the window, padding included.

    Parameters
    ----------
    kernel, stride, padding, receptor, delay_steps
        See `SumPool2d`.
    """

    mode = 1


class MaxPool2d(_Pool2d):
    """Largest activity in windows of each channel; positions outside the image are skipped.

    Parameters
    ----------
    kernel, stride, padding, receptor, delay_steps
        See `SumPool2d`.
    """

    mode = 2


def _check_target(expected: tuple[int, ...], target: tuple[int, ...], what: str) -> None:
    if expected != target:
        raise InvalidArgumentError(f"{what}: the target has shape {target}; it must be {expected}")
