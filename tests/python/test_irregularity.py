"""Irregularity and correlation: of trains with known ones, and of the cortical microcircuit, within what NEST shows."""

from __future__ import annotations

import numpy as np
import pytest

from snn.engine.bench.irregularity import NEST, here, spike_statistics

DT, COUNT, SIZE = 0.1, 200_000, 60


def of(spikes: list[np.ndarray]):
    steps = np.concatenate(spikes).astype(np.uint32)
    neurons = np.repeat(np.arange(len(spikes), dtype=np.uint32), [len(one) for one in spikes])
    order = np.argsort(steps, kind="stable")  # as a simulation gives them
    return spike_statistics(steps[order], neurons[order], len(spikes), COUNT, DT)


def test_regular_trains_have_no_variation_and_their_rate() -> None:
    found = of([np.arange(7 * k, COUNT, 1000) for k in range(SIZE)])
    assert found.rate_hz == pytest.approx(10.0)
    assert found.cv_isi == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("shared", [0.0, 0.1, 0.5])
def test_trains_that_share_spikes_are_as_correlated_as_the_part_they_share(shared: float) -> None:
    """Poisson trains at 20 Hz, of which each has a part from one common train: Pearson's correlation is that part."""
    random = np.random.default_rng(3)

    def train(rate: float) -> np.ndarray:
        return np.flatnonzero(random.random(COUNT) < rate * DT * 1e-3)

    common = train(20.0 * shared)
    found = of([np.union1d(common, train(20.0 * (1.0 - shared))) for _ in range(SIZE)])
    # One spike a step: intervals are geometric, of CV sqrt(1 - 0.002). With 10,000 bins a pair is off by 0.01, all by less.
    assert found.rate_hz == pytest.approx(20.0, rel=0.03)
    # Of 400 intervals a neuron's is off by 1 / sqrt(800), all neurons together where they share their spikes.
    assert found.cv_isi == pytest.approx(1.0, abs=0.02 if shared == 0.0 else 0.1)
    assert found.correlation == pytest.approx(shared, abs=0.002 if shared == 0.0 else 0.03)


def test_neurons_with_few_spikes_have_no_variation() -> None:
    found = of([np.array([5, 9]), np.arange(0, COUNT, 50_000), np.arange(0, COUNT, 1000)])
    assert found.cv_isi == 0.0
    assert found.rate_hz == pytest.approx((2 + 4 + 200) / 3 / 20.0)


def test_the_microcircuit_is_as_irregular_and_correlated_as_in_nest() -> None:
    for name, found in here(0).items():
        assert NEST[name].allows(found), f"{name}: {found}; NEST: {NEST[name]}"
