"""Chains of NIR's linear nodes, between two populations, as one connection."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from snn.connections import AvgPool2d, Connection, Conv2d, Dense, OneToOne, SumPool2d
from snn.engine.errors import InvalidArgumentError, UnsupportedError
from snn.sparse import Sparse

__all__ = ["LINEAR", "Link", "connection", "output_shape"]

Reals = NDArray[np.float64]
Shape = tuple[int, ...]

LINEAR = (nir.Affine, nir.Linear, nir.Scale, nir.Conv2d, nir.SumPool2d, nir.AvgPool2d, nir.Flatten, nir.Delay)

# A matrix of chained nodes is worked out whole: 2 GiB in double.
_LARGEST_MATRIX = 1 << 28
# Fewer weights than this share are kept as a list of synapses.
_SPARSE_SHARE = 0.25


@dataclass
class Link:
    """A linear node on the way from one population to another."""

    name: str
    node: Any
    with_bias: bool = True
    """Whether its bias belongs to this way; where several ways go through a node, it is added once."""

    @property
    def bias(self) -> Reals | None:
        """The bias that this way adds, None if it is zero."""
        if not self.with_bias or not isinstance(self.node, nir.Affine | nir.Conv2d) or self.node.bias is None:
            return None
        bias = np.asarray(self.node.bias, np.float64)
        return bias if bias.any() else None


def _pair(value: Any) -> tuple[int, int]:
    values = np.atleast_1d(np.asarray(value)).astype(int)
    return (int(values[0]), int(values[-1]))


def _padding(link: Link) -> tuple[int, int]:
    node = link.node
    padding = node.padding.decode() if isinstance(node.padding, bytes) else node.padding
    if isinstance(padding, np.ndarray) and padding.dtype.kind in "SUO":
        padding = str(padding)
    if not isinstance(padding, str):
        return _pair(padding)
    if padding == "valid":
        return (0, 0)
    kernel, dilation = np.asarray(node.weight).shape[2:], _pair(node.dilation)
    spans = [dilation[axis] * (kernel[axis] - 1) for axis in (0, 1)]
    if padding != "same" or _pair(node.stride) != (1, 1) or spans[0] % 2 or spans[1] % 2:
        raise UnsupportedError(
            f"node {link.name!r} (Conv2d) has padding {padding!r} with stride {_pair(node.stride)}; only 'valid', numbers, and "
            "'same' with stride 1 and a padding that is equal on both sides can be read"
        )
    return (spans[0] // 2, spans[1] // 2)


def _window(link: Link, shape: Shape) -> tuple[tuple[int, int], Shape]:
    """Return kernel and output shape of a pooling or convolution."""
    node = link.node
    if len(shape) != 3:
        raise InvalidArgumentError(
            f"node {link.name!r} ({type(node).__name__}) gets values of shape {shape}; it takes (channels, height, width)"
        )
    if isinstance(node, nir.Conv2d):
        weight = np.asarray(node.weight)
        kernel, dilation = _pair(weight.shape[2:]), _pair(node.dilation)
        channels = weight.shape[0]
        if weight.shape[1] * int(node.groups) != shape[0]:
            raise InvalidArgumentError(
                f"node {link.name!r} (Conv2d) has weights of shape {weight.shape} in {int(node.groups)} groups, and gets "
                f"{shape[0]} channels"
            )
    else:
        kernel, dilation, channels = _pair(node.kernel_size), (1, 1), shape[0]
    padding, stride = _padding(link), _pair(node.stride)
    sizes = [
        (shape[axis + 1] + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1) // stride[axis] + 1
        for axis in (0, 1)
    ]
    if min(sizes) < 1:
        raise InvalidArgumentError(f"node {link.name!r} has a window of {kernel}, which does not fit into {shape[1:]}")
    return kernel, (int(channels), *sizes)


def output_shape(link: Link, shape: Shape) -> Shape:
    """Return the shape that a node makes of values of `shape`."""
    node = link.node
    if isinstance(node, nir.Affine | nir.Linear):
        weight = np.asarray(node.weight)
        if weight.ndim != 2:
            raise UnsupportedError(f"node {link.name!r} has weights of shape {weight.shape}; only matrices can be read")
        if math.prod(shape) != weight.shape[1]:
            raise InvalidArgumentError(
                f"node {link.name!r} ({type(node).__name__}) has weights of shape {weight.shape} and gets values of shape "
                f"{shape}"
            )
        return (int(weight.shape[0]),)
    if isinstance(node, nir.Flatten):
        start, end = int(node.start_dim), int(node.end_dim)
        end = len(shape) - 1 if end == -1 else end
        if len(shape) == 1:
            return shape
        return (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :])
    if isinstance(node, nir.Scale | nir.Delay):
        values = np.asarray(node.scale if isinstance(node, nir.Scale) else node.delay)
        if values.size not in (1, math.prod(shape)):
            raise InvalidArgumentError(
                f"node {link.name!r} ({type(node).__name__}) has {values.size} values and gets values of shape {shape}"
            )
        return shape
    return _window(link, shape)[1]


def _applied(link: Link, values: Reals, shape: Shape) -> Reals:
    """Return what a node makes of many values, shape (count, size)."""
    node, count = link.node, values.shape[0]
    bias = link.bias
    if isinstance(node, nir.Affine | nir.Linear):
        made = values @ np.asarray(node.weight, np.float64).T
        return made if bias is None else made + bias.reshape(-1)
    if isinstance(node, nir.Scale):
        return values * np.asarray(node.scale, np.float64).reshape(-1)
    if isinstance(node, nir.Flatten | nir.Delay):
        return values
    (kernel_y, kernel_x), (channels, height, width) = _window(link, shape)
    pad, (stride_y, stride_x) = _padding(link), _pair(node.stride)
    images = np.pad(values.reshape(count, *shape), ((0, 0), (0, 0), (pad[0], pad[0]), (pad[1], pad[1])))
    conv = isinstance(node, nir.Conv2d)
    dilation = _pair(node.dilation) if conv else (1, 1)
    made = np.zeros((count, channels, height, width))
    for y in range(kernel_y):
        for x in range(kernel_x):
            top, left = y * dilation[0], x * dilation[1]
            part = images[
                :,
                :,
                top : top + (height - 1) * stride_y + 1 : stride_y,
                left : left + (width - 1) * stride_x + 1 : stride_x,
            ]
            if not conv:
                made += part if isinstance(node, nir.SumPool2d) else part / (kernel_y * kernel_x)
                continue
            weight = np.asarray(node.weight, np.float64)[:, :, y, x]
            groups = int(node.groups)
            of_group, from_group = channels // groups, shape[0] // groups
            for g in range(groups):
                own = slice(g * of_group, (g + 1) * of_group)
                made[:, own] += np.einsum("oi,ciyx->coyx", weight[own], part[:, g * from_group : (g + 1) * from_group])
    if bias is not None:
        made += bias.reshape(1, -1, 1, 1)
    return made.reshape(count, -1)


def connection(links: list[Link], source: Shape, target: Shape, gain: Reals, delay_steps: int, dt: float) -> Connection:
    """Return one connection that does what a chain of nodes does.

    Parameters
    ----------
    links : list of Link
        From the source to the target.
    source, target : tuple of int
        Shapes of the populations.
    gain : float array, size of the target
        What the target multiplies its input with, and this library's neuron does not.
    delay_steps : int
        Of a way back in a ring; a delay of the chain of at least a step stands for it.
    dt : float
        Seconds.
    """
    uniform, own_delays = _delays(links, source, dt)
    steps = max(delay_steps, uniform)
    work = _merged([link for link in links if not isinstance(link.node, nir.Delay | nir.Flatten)], source)
    one = bool((gain == 1.0).all())
    if own_delays is None and not work:
        return OneToOne(1.0 if one else gain, delay_steps=steps)
    if own_delays is None and len(work) == 1:
        node = work[0].node
        bias = work[0].bias
        if isinstance(node, nir.Affine | nir.Linear):
            weights = np.asarray(node.weight, np.float64).T * gain
            return Dense(weights=weights, bias=None if bias is None else bias * gain, delay_steps=steps)
        if isinstance(node, nir.Scale):
            return OneToOne(
                np.broadcast_to(np.asarray(node.scale, np.float64).reshape(-1), gain.shape) * gain, delay_steps=steps
            )
        by_channel = gain.reshape(target[0], -1) if len(target) == 3 else gain.reshape(-1, 1)
        if len(target) == 3 and isinstance(node, nir.Conv2d) and (by_channel == by_channel[:, :1]).all():
            factor = by_channel[:, 0]
            return Conv2d(
                target[0],
                _window(work[0], source)[0],
                stride=_pair(node.stride),
                padding=_padding(work[0]),
                dilation=_pair(node.dilation),
                groups=int(node.groups),
                weights=np.asarray(node.weight, np.float64) * factor[:, None, None, None],
                bias=None if bias is None else bias * factor,
                delay_steps=steps,
            )
        if len(target) == 3 and one and not isinstance(node, nir.Conv2d):
            pool = SumPool2d if isinstance(node, nir.SumPool2d) else AvgPool2d
            return pool(
                _pair(node.kernel_size), stride=_pair(node.stride), padding=_padding(work[0]), delay_steps=steps
            )
    return _matrix(links, source, gain, steps, own_delays)


def _merged(links: list[Link], source: Shape) -> list[Link]:
    """Return a convolution after pooling by windows side by side as the one convolution that it is, else the links."""
    if len(links) != 2 or not isinstance(links[1].node, nir.Conv2d) or len(source) != 3:
        return links
    pool, conv = links[0].node, links[1].node
    if not isinstance(pool, nir.SumPool2d | nir.AvgPool2d) or _pair(conv.dilation) != (1, 1):
        return links
    kernel = _pair(pool.kernel_size)
    if _pair(pool.stride) != kernel or _padding(links[0]) != (0, 0) or source[1] % kernel[0] or source[2] % kernel[1]:
        return links
    weight = np.asarray(conv.weight, np.float64).repeat(kernel[0], axis=2).repeat(kernel[1], axis=3)
    if isinstance(pool, nir.AvgPool2d):
        weight = weight / math.prod(kernel)
    stride, padding = (
        [kernel[axis] * one[axis] for axis in (0, 1)] for one in (_pair(conv.stride), _padding(links[1]))
    )
    node = nir.Conv2d(None, weight, tuple(stride), tuple(padding), (1, 1), conv.groups, conv.bias)
    return [Link(links[1].name, node, links[1].with_bias)]


def _delays(links: list[Link], source: Shape, dt: float) -> tuple[int, NDArray[np.int64] | None]:
    """Return the delay of all in steps, and one for each source where they differ."""
    uniform, own = 0, None
    shaped = source
    bias_before = moved = False
    for link in links:
        if isinstance(link.node, nir.Delay):
            if bias_before:
                raise UnsupportedError(
                    f"node {link.name!r} (Delay) comes after a bias, which would be delayed too; not supported"
                )
            steps = np.rint(np.asarray(link.node.delay, np.float64).reshape(-1) / dt).astype(np.int64)
            if steps.min() < 0:
                raise InvalidArgumentError(f"node {link.name!r} (Delay) has a delay below 0")
            if (steps == steps[0]).all():
                uniform += int(steps[0])
            elif moved:
                raise UnsupportedError(
                    f"node {link.name!r} (Delay) has different delays after a node that mixes values"
                )
            else:
                own = steps if own is None else own + steps
        elif not isinstance(link.node, nir.Flatten):
            moved = True
            bias_before |= link.bias is not None
        shaped = output_shape(link, shaped)
    return uniform, own


def _matrix(
    links: list[Link], source: Shape, gain: Reals, delay_steps: int, own: NDArray[np.int64] | None
) -> Connection:
    """Return the whole chain as one matrix of weights."""
    size, shape = math.prod(source), source
    names = ", ".join(repr(link.name) for link in links)
    if size * gain.size > _LARGEST_MATRIX:
        raise UnsupportedError(
            f"the nodes {names} together make a matrix of {size} x {gain.size} weights; that is too large"
        )
    rows: Reals = np.concatenate([np.zeros((1, size)), np.eye(size)])
    for link in links:
        rows = _applied(link, rows, shape)
        shape = output_shape(link, shape)
    bias = rows[0] * gain
    weights = (rows[1:] - rows[0]) * gain
    sources, targets = np.nonzero(weights)
    if bias.any():
        if own is not None:
            raise UnsupportedError(f"the nodes {names} have different delays and a bias; not supported")
        return Dense(weights=weights, bias=bias, delay_steps=delay_steps)
    if own is None and sources.size > _SPARSE_SHARE * weights.size:
        return Dense(weights=weights, delay_steps=delay_steps)
    return Sparse.from_arrays(
        sources,
        targets,
        weights[sources, targets],
        None if own is None else own[sources],
        delay_steps=delay_steps,
    )
