"""Distributions of weights, delays, parameters and initial states. A seed gives the same numbers on every machine."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from snn._arrays import float32_number, integer, new_array, number
from snn._strict import keywords_told
from snn.engine import _native
from snn.engine.errors import InvalidArgumentError

__all__ = ["Distribution", "Exponential", "LogNormal", "Normal", "Uniform"]

Numbers = tuple[int, float, float, float, float]
_LARGEST = 6.34  # no standard normal number of the generator is farther from 0


class Distribution(ABC):
    """A value drawn for each synapse or neuron: `Normal`, `Uniform`, `LogNormal` or `Exponential`.

    Values outside `low` and `high`, if given, are drawn again. Bounds that contain less than 1 in 65,536 values are refused.
    """

    def draw(self, count: int, *, seed: int, stream: int = 0) -> NDArray[np.float64]:
        """Return `count` numbers, the same on every machine.

        Parameters
        ----------
        count : int
            Number of values.
        seed, stream : int
            0 to 2**64 - 1; different pairs give independent numbers.
        """
        values: NDArray[np.float64] = new_array([integer(count, "count")], np.float64, "the random array")
        _native.random_draw(values, self._numbers(), seed, stream)
        return values

    def _check_bounds(self) -> None:
        """Refuse bounds with too few values between them here, by name, not where the numbers are drawn."""
        low, high = _bounds(self, type(self).__name__)
        if low == -math.inf and high == math.inf:
            return
        numbers = self._numbers()
        # Numbers that are refused without bounds too are told where they are drawn.
        if _is_refused(numbers) and not _is_refused((*numbers[:3], -math.inf, math.inf)):
            raise InvalidArgumentError(f"{self!r}: less than 1 in 65,536 values lies within the bounds")

    @abstractmethod
    def _numbers(self) -> Numbers:
        """Return (kind, a, b, low, high) as ``snn.h`` has them."""


_Class = TypeVar("_Class", bound=type[Distribution])


def _told(made: _Class) -> _Class:
    """Let a distribution refuse arguments that it does not have as other classes do."""
    made.__init__ = keywords_told(made.__init__)  # type: ignore[method-assign]
    return made


def _is_refused(numbers: Numbers) -> bool:
    try:
        _native.random_draw(np.empty(0), numbers, 0, 0)
    except InvalidArgumentError:
        return True
    return False


def _bounds(owner: Any, name: str) -> tuple[float, float]:
    """Check `low` and `high` of a distribution; None means no bound."""
    low = -math.inf if owner.low is None else number(owner.low, f"{name}: low")
    high = math.inf if owner.high is None else number(owner.high, f"{name}: high")
    if low > high:
        raise InvalidArgumentError(f"{name}: low is {low} and high is {high}; low must not be above high")
    return low, high


@_told
@dataclass(frozen=True)
class Normal(Distribution):
    """Normal distribution, optionally truncated.

    Parameters
    ----------
    mean, std : float
        Mean and standard deviation (not negative) before truncation.
    low, high : float, optional
        Bounds. Without them values are at most 6.34 `std` from `mean`.
    """

    mean: float
    std: float
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        float32_number(self.mean, "Normal: mean")
        float32_number(self.std, "Normal: std", minimum=0.0)
        self._check_bounds()

    def _numbers(self) -> Numbers:
        return (1, float(self.mean), float(self.std), *_bounds(self, "Normal"))


@_told
@dataclass(frozen=True)
class Uniform(Distribution):
    """Uniform numbers from `low` to `high`."""

    low: float
    high: float

    def __post_init__(self) -> None:
        low, high = float32_number(self.low, "Uniform: low"), float32_number(self.high, "Uniform: high")
        if low > high:
            raise InvalidArgumentError(f"Uniform: low is {low} and high is {high}; low must not be above high")

    def _numbers(self) -> Numbers:
        return (2, float(self.low), float(self.high), -math.inf, math.inf)


@_told
@dataclass(frozen=True)
class LogNormal(Distribution):
    """Log-normal distribution, optionally truncated.

    Parameters
    ----------
    mean_log, std_log : float
        Mean and standard deviation (not negative) of the logarithm.
    low, high : float, optional
        Bounds of the numbers themselves. Without them values are at most ``exp(mean_log + 6.34 std_log)``.
    """

    mean_log: float
    std_log: float
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        float32_number(self.mean_log, "LogNormal: mean_log")
        float32_number(self.std_log, "LogNormal: std_log", minimum=0.0)
        self._check_bounds()

    def _numbers(self) -> Numbers:
        return (3, float(self.mean_log), float(self.std_log), *_bounds(self, "LogNormal"))


@_told
@dataclass(frozen=True)
class Exponential(Distribution):
    """Exponential distribution, optionally truncated.

    Parameters
    ----------
    scale : float
        Mean before truncation (above 0), that is, one over the rate.
    low, high : float, optional
        Bounds. Without them values are above 0 and at most 22.9 `scale`.
    """

    scale: float
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        float32_number(self.scale, "Exponential: scale", minimum=0.0, exclusive=True)
        self._check_bounds()

    def _numbers(self) -> Numbers:
        return (4, float(self.scale), 0.0, *_bounds(self, "Exponential"))


def numbers(value: Any, what: str, minimum: float = -math.inf) -> Numbers:
    """Return a number or a distribution as (kind, a, b, low, high); else raise an error that begins with `what`."""
    if isinstance(value, Distribution):
        return value._numbers()
    return (0, float32_number(value, what, minimum=minimum), 0.0, -math.inf, math.inf)


def moments(drawn: Numbers) -> tuple[float, float]:
    """Return mean and standard deviation of the values of a distribution, within its bounds."""
    kind, a, b, low, high = drawn
    if kind == 2:
        return (a + b) / 2, (b - a) / math.sqrt(12)
    if kind == 4:
        # Of an exponential variable with mean 1 between the bounds.
        first, last = max(low / a, 0.0), min(high / a, 700.0)
        if last - first < 1e-3:  # uniform, as far as doubles tell; the formulas below would cancel
            return a * (first + last) / 2, a * (last - first) / math.sqrt(12)
        share = math.exp(first - last)  # of what is above the lower bound, that above the upper one too
        beyond = share / (1.0 - share) * (last - first)
        return a * (1.0 + first - beyond), a * math.sqrt(1.0 - beyond * beyond - (last - first) * beyond)
    if kind == 0 or b == 0:
        return (math.exp(a) if kind == 3 else a), 0.0
    if kind == 3:
        low, high = (math.log(bound) if bound > 0 else -math.inf for bound in (low, high))
    # Of the normal variable, which is drawn from within these.
    left, right = max((low - a) / b, -_LARGEST), min((high - a) / b, _LARGEST)
    share = _below(right) - _below(left)
    if kind == 3:
        # Moment k of the values is exp(k a + (k b)^2 / 2) times the share of a normal variable, moved by k b, in the bounds.
        try:
            first, second = (
                math.exp((k * b) ** 2 / 2) * (_below(right - k * b) - _below(left - k * b)) for k in (1, 2)
            )
            mean = first / share
            return math.exp(a) * mean, math.exp(a) * math.sqrt(max(second / share - mean * mean, 0.0))
        except OverflowError:
            return math.inf, math.inf
    mean = (_density(left) - _density(right)) / share
    square = 1.0 + (left * _density(left) - right * _density(right)) / share
    return a + b * mean, b * math.sqrt(max(square - mean * mean, 0.0))


def _below(z: float) -> float:
    """Return the share of standard normal values below z."""
    return 0.5 * math.erfc(-z / math.sqrt(2))


def _density(z: float) -> float:
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
