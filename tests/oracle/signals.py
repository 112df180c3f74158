"""Rules that learn at a signal, of one synapse, by hand, in double: sums over all earlier spikes, no traces.

Times as in `tests.oracle.stdp`; ``signals`` are (time, value), each before what happens at the synapse at that time.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp


def reward_stdp(
    arrivals: Sequence[float],
    posts: Sequence[float],
    signals: Sequence[tuple[float, float]],
    weight: float,
    p: dict[str, float],
    nearest: bool = False,
) -> tuple[float, float]:
    """Weight and eligibility at the last signal: Izhikevich 2007, equations 1 to 3 with rewards as pulses.

    Every pair leaves its part of the window at the time of its later spike, and that is forgotten since.
    """
    left: list[tuple[float, float]] = []  # when, how much
    for t in posts:
        before = [s for s in arrivals if s <= t]
        for s in before[-1:] if nearest else before:
            left.append((t, p["amplitude_plus"] * exp(-(t - s) / p["tau_plus"])))
    for s in arrivals:
        before = [t for t in posts if t < s]
        for t in before[-1:] if nearest else before:
            left.append((s, -p["amplitude_minus"] * exp(-(s - t) / p["tau_minus"])))
    eligibility = 0.0
    for now, value in signals:
        eligibility = sum(c * exp(-(now - then) / p["tau_eligibility"]) for then, c in left if then < now)
        weight = min(max(weight + p["learning_rate"] * value * eligibility, p["w_min"]), p["w_max"])
    return weight, eligibility


def homeostatic_stdp(
    arrivals: Sequence[float],
    posts: Sequence[float],
    signals: Sequence[tuple[float, float]],
    weight: float,
    p: dict[str, float],
) -> float:
    """Additive pairs, and at a signal van Rossum, Bi & Turrigiano 2000, equation 3 without its integral."""
    room = p["w_max"] - p["w_min"]
    events = sorted(
        [(t, 0, value) for t, value in signals] + [(s, 1, 0.0) for s in arrivals] + [(t, 2, 0.0) for t in posts]
    )
    for now, kind, value in events:
        if kind == 0:
            rate = sum(exp(-(now - t) / p["tau_rate"]) for t in posts if t < now) / p["tau_rate"] * 1000.0
            weight += value * p["scaling"] * (p["target_rate"] - rate) * weight
        elif kind == 1:
            weight -= p["amplitude_minus"] * room * sum(exp(-(now - t) / p["tau_minus"]) for t in posts if t < now)
        else:
            weight += p["amplitude_plus"] * room * sum(exp(-(now - s) / p["tau_plus"]) for s in arrivals if s <= now)
        weight = min(max(weight, p["w_min"]), p["w_max"])
    return weight
