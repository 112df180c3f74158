"""The digits and their fixed split."""

from __future__ import annotations

import hashlib
from fractions import Fraction

import numpy as np
import pytest
from sklearn.datasets import load_digits

import snn
from snn.data import SPLIT_SEED, digits, stratified_split

# Of the indices as little-endian int64, train then test. Accuracies are only comparable while this stays the same.
SPLIT_HASH = "60b90347645349ba535434460c0470b4eec9ab4995b6b1e8b20ba62850fe1c15"


def test_the_digits_are_all_there_and_scaled() -> None:
    split = digits()
    assert split.train_x.shape == (1437, 64)
    assert split.test_x.shape == (360, 64)
    assert split.train_y.size + split.test_y.size == 1797
    for x, y in ((split.train_x, split.train_y), (split.test_x, split.test_y)):
        assert x.dtype == np.float32
        assert y.dtype == np.int64
        assert x.min() == 0.0
        assert x.max() == 1.0
        np.testing.assert_array_equal(x * 16, np.round(x * 16))  # sixteenths, nothing was rounded
        assert sorted(set(y.tolist())) == list(range(10))


def test_the_split_is_fixed() -> None:
    labels = np.asarray(load_digits().target, np.int64)
    train, test = stratified_split(labels, 0.2, seed=SPLIT_SEED)
    whole = hashlib.sha256(train.astype("<i8").tobytes() + test.astype("<i8").tobytes())
    assert whole.hexdigest() == SPLIT_HASH
    # And it is the one that digits() uses.
    images = load_digits().data / 16
    split = digits()
    np.testing.assert_array_equal(split.train_x, images[train])
    np.testing.assert_array_equal(split.test_x, images[test])
    np.testing.assert_array_equal(split.train_y, labels[train])
    np.testing.assert_array_equal(split.test_y, labels[test])


def test_a_caller_may_change_what_it_was_given() -> None:
    digits().train_x[:] = -1.0
    assert digits().train_x.min() == 0.0


