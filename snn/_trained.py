"""What training changes in a network: the arrays of weights and biases, and learnable parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from snn._arrays import Floats, choice, integer
from snn.population import unchanged_on_error

if TYPE_CHECKING:
    from snn.engine import _native
    from snn.network import Network
    from snn.projection import Projection

__all__ = [
    "checkpoint_number",
    "is_trained",
    "learnable_names",
    "learned_parameters",
    "store_learned",
    "store_trained",
    "take_learned",
    "trained_array",
    "trained_arrays",
    "trained_shapes",
]


def checkpoint_number(checkpoint_steps: int | str | None) -> int:
    """Return `checkpoint_steps` as the native trainer takes it."""
    if checkpoint_steps is None:
        return 0
    if isinstance(checkpoint_steps, str):
        choice(checkpoint_steps, ("auto",), "checkpoint_steps")
        return 2**32 - 1
    return integer(checkpoint_steps, "checkpoint_steps", minimum=1, maximum=2**32 - 2)


def trained_arrays(network: Network) -> dict[str, Floats]:
    """Return the arrays of a network that are trained, by the names that a session gives them ("NAME.weight")."""
    found = {}
    for name, projection in network.projections.items():
        for variable, values in _trained(projection).items():
            found[f"{name}.{variable}"] = values
    return found


def trained_array(network: Network, path: str) -> Floats:
    """Return one of `trained_arrays`, by its name there."""
    name, _, variable = path.rpartition(".")
    projection = network.projections[name]
    values = projection.weights if variable == "weight" else projection.bias
    assert values is not None
    return values


def trained_shapes(network: Network) -> dict[str, tuple[int, ...]]:
    """Return the shapes of `trained_arrays`, which are not made for it."""
    native = network._finished()
    found: dict[str, tuple[int, ...]] = {}
    for name, projection in network.projections.items():
        if not is_trained(projection):
            continue
        if count := native.projection(projection._index).weight_count:
            found[f"{name}.weight"] = projection._weight_shape or (count,)
        if projection.bias is not None:
            found[f"{name}.bias"] = projection.bias.shape
    return found


def store_trained(network: Network, session: _native.Session) -> None:
    """Copy the session's weights and biases into the network, whose arrays of weights go unless someone has asked for them."""
    for name, projection in network.projections.items():
        if not is_trained(projection):
            continue
        own = projection._own_weights()
        if own.size:
            session.read(f"{name}.weight", own)
        if projection.bias is not None:
            session.read(f"{name}.bias", projection.bias)


def learnable_names(network: Network) -> dict[str, tuple[str, ...]]:
    """Return the names of the learnable parameters by population."""
    return {one.name: one.learnable for one in network.populations.values() if one.learnable}


def learned_parameters(
    names: Mapping[str, tuple[str, ...]], session: _native.Session
) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Return a copy of the session's learnable parameters with these names, by population and name."""
    found: dict[str, dict[str, NDArray[np.float64]]] = {}
    for population, parameters in names.items():
        for parameter in parameters:
            path = f"{population}.{parameter}"
            values = np.empty(session.value_count(path))
            session.read(path, values)
            found.setdefault(population, {})[parameter] = values
    return found


def store_learned(network: Network, names: Mapping[str, tuple[str, ...]], session: _native.Session) -> None:
    """Copy the session's learnable parameters with these names into the network."""
    take_learned(network, learned_parameters(names, session))


def take_learned(network: Network, learned: Mapping[str, Mapping[str, NDArray[np.float64]]]) -> None:
    """Give the network learnable parameters, by population and name."""
    with unchanged_on_error(network[population] for population in learned):
        for population, parameters in learned.items():
            network[population]._take_learned(parameters)
        if learned:
            network._rebuild()


def is_trained(projection: Projection) -> bool:
    """Whether training changes its weights and biases."""
    return projection.trainable and projection.kind != "pool2d"


def _trained(projection: Projection) -> dict[str, Floats]:
    if not is_trained(projection):
        return {}
    found = {"weight": projection.weights} if projection.weights.size else {}
    if projection.bias is not None:
        found["bias"] = projection.bias
    return found
