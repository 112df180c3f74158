"""The draws of a step in numpy: what libsnn computes for the same seed, step, population, sample and neuron, bit for bit.

``docs/semantics.md`` ("Random draws") is this file in words. It imports numpy and is used by printed source and by tests.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import software_math
from .normal_table import NORMAL_TABLE

LARGEST_MEAN = 16.0
_TAG = 0xD0000000
_LOWER_HALF_TAG = 0xC0000000
_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_TABLE = np.array(NORMAL_TABLE, np.float32)


def philox(key: int, counter: Any) -> NDArray[np.uint32]:
    """Philox4x32-10 (Salmon et al. 2011) of every column of ``counter``, (4, ...) of 32-bit words; the result has its shape."""
    c = [np.asarray(word).astype(np.uint64) for word in counter]
    keys = [key & 0xFFFFFFFF, key >> 32 & 0xFFFFFFFF]
    low = np.uint64(0xFFFFFFFF)
    for _ in range(10):
        p0, p1 = _MULTIPLIERS[0] * c[0], _MULTIPLIERS[1] * c[2]
        high0, high1 = p0 >> np.uint64(32), p1 >> np.uint64(32)
        c = [high1 ^ c[1] ^ np.uint64(keys[0]), p1 & low, high0 ^ c[3] ^ np.uint64(keys[1]), p0 & low]
        keys = [(k + step) & 0xFFFFFFFF for k, step in zip(keys, _KEY_STEPS, strict=True)]
    return np.stack(np.broadcast_arrays(*c)).astype(np.uint32)


def _calls(tag: int, seed: int, step: int, population: int, sample: int, number: int, calls: int) -> NDArray[np.uint32]:
    """The words of the first ``calls`` calls of a draw, [4][calls]."""
    counter = (
        tag | np.arange(calls),
        step & 0xFFFFFFFF,
        population | (step >> 32 & 0xFFF) << 20,
        sample | number << 20,
    )
    return philox(seed, np.broadcast_arrays(*(np.asarray(word) for word in counter)))


def words(seed: int, step: int, population: int, sample: int, number: int, neurons: int) -> NDArray[np.uint32]:
    """The random word of draw ``number`` for each of the first ``neurons`` neurons."""
    blocks = (neurons + 63) // 64
    # Neuron 64 b + 16 w + l has word w of call 16 b + l.
    drawn = _calls(_TAG, seed, step, population, sample, number, 16 * blocks)
    return drawn.reshape(4, blocks, 16).transpose(1, 0, 2).reshape(-1)[:neurons]


def poisson_words(seed: int, step: int, population: int, sample: int, number: int, neurons: int) -> NDArray[np.uint32]:
    """The same for Poisson counts: the upper halves of the words are of one call, the lower halves of another."""
    blocks = (neurons + 127) // 128

    def halves(tag: int) -> NDArray[np.uint32]:
        # Neuron 128 b + 32 w + 16 h + l has half h of word w of call 16 b + l.
        drawn = _calls(tag, seed, step, population, sample, number, 16 * blocks).reshape(4, 1, blocks, 16)
        both = np.concatenate((drawn & np.uint32(0xFFFF), drawn >> np.uint32(16)), axis=1)
        return both.transpose(2, 0, 1, 3).reshape(-1)[:neurons]

    return halves(_TAG) << np.uint32(16) | halves(_LOWER_HALF_TAG)


def uniform_of(word: Any) -> NDArray[np.float32]:
    """The upper 24 bits as a number in [0, 1)."""
    return (np.asarray(word, np.uint32) >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)


def normal_of(word: Any) -> NDArray[np.float32]:
    """The standard normal number of a word."""
    word = np.asarray(word, np.uint32)
    f = (word >> np.uint32(1)).astype(np.int32).astype(np.float32) + np.float32(0.5)
    f = np.minimum(f, np.float32(2147483520.0))
    bits = f.view(np.uint32)
    octave = (bits >> np.uint32(23)).astype(np.int64) - 126
    x = ((bits & np.uint32(0x007FFFFF)) | np.uint32(0x3F800000)).view(np.float32) - np.float32(1.5)
    z = _TABLE[-1][octave]
    for row in _TABLE[-2::-1]:
        z = z * x + row[octave]
    turned: NDArray[np.float32] = (z.view(np.uint32) ^ (word << np.uint32(31))).view(np.float32)
    return turned


def poisson_thresholds(mean: float) -> list[int]:
    """Cumulative probabilities of 0, 1, 2 ... events, times 2^32 and rounded, up to the last that is below 2^32."""
    if not 0 <= mean <= LARGEST_MEAN:
        raise ValueError(f"the mean of poisson is {mean:g}; it must be 0 to {LARGEST_MEAN:g}")
    thresholds: list[int] = []
    probability = cumulative = software_math.exp(-mean)
    while (threshold := int(cumulative * 2.0**32 + 0.5)) < 2**32:
        thresholds.append(threshold)
        probability = probability * mean / len(thresholds)
        cumulative = cumulative + probability
    return thresholds


def poisson_of(word: Any, mean: Any) -> NDArray[np.int32]:
    """How many thresholds of the mean are at or below the word; ``mean`` is one number or one for each word."""
    word = np.asarray(word, np.uint32)
    count = np.zeros(word.shape, np.int32)
    means = np.broadcast_to(np.asarray(mean, np.float64), word.shape)
    for one in np.unique(means):
        here = means == one
        count[here] = np.searchsorted(np.array(poisson_thresholds(float(one)), np.uint64), word[here], side="right")
    return count


class Draws:
    """The draws of one population of ``neurons`` neurons at one step of one sample, as `step` of printed source takes them.

    Parameters
    ----------
    seed : that of the session, 0 to 2^64 - 1
    step : steps since the last reset
    population, sample : indices
    """

    def __init__(self, seed: int, step: int, neurons: int, population: int = 0, sample: int = 0) -> None:
        self._place = (seed, step, population, sample)
        self.neurons = neurons

    def word(self, number: int) -> NDArray[np.uint32]:
        return words(*self._place, number, self.neurons)

    def uniform(self, number: int) -> NDArray[np.float32]:
        return uniform_of(self.word(number))

    def normal(self, number: int) -> NDArray[np.float32]:
        return normal_of(self.word(number))

    def poisson(self, number: int, mean: Any) -> NDArray[np.int32]:
        return poisson_of(poisson_words(*self._place, number, self.neurons), mean)
