"""What an epoch of training gave, and when there are enough of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from snn._arrays import boolean, choice, integer, number

__all__ = ["EarlyStopping", "EpochReport", "Evaluation"]


class EpochReport(NamedTuple):
    """What one epoch of training gave; `Trainer.history` has the same fields as arrays, a value for each epoch."""

    epoch: int
    """1 = the first."""
    loss: float
    """Mean over the samples, regularisation included."""
    accuracy: float
    """Share of the training samples classified correctly while training; NaN without classes."""
    spikes_per_neuron: float
    """Mean number of spikes of one spiking neuron for one sample, inputs not counted."""
    learning_rate: float
    """At the end of the epoch."""
    seconds: float
    validation_loss: float
    """NaN without validation data."""
    validation_accuracy: float
    """NaN without validation data."""

    @staticmethod
    def of(row: Sequence[float]) -> EpochReport:
        """Return the report of numbers in the order of its fields."""
        epoch, *rest = row
        return EpochReport(int(epoch), *rest)


class Evaluation(NamedTuple):
    """How good a network is on samples that it did not learn from; see `Trainer.evaluate`."""

    loss: float
    """Mean over the samples, regularisation included."""
    accuracy: float
    """Share of the samples classified correctly; NaN without classes."""


@dataclass(frozen=True)
class EarlyStopping:
    """Ends training when epochs no longer make it better.

    Parameters
    ----------
    monitor : {"validation_loss", "validation_accuracy", "loss", "accuracy"}, default "validation_loss"
        What must become better: a loss smaller, an accuracy larger.
    patience : int, default 5
        Epochs in a row without a better value before training ends.
    min_delta : float, default 0.0
        Better is more than this.
    restore_best : bool, default True
        Whether the network has the weights of the best epoch afterwards, or those of the last.
    """

    monitor: Literal["validation_loss", "validation_accuracy", "loss", "accuracy"] = "validation_loss"
    patience: int = 5
    min_delta: float = 0.0
    restore_best: bool = True

    def __post_init__(self) -> None:
        choice(self.monitor, ("validation_loss", "validation_accuracy", "loss", "accuracy"), "monitor")
        integer(self.patience, "patience", minimum=1)
        number(self.min_delta, "min_delta", minimum=0.0)
        boolean(self.restore_best, "restore_best")

    def is_better(self, report: EpochReport, best: EpochReport | None) -> bool:
        """Whether an epoch is better than the best so far; a value that is not a number never is."""
        value = float(getattr(report, self.monitor))
        if best is None:
            return not math.isnan(value)
        change = value - float(getattr(best, self.monitor))
        return (change if self.monitor.endswith("accuracy") else -change) > self.min_delta
