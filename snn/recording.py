"""Results of a run: arrays by population and variable."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn import _recording_file
from snn._arrays import file_path, integer, integer_array, known_name, mapping
from snn._strict import Strict
from snn.engine.errors import ArgumentTypeError, FileError, InvalidArgumentError, NotFoundError, counted, shown
from snn.spike_events import SpikeEvents

__all__ = ["Recording"]

OF_A_RUN = ("spike_count", "spike_events")  # variables that have no row for each recorded step


class Recording(Strict, Mapping[str, Mapping[str, Any]]):
    """Recorded arrays by population or projection and variable: ``recording["hidden"]["v"]``.

    - States and ``"spikes"`` (bool), those of the recorded steps: shape (recorded steps, batch size, *shape of the
      population);
    - ``"spike_count"``: int64, shape (batch size, *shape of the population);
    - ``"spike_events"``: `SpikeEvents`;
    - ``"weight"`` and ``"bias"`` of a projection: shape (recorded steps, *shape of the weights or biases).

    Parameters
    ----------
    arrays : dict
        By population or projection name, then by variable.
    dt : float
        Time step in milliseconds.
    first_step : int
        First step of the run.
    step_count : int, optional
        Steps of the run; default: those of the arrays.
    every : int, default 1
        Interval between recorded rows, in steps.
    steps : array_like of int, shape (recorded steps,), optional
        The step count at the end of each recorded row; default: every `every` steps from `first_step` on. Those of a
        `Recorder` are others where the simulation advanced without it, those of joined recordings where a run was interrupted.
    """

    def __init__(
        self,
        arrays: Mapping[str, Mapping[str, Any]],
        dt: float,
        first_step: int = 0,
        *,
        step_count: int | None = None,
        every: int = 1,
        steps: ArrayLike | None = None,
    ) -> None:
        given = mapping(arrays, "arrays", "arrays by population and variable")
        self._arrays = {population: _Variables(population, variables) for population, variables in given.items()}
        self.dt = dt
        self.first_step = first_step
        self.every = every
        self._step_count = step_count
        self._steps: NDArray[np.int64] | None = None  # where the rows do not follow each other
        if steps is not None:
            told = integer_array(steps, "steps").astype(np.int64)
            rows, most = self._row_count(), self.step_count // self.every
            if rows is None and len(told) > most:  # fewer where a run was interrupted
                raise InvalidArgumentError(f"steps has {len(told)} entries; there are at most {most} rows")
            if rows not in (None, len(told)):
                raise InvalidArgumentError(f"steps has {len(told)} entries; there are {rows} rows")
            if not np.array_equal(told, self.steps):
                self._steps = told

    def __getitem__(self, population: str) -> Mapping[str, Any]:
        return self._arrays[known_name(population, self._arrays, "recorded population")]

    def __iter__(self) -> Any:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    @property
    def step_count(self) -> int:
        """Steps of the run."""
        if self._step_count is not None:
            return self._step_count
        for variables in self._arrays.values():
            if "spike_events" in variables:
                return int(variables["spike_events"].step_count)
        return (self._row_count() or 0) * self.every

    def _row_count(self) -> int | None:
        """Return how many rows the arrays have; None where there is no array with rows."""
        for variables in self._arrays.values():
            for name, array in variables.items():
                if name not in OF_A_RUN:
                    return len(array)
        return None

    @property
    def steps(self) -> NDArray[np.int64]:
        """Step count at the end of each recorded step: shape (recorded steps,)."""
        if self._steps is not None:
            return self._steps.copy()
        return self.first_step + (1 + np.arange(self.step_count // self.every, dtype=np.int64)) * self.every

    @property
    def times(self) -> NDArray[np.float64]:
        """Time at the end of each recorded step, in milliseconds: shape (recorded steps,)."""
        return self.steps.astype(np.float64) * self.dt

    @staticmethod
    def joined(recordings: Iterable[Recording]) -> Recording:
        """Return the recordings of consecutive runs as one recording.

        Parameters
        ----------
        recordings : iterable of Recording
            In order, without steps between them, with the same variables and interval. A run that was interrupted between
            two rows is one of them: those of the next run are counted from where it begins, and `times` tells where they are.

        Raises
        ------
        InvalidArgumentError
            There is no recording, or they do not follow each other or have different variables; the message says which.

        Examples
        --------
        >>> before = sim.run(1000, record=record)
        >>> sim["exc.bias_current"] = 300.0
        >>> whole = snn.Recording.joined([before, sim.run(1000, record=record)])
        """
        parts = list(recordings)
        if not parts:
            raise InvalidArgumentError("recordings is empty; there must be at least one")
        for place, part in enumerate(parts):
            if not isinstance(part, Recording):
                raise ArgumentTypeError(f"recordings[{place}] is {shown(part)}, not a Recording")
        first, steps, end = parts[0], 0, parts[0].first_step
        names = {population: list(variables) for population, variables in first.items()}
        for place, part in enumerate(parts):
            what = f"recordings[{place}]"
            if {population: list(variables) for population, variables in part.items()} != names:
                raise InvalidArgumentError(f"{what} is {part!r}; it must have the variables of the first, {first!r}")
            if (part.dt, part.every) != (first.dt, first.every):
                raise InvalidArgumentError(
                    f"{what} has a row every {counted(part.every, 'step')} of {part.dt:g} ms; the first one every "
                    f"{first.every} of {first.dt:g} ms"
                )
            if part.first_step != end:
                raise InvalidArgumentError(f"{what} begins with step {part.first_step}; the one before ended at {end}")
            steps += part.step_count
            end = part.first_step + part.step_count
            if (
                part.every == 1 and part.steps.size
            ):  # the last row, also where a recorder left steps out between its rows
                end = int(part.steps[-1])
        arrays: dict[str, dict[str, Any]] = {}
        for population, variables in names.items():
            for name in variables:
                pieces = [part[population][name] for part in parts]
                own = arrays.setdefault(population, {})
                if name == "spike_events":
                    own[name] = SpikeEvents.joined(pieces)
                elif name == "spike_count":
                    own[name] = np.sum(pieces, axis=0, dtype=np.result_type(np.int64, *pieces))
                else:
                    own[name] = np.concatenate(pieces)
        rows = np.concatenate([part.steps for part in parts])
        return Recording(arrays, first.dt, first.first_step, step_count=steps, every=first.every, steps=rows)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the recording to a file, which `load` reads.

        The file is a compressed numpy ``.npz`` with arrays named ``"population.variable"``; spike events have ``.steps``,
        ``.neurons`` and ``.samples``. It is written next to `path` and then renamed.

        Parameters
        ----------
        path : path
            The file; no suffix is added.

        Raises
        ------
        FileError
            The file cannot be written; an existing file is unchanged.

        Examples
        --------
        A long simulation in parts, which survive a crash of the process:

        >>> while sim.step_count < 100_000:
        ...     sim.run(10_000, record={"exc": "spike_events"}).save(f"part{sim.step_count:07}.npz")
        ...     sim.save_state("job.state")  # the next process begins with sim.load_state("job.state")
        >>> whole = snn.Recording.joined(snn.Recording.load(part) for part in sorted(Path().glob("part*.npz")))
        """
        where = file_path(path)
        try:
            _recording_file.write(self, Path(where))
        except OSError as error:
            raise FileError(f"the recording {shown(where)} cannot be written: {error.strerror or error}") from error

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Recording:
        """Read a recording that `save` wrote: the same arrays, bit for bit.

        Parameters
        ----------
        path : path
            The file.

        Raises
        ------
        FileError
            The file cannot be read.
        FormatError
            The file is damaged or not a recording.
        """
        where = file_path(path)
        try:
            arrays, settings = _recording_file.read(Path(where))
        except OSError as error:
            raise FileError(f"the recording {shown(where)} cannot be read: {error.strerror or error}") from error
        return Recording(arrays, **settings)

    def spike_times(self, population: str, sample: int = 0) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the spikes of one sample as (times in milliseconds, neuron indices), sorted by time.

        A `Recorder` that went on over a reset has the spikes of one run after those of the other, so times begin again.

        Parameters
        ----------
        population : str
            A population whose ``"spike_events"`` or ``"spikes"`` were recorded.
        sample : int
            Index in the batch.

        Raises
        ------
        InvalidArgumentError
            Only ``"spikes"`` were recorded, and not of every step (`every`): most of them are not there.
        """
        events = self[population].get("spike_events")
        if events is not None:
            own = events.of(sample)
            return own.times, own.neurons.astype(np.int64)
        spikes = self._spikes(population)
        which = integer(sample, "sample", maximum=spikes.shape[1] - 1)
        steps, neurons = np.nonzero(spikes[:, which].reshape(spikes.shape[0], -1))
        return self.times[steps], neurons

    def rates(self, population: str) -> NDArray[np.float64]:
        """Return the mean rate of each neuron in hertz: shape (batch size, *shape of the population).

        Parameters
        ----------
        population : str
            A population whose ``"spike_count"``, ``"spike_events"`` or ``"spikes"`` were recorded.

        Raises
        ------
        InvalidArgumentError
            Events were dropped, or only ``"spikes"`` were recorded, and not of every step (`every`); or there are no steps.
        """
        if self.step_count == 0:
            raise InvalidArgumentError("the recording has no steps, so there are no rates")
        counts = self[population].get("spike_count")
        events = self[population].get("spike_events")
        if counts is not None:
            return self._as_rates(counts)
        if events is not None:
            if events.dropped:
                raise InvalidArgumentError(
                    f"{events.dropped} spike events of {population!r} were dropped, so its rates are not known; "
                    "record 'spike_count' as well, or raise max_events"
                )
            return self._as_rates(events.counts())
        return np.asarray(self._spikes(population).mean(axis=0, dtype=np.float64) * (1000.0 / self.dt), np.float64)

    def _as_rates(self, counts: NDArray[Any]) -> NDArray[np.float64]:
        rates: NDArray[np.float64] = counts.astype(np.float64)
        rates *= 1000.0 / (self.dt * self.step_count)
        return rates

    def _spikes(self, population: str) -> NDArray[np.bool_]:
        variables = self[population]
        if "spikes" not in variables:
            raise InvalidArgumentError(f"the spikes of {population!r} were not recorded; only {', '.join(variables)}")
        if self.every > 1:
            raise InvalidArgumentError(
                f"the spikes of {population!r} were recorded every {self.every} steps only, so their times and rates are "
                "not known; record 'spike_events', which has those of all steps, or 'spike_count'"
            )
        spikes: NDArray[np.bool_] = variables["spikes"]
        return spikes

    def _meant(self, name: str) -> str:
        for population, variables in self._arrays.items():
            if name in variables:
                return f"; it is recording[{population!r}][{name!r}]"
        if name in self._arrays:
            return f"; it is recording[{name!r}]"
        return "; times has those of its rows" if name == "t" else super()._meant(name)

    def __repr__(self) -> str:
        words = [f"{population}.{name}" for population, variables in self._arrays.items() for name in variables]
        return f"<Recording of {counted(self.step_count, 'step')}: {', '.join(words) or 'nothing'}>"


class _Variables(dict[str, Any]):
    """The arrays of one population. A variable that was not recorded raises an error that lists those that were."""

    def __init__(self, population: str, arrays: Mapping[str, Any]) -> None:
        super().__init__(arrays)
        self._population = population

    def __missing__(self, variable: object) -> NDArray[Any]:
        raise NotFoundError(
            f"variable {shown(variable)} of population {self._population!r} was not recorded; "
            f"only {', '.join(self) or 'nothing'} was"
        )
