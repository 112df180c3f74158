"""Results of an epoch of training, and when to stop early."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from snn._arrays import boolean, choice, integer, number

__all__ = ["EarlyStopping", "EpochReport", "Evaluation"]

_PART = "losses."  # prefix of the loss's parts in histories


class EpochReport(NamedTuple):
    """Results of one epoch of training. `Trainer.history` has the same numbers as arrays with a value for each epoch."""

    epoch: int
    """The first is 1."""
    loss: float
    """Mean over the samples, regularisation included."""
    accuracy: float
    """Fraction of the training samples classified correctly during training; NaN without classes."""
    spikes_per_neuron: float
    """Mean number of spikes of a spiking neuron in a sample, without inputs."""
    learning_rate: float
    """Learning rate at the end of the epoch."""
    seconds: float
    validation_loss: float
    """NaN without validation data."""
    validation_accuracy: float
    """NaN without validation data."""
    losses: Mapping[str, float] = MappingProxyType({})
    """The terms of `loss`, with auxiliary losses or a regularisation of rates: by population its loss times its weight, and
    ``"rate_regularization"``. Else empty. In `Trainer.history` as ``"losses.NAME"``."""

    @staticmethod
    def of(numbers: Mapping[str, float]) -> EpochReport:
        """Return the report with these numbers, named as by `numbers`."""
        losses = {name.removeprefix(_PART): value for name, value in numbers.items() if name.startswith(_PART)}
        fields: dict[str, Any] = {name: value for name, value in numbers.items() if not name.startswith(_PART)}
        return EpochReport(**{**fields, "epoch": int(fields["epoch"])}, losses=losses)

    def numbers(self) -> dict[str, float]:
        """Return the numbers by their names in `Trainer.history`."""
        return {
            **{name: getattr(self, name) for name in self._fields if name != "losses"},
            **{f"{_PART}{name}": value for name, value in self.losses.items()},
        }


class Evaluation(NamedTuple):
    """Loss and accuracy of a network on given samples; see `Trainer.evaluate`."""

    loss: float
    """Mean over the samples, regularisation included."""
    accuracy: float
    """Fraction of the samples classified correctly; NaN without classes."""


@dataclass(frozen=True)
class EarlyStopping:
    """Ends training when a monitored value no longer improves.

    Parameters
    ----------
    monitor : {"validation_loss", "validation_accuracy", "loss", "accuracy"}, default "validation_loss"
        The value to improve: a loss must fall, an accuracy rise.
    patience : int, default 5
        Epochs in a row without improvement before training ends.
    min_delta : float, default 0.0
        An improvement must be larger than this.
    restore_best : bool, default True
        Whether the network gets the weights of the best epoch afterwards; else it keeps those of the last.
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
        """Whether an epoch is better than the best so far; NaN never is."""
        value = float(getattr(report, self.monitor))
        if best is None:
            return not math.isnan(value)
        change = value - float(getattr(best, self.monitor))
        return (change if self.monitor.endswith("accuracy") else -change) > self.min_delta
