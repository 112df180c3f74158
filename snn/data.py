"""Data sets without download: scikit-learn's digits, and spike trains whose classes differ in spike times only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import Floats, integer, integer_array, new_array, number
from snn.engine.errors import InvalidArgumentError, UnsupportedError
from snn.init import normal, uniform

__all__ = ["Split", "delayed_coincidence", "digits", "poisson_patterns", "stratified_split"]


def __dir__() -> list[str]:
    return __all__


SPLIT_SEED = 2024


class Split(NamedTuple):
    """A data set split into training and test samples."""

    train_x: Floats
    """Values in [0, 1], shape (samples, features); of spike trains (samples, steps, inputs), for ``encoder=None``."""
    train_y: NDArray[np.int64]
    """Classes, shape (samples,)."""
    test_x: Floats
    test_y: NDArray[np.int64]


def digits() -> Split:
    """Return scikit-learn's bundled handwritten digits: 1,797 images of 8 x 8 pixels, ten classes.

    Pixels are divided by 16, so they are in [0, 1]. The split is fixed: 80 % of each class for training and 20 % for testing,
    by `stratified_split` with a fixed seed. It is the same on every machine and with every version of numpy and scikit-learn.
    Nothing in the library was chosen by looking at the test part.

    Returns
    -------
    Split
        1,437 training samples and 360 test samples.

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
    """Split samples in two, each class in the same proportion.

    Parameters
    ----------
    y : array_like of int, shape (samples,)
        Classes.
    fraction : float
        The fraction that goes into the second part, 0 to 1.
    seed : int
        The same seed gives the same split on every machine.

    Returns
    -------
    first, second : int arrays
        Indices, ascending. The second part has ``fraction * samples`` of them, rounded up; the remainder goes to the
        classes with the largest fractional parts.
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


def delayed_coincidence(
    samples: int = 1000,
    *,
    delays: Sequence[int] = (3, 10),
    inputs: int = 20,
    steps: int = 40,
    jitter: float = 0.7,
    noise: float = 0.01,
    test_share: float = 0.25,
    seed: int = 0,
) -> Split:
    """Return volleys of two groups of inputs; the delay between the volleys decides the class.

    Each input has one spike and a few random ones, so spike counts do not tell the class.

    Parameters
    ----------
    samples : int, default 1000
        Training and test samples together; classes take turns.
    delays : sequence of int, default (3, 10)
        For each class, the steps from the volley of the first half of the inputs to that of the second half.
    inputs, steps : int, default 20, 40
        Number of spike trains in a sample, and their length.
    jitter : float, default 0.7
        Standard deviation of each spike around its volley, in steps.
    noise : float, default 0.01
        Probability of an additional spike, for each input and step.
    test_share : float, default 0.25
        The part of the samples that is kept for testing.
    seed : int, default 0
        The same seed gives the same samples on every machine.

    Returns
    -------
    Split
        Spikes 0 and 1, shape (samples, steps, inputs).
    """
    lags = integer_array(delays, "delays")
    count, width = integer(samples, "samples", minimum=1), integer(inputs, "inputs", minimum=2)
    length = integer(steps, "steps", minimum=1)
    if lags.size < 2 or int(lags.min()) < 0 or int(lags.max()) >= length:
        raise InvalidArgumentError(f"delays is {list(lags)}; there must be two or more, 0 to {length - 1} steps each")
    y = np.arange(count) % lags.size
    # The same range of volley times for all classes, as wide as the delays allow.
    onset = np.floor(uniform(count, 0.0, float(length - int(lags.max())), seed=seed, stream=1))
    times = np.repeat(onset[:, None], width, 1)
    times[:, width // 2 :] += lags[y][:, None]
    times += normal((count, width), 0.0, number(jitter, "jitter", minimum=0.0), seed=seed, stream=2)
    everyone = np.broadcast_to(np.arange(width), times.shape)
    x = _spikes(times, everyone, (count, length, width), noise, seed)
    return _split(x, y, test_share)


def poisson_patterns(
    samples: int = 1000,
    *,
    classes: int = 4,
    inputs: int = 40,
    steps: int = 50,
    rate: float = 0.04,
    jitter: float = 1.0,
    deletion: float = 0.1,
    noise: float = 0.005,
    test_share: float = 0.25,
    seed: int = 0,
) -> Split:
    """Return noisy copies of frozen Poisson spike patterns, one for each class.

    An input has equally many spikes in the patterns of all classes, at different times, so spike counts tell almost nothing
    about the class. Compare the tasks of R. Guetig and H. Sompolinsky (2006), https://doi.org/10.1038/nn1643.

    Parameters
    ----------
    samples : int, default 1000
        Training and test samples together; classes take turns.
    classes : int, default 4
        Number of patterns.
    inputs, steps : int, default 40, 50
        Number of spike trains in a pattern, and their length.
    rate : float, default 0.04
        Mean spikes of an input in a step; each input has at least one spike.
    jitter : float, default 1.0
        Standard deviation of each spike around its time in the pattern, in steps. Times wrap around at the ends.
    deletion : float, default 0.1
        Probability that a spike of the pattern is deleted.
    noise : float, default 0.005
        Probability of an additional spike, for each input and step.
    test_share : float, default 0.25
        The part of the samples that is kept for testing.
    seed : int, default 0
        The same seed gives the same patterns and samples on every machine.

    Returns
    -------
    Split
        Spikes 0 and 1, shape (samples, steps, inputs).
    """
    count, kinds = integer(samples, "samples", minimum=1), integer(classes, "classes", minimum=2)
    width, length = integer(inputs, "inputs", minimum=1), integer(steps, "steps", minimum=1)
    drawn = uniform((width, length), 0.0, 1.0, seed=seed, stream=1) < _share(rate, "rate")
    spikes = np.maximum(drawn.sum(1), 1)
    # The first entries of a random permutation of the steps, for each class and input, so that no two spikes coincide.
    places = np.argsort(uniform((kinds, width, length), 0.0, 1.0, seed=seed, stream=2), axis=2, kind="stable")
    chosen = np.arange(length) < spikes[:, None]
    patterns = places[:, chosen]  # [class][spike]
    owners = np.broadcast_to(np.arange(width)[:, None], chosen.shape)[chosen]
    y = np.arange(count) % kinds
    shape = (count, owners.size)
    times = patterns[y] + normal(shape, 0.0, number(jitter, "jitter", minimum=0.0), seed=seed, stream=3)
    # Times wrap around: a spike lost at an end would make the count depend on the class.
    times = np.rint(times) % length
    times[uniform(shape, 0.0, 1.0, seed=seed, stream=4) < _share(deletion, "deletion")] = -1.0
    x = _spikes(times, np.broadcast_to(owners, shape), (count, length, width), noise, seed)
    return _split(x, y, test_share)


def _share(value: float, what: str) -> float:
    share = number(value, what, minimum=0.0)
    if share > 1.0:
        raise InvalidArgumentError(f"{what} is {share}; it must be 0 to 1")
    return share


def _spikes(
    times: NDArray[np.floating], owners: NDArray[np.integer], shape: tuple[int, int, int], noise: float, seed: int
) -> Floats:
    """Return spike trains [sample][step][input] from times [sample][spike]; those outside the steps are lost."""
    x = new_array(shape, np.float32, "the spikes of all samples")
    x[uniform(shape, 0.0, 1.0, seed=seed, stream=5) < _share(noise, "noise")] = 1.0
    rows = np.broadcast_to(np.arange(shape[0])[:, None], times.shape)
    places = np.rint(times).astype(np.int64)
    inside = (places >= 0) & (places < shape[1])
    x[rows[inside], places[inside], owners[inside]] = 1.0
    return x


def _split(x: Floats, y: NDArray[np.int64], test_share: float) -> Split:
    train, test = stratified_split(y, test_share, seed=SPLIT_SEED)
    return Split(x[train], y[train], x[test], y[test])
