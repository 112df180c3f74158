"""The populations and projections of a network, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from snn._arrays import known_name
from snn.engine.errors import InvalidArgumentError
from snn.population import Population
from snn.projection import Projection

if TYPE_CHECKING:
    from snn.network import Network

__all__ = ["Contents", "Named", "known_population"]


class Named(dict[str, Any]):
    """Populations or projections by name. An unknown name raises an error that lists the names."""

    def __init__(self, what: str, known: Mapping[str, Any] | None = None) -> None:
        super().__init__(known or {})
        self._what = what

    def __missing__(self, name: object) -> Any:
        return self[known_name(name, self, self._what)]


def known_population(populations: Mapping[str, Population], reference: str | Population) -> Population:
    """Return one of the populations by name, or as it is."""
    if isinstance(reference, Population):
        if populations.get(reference.name) is not reference:
            raise InvalidArgumentError(f"population {reference.name!r} belongs to another network")
        return reference
    return populations[known_name(reference, populations, "population")]


class Contents:
    """What a network had when a simulation of it was opened: what is added later is not in it.

    Parameters
    ----------
    network : Network
        Whose contents they are.
    """

    def __init__(self, network: Network) -> None:
        self.dt = network.dt
        self.populations: Mapping[str, Population] = Named("population", network.populations)
        self.projections: Mapping[str, Projection] = Named("projection", network.projections)

    @property
    def inputs(self) -> list[str]:
        """Names of the input populations."""
        return [name for name, population in self.populations.items() if population.is_input]

    def __getitem__(self, name: str | Population) -> Population:
        return known_population(self.populations, name)

    def __contains__(self, name: object) -> bool:
        return name in self.populations
