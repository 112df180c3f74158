"""Lateral inhibition: neurons whose spikes inhibit the other neurons of their population."""

from __future__ import annotations

import math

import numpy as np

from snn._arrays import MAX_DELAY, float32_number, integer
from snn._words import Arithmetic
from snn.connections import Connection, Conv2d, Dense, Resolved
from snn.engine.errors import InvalidArgumentError

__all__ = ["LateralInhibition"]


class LateralInhibition(Connection):
    """Each neuron of a population to every other one, all with one weight: those that spike first inhibit the others.

    In a population of shape (channels, height, width), neurons inhibit those of the other channels at their own position.

    Parameters
    ----------
    weight : float, default -1.0
        Weight of each synapse; negative if the receptor adds to the membrane.
    receptor, trainable, arithmetic
        See `Connection`; `trainable` is False by default. If trained, each synapse has its own weight, and neurons may learn
        to inhibit themselves.
    delay_steps : int, default 1
        At least 1, because a neuron's spike cannot affect the step in which it occurs.

    Notes
    -----
    Inhibition takes effect in the next step. snnTorch's ``inhibition=True`` lets only the neuron with the largest membrane
    spike, within the same step; this has no counterpart here.

    Examples
    --------
    >>> net.connect("hidden", "hidden", snn.LateralInhibition(-0.5))
    """

    def __init__(
        self,
        weight: float = -1.0,
        *,
        receptor: str | None = None,
        delay_steps: int = 1,
        trainable: bool = False,
        arithmetic: Arithmetic = "default",
    ) -> None:
        integer(delay_steps, "LateralInhibition: delay_steps", minimum=1, maximum=MAX_DELAY)
        super().__init__(receptor=receptor, delay_steps=delay_steps, trainable=trainable, arithmetic=arithmetic)
        self.weight = float32_number(weight, "LateralInhibition: weight")

    def check(self, source: str, target: str) -> None:
        """Refuse a target other than the source."""
        if source != target:
            raise InvalidArgumentError(
                f"LateralInhibition: the source is {source!r} and the target {target!r}; it is within one population"
            )

    def target_shape(self, source: tuple[int, ...]) -> tuple[int, ...]:
        """Return the source's shape."""
        return source

    def resolved(self, source: tuple[int, ...], target: tuple[int, ...], seed: int, stream: int, what: str) -> Resolved:
        """Return a dense connection or, with channels, a 1 x 1 convolution; the weight of a neuron to itself is 0."""
        size = source[0] if len(source) == 3 else math.prod(source)
        weights = np.full((size, size), self.weight, np.float32)
        np.fill_diagonal(weights, 0.0)
        among = Conv2d(size, 1, weights=weights[:, :, None, None]) if len(source) == 3 else Dense(weights=weights)
        return among.resolved(source, target, seed, stream, what)
