"""The progress bar of training."""

from __future__ import annotations

import math
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from snn.trainer import EpochReport

__all__ = ["EpochBar"]

# How much of the newest batch goes into the loss and accuracy shown: a mean over about the last 20.
_SHARE = 0.05


class EpochBar:
    """A bar over all batches of all epochs, with loss, accuracy and spikes."""

    def __init__(self, epochs: int, batches: int, console: Console | None = None) -> None:
        self._epochs = epochs
        self._loss = self._accuracy = math.nan
        self._extra = ""
        self._progress = Progress(
            TextColumn("[bold]epoch {task.fields[epoch]:>3}/" + str(epochs)),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[numbers]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            refresh_per_second=8,
        )
        self._task = self._progress.add_task("", total=epochs * batches, epoch=min(1, epochs), numbers="")
        self._epoch = 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def batch(self, loss: float, accuracy: float) -> None:
        """Take note of one batch."""
        first = math.isnan(self._loss)
        self._loss = loss if first else self._loss + _SHARE * (loss - self._loss)
        self._accuracy = accuracy if first else self._accuracy + _SHARE * (accuracy - self._accuracy)
        self._show(self._loss, self._accuracy, advance=1)

    def epoch(self, report: EpochReport) -> None:
        """Take note of the end of an epoch."""
        self._epoch = report.epoch
        self._extra = f"  spikes/neuron {report.spikes_per_neuron:.2f}"
        if not math.isnan(report.validation_accuracy):
            self._extra += f"  validation {report.validation_accuracy:6.2%}"
        self._show(report.loss, report.accuracy, advance=0)

    def _show(self, loss: float, accuracy: float, advance: int) -> None:
        numbers = f"loss {loss:.4f}  accuracy {accuracy:6.2%}{self._extra}"
        if math.isnan(accuracy):
            numbers = f"loss {loss:.4f}{self._extra}"
        epoch = min(self._epoch + 1, self._epochs) if advance else self._epoch
        self._progress.update(self._task, advance=advance, epoch=epoch, numbers=numbers)
