"""Rules that look at the target's membrane, of one synapse, by hand, in double and step by step.

Arrays have a value for each step of ``dt`` ms: ``arrivals`` and ``posts`` are true where a spike arrives at the synapse and
where the target spikes, ``v`` is a state of the target before the step.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

import numpy as np
from numpy.typing import NDArray


def brader_fusi(
    arrivals: Sequence[bool],
    posts: Sequence[bool],
    v: NDArray[np.float64],
    dt: float,
    weight: float,
    p: dict[str, float],
) -> tuple[list[float], list[float]]:
    """Brader, Senn & Fusi 2007, equations 3 to 5: X after each arrival, and the efficacy J(X) that it delivers.

    The weight begins in the stable state on its side, if anything drifts there. X drifts in every step; calcium is a sum over
    all earlier spikes.
    """
    low, extent = p["w_min"], p["w_max"] - p["w_min"]
    x = (weight - low) / extent
    if p["drift_up" if x > p["border"] else "drift_down"] > 0:
        x = 1.0 if x > p["border"] else 0.0
    spikes: list[int] = []
    weights, delivered = [], []
    for step, (arrives, spiked) in enumerate(zip(arrivals, posts, strict=True)):
        x += (p["drift_up"] if x > p["border"] else -p["drift_down"]) * dt / 1000.0
        x = min(max(x, 0.0), 1.0)
        if arrives:
            calcium = sum(exp(-(step - s) * dt / p["tau_calcium"]) for s in spikes)
            if v[step] > p["threshold_v"] and p["up_low"] < calcium < p["up_high"]:
                x += p["step_up"]
            elif v[step] <= p["threshold_v"] and p["down_low"] < calcium < p["down_high"]:
                x -= p["step_down"]
            x = min(max(x, 0.0), 1.0)
            weights.append(low + x * extent)
            delivered.append(low + (x > p["border"]) * extent)
        if spiked:
            spikes.append(step)
    return weights, delivered


def clopath(
    arrivals: Sequence[bool],
    posts: Sequence[bool],
    u_minus: NDArray[np.float64],
    u_plus: NDArray[np.float64],
    dt: float,
    weight: float,
    p: dict[str, float],
) -> float:
    """Clopath, Busing, Vasilaki & Gerstner 2010, equations 1 and 2, with the membrane above theta_plus in spikes alone.

    Depression at an arrival by the low-pass filtered membrane; potentiation at a spike of the target by the trace of arrivals,
    a sum over all of them, and the other filtered membrane.
    """
    times: list[int] = []
    for step, (arrives, spiked) in enumerate(zip(arrivals, posts, strict=True)):
        if arrives:
            weight -= p["amplitude_minus"] * max(u_minus[step] - p["theta_minus"], 0.0)
            weight = min(max(weight, 0.0), p["w_max"])
            times.append(step)
        if spiked:
            x = sum(exp(-(step - s) * dt / p["tau_x"]) for s in times)
            weight += p["amplitude_plus"] * x * max(u_plus[step] - p["theta_minus"], 0.0)
            weight = min(max(weight, 0.0), p["w_max"])
    return weight
