"""Leaky integrate-and-fire with alpha-function currents.

tau_m dv/dt = v_rest - v + R (I + J + bias + injected), dI/dt = r - I / tau_s, dr/dt = -r / tau_s, and an input x adds e x /
tau_s to r, so that I = x (t / tau_s) exp(1 - t / tau_s). Rotter and Diesmann 1999, section 3.2: the step is the matrix
exponential.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tests.oracle import Neuron, run
from tests.oracle.current_lif import matrix_exponential


def simulate(inputs, parameters, options, dt, spike=None, frozen=None, initial=None):
    return run(one, inputs, parameters, options, dt, spike, frozen, initial)


def one(p: Neuron, inputs, frozen, initial) -> Iterator[dict[str, float]]:
    # d/dt of (r, I, s, J, bias, v - v_rest)
    a, b, m = 1 / p.tau_synapse, 1 / p.tau_inhibitory, 1 / p.tau_membrane
    rates = np.zeros((6, 6))
    rates[0, 0], rates[1, 0], rates[1, 1] = -a, 1, -a
    rates[2, 2], rates[3, 2], rates[3, 3] = -b, 1, -b
    rates[5, 1] = rates[5, 3] = rates[5, 4] = p.resistance * m
    rates[5, 5] = -m
    over_a_step = matrix_exponential(rates * p.dt)
    names = ("synaptic_rise", "synaptic_current", "inhibitory_rise", "inhibitory_current")
    x = np.array([*(initial.get(name, 0.0) for name in names), 0.0, initial.get("v", p.v_rest) - p.v_rest])
    silent_before = 0
    rows = zip(inputs["current"], inputs["inhibitory"], inputs["injected_current"], strict=True)
    for t, (current, inhibitory, injected) in enumerate(rows):
        silent = t < silent_before
        x[4] = p.bias_current + injected
        held = x[5]
        x = over_a_step @ x
        if silent:
            x[5] = held
        x[0] += math.e * a * current
        x[2] += math.e * b * inhibitory
        s = 0.0
        excess = x[5] + p.v_rest - p.threshold
        if not silent:
            s = p.activity(excess)
            if p.crossed(excess):
                silent_before = t + 1 + round(p.refractory / p.dt)
        v = p.reset_by(x[5] + p.v_rest, s if frozen is None else frozen[t])
        x[5] = v - p.v_rest
        yield {**dict(zip(names, x[:4].tolist(), strict=True)), "v": v, "spikes": s}
