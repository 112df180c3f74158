"""The operations of an op list in numpy: those that printed source calls because numpy's spelling would not give the bits of
the op list, and all that a surrogate may have, by name.

The only file of the compiler that imports numpy; nothing imports it until printed source is run.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from . import software_math

FLUSH_BELOW = 2.0**-63


def minimum(a: Any, b: Any) -> Any:
    """A < b ? a : b, so b when one is NaN."""
    return np.where(a < b, a, b)


def maximum(a: Any, b: Any) -> Any:
    """A > b ? a : b, so b when one is NaN."""
    return np.where(a > b, a, b)


def exp(x: Any) -> Any:
    return software_math.numpy_exp(np, x)


def log(x: Any) -> Any:
    return software_math.numpy_log(np, x)


def reciprocal(x: Any) -> Any:
    return software_math.numpy_reciprocal(np, x)


def to_int(x: Any) -> Any:
    """Nearest, ties to even, held to the range of int32; NaN gives 0."""
    rounded = np.nan_to_num(np.rint(np.asarray(x, np.float64)), nan=0.0)
    return np.clip(rounded, -(2.0**31), 2.0**31 - 1).astype(np.int32)


def to_float(i: Any, f: Any) -> Any:
    return np.asarray(i).astype(f)


def spike(x: Any, inclusive: Any, f: Any) -> Any:
    """1 where x > 0, or x >= 0 where ``inclusive`` is 1; else 0."""
    return ((x > f(0)) | ((x == f(0)) & (inclusive == 1))).astype(f)


def flush(x: Any) -> Any:
    """What storing a float state does: values below 2^-63 become +0."""
    x = np.asarray(x)
    return np.where(np.abs(x) < x.dtype.type(FLUSH_BELOW), x.dtype.type(0), x)


def quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    """Without numpy's warnings: infinities of a branch that select does not take are meant."""

    @functools.wraps(function)
    def call(*arguments: Any, **keywords: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*arguments, **keywords)

    return call


OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "min": minimum,
    "max": maximum,
    "neg": np.negative,
    "abs": np.abs,
    "floor": np.floor,
    "exp": exp,
    "log": log,
    "reciprocal": reciprocal,
    "sqrt": np.sqrt,
    "lt": np.less,
    "le": np.less_equal,
    "eq": np.equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
    "select": np.where,
}

NAMES: dict[str, Any] = {
    "np": np,
    "minimum": minimum,
    "maximum": maximum,
    "exp": exp,
    "log": log,
    "reciprocal": reciprocal,
    "to_int": to_int,
    "to_float": to_float,
    "spike": spike,
    "flush": flush,
}
