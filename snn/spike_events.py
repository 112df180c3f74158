"""Spikes as a list of events: recorded by a run or given to an input, and their statistics."""

from __future__ import annotations

import math
from collections.abc import Iterable
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import integer, integer_array, number
from snn._strict import Strict
from snn.engine.errors import InvalidArgumentError, counted

__all__ = ["SpikeEvents"]

_MOST = 2**64 - 1  # steps of a simulation, and events


def _whole_numbers(values: ArrayLike, column: str, count: int | None = None) -> NDArray[np.uint32]:
    """Return a column of events; `count`: the number of events, if known."""
    if isinstance(values, np.ndarray) and values.dtype == np.uint32 and values.ndim == 1:
        array = values
    else:
        array = integer_array(values, f"SpikeEvents: {column}")
        if array.size and not 0 <= int(array.min()) <= int(array.max()) < 2**32:
            raise InvalidArgumentError(
                f"SpikeEvents: {column} has numbers from {array.min()} to {array.max()}; from 0 on"
            )
        array = array.astype(np.uint32)
    if count is not None and len(array) != count:
        raise InvalidArgumentError(f"SpikeEvents: there are {count} steps and {len(array)} {column}")
    return array


class SpikeEvents(Strict):
    """Spikes of one population, an entry for each, sorted by step, then sample, then neuron.

    `Simulation.run` records them as ``"spike_events"`` and takes them as input; `snn.stimuli.spike_events` makes them from
    times and neuron indices. The arrays are unsigned: for differences that may be negative, convert them first, as with
    ``events.neurons.astype(int)``.

    Parameters
    ----------
    steps : uint32 array, shape (events,)
        Step of the run; 0 is its first.
    neurons : uint32 array, shape (events,)
        Flat indices in the population.
    samples : uint32 array, shape (events,), optional
        Indices in the batch; default: all 0.
    shape : int or tuple of int
        Size or shape of the population.
    step_count : int
        Steps of the run.
    batch_size : int, default 1
        Samples of the run.
    dropped : int, default 0
        Number of older events not kept; see ``max_events`` of `Simulation.run`.
    dt : float, optional
        Time step in milliseconds, needed for results in milliseconds or hertz. Every run sets it.
    first_step : int, default 0
        The simulation's step at which the run began.

    Raises
    ------
    InvalidArgumentError
        An event is outside the steps, the population or the samples, or a number is out of range.
    """

    _hints = MappingProxyType(
        {
            "cv": "isi_cv() is that of the intervals of each neuron",
            "i": "neurons has their indices",
            "rate": "population_rate() has it in the course of time, Recording.rates() that of each neuron",
            "rates": "Recording.rates() has those of the neurons, population_rate() that of all in the course of time",
            "senders": "neurons has their indices",
            "spike_trains": "trains() has the times of each neuron",
            "t": "times has them in milliseconds",
        }
    )

    def __init__(
        self,
        steps: ArrayLike,
        neurons: ArrayLike,
        samples: ArrayLike | None = None,
        *,
        shape: int | tuple[int, ...],
        step_count: int,
        batch_size: int = 1,
        dropped: int = 0,
        dt: float | None = None,
        first_step: int = 0,
    ) -> None:
        self.steps = _whole_numbers(steps, "steps")
        self.neurons = _whole_numbers(neurons, "neurons", len(self.steps))
        self.samples = (
            np.broadcast_to(np.uint32(0), self.steps.shape)
            if samples is None
            else _whole_numbers(samples, "samples", len(self.steps))
        )
        sizes = shape if isinstance(shape, tuple | list) and shape else (shape,)
        self.shape = tuple(integer(size, "SpikeEvents: shape", minimum=1) for size in sizes)
        self.step_count = integer(step_count, "SpikeEvents: step_count", maximum=_MOST)
        self.batch_size = integer(batch_size, "SpikeEvents: batch_size", minimum=1)
        self.dropped = integer(dropped, "SpikeEvents: dropped", maximum=_MOST)
        self.dt = None if dt is None else number(dt, "SpikeEvents: dt", minimum=0.0, exclusive=True)
        self.first_step = integer(first_step, "SpikeEvents: first_step", maximum=_MOST)
        for column, values, limit in (
            ("steps", self.steps, self.step_count),
            ("neurons", self.neurons, math.prod(self.shape)),
            ("samples", self.samples, self.batch_size),
        ):
            if values.size and values.max() >= limit:
                place = int(np.argmax(values))
                raise InvalidArgumentError(
                    f"SpikeEvents: {column}[{place}] is {values[place]}; there are {limit}, counted from 0"
                )

    def __len__(self) -> int:
        return len(self.steps)

    # ---- some of them

    def of(self, sample: int) -> SpikeEvents:
        """Return the events of one sample. `dropped` remains the number for all samples."""
        chosen = self.samples == integer(sample, "sample", maximum=self.batch_size - 1)
        return SpikeEvents(
            self.steps[chosen],
            self.neurons[chosen],
            shape=self.shape,
            step_count=self.step_count,
            dropped=self.dropped,
            dt=self.dt,
            first_step=self.first_step,
        )

    def between(self, begin: int, end: int) -> SpikeEvents:
        """Return the events of the steps `begin` to `end` - 1, as those of a run that began at `begin`.

        Parameters
        ----------
        begin, end : int
            Steps of the run, at most `step_count`.
        """
        last = integer(end, "end", maximum=self.step_count)
        first = integer(begin, "begin", maximum=last)
        chosen = (self.steps >= first) & (self.steps < last)
        return SpikeEvents(
            self.steps[chosen] - np.uint32(first),
            self.neurons[chosen],
            self.samples[chosen],
            shape=self.shape,
            step_count=last - first,
            batch_size=self.batch_size,
            dropped=self.dropped,
            dt=self.dt,
            first_step=self.first_step + first,
        )

    @staticmethod
    def joined(parts: Iterable[SpikeEvents]) -> SpikeEvents:
        """Return the events of consecutive runs as those of one run.

        Parameters
        ----------
        parts : iterable of SpikeEvents
            Of the same population, in order, without steps between them.

        Raises
        ------
        InvalidArgumentError
            There are none, they do not follow each other, or they are of different populations.
        """
        given = list(parts)
        if not given:
            raise InvalidArgumentError("parts is empty; there must be events of at least one run")
        first, steps = given[0], 0
        for place, part in enumerate(given):
            if (part.shape, part.batch_size, part.dt) != (first.shape, first.batch_size, first.dt):
                raise InvalidArgumentError(
                    f"parts[{place}] has shape {part.shape}, {part.batch_size} samples and dt {part.dt}; the first has shape "
                    f"{first.shape}, {first.batch_size} samples and dt {first.dt}"
                )
            if part.first_step != first.first_step + steps:
                raise InvalidArgumentError(
                    f"parts[{place}] begins with step {part.first_step}; the one before ended at {first.first_step + steps}"
                )
            steps += part.step_count
        begins = [np.uint32(part.first_step - first.first_step) for part in given]
        return SpikeEvents(
            np.concatenate([part.steps + begin for part, begin in zip(given, begins, strict=True)]),
            np.concatenate([part.neurons for part in given]),
            np.concatenate([part.samples for part in given]),
            shape=first.shape,
            step_count=steps,
            batch_size=first.batch_size,
            dropped=sum(part.dropped for part in given),
            dt=first.dt,
            first_step=first.first_step,
        )

    # ---- what they say

    @property
    def times(self) -> NDArray[np.float64]:
        """Time of each event, the end of its step, in milliseconds since the simulation began: shape (events,)."""
        return (self.first_step + 1 + self.steps.astype(np.float64)) * self._step()

    def counts(self) -> NDArray[np.int64]:
        """Return the number of spikes of each neuron: shape (batch size, *shape of the population)."""
        size = math.prod(self.shape)
        places = self.samples.astype(np.int64) * size + self.neurons
        return np.bincount(places, minlength=self.batch_size * size).reshape(self.batch_size, *self.shape)

    def trains(self) -> list[NDArray[np.float64]]:
        """Return each neuron's spike times in milliseconds, ascending, by flat index. For events of one sample."""
        self._of_one_sample()
        order = np.lexsort((self.steps, self.neurons))
        ends = np.cumsum(np.bincount(self.neurons, minlength=math.prod(self.shape)))
        return np.split(self.times[order], ends[:-1])

    def isi_cv(self) -> NDArray[np.float64]:
        """Return the coefficient of variation of each neuron's interspike intervals, a measure of irregularity.

        This is the standard deviation of the intervals (with division by their number) over their mean: 0 for a regular
        train, near 1 for a Poisson process.

        Returns
        -------
        array, shape of the population
            NaN for neurons with fewer than three spikes; `numpy.nanmean` ignores them.

        Raises
        ------
        InvalidArgumentError
            There are several samples (see `of`), or events were dropped.
        """
        self._of_one_sample()
        self._complete("the irregularity of spikes is")
        size = math.prod(self.shape)
        order = np.lexsort((self.steps, self.neurons))
        neurons = self.neurons[order].astype(np.int64)
        between = np.diff(self.steps[order].astype(np.float64))
        same = neurons[1:] == neurons[:-1]
        owners, intervals = neurons[1:][same], between[same]
        counts = np.bincount(owners, minlength=size)
        with np.errstate(invalid="ignore", divide="ignore"):
            means = np.bincount(owners, intervals, size) / counts
            spread = np.sqrt(np.bincount(owners, (intervals - means[owners]) ** 2, size) / counts)
            variation = spread / means
        return np.where(counts < 2, np.nan, variation).reshape(self.shape)

    def population_rate(self, bin_ms: float = 1.0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the rate of the population over time, averaged over its neurons.

        Parameters
        ----------
        bin_ms : float, default 1.0
            Bin width in milliseconds, rounded to whole steps, at least one. An incomplete last bin is omitted.

        Returns
        -------
        times : float64 array, shape (bins,)
            The middle of each bin, in milliseconds since the simulation began.
        rates : float64 array, shape (bins,) or, with several samples, (batch size, bins)
            Spikes per neuron and second, in hertz.

        Raises
        ------
        InvalidArgumentError
            Events were dropped, or the bin is longer than the run.
        """
        self._complete("the rate in the course of time is")
        dt = self._step()
        width = max(1, round(number(bin_ms, "bin_ms", minimum=0.0, exclusive=True) / dt))
        bins = self.step_count // width
        if bins == 0:
            raise InvalidArgumentError(f"bin_ms is {bin_ms:g}, longer than the run of {self.step_count * dt:g} ms")
        kept = self.steps < bins * width
        places = self.samples[kept].astype(np.int64) * bins + self.steps[kept] // width
        counts = np.bincount(places, minlength=self.batch_size * bins).reshape(self.batch_size, bins)
        rates: NDArray[np.float64] = counts.astype(np.float64) / (math.prod(self.shape) * width * dt * 1e-3)
        times = (self.first_step + (np.arange(bins, dtype=np.float64) + 0.5) * width) * dt
        return times, rates.reshape(-1) if self.batch_size == 1 else rates

    # ----

    def _step(self) -> float:
        if self.dt is None:
            raise InvalidArgumentError("these spike events have no dt, so their times are not known; give them one")
        return self.dt

    def _of_one_sample(self) -> None:
        if self.batch_size > 1:
            raise InvalidArgumentError(f"these are events of {self.batch_size} samples; choose one: events.of(sample)")

    def _complete(self, what: str) -> None:
        if self.dropped:
            raise InvalidArgumentError(
                f"{self.dropped} older spike events were dropped, so {what} not known; raise max_events of the run"
            )

    def __repr__(self) -> str:
        lost = f", {self.dropped} older ones dropped" if self.dropped else ""
        return f"<{counted(len(self), 'spike event')} of {counted(self.step_count, 'step')}{lost}>"
