"""The oracle of lif with Poisson background."""

from __future__ import annotations

from tests.oracle import lif, run
from tests.oracle.random_words import with_background

one = with_background(lif.one)


def simulate(inputs, parameters, options, dt, spike=None, frozen=None, initial=None):
    return run(one, inputs, parameters, options, dt, spike, frozen, initial)
