"""What a simulation recorded: arrays by population and variable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn._arrays import integer, known_name, mapping
from snn.engine.errors import InvalidArgumentError, NotFoundError, shown

__all__ = ["Recording"]


class Recording(Mapping[str, Mapping[str, NDArray[Any]]]):
    """Arrays by population and variable: ``recording["hidden"]["v"]``.

    States and ``"spikes"`` have shape (steps, batch size, *shape of the population), spikes as bool;
    ``"spike_count"`` has shape (batch size, *shape of the population).

    Parameters
    ----------
    arrays : dict
        By population name, then by variable.
    dt : float
        Time step in milliseconds.
    first_step : int
        The step that the first row belongs to.
    """

    def __init__(self, arrays: dict[str, dict[str, NDArray[Any]]], dt: float, first_step: int = 0) -> None:
        given = mapping(arrays, "arrays", "arrays by population and variable")
        self._arrays = {population: _Variables(population, variables) for population, variables in given.items()}
        self.dt = dt
        self.first_step = first_step

    def __getitem__(self, population: str) -> Mapping[str, NDArray[Any]]:
        return self._arrays[known_name(population, self._arrays, "recorded population")]

    def __iter__(self) -> Any:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    @property
    def step_count(self) -> int:
        """Number of recorded steps."""
        for variables in self._arrays.values():
            for name, array in variables.items():
                if name != "spike_count":
                    return len(array)
        return 0

    @property
    def times(self) -> NDArray[np.float64]:
        """Time at the end of each recorded step, in milliseconds: shape (steps,)."""
        return (self.first_step + 1 + np.arange(self.step_count, dtype=np.float64)) * self.dt

    def spike_times(self, population: str, sample: int = 0) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the spikes of one sample as (times in milliseconds, neuron indices), by time.

        Parameters
        ----------
        population : str
            A population whose ``"spikes"`` were recorded.
        sample : int
            Index in the batch.
        """
        spikes = self._spikes(population)
        which = integer(sample, "sample", maximum=spikes.shape[1] - 1)
        steps, neurons = np.nonzero(spikes[:, which].reshape(spikes.shape[0], -1))
        return self.times[steps], neurons

    def rates(self, population: str) -> NDArray[np.float64]:
        """Return the mean rate of each neuron in hertz: shape (batch size, *shape of the population)."""
        if self.step_count == 0:
            raise InvalidArgumentError("the recording has no steps, so there are no rates")
        return np.asarray(self._spikes(population).mean(axis=0, dtype=np.float64) * (1000.0 / self.dt), np.float64)

    def _spikes(self, population: str) -> NDArray[np.bool_]:
        variables = self[population]
        if "spikes" not in variables:
            raise InvalidArgumentError(f"the spikes of {population!r} were not recorded; only {', '.join(variables)}")
        return variables["spikes"]

    def __repr__(self) -> str:
        words = [f"{population}.{name}" for population, variables in self._arrays.items() for name in variables]
        return f"<Recording of {self.step_count} steps: {', '.join(words)}>"


class _Variables(dict[str, NDArray[Any]]):
    """The arrays of one population; a name that was not recorded is an error that lists those that were."""

    def __init__(self, population: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        super().__init__(arrays)
        self._population = population

    def __missing__(self, variable: object) -> NDArray[Any]:
        raise NotFoundError(
            f"variable {shown(variable)} of population {self._population!r} was not recorded; "
            f"only {', '.join(self) or 'nothing'} was"
        )
