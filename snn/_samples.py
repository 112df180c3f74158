"""Samples that are read when they are needed: from arrays on a disk, and from objects that give them one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import Floats, float32_array, new_array
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, shown
from snn.events import EventData, has_events

__all__ = ["StoredSamples", "samples_of"]


class StoredSamples:
    """Samples of an input that stay where they are until a batch needs them.

    Parameters
    ----------
    values : memory-mapped array, or object with ``__len__`` and ``__getitem__``
        ``values[i]`` is sample `i`, an array of numbers; all have one shape. What it raises gets a note with `i`.
    what : str
        How errors call it.

    Raises
    ------
    ArgumentTypeError
        Of a sample, when it is read: it is no array of real numbers.
    InvalidArgumentError
        Of a sample, when it is read: another shape than the first, NaN or infinity.
    """

    def __init__(self, values: Any, what: str) -> None:
        self._values = values
        self._what = what
        self._count = len(values)
        self._shape = self._read(0).shape if self._count else ()

    @property
    def shape(self) -> tuple[int, ...]:
        """(samples, *shape of a sample)."""
        return (self._count, *self._shape)

    def __getitem__(self, rows: NDArray[np.int64]) -> Floats:
        """Return some samples: (rows, *shape of a sample)."""
        found = new_array((rows.size, *self._shape), np.float32, f"{self._what}: a batch")
        for place in np.argsort(rows, kind="stable"):  # as they lie in a file
            found[place] = self._read(int(rows[place]), self._shape)
        return found

    def _read(self, index: int, shape: tuple[int, ...] | None = None) -> Floats:
        what = f"{self._what}: sample {index}"
        try:
            sample = self._values[index]
        except Exception as error:
            error.add_note(f"raised while sample {index} of {self._what} was read")
            raise
        if isinstance(sample, tuple):
            raise ArgumentTypeError(
                f"{what} is {shown(sample)}, several things at once; x has the samples alone, and y their classes"
            )
        array = float32_array(sample, what)
        if shape is not None and array.shape != shape:
            raise InvalidArgumentError(f"{what} has shape {array.shape}; that of sample 0 is {shape}")
        return array


def samples_of(values: ArrayLike | EventData | Any, what: str) -> Floats | EventData | StoredSamples:
    """Return the samples of an input: an array of them all, or what reads them when they are needed."""
    if isinstance(values, EventData):
        return values
    if has_events(values):
        raise ArgumentTypeError(
            f"{what} has Events; recordings become the samples of a trainer by snn.events.EventData(recordings, y, "
            "steps=..., step_ms=...)"
        )
    # Arrays of HDF5 and Zarr have chunks, and would be read whole as arrays.
    if isinstance(values, np.memmap) or hasattr(values, "chunks"):
        return StoredSamples(values, what)
    if hasattr(values, "__array__") or isinstance(values, list | tuple | str | bytes):
        return float32_array(values, what)
    if hasattr(values, "__len__") and hasattr(values, "__getitem__"):
        return StoredSamples(values, what)
    if hasattr(values, "__iter__") or hasattr(values, "__getitem__"):
        # A loader of PyTorch, or a generator.
        raise ArgumentTypeError(
            f"{what} is {shown(values)}, not an array. Batches are made here, of all samples in one array, as "
            "np.stack([sample for sample, _ in data]), or of what has a length and gives sample i as x[i], which is read when "
            "it is needed"
        )
    return float32_array(values, what)
