"""Izhikevich 2003: v' = 0.04 v^2 + 5 v + 140 - u + I, u' = a (b v - u); at v = 30 mV: v = c, u = u + d.

The paper's script takes two half steps of v and one step of u with the new v.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle import Neuron, run


def simulate(inputs, parameters, options, dt, spike=None, frozen=None, initial=None):
    return run(one, inputs, parameters, options, dt, spike, frozen, initial)


def one(p: Neuron, inputs, frozen, initial) -> Iterator[dict[str, float]]:
    a, b, c, d = p.recovery_rate, p.recovery_coupling, p.v_reset, p.recovery_jump
    v, u = initial.get("v", -65.0), initial.get("recovery", -13.0)
    parts = {"one": 1, "two": 2}[p.membrane_substeps]
    for t, x in enumerate(inputs["current"]):
        before = v
        for _ in range(parts):
            v += p.dt / parts * (0.04 * v**2 + 5 * v + 140 - u + x + p.bias_current)
        u += p.dt * a * (b * (v if p.recovery_update == "sequential" else before) - u)
        s = p.activity(v - p.threshold)
        r = s if frozen is None else frozen[t]
        v, u = (1 - r) * v + r * c, u + r * d
        yield {"v": v, "recovery": u, "spikes": s}
