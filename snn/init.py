"""Initial weights: rules that draw the same numbers on every platform from a seed.

An initialiser is a callable ``(shape, fan_in, fan_out, seed, stream) -> float32 array``. You can use any such function
instead of the classes below.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from snn._arrays import Floats, float32_array, float32_number, integer, known_name, new_array, no_memory
from snn.engine import _native
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, shown

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


def __dir__() -> list[str]:
    return __all__


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
    low, high = float32_number(low, "low"), float32_number(high, "high")
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
    return _filled(shape, seed, stream, 1, float32_number(mean, "mean"), float32_number(std, "std", minimum=0.0))


def _filled(shape: tuple[int, ...] | int, seed: int, stream: int, distribution: int, a: float, b: float) -> Floats:
    sizes = shape if isinstance(shape, tuple | list) else (shape,)
    values: Floats = new_array([integer(one, "shape") for one in sizes], np.float32, "the random array")
    if values.size:
        _native.random_fill(values, seed, stream, distribution, a, b)
    return values


@dataclass(frozen=True)
class Constant:
    """Every weight is `value`."""

    value: float

    def __post_init__(self) -> None:
        float32_number(self.value, "Constant: value")

    def __call__(self, shape: tuple[int, ...], fan_in: int, fan_out: int, seed: int, stream: int) -> Floats:
        """Return the weights."""
        weights: Floats = new_array(shape, np.float32, "the array of weights")
        weights.fill(self.value)
        return weights


@dataclass(frozen=True)
class Uniform:
    """Uniform in [low, high)."""

    low: float
    high: float

    def __post_init__(self) -> None:
        low, high = float32_number(self.low, "Uniform: low"), float32_number(self.high, "Uniform: high")
        if low > high:
            raise InvalidArgumentError(f"Uniform: low is {low} and high is {high}; low must not be above high")

    def __call__(self, shape: tuple[int, ...], fan_in: int, fan_out: int, seed: int, stream: int) -> Floats:
        """Return the weights."""
        return uniform(shape, self.low, self.high, seed=seed, stream=stream)


@dataclass(frozen=True)
class Normal:
    """Normal with `mean` and standard deviation `std`."""

    mean: float
    std: float

    def __post_init__(self) -> None:
        float32_number(self.mean, "Normal: mean")
        float32_number(self.std, "Normal: std", minimum=0.0)

    def __call__(self, shape: tuple[int, ...], fan_in: int, fan_out: int, seed: int, stream: int) -> Floats:
        """Return the weights."""
        return normal(shape, self.mean, self.std, seed=seed, stream=stream)


@dataclass(frozen=True)
class KaimingUniform:
    """Uniform with standard deviation gain / sqrt(fan_in) (He et al. 2015, https://arxiv.org/abs/1502.01852)."""

    gain: float = 1.0

    def __post_init__(self) -> None:
        float32_number(self.gain, "KaimingUniform: gain", minimum=0.0)

    def __call__(self, shape: tuple[int, ...], fan_in: int, fan_out: int, seed: int, stream: int) -> Floats:
        """Return the weights."""
        bound = self.gain * math.sqrt(3.0 / fan_in)
        return uniform(shape, -bound, bound, seed=seed, stream=stream)


@dataclass(frozen=True)
class KaimingNormal:
    """Normal with standard deviation gain / sqrt(fan_in) (He et al. 2015, https://arxiv.org/abs/1502.01852)."""

    gain: float = 1.0

    def __post_init__(self) -> None:
        float32_number(self.gain, "KaimingNormal: gain", minimum=0.0)

    def __call__(self, shape: tuple[int, ...], fan_in: int, fan_out: int, seed: int, stream: int) -> Floats:
        """Return the weights."""
        return normal(shape, 0.0, self.gain / math.sqrt(fan_in), seed=seed, stream=stream)


@dataclass(frozen=True)
class XavierUniform:
    """Uniform with standard deviation gain * sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio 2010)."""

    gain: float = 1.0

    def __post_init__(self) -> None:
        float32_number(self.gain, "XavierUniform: gain", minimum=0.0)

    def __call__(self, shape: tuple[int, ...], fan_in: int, fan_out: int, seed: int, stream: int) -> Floats:
        """Return the weights."""
        bound = self.gain * math.sqrt(6.0 / (fan_in + fan_out))
        return uniform(shape, -bound, bound, seed=seed, stream=stream)


@dataclass(frozen=True)
class XavierNormal:
    """Normal with standard deviation gain * sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio 2010)."""

    gain: float = 1.0

    def __post_init__(self) -> None:
        float32_number(self.gain, "XavierNormal: gain", minimum=0.0)

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
        `rule` is none of these.
    """
    if isinstance(rule, str):
        return _BY_NAME[known_name(rule, _BY_NAME, "initialiser")]
    if callable(rule):
        return rule
    try:
        return Constant(float32_number(rule, "init"))
    except ArgumentTypeError:
        raise ArgumentTypeError(f"init is {shown(rule)}, not a name, a number or a callable") from None


def initial_weights(
    rule: Initializer, shape: tuple[int, ...], fan_in: int, fan_out: int, seed: int, stream: int, what: str
) -> Floats:
    """Draw weights and check what a user's own initialiser returned."""
    try:
        weights = rule(shape, fan_in, fan_out, seed, stream)
    except MemoryError:
        raise no_memory(shape, np.float32, f"{what}: weights") from None
    return float32_array(weights, f"{what}: what init returned", shape)
