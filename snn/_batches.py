"""Samples, cut into batches and encoded into what the native trainer reads. Buffers are made once and reused."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import Floats, float32_array, known_name, mapping, new_array, real_array
from snn._samples import StoredSamples, samples_of
from snn.encode import Encoder
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError
from snn.events import EventBatch, EventData

if TYPE_CHECKING:
    from snn.network import Network
    from snn.population import Population

__all__ = ["Augment", "BatchInputs", "Batches", "InputList", "Samples", "class_labels", "padded", "target_values"]

InputList = list[tuple[int, bool, Floats]]


class BatchInputs(NamedTuple):
    """The inputs of a batch, as the native trainer takes them."""

    frames: InputList
    spikes: list[tuple[int, *tuple[NDArray[np.uint32], ...]]]
    """(population, steps, neurons, samples) of inputs that are given as events."""


class SampleSequence(Protocol):
    """A sequence of samples."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any, /) -> Any: ...


Samples = ArrayLike | EventData | SampleSequence | Mapping[str, ArrayLike | EventData | SampleSequence]
Augment = Callable[[Any, np.random.Generator], ArrayLike | Mapping[str, ArrayLike]]


# A constant input is suspicious only if it is many times the threshold, which is 1 by default.
_LARGEST_HELD = 16.0


