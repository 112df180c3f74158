"""Short-term plasticity of one synapse, by hand, in double: the resources and their use, from spike to spike."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp


def tsodyks_markram(times: Sequence[float], p: dict[str, float]) -> list[float]:
    """The part of the weight that each spike delivers; times in ms, ascending.

    Tsodyks, Pawelzik & Markram 1998, equations 2.1 and 2.4 between spikes solved exactly: x rises to 1, u falls to 0 and a
    spike first adds U (1 - u), then uses u x.
    """
    x, u, last = 1.0, 0.0, 0.0
    delivered = []
    for now in times:
        recovered = exp(-(now - last) / p["tau_recovery"]) if p["tau_recovery"] > 0 else 0.0
        kept = exp(-(now - last) / p["tau_facilitation"]) if p["tau_facilitation"] > 0 else 0.0
        x = 1.0 - (1.0 - x) * recovered
        u = u * kept
        u = u + p["utilization"] * (1.0 - u)
        delivered.append(u * x)
        x = x - u * x
        last = now
    return delivered
