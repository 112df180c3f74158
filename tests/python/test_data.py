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
