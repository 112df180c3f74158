"""What compact arithmetic takes from weights: the measure by which libsnn chooses an arithmetic where nobody does."""

from __future__ import annotations

import numpy as np

from snn._arrays import Floats

__all__ = ["rounding_told"]

_LOOKED_AT = 1 << 20  # of more weights every second, every third and so on
# Of docs/semantics.md, "Where nobody chose an arithmetic"; fixed_point.cpp has the same.
_MOST_LOST = 1 / 100  # share of the weights that become 0
_MOST_ON_THE_WHOLE, _MOST_OF_USUAL = 1 / 512, 1 / 64  # shares of the weights' sum


def rounding_told(weights: Floats, scale: float) -> str | None:
    """Return what rounding to multiples of 1 / `scale` does to weights, where it is more than the default would allow."""
    flat = weights.reshape(-1)
    units = np.abs(flat[:: flat.size // _LOOKED_AT + 1].astype(np.float64)) * scale
    if units.size == 0 or units.min() >= 0.5 / _MOST_ON_THE_WHOLE:  # the usual case: half a unit is little to each
        return None
    some = units > 0
    if not some.any():
        return None
    change = np.rint(units) - units
    usual = units <= 2 * np.median(units[some][:: np.count_nonzero(some) // 8192 + 1])
    lost = np.count_nonzero(some & (units <= 0.5)) / units.size
    if (
        lost <= _MOST_LOST
        and abs(change.sum()) <= _MOST_ON_THE_WHOLE * units.sum()
        and np.abs(change[usual]).sum() <= _MOST_OF_USUAL * units[usual].sum()
    ):
        return None
    worst = np.argmax(np.abs(change) / np.where(some, units, np.inf))
    return (
        f"rounded to multiples of 1 / {scale:g}: {units[worst] / scale:.6g} became {np.rint(units[worst]) / scale:.6g}"
        + (f", and {lost:.0%} of them became 0" if lost > _MOST_LOST else "")
    )
