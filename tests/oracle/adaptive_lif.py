"""Leaky integrate-and-fire with adaptive threshold: A = threshold + strength * a, tau_a da/dt = -a, a jumps with each spike.

Bellec et al. 2020, equations 6 to 9 (a jump of 1); Bellec et al. 2018 (a jump of 1 - decay).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from tests.oracle import Neuron, run


def simulate(inputs, parameters, options, dt, spike=None, frozen=None, initial=None):
    return run(one, inputs, parameters, options, dt, spike, frozen, initial)


def one(p: Neuron, inputs, frozen, initial) -> Iterator[dict[str, float]]:
    def kept(tau: float) -> float:
        return 1 - p.dt / tau if p.decay == "euler" else math.exp(-p.dt / tau)

    alpha, rho = kept(p.tau_membrane), kept(p.tau_adaptation)
    gain = 1 - alpha if p.input_scaling == "one_minus_decay" else 1.0
    jump = 1 - rho if p.adaptation_scaling == "one_minus_decay" else 1.0
    v, a = initial.get("v", p.v_rest), initial.get("adaptation", 0.0)
    silent_before = 0
    reset_due = False
    for t, x in enumerate(inputs["current"]):
        silent = t < silent_before
        if not silent:
            v = p.v_rest + alpha * (v - p.v_rest) + gain * x
        if reset_due:
            v = p.reset_by(v, 1.0)
            reset_due = False
        s = 0.0
        excess = v - (p.threshold + p.adaptation_strength * a)
        if not silent:
            s = p.activity(excess)
        if not silent and p.crossed(excess):
            silent_before = t + 1 + round(p.refractory / p.dt)
            reset_due = p.reset_timing == "next_step"
        a = rho * a + jump * s
        if p.reset_timing == "same_step":
            v = p.reset_by(v, s if frozen is None else frozen[t])
        yield {"v": v, "adaptation": a, "spikes": s}
