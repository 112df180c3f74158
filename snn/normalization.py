"""Batch normalisation in training."""

from __future__ import annotations

from dataclasses import dataclass

from snn._arrays import number
from snn.engine.errors import InvalidArgumentError

__all__ = ["BatchNorm"]


@dataclass(frozen=True)
class BatchNorm:
    """Batch normalisation through time of a projection's input sums, for ``Trainer(normalization=...)``.

    In training the projection's sum x (without its bias) becomes ``(x - mean) * scale * g / sqrt(variance + epsilon) + bias``.
    Mean and variance are over all steps, the samples of the batch and, for a convolution, the neurons of a channel. The gain
    g, one for each target neuron or channel, starts at 1 and is learned. So is the bias, which the projection must have
    (``bias=True``).

    The network itself has no normalisation: after every update the running statistics are folded into its weights and biases.
    It is saved, scored and simulated as an ordinary network.

    Parameters
    ----------
    scale : float, default 1.0
        Initial standard deviation of the normalised sum, 1e-12 to 1e12. tdBN (Zheng et al. 2021,
        doi 10.1609/aaai.v35i12.17320) uses the threshold of the target neurons times a factor alpha, 1 if a single projection
        leads to them.
    momentum : float, default 0.1
        Fraction by which the running mean and variance move towards those of a batch; the first batch sets them.
    epsilon : float, default 1e-5
        Added to the variance. 1e-12 to 1e12.

    Notes
    -----
    Each `Trainer.fit` starts again with g = 1 and the statistics of its first batch. To train a normalised network further,
    continue in the same `fit` or from a checkpoint, or train without normalisation.

    If all sums of a projection are equal, as with a batch of 1 and the constant encoder, x equals its mean: only the bias is
    left, and layers before it learn nothing.

    A projection in a cycle, such as one from a population to itself, cannot be normalised over time, because its sums depend
    on its earlier ones.
    """

    scale: float = 1.0
    momentum: float = 0.1
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        # Far inside the range of float32: weights are multiplied by one and divided by the root of the other.
        for name in ("scale", "epsilon"):
            number(getattr(self, name), name, minimum=1e-12, maximum=1e12)
        if number(self.momentum, "momentum", minimum=0.0, exclusive=True) > 1.0:
            raise InvalidArgumentError(f"momentum is {self.momentum:g}; it must be at most 1")
