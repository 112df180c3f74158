"""What a network is, apart from what training changes, as plain data that two networks can be compared by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from snn._trained import is_trained
from snn.neurons import Neuron
from snn.surrogates import Surrogate

if TYPE_CHECKING:
    from snn.definitions import ModelDefinition, SurrogateDefinition
    from snn.engine import _native
    from snn.network import Network
    from snn.population import Population
    from snn.projection import Projection

__all__ = ["fingerprint"]

_SOURCES_AT_ONCE = 4096  # whose synapses are listed


def fingerprint(network: Network, learned_delays: Collection[str]) -> dict[str, Any]:
    """Return what of a network is the same before and after training, and before and after its file.

    Parameters
    ----------
    network : Network
        The network.
    learned_delays : collection of str
        The projections whose delays training changes, too.

    Returns
    -------
    dict
        By ``"POPULATION.PARAMETER"`` and the like: numbers, words, and hashes of arrays and definitions, as JSON keeps them.
    """
    native = network._finished()
    found: dict[str, Any] = {"dt": network.dt}
    for population in network.populations.values():
        found |= {f"{population.name}{key}": value for key, value in _of_population(population, native).items()}
    for projection in network.projections.values():
        delays = projection.name not in learned_delays
        found |= {f"{projection.name}{key}": value for key, value in _of_projection(projection, native, delays).items()}
    return found


def _of_population(population: Population, native: _native.Network) -> dict[str, Any]:
    layer, index = population.neurons, population._index
    if not isinstance(layer, Neuron):
        return {"": f"{population.model} of shape {population.shape}"}
    definition = layer.definition
    found: dict[str, Any] = {"": f"{definition.name} of shape {population.shape}, {_of_definition(definition)}"}
    for name in definition.parameters:
        own = layer.learnable.get(name)
        each = "one for each neuron" if own else "one"
        found[f".{name}"] = _told(native.parameter(index, name)) if own is None else f"learnable, {each}"
    for name in definition.options:
        found[f".{name}"] = native.option(index, name)
    for name, state in definition.states.items():
        # A state that nobody set begins at its default, which may be a parameter that is learned.
        if name in layer.initial or state.initial not in layer.learnable:
            found[f".initial.{name}"] = _told(native.initial_state(index, name))
    if population.spiking:
        surrogate = Surrogate._from_native(native.surrogate(index), native.surrogate_parameters(index))
        found[".surrogate"] = f"{surrogate.name} {dict(surrogate.parameters)}, {_of_definition(surrogate.definition)}"
    return found


def _of_projection(projection: Projection, native: _native.Network, delays: bool) -> dict[str, Any]:
    info, trained = native.projection(projection._index), is_trained(projection)
    found: dict[str, Any] = {
        "": f"{projection.kind} from {projection.source.name} to {projection.target.name}",
        ".receptor": info.receptor,
        ".delay_steps": info.delay_steps,
        ".trainable": info.trainable,
        ".detached": info.detached,
        ".arithmetic": projection.arithmetic,
    }
    if projection._window:
        found[".window"] = ", ".join(f"{name} {value}" for name, value in projection._window.items())
    if projection.pool_mode is not None:
        found[".pool_mode"] = projection.pool_mode
    if projection.kind == "sparse":
        rule = None if trained else native.connection_rule(projection._index)
        told = _of_synapses(projection, native, delays, not trained) if rule is None else f"by rule {_of_rule(rule)}"
        found[".synapses"] = f"{projection.synapse_count} {told}"
    elif not trained and projection.kind != "pool2d":
        found[".weights"] = _told(native.projection_arrays(projection._index).weights)
    if not trained:
        found[".bias"] = _told(info.bias)
    return found


def _of_synapses(projection: Projection, native: _native.Network, delays: bool, weights: bool) -> str:
    """Return a hash of the synapses of a sparse projection. Those of a rule are made for this only: training replaces it."""
    found = hashlib.blake2b(digest_size=8)
    for first in range(0, projection.source.size, _SOURCES_AT_ONCE):
        count = min(_SOURCES_AT_ONCE, projection.source.size - first)
        sources, targets, steps, values = native.synapses(projection._index, first, count)
        if not delays:  # which decide the order
            order = np.lexsort((targets, sources))
            sources, targets = sources[order], targets[order]
        for column in (sources, targets, *([steps] if delays else []), *([values] if weights else [])):
            found.update(np.ascontiguousarray(column).data)
    return f"with hash {found.hexdigest()}"


def _of_rule(rule: dict[str, Any]) -> str:
    found = hashlib.blake2b(digest_size=8)
    for name, value in sorted(rule.items()):
        is_array = isinstance(value, np.ndarray)
        found.update(f"{name} {value.shape if is_array else value} ".encode())
        found.update(value.tobytes() if is_array else b"")
    return found.hexdigest()


def _told(values: NDArray[Any] | None) -> float | str | None:
    """Return one number as it is, and a hash of several."""
    if values is None:
        return None
    if values.size == 1:
        return float(values.reshape(-1)[0])
    return f"{values.size} values with hash {_hash(np.ascontiguousarray(values).data)}"


def _of_definition(definition: ModelDefinition | SurrogateDefinition) -> str:
    """Return a hash of what a definition computes, without what it says to people."""
    return f"definition {_hash(json.dumps(_silent(json.loads(definition.native.json)), sort_keys=True).encode())}"


def _silent(document: Any) -> Any:
    if isinstance(document, dict):
        return {key: _silent(value) for key, value in document.items() if key not in ("doc", "title")}
    return [_silent(one) for one in document] if isinstance(document, list) else document


def _hash(content: bytes | memoryview) -> str:
    return hashlib.blake2b(content, digest_size=8).hexdigest()
