"""Lateral inhibition: a population whose spikes hold its other neurons back."""

from __future__ import annotations

import math

import numpy as np

from snn._arrays import MAX_DELAY, float32_number, integer
from snn._words import Arithmetic
from snn.connections import Connection, Conv2d, Dense, Resolved
from snn.engine.errors import InvalidArgumentError

__all__ = ["LateralInhibition"]


class LateralInhibition(Connection):
    """Each neuron of a population to every other one, all with one weight: the first to spike hold the others back.

    Of a population of shape (channels, height, width), neurons inhibit those of the other channels at their own place.

    Parameters
    ----------
    weight : float, default -1.0
        Of each synapse; negative where the receptor adds to the membrane.
    receptor, trainable, arithmetic
        See `Connection`; `trainable` is False by default. Trained, each synapse has a weight of its own, and a neuron may
        come to inhibit itself.
    delay_steps : int, default 1
        At least 1: what a neuron does in a step cannot depend on what it does in that step.

    Notes
    -----
    Inhibition takes effect in the step after. snnTorch's ``inhibition=True``, which lets only the neuron with the largest
    membrane spike, picks a winner within the step, which has no counterpart here.

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
        """Refuse another population as the target."""
        if source != target:
            raise InvalidArgumentError(
                f"LateralInhibition: the source is {source!r} and the target {target!r}; it is within one population"
            )

    def target_shape(self, source: tuple[int, ...]) -> tuple[int, ...]:
        """Return the source's shape."""
        return source

    def resolved(self, source: tuple[int, ...], target: tuple[int, ...], seed: int, stream: int, what: str) -> Resolved:
        """Return a dense connection or, of channels, a convolution of 1 x 1; the weight of a neuron to itself is 0."""
        size = source[0] if len(source) == 3 else math.prod(source)
        weights = np.full((size, size), self.weight, np.float32)
        np.fill_diagonal(weights, 0.0)
        among = Conv2d(size, 1, weights=weights[:, :, None, None]) if len(source) == 3 else Dense(weights=weights)
        return among.resolved(source, target, seed, stream, what)
