"""Learning-rate schedules: functions of the share of training that is done, 0 to 1, giving the factor on the learning rate.

Examples
--------
>>> snn.Trainer(net, schedule=snn.schedules.cosine(warmup=0.05))
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from snn._arrays import number
from snn.engine.errors import InvalidArgumentError

__all__ = ["Schedule", "constant", "cosine", "exponential", "linear", "step"]


def __dir__() -> list[str]:
    return __all__


Schedule = Callable[[float], float]


def _after_warmup(warmup: float, rest: Schedule) -> Schedule:
    """Rise from 0 to 1 in the first `warmup` of training, then do `rest` with what is left."""
    warmup = number(warmup, "warmup", minimum=0.0)
    if warmup >= 1.0:
        raise InvalidArgumentError(f"warmup is {warmup:g}; it is a share of training, below 1")

    def schedule(done: float) -> float:
        return done / warmup if done < warmup else rest((done - warmup) / (1.0 - warmup))

    return schedule


def constant(*, warmup: float = 0.0) -> Schedule:
    """Return 1 throughout."""
    return _after_warmup(warmup, lambda done: 1.0)


def cosine(*, end: float = 0.0, warmup: float = 0.0) -> Schedule:
    """Return half a cosine from 1 to `end` (Loshchilov and Hutter 2017, without restarts)."""
    end = number(end, "end", minimum=0.0)
    return _after_warmup(warmup, lambda done: end + (1.0 - end) * 0.5 * (1.0 + math.cos(math.pi * done)))


def linear(*, end: float = 0.0, warmup: float = 0.0) -> Schedule:
    """Return a line from 1 to `end`."""
    end = number(end, "end", minimum=0.0)
    return _after_warmup(warmup, lambda done: 1.0 + (end - 1.0) * done)


def exponential(*, end: float = 0.01, warmup: float = 0.0) -> Schedule:
    """Return an exponential decay from 1 to `end`, which is above 0."""
    end = number(end, "end", minimum=0.0, exclusive=True)
    return _after_warmup(warmup, lambda done: end**done)


def step(at: Sequence[float] = (0.5, 0.75), *, factor: float = 0.1, warmup: float = 0.0) -> Schedule:
    """Return 1, times `factor` from each of the moments `at` on."""
    moments = [number(moment, f"at[{place}]", minimum=0.0) for place, moment in enumerate(at)]
    factor = number(factor, "factor", minimum=0.0)
    return _after_warmup(warmup, lambda done: factor ** sum(done >= moment for moment in moments))
