"""What a loss of the user's own looks at, and the gradients that it gives: arrays by population and variable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import Floats, check_room, float32_array, known_name, mapping, name_list, new_array
from snn.engine.errors import InvalidArgumentError, NotFoundError, shown

if TYPE_CHECKING:
    from snn.network import Network
    from snn.population import Population

__all__ = ["LOSS_NONE", "Outputs"]

LOSS_NONE = 255  # SNN_LOSS_NONE

Arrays = dict[str, dict[str, Floats]]


class Outputs:
    """Which variables of which populations a run gives, at every step.

    Parameters
    ----------
    network : Network
        Whose populations they are.
    record : dict, optional
        By population: a state, ``"spikes"``, or a list of them. None: the spikes of the population ``"output"``, or of the last
        where there is none; its membrane where it does not spike.
    steps, batch_size : int
        Of a run.
    """

    def __init__(
        self, network: Network, record: Mapping[str, str | Iterable[str]] | None, steps: int, batch_size: int
    ) -> None:
        if record is None:
            answer = network[network._answer()]
            record = {answer.name: "spikes" if answer.spiking or answer.is_input else answer.states[0]}
        self.steps = steps
        self.batch_size = batch_size
        self._wanted: list[tuple[Population, str]] = []
        for name, variables in mapping(record, "record", "variables by population").items():
            population = network[name]
            for variable in name_list(variables, f"what to record of population {population.name!r}"):
                population._check_recordable(variable)
                if population._dtype(variable) is np.int32:
                    raise InvalidArgumentError(
                        f"record: {population.name!r} has whole numbers in {variable!r}, which have no gradient"
                    )
                self._wanted.append((population, variable))
        if not self._wanted:
            raise InvalidArgumentError("record is empty; a loss needs something to look at")

    @property
    def names(self) -> list[tuple[str, str]]:
        """(population, variable) of each, in order."""
        return [(population.name, variable) for population, variable in self._wanted]

    def new(self) -> tuple[Arrays, list[tuple[int, str, NDArray[Any]]]]:
        """Return arrays [step, sample, *shape], by name and as the list that a native run fills."""
        arrays: Arrays = {}
        records: list[tuple[int, str, NDArray[Any]]] = []
        for population, variable in self._wanted:
            shape = (self.steps, self.batch_size, *population.shape)
            array = new_array(shape, np.float32, f"{population.name}.{variable} of all steps")
            arrays.setdefault(population.name, {})[variable] = array
            records.append((population._index, variable, array))
        check_room(sum(array.nbytes for _, _, array in records), "the variables of all steps")
        return arrays, records

    def gradients(
        self, given: Mapping[str, Mapping[str, ArrayLike]], samples: int | None = None
    ) -> list[tuple[int, str, NDArray[Any]]]:
        """Return gradients by name as the list that a native backward pass takes, checked.

        Parameters
        ----------
        given : dict of dict
            By population and variable, each [step, sample, *shape]; what is missing is 0.
        samples : int, optional
            How many samples they have; the rest of the batch is padding, whose gradients are 0.
        """
        known = {(population.name, variable): population for population, variable in self._wanted}
        count = self.batch_size if samples is None else samples
        found: list[tuple[int, str, NDArray[Any]]] = []
        names = dict.fromkeys(population.name for population, _ in self._wanted)
        by_name = mapping(given, "gradients", "gradients by population and variable", optional=False)
        for name, variables in by_name.items():
            known_name(name, names, "recorded population")
            by_variable = mapping(variables, f"gradients[{name!r}]", "gradients by variable", optional=False)
            for variable, values in by_variable.items():
                population = known.get((name, variable))
                if population is None:
                    words = ", ".join(f"{one.name}.{word}" for one, word in self._wanted)
                    raise NotFoundError(
                        f"gradients[{name!r}] has {shown(variable)}, which is not recorded; recorded are: {words}"
                    )
                what = f"the gradient of {name}.{variable}"
                array = float32_array(values, what, (self.steps, count, *population.shape))
                if count < self.batch_size:
                    whole = new_array((self.steps, self.batch_size, *population.shape), np.float32, what)
                    whole[:, :count] = array
                    array = whole
                found.append((population._index, variable, array))
        return found
