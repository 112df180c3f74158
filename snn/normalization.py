"""Batch normalisation in training."""

from __future__ import annotations

from dataclasses import dataclass

from snn._arrays import number
from snn.engine.errors import InvalidArgumentError

__all__ = ["BatchNorm"]


@dataclass(frozen=True)
class BatchNorm:
    """Batch normalisation through time of what a projection delivers, for ``Trainer(normalization=...)``.

    In training the projection's sum x (without its bias) becomes ``(x - mean) * scale * g / sqrt(variance + epsilon) + bias``,
    with mean and variance over all steps, the samples of the batch and, of a convolution, the neurons of a channel; g is
    learned, one for each target neuron or channel, and begins at 1. So is the bias, which the projection must have
    (``bias=True``).

    The network itself has no normalisation: after every update its weights and biases are those with the running statistics
    folded in. What is saved, scored or simulated is an ordinary network.

    Parameters
    ----------
    scale : float, default 1.0
        What x is scaled to at first. tdBN (Zheng et al. 2021, doi 10.1609/aaai.v35i12.17320): the threshold of the target
        neurons times a factor alpha, 1 where one projection leads to them. 1e-12 to 1e12.
    momentum : float, default 0.1
        Share by which the running mean and variance move towards those of a batch; the first batch sets them.
    epsilon : float, default 1e-5
        Added to the variance. 1e-12 to 1e12.

    Notes
    -----
    Each `Trainer.fit` starts over: g at 1, the statistics with its first batch. So a network that was trained with
    normalisation is best trained further in the same `fit` or from a checkpoint, or without it.

    Where all that a projection delivers is the same, as from one sample that is held over the steps (a batch of 1 and the
    constant encoder), x is its own mean: only the bias is left, and nothing is learned before.

    A projection that lies on a cycle, as one of a population to itself, cannot be normalised over time: what it delivers
    depends on what it has delivered.
    """

    scale: float = 1.0
    momentum: float = 0.1
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        # Far inside the range of float32: weights are multiplied with one and divided by the root of the other.
        for name in ("scale", "epsilon"):
            number(getattr(self, name), name, minimum=1e-12, maximum=1e12)
        if number(self.momentum, "momentum", minimum=0.0, exclusive=True) > 1.0:
            raise InvalidArgumentError(f"momentum is {self.momentum:g}; it must be at most 1")
