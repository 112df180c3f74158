"""Adaptive exponential integrate-and-fire, Brette and Gerstner 2005, equations 1 to 3, with exponential conductances.

C dv/dt = -g_L (v - E_L) + g_L D exp((v - V_T) / D) - w - g_e (v - E_e) - g_i (v - E_i) + I, tau_w dw/dt = a (v - E_L) - w; a
spike when v passes v_peak: v = V_r, w = w + b. Euler steps for v and w, which see the mean of each conductance over the step.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from tests.oracle import Neuron, mean, run


def simulate(inputs, parameters, options, dt, spike=None, frozen=None, initial=None):
    return run(one, inputs, parameters, options, dt, spike, frozen, initial)


def one(p: Neuron, inputs, frozen, initial) -> Iterator[dict[str, float]]:
    v, w = initial.get("v", p.v_rest), initial.get("adaptation", 0.0)
    ge, gi = initial.get("excitatory_conductance", 0.0), initial.get("inhibitory_conductance", 0.0)
    count = {"one": 1, "two": 2, "four": 4}[p.substeps]
    h = p.dt / count
    silent_before = 0
    rows = zip(inputs["excitatory"], inputs["inhibitory"], inputs["current"], strict=True)
    for t, (excited, inhibited, current) in enumerate(rows):
        silent = t < silent_before
        for _ in range(count):
            if v <= p.v_peak:
                exponential = p.leak_conductance * p.slope_factor * math.exp((v - p.threshold) / p.slope_factor)
                flow = exponential - p.leak_conductance * (v - p.v_rest) - w + p.bias_current + current
                flow -= mean(ge, p.tau_excitatory, h) * (v - p.e_excitatory)
                flow -= mean(gi, p.tau_inhibitory, h) * (v - p.e_inhibitory)
                w += h * (p.adaptation_coupling * (v - p.v_rest) - w) / p.tau_adaptation
                if not silent:
                    v += h * flow / p.capacitance
            ge *= math.exp(-h / p.tau_excitatory)
            gi *= math.exp(-h / p.tau_inhibitory)
        ge, gi = ge + excited, gi + inhibited
        s = 0.0
        if not silent:
            s = p.activity(v - p.v_peak)
            if v > p.v_peak:
                silent_before = t + 1 + round(p.refractory / p.dt)
        r = s if frozen is None else frozen[t]
        v, w = (1 - r) * v + r * p.v_reset, w + r * p.adaptation_jump
        yield {"v": v, "adaptation": w, "excitatory_conductance": ge, "inhibitory_conductance": gi, "spikes": s}
