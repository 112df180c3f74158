"""Checks of what users pass in: numbers, names and arrays, each error naming the argument and its value."""

from __future__ import annotations

import itertools
import math
import operator
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from snn._strict import suggestion
from snn.engine._native import available_memory_bytes
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, NotFoundError, OutOfMemoryError, shown

__all__ = [
    "LARGEST_FLOAT32",
    "MAX_BATCH",
    "MAX_DELAY",
    "MAX_DT",
    "MAX_NEURONS",
    "MAX_SEED",
    "MAX_SYNAPSES",
    "Floats",
    "check_room",
    "choice",
    "file_path",
    "float32_array",
    "float32_number",
    "float64_values",
    "function",
    "integer",
    "integer_array",
    "known_name",
    "mapping",
    "name_list",
    "new_array",
    "no_memory",
    "number",
    "part_of",
    "real_array",
    "slice_text",
    "spread",
    "valid_name",
]

Floats = NDArray[np.float32]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_LONGEST_NAME = 63
_LARGE = 1 << 28  # bytes of an array, from which on free memory is asked for
_MOST_NAMES_SHOWN = 20
LARGEST_FLOAT32 = float(np.finfo(np.float32).max)
_FITS_FLOAT32 = f"it must fit float32, whose largest number is {LARGEST_FLOAT32:g}"

# The limits of libsnn (snn.h); here they are checked where a number is given, before anything is made of it.
MAX_NEURONS = 2**30  # of a population
MAX_DELAY = 4096  # steps, of a connection and its slowest synapse together
MAX_SYNAPSES = 2**34  # of a random rule
MAX_BATCH = 2**20  # samples
MAX_DT = 1e6  # milliseconds
MAX_SEED = 2**64 - 1


# ---- single values


def integer(value: Any, what: str, *, minimum: int = 0, maximum: int = 2**32 - 1) -> int:
    """Return `value` as an int in the range; floats and strings are errors."""
    try:
        whole = operator.index(value)
    except TypeError:
        raise ArgumentTypeError(f"{what} is {shown(value)}, not an integer") from None
    if not minimum <= whole <= maximum:
        raise InvalidArgumentError(f"{what} is {shown(whole)}; it must be {minimum} to {maximum}")
    return whole


def boolean(value: Any, what: str) -> bool:
    """Return `value` if it is True or False; "no" and 2 are errors."""
    if not isinstance(value, bool | np.bool_):
        raise ArgumentTypeError(f"{what} is {shown(value)}, not True or False")
    return bool(value)


def number(
    value: Any,
    what: str,
    *,
    minimum: float = -math.inf,
    maximum: float = math.inf,
    exclusive: bool = False,
    finite: bool = True,
) -> float:
    """Return `value` as a float that is at least `minimum`, or above it, and at most `maximum`, and finite if it must be."""
    try:
        # Neither text, which float() reads, nor an array of one, which it takes for the number in it.
        real = float("no" if isinstance(value, str | bytes | bytearray) or np.ndim(value) else value)
    except OverflowError:
        raise InvalidArgumentError(f"{what} is {shown(value)}; it is too large for a float") from None
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"{what} is {shown(value)}, not a number") from None
    if finite and not math.isfinite(real):
        raise InvalidArgumentError(f"{what} is {real}; it must be finite")
    if real < minimum or (exclusive and real == minimum):
        raise InvalidArgumentError(f"{what} is {real}; it must be {'above' if exclusive else 'at least'} {minimum}")
    if real > maximum:
        raise InvalidArgumentError(f"{what} is {real}; it must be at most {maximum:g}")
    return real


def float32_number(value: Any, what: str, *, minimum: float = -math.inf, exclusive: bool = False) -> float:
    """Return `value` as a float that stays finite as float32."""
    real = number(value, what, minimum=minimum, exclusive=exclusive)
    if abs(real) > LARGEST_FLOAT32:
        raise InvalidArgumentError(f"{what} is {real:g}; {_FITS_FLOAT32}")
    return real


def function(value: Any, what: str) -> Callable[..., Any]:
    """Return `value` if it can be called."""
    if not callable(value):
        raise ArgumentTypeError(f"{what} is {shown(value)}, not callable")
    called: Callable[..., Any] = value
    return called


def file_path(value: Any) -> str:
    """Return the path of a file as a string."""
    try:
        return os.fsdecode(value)
    except TypeError:
        raise ArgumentTypeError(f"the path is {shown(value)}, neither a string nor a Path") from None


# ---- names


