"""Projections as ONNX operations with constant weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snn._arrays import Floats
from snn.engine.errors import UnsupportedError
from snn.onnx._graph import Graph
from snn.projection import Projection
from snn.quantization import Quantization

__all__ = ["Projections", "delay_of"]

_MOST_SPARSE_PAIRS = 1 << 22  # of a sparse projection written as a matrix: 16 MiB


def delay_of(projection: Projection) -> int:
    """Return the delay in steps; raises UnsupportedError for a projection that no graph has."""
    what = f"projection {projection.name!r}"
    if projection.plasticity is not None:
        raise UnsupportedError(f"{what} is plastic, and the weights of an ONNX graph are constants")
    if projection.kind != "sparse":
        return projection.delay_steps
    pairs = projection.source.size * projection.target.size
    if pairs > _MOST_SPARSE_PAIRS:
        raise UnsupportedError(
            f"sparse {what} would become a matrix of {pairs} weights, and at most {_MOST_SPARSE_PAIRS} are allowed"
        )
    delays = np.unique(projection.synapses()[2])
    if delays.size > 1:
        raise UnsupportedError(
            f"the synapses of sparse {what} have delays of their own, which takes delivery by events, as on the "
            'devices "cpu" and "vulkan"'
        )
    return int(delays[0]) if delays.size else projection.delay_steps


class Projections:
    """Delivers activity; the weights of a projection are stored once, however often it delivers."""

    def __init__(self, graph: Graph, int8: bool) -> None:
        self._graph, self._int8 = graph, int8
        self._weights: dict[str, str] = {}

    def deliver(self, projection: Projection, activity: str) -> str:
        """(rows, targets) of what (rows, sources) of activity brings, with the bias."""
        graph = self._graph
        if projection.kind in ("conv2d", "pool2d"):
            sums = self._window(projection, activity)
        elif projection.kind == "one_to_one":
            sums = graph.node("Mul", activity, self._constant(projection, projection.weights, None))
        else:
            sums = self._product(projection, activity)
        bias = projection.bias
        if bias is None:
            return sums
        return graph.node("Add", sums, graph.constant(np.repeat(bias, projection.target.size // bias.size)))

    def _product(self, projection: Projection, activity: str) -> str:
        if not self._int8:
            return self._graph.node("MatMul", activity, self._constant(projection, _matrix(projection), None))
        # Not a MatMul of weights by source: ONNX Runtime makes MatMulNBits of those, which rounds activity to 8 bits. And it
        # makes floats of weights by target several times as fast.
        return self._graph.node("Gemm", activity, self._constant(projection, _matrix(projection), 1), transB=1)

    def _window(self, projection: Projection, activity: str) -> str:
        graph, window = self._graph, projection._window
        kernel, padding = window["kernel"], window["padding"]
        if any(pad >= size for pad, size in zip(padding, kernel, strict=True)):
            raise UnsupportedError(
                f"projection {projection.name!r} has a padding of {padding} around an image for a kernel of {kernel}, and "
                "ONNX Runtime takes no padding as large as the kernel"
            )
        attributes = {
            "kernel_shape": kernel,
            "strides": window["stride"],
            "dilations": window["dilation"],
            "pads": [*padding, *padding],
        }
        image = graph.reshape(activity, -1, *projection.source.shape)
        if projection.pool_mode == "max":
            sums = graph.node("MaxPool", image, **attributes)
        elif projection.pool_mode is not None:
            # As a convolution of each channel, because averages of ONNX divide by what is inside the image.
            channels, count = projection.source.shape[0], kernel[0] * kernel[1]
            weight = 1.0 if projection.pool_mode == "sum" else np.float32(1.0) / np.float32(count)
            ones = np.full((channels, 1, *kernel), weight, np.float32)
            sums = graph.node("Conv", image, graph.constant(ones), group=channels, **attributes)
        else:
            weights = self._constant(projection, _delivered(projection, projection.weights), 0)
            sums = graph.node("Conv", image, weights, group=window["groups"], **attributes)
        return graph.reshape(sums, -1, projection.target.size)

    def _constant(self, projection: Projection, weights: Floats, channel_axis: int | None) -> str:
        """Weights; with a channel axis in 8 bits where that is wanted, channels first."""
        name = projection.name
        if name not in self._weights:
            if not self._int8 or channel_axis is None:
                self._weights[name] = self._graph.constant(weights)
            else:
                whole, scale = _integers(weights, channel_axis)
                whole = np.moveaxis(whole, channel_axis, 0)
                self._weights[name] = self._graph.node(
                    "DequantizeLinear", self._graph.constant(whole), self._graph.constant(scale), axis=0
                )
        return self._weights[name]


def _delivered(projection: Projection, weights: Floats) -> Floats:
    """Return weights as they are delivered: sums in fixed point round them to their units."""
    scale = projection.fixed_point_scale
    return weights if scale == 0 else (np.rint(weights.astype(np.float64) * scale) / scale).astype(np.float32)


def _matrix(projection: Projection) -> Floats:
    if projection.kind == "dense":
        return _delivered(projection, projection.weights)
    sources, targets, _ = projection.synapses()
    matrix = np.zeros((projection.source.size, projection.target.size), np.float32)
    np.add.at(matrix, (sources, targets), _delivered(projection, projection.synapse_weights()))
    return matrix


def _integers(weights: Floats, channel_axis: int) -> tuple[NDArray[np.int8], Floats]:
    """Return integers of 8 bits and a scale for each channel.

    Weights that were trained with fewer bits, or with one scale for all, keep their values: the coarsest rounding that changes
    none of them is taken.
    """
    channels = weights.shape[channel_axis]
    for quantization in (Quantization(bits, per_channel) for per_channel in (True, False) for bits in range(2, 9)):
        whole, scale = quantization.integers(weights)
        if np.array_equal(whole * scale, weights):
            return whole, np.ascontiguousarray(np.broadcast_to(scale.reshape(-1), channels))
    whole, scale = Quantization(8, per_channel=True).integers(weights)
    return whole, scale.reshape(-1)
