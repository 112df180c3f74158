"""Samples, cut into batches and encoded into what the native trainer reads. Buffers are made once and reused."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import Floats, float32_array, known_name, new_array, real_array
from snn.encode import Encoder
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError
from snn.events import EventData

if TYPE_CHECKING:
    from snn.network import Network
    from snn.population import Population

__all__ = ["Batches", "InputList", "Samples", "class_labels", "padded", "target_values"]

InputList = list[tuple[int, bool, Floats]]
Samples = ArrayLike | EventData | Mapping[str, ArrayLike | EventData]


# A drive that is held is only doubtful when it is many times the threshold, which is 1 where nobody says otherwise.
_LARGEST_HELD = 16.0


class _Source:
    """The samples of one input population and the buffer of one batch."""

    def __init__(
        self, population: Population, values: Floats | EventData, steps: int, batch_size: int, encoder: Encoder | None
    ):
        size = population.size
        timed = encoder is None or encoder.kind == "delta"
        what = f"x for input {population.name!r}"
        shapes = [(steps, *population.shape), (steps, size)] if timed else [population.shape, (size,)]
        if values.shape[1:] not in shapes:
            axes = "(samples, steps, features)" if timed else "(samples, features)"
            told = f"{what} has shape {values.shape}; it must be {axes} = (samples, {', '.join(map(str, shapes[0]))})"
            if not timed and values.shape[2:] in shapes:
                told += ", which the encoder makes steps of; encoder=None takes the input of each step"
            elif timed and len(values.shape) > 2 and (values.shape[0], *values.shape[2:]) in shapes:
                told += "; it has steps first, as snn.encode gives them: x.swapaxes(0, 1)"
            raise InvalidArgumentError(told)
        self.name = population.name
        self.index = population._index
        self.encoder = encoder
        self.steps = steps
        self.flat_shape = (steps, size) if timed else (size,)
        self.held = encoder is not None and encoder.kind == "constant"
        self.values: Floats | EventData
        if isinstance(values, EventData):
            if encoder is not None:
                raise InvalidArgumentError(
                    f"{what} is EventData, which has the input for each step already; the encoder must be None"
                )
            self.values = values
        else:
            if encoder is not None and self.held:
                encoder._check_product(values)
            self.values = values.reshape(values.shape[0], *self.flat_shape)
        shape = (batch_size, size) if self.held else (steps, batch_size, size)
        self.buffer = new_array(shape, np.float32, f"a batch of input {population.name!r}")

    def warn_of_range(self, stacklevel: int) -> None:
        """Say when values that are held are far from [0, 1]: pixels that nobody divided by 255, as a rule.

        The other encoders take nothing outside their range.
        """
        if not self.held or isinstance(self.values, EventData):
            return
        least, most = float(self.values.min()), float(self.values.max())
        if max(-least, most) > _LARGEST_HELD:
            warnings.warn(
                f"x for input {self.name!r} has values from {least:g} to {most:g}; the encoder 'constant' is for values in "
                "[0, 1] and gives them to the neurons as they are: divide pixels of 0 to 255 by 255, or, if "
                "that is meant, give encoder=snn.Encoder('constant')",
                stacklevel=stacklevel,
            )

    def load(self, rows: NDArray[np.int64]) -> Floats:
        """Return the samples `rows`, flat, as they were given."""
        return self.values[rows].reshape(rows.size, *self.flat_shape)

    def fill(self, loaded: Floats, seed: int) -> tuple[int, bool, Floats]:
        """Encode samples into the buffer; places that are left over are zero."""
        count = loaded.shape[0]
        encoder = self.encoder
        if encoder is None:
            self.buffer[:, :count] = loaded.transpose(1, 0, 2)
            self.buffer[:, count:] = 0.0
        elif encoder.kind == "constant":
            np.multiply(loaded, np.float32(encoder.gain), out=self.buffer[:count])
            self.buffer[count:] = 0.0
        else:
            shape = (self.steps, *self.buffer.shape[1:]) if encoder.kind == "delta" else self.buffer.shape[1:]
            raw = np.zeros(shape, np.float32)
            if encoder.kind == "delta":
                raw[:, :count] = loaded.transpose(1, 0, 2)
            else:
                raw[:count] = loaded
            encoder(raw, self.steps, seed=seed, out=self.buffer)
            self.buffer[:, count:] = 0.0
        return self.index, self.held, self.buffer


class Batches:
    """Samples of all inputs of a network.

    Parameters
    ----------
    network : Network
        Its inputs say what the samples must look like.
    x : array_like or EventData, or dict of them by input population
        Samples first.
    steps, batch_size : int
        Steps of a run, samples in a batch.
    encoder : Encoder or None
        None: `x` has the input for each step, (samples, steps, features).
    """

    def __init__(
        self,
        network: Network,
        x: Samples,
        steps: int,
        batch_size: int,
        encoder: Encoder | None,
    ) -> None:
        names = network.inputs
        if not isinstance(x, Mapping):
            if len(names) != 1:
                raise InvalidArgumentError(
                    f"the network has {len(names)} inputs ({', '.join(names) or 'none'}); x must be a dict of them"
                )
            x = {names[0]: x}
        for name in x:
            known_name(name, names, "input")
        missing = [name for name in names if name not in x]
        if missing:
            raise InvalidArgumentError(f"x has no values for the inputs {', '.join(missing)}")
        arrays = {
            name: values if isinstance(values, EventData) else float32_array(values, f"x for input {name!r}")
            for name, values in x.items()
        }
        counts = {name: array.shape[0] if array.shape else 0 for name, array in arrays.items()}
        if len(set(counts.values())) != 1:
            raise InvalidArgumentError(f"the inputs have different numbers of samples: {counts}")
        self.count = next(iter(counts.values()))
        if self.count == 0:
            raise InvalidArgumentError("x has no samples")
        self.batch_size = batch_size
        self._sources = [_Source(network[name], array, steps, batch_size, encoder) for name, array in arrays.items()]

    def warn_of_range(self, stacklevel: int) -> None:
        """Warn of values that an encoder is not for; `stacklevel` as `warnings.warn` would have it from here."""
        for source in self._sources:
            source.warn_of_range(stacklevel + 1)

    @property
    def batch_count(self) -> int:
        """Batches of one pass; the last may be filled up."""
        return math.ceil(self.count / self.batch_size)

    def each(self, order: NDArray[np.int64] | None, seed: int) -> Iterator[tuple[NDArray[np.int64], InputList]]:
        """Yield (indices of the samples, inputs); the arrays are overwritten by the next batch.

        Parameters
        ----------
        order : int array, shape (samples,), or None
            Order of the samples; None: as they are.
        seed : int
            For random encoders; each batch gets another number from it.
        """
        indices = np.arange(self.count) if order is None else order
        for position, (rows, loaded) in enumerate(self._loaded(indices)):
            # A counter in the low bits keeps the batches of one pass apart.
            number = (seed * 2**24 + position) % 2**64
            yield rows, [source.fill(values, number) for source, values in zip(self._sources, loaded, strict=True)]

    def _loaded(self, indices: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], list[Floats]]]:
        """Yield the samples of each batch; those in files are read while the caller uses the batch before."""
        pieces = [indices[start : start + self.batch_size] for start in range(0, self.count, self.batch_size)]
        if not any(isinstance(source.values, EventData) for source in self._sources):
            for rows in pieces:
                yield rows, [source.load(rows) for source in self._sources]
            return
        with ThreadPoolExecutor(1, thread_name_prefix="snn-load") as thread:

            def load(rows: NDArray[np.int64]) -> list[Floats]:
                return [source.load(rows) for source in self._sources]

            coming = thread.submit(load, pieces[0])
            for rows, following in zip(pieces, [*pieces[1:], None], strict=True):
                loaded = coming.result()
                if following is not None:
                    coming = thread.submit(load, following)
                yield rows, loaded


def class_labels(y: ArrayLike, samples: int, classes: int) -> NDArray[np.int32]:
    """Return classes 0 to `classes` - 1 of the samples, checked."""
    array = real_array(y, "y")
    if array.dtype.kind not in "iu" and array.size:
        raise ArgumentTypeError(
            f"y has dtype {array.dtype}; it must hold integers, the class of each sample{_classes(array)}"
        )
    if array.shape != (samples,):
        raise InvalidArgumentError(
            f"y has shape {array.shape}; x has {samples} samples, so it must be ({samples},), the class of each"
        )
    outside = np.flatnonzero((array < 0) | (array >= classes))
    if outside.size:
        place = int(outside[0])
        raise InvalidArgumentError(
            f"y[{place}] is {int(array[place])}; the output has {classes} neurons, so classes are 0 to {classes - 1}"
        )
    return array.astype(np.int32)


def _classes(array: NDArray[Any]) -> str:
    """Return how classes are made of what was given in their place."""
    if array.ndim == 2 and ((array == 0) | (array == 1)).all():
        return ": y.argmax(axis=1)"
    return ": y.astype(int)" if array.ndim == 1 and (array == np.floor(array)).all() else ""


def target_values(y: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """Return what a loss compares with, samples first, checked."""
    return float32_array(y, "y", shape)


def padded(values: NDArray[Any], rows: NDArray[np.int64], batch_size: int, filler: Any) -> NDArray[Any]:
    """Return the values of a batch; places that are left over hold `filler`."""
    batch = np.full((batch_size, *values.shape[1:]), filler, values.dtype)
    batch[: rows.size] = values[rows]
    return batch
