"""The oracle of current_lif with Poisson background: in each step `current` is larger by background_weight for each event.

The mean count is background_rate times the step; counts come from the words of seed 0, population 0, sample 0.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle import Neuron, current_lif, run
from tests.oracle.random_words import poisson, word


def simulate(inputs, parameters, options, dt, spike=None, frozen=None, initial=None):
    return run(one, inputs, parameters, options, dt, spike, frozen, initial)


def one(p: Neuron, inputs, frozen, initial) -> Iterator[dict[str, float]]:
    events = p.background_rate * p.dt / 1000  # Hz and ms
    driven = [x + p.background_weight * poisson(word(p.index, t), events) for t, x in enumerate(inputs["current"])]
    return current_lif.one(p, {**inputs, "current": driven}, frozen, initial)
