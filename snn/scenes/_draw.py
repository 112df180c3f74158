"""Numbers for scenes: the same on every platform and with every version of numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snn import init
from snn._arrays import Floats

__all__ = ["Draws"]

# Above the streams of a network's own weights, which are the positions of its projections.
_FIRST_STREAM = 2**32


class Draws:
    """Independent arrays of random numbers, one after the other, from a seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._stream = _FIRST_STREAM

    def _next(self) -> int:
        self._stream += 1
        return self._stream

    def uniform(self, count: int, low: float = 0.0, high: float = 1.0) -> NDArray[np.float64]:
        """Return doubles uniform in [low, high): shape (count,)."""
        # The generator's raw words are promised to stay as they are; numpy's distributions are not.
        bits = np.random.Philox(key=[self._seed, self._next()]).random_raw(count)
        return low + (high - low) * ((bits >> np.uint64(11)).astype(np.float64) * 2.0**-53)

    def integers(self, count: int, below: int) -> NDArray[np.int64]:
        """Return whole numbers from 0 to ``below - 1``, all equally likely to within 1e-11: shape (count,)."""
        return (self.uniform(count) * below).astype(np.int64)

    def normal(self, count: int, mean: float, std: float, low: float = -np.inf, high: float = np.inf) -> Floats:
        """Return float32 numbers of a normal distribution, drawn again where outside [low, high]: shape (count,)."""
        values = init.normal(count, mean, std, seed=self._seed, stream=self._next())
        while (outside := np.flatnonzero((values < low) | (values > high))).size:
            values[outside] = init.normal(outside.size, mean, std, seed=self._seed, stream=self._next())
        return values
