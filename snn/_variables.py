"""The variables of a running network by their paths: what shape and type they have, reading and writing them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import float32_array, new_array, number, real_array, spread
from snn._strict import suggestion
from snn.engine.errors import InvalidArgumentError, NotFoundError, shown

if TYPE_CHECKING:
    from snn._contents import Contents
    from snn.engine import _native
    from snn.population import Population
    from snn.projection import Projection

__all__ = ["Variables"]


class Variables:
    """What `Simulation.get` and `Simulation.set` know.

    Parameters
    ----------
    contents : Contents
        Whose names the paths have.
    session : _native.Session
        Which has the values.
    batch_size : int
        Samples of the session.
    sample_weights : bool
        Whether each of them has weights of its own.
    """

    def __init__(
        self,
        contents: Contents,
        session: _native.Session,
        batch_size: int,
        sample_weights: bool,
    ) -> None:
        self._contents = contents
        self._session = session
        self._batch_size = batch_size
        self._sample_weights = sample_weights

    def shape(self, path: str) -> tuple[int, ...]:
        """Return the shape of a variable; a path that leads nowhere is an error."""
        if not isinstance(path, str) or "." not in path:
            raise InvalidArgumentError(
                f"the path is {shown(path)}; it must be 'population.state' or 'projection.weight'"
            )
        owner, variable = path.split(".", 1)
        if owner in self._contents.projections:
            return self._projection_shape(self._contents.projections[owner], variable, path)
        if owner in self._contents.populations:
            return self._population_shape(self._contents[owner], variable, path)
        whole, bracket, part = owner.partition("[")
        if bracket and whole in self._contents.populations:
            name = f"{whole}.{variable}"
            shape = self._contents[whole].shape
            flat = "" if len(shape) == 1 else f".reshape({self._batch_size}, -1)"
            raise NotFoundError(
                f"there is no population {shown(owner)}; paths lead to variables of whole populations. Those of a part are "
                f"simulation[{name!r}]{flat}[:, {part}, as a copy; changed, the whole array can be assigned to "
                f"simulation[{name!r}]"
            )
        raise NotFoundError(
            f"there is no population or projection {shown(owner)}; populations: "
            f"{', '.join(self._contents.populations) or 'none'}; projections: "
            f"{', '.join(self._contents.projections) or 'none'}"
        )

    def _projection_shape(self, projection: Projection, variable: str, path: str) -> tuple[int, ...]:
        name, bracket, _ = variable.partition("[")
        if name.split(".")[0] in ("weight", "bias"):
            count = self._session.value_count(path)
            copies = (self._batch_size,) if self._sample_weights and not bracket else ()
            if name.startswith("weight") and projection.kind not in ("sparse", "pool2d"):
                assert projection._weight_shape is not None
                return (*copies, *projection._weight_shape)
            return (*copies, count // self._batch_size) if copies else (count,)
        rule = projection.plasticity.definition if projection.plasticity else None
        if rule and variable in rule.parameters:
            return ()
        if rule and variable in rule.traces:
            count = self._session.value_count(path)
            size = projection.source.size
            # Arrivals at different times have a trace for each delay.
            return (size, count // size) if rule.traces[variable] == "source" and count > size else (count,)
        known = [name for name, some in (("weight", projection.kind != "pool2d"), ("bias", projection.bias)) if some]
        known += [*rule.parameters, *rule.traces] if rule else []
        raise NotFoundError(
            f"projection {projection.name!r} has no {shown(variable)}; it has: {', '.join(known) or 'nothing'}"
            f"{suggestion(variable, known)}"
        )

    def _population_shape(self, population: Population, variable: str, path: str) -> tuple[int, ...]:
        if variable == "spikes" and not population.is_input:
            population._check_recordable(variable)
        try:
            count = self._session.value_count(path)
        except NotFoundError as error:
            told = suggestion(variable, [*population.states, *population.parameters])
            raise NotFoundError(f"{error}{told}") from None
        if _is_parameter(population, variable):
            return () if count == 1 else population.shape
        shape = (self._batch_size, *population.shape)
        return shape if count == math.prod(shape) else (count // math.prod(shape), *shape)

    def dtype(self, path: str) -> type[np.generic]:
        """Return the type of a variable that `shape` knows."""
        owner, variable = path.split(".", 1)
        population = self._contents.populations.get(owner)
        if population is None:
            return np.float64 if self._is_rule_parameter(owner, variable) else np.float32
        return np.float64 if _is_parameter(population, variable) else population._dtype(variable)

    def _is_rule_parameter(self, owner: str, variable: str) -> bool:
        projection = self._contents.projections.get(owner)
        return bool(projection and projection.plasticity and variable in projection.plasticity.definition.parameters)

    def read(self, path: str) -> NDArray[Any]:
        """Return a copy; see `Simulation.get`."""
        array = new_array(self.shape(path), self.dtype(path), path)
        self._session.read(path, array)
        return array

    def write(self, path: str, values: ArrayLike) -> None:
        """Replace the values; see `Simulation.set`."""
        shape = self.shape(path)
        owner, variable = path.split(".", 1)
        population = self._contents.populations.get(owner)
        if population is not None and _is_parameter(population, variable):
            given = real_array(values, path).astype(np.float64)
            if given.shape not in ((), population.shape, (population.size,)):
                raise InvalidArgumentError(
                    f"{path} is one number or has shape {population.shape}; the values have {given.shape}"
                )
            self._session.write(path, np.ascontiguousarray(given).reshape(-1))
            return
        if self._is_rule_parameter(owner, variable):
            self._session.write(path, np.array([number(values, path)], np.float64))
            return
        # States of whole numbers as float64, which holds each int32: libsnn refuses the others, a cast would round them.
        whole = self.dtype(path) is np.int32
        array: NDArray[Any] = real_array(values, path).astype(np.float64) if whole else float32_array(values, path)
        # The first axis is that of samples or, of the history, of steps; of weights only where each sample has its own.
        is_repeated = population is not None or (self._sample_weights and "[" not in variable)
        if array.ndim == 0 or (is_repeated and array.shape == shape[1:]):
            array = spread(array, shape, path)
        if array.shape != shape:
            raise InvalidArgumentError(f"{path} has shape {shape}; the values have {array.shape}")
        self._session.write(path, np.ascontiguousarray(array))


def _is_parameter(population: Population, variable: str) -> bool:
    return variable not in population.states and variable in population.parameters