class _Source:
    """The samples of one input population and the buffer of one batch."""

    def __init__(
        self,
        population: Population,
        values: Floats | EventData | StoredSamples,
        steps: int,
        batch_size: int,
        encoder: Encoder | None,
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
        self.shape = (steps, *population.shape) if timed else population.shape  # of a sample
        self.flat_shape = (steps, size) if timed else (size,)
        self.held = encoder is not None and encoder.kind == "constant"
        if isinstance(values, EventData) and encoder is not None:
            raise InvalidArgumentError(
                f"{what} is EventData, which has the input for each step already; the encoder must be None"
            )
        self.values: Floats | EventData | StoredSamples = values
        if isinstance(values, np.ndarray):
            self._check_product(values)
            self.values = values.reshape(values.shape[0], *self.flat_shape)
        self._batch_shape = (batch_size, size) if self.held else (steps, batch_size, size)
        self._buffer: Floats | None = None
        self._takes_spikes = population.is_input and population.spiking

    @property
    def buffer(self) -> Floats:
        """The frames of a batch; allocated on first use, because inputs given as events need none."""
        if self._buffer is None:
            self._buffer = new_array(self._batch_shape, np.float32, f"a batch of input {self.name!r}")
        return self._buffer

    @property
    def is_stored(self) -> bool:
        """Whether samples are read from storage when needed."""
        return not isinstance(self.values, np.ndarray)

    def warn_of_range(self, stacklevel: int) -> None:
        """Warn if constant input is far from [0, 1], usually because pixels were not divided by 255.

        The other encoders refuse values outside their range. Of stored samples only the first ones are checked.
        """
        if not self.held:
            return
        values = self.values
        seen = (
            values
            if isinstance(values, np.ndarray)
            else self.load(np.arange(min(values.shape[0], self._batch_shape[0])))
        )
        least, most = float(seen.min()), float(seen.max())
        if max(-least, most) > _LARGEST_HELD:
            warnings.warn(
                f"x for input {self.name!r} has values from {least:g} to {most:g}; the encoder 'constant' is for values in "
                "[0, 1] and gives them to the neurons as they are: divide pixels of 0 to 255 by 255, or, if "
                "that is meant, give encoder=snn.Encoder('constant')",
                stacklevel=stacklevel,
            )

    def warn_of_frames(self, dt: float, told: set[tuple[str, float]], stacklevel: int) -> None:
        """Warn if the frames of recordings are not as long as a step; arguments as for `Batches.warn_of_frames`."""
        if not isinstance(self.values, EventData):
            return
        step_ms = self.values.step_ms
        if math.isclose(step_ms, dt, rel_tol=1e-6) or (self.name, step_ms) in told:
            return
        told.add((self.name, step_ms))
        pace = f"{step_ms / dt:g} times as fast" if step_ms > dt else f"{dt / step_ms:g} times as slow"
        warnings.warn(
            f"x for input {self.name!r} has frames of {step_ms:g} ms (step_ms), and a step of the network is {dt:g} ms (dt): "
            f"its neurons see recordings that are {pace} as they were. Make the data with step_ms={dt:g}, or the network with "
            f"dt={step_ms:g}; where its time constants count frames, those {step_ms / dt:g} times as long give the same",
            stacklevel=stacklevel,
        )

    def load_spikes(self, rows: NDArray[np.int64]) -> EventBatch | None:
        """Return the samples `rows` as events, if those are equivalent to their frames."""
        values = self.values
        return values.batch(rows) if self._takes_spikes and isinstance(values, EventData) and values.binary else None

    def load(self, rows: NDArray[np.int64]) -> Floats:
        """Return the samples `rows`, flat, as they were given."""
        loaded = self.values[rows].reshape(rows.size, *self.flat_shape)
        if self.is_stored:
            self._check_product(loaded)
        return loaded

    def _check_product(self, values: Floats) -> None:
        if self.encoder is not None and self.held:
            self.encoder._check_product(values)

    def fill(self, loaded: Floats, seed: int) -> tuple[int, bool, Floats]:
        """Encode samples into the buffer; the rest of the buffer is set to zero."""
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
    x : array_like, EventData or what `StoredSamples` takes, or dict of them by input population
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
        arrays = {name: samples_of(values, f"x for input {name!r}") for name, values in x.items()}
        counts = {name: array.shape[0] if array.shape else 0 for name, array in arrays.items()}
        if len(set(counts.values())) != 1:
            raise InvalidArgumentError(f"the inputs have different numbers of samples: {counts}")
        self.count = next(iter(counts.values()))
        if self.count == 0:
            raise InvalidArgumentError("x has no samples")
        self.batch_size = batch_size
        self._sources = [_Source(network[name], array, steps, batch_size, encoder) for name, array in arrays.items()]

    def warn_of_range(self, stacklevel: int) -> None:
        """Warn of values outside an encoder's range; `stacklevel` as for `warnings.warn` called here."""
        for source in self._sources:
            source.warn_of_range(stacklevel + 1)

    def warn_of_frames(self, dt: float, told: set[tuple[str, float]], stacklevel: int) -> None:
        """Warn of `EventData` whose frames are not as long as the network's steps of `dt` ms.

        Parameters
        ----------
        dt : float
            Milliseconds.
        told : set of (input, step_ms)
            Earlier warnings, which are not repeated; new ones are added.
        stacklevel : int
            As for `warnings.warn` called here.
        """
        for source in self._sources:
            source.warn_of_frames(dt, told, stacklevel + 1)

    @property
    def batch_count(self) -> int:
        """Batches of one pass; the last may be filled up."""
        return math.ceil(self.count / self.batch_size)

    def each(
        self, order: NDArray[np.int64] | None, seed: int, augment: Augment | None = None
    ) -> Iterator[tuple[NDArray[np.int64], BatchInputs]]:
        """Yield (indices of the samples, inputs); the arrays are overwritten by the next batch.

        Parameters
        ----------
        order : int array, shape (samples,), or None
            Order of the samples; None: as they are.
        seed : int
            For random encoders and `augment`; each batch gets another number from it.
        augment : callable, optional
            See `Trainer.fit`.
        """
        indices = np.arange(self.count) if order is None else order
        for number, rows, loaded in self._loaded(indices, seed, augment):
            inputs = BatchInputs([], [])
            for source, values in zip(self._sources, loaded, strict=True):
                if isinstance(values, EventBatch):
                    inputs.spikes.append((source.index, *values))
                else:
                    inputs.frames.append(source.fill(values, number))
            yield rows, inputs

    def _loaded(
        self, indices: NDArray[np.int64], seed: int, augment: Augment | None
    ) -> Iterator[tuple[int, NDArray[np.int64], list[Floats | EventBatch]]]:
        """Yield number and samples of each batch; the next one is loaded while the caller uses the current one."""
        # A counter in the low bits keeps the batches of one pass apart.
        pieces = [
            ((seed * 2**24 + position) % 2**64, indices[start : start + self.batch_size])
            for position, start in enumerate(range(0, self.count, self.batch_size))
        ]

        def load(number: int, rows: NDArray[np.int64]) -> tuple[int, NDArray[np.int64], list[Floats | EventBatch]]:
            if augment is None:
                return number, rows, [source.load_spikes(rows) or source.load(rows) for source in self._sources]
            return number, rows, [*self._augmented([source.load(rows) for source in self._sources], augment, number)]

        if augment is None and not any(source.is_stored for source in self._sources):
            for piece in pieces:
                yield load(*piece)
            return
        with ThreadPoolExecutor(1, thread_name_prefix="snn-load") as thread:
            coming = thread.submit(load, *pieces[0])
            for following in [*pieces[1:], None]:
                loaded = coming.result()
                if following is not None:
                    coming = thread.submit(load, *following)
                yield loaded

    def _augmented(self, loaded: list[Floats], augment: Augment, number: int) -> list[Floats]:
        """Return the samples of a batch as changed by the user's function."""
        given = {
            source.name: values.reshape(-1, *source.shape) for source, values in zip(self._sources, loaded, strict=True)
        }
        # A key beyond the 64 bits of the encoders' keys, so that it draws other numbers.
        generator = np.random.Generator(np.random.Philox(key=2**64 + number))
        if len(given) == 1:
            ((name, values),) = given.items()
            made: Mapping[str, Any] = {name: augment(values, generator)}
        else:
            made = mapping(augment(given, generator), "what augment returned", "samples by input population")
        for name in given:
            if name not in made:
                raise InvalidArgumentError(f"what augment returned has no samples for input {name!r}")
        return [
            float32_array(made[source.name], f"what augment returned for input {source.name!r}", values.shape).reshape(
                -1, *source.flat_shape
            )
            for source, values in zip(self._sources, given.values(), strict=True)
        ]


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
    """Return advice on how to get classes from the array given instead."""
    if array.ndim == 2 and ((array == 0) | (array == 1)).all():
        return ": y.argmax(axis=1)"
    return ": y.astype(int)" if array.ndim == 1 and (array == np.floor(array)).all() else ""


def target_values(y: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """Return checked targets of a loss, samples first."""
    return float32_array(y, "y", shape)


def padded(values: NDArray[Any], rows: NDArray[np.int64], batch_size: int, filler: Any) -> NDArray[Any]:
    """Return the values of a batch, padded with `filler`."""
    batch = np.full((batch_size, *values.shape[1:]), filler, values.dtype)
    batch[: rows.size] = values[rows]
    return batch
