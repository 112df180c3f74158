"""Spike-timing dependent plasticity of one synapse, by hand, in double: sums over all earlier spikes, no traces.

Times are in ms and of one clock: ``arrivals`` of presynaptic spikes at the synapse, ``posts`` of the target's spikes. Of an
arrival and a spike at the same time, the arrival is first. Nothing here decays step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp
from typing import Any


def _sum(times: Sequence[float], now: float, tau: float, pairing: str) -> float:
    """Sum of exp(-(now - t) / tau) over all ``times``, or over the last one."""
    counted = times[-1:] if pairing == "nearest" else times
    return sum(exp(-(now - t) / tau) for t in counted)


def _run(
    arrivals: Sequence[float],
    posts: Sequence[float],
    weight: float,
    bounds: tuple[float, float],
    on_pre: Callable[[float, float, list[float], list[float]], float],
    on_post: Callable[[float, float, list[float], list[float]], float],
) -> float:
    """Go through the events in order; the events see those strictly before them in that order."""
    events = sorted([(t, 0) for t in arrivals] + [(t, 1) for t in posts])
    seen: tuple[list[float], list[float]] = ([], [])
    for now, side in events:
        weight = (on_post if side else on_pre)(weight, now, *seen)
        weight = min(max(weight, bounds[0]), bounds[1])
        seen[side].append(now)
    return weight


def _room(distance: float, side: str, p: dict[str, float], options: dict[str, Any]) -> float:
    """Guetig, Aharonov, Rotter & Sompolinsky 2003, equations 2 and 3; soft, mu = 1: Rubin, Lee & Sompolinsky 2001."""
    if options["bounds"] == "hard":
        return 1.0
    part: float = max(distance / (p["w_max"] - p["w_min"]), 0.0)
    return part if options["bounds"] == "soft" else part ** p[f"mu_{side}"]


def pair_stdp(
    arrivals: Sequence[float], posts: Sequence[float], weight: float, p: dict[str, float], options: dict[str, Any]
) -> float:
    """Morrison, Diesmann & Gerstner 2008, equations of section 4.1; bounds: see _room."""
    pairing = options["pairing"]
    low, high = p["w_min"], p["w_max"]

    def on_pre(w: float, now: float, pre: list[float], post: list[float]) -> float:
        room = (high - low) * _room(w - low, "minus", p, options)
        return w - p["amplitude_minus"] * room * _sum(post, now, p["tau_minus"], pairing)

    def on_post(w: float, now: float, pre: list[float], post: list[float]) -> float:
        room = (high - low) * _room(high - w, "plus", p, options)
        return w + p["amplitude_plus"] * room * _sum(pre, now, p["tau_plus"], pairing)

    return _run(arrivals, posts, weight, (low, high), on_pre, on_post)


def triplet_stdp(
    arrivals: Sequence[float], posts: Sequence[float], weight: float, p: dict[str, float], options: dict[str, Any]
) -> float:
    """Pfister & Gerstner 2006, equations 3 and 4: r1, o1 at the event, r2, o2 just before it."""
    pairing = options["pairing"]

    def on_pre(w: float, now: float, pre: list[float], post: list[float]) -> float:
        o1, r2 = _sum(post, now, p["tau_minus"], pairing), _sum(pre, now, p["tau_x"], pairing)
        return w - o1 * (p["a2_minus"] + p["a3_minus"] * r2) * _room(w - p["w_min"], "minus", p, options)

    def on_post(w: float, now: float, pre: list[float], post: list[float]) -> float:
        r1, o2 = _sum(pre, now, p["tau_plus"], pairing), _sum(post, now, p["tau_y"], pairing)
        return w + r1 * (p["a2_plus"] + p["a3_plus"] * o2) * _room(p["w_max"] - w, "plus", p, options)

    return _run(arrivals, posts, weight, (p["w_min"], p["w_max"]), on_pre, on_post)
