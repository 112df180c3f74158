"""Recordings of event cameras and silicon cochleas, read from the published files.

Each function opens a data set as `EventData`: samples that are read when needed and binned into frames. A `Trainer` takes it
as `x`, with ``encoder=None``, and reads the next batch in a thread while it trains on the current one. Binary samples for a
`SpikeInput` are passed as events, without frames, which would take [steps, batch_size, size] floats.

Examples
--------
>>> train = snn.events.heidelberg("shd_train.h5", steps=100, step_ms=10.0)
>>> net = snn.Sequential(
...     snn.SpikeInput(700), snn.Dense(256), snn.LIF(tau_membrane=100.0), snn.Dense(20), snn.LeakyIntegrator(), dt=10.0
... )
>>> trainer = snn.Trainer(net, steps=100, encoder=None, loss="cross_entropy_max_membrane")
>>> trainer.fit(train, train.y)
"""

from __future__ import annotations

import csv
import math
import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from snn._arrays import Floats, boolean, file_path, function, integer, integer_array, new_array, number, real_array
from snn.engine.errors import (
    ArgumentTypeError,
    FileError,
    FormatError,
    InvalidArgumentError,
    InvalidHandleError,
    UnsupportedError,
    counted,
    shown,
)

__all__ = ["EventData", "Events", "dvs_gesture", "heidelberg", "n_mnist", "read_aedat", "read_n_mnist", "tonic"]


def __dir__() -> list[str]:
    return __all__


Integers = NDArray[np.int64]
PathLike = str | os.PathLike[str]


class Events(NamedTuple):
    """One recording.

    Examples
    --------
    Recordings of your own, as `snn.Trainer.fit` takes them:

    >>> recordings = [snn.events.Events(times_ms, channels, (16,)) for times_ms, channels in mine]
    >>> data = snn.events.EventData(recordings, classes, steps=100, step_ms=1.0)
    >>> trainer.fit(data, data.y)

    One of them as `snn.Simulation.run` takes it:

    >>> one = recordings[0]
    >>> sim.run(100, snn.stimuli.spike_events(one.times, one.units, one.shape, dt=net.dt, merge=True))
    """

    times: NDArray[np.float64]
    """In ms since the recording began, in any order."""
    units: Integers
    """The input that spiked at each time, a flat index into `shape`."""
    shape: tuple[int, ...]
    """(channels,), or (polarities, height, width)."""


