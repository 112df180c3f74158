"""Weights of few bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import Floats, boolean, float32_array, integer

__all__ = ["Quantization"]


@dataclass(frozen=True)
class Quantization:
    """Quantised training of a projection's weights: few-bit integers times a scale, for ``Trainer(quantization=...)``.

    Training rounds the weights in every step and applies the gradients of the rounded weights to the unrounded ones
    (straight-through estimator, Jacob et al. 2018, arXiv 1712.05877). The network always has the rounded weights. Biases stay
    float32. So do the weights in a ``.snn`` file, which is no smaller; `integers` returns them as int8.

    Parameters
    ----------
    bits : int, default 8
        2 to 8: integers from -(2**(bits - 1) - 1) to 2**(bits - 1) - 1.
    per_channel : bool, default False
        Whether each target neuron, or output channel of a convolution, has its own scale; else all weights share one.

    Examples
    --------
    >>> trainer = snn.Trainer(net, quantization=snn.Quantization(bits=4, per_channel=True)).fit(x, y)
    >>> whole, scale = snn.Quantization(bits=4, per_channel=True).integers(net.projections["input_to_hidden"].weights)

    Round a network after it was trained without quantisation:

    >>> for projection in net.projections.values():
    ...     if projection.weight_count:  # pooling has none
    ...         whole, scale = snn.Quantization().integers(projection.weights)
    ...         projection.weights = whole * scale
    """

    bits: int = 8
    per_channel: bool = False

    def __post_init__(self) -> None:
        integer(self.bits, "bits", minimum=2, maximum=8)
        boolean(self.per_channel, "per_channel")

    def integers(self, weights: ArrayLike) -> tuple[NDArray[np.int8], Floats]:
        """Return the integers and scales that weights are rounded to. Their product is the rounded weights.

        Parameters
        ----------
        weights : array_like, shape (sources, targets) or (channels, in_channels, height, width)
            Weights of a dense projection or a convolution; with one scale for all, also of other kinds, shape (weights,).

        Returns
        -------
        integers : int8 array
            Shape of `weights`.
        scale : float32 array
            Shape () for one scale, else (targets,) or (channels, 1, 1, 1), which broadcasts with `integers`.
        """
        values = np.asarray(float32_array(weights, "weights"), np.float64)
        axes: Any = None
        if self.per_channel:
            axes = tuple(range(1, values.ndim)) if values.ndim == 4 else 0
        most = np.abs(values).max(axis=axes, keepdims=self.per_channel and values.ndim == 4, initial=0.0)
        # Rounded up to 16 significant bits, as libsnn does: products with integers of 8 bits are exact in float32.
        fraction, exponent = np.frexp(most / (2 ** (self.bits - 1) - 1))
        scale = np.ldexp(np.ceil(np.ldexp(fraction, 16)), exponent - 16)
        whole = np.rint(np.divide(values, scale, out=np.zeros_like(values), where=scale > 0))
        return whole.astype(np.int8), scale.astype(np.float32)
