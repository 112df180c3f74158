"""Initial weights: rules that draw the same numbers on every platform from a seed.

An initialiser is a callable ``(shape, fan_in, fan_out, seed, stream) -> float32 array``; any function of that form can
be given in place of the classes below.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from snn._arrays import Floats, float32_array, known_name, number
from snn.engine import _native
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError

__all__ = [
    "Constant",
    "Initializer",
    "KaimingNormal",
    "KaimingUniform",
    "Normal",
    "Uniform",
    "XavierNormal",
    "XavierUniform",
    "normal",
    "uniform",
]

Initializer = Callable[[tuple[int, ...], int, int, int, int], Floats]


def uniform(shape: tuple[int, ...] | int, low: float, high: float, *, seed: int, stream: int = 0) -> Floats:
    """Return float32 numbers uniform in [low, high), the same on every platform.

    Parameters
    ----------
    shape : int or tuple of int
        Shape of the result.
    low, high : float
        Bounds; `high` is excluded.
    seed, stream : int
        0 to 2**64 - 1; different pairs give independent numbers.
    """
    low, high = number(low, "low"), number(high, "high")
    if low > high:
        raise InvalidArgumentError(f"low is {low} and high is {high}; low must not be above high")
    return _filled(shape, seed, stream, 0, low, high)


def normal(shape: tuple[int, ...] | int, mean: float, std: float, *, seed: int, stream: int = 0) -> Floats:
    """Return float32 numbers with a normal distribution, the same on every platform.

    Parameters
    ----------
    shape : int or tuple of int
        Shape of the result.
    mean, std : float
        Mean and standard deviation (not negative).
    seed, stream : int
        0 to 2**64 - 1; different pairs give independent numbers.
    """
    return _filled(shape, seed, stream, 1, number(mean, "mean"), number(std, "std", minimum=0.0))


def _filled(shape: tuple[int, ...] | int, seed: int, stream: int, distribution: int, a: float, b: float) -> Floats:
    values = np.empty(shape, np.float32)
    if values.size:
        _native.random_fill(values, seed, stream, distribution, a, b)
    return values


@dataclass(frozen=True)
class Constant:
    """Every weight is `value`."""

    value: float

    def __call__(self, shape: tuple[int, ...], fan_in: int, fan_out: int, seed: int, stream: int) -> Floats:
        """Return the weights."""
        return np.full(shape, number(self.value, "value"), np.float32)


@dataclass(frozen=True)
class Uniform:
    """Uniform in [low, high)."""

    low: float
    high: float

    def __call__(self, shape: tuple[int, ...], fan_in: int, fan_out: int, seed: int, stream: int) -> Floats:
        """Return the weights."""
        return uniform(shape, self.low, self.high, seed=seed, stream=stream)


@dataclass(frozen=True)
class Normal:
    """Normal with `mean` and standard deviation `std`."""

    mean: float
    std: float

    def __call__(self, shape: tuple[int, ...], fan_in: int, fan_out: int, seed: int, stream: int) -> Floats:
        """Return the weights."""
        return normal(shape, self.mean, self.std, seed=seed, stream=stream)


@dataclass(frozen=True)
class KaimingUniform:
    """Uniform with standard deviation gain / sqrt(fan_in) (He et al. 2015, https://arxiv.org/abs/1502.01852)."""

    gain: float = 1.0

    def __call__(self, shape: tuple[int, ...], fan_in: int, fan_out: int, seed: int, stream: int) -> Floats:
        """Return the weights."""
        bound = self.gain * math.sqrt(3.0 / fan_in)
        return uniform(shape, -bound, bound, seed=seed, stream=stream)


@dataclass(frozen=True)
class KaimingNormal:
    """Normal with standard deviation gain / sqrt(fan_in) (He et al. 2015, https://arxiv.org/abs/1502.01852)."""

    gain: float = 1.0

    def __call__(self, shape: tuple[int, ...], fan_in: int, fan_out: int, seed: int, stream: int) -> Floats:
        """Return the weights."""
        return normal(shape, 0.0, self.gain / math.sqrt(fan_in), seed=seed, stream=stream)


@dataclass(frozen=True)
class XavierUniform:
    """Uniform with standard deviation gain * sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio 2010)."""

    gain: float = 1.0

    def __call__(self, shape: tuple[int, ...], fan_in: int, fan_out: int, seed: int, stream: int) -> Floats:
        """Return the weights."""
        bound = self.gain * math.sqrt(6.0 / (fan_in + fan_out))
        return uniform(shape, -bound, bound, seed=seed, stream=stream)


@dataclass(frozen=True)
class XavierNormal:
    """Normal with standard deviation gain * sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio 2010)."""

    gain: float = 1.0

    def __call__(self, shape: tuple[int, ...], fan_in: int, fan_out: int, seed: int, stream: int) -> Floats:
        """Return the weights."""
        return normal(shape, 0.0, self.gain * math.sqrt(2.0 / (fan_in + fan_out)), seed=seed, stream=stream)


_BY_NAME: dict[str, Initializer] = {
    "kaiming_uniform": KaimingUniform(),
    "kaiming_normal": KaimingNormal(),
    "xavier_uniform": XavierUniform(),
    "xavier_normal": XavierNormal(),
    "zeros": Constant(0.0),
    "ones": Constant(1.0),
}


def initializer(rule: str | float | Initializer) -> Initializer:
    """Return the initialiser for a name, a number (constant) or a callable.

    Raises
    ------
    NotFoundError
        There is no initialiser of that name.
    ArgumentTypeError
        `rule` is none of the three.
    """
    if isinstance(rule, str):
        return _BY_NAME[known_name(rule, _BY_NAME, "initialiser")]
    if callable(rule):
        return rule
    if isinstance(rule, int | float):
        return Constant(float(rule))
    raise ArgumentTypeError(f"init is {rule!r}, not a name, a number or a callable")


def initial_weights(
    rule: Initializer, shape: tuple[int, ...], fan_in: int, fan_out: int, seed: int, stream: int, what: str
) -> Floats:
    """Draw weights and check what a user's own initialiser returned."""
    return float32_array(rule(shape, fan_in, fan_out, seed, stream), f"{what}: what init returned", shape)