@pytest.mark.parametrize("fraction", [0.0, 0.1, 0.2, 0.25, 1 / 3, 0.5, 1.0])
def test_each_class_is_cut_in_the_same_proportion(fraction: float) -> None:
    random = np.random.Generator(np.random.Philox(2))
    labels = random.choice([3, 5, 9], 241, p=[0.7, 0.25, 0.05])
    first, second = stratified_split(labels, fraction, seed=1)
    # Every sample once, indices ascending.
    assert sorted([*first.tolist(), *second.tolist()]) == list(range(241))
    assert (np.diff(first) > 0).all()
    assert (np.diff(second) > 0).all()
    exact = Fraction(fraction).limit_denominator(100)
    assert second.size == -(-exact * 241 // 1)  # rounded up
    for one in (3, 5, 9):
        share = exact * int(np.count_nonzero(labels == one))
        assert abs(np.count_nonzero(labels[second] == one) - share) < 1


def test_the_remainder_goes_to_the_classes_that_lost_most() -> None:
    labels = np.repeat([0, 1, 2], [14, 10, 18])  # a fifth: 2.8, 2.0, 3.6; together 8.4, so 9
    _, second = stratified_split(labels, 0.2, seed=0)
    assert np.bincount(labels[second]).tolist() == [3, 2, 4]


def test_the_seed_decides_and_nothing_else() -> None:
    labels = np.repeat([0, 1], 50)
    _, second = stratified_split(labels, 0.3, seed=7)
    np.testing.assert_array_equal(stratified_split(labels, 0.3, seed=7)[1], second)
    assert not np.array_equal(stratified_split(labels, 0.3, seed=8)[1], second)
    # Drawn, not the first of each class.
    assert not np.array_equal(second, np.concatenate([np.arange(15), np.arange(50, 65)]))


def test_a_wrong_fraction_is_named() -> None:
    with pytest.raises(snn.InvalidArgumentError, match=r"fraction is 1.5; it must be 0 to 1"):
        stratified_split(np.arange(4), 1.5, seed=0)
    with pytest.raises(snn.InvalidArgumentError, match=r"fraction is -0.1; it must be at least 0"):
        stratified_split(np.arange(4), -0.1, seed=0)


def counts_alone(split: snn.data.Split) -> float:
    """Test accuracy of a linear classifier (least squares) that sees how often each input spiked, and not when."""
    train, test = (np.pad(x.sum(1), ((0, 0), (0, 1)), constant_values=1.0) for x in (split.train_x, split.test_x))
    wanted = np.eye(int(split.train_y.max()) + 1)[split.train_y]
    scores = test @ np.linalg.lstsq(train, wanted, rcond=None)[0]
    return float((scores.argmax(1) == split.test_y).mean())


@pytest.mark.parametrize(
    ("split", "classes", "by_counts", "by_time"),
    [
        (snn.data.delayed_coincidence(), 2, 0.6, 0.9),
        (snn.data.poisson_patterns(), 4, 0.4, 0.95),
    ],
    ids=["delayed_coincidence", "poisson_patterns"],
)
def test_back_propagation_through_time_learns_what_counts_do_not_tell(
    split: snn.data.Split, classes: int, by_counts: float, by_time: float
) -> None:
    assert counts_alone(split) < by_counts
    _, steps, inputs = split.train_x.shape
    net = snn.Sequential(
        snn.SpikeInput(inputs),
        snn.Dense(64),
        snn.LIF(tau_membrane=10.0),
        snn.Dense(classes),
        snn.LeakyIntegrator(tau_membrane=10.0),
    )
    trainer = snn.Trainer(
        net, steps=steps, epochs=12, learning_rate=5e-3, encoder=None, loss="cross_entropy_max_membrane"
    )
    trainer.fit(split.train_x, split.train_y)
    assert trainer.score(split.test_x, split.test_y) >= by_time


@pytest.mark.parametrize("make", [snn.data.delayed_coincidence, snn.data.poisson_patterns])
def test_spike_trains_follow_from_their_seed(make) -> None:
    first, again, other = make(60, seed=3), make(60, seed=3), make(60, seed=4)
    assert first.train_x.shape[0] == 45
    assert first.test_x.shape[0] == 15
    for one, two, three in zip(first, again, other, strict=True):
        assert np.array_equal(one, two)
        assert one.shape == three.shape
    assert not np.array_equal(first.train_x, other.train_x)
    assert set(np.unique(first.train_x)) == {0.0, 1.0}


def test_what_spike_trains_are_asked_for_is_checked() -> None:
    clean = snn.data.delayed_coincidence(8, delays=(2, 5), inputs=4, steps=12, jitter=0.0, noise=0.0)
    for x, y in zip(clean.train_x, clean.train_y, strict=True):
        assert x.sum(0).tolist() == [1, 1, 1, 1]
        first, second = x[:, 0].argmax(), x[:, 2].argmax()
        assert second - first == (2, 5)[y]
    clean = snn.data.poisson_patterns(30, classes=3, inputs=4, steps=12, jitter=0.0, deletion=0.0, noise=0.0)
    for label in range(3):
        chosen = clean.train_x[clean.train_y == label]
        assert (chosen == chosen[0]).all()
        assert np.array_equal(chosen[0].sum(0), clean.train_x[0].sum(0))
    with pytest.raises(snn.InvalidArgumentError, match="there must be two or more, 0 to 39 steps"):
        snn.data.delayed_coincidence(delays=(3, 40))
    with pytest.raises(snn.InvalidArgumentError, match=r"deletion is 1\.5; it must be 0 to 1"):
        snn.data.poisson_patterns(deletion=1.5)
    with pytest.raises(snn.InvalidArgumentError, match="classes is 1"):
        snn.data.poisson_patterns(classes=1)
