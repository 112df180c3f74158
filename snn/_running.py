"""What `Simulation.run` does: one call of libsnn, or several where something has to happen in between."""

from __future__ import annotations

import math
import warnings
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from snn._arrays import check_room, mapping, new_array
from snn._between import also
from snn._inputs import EventInput, MadeInput
from snn._stop import STOP
from snn._wanted import Wanted, flat_indices, recorded_population, wanted_of
from snn.engine.errors import InvalidArgumentError, StoppedError, counted
from snn.recording import OF_A_RUN, Recording
from snn.spike_events import SpikeEvents

if TYPE_CHECKING:
    from snn._arrays import Floats
    from snn.population import Population
    from snn.projection import Projection
    from snn.simulation import Simulation

__all__ = ["Record", "Run"]

Words = NDArray[np.uint32]

Record = Mapping[str, Wanted]  # by population or projection

# Room for so many events between two looks at them: 8 MB with steps and neurons.
_EVENTS_AT_ONCE = 1 << 20


class _Events:
    """The spikes of one population: an array that libsnn fills, and what was taken out of it so far."""

    def __init__(self, population: Population, batch_size: int, steps: int, maximum: int | None) -> None:
        self.population = population
        self.batch_size = batch_size
        self.frame = batch_size * population.size
        capacity = max(self.frame, min(self.frame * steps, max(4 * self.frame, _EVENTS_AT_ONCE)))
        what = f"the spike events of {population.name}"
        self.arrays: list[Words] = [new_array((capacity,), np.uint32, what) for _ in range(2 + (batch_size > 1))]
        self.steps_at_once = capacity // self.frame
        self._maximum = maximum
        self._parts: deque[list[Words]] = deque()
        self._kept = self._dropped = 0

    def take(self, count: int) -> None:
        """Keep the first `count` events of the arrays, and of all the newest `maximum`."""
        if count == 0:
            return
        self._parts.append([array[:count].copy() for array in self.arrays])
        self._kept += count
        while self._maximum is not None and self._kept - len(self._parts[0][0]) >= self._maximum:
            oldest = len(self._parts.popleft()[0])
            self._kept -= oldest
            self._dropped += oldest
            if not self._parts:
                break

    def gathered(self, steps: int, dt: float, first_step: int) -> SpikeEvents:
        """Return all events of a run of `steps` steps."""
        over = 0 if self._maximum is None else max(0, self._kept - self._maximum)
        columns = [
            np.concatenate([part[column] for part in self._parts])[over:] if self._parts else np.empty(0, np.uint32)
            for column in range(len(self.arrays))
        ]
        return SpikeEvents(
            columns[0],
            columns[1],
            columns[2] if len(columns) > 2 else None,
            shape=self.population.shape,
            step_count=steps,
            batch_size=self.batch_size,
            dropped=self._dropped + over,
            dt=dt,
            first_step=first_step,
        )


