"""EventProp in float64: the exact times of spikes, found by bisection, and the way back in steps, written by hand.

Neurons: tau_m V' = -V + I, tau_s I' = -I, an arrival raises I by its weight, a spike where V passes 1, V goes down by 1.

- T. Wunderlich and C. Pehle 2021, doi 10.1038/s41598-021-91786-z, table 1; T. Nowotny et al. 2025, doi 10.1088/1741-2552/ada852
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
TAU_MEMBRANE, TAU_SYNAPSE, THRESHOLD = 20.0, 5.0, 1.0


def _forward(v: float, i: float, time: float) -> tuple[float, float]:
    slow, fast = math.exp(-time / TAU_MEMBRANE), math.exp(-time / TAU_SYNAPSE)
    return slow * v + TAU_SYNAPSE / (TAU_SYNAPSE - TAU_MEMBRANE) * (fast - slow) * i, fast * i


def _crossing(v: float, i: float, end: float) -> float | None:
    """The first time up to `end` at which the membrane passes the threshold."""
    fast = TAU_SYNAPSE / (TAU_SYNAPSE - TAU_MEMBRANE) * i
    slow = v - fast  # V(t) = slow exp(-t / tau_m) + fast exp(-t / tau_s) has at most one maximum
    high = end
    ratio = -(fast / TAU_SYNAPSE) / (slow / TAU_MEMBRANE) if slow != 0.0 else -1.0
    if ratio > 0.0:
        peak = math.log(ratio) / (1 / TAU_SYNAPSE - 1 / TAU_MEMBRANE)
        if 0.0 < peak < end and _forward(v, i, peak)[0] > THRESHOLD:
            high = peak
    if _forward(v, i, high)[0] <= THRESHOLD:
        return None
    low = 0.0
    for _ in range(80):
        middle = (low + high) / 2
        if _forward(v, i, middle)[0] > THRESHOLD:
            high = middle
        else:
            low = middle
    return high


def spike_times(
    trains: list[tuple[float, int]], into: Array, between: Array, delay: Array, end: float
) -> list[list[float]]:
    """When each neuron spikes; `trains` are (time, input), `into` [input][neuron], `between` and `delay` [neuron][neuron]."""
    count = into.shape[1]
    state = [(0.0, 0.0)] * count
    found: list[list[float]] = [[] for _ in range(count)]
    arrivals: list[tuple[float, int, Array]] = [(time, k, into[i]) for k, (time, i) in enumerate(trains)]
    arrivals.append((end, len(arrivals), np.zeros(count)))
    heapq.heapify(arrivals)
    now, number = 0.0, len(arrivals)
    while arrivals:
        left = arrivals[0][0] - now
        crossings = [(time, j) for j, s in enumerate(state) if left > 0 and (time := _crossing(*s, left)) is not None]
        time, who = min(crossings, default=(left, -1))
        state = [_forward(v, i, time) for v, i in state]
        now += time
        if who < 0:
            jumps = heapq.heappop(arrivals)[2]
            state = [(v, i + jump) for (v, i), jump in zip(state, jumps, strict=True)]
            continue
        state[who] = (state[who][0] - THRESHOLD, state[who][1])
        found[who].append(now)
        for target in np.flatnonzero(between[who]):
            jumps = np.zeros(count)
            jumps[target] = between[who, target]
            heapq.heappush(arrivals, (now + delay[who, target], number, jumps))
            number += 1
    return found


def differences(loss: Callable[[], float], weights: Array, by: float = 1e-5) -> Array:
    """Central differences of `loss` in each of the weights, which it reads."""
    found = np.zeros_like(weights)
    for place in np.ndindex(weights.shape):
        kept = weights[place]
        weights[place] = kept + by
        above = loss()
        weights[place] = kept - by
        found[place] = (above - loss()) / (2 * by)
        weights[place] = kept
    return found


@dataclass
class Net:
    """Spikes -> neurons, with weights back to themselves `delay` steps later -> leaky integrators, steps of 1 ms."""

    into: Array  # [input][hidden]
    bias: Array  # [hidden]
    back: Array  # [hidden][hidden]
    out: Array  # [hidden][output]
    delay: int
    leak: float  # of an output in a step


def gradients(net: Net, spikes: Array, labels: NDArray[np.int64]) -> dict[str, Array]:
    """Of softmax cross-entropy of the outputs' mean membranes, mean over samples; spikes [step][sample][input]."""
    steps, batch, _ = spikes.shape
    hidden, outputs = net.out.shape
    slow, fast = math.exp(-1 / TAU_MEMBRANE), math.exp(-1 / TAU_SYNAPSE)
    gain = TAU_SYNAPSE / (TAU_SYNAPSE - TAU_MEMBRANE) * (fast - slow)
    v, i, y = np.zeros((batch, hidden)), np.zeros((batch, hidden)), np.zeros((batch, outputs))
    fired = np.zeros((steps, batch, hidden))
    earlier = np.zeros((steps, batch, hidden))
    total = np.zeros((batch, outputs))
    for t in range(steps):
        before = v
        v = slow * v + gain * i
        i = fast * i + spikes[t] @ net.into + net.bias
        if t >= net.delay:
            i = i + fired[t - net.delay] @ net.back
        fired[t] = v > THRESHOLD
        earlier[t] = np.where((fired[t] > 0) & (before <= THRESHOLD), 1.0 / np.where(v == before, 1.0, v - before), 0.0)
        v = v - THRESHOLD * fired[t]
        y = net.leak * y + fired[t] @ net.out
        total += y
    mean = total / steps
    likely = np.exp(mean - mean.max(1, keepdims=True))
    likely /= likely.sum(1, keepdims=True)
    likely[np.arange(batch), labels] -= 1.0
    asked = likely / batch / steps  # of the membrane of every step
    found = {name: np.zeros_like(getattr(net, name)) for name in ("into", "bias", "back", "out")}
    of_v, of_i, of_y = np.zeros((batch, hidden)), np.zeros((batch, hidden)), np.zeros((batch, outputs))
    arrival = np.zeros((steps + net.delay + 2, batch, hidden))  # dL/d(an arrival at a neuron at that step)
    output_arrival = np.zeros((steps + 2, batch, outputs))
    for t in reversed(range(steps)):
        of_y = net.leak * of_y + asked
        output_arrival[t] = of_y
        later = (output_arrival[t + 1] - output_arrival[t]) @ net.out.T
        later = later + (arrival[t + net.delay + 1] - arrival[t + net.delay]) @ net.back.T
        of_v, of_i = slow * of_v, gain * of_v + fast * of_i
        of_v = of_v + fired[t] * earlier[t] * ((1 - slow) * THRESHOLD * of_v - later)
        arrival[t] = of_i
        found["into"] += spikes[t].T @ of_i
        found["bias"] += of_i.sum(0)
        found["out"] += fired[t].T @ of_y
        if t >= net.delay:
            found["back"] += fired[t - net.delay].T @ of_i
    return found
