"""Data sets that need no download."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import Floats, integer_array, number
from snn.engine.errors import InvalidArgumentError, UnsupportedError
from snn.init import uniform

__all__ = ["Split", "digits", "stratified_split"]

SPLIT_SEED = 2024


class Split(NamedTuple):
    """A data set cut in two."""

    train_x: Floats
    """Values in [0, 1], shape (samples, features)."""
    train_y: NDArray[np.int64]
    """Classes, shape (samples,)."""
    test_x: Floats
    test_y: NDArray[np.int64]


def digits() -> Split:
    """Return scikit-learn's bundled handwritten digits: 1,797 images of 8 x 8 pixels, ten classes.

    Pixels are divided by 16, so they lie in [0, 1]. The split is fixed: 80 % for training and 20 % for testing, each
    class in that proportion, drawn by `stratified_split` with a fixed seed, so it is the same on every machine and with
    every version of numpy and scikit-learn. Nothing in the library is chosen by looking at the test part.

    Returns
    -------
    Split
        1,437 samples to train on and 360 to test on.

    Raises
    ------
    UnsupportedError
        scikit-learn is not installed.

    Notes
    -----
    The data are the test part of the "Optical Recognition of Handwritten Digits" set: E. Alpaydin and C. Kaynak (1998),
    UCI Machine Learning Repository, https://doi.org/10.24432/C50P49.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise UnsupportedError(
            "the digits come with scikit-learn, which is not installed: pip install scikit-learn"
        ) from None
    bunch = load_digits()
    x = np.ascontiguousarray(bunch.data / 16.0, np.float32)
    y = np.asarray(bunch.target, np.int64)
    train, test = stratified_split(y, 0.2, seed=SPLIT_SEED)
    return Split(x[train], y[train], x[test], y[test])


def stratified_split(y: ArrayLike, fraction: float, *, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cut samples in two so that each class is cut in the same proportion.

    Parameters
    ----------
    y : array_like of int, shape (samples,)
        Classes.
    fraction : float
        The part that goes into the second list, 0 to 1.
    seed : int
        The same seed gives the same cut everywhere.

    Returns
    -------
    first, second : int arrays
        Indices, ascending. The second has ``fraction * samples`` of them, rounded up; what does not divide evenly goes
        to the classes with the largest remainders.
    """
    y = integer_array(y, "y")
    if y.size == 0:
        raise InvalidArgumentError("y is empty; there is nothing to split")
    share = number(fraction, "fraction", minimum=0.0)
    if share > 1.0:
        raise InvalidArgumentError(f"fraction is {share}; it must be 0 to 1")
    classes = np.unique(y)
    exact = np.array([share * np.count_nonzero(y == one) for one in classes])
    counts = np.floor(exact).astype(np.int64)
    # Rounded first: 0.2 * 35 is a little more than 7 in floating point.
    missing = math.ceil(round(share * y.size, 9)) - int(counts.sum())
    for position in np.argsort(counts - exact, kind="stable")[:missing]:
        counts[position] += 1
    second = []
    for stream, (one, count) in enumerate(zip(classes, counts, strict=True)):
        members = np.flatnonzero(y == one)
        order = np.argsort(uniform(members.size, 0.0, 1.0, seed=seed, stream=stream), kind="stable")
        second.append(members[order[:count]])
    chosen = np.zeros(y.size, np.bool_)
    chosen[np.concatenate(second)] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)
