"""Balanced resonate-and-fire (Higuchi et al. 2024, equations 6 to 11), as complex numbers.

    q decays by gamma and grows by 1 with each spike;  b = p(omega) - b' - q,  p = (-1 + sqrt(1 - (dt omega)^2)) / dt
    u = u + dt (b + i omega) u + input,  a spike where Re u > threshold + q

Here q enters the damping and the threshold with a factor each. Without balance p is 0 (Izhikevich 2001).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from tests.oracle import Neuron, run


def simulate(inputs, parameters, options, dt, spike=None, frozen=None, initial=None):
    return run(one, inputs, parameters, options, dt, spike, frozen, initial)


def one(p: Neuron, inputs, frozen, initial) -> Iterator[dict[str, float]]:
    u = complex(initial.get("v", 0.0), initial.get("quadrature", 0.0))
    q = initial.get("refractory_level", 0.0)
    boundary = 0.0
    if p.balance == "boundary":
        boundary = (-1 + math.sqrt(1 - (p.dt * p.frequency) ** 2)) / p.dt
    for t, x in enumerate(inputs["current"]):
        b = boundary - p.damping - p.refractory_damping * q
        u = u + p.dt * complex(b, p.frequency) * u + x
        s = p.activity(u.real - (p.threshold + p.refractory_threshold * q))
        q = math.exp(-p.dt / p.tau_refractory) * q + (s if frozen is None else frozen[t])
        yield {"v": u.real, "quadrature": u.imag, "refractory_level": q, "spikes": s}
