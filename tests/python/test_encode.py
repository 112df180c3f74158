"""Encoders against their formulas, and the statistics of the random one."""

from __future__ import annotations

import math

import numpy as np
import pytest

import snn
from snn.encode import KINDS, Encoder, constant, delta, latency, phase, population, rank_order, rate

VALUES = np.array([[0.0, 0.005, 0.01, 0.24], [0.5, 0.76, 0.999, 1.0]], np.float32)


def test_constant_is_gain_times_value_at_every_step() -> None:
    found = constant([[-1.5, 0.0, 2.0]], 3, gain=0.5)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.tile(np.float32([[-0.75, 0.0, 1.0]]), (3, 1, 1)))


@pytest.mark.parametrize("steps", [1, 2, 7, 25])
def test_latency_is_one_spike_at_the_rounded_step(steps: int) -> None:
    found = latency(VALUES, steps)
    expected = np.zeros((steps, *VALUES.shape), np.float32)
    for sample, row in enumerate(VALUES.tolist()):
        for feature, value in enumerate(row):
            if value >= np.float32(0.01):
                # Half rounds up: Python's round() would take it to the even number.
                expected[math.floor((1.0 - value) * (steps - 1) + 0.5), sample, feature] = 1.0
    np.testing.assert_array_equal(found, expected)
    assert found[0, 1, 3] == 1.0  # the largest value at once
    assert found.sum() == 6  # 0 and 0.005 lie below the threshold


def test_latency_by_hand() -> None:
    # 9 steps: 1 -> 0, 0.75 -> 2, 0.5 -> 4, 0.0625 -> 7.5, which rounds up.
    found = latency([1.0, 0.75, 0.5, 0.0625], 9)
    assert np.argmax(found, axis=0).tolist() == [0, 2, 4, 8]
    assert found.sum(axis=0).tolist() == [1, 1, 1, 1]
    assert latency([0.3, 0.4], 5, threshold=0.35).sum(axis=0).tolist() == [0, 1]


def test_delta_spikes_where_the_signal_rose() -> None:
    signal = np.array([[0.5, 0.0], [0.5, 0.25], [0.875, 0.5], [0.75, 0.5], [1.5, 0.8125]], np.float32)
    #                   rise 0.5, 0      0, 0.25        0.375, 0.25    -0.125, 0    0.75, 0.3125
    found = delta(signal, threshold=0.25)
    assert found.tolist() == [[1, 0], [0, 0], [1, 0], [0, 0], [1, 1]]  # a rise of exactly 0.25 is not more than that
    np.testing.assert_array_equal(delta(signal[:, np.newaxis], threshold=0.25)[:, 0], found)


def test_rate_spikes_with_the_probability_of_the_value() -> None:
    steps = 20_000
    values = np.array([0.0, 0.02, 0.3, 0.5, 0.9, 1.0], np.float32)
    found = rate(values, steps, seed=3)
    assert set(np.unique(found)) == {0.0, 1.0}
    means = found.mean(axis=0, dtype=np.float64)
    # The mean of n draws has a standard deviation of sqrt(p (1 - p) / n): five of them, which no seed in a million misses.
    for value, mean in zip(values.tolist(), means.tolist(), strict=True):
        assert abs(mean - value) <= 5 * math.sqrt(value * (1 - value) / steps)
    assert means[0] == 0.0  # never and always are exact
    assert means[-1] == 1.0


def test_rate_draws_are_independent_of_one_another() -> None:
    steps, features = 4_000, 8
    found = rate(np.full((2, features), 0.5, np.float32), steps, seed=5).reshape(steps, -1) - 0.5
    # Correlations of n independent draws have a standard deviation of 1 / sqrt(n); 5 of them over 150 pairs.
    tolerance = 5 / math.sqrt(steps)
    between = np.corrcoef(found, rowvar=False)
    assert np.abs(between - np.eye(2 * features)).max() < tolerance  # features and samples
    for train in found.T:
        assert abs(np.corrcoef(train[1:], train[:-1])[0, 1]) < tolerance  # steps


def test_rate_gain_scales_the_probability_and_is_clipped() -> None:
    half = rate(np.full(4, 0.5, np.float32), 5_000, gain=0.5, seed=1)
    assert abs(half.mean() - 0.25) < 5 * math.sqrt(0.25 * 0.75 / half.size)
    assert rate([0.5], 100, gain=4.0).all()
    assert not rate([0.5], 100, gain=0.0).any()


