"""What every benchmark reports: quantiles of its times, the machine, the versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from snn.engine import machine
from snn.engine.errors import InternalError

__all__ = ["Settings", "require", "result"]


@dataclass(frozen=True)
class Settings:
    """What the command line may set; None: the benchmark's own default.

    Only scenes have `scale`, `versus` and `connectome`, only ``brains`` has `count` and `own_weights`.
    """

    device: str = "cpu"
    threads: int = 1
    repeats: int | None = None
    seed: int = 0
    variant: str | None = None
    instruction_set: str = "best"
    scale: float | None = None
    versus: tuple[str, ...] = ()
    connectome: str | None = None
    count: int | None = None
    own_weights: bool = False

    def wants(self, variant: str) -> bool:
        """Whether to run a variant."""
        return self.variant is None or self.variant == variant


def require(condition: bool, sentence: str) -> None:
    """Stop a benchmark whose result is not what its time would be about."""
    if not condition:
        raise InternalError(f"the benchmark's check failed: {sentence}")


def result(
    bench: str, variant: str, settings: Settings, seconds: ArrayLike, time_of: str, **more: Any
) -> dict[str, Any]:
    """Return one result.

    Parameters
    ----------
    bench, variant : str
        Names.
    settings : Settings
        Device and threads.
    seconds : array_like, shape (repeats,)
        One time for each repeat.
    time_of : str
        What takes so many seconds: ``"step"``, ``"epoch"``, ...
    **more
        Further fields.
    """
    times = np.asarray(seconds, np.float64)
    p10, median, p90 = np.quantile(times, (0.1, 0.5, 0.9))
    return {
        "bench": bench,
        "variant": variant,
        "device": settings.device,
        "threads": settings.threads,
        "instruction_set": machine.used_instruction_set(settings.instruction_set),
        "repeats": int(times.size),
        "time_of": time_of,
        "median_s": float(median),
        "p10_s": float(p10),
        "p90_s": float(p90),
        "peak_rss_bytes": machine.peak_rss_bytes(),
        **more,
        "machine": machine.description(),
        "versions": machine.versions(),
    }
