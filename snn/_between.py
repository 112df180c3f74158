"""What happens between two steps of a simulation: recorders take their values, functions of `on_steps` are called."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from snn.engine.errors import BusyError, StateError

if TYPE_CHECKING:
    from snn.recorder import Recorder
    from snn.simulation import Simulation

__all__ = ["LOOK_S", "BetweenSteps", "also"]

LOOK_S = 0.1  # longest time without a look for Ctrl+C, in seconds

Function = Callable[["Simulation"], Any]

_T = TypeVar("_T")


class BetweenSteps:
    """The recorders and functions of one simulation."""

    def __init__(self) -> None:
        self.recorders: list[Recorder] = []
        self.functions: list[tuple[int, Function]] = []
        """Intervals in steps, and what is called then."""
        self.is_inside = False
        """Whether a function is being called."""
        self.given: frozenset[int] = frozenset()
        """The input populations whose values the run under way was given, by index."""

    @property
    def is_wanted(self) -> bool:
        """Whether there is anything to do between steps."""
        return bool(self.recorders or self.functions)

    def add(self, interval: int, function: Function) -> Callable[[], None]:
        """Call a function at multiples of `interval` from now on; return what ends that."""
        entry = (interval, function)
        self.functions.append(entry)

        def remove() -> None:
            self.functions = [other for other in self.functions if other is not entry]

        return remove

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """What is called in here may not advance, run or reset the simulation."""
        self.is_inside = True
        try:
            yield
        finally:
            self.is_inside = False

    def steps_until_due(self, step: int, most: int) -> int:
        """Return how many steps after `step` a recorder or function is due, at most `most`."""
        if self.recorders:
            return min(most, 1)
        return min([most, *(interval - step % interval for interval, _ in self.functions)])

    def step(self, simulation: Simulation) -> None:
        """Advance by one step, and do what is due after it."""
        self._stepped(simulation, lambda: simulation._session.step(1), lambda: self.after_step(simulation))

    def advance(self, simulation: Simulation, seconds: float, budget: float) -> int:
        """Advance by the steps of a time, with a look for Ctrl+C now and then; return how many there were."""
        begin, done = time.perf_counter(), 0
        due, left = seconds, budget
        while True:
            # No budget at all is enough for one step; what is left of the time is due at the next call.
            piece = 0.0 if self.recorders else min(left, LOOK_S)
            ran = self._stepped(simulation, functools.partial(simulation._session.run_step, due, piece), self._record)
            done, due = done + ran, 0.0
            left = budget - (time.perf_counter() - begin)
            if ran == 0 or left <= 0.0:
                return done

    def _stepped(self, simulation: Simulation, step: Callable[[], _T], after: Callable[[], None]) -> _T:
        """Take a step at most, and do what comes after it, also where a callback raised."""
        before = simulation.step_count
        try:
            result = step()
        except BaseException as error:
            if simulation.step_count != before:
                also(error, after)
            raise
        if simulation.step_count != before:
            after()
        return result

    def after_step(self, simulation: Simulation) -> None:
        """Do what is due after the step that was taken last."""
        try:
            self._record()
        except BaseException as error:
            also(error, lambda: self._call(simulation))
            raise
        self._call(simulation)

    def _record(self) -> None:
        for recorder in self.recorders:
            recorder._take()

    def _call(self, simulation: Simulation) -> None:
        """Call the functions that are due: all of them, since the step does not come back. Raise the first exception."""
        if not self.functions:
            return
        step = simulation.step_count
        first: BaseException | None = None
        try:
            with self.inside():
                for interval, function in list(self.functions):
                    if step % interval:
                        continue
                    try:
                        function(simulation)
                    except BaseException as error:
                        if first is None:
                            first = error
                        else:
                            note(first, error)
            if first is not None:
                raise first
        finally:
            del first  # its traceback has this frame

    def check_not_given(self, population: int, name: str) -> None:
        """Refuse input that the run under way would not read."""
        if population in self.given:
            raise StateError(
                f"input {name!r} was given to the run that called this function, and is read from there until its end; leave "
                "it out of the run's inputs, set it before the run, and the function can change it"
            )

    def check_outside(self) -> None:
        """Refuse what a function may not do."""
        if self.is_inside:
            raise BusyError(
                "a function of on_steps or of an input may not advance, run or reset the simulation that called it"
            )


def also(error: BaseException, function: Callable[[], None]) -> None:
    """Call a function although `error` is on its way; what it raises becomes a note of that."""
    try:
        function()
    except BaseException as other:
        note(error, other)


def note(error: BaseException, other: BaseException) -> None:
    """Add an exception that came after another one to that, as a sentence."""
    error.add_note(f"what was due after the step raised, too: {type(other).__name__}: {other}")
