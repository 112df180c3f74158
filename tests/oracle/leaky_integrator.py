"""Leaky integrator: tau dv/dt = v_rest - v + input, no spikes."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tests.oracle import Neuron, run


def simulate(inputs, parameters, options, dt, spike=None, frozen=None, initial=None):
    return run(one, inputs, parameters, options, dt, spike, frozen, initial)


def one(p: Neuron, inputs, frozen, initial) -> Iterator[dict[str, float]]:
    alpha = 1 - p.dt / p.tau_membrane if p.decay == "euler" else math.exp(-p.dt / p.tau_membrane)
    v = initial.get("v", p.v_rest)
    for x in inputs["current"]:
        v = alpha * v + (1 - alpha) * p.v_rest + (x * (1 - alpha) if p.input_scaling == "one_minus_decay" else x)
        yield {"v": v}