def valid_name(value: Any, what: str) -> str:
    """Return `value` if it can name a population or projection."""
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{what} is {shown(value)}, not a string")
    if not _NAME.match(value) or len(value) > _LONGEST_NAME:
        raise InvalidArgumentError(
            f"{what} is {shown(value)}; a name has letters, digits and _, does not begin with a digit, "
            f"and is at most {_LONGEST_NAME} long"
        )
    return value


def known_name(value: Any, names: Collection[str], what: str) -> str:
    """Return `value` if it is one of `names`; the error lists them, if there are not too many."""
    if isinstance(value, str) and value in names:
        return value
    listed = ", ".join(itertools.islice(names, _MOST_NAMES_SHOWN)) or "none"
    if len(names) > _MOST_NAMES_SHOWN:
        listed += f" and {len(names) - _MOST_NAMES_SHOWN} more"
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{what} is {shown(value)}, not a name; there are: {listed}")
    raise NotFoundError(f"there is no {what} {shown(value)}; there are: {listed}{suggestion(value, names)}")


def name_list(value: Any, what: str) -> list[Any]:
    """Return one name or several as a list without repetitions; what the names mean is checked by the caller."""
    if isinstance(value, str):
        return [value]
    try:
        names = list(value)
    except TypeError:
        raise ArgumentTypeError(f"{what} is {shown(value)}, neither a name nor a list of names") from None
    for one in names:
        if not isinstance(one, str):
            raise ArgumentTypeError(f"{what} contains {shown(one)}, which is not a name")
    return list(dict.fromkeys(names))


def choice(value: Any, choices: Iterable[str], what: str) -> str:
    """Return `value` if it is one of a fixed list of words; the error lists them."""
    words = list(choices)
    # The type first: an array would compare with each word by itself.
    if not isinstance(value, str) or value not in words:
        raise InvalidArgumentError(
            f"{what} is {shown(value)}; it must be one of {', '.join(words)}{suggestion(value, words)}"
        )
    return str(value)


def mapping(value: Any, what: str, contents: str, *, optional: bool = True) -> Mapping[Any, Any]:
    """Return `value` if it is a dict or the like; None is an empty one if `optional`. `contents` says of what, in the error."""
    if value is None and optional:
        return {}
    if not isinstance(value, Mapping):
        raise ArgumentTypeError(f"{what} is {shown(value)}, not a dict of {contents}")
    return value


# ---- arrays


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
    given = real_array(values, what)
    if shape is not None and given.shape != shape:
        raise InvalidArgumentError(f"{what} has shape {given.shape}; it must be {shape}")
    array = given
    if array.dtype != np.float32:
        with np.errstate(over="ignore"):
            array = array.astype(np.float32)
    if not np.isfinite(array).all():
        _raise_not_finite(given, array, what)
    # Not ascontiguousarray: that makes a vector of a single number.
    return np.asarray(array, order="C")


def float64_values(values: ArrayLike, what: str, shape: tuple[int, ...] | None) -> NDArray[np.float64]:
    """Return one number, or one for each neuron, as a flat float64 array of values that fit float32.

    Parameters
    ----------
    values : array_like
        A number or an array of the population's shape or size.
    what : str
        Name of the argument, for errors.
    shape : tuple of int or None
        Shape of the population; None: not known yet, any shape passes.
    """
    array = real_array(values, what).astype(np.float64)
    size = math.prod(shape) if shape is not None else None
    if array.ndim > 0 and size is not None and array.shape not in (shape, (size,)):
        raise InvalidArgumentError(f"{what} has shape {array.shape}; it must be one number or have shape {shape}")
    if array.size == 0:
        raise InvalidArgumentError(f"{what} is empty; it must be one number or have one for each neuron")
    kept = np.abs(array) <= LARGEST_FLOAT32
    if not kept.all():
        _raise_not_finite(array, np.where(kept, array, np.inf), what)
    return np.ascontiguousarray(array).reshape(-1)


def integer_array(values: ArrayLike, what: str) -> NDArray[Any]:
    """Return a vector of integers; a list without any is one too."""
    array = _array(values, what)
    if array.size == 0 and array.dtype.kind == "f":
        array = array.astype(np.int64)
    if array.dtype.kind not in "iu":
        raise ArgumentTypeError(f"{what} {_contents(array)}; it must hold integers")
    if array.ndim != 1:
        raise InvalidArgumentError(f"{what} has shape {array.shape}; it must be one-dimensional")
    return array


