"""The scene `stdp`, written by hand in float64: the rate of the cells over the window after the warm-up, and the weights then.

``python -m tests.oracle.stdp_scene`` prints mean and standard deviation of the runs that the scene's numbers are from.
"""

from __future__ import annotations

import numpy as np

from snn.scenes import Weights


def run(cells: int, warm_up: float, window: float, seed: int, dt: float = 0.1) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the mean rate of `cells` neurons in hertz, learned and initial weights as parts of the largest; times in ms."""
    rng = np.random.default_rng(seed)
    w_max, plus, minus = 0.6, 0.01, 0.0105
    w = rng.uniform(0, w_max, (1000, cells))
    initial = w / w_max
    v, current = np.full(cells, -74.0), np.zeros(cells)
    arrivals, spikes = np.zeros(1000), np.zeros(cells)  # traces
    decay_m, decay_s, decay_t = np.exp(-dt / 10), np.exp(-dt / 5), np.exp(-dt / 20)
    drive = 5 / (5 - 10) * (decay_s - decay_m)  # of the exact solution for a decaying current
    count = 0
    for step in range(round((warm_up + window) / dt)):
        arrivals *= decay_t
        spikes *= decay_t
        active = np.flatnonzero(rng.random(1000) < 15.0 * dt / 1000)
        w[active] = np.maximum(w[active] - minus * w_max * spikes, 0)
        current += w[active].sum(0)
        arrivals[active] += 1
        v = -74.0 + (v + 74.0) * decay_m + current * drive
        current *= decay_s
        fired = np.flatnonzero(v > -54.0)
        v[fired] = -60.0
        w[:, fired] = np.minimum(w[:, fired] + plus * w_max * arrivals[:, None], w_max)
        spikes[fired] += 1
        if step >= round(warm_up / dt):
            count += fired.size
    return count / cells / (window / 1000), w / w_max, initial


if __name__ == "__main__":
    runs = [run(100, 200.0, 1000.0, seed) for seed in range(24)]
    rates = [rate for rate, _, _ in runs]
    print(f"{np.mean(rates):.2f} +- {np.std(rates):.2f} Hz")
    summaries = [Weights.summary(parts, initial) for _, parts, initial in runs]
    for name in summaries[0]:
        values = [one[name] for one in summaries]
        print(f"weights, {name}: {np.mean(values):.4f} +- {np.std(values):.4f}")
