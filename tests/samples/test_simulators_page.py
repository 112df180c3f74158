"""The programs of docs/simulators.md run, and every name that the page gives is there."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .pages import check_names, programs, run

PAGE = "simulators.md"
BALANCED, VARYING_RATE, EQUATIONS, SWEEP, FOR_GENN = programs(PAGE)


def test_the_balanced_network_is_irregular(tmp_path: Path) -> None:
    told = run(BALANCED, tmp_path)
    rate, variation = map(float, re.fullmatch(r"([\d.]+) Hz, CV of intervals ([\d.]+)\n", told).groups())  # type: ignore[union-attr]
    assert 15 < rate < 30
    assert 1.2 < variation < 2.0
    assert (tmp_path / "balanced.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_a_rate_in_each_step(tmp_path: Path) -> None:
    # 200 trains of 60 spikes each are expected: 0.37 Hz is the standard deviation of the mean rate.
    assert float(run(VARYING_RATE, tmp_path).removesuffix(" Hz\n")) == pytest.approx(40.0, abs=1.5)


def test_the_neuron_is_the_equations_beside_it() -> None:
    namespace: dict[str, Any] = {}
    exec(EQUATIONS, namespace)
    trains = namespace["run"]["cells"]["spike_events"].trains()
    for neuron, jump in enumerate((20.0, 0.0)):
        expected = exact_spikes(jump)
        assert len(expected) > 25
        # The Euler steps of 0.02 ms: in each interval a spike comes some steps late.
        assert len(trains[neuron]) == pytest.approx(len(expected), rel=0.02)
        assert np.diff(trains[neuron])[:20] == pytest.approx(np.diff(expected)[:20], rel=0.01)


def exact_spikes(jump: float) -> list[float]:
    """Times of spikes in a second of 500 pA: the page's equations by Runge and Kutta's method of order 4, 2 us at a time."""

    def slope(v: float, w: float) -> tuple[float, float]:
        return (10.0 * (-70.0 - v) + 20.0 * math.exp((v + 50.0) / 2.0) - w + 500.0) / 200.0, -w / 100.0

    v, w, times, step = -70.0, 0.0, [], 2e-3
    for index in range(round(1000.0 / step)):
        first = slope(v, w)
        second = slope(v + step / 2 * first[0], w + step / 2 * first[1])
        third = slope(v + step / 2 * second[0], w + step / 2 * second[1])
        fourth = slope(v + step * third[0], w + step * third[1])
        v += step / 6 * (first[0] + 2 * second[0] + 2 * third[0] + fourth[0])
        w += step / 6 * (first[1] + 2 * second[1] + 2 * third[1] + fourth[1])
        if v > -30.0:
            times.append((index + 1) * step)
            v, w = -60.0, w + jump
    return times


def test_a_sweep_over_seeds_in_processes(tmp_path: Path) -> None:
    rates = [float(rate) for rate in re.findall(r"\d+\.\d+", run(SWEEP, tmp_path))]
    assert len(set(rates)) > 1
    assert rates == pytest.approx([20.0] * 8, abs=2.0)  # of 100 neurons in a second, 4.5 standard deviations


def test_the_network_of_the_section_for_genn(tmp_path: Path) -> None:
    # Rates of this network differ by 0.3 Hz (tests/python/test_scenes.py).
    assert float(run(FOR_GENN, tmp_path).removesuffix(" Hz\n")) == pytest.approx(5.6, abs=0.9)


def test_every_name_is_there() -> None:
    check_names(PAGE)
