"""What happens between two steps of a simulation: recorders take their values, functions of `on_steps` are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from snn.engine.errors import BusyError

if TYPE_CHECKING:
    from snn.recorder import Recorder
    from snn.simulation import Simulation

__all__ = ["BetweenSteps"]

Function = Callable[["Simulation"], Any]


class BetweenSteps:
    """The recorders and functions of one simulation."""

    def __init__(self) -> None:
        self.recorders: list[Recorder] = []
        self.functions: list[tuple[int, Function]] = []
        """Intervals in steps, and what is called then."""
        self.is_inside = False
        """Whether a function is being called."""

    def add(self, interval: int, function: Function) -> Callable[[], None]:
        """Call a function at multiples of `interval` from now on; return what ends that."""
        entry = (interval, function)
        self.functions.append(entry)

        def remove() -> None:
            self.functions = [other for other in self.functions if other is not entry]

        return remove

    def steps_until_due(self, step: int, most: int) -> int:
        """Return how many steps after `step` the next function is due, at most `most`."""
        return min([most, *(interval - step % interval for interval, _ in self.functions)])

    def record(self) -> None:
        """Let recorders take the values after a step."""
        for recorder in self.recorders:
            recorder._take()

    def call(self, simulation: Simulation) -> None:
        """Call the functions that are due."""
        if not self.functions:
            return
        step = simulation.step_count
        self.is_inside = True
        try:
            for interval, function in list(self.functions):
                if step % interval == 0:
                    function(simulation)
        finally:
            self.is_inside = False

    def check_outside(self) -> None:
        """Refuse what a function may not do."""
        if self.is_inside:
            raise BusyError("a function of on_steps may not advance, run or reset the simulation that called it")
