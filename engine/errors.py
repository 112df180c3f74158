"""The errors that the library raises: one class for each status of libsnn, each also a built-in class.

Every error is an `SnnError`, so one ``except snn.SnnError`` catches them all; each is also the built-in class that a
Python user would expect (`ValueError`, `KeyError`, `OSError`, ...). The message is one sentence that names the argument
and its value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

__all__ = [
    "ArgumentTypeError",
    "BusyError",
    "DeviceLostError",
    "FileError",
    "ForkedError",
    "FormatError",
    "InternalError",
    "InvalidArgumentError",
    "InvalidHandleError",
    "MissingPackageError",
    "NotFoundError",
    "OutOfMemoryError",
    "SnnError",
    "StateError",
    "StoppedError",
    "UnknownAttributeError",
    "UnsupportedError",
    "VersionError",
    "arguments_shown",
    "counted",
    "error_for_status",
    "shown",
]

_LONGEST_SHOWN = 100


class SnnError(Exception):
    """Base of every error of the library."""

    status: int = 0
    """The `SNNStatus` of libsnn that the class stands for; 0 when it is Python's own check."""

    def __str__(self) -> str:
        # KeyError would show the repr of its argument, OSError would look for an errno.
        return str(self.args[0]) if self.args else ""


class InvalidArgumentError(SnnError, ValueError):
    """A value, size, shape or name is wrong."""

    status = -1


class ArgumentTypeError(SnnError, TypeError):
    """An argument is of a type that cannot be used, or there is no such keyword."""

    status = -1


class UnknownAttributeError(SnnError, AttributeError):
    """An object has no attribute of that name to assign to, or one that cannot be changed."""

    status = -1


class InvalidHandleError(SnnError, ValueError):
    """The session, network or trainer is closed, or was never opened."""

    status = -2


class NotFoundError(SnnError, KeyError):
    """There is no population, projection, variable, model or device of that name."""

    status = -3


class OutOfMemoryError(SnnError, MemoryError):
    """There is not enough memory for what was asked."""

    status = -4


class FileError(SnnError, OSError):
    """File I/O failed."""

    status = -5


class FormatError(SnnError, ValueError):
    """The file is damaged or is not a ``.snn`` file, or a model document is wrong."""

    status = -6


class UnsupportedError(SnnError, NotImplementedError):
    """The request is valid, but this device or this build cannot do it."""

    status = -7


class MissingPackageError(ModuleNotFoundError, UnsupportedError):
    """A package that this part of the library needs is not installed; the message says how to install it."""


class BusyError(SnnError, RuntimeError):
    """Another thread is inside this session, or a callback tried to change the session that called it."""

    status = -8


class StateError(SnnError, RuntimeError):
    """A valid call at the wrong time."""

    status = -9


class NotFiniteError(StateError, ArithmeticError):
    """A loss or a gradient became infinite or NaN, or a parameter would have left its range; nothing was updated."""

    status = -15


class VersionError(SnnError, ValueError):
    """A file or library of a version that this one does not know."""

    status = -10


class ForkedError(SnnError, RuntimeError):
    """The session belongs to the parent process."""

    status = -11


class StoppedError(SnnError, RuntimeError):
    """`progress` of a run returned `snn.STOP`; the attribute `recording` has what was recorded until then."""

    status = -12


class InternalError(SnnError, RuntimeError):
    """A defect of the library."""

    status = -13


class DeviceLostError(SnnError, RuntimeError):
    """The GPU was reset or removed; the simulation is lost, a new one can be opened."""

    status = -14


_BY_STATUS: dict[int, type[SnnError]] = {
    error.status: error
    for error in (
        InvalidArgumentError,
        InvalidHandleError,
        NotFoundError,
        OutOfMemoryError,
        FileError,
        FormatError,
        UnsupportedError,
        BusyError,
        StateError,
        VersionError,
        ForkedError,
        StoppedError,
        InternalError,
        DeviceLostError,
        NotFiniteError,
    )
}


def shown(value: object) -> str:
    """Return how a sentence shows a value: its repr on one line, cut where it would hide the sentence."""
    try:
        text = " ".join(repr(value).split())
    except Exception:
        # A repr may fail: a number of more than 4300 digits, an object of the user.
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


def counted(count: int, noun: str) -> str:
    """Return ``"1 step"`` or ``"2,000 steps"``."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def arguments_shown(values: Iterable[object], by_name: Mapping[str, object]) -> str:
    """Return how the arguments of a call are shown; of an array its shape."""

    def one(value: object) -> str:
        shape = getattr(value, "shape", ())
        return f"<array {shape}>" if shape else shown(value)

    return ", ".join([*map(one, values), *(f"{name}={one(value)}" for name, value in by_name.items())])


def error_for_status(status: int, sentence: str) -> SnnError:
    """Return the error for a status of libsnn.

    Parameters
    ----------
    status : int
        A negative `SNNStatus`.
    sentence : str
        What `snn_last_error` said, in words of C: a field of a struct becomes the argument of that name, a flag its word.
    """
    sentence = re.sub(r"\b(?:config|def|batch|submission)->", "", sentence)
    sentence = re.sub(r"\b(host|buffer)->", r"\1.", sentence)
    sentence = re.sub(r"\bSNN_(?:FLAG|ISA|LOSS)_([A-Z0-9_]+)\b(?!\*)", lambda found: repr(found[1].lower()), sentence)
    sentence = re.sub(r"\bSNN_ARITHMETIC_([A-Z]+)\b", lambda found: f"arithmetic = {found[1].lower()!r}", sentence)
    sentence = re.sub(r"\bSNN_LEARNING_([A-Z]+)\b", lambda found: f"rule = {found[1].lower()!r}", sentence)
    sentence = sentence.replace(
        "a spike input takes 0 and 1 only",
        "a spike input takes 0 and 1 only; snn.encode makes spikes of other values, and an snn.Input takes them as they are",
    )
    if status == NotFoundError.status and re.match("there is no device '(cuda|gpu|rocm|xpu|opencl)", sentence):
        sentence += "; a GPU is 'vulkan'"
    return _BY_STATUS.get(status, InternalError)(sentence)
