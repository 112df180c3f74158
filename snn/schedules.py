"""Learning-rate schedules: functions from the fraction of training done, 0 to 1, to the factor on the learning rate.

Examples
--------
>>> snn.Trainer(net, schedule=snn.schedules.cosine(warmup=0.05))
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from snn._arrays import number
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, shown

__all__ = ["Schedule", "constant", "cosine", "exponential", "linear", "step"]


def __dir__() -> list[str]:
    return __all__


Schedule = Callable[[float], float]


@dataclass(frozen=True, repr=False)
class _Made:
    """A schedule made by one of the functions below, which can be compared, printed and pickled."""

    name: str
    settings: tuple[tuple[str, Any], ...]
    warmup: float

    def __call__(self, done: float) -> float:
        """Rise from 0 to 1 in the first fraction `warmup` of training, then follow the schedule for the rest."""
        if done < self.warmup:
            return done / self.warmup
        return _SHAPES[self.name]((done - self.warmup) / (1.0 - self.warmup), **dict(self.settings))

    def __repr__(self) -> str:
        settings = [*self.settings, *([("warmup", self.warmup)] if self.warmup else [])]
        return f"{self.name}({', '.join(f'{name}={value!r}' for name, value in settings)})"


# Functions of the fraction done after the warm-up.
_SHAPES: dict[str, Callable[..., float]] = {
    "constant": lambda done: 1.0,
    "cosine": lambda done, end: end + (1.0 - end) * 0.5 * (1.0 + math.cos(math.pi * done)),
    "linear": lambda done, end: 1.0 + (end - 1.0) * done,
    "exponential": lambda done, end: end**done,
    "step": lambda done, at, factor: factor ** sum(done >= moment for moment in at),
}


def _made(name: str, warmup: float, **settings: Any) -> Schedule:
    warmup = number(warmup, "warmup", minimum=0.0)
    if warmup >= 1.0:
        raise InvalidArgumentError(f"warmup is {warmup:g}; it is a share of training, below 1")
    return _Made(name, tuple(settings.items()), warmup)


def constant(*, warmup: float = 0.0) -> Schedule:
    """Return 1 throughout."""
    return _made("constant", warmup)


def cosine(*, end: float = 0.0, warmup: float = 0.0) -> Schedule:
    """Return half a cosine from 1 to `end` (Loshchilov and Hutter 2017, without restarts)."""
    return _made("cosine", warmup, end=number(end, "end", minimum=0.0))


def linear(*, end: float = 0.0, warmup: float = 0.0) -> Schedule:
    """Return a line from 1 to `end`."""
    return _made("linear", warmup, end=number(end, "end", minimum=0.0))


def exponential(*, end: float = 0.01, warmup: float = 0.0) -> Schedule:
    """Return an exponential decay from 1 to `end`, which is above 0."""
    return _made("exponential", warmup, end=number(end, "end", minimum=0.0, exclusive=True))


def step(at: Sequence[float] = (0.5, 0.75), *, factor: float = 0.1, warmup: float = 0.0) -> Schedule:
    """Return 1, multiplied by `factor` at each of the fractions `at`."""
    if not isinstance(at, Iterable) or isinstance(at, str):
        raise ArgumentTypeError(f"at is {shown(at)}, not the moments, such as (0.5, 0.75)")
    moments = tuple(number(moment, f"at[{place}]", minimum=0.0) for place, moment in enumerate(at))
    return _made("step", warmup, at=moments, factor=number(factor, "factor", minimum=0.0))
