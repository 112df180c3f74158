"""Checks of what users pass in: numbers, names and arrays, each error naming the argument and its value."""

from __future__ import annotations

import itertools
import math
import operator
import re
from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, NotFoundError

__all__ = [
    "MAX_BATCH",
    "MAX_DELAY",
    "MAX_DT",
    "MAX_NEURONS",
    "MAX_SYNAPSES",
    "Floats",
    "choice",
    "float32_array",
    "float64_values",
    "integer",
    "known_name",
    "number",
    "valid_name",
]

Floats = NDArray[np.float32]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_LONGEST_NAME = 63
_MOST_NAMES_SHOWN = 20

# The limits of libsnn (snn.h); here they are checked where a number is given, before anything is made of it.
MAX_NEURONS = 2**30  # of a population
MAX_DELAY = 4096  # steps, of a connection and its slowest synapse together
MAX_SYNAPSES = 2**34  # of a random rule
MAX_BATCH = 2**20  # samples
MAX_DT = 1e6  # milliseconds


def integer(value: Any, what: str, *, minimum: int = 0, maximum: int = 2**32 - 1) -> int:
    """Return `value` as an int in the range; floats and strings are errors."""
    try:
        whole = operator.index(value)
    except TypeError:
        raise ArgumentTypeError(f"{what} is {value!r}, not an integer") from None
    if not minimum <= whole <= maximum:
        raise InvalidArgumentError(f"{what} is {whole}; it must be {minimum} to {maximum}")
    return whole


def number(
    value: Any, what: str, *, minimum: float = -math.inf, maximum: float = math.inf, exclusive: bool = False
) -> float:
    """Return `value` as a finite float that is at least `minimum`, or above it, and at most `maximum`."""
    try:
        real = float("no" if isinstance(value, str | bytes) else value)
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"{what} is {value!r}, not a number") from None
    if not math.isfinite(real):
        raise InvalidArgumentError(f"{what} is {real}; it must be finite")
    if real < minimum or (exclusive and real == minimum):
        raise InvalidArgumentError(f"{what} is {real}; it must be {'above' if exclusive else 'at least'} {minimum}")
    if real > maximum:
        raise InvalidArgumentError(f"{what} is {real}; it must be at most {maximum:g}")
    return real


def valid_name(value: Any, what: str) -> str:
    """Return `value` if it can name a population or projection."""
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{what} is {value!r}, not a string")
    if not _NAME.match(value) or len(value) > _LONGEST_NAME:
        raise InvalidArgumentError(
            f"{what} is {value!r}; a name has letters, digits and _, does not begin with a digit, "
            f"and is at most {_LONGEST_NAME} long"
        )
    return value


def known_name(value: Any, names: Collection[str], what: str) -> str:
    """Return `value` if it is one of `names`; the error lists them, if there are not too many."""
    if isinstance(value, str) and value in names:
        return value
    shown = ", ".join(itertools.islice(names, _MOST_NAMES_SHOWN)) or "none"
    if len(names) > _MOST_NAMES_SHOWN:
        shown += f" and {len(names) - _MOST_NAMES_SHOWN} more"
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{what} is {value!r}, not a name; there are: {shown}")
    raise NotFoundError(f"there is no {what} {value!r}; there are: {shown}")


def choice(value: Any, choices: Iterable[str], what: str) -> str:
    """Return `value` if it is one of a fixed list of words; the error lists them."""
    words = list(choices)
    if value not in words:
        raise InvalidArgumentError(f"{what} is {value!r}; it must be one of {', '.join(words)}")
    return str(value)


def float32_array(values: ArrayLike, what: str, shape: tuple[int, ...] | None = None) -> Floats:
    """Return C-contiguous float32 values, without a copy where they already are.

    Parameters
    ----------
    values : array_like
        Real numbers or booleans.
    what : str
        Name of the argument, for errors.
    shape : tuple of int, optional
        The shape they must have.

    Raises
    ------
    ArgumentTypeError
        Values that are not real numbers.
    InvalidArgumentError
        Another shape, NaN or infinity, or values too large for float32.
    """
    array = _real_array(values, what)
    if shape is not None and array.shape != shape:
        raise InvalidArgumentError(f"{what} has shape {array.shape}; it must be {shape}")
    if array.dtype != np.float32:
        with np.errstate(over="ignore"):
            array = array.astype(np.float32)
    if not np.isfinite(array).all():
        _raise_not_finite(array, what)
    # Not ascontiguousarray: that makes a vector of a single number.
    return np.asarray(array, order="C")


def float64_values(values: ArrayLike, what: str, shape: tuple[int, ...] | None) -> NDArray[np.float64]:
    """Return one number, or one for each neuron, as a flat float64 array.

    Parameters
    ----------
    values : array_like
        A number or an array of the population's shape or size.
    what : str
        Name of the argument, for errors.
    shape : tuple of int or None
        Shape of the population; None: not known yet, any shape passes.
    """
    array = _real_array(values, what).astype(np.float64)
    size = math.prod(shape) if shape is not None else None
    if array.ndim > 0 and size is not None and array.shape not in (shape, (size,)):
        raise InvalidArgumentError(f"{what} has shape {array.shape}; it must be one number or have shape {shape}")
    if array.size == 0:
        raise InvalidArgumentError(f"{what} is empty; it must be one number or have one for each neuron")
    if not np.isfinite(array).all():
        _raise_not_finite(array, what)
    return np.ascontiguousarray(array).reshape(-1)


def _real_array(values: ArrayLike, what: str) -> NDArray[Any]:
    try:
        array = np.asarray(values)
    except (ValueError, TypeError) as error:
        raise ArgumentTypeError(f"{what} is not an array of numbers: {error}") from None
    if array.dtype.kind not in "fiub":
        raise ArgumentTypeError(f"{what} has dtype {array.dtype}; it must hold real numbers")
    return array


def _raise_not_finite(array: NDArray[Any], what: str) -> None:
    place = tuple(int(index) for index in np.argwhere(~np.isfinite(array))[0])
    where = f"{what}{list(place)}" if place else what
    raise InvalidArgumentError(f"{where} is {array[place]}; all values must be finite")