class Run:
    """One call of `Simulation.run`, after its arguments were checked."""

    def __init__(
        self,
        simulation: Simulation,
        steps: int,
        frames: list[tuple[int, bool, Floats] | EventInput | MadeInput],
        record: Record | None,
        every: int,
        max_events: int | None,
    ) -> None:
        self._simulation = simulation
        self._session = simulation._session
        self._steps = steps
        self._frames = [frame for frame in frames if not isinstance(frame, EventInput | MadeInput)]
        self._made_inputs = [frame for frame in frames if isinstance(frame, MadeInput)]
        self._event_inputs = [frame for frame in frames if isinstance(frame, EventInput)]
        self._given = frozenset(frame[0] if isinstance(frame, tuple) else frame.index for frame in frames)
        self._every = every
        self._first_step = self._session.step_count
        self._done = 0
        self._arrays: dict[str, dict[str, NDArray[Any]]] = {}
        self._dense: list[tuple[int, str, NDArray[Any]]] = []
        # By index of the population, of the run and of the piece at hand: float64, in which libsnn counts exactly.
        self._sums: list[tuple[int, NDArray[np.int64], NDArray[np.float64]]] = []
        self._events: dict[str, _Events] = {}
        self._values: list[tuple[str, NDArray[np.uint64] | None, NDArray[Any]]] = []
        contents = simulation._contents
        for name, wanted in mapping(record, "record", "variables by population or projection").items():
            if isinstance(name, str) and name in contents.projections:
                what = f"what to record of projection {name!r}"
                self._add_projection(contents.projections[name], wanted_of(wanted, what))
            else:
                population = recorded_population(contents, name, wanted, "record={{{}: {}}}")
                what = f"what to record of population {population.name!r}"
                self._add_population(population, wanted_of(wanted, what), max_events)
        # They take no memory before they are written, so what is free is still free for all of them together.
        made = [array for variables in self._arrays.values() for array in variables.values()]
        made += [piece for _, _, piece in self._sums] + [
            one for events in self._events.values() for one in events.arrays
        ]
        check_room(sum(array.nbytes for array in made), "the arrays of the recording")
        rowed = [f"{name}.{key}" for name, keys in self._arrays.items() for key in keys if key not in OF_A_RUN]
        if 0 < steps < every and rowed:
            warnings.warn(
                f"nothing is recorded of {', '.join(rowed)}: the run has {counted(steps, 'step')}, and every is {every}, "
                "counted from its first step",
                stacklevel=4,  # the line that calls `Simulation.run`, which is wrapped
            )
        # Whether libsnn has to come back before the end.
        self._is_cut = bool(self._events or self._made_inputs or simulation._between.is_wanted)

    def _add_population(self, population: Population, variables: dict[str, Any], max_events: int | None) -> None:
        own = self._arrays.setdefault(population.name, {})
        shape = (self._simulation.batch_size, *population.shape)
        for variable, chosen in variables.items():
            population._check_recordable(variable, of_a_run=OF_A_RUN)
            path = f"{population.name}.{variable}"
            if chosen is not None:
                if variable in OF_A_RUN:
                    raise InvalidArgumentError(
                        f"{variable!r} of {population.name!r} is recorded of all neurons, so give None; states and 'spikes' "
                        "are recorded of chosen ones"
                    )
                neurons = flat_indices(chosen, population.size, f"what to record of {path}")
                rows = (self._steps // self._every, self._simulation.batch_size, len(neurons))
                own[variable] = new_array(rows, population._dtype(variable), f"the recording of {path}")
                self._values.append((path, neurons.astype(np.uint64), own[variable]))
                continue
            if variable == "spike_events":
                self._events[population.name] = _Events(
                    population, self._simulation.batch_size, self._steps, max_events
                )
                continue
            what = f"the recording of {path}"
            if variable == "spike_count":
                own[variable] = new_array(shape, np.int64, what)
                self._sums.append((population._index, own[variable], new_array(shape, np.float64, what)))
                continue
            full = (self._steps // self._every, *shape)
            own[variable] = new_array(full, population._dtype(variable), what)
            self._dense.append((population._index, variable, own[variable]))

    def _add_projection(self, projection: Projection, variables: dict[str, Any]) -> None:
        own = self._arrays.setdefault(projection.name, {})
        for variable, chosen in variables.items():
            projection._check_recordable(variable)
            path = f"{projection.name}.{variable}"
            shape = self._simulation._variables.shape(path)
            indices = None
            if chosen is not None:
                samples = shape[:1] if self._simulation.sample_weights else ()
                size = math.prod(shape[len(samples) :])
                indices = flat_indices(chosen, size, f"what to record of {path}").astype(np.uint64)
                shape = (*samples, len(indices))
            rows = self._steps // self._every
            own[variable] = new_array((rows, *shape), np.float32, f"the recording of {path}")
            self._values.append((path, indices, own[variable]))

    # ---- running

    def go(self, progress: Callable[[int, int], Any] | None, interval: int | None) -> Recording:
        """Run to the end; whatever ends it earlier carries what was recorded so far in its attribute `recording`."""
        between = self._simulation._between
        between.given = self._given
        try:
            while self._done < self._steps:
                self._go_on(progress, interval)
        except BaseException as error:
            error.recording = self._recording()  # type: ignore[attr-defined]
            raise
        finally:
            between.given = frozenset()
        return self._recording()

    def _go_on(self, progress: Callable[[int, int], Any] | None, interval: int | None) -> None:
        simulation, before = self._simulation, self._session.step_count
        try:
            stopped = self._run_piece(progress, interval)
        except BaseException as error:
            if self._session.step_count != before:
                also(error, lambda: simulation._between.after_step(simulation))
            raise
        simulation._between.after_step(simulation)
        if stopped and self._done < self._steps:
            raise StoppedError(f"stopped after {self._done} of {counted(self._steps, 'step')}")

    def _run_piece(self, progress: Callable[[int, int], Any] | None, interval: int | None) -> bool:
        """Run until Python has something to do; return whether `progress` stopped it."""
        begin, count = self._done, self._piece(interval if progress is not None else None)
        stopped = False

        def watch(done: int, _: int) -> bool:
            nonlocal stopped
            at = begin + done
            # A piece ends where something else is due, too.
            if progress is not None and (interval is None or at % interval == 0 or at == self._steps):
                stopped = progress(at, self._steps) is STOP
            return stopped

        rows = slice(begin // self._every, (begin + count) // self._every)
        records = [(index, variable, array[rows]) for index, variable, array in self._dense]
        for index, _, piece in self._sums:
            piece.fill(0)
            records.append((index, "spike_count", piece))
        frames = [(index, held, array if held else array[begin : begin + count]) for index, held, array in self._frames]
        if self._made_inputs:
            with self._simulation._between.inside():
                frames += [made.between(begin, begin + count) for made in self._made_inputs]
        events: list[tuple[int, *tuple[Words, ...]]] = [
            (recorded.population._index, *recorded.arrays) for recorded in self._events.values()
        ]
        event_counts: list[int] = []
        before = self._session.step_count
        try:
            self._session.run(
                count,
                frames,
                records,
                None if progress is None else watch,
                interval,
                events=events,
                event_counts=event_counts,
                spike_inputs=[given.between(begin, begin + count) for given in self._event_inputs],
                values=[(path, indices, array[rows]) for path, indices, array in self._values],
                record_interval=self._every,
                steps_before=begin,
            )
        except StoppedError:
            stopped = True
        finally:
            self._done += self._session.step_count - before
            for recorded, event_count in zip(self._events.values(), event_counts, strict=False):
                recorded.take(event_count)
            for _, total, piece in self._sums:
                np.add(total, piece, out=total, casting="unsafe")  # whole numbers
        return stopped

    def _piece(self, interval: int | None) -> int:
        """Return how many steps may pass before Python has something to do."""
        count = self._steps - self._done
        if not self._is_cut:
            return count
        if interval is not None:
            count = min(count, interval - self._done % interval)
        for made in self._made_inputs:
            count = min(count, made.steps_at_once)
        count = self._simulation._between.steps_until_due(self._first_step + self._done, count)
        if any(not held for _, held, _ in self._frames):
            # Inputs are checked at each call, so they are not handed over again and again to the end of the run.
            for recorded in self._events.values():
                count = min(count, 64 * recorded.steps_at_once)
        return count

    def _recording(self) -> Recording:
        rows = self._done // self._every
        arrays: dict[str, dict[str, Any]] = {
            name: {key: array if key == "spike_count" else array[:rows] for key, array in variables.items()}
            for name, variables in self._arrays.items()
        }
        dt = self._simulation.network.dt
        for name, events in self._events.items():
            arrays[name]["spike_events"] = events.gathered(self._done, dt, self._first_step)
        return Recording(arrays, dt, self._first_step, step_count=self._done, every=self._every)
