"""Leaky integrate-and-fire with exponential conductances, in units of the leak conductance.

tau_m dv/dt = (v_rest - v) + g_e (e_e - v) + g_i (e_i - v) + I, tau_e dg_e/dt = -g_e, tau_i dg_i/dt = -g_i.

Vogels and Abbott 2005, equations 1 and 2; Brette et al. 2007, appendix B, benchmark 1. The step freezes conductances, at their
mean over it ("exponential") or at their values before it ("exponential_euler"), and solves the linear equation of the membrane
exactly; "euler" takes one Euler step.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from tests.oracle import Neuron, mean, run


def simulate(inputs, parameters, options, dt, spike=None, frozen=None, initial=None):
    return run(one, inputs, parameters, options, dt, spike, frozen, initial)


def one(p: Neuron, inputs, frozen, initial) -> Iterator[dict[str, float]]:
    v = initial.get("v", p.v_rest)
    ge, gi = initial.get("excitatory_conductance", 0.0), initial.get("inhibitory_conductance", 0.0)
    silent_before = 0
    rows = zip(inputs["excitatory"], inputs["inhibitory"], inputs["current"], strict=True)
    for t, (excited, inhibited, current) in enumerate(rows):
        silent = t < silent_before
        # dv/dt = (settled - v) / tau, for conductances that stand still
        excitation, inhibition = ge, gi
        if p.integrator == "exponential":
            excitation, inhibition = mean(ge, p.tau_excitatory, p.dt), mean(gi, p.tau_inhibitory, p.dt)
        conductance = 1 + excitation + inhibition
        driven = excitation * p.e_excitatory + inhibition * p.e_inhibitory + p.bias_current + current
        settled = (p.v_rest + driven) / conductance
        tau = p.tau_membrane / conductance
        if not silent:
            v += (settled - v) * (p.dt / tau if p.integrator == "euler" else -math.expm1(-p.dt / tau))
        if p.integrator == "euler":
            ge, gi = ge - ge * p.dt / p.tau_excitatory, gi - gi * p.dt / p.tau_inhibitory
        else:
            ge, gi = ge * math.exp(-p.dt / p.tau_excitatory), gi * math.exp(-p.dt / p.tau_inhibitory)
        ge, gi = ge + excited, gi + inhibited
        s = 0.0
        if not silent:
            s = p.activity(v - p.threshold)
            if p.crossed(v - p.threshold):
                silent_before = t + 1 + round(p.refractory / p.dt)
        r = s if frozen is None else frozen[t]
        v = (1 - r) * v + r * p.v_reset
        yield {"v": v, "excitatory_conductance": ge, "inhibitory_conductance": gi, "spikes": s}
