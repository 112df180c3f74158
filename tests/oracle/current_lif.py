"""Leaky integrate-and-fire with exponential currents.

tau_m dv/dt = v_rest - v + R (I + J + bias + injected), tau_s dI/dt = -I, tau_i dJ/dt = -J.

With input_scaling "exact" the step is the matrix exponential of these three equations (Rotter and Diesmann 1999), summed here
as a power series; otherwise the step of the training libraries, v = alpha v + gain R I.

With refractory_currents "cleared" a spike sets I and J to zero until the refractory time is over.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tests.oracle import Neuron, run


def simulate(inputs, parameters, options, dt, spike=None, frozen=None, initial=None):
    return run(one, inputs, parameters, options, dt, spike, frozen, initial)


def matrix_exponential(a: np.ndarray) -> np.ndarray:
    """By scaling and squaring a power series."""
    halvings = 8  # a small argument for the series; every squaring doubles the rounding error
    a = a / 2.0**halvings
    result, term = np.eye(len(a)), np.eye(len(a))
    for k in range(1, 16):
        term = term @ a / k
        result = result + term
    for _ in range(halvings):
        result = result @ result
    return result


def one(p: Neuron, inputs, frozen, initial) -> Iterator[dict[str, float]]:
    def kept(tau: float) -> float:
        return 1 - p.dt / tau if p.decay == "euler" else math.exp(-p.dt / tau)

    alpha, synapse, inhibition = kept(p.tau_membrane), kept(p.tau_synapse), kept(p.tau_inhibitory)
    if p.input_scaling == "exact" and p.decay == "exact":
        # d/dt of (I, J, bias, v - v_rest)
        rates = np.zeros((4, 4))
        rates[0, 0], rates[1, 1], rates[3, 3] = -1 / p.tau_synapse, -1 / p.tau_inhibitory, -1 / p.tau_membrane
        rates[3, :3] = p.resistance / p.tau_membrane
        into_v = matrix_exponential(rates * p.dt)[3, :3]
    elif p.input_scaling in ("exact", "one_minus_decay"):  # an Euler step of exact dynamics is the normalised step
        into_v = np.full(3, p.resistance * (1 - alpha))
    else:
        into_v = np.full(3, p.resistance)
    v = initial.get("v", p.v_rest)
    current, inhibitory = initial.get("synaptic_current", 0.0), initial.get("inhibitory_current", 0.0)
    silent_before = 0
    reset_due = False
    rows = zip(inputs["current"], inputs["inhibitory"], inputs["injected_current"], strict=True)
    for t, (x, y, injected) in enumerate(rows):
        old_current, old_inhibitory = current, inhibitory
        silent = t < silent_before
        stopped = silent and p.refractory_currents == "cleared"
        current = 0.0 if stopped else synapse * current + x
        inhibitory = 0.0 if stopped else inhibition * inhibitory + y
        acting = (current, inhibitory) if p.synapse_order == "current_first" else (old_current, old_inhibitory)
        if not silent:
            push = into_v[0] * acting[0] + into_v[1] * acting[1] + into_v[2] * (p.bias_current + injected)
            v = p.v_rest + alpha * (v - p.v_rest) + push
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
        if p.refractory_currents == "cleared":
            left = 1.0 - (s if frozen is None else frozen[t])
            current, inhibitory = left * current, left * inhibitory
        yield {"v": v, "synaptic_current": current, "inhibitory_current": inhibitory, "spikes": s}