def part_of(chosen: slice, size: int, what: str, whole: str) -> range:
    """Return the places of a slice of `size`; a slice that goes beyond them, or has none of them, is an error.

    `what` names the slice and `whole` says how many there are, for the errors.
    """
    told, ends = slice_text(what, chosen), (chosen.start, chosen.stop)
    if not all(end is None or isinstance(end, int | np.integer) for end in (*ends, chosen.step)):
        raise ArgumentTypeError(f"{told}: a slice is from one whole number to another")
    if chosen.step == 0 or any(end is not None and abs(end) > size for end in ends):
        raise InvalidArgumentError(f"{told}: {whole}")
    places = range(*chosen.indices(size))
    if not places:
        raise InvalidArgumentError(f"{told} is none of them: {whole}")
    return places


def slice_text(what: str, chosen: slice) -> str:
    """Return a slice as it is written behind a name."""
    words = (chosen.start, chosen.stop) if chosen.step is None else (chosen.start, chosen.stop, chosen.step)
    return f"{what}[{':'.join('' if word is None else str(word) for word in words)}]"


def real_array(values: ArrayLike, what: str) -> NDArray[Any]:
    """Return an array of real numbers or booleans, NaN and infinity included."""
    array = _array(values, what)
    if array.dtype.kind not in "fiub":
        raise ArgumentTypeError(f"{what} {_contents(array)}; it must hold real numbers")
    return array


def new_array(shape: Sequence[int], dtype: DTypeLike, what: str) -> NDArray[Any]:
    """Return an array of zeros; OutOfMemoryError with its size when there is no room for it."""
    # Zeros take no memory until they are written: the system would promise more than there is, and end the process then.
    if (free := _too_little_for(_bytes(shape, dtype))) is not None:
        raise no_memory(shape, dtype, what, free)
    try:
        return np.zeros(shape, dtype)
    except (MemoryError, ValueError):
        # numpy's ValueError: more bytes than an address can count.
        raise no_memory(shape, dtype, what) from None


def _too_little_for(size: int) -> float | None:
    """Return how many bytes are free, where `size` are more than that."""
    if size < _LARGE:
        return None
    free = _free_memory()
    return free if size > free else None


def check_room(size: int, what: str) -> None:
    """Raise OutOfMemoryError, with the numbers, where `size` bytes are more than are free."""
    if (free := _too_little_for(size)) is not None:
        raise OutOfMemoryError(f"{what} need {size / 2**30:.3g} GiB, but {free / 2**30:.3g} GiB of memory are free")


def spread(values: NDArray[Any], shape: Sequence[int], what: str) -> NDArray[Any]:
    """Return `values` repeated to `shape`, as an array of its own."""
    try:
        return np.ascontiguousarray(np.broadcast_to(values, shape))
    except MemoryError:
        raise no_memory(shape, values.dtype, what) from None


def no_memory(shape: Sequence[int], dtype: DTypeLike, what: str, free: float = math.inf) -> OutOfMemoryError:
    """Return the error that says how large `what` would be, and how many bytes are free where that is known."""
    told = "more memory than there is" if free == math.inf else f"but {free / 2**30:.3g} GiB of memory are free"
    return OutOfMemoryError(f"{what} has shape {tuple(shape)} and needs {_bytes(shape, dtype) / 2**30:.3g} GiB, {told}")


def _bytes(shape: Sequence[int], dtype: DTypeLike) -> int:
    return math.prod(map(int, shape)) * np.dtype(dtype).itemsize


def _free_memory() -> float:
    """Return the bytes that this process can still take, as libsnn counts them; infinity where the system does not say."""
    return available_memory_bytes() or math.inf


def _array(values: ArrayLike, what: str) -> NDArray[Any]:
    try:
        return np.asarray(values)
    except (ValueError, TypeError) as error:
        raise ArgumentTypeError(f"{what} is not an array of numbers: {error}") from None


def _contents(array: NDArray[Any]) -> str:
    """Return what an array of another kind than was wanted has, for an error: of objects the first that is no number."""
    if array.dtype != object:
        return f"has dtype {array.dtype}"
    for place, value in np.ndenumerate(array):
        if not isinstance(value, int | float | np.number):
            where = f" at {list(place)}" if place else ""
            return f"is {shown(value)}{where}" if not place else f"has {shown(value)}{where}"
    return "has numbers that no dtype of numpy's holds"


def _raise_not_finite(given: NDArray[Any], array: NDArray[Any], what: str) -> None:
    """Name the first value that was not finite, or was no longer as float32 (`array`)."""
    place = tuple(int(index) for index in np.argwhere(~np.isfinite(array))[0])
    where = f"{what}{list(place)}" if place else what
    value = given[place]
    if np.isfinite(value):
        raise InvalidArgumentError(f"{where} is {value:g}; {_FITS_FLOAT32}")
    raise InvalidArgumentError(f"{where} is {value}; all values must be finite")
