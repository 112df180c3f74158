"""The random draws of a step by hand: Philox in whole numbers, Poisson counts by summing probabilities in double.

One word at a time, from the paper (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) and the layout in
docs/semantics.md.
"""

from __future__ import annotations

import math
import statistics

WORD = 2**32


def philox4x32(key: tuple[int, int], counter: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    k0, k1 = key
    c0, c1, c2, c3 = counter
    for _ in range(10):
        a, b = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = b // WORD ^ c1 ^ k0, b % WORD, a // WORD ^ c3 ^ k1, a % WORD
        k0, k1 = (k0 + 0x9E3779B9) % WORD, (k1 + 0xBB67AE85) % WORD
    return c0, c1, c2, c3


def called(
    tag: int, call: int, step: int, number: int, seed: int, population: int, sample: int
) -> tuple[int, int, int, int]:
    counter = (
        tag * 2**28 + call,
        step % WORD,
        population + 2**20 * (step // WORD % 2**12),
        sample + 2**20 * number,
    )
    return philox4x32((seed % WORD, seed // WORD), counter)


def word(neuron: int, step: int, number: int = 0, seed: int = 0, population: int = 0, sample: int = 0) -> int:
    block, within = divmod(neuron, 64)
    group, lane = divmod(within, 16)
    return called(13, 16 * block + lane, step, number, seed, population, sample)[group]


def poisson_word(neuron: int, step: int, number: int = 0, seed: int = 0, population: int = 0, sample: int = 0) -> int:
    block, within = divmod(neuron, 128)
    group, lane = divmod(within, 16)
    upper, lower = (
        called(tag, 16 * block + lane, step, number, seed, population, sample)[group // 2]
        // 2 ** (16 * (group % 2))
        % 2**16
        for tag in (13, 12)
    )
    return 2**16 * upper + lower


def poisson(word: int, mean: float) -> int:
    """The smallest count whose cumulative probability is above word / 2^32."""
    count, probability = 0, math.exp(-mean)
    cumulative = probability
    while cumulative <= word / WORD:
        count += 1
        probability *= mean / count
        cumulative += probability
    return count


def with_background(one):
    """The neuron `one` under Poisson events: in each step `current` is larger by background_weight for each of them.

    The mean count is background_rate times the step; counts come from the words of seed 0, population 0, sample 0.
    """

    def driven(p, inputs, frozen, initial):
        mean = p.background_rate * p.dt / 1000  # Hz and ms
        current = [
            x + p.background_weight * poisson(poisson_word(p.index, t), mean) for t, x in enumerate(inputs["current"])
        ]
        return one(p, {**inputs, "current": current}, frozen, initial)

    return driven


def normal(word: int) -> float:
    """The upper 31 bits as a probability below a half, the lowest as the sign."""
    z = statistics.NormalDist().inv_cdf((word // 2 + 0.5) / WORD)
    return -z if word % 2 else z