def test_rate_is_fixed_by_its_seed_and_the_place_of_the_sample() -> None:
    values = np.random.Generator(np.random.Philox(1)).random((5, 9)).astype(np.float32)
    found = rate(values, 12, seed=8)
    np.testing.assert_array_equal(rate(values, 12, seed=8), found)
    assert not np.array_equal(rate(values, 12, seed=9), found)
    # A batch gives what its first samples give alone, a longer run what a shorter one gives.
    np.testing.assert_array_equal(rate(values[:2], 12, seed=8), found[:, :2])
    np.testing.assert_array_equal(rate(values, 5, seed=8), found[:5])
    # The same on every machine: these were written down once.
    golden = [1, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 1, 1]
    assert rate(np.full(16, 0.5, np.float32), 1, seed=0)[0].astype(int).tolist() == golden


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_of_one_sample_and_of_many(kind: str) -> None:
    encoder = Encoder(kind)
    many = VALUES if kind != "delta" else np.stack([VALUES, VALUES[::-1], VALUES])
    one = many[..., 0, :]
    found, alone = encoder(many, 3), encoder(one, 3)
    assert found.shape == (3, 2, 4)
    assert alone.shape == (3, 4)
    np.testing.assert_array_equal(found[:, 0], alone)
    out = np.full((3, 2, 4), np.nan, np.float32)
    assert encoder(many, 3, out=out) is out
    np.testing.assert_array_equal(out, found)


def test_phase_is_the_table_of_the_paper() -> None:
    found = phase(np.array([192, 1, 128, 255, 256, 0]) / 256, 8)
    expected = ["11000000", "00000001", "10000000", "11111111", "11111111", "00000000"]
    assert ["".join(f"{int(spike)}" for spike in feature) for feature in found.T] == expected
    twice = phase(VALUES, 11, period=5)
    np.testing.assert_array_equal(twice[5:10], twice[:5])
    np.testing.assert_array_equal(twice[10], twice[0])
    told = sum(twice[k] * 2.0 ** -(k + 1) for k in range(5))
    assert ((told <= VALUES) & (VALUES - told <= 2.0**-5)).all()


@pytest.mark.parametrize("period", [1, 24])
def test_phase_tells_a_value_to_its_last_digit(period: int) -> None:
    values = np.random.Generator(np.random.Philox(2)).random(500).astype(np.float32)
    told = np.tensordot(2.0 ** -np.arange(1, period + 1), phase(values, period, period=period).astype(np.float64), 1)
    np.testing.assert_array_equal(told, np.floor(values.astype(np.float64) * 2.0**period) / 2.0**period)


def test_rank_order_is_the_order_of_the_values() -> None:
    #       ranks    3    0    1    1    4; 0.005 is below the threshold
    values = np.array([0.2, 0.9, 0.5, 0.5, 0.005], np.float32)
    found = rank_order(values, 9)
    assert found.sum(axis=0).tolist() == [1, 1, 1, 1, 0]
    assert np.argmax(found, axis=0)[:4].tolist() == [6, 0, 2, 2]  # rank * 8 // 4
    np.testing.assert_array_equal(rank_order(np.stack([values, values[::-1]]), 9)[:, 1], found[:, ::-1])
    assert np.argmax(rank_order(np.linspace(0.1, 1.0, 25), 25), axis=0).tolist() == list(range(24, -1, -1))
    assert rank_order(values, 1).tolist() == [[1, 1, 1, 1, 0]]
    assert rank_order([0.3], 4).tolist() == [[1], [0], [0], [0]]
    assert rank_order([0.3, 0.4], 5, threshold=0.35).sum(axis=0).tolist() == [0, 1]


