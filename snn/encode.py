"""Encoders: convert values in [0, 1] to input for each step.

The functions return float32 of shape (steps, samples, features), as `Simulation.run` takes it. For values of one sample,
shape (features,), they return (steps, features). `population` is used before an encoder: it returns values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import ArrayLike

from snn._arrays import LARGEST_FLOAT32, Floats, choice, float32_array, float32_number, integer, new_array, number
from snn._elsewhere import no_such_name
from snn._words import EncoderName
from snn.engine import _native
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, counted, shown

__all__ = ["Encoder", "constant", "delta", "latency", "phase", "population", "rank_order", "rate"]


def __dir__() -> list[str]:
    return __all__


KINDS: tuple[str, ...] = get_args(EncoderName)


@dataclass(frozen=True)
class Encoder:
    """An encoder with its settings, for `Trainer`.

    Parameters
    ----------
    kind : {"rate", "latency", "constant", "delta"}
        See the functions of this module.
    gain : float, default 1.0
        Factor on the values (rate, constant).
    threshold : float, default 0.01
        Smallest value (latency) or rise (delta) that makes a spike.
    """

    kind: EncoderName
    gain: float = 1.0
    threshold: float = 0.01

    def __post_init__(self) -> None:
        choice(self.kind, KINDS, "the encoder")
        float32_number(self.gain, "gain", minimum=0.0)
        float32_number(self.threshold, "threshold")

    def __call__(self, values: ArrayLike, steps: int, *, seed: int = 0, out: Floats | None = None) -> Floats:
        """Return the input for `steps` steps, written to `out` if given.

        Parameters
        ----------
        values : array_like
            Shape (samples, features) or (features,); for ``"delta"`` (steps, samples, features) or (steps, features).
        steps : int
            Number of steps.
        seed : int
            For ``"rate"``: the same seed gives the same spikes.
        out : float32 array, shape (steps, samples, features), optional
            Array for the result.
        """
        count = integer(steps, "steps", minimum=1)
        array = float32_array(values, "values")
        if self.kind == "constant":
            self._check_product(array)
        frames = 1 if self.kind == "delta" else 0
        if array.ndim - frames not in (1, 2):
            time = "steps, " if frames else ""
            raise InvalidArgumentError(
                f"values has shape {array.shape}; it must be ({time}samples, features) or ({time}features)"
            )
        if frames and array.shape[0] != count:
            raise InvalidArgumentError(f"values has {counted(array.shape[0], 'step')}; steps is {count}")
        single = array.ndim - frames == 1
        samples, features = (1 if single else array.shape[-2]), array.shape[-1]
        shape = (count, features) if single else (count, samples, features)
        if out is None:
            out = new_array(shape, np.float32, "the encoded input")
        elif not isinstance(out, np.ndarray):
            raise ArgumentTypeError(f"out is {shown(out)}, not a float32 array")
        elif out.shape != shape:
            raise InvalidArgumentError(f"out has shape {out.shape}; it must be {shape}")
        if out.size:
            _native.encode(
                KINDS.index(self.kind),
                array,
                samples,
                features,
                out,
                steps=count,
                gain=self.gain,
                threshold=self.threshold,
                seed=seed,
            )
        return out

    def _check_product(self, values: Floats) -> None:
        """Raise InvalidArgumentError if gain times a value does not fit float32."""
        largest = float(np.abs(values).max(initial=0.0))
        if float(self.gain) * largest > LARGEST_FLOAT32:
            raise InvalidArgumentError(
                f"gain is {self.gain:g} and values go up to {largest:g}; their product must fit float32"
            )


def rate(values: ArrayLike, steps: int, *, gain: float = 1.0, seed: int = 0) -> Floats:
    """Spike at each step with probability ``gain * value``, clipped to 1.

    Parameters
    ----------
    values : array_like, shape (samples, features) or (features,)
        In [0, 1].
    steps : int
        Number of steps.
    gain : float
        Factor on the values.
    seed : int
        The same seed gives the same spikes, on every platform.
    """
    return Encoder("rate", gain=gain)(values, steps, seed=seed)


def latency(values: ArrayLike, steps: int, *, threshold: float = 0.01) -> Floats:
    """One spike at step ``round((1 - value) * (steps - 1))``: the larger the value, the earlier.

    Parameters
    ----------
    values : array_like, shape (samples, features) or (features,)
        In [0, 1].
    steps : int
        Number of steps.
    threshold : float
        Values below it give no spike.
    """
    return Encoder("latency", threshold=threshold)(values, steps)


def constant(values: ArrayLike, steps: int, *, gain: float = 1.0) -> Floats:
    """``gain * value`` at every step, for an `snn.Input`.

    Parameters
    ----------
    values : array_like, shape (samples, features) or (features,)
        Any finite values.
    steps : int
        Number of steps.
    gain : float
        Factor on the values.
    """
    return Encoder("constant", gain=gain)(values, steps)


def delta(values: ArrayLike, *, threshold: float = 0.01) -> Floats:
    """Spike where the value rose by more than `threshold` since the previous step. The first step compares with 0.

    Parameters
    ----------
    values : array_like, shape (steps, samples, features) or (steps, features)
        A signal over time.
    threshold : float
        Smallest rise that makes a spike.
    """
    array = float32_array(values, "values")
    if array.ndim not in (2, 3):
        raise InvalidArgumentError(
            f"values has shape {array.shape}; it must be (steps, samples, features) or (steps, features)"
        )
    return Encoder("delta", threshold=threshold)(array, array.shape[0])


def phase(values: ArrayLike, steps: int, *, period: int = 8) -> Floats:
    """Spike in phase k of each period if binary digit k of the value is 1, highest digit first.

    A spike in phase k, from 0, stands for 2^-(k + 1), so a period encodes a value to within 2^-period (Kim et al. 2018,
    Deep neural networks with weighted spikes, Neurocomputing 311; SpikingJelly's ``WeightedPhaseEncoder``).

    Parameters
    ----------
    values : array_like, shape (samples, features) or (features,)
        In [0, 1]; values above 1 - 2^-period spike in every phase.
    steps : int
        Number of steps.
    period : int, default 8
        Steps of a period, 1 to 24: the number of digits encoded.
    """
    array = _unit_interval(values)
    count = integer(steps, "steps", minimum=1)
    digits = integer(period, "period", minimum=1, maximum=24)
    whole = np.minimum(array.astype(np.float64) * 2.0**digits, 2.0**digits - 1).astype(np.int64)
    out = new_array((count, *array.shape), np.float32, "the encoded input")
    for step in range(count):
        out[step] = (whole >> (digits - 1 - step % digits)) & 1
    return out


def rank_order(values: ArrayLike, steps: int, *, threshold: float = 0.01) -> Floats:
    """One spike for each feature, in the order of the values: the largest in the first step, the smallest in the last.

    Feature k of n, sorted from the largest, k from 0, spikes at step ``k * (steps - 1) // (n - 1)``. Features with equal
    values spike together, at the step of the first (Thorpe and Gautrais 1998, Rank order coding).

    Parameters
    ----------
    values : array_like, shape (samples, features) or (features,)
        In [0, 1].
    steps : int
        Number of steps.
    threshold : float, default 0.01
        Values below it give no spike.
    """
    array = _unit_interval(values)
    count = integer(steps, "steps", minimum=1)
    least = float32_number(threshold, "threshold")
    out = new_array((count, *array.shape), np.float32, "the encoded input")
    rows = np.atleast_2d(array)
    spikes = out.reshape(count, *rows.shape)
    for sample, row in enumerate(rows):
        ranks = row.size - np.searchsorted(np.sort(row), row, side="right")  # how many are larger
        firing = np.flatnonzero(row >= np.float32(least))
        spikes[ranks[firing] * (count - 1) // max(1, row.size - 1), sample, firing] = 1.0
    return out


def population(
    values: ArrayLike, neurons: int, *, low: float = 0.0, high: float = 1.0, width: float | None = None
) -> Floats:
    """Return the activity of several neurons for each feature, tuned to different values (Gaussian receptive fields).

    Centres are spaced evenly from `low` to `high`; the activity is exp(-(value - centre)^2 / (2 width^2)) (Bohte, Kok and
    La Poutre 2002, doi 10.1016/S0925-2312(01)00658-0). It is in [0, 1], as encoders expect:
    ``latency(population(values, 8), steps)``.

    Parameters
    ----------
    values : array_like, shape (samples, features) or (features,)
        Any finite values.
    neurons : int
        Neurons for each feature, 2 or more.
    low, high : float, default 0.0 and 1.0
        The first and the last centre.
    width : float, optional
        Standard deviation of a receptive field; default: the distance between centres divided by 1.5.

    Returns
    -------
    float32 array, shape (samples, features * neurons) or (features * neurons,)
        The neurons of a feature are adjacent.
    """
    array = _of_samples(values)
    count = integer(neurons, "neurons", minimum=2)
    first = float32_number(low, "low")
    last = float32_number(high, "high")
    if not first < last:
        raise InvalidArgumentError(f"low is {first:g} and high is {last:g}; low must be below high")
    spread = (
        (last - first) / (count - 1) / 1.5 if width is None else number(width, "width", minimum=0.0, exclusive=True)
    )
    out = new_array((*array.shape, count), np.float32, "the population's activity")
    with np.errstate(over="ignore"):  # a value many widths away: no activity
        for neuron, centre in enumerate(np.linspace(first, last, count)):
            out[..., neuron] = np.exp(-0.5 * ((array.astype(np.float64) - centre) / spread) ** 2)
    return out.reshape(*array.shape[:-1], array.shape[-1] * count)


def _of_samples(values: ArrayLike) -> Floats:
    """Return values of shape (samples, features) or (features,)."""
    array = float32_array(values, "values")
    if array.ndim not in (1, 2):
        raise InvalidArgumentError(f"values has shape {array.shape}; it must be (samples, features) or (features)")
    return array


def _unit_interval(values: ArrayLike) -> Floats:
    array = _of_samples(values)
    right = (array >= 0) & (array <= 1)
    if not right.all():
        place = np.unravel_index(int(np.argmin(right)), array.shape)
        raise InvalidArgumentError(f"values[{', '.join(map(str, place))}] is {array[place]:g}; expected 0 to 1")
    return array


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, __all__)
