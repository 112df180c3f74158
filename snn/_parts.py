"""Settings of a trainer that hold for some of a network's populations or projections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from snn._arrays import known_name, number
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, shown
from snn.network import Network

__all__ = ["by_population", "by_projection"]

_T = TypeVar("_T")


def by_population(
    network: Network, given: float | Mapping[str, float], what: str, default: list[str]
) -> dict[str, float]:
    """Return the probabilities that are not 0, by population; a single one is that of the `default` ones."""
    if not isinstance(given, Mapping):
        number(given, what, minimum=0.0)
        given = dict.fromkeys(default, given)
    found = {}
    for name, value in given.items():
        probability = number(value, f"{what} of {name!r}", minimum=0.0)
        if probability >= 1.0:
            raise InvalidArgumentError(f"{what} of {name!r} is {probability:g}; it must be below 1")
        if probability > 0.0:
            population = network[name]
            if population.is_input or not population.spiking:
                kind = "is an input" if population.is_input else "does not spike"
                raise InvalidArgumentError(f"{what}: {name!r} {kind}; {what} silences neurons that spike")
            found[population.name] = probability
    return found


def by_projection(
    network: Network, given: _T | Mapping[str, _T] | None, kind: type[_T], what: str, default: list[str]
) -> dict[str, _T]:
    """Return what is given for projections, by their names; a single one is that of the `default` ones."""
    if given is None:
        return {}
    if isinstance(given, kind):
        return dict.fromkeys(default, given)
    if not isinstance(given, Mapping):
        raise ArgumentTypeError(f"{what} is {shown(given)}, neither a {kind.__name__} nor a dict of them by projection")
    for name, value in given.items():
        known_name(name, network.projections, "projection")
        if not isinstance(value, kind):
            raise ArgumentTypeError(f"{what}[{name!r}] is {shown(value)}, not a {kind.__name__}")
    return dict(given)