def test_a_population_of_receptive_fields() -> None:
    # Centres 0, 0.5 and 1, standard deviation 1/3: at a centre 1, at its neighbours exp(-1.5^2 / 2).
    near, far = math.exp(-1.125), math.exp(-4.5)
    expected = np.array([1, near, far, near, 1, near])
    np.testing.assert_allclose(population([0.0, 0.5], 3), expected, rtol=1e-7)
    many = population([[-1.0, 0.25], [1.0, 3.0]], 4, low=-1.0, high=5.0, width=2.0)
    assert (many.shape, many.dtype) == ((2, 8), np.float32)
    for sample, row in enumerate([[-1.0, 0.25], [1.0, 3.0]]):
        for feature, value in enumerate(row):
            for neuron, centre in enumerate((-1.0, 1.0, 3.0, 5.0)):
                activity = math.exp(-((value - centre) ** 2) / 8)
                assert many[sample, 4 * feature + neuron] == pytest.approx(activity, rel=1e-7)
    assert latency(population([0.5], 3), 25).shape == (25, 3)
    assert population([0.0, 1e30], 2, width=1e-300).tolist() == [1, 0, 0, 0]


def test_bad_input_of_these_is_named() -> None:
    with pytest.raises(snn.InvalidArgumentError, match=r"values\[1\] is 1.5; expected 0 to 1"):
        phase([0.5, 1.5], 3)
    with pytest.raises(snn.InvalidArgumentError, match=r"values\[1, 0\] is -0.5; expected 0 to 1"):
        rank_order([[0.5, 0.6], [-0.5, 0.7]], 3)
    with pytest.raises(snn.InvalidArgumentError, match=r"values\[0\] is inf; all values must be finite"):
        population([float("inf")], 3)
    with pytest.raises(snn.InvalidArgumentError, match=r"values has shape \(\); it must be \(samples, features\)"):
        population(0.5, 3)
    with pytest.raises(snn.InvalidArgumentError, match=r"period is 25; "):
        phase([0.5], 3, period=25)
    with pytest.raises(snn.InvalidArgumentError, match=r"neurons is 1; "):
        population([0.5], 1)
    with pytest.raises(snn.InvalidArgumentError, match=r"low is 1 and high is 1; low must be below high"):
        population([0.5], 3, low=1.0)
    with pytest.raises(snn.InvalidArgumentError, match=r"width is 0.0; it must be above 0"):
        population([0.5], 3, width=0.0)
    with pytest.raises(snn.InvalidArgumentError, match=r"steps is 0"):
        rank_order([0.5], 0)


def test_nothing_to_encode_is_no_error() -> None:
    for encode in (rate, phase, rank_order):
        assert encode(np.zeros((0, 4), np.float32), 5).shape == (5, 0, 4)
        assert encode(np.zeros((2, 0), np.float32), 5).shape == (5, 2, 0)
    assert population(np.zeros((0, 4), np.float32), 5).shape == (0, 20)


def test_bad_input_is_named() -> None:
    with pytest.raises(snn.InvalidArgumentError, match=r"values\[1\] is 1.5; expected 0 to 1"):
        rate([0.5, 1.5], 3)
    with pytest.raises(snn.InvalidArgumentError, match=r"values\[0\] is -0.5; expected 0 to 1"):
        latency([-0.5], 3)
    with pytest.raises(snn.InvalidArgumentError, match=r"values\[1\] is nan"):
        constant([0.5, float("nan")], 3)
    with pytest.raises(
        snn.InvalidArgumentError, match=r"values has shape \(1, 1, 1\); it must be \(samples, features\)"
    ):
        rate([[[0.5]]], 3)
    with pytest.raises(
        snn.InvalidArgumentError, match=r"values has shape \(1,\); it must be \(steps, samples, features\)"
    ):
        delta([0.5])
    with pytest.raises(snn.InvalidArgumentError, match=r"values has 2 steps; steps is 3"):
        Encoder("delta")([[0.5], [0.6]], 3)
    with pytest.raises(snn.InvalidArgumentError, match=r"steps is 0"):
        rate([0.5], 0)
    with pytest.raises(snn.InvalidArgumentError, match=r"out has shape \(2, 1\); it must be \(3, 1\)"):
        Encoder("rate")([0.5], 3, out=np.zeros((2, 1), np.float32))
    with pytest.raises(snn.InvalidArgumentError, match=r"the encoder is 'poisson'; it must be one of rate, latency"):
        Encoder("poisson")
    with pytest.raises(snn.InvalidArgumentError, match=r"gain is -1"):
        Encoder("rate", gain=-1.0)
    with pytest.raises(snn.InvalidArgumentError, match=r"threshold is nan"):
        Encoder("latency", threshold=float("nan"))
