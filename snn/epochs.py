"""What an epoch of training gave, and when there are enough of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from snn._arrays import boolean, choice, integer, number

__all__ = ["EarlyStopping", "EpochReport", "Evaluation"]

_PART = "losses."  # what names of parts of the loss begin with in histories


class EpochReport(NamedTuple):
    """What one epoch of training gave; `Trainer.history` has the same numbers as arrays, a value for each epoch."""

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
    losses: Mapping[str, float] = MappingProxyType({})
    """What `loss` is the sum of, where there are auxiliary losses or a regularisation of rates: by population its own loss
    times its weight, and ``"rate_regularization"``. Else empty. In `Trainer.history` as ``"losses.NAME"``."""

    @staticmethod
    def of(numbers: Mapping[str, float]) -> EpochReport:
        """Return the report of what `numbers` gave."""
        losses = {name.removeprefix(_PART): value for name, value in numbers.items() if name.startswith(_PART)}
        fields: dict[str, Any] = {name: value for name, value in numbers.items() if not name.startswith(_PART)}
        return EpochReport(**{**fields, "epoch": int(fields["epoch"])}, losses=losses)

    def numbers(self) -> dict[str, float]:
        """Return the numbers by the names that `Trainer.history` gives them."""
        return {
            **{name: getattr(self, name) for name in self._fields if name != "losses"},
            **{f"{_PART}{name}": value for name, value in self.losses.items()},
        }


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
