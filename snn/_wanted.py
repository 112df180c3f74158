"""Which variables are to be recorded, and of which neurons or synapses."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import integer_array, name_list, part_of
from snn.engine.errors import InvalidArgumentError, NotFoundError, shown

if TYPE_CHECKING:
    from snn._contents import Contents
    from snn.population import Population

__all__ = ["Chosen", "Wanted", "flat_indices", "recorded_population", "some_of", "wanted_of"]

Chosen = ArrayLike | slice  # neurons or synapses, by flat indices
# A variable, several, or of each some neurons or synapses, None for all.
Wanted = str | Iterable[str] | Mapping[str, Chosen | None]


def recorded_population(contents: Contents, name: Any, wanted: Any, form: str) -> Population:
    """Return a population by name; what is named "exc[:10]" or "exc.v" is told how it is meant.

    `form` is how that is written, with places for the name and for what is wanted.
    """
    if not isinstance(name, str) or name in contents:
        return contents[name]
    whole, bracket, _ = name.partition("[")
    owner, dot, variable = name.rpartition(".")
    if bracket and whole in contents:
        chosen = re.fullmatch(r"\[(\d*):(\d*)\]", name[len(whole) :])
        neurons = f"range({chosen[1] or 0}, {chosen[2] or contents[whole].size})" if chosen else "[...]"
        variable = wanted if isinstance(wanted, str) else "spikes"
        told = (
            f"a dict says which of its neurons are recorded: {form.format(repr(whole), f'{{{variable!r}: {neurons}}}')}"
        )
    elif dot and (owner in contents or owner in contents.projections):
        told = f"the variable stands behind the name: {form.format(repr(owner), repr(variable))}"
    else:
        return contents[name]  # which raises
    raise NotFoundError(f"there is no population {shown(name)}; {told}")


def wanted_of(wanted: Wanted, what: str) -> dict[str, Chosen | None]:
    """Return the indices that are wanted of each variable, None where all are."""
    names = name_list(wanted, what)
    return dict(wanted) if isinstance(wanted, Mapping) else dict.fromkeys(names)


def flat_indices(chosen: Chosen, size: int, what: str) -> NDArray[np.int64]:
    """Return indices of some of `size` neurons or synapses; one that is none of them is an error that names it."""
    if isinstance(chosen, slice):
        places = part_of(chosen, size, what, f"there are {size}")
        return np.arange(places.start, places.stop, places.step, dtype=np.int64)
    indices = integer_array(chosen, what)
    outside = np.flatnonzero((indices < 0) | (indices >= size))
    if outside.size:
        place = int(outside[0])
        raise InvalidArgumentError(f"{what}: index [{place}] is {int(indices[place])}; it must be 0 to {size - 1}")
    return indices.astype(np.int64)


def some_of(values: NDArray[Any], axes: int, flat: NDArray[np.int64]) -> NDArray[Any]:
    """Return some of the values behind the first `axes` axes, by flat indices: as one axis."""
    chosen: NDArray[Any] = values.reshape(*values.shape[:axes], math.prod(values.shape[axes:]))[..., flat]
    return chosen
