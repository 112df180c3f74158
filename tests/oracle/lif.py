"""Leaky integrate-and-fire: tau dv/dt = v_rest - v + input; Gerstner and Kistler 2002, section 4.1."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tests.oracle import Neuron, run


def simulate(inputs, parameters, options, dt, spike=None, frozen=None, initial=None):
    return run(one, inputs, parameters, options, dt, spike, frozen, initial)


def one(p: Neuron, inputs, frozen, initial) -> Iterator[dict[str, float]]:
    alpha = 1 - p.dt / p.tau_membrane if p.decay == "euler" else math.exp(-p.dt / p.tau_membrane)
    gain = 1 - alpha if p.input_scaling == "one_minus_decay" else 1.0
    v = initial.get("v", p.v_rest)
    silent_before = 0  # first step in which the neuron is free
    reset_due = False
    for t, x in enumerate(inputs["current"]):
        silent = t < silent_before
        if not silent:
            v = p.v_rest + alpha * (v - p.v_rest) + gain * x
        if reset_due:
            v = p.reset_by(v, 1.0)
            reset_due = False
        s = 0.0
        excess = v - p.threshold
        if not silent:
            s = p.activity(excess)
        if not silent and p.crossed(excess):
            silent_before = t + 1 + round(p.refractory / p.dt)
            reset_due = p.reset_timing == "next_step"
        if p.reset_timing == "same_step":
            v = p.reset_by(v, s if frozen is None else frozen[t])
        yield {"v": v, "spikes": s}
