"""Which variables are to be recorded, and of which neurons or synapses."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import integer_array, name_list
from snn.engine.errors import InvalidArgumentError

__all__ = ["Wanted", "flat_indices", "some_of", "wanted_of"]

# A variable, several, or of each some neurons or synapses by flat indices, None for all.
Wanted = str | Iterable[str] | Mapping[str, ArrayLike | None]


def wanted_of(wanted: Wanted, what: str) -> dict[str, ArrayLike | None]:
    """Return the indices that are wanted of each variable, None where all are."""
    names = name_list(wanted, what)
    return dict(wanted) if isinstance(wanted, Mapping) else dict.fromkeys(names)


def flat_indices(chosen: ArrayLike, size: int, what: str) -> NDArray[np.int64]:
    """Return indices of some of `size` neurons or synapses; one that is none of them is an error that names it."""
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