class EventSequence(Protocol):
    """A sequence of recordings."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Events: ...


class EventBatch(NamedTuple):
    """Spikes of several samples, sorted by step, sample and input, without duplicates."""

    steps: NDArray[np.uint32]
    neurons: NDArray[np.uint32]
    samples: NDArray[np.uint32]
    """Indices in the batch."""


class EventData:
    """Samples of events, read when needed and binned into frames, for `x` of `Trainer.fit`.

    Parameters
    ----------
    read : sequence of Events, or callable
        ``read[index]`` or ``read(index)`` returns the `Events` of one sample: from a list, or by reading them when needed.
        `Trainer.fit` calls it in a separate thread, one call at a time. An exception that it raises gets a note with the
        sample's index.
    y : array_like of int, shape (samples,)
        Classes.
    steps : int
        Number of frames of a sample; later events are ignored.
    step_ms : float
        Length of a frame: the `dt` of the network. A `Trainer` warns if they differ.
    binary : bool, default True
        Whether frames contain 0 or 1, as for a `SpikeInput`; else they contain numbers of events.
    shrink : int, default 1
        Divides height and width, rounding up; the pixels of a block become one input.
    close : callable, optional
        Closes the files that `read` reads. `EventData.close` calls it once.

    Raises
    ------
    FormatError
        When a sample is read: a time is negative or NaN, or a unit is outside the shape.

    Examples
    --------
    >>> with snn.events.heidelberg("shd_train.h5", steps=100, step_ms=10.0) as train:
    ...     trainer.fit(train, train.y)
    """

    def __init__(
        self,
        read: Callable[[int], Events] | EventSequence,
        y: Any,
        *,
        steps: int,
        step_ms: float,
        binary: bool = True,
        shrink: int = 1,
        close: Callable[[], Any] | None = None,
    ) -> None:
        self._read, count = _reader(read)
        self._close = None if close is None else function(close, "close")
        self._is_closed = False
        self._warned = False
        self.y: Integers = integer_array(y, "y").astype(np.int64)
        self.steps = integer(steps, "steps", minimum=1)
        self.step_ms = number(step_ms, "step_ms", minimum=0.0, exclusive=True)
        self.binary = boolean(binary, "binary")
        self.shrink = integer(shrink, "shrink", minimum=1)
        if count is not None and count != self.y.size:
            raise InvalidArgumentError(f"there are {counted(count, 'recording')} and {self.y.size} classes in y")
        if self.y.size == 0:
            raise InvalidArgumentError("there are no samples")
        self._whole = self._checked(0).shape
        self._small = self._whole
        if self.shrink > 1:
            if len(self._whole) != 3:
                raise InvalidArgumentError(
                    f"shrink is {self.shrink}, but samples have shape {self._whole}, which is no image"
                )
            self._small = (self._whole[0], *(-(-size // self.shrink) for size in self._whole[1:]))

    @property
    def shape(self) -> tuple[int, ...]:
        """(samples, steps, *shape of the input)."""
        return (self.y.size, self.steps, *self._small)

    def __len__(self) -> int:
        return int(self.y.size)

    def __getitem__(self, rows: int | slice | Integers) -> Floats:
        """Return the frames of some samples: (samples, steps, *shape), or (steps, *shape) for a single index."""
        if isinstance(rows, int | np.integer):
            if not -len(self) <= rows < len(self):
                raise IndexError(f"sample {rows} of {len(self)}")
            return self._frames(int(rows) % len(self))
        chosen = np.arange(len(self))[rows]
        frames = new_array((chosen.size, *self.shape[1:]), np.float32, "the frames of a batch")
        for place, index in enumerate(chosen):
            frames[place] = self._frames(int(index))
        return frames

    def close(self) -> None:
        """Close the files. Samples cannot be read afterwards."""
        if not self._is_closed and self._close is not None:
            self._close()
        self._is_closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _checked(self, index: int) -> Events:
        if self._is_closed:
            raise InvalidHandleError("the data set is closed")
        what = f"sample {index}"
        try:
            events = self._read(index)
        except Exception as error:
            error.add_note(f"raised while {what} was read")
            raise
        if not isinstance(events, Events):
            raise ArgumentTypeError(f"{what} is {shown(events)}, not Events")
        times = real_array(events.times, f"{what}: times").astype(np.float64, copy=False)
        events = Events(times, integer_array(events.units, f"{what}: units"), events.shape)
        size = math.prod(_size(events.shape, f"{what}: shape"))
        if events.times.shape != events.units.shape:
            raise FormatError(f"sample {index} has {events.times.size} times and {events.units.size} units")
        wrong_times = times[~((times >= 0) & (times < math.inf))]
        if wrong_times.size:
            raise FormatError(
                f"{what} has {wrong_times.size} events at times such as {wrong_times[0]:g} ms; times begin at 0"
            )
        if events.units.size and not 0 <= int(events.units.min()) <= int(events.units.max()) < size:
            wrong = int(events.units.min() if events.units.min() < 0 else events.units.max())
            raise FormatError(
                f"sample {index} has an event of unit {wrong}; units of shape {events.shape} are 0 to {size - 1}"
            )
        return events

    def batch(self, rows: Integers) -> EventBatch:
        """Return some samples as spikes, without making frames.

        They contain what `binary` frames do: not how many events a unit had in a step.
        """
        size = math.prod(self._small)
        keys = []
        for place, index in enumerate(rows):
            steps, units = self._places(int(index))
            keys.append((steps * len(rows) + place) * size + units)
        key = np.unique(np.concatenate(keys)) if keys else np.empty(0, np.int64)
        samples, neurons = np.divmod(key, size)
        steps, samples = np.divmod(samples, max(len(rows), 1))
        return EventBatch(steps.astype(np.uint32), neurons.astype(np.uint32), samples.astype(np.uint32))

    def _places(self, index: int) -> tuple[Integers, Integers]:
        """Return step and unit of each event of a sample that falls into its frames."""
        events = self._checked(index)
        if events.shape != self._whole:
            raise FormatError(f"sample {index} has shape {events.shape}, the first one {self._whole}")
        steps = np.floor(events.times / self.step_ms)
        inside = steps < self.steps
        if events.times.size and not inside.any() and not self._warned:
            self._warned = True
            warnings.warn(
                f"all {events.times.size} events of sample {index} lie after the {self.steps * self.step_ms:g} ms of its "
                f"frames, the first at {events.times.min():g} ms: times are in ms",
                stacklevel=2,
            )
        units = events.units[inside]
        if self.shrink > 1:
            polarity, y, x = np.unravel_index(units, self._whole)
            units = np.ravel_multi_index((polarity, y // self.shrink, x // self.shrink), self._small)
        return steps[inside].astype(np.int64), units

    def _frames(self, index: int) -> Floats:
        steps, units = self._places(index)
        size = math.prod(self._small)
        counts = np.bincount(steps * size + units, minlength=self.steps * size)
        frames = counts.astype(np.float32).reshape(self.steps, *self._small)
        return np.minimum(frames, 1.0, out=frames) if self.binary else frames

    def __repr__(self) -> str:
        return f"<EventData: {len(self)} samples of {self.steps} frames of {self.step_ms:g} ms, shape {self._small}>"


def has_events(values: Any) -> bool:
    """Whether it is `Events`, or a list of them."""
    return isinstance(values, Events) or (
        isinstance(values, list | tuple) and any(isinstance(v, Events) for v in values[:1])
    )


def _reader(read: Any) -> tuple[Callable[[int], Events], int | None]:
    """Return the function that reads one sample, and the number of samples if known."""
    if callable(read):
        return read, None
    if isinstance(read, Events) or not (hasattr(read, "__len__") and hasattr(read, "__getitem__")):
        raise ArgumentTypeError(f"read is {shown(read)}, neither a sequence of Events nor callable")
    return read.__getitem__, len(read)


# ---- Heidelberg: SHD and SSC


def heidelberg(path: PathLike, *, steps: int, step_ms: float, binary: bool = True) -> EventData:
    """Open a file of the Spiking Heidelberg Digits (SHD) or Spiking Speech Commands (SSC): 700 channels, HDF5.

    Needs h5py (the extra ``events``). B. Cramer et al. (2020), https://doi.org/10.1109/TNNLS.2020.3044364, files at
    https://zenkelab.org/datasets; unpack a ``.gz`` first.

    Parameters
    ----------
    path : path-like
        ``shd_train.h5``, ``ssc_test.h5``, ...
    steps, step_ms, binary
        See `EventData`.
    """
    try:
        import h5py
    except ImportError:
        raise UnsupportedError("HDF5 files are read with h5py, which is not installed: pip install h5py") from None
    try:
        file = h5py.File(file_path(path), "r")
    except OSError as error:
        raise FileError(f"{file_path(path)!r} cannot be read as HDF5: {error}") from None
    try:
        times, units, labels = file["spikes/times"], file["spikes/units"], np.asarray(file["labels"])
    except KeyError as error:
        file.close()
        raise FormatError(f"{file_path(path)!r} is no file of SHD or SSC: {error}") from None
    if not len(times) == len(units) == len(labels):
        raise FormatError(f"{file_path(path)!r} has {len(times)} times, {len(units)} units and {len(labels)} labels")

    def read(index: int) -> Events:
        # Stored in seconds, as 16-bit floats: a resolution of half a millisecond at one second.
        moments = np.asarray(times[index], np.float64) * 1e3
        return Events(moments, np.asarray(units[index], np.int64), (700,))

    return EventData(read, labels.astype(np.int64), steps=steps, step_ms=step_ms, binary=binary, close=file.close)


# ---- N-MNIST


def read_n_mnist(path: PathLike) -> Events:
    """Read one ``.bin`` file of N-MNIST: (2 polarities, 34, 34).

    Five bytes for each event, big-endian: x (8 bits), y (8), polarity (1), microseconds (23). An entry with y = 240 is not an
    event: it adds 2**13 microseconds to all later times. G. Orchard et al. (2015), https://doi.org/10.3389/fnins.2015.00437.
    """
    data = np.frombuffer(_bytes(path), np.uint8)
    if data.size % 5:
        raise FormatError(f"{file_path(path)!r} has {data.size} bytes, which are no events of 5 bytes")
    raw = data.reshape(-1, 5).astype(np.int64)
    x, y, polarity = raw[:, 0], raw[:, 1], raw[:, 2] >> 7
    times = (raw[:, 2] & 127) << 16 | raw[:, 3] << 8 | raw[:, 4]
    overflow = y == 240
    times = (times + (np.cumsum(overflow) << 13))[~overflow]
    x, y, polarity = x[~overflow], y[~overflow], polarity[~overflow]
    if x.size and (int(x.max()) >= 34 or int(y.max()) >= 34):
        raise FormatError(
            f"{file_path(path)!r} has an event at x {int(x.max())} or y {int(y.max())}; N-MNIST has 34 x 34 pixels"
        )
    return Events(times / 1e3, (polarity * 34 + y) * 34 + x, (2, 34, 34))


def n_mnist(folder: PathLike, *, steps: int, step_ms: float, binary: bool = True, shrink: int = 1) -> EventData:
    """Open N-MNIST: a folder ``Train`` or ``Test`` with the folders ``0`` to ``9`` of ``.bin`` files.

    Parameters
    ----------
    folder : path-like
        The folder. Samples are ordered by class, then by file name.
    steps, step_ms, binary, shrink
        See `EventData`.
    """
    files = [(path, digit) for digit in range(10) for path in sorted(Path(file_path(folder)).glob(f"{digit}/*.bin"))]
    if not files:
        raise FileError(f"{file_path(folder)!r} has no folders 0 to 9 with files that end in .bin")
    return EventData(
        lambda index: read_n_mnist(files[index][0]),
        [digit for _, digit in files],
        steps=steps,
        step_ms=step_ms,
        binary=binary,
        shrink=shrink,
    )


# ---- DVS128 Gesture


def read_aedat(path: PathLike, shape: tuple[int, int] = (128, 128)) -> Events:
    """Read the polarity events of an AEDAT 3.1 file: (2 polarities, height, width), with the camera's times.

    Parameters
    ----------
    path : path-like
        The file.
    shape : (int, int), default (128, 128)
        Height and width of the sensor.

    Notes
    -----
    Lines that begin with ``#`` are followed by packets. A packet has a little-endian header of 28 bytes (type, source: 16 bits
    each; size of an event, offset of its time, overflow of times, capacity, number, valid: 32 bits each), then space for
    `capacity` events. A polarity event (type 1) has 32 bits of valid (1), polarity (1), y (15), x (15), lowest first, and 32
    bits of microseconds.
    """
    height, width = _size(shape, "shape", 2)
    data = _bytes(path)
    where = repr(file_path(path))
    if not data.startswith(b"#!AER-DAT3"):
        raise FormatError(f"{where} does not begin with #!AER-DAT3")
    at = 0
    while at < len(data) and data[at : at + 1] == b"#":
        end = data.find(b"\n", at)
        if end < 0:
            raise FormatError(f"{where} ends within its header")
        line, at = data[at:end], end + 1
        if line.startswith(b"#!END-HEADER"):
            break
    words, moments = [], []
    while at < len(data):
        if at + 28 > len(data):
            raise FormatError(f"{where} ends within the header of a packet")
        kind, _ = np.frombuffer(data, "<u2", 2, at)
        size, offset, overflow, capacity, count, _ = np.frombuffer(data, "<u4", 6, at + 4).astype(np.int64).tolist()
        at += 28
        if count > capacity:
            raise FormatError(f"{where} has a packet with {count} events and room for {capacity}")
        if at + size * capacity > len(data):
            raise FormatError(f"{where} ends within a packet of {count} events")
        if kind == 1:
            if size != 8 or offset != 4:
                raise FormatError(
                    f"{where} has polarity events of {size} bytes with the time at {offset}; expected 8 and 4"
                )
            events = np.frombuffer(data, "<u4", 2 * count, at).reshape(-1, 2).astype(np.int64)
            events = events[(events[:, 0] & 1) == 1]
            words.append(events[:, 0])
            moments.append(events[:, 1] + (overflow << 31))
        at += size * capacity
    word = np.concatenate(words) if words else np.empty(0, np.int64)
    times = np.concatenate(moments) if moments else np.empty(0, np.int64)
    polarity, y, x = word >> 1 & 1, word >> 2 & 0x7FFF, word >> 17 & 0x7FFF
    if word.size and (int(y.max()) >= height or int(x.max()) >= width):
        raise FormatError(
            f"{where} has an event at x {int(x.max())} or y {int(y.max())}; the sensor has {width} x {height} pixels"
        )
    return Events(times / 1e3, (polarity * height + y) * width + x, (2, height, width))


def dvs_gesture(
    files: PathLike | Iterable[PathLike], *, steps: int, step_ms: float, binary: bool = True, shrink: int = 1
) -> EventData:
    """Open recordings of DVS128 Gesture: AEDAT files, each next to its ``NAME_labels.csv``.

    A sample is one gesture, from its start to its end. Classes 1 to 11 of the files become 0 to 10. A. Amir et al. (2017),
    https://doi.org/10.1109/CVPR.2017.781.

    Parameters
    ----------
    files : path-like, or several of them
        ``user01_fluorescent.aedat``, ...; a folder means all such files in it. ``trials_to_train.txt`` of the data set lists
        the training files.
    steps, step_ms, binary, shrink
        See `EventData`.
    """
    paths: list[Path] = []
    for one in [files] if isinstance(files, str | os.PathLike) or not isinstance(files, Iterable) else files:
        path = Path(file_path(one))
        paths += sorted(path.glob("*.aedat")) if path.is_dir() else [path]
    segments: list[tuple[Path, float, float]] = []
    labels: list[int] = []
    for path in paths:
        table = path.with_name(f"{path.stem}_labels.csv")
        for line, row in enumerate(csv.DictReader(_bytes(table).decode("utf-8", "replace").splitlines()), 2):
            try:
                label, start, end = (int(row[key]) for key in ("class", "startTime_usec", "endTime_usec"))
            except (KeyError, TypeError, ValueError):
                raise FormatError(f"{str(table)!r}, line {line}: expected class,startTime_usec,endTime_usec") from None
            labels.append(label - 1)
            segments.append((path, start / 1e3, end / 1e3))
    if not segments:
        raise FileError(f"there is no gesture in {shown(files)}")
    kept: list[tuple[Path, Events]] = []  # the last file read: its gestures are often read in succession

    def read(index: int) -> Events:
        path, start, end = segments[index]
        if not kept or kept[0][0] != path:
            kept[:] = [(path, read_aedat(path))]
        events = kept[0][1]
        chosen = (events.times >= start) & (events.times < end)
        return Events(events.times[chosen] - start, events.units[chosen], events.shape)

    return EventData(read, labels, steps=steps, step_ms=step_ms, binary=binary, shrink=shrink)


# ---- Tonic


def tonic(dataset: Any, *, steps: int, step_ms: float, binary: bool = True, shrink: int = 1) -> EventData:
    """Open a data set of the package Tonic whose samples are (events, class).

    Parameters
    ----------
    dataset : sequence of (structured array with the fields t, x, p and perhaps y, int)
        For example ``tonic.datasets.NMNIST(folder)``, without transforms, with Tonic's times in microseconds. Its attribute
        `sensor_size` must be (width, height, polarities). All samples are read once for their classes, unless it has an
        attribute `targets`.
    steps, step_ms, binary, shrink
        See `EventData`.
    """
    if not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
        raise ArgumentTypeError(f"dataset is {shown(dataset)}, which has no samples")
    size: Sequence[int] | None = getattr(dataset, "sensor_size", None)
    if size is None or len(size) != 3:
        raise InvalidArgumentError(f"dataset has sensor_size {shown(size)}; it must be (width, height, polarities)")
    width, height, polarities = (integer(one, "sensor_size", minimum=1) for one in size)
    # Audio data sets have one row of channels.
    shape = (width,) if height == 1 and polarities == 1 else (polarities, height, width)

    def read(index: int) -> Events:
        events = dataset[index][0]
        names = events.dtype.names or ()
        if "t" not in names or "x" not in names:
            raise FormatError(
                f"sample {index} has the fields {', '.join(names) or 'none'}; expected t, x, p and perhaps y"
            )
        x = events["x"].astype(np.int64)
        y = events["y"].astype(np.int64) if "y" in names and height > 1 else np.zeros_like(x)
        polarity = events["p"].astype(np.int64) if "p" in names and polarities > 1 else np.zeros_like(x)
        times = events["t"].astype(np.float64) / 1e3
        return Events(times, (polarity * height + y) * width + x, shape)

    targets = getattr(dataset, "targets", None)
    if targets is None or len(targets) != len(dataset):
        targets = [dataset[index][1] for index in range(len(dataset))]
    return EventData(read, targets, steps=steps, step_ms=step_ms, binary=binary, shrink=shrink)


def _size(shape: Sequence[int], what: str, axes: int | None = None) -> tuple[int, ...]:
    if not isinstance(shape, Sequence) or len(shape) not in ((1, 2, 3) if axes is None else (axes,)):
        raise InvalidArgumentError(f"{what} is {shown(shape)}; it must be a tuple of {axes or '1 to 3'} sizes")
    return tuple(integer(one, what, minimum=1) for one in shape)


def _bytes(path: PathLike) -> bytes:
    try:
        return Path(file_path(path)).read_bytes()
    except OSError as error:
        raise FileError(f"{file_path(path)!r} cannot be read: {error.strerror}") from None
