"""The answer that ends a run or a training before its end."""

from __future__ import annotations

import enum
from typing import Final, final

__all__ = ["STOP"]


@final
class _Stop(enum.Enum):
    """Returned by the `progress` of `Simulation.run` or a callback of `Trainer.fit`, it ends the run or the training.

    Nothing else that they return does: many functions return something true, such as the ``update`` of a tqdm bar.
    """

    STOP = "STOP"

    def __repr__(self) -> str:
        return "snn.STOP"

    __str__ = __repr__


# One object in each process, copied or pickled or not.
STOP: Final = _Stop.STOP
