"""Recording of variables after every step of a simulation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from snn._arrays import known_name
from snn._strict import NotCopied
from snn._wanted import Chosen, flat_indices, some_of
from snn.engine.errors import ArgumentTypeError, counted, shown
from snn.population import Population
from snn.recording import Recording

if TYPE_CHECKING:
    from snn.projection import Projection
    from snn.simulation import Simulation

__all__ = ["Recorder"]


class Recorder(NotCopied):
    """Records variables of one population or projection after every step; made by `Simulation.recorder`.

    Steps of `snn.vulkan.record_steps` and `submit_steps` are not recorded: they run when the device comes to them.
    """

    _instead = "its `recording` is"

    def __init__(
        self, simulation: Simulation, target: Population | Projection, variables: Mapping[str, Chosen | None]
    ) -> None:
        from snn.simulation import Simulation  # which needs this class

        if not isinstance(simulation, Simulation):
            raise ArgumentTypeError(f"simulation is {shown(simulation)}; recorders are made by Simulation.recorder")
        self._simulation = simulation
        self._target = target.name
        # For a variable recorded of some neurons or synapses only: the number of leading axes, and the indices.
        self._some: dict[str, tuple[int, NDArray[np.int64]]] = {}
        has_samples = isinstance(target, Population) or simulation.sample_weights
        for variable, chosen in variables.items():
            target._check_recordable(variable)
            if chosen is not None:
                path = f"{target.name}.{variable}"
                size = math.prod(simulation._variables.shape(path)[int(has_samples) :])
                flat = flat_indices(chosen, size, f"what to record of {path}")
                self._some[variable] = (int(has_samples), flat)
        self._taken: dict[str, list[NDArray[Any]]] = {variable: [] for variable in variables}
        self._steps: list[int] = []  # the step count after each of the recorded steps

    def _take(self) -> None:
        # All is read before anything is kept: what ends the reading, such as Ctrl+C, leaves no part of a row.
        row = {variable: self._simulation.get(f"{self._target}.{variable}") for variable in self._taken}
        for variable, (axes, chosen) in self._some.items():
            row[variable] = some_of(row[variable], axes, chosen)
        step = self._simulation.step_count
        for variable, values in row.items():
            self._taken[variable].append(values)
        self._steps.append(step)

    @property
    def recording(self) -> Recording:
        """The recording so far; after a `reset`, or steps of `snn.vulkan`, the times of its rows do not follow each other."""
        return Recording(
            {self._target: {variable: self[variable] for variable in self._taken}},
            self._simulation.network.dt,
            self._steps[0] - 1 if self._steps else self._simulation.step_count,
            steps=self._steps,
        )

    def __getitem__(self, variable: str) -> NDArray[Any]:
        arrays = self._taken[known_name(variable, self._taken, "recorded variable")]
        if arrays:
            return np.stack(arrays)
        path = f"{self._target}.{variable}"
        none = np.empty(self._simulation._variables.shape(path), self._simulation._variables.dtype(path))
        return np.stack([some_of(none, *self._some[variable]) if variable in self._some else none])[:0]

    def __repr__(self) -> str:
        words = ", ".join(f"{self._target}.{variable}" for variable in self._taken)
        return f"<Recorder of {words}: {counted(len(self), 'step')}>"

    def __len__(self) -> int:
        return len(next(iter(self._taken.values()), []))

    def clear(self) -> None:
        """Discard the recording so far."""
        for arrays in self._taken.values():
            arrays.clear()
        self._steps.clear()

    def stop(self) -> None:
        """Stop recording; `recording` stays available."""
        if self in self._simulation._between.recorders:
            self._simulation._between.recorders.remove(self)
