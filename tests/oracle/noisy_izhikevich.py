"""The oracle of izhikevich with the thalamic input of the paper's script, ``I = 5 * randn``: a normal number in each step.

The numbers are the library's own, float32, so that spikes can be compared: one that differs in its eighth digit would move one
sooner or later. tests/unit/modelc/test_random_draws.py compares them with the normal distribution.
"""

from __future__ import annotations

from collections.abc import Iterator

from snn.engine.modelc.random_draws import normal_of
from tests.oracle import Neuron, izhikevich, run
from tests.oracle.random_words import word


def simulate(inputs, parameters, options, dt, spike=None, frozen=None, initial=None):
    return run(one, inputs, parameters, options, dt, spike, frozen, initial)


def one(p: Neuron, inputs, frozen, initial) -> Iterator[dict[str, float]]:
    noise = [p.noise_std * float(normal_of(word(p.index, t))) for t in range(len(inputs["current"]))]
    driven = [x + z for x, z in zip(inputs["current"], noise, strict=True)]
    return izhikevich.one(p, {**inputs, "current": driven}, frozen, initial)
