"""A spike with probability rate * dt in every step: where the upper 24 bits of the step's word are below it."""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle import Neuron, run
from tests.oracle.random_words import word


def simulate(inputs, parameters, options, dt, spike=None, frozen=None, initial=None):
    """``inputs`` has one array of any name: its shape says how many steps and neurons there are."""
    return run(one, inputs, parameters, options, dt, spike, frozen, initial)


def one(p: Neuron, inputs, frozen, initial) -> Iterator[dict[str, float]]:
    for t in range(len(next(iter(inputs.values())))):
        yield {"spikes": float(word(p.index, t) // 256 < p.rate * p.dt / 1000 * 2**24)}
