"""Hodgkin-Huxley neuron with the channels of Traub and Miles, as in Brette et al. 2007, appendix B, benchmark 3.

C dv/dt = g_l (E_l - v) + g_Na m^3 h (E_Na - v) + g_K n^4 (E_K - v) + g_e (E_e - v) + g_i (E_i - v) + I, and for each gate
dx/dt = alpha (1 - x) - beta x with rates of u = v - V_T in mV. Exponential Euler: each equation solved alone, all else fixed
(with sequential updates at new gates and at the mean of each conductance).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from tests.oracle import Neuron, mean, run


def simulate(inputs, parameters, options, dt, spike=None, frozen=None, initial=None):
    return run(one, inputs, parameters, options, dt, spike, frozen, initial)


def bend(x: float) -> float:
    """x / (exp(x) - 1)."""
    return 1.0 if x == 0 else x / math.expm1(x)


def rates(u: float) -> dict[str, tuple[float, float]]:
    """Alpha and beta of each gate in 1/ms, the formulas of the paper."""
    return {
        "m": (0.32 * 4 * bend((13 - u) / 4), 0.28 * 5 * bend((u - 40) / 5)),
        "h": (0.128 * math.exp((17 - u) / 18), 4 / (1 + math.exp((40 - u) / 5))),
        "n": (0.032 * 5 * bend((15 - u) / 5), 0.5 * math.exp((10 - u) / 40)),
    }


def one(p: Neuron, inputs, frozen, initial) -> Iterator[dict[str, float]]:
    names = {"m": "sodium_activation", "h": "sodium_inactivation", "n": "potassium_activation"}
    start = {"m": 0.02686333, "h": 0.99130582, "n": 0.06043403}
    v, gates = initial.get("v", p.e_leak), {g: initial.get(names[g], start[g]) for g in names}
    ge, gi = initial.get("excitatory_conductance", 0.0), initial.get("inhibitory_conductance", 0.0)
    count = {"one": 1, "two": 2, "four": 4}[p.substeps]
    dt = p.dt / count
    for excited, inhibited, current in zip(*(inputs[r] for r in ("excitatory", "inhibitory", "current")), strict=True):
        before = highest = v
        for _ in range(count):
            old = gates
            gates = {}
            for g, (alpha, beta) in rates(v - p.v_offset).items():
                limit = alpha / (alpha + beta)
                gates[g] = limit + (old[g] - limit) * math.exp(-dt * (alpha + beta))
            now, excitation, inhibition = old, ge, gi
            if p.gate_update == "sequential":
                now, excitation, inhibition = gates, mean(ge, p.tau_excitatory, dt), mean(gi, p.tau_inhibitory, dt)
            parts = [
                (p.leak_conductance, p.e_leak),
                (p.sodium_conductance * now["m"] ** 3 * now["h"], p.e_sodium),
                (p.potassium_conductance * now["n"] ** 4, p.e_potassium),
                (excitation, p.e_excitatory),
                (inhibition, p.e_inhibitory),
            ]
            total = sum(g for g, _ in parts)
            settled = (sum(g * e for g, e in parts) + p.bias_current + current) / total
            v = settled + (v - settled) * math.exp(-dt * total / p.capacitance)
            highest = max(highest, v)
            ge *= math.exp(-dt / p.tau_excitatory)
            gi *= math.exp(-dt / p.tau_inhibitory)
        ge, gi = ge + excited, gi + inhibited
        s = p.activity(highest - p.threshold) if before <= p.threshold else 0.0
        states = {names[g]: x for g, x in gates.items()}
        yield {"v": v, **states, "excitatory_conductance": ge, "inhibitory_conductance": gi, "spikes": s}
