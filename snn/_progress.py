"""Progress bars of training and of runs."""

from __future__ import annotations

import math
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich import get_console
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Column

if TYPE_CHECKING:
    from snn.epochs import EpochReport

__all__ = ["EpochBar", "RunBar"]

# How much of the newest batch goes into the loss and accuracy shown: a mean over about the last 20.
_SHARE = 0.05


_WIDE = 90  # columns of a terminal with room for everything
_NARROW = 76


class _Bar:
    """A bar over a number of things to do: a text before it, numbers and times behind it; shown inside a ``with`` block."""

    def __init__(self, text: str, total: int, console: Console | None, **fields: Any) -> None:
        fixed = Column(no_wrap=True)
        self._width = (get_console() if console is None else console).width
        # Everything but the bar keeps its width, so that a narrow terminal cuts no number; there the time that has passed goes
        # first, and what `_show` leaves out.
        self._progress = Progress(
            TextColumn(text, table_column=fixed),
            BarColumn(bar_width=None, table_column=Column(ratio=1)),
            TextColumn("{task.fields[numbers]}", table_column=fixed),
            *([TimeElapsedColumn(table_column=fixed)] if self._width >= _WIDE else []),
            TimeRemainingColumn(compact=True, table_column=fixed),
            console=console,
            expand=True,
            refresh_per_second=8,
        )
        self._task = self._progress.add_task("", total=total, numbers="", **fields)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()


class EpochBar(_Bar):
    """A bar over all batches of all epochs, with loss, accuracy and spikes of a neuron for one sample."""

    def __init__(self, epochs: int, batches: int, console: Console | None = None) -> None:
        self._epochs = epochs
        self._epoch = 0
        self._loss = self._accuracy = math.nan
        self._extra = ""
        text = "[bold]epoch {task.fields[epoch]}/" + str(epochs)
        super().__init__(text, epochs * batches, console, epoch=min(1, epochs))

    def batch(self, loss: float, accuracy: float) -> None:
        """Take note of one batch."""
        first = math.isnan(self._loss)
        self._loss = loss if first else self._loss + _SHARE * (loss - self._loss)
        self._accuracy = accuracy if first else self._accuracy + _SHARE * (accuracy - self._accuracy)
        self._show(self._loss, self._accuracy, advance=1)

    def epoch(self, report: EpochReport) -> None:
        """Take note of the end of an epoch."""
        self._epoch = report.epoch
        self._extra = f" spikes {report.spikes_per_neuron:.2f}" if self._width >= _NARROW else ""
        if not math.isnan(report.validation_accuracy):
            self._extra += f" valid {report.validation_accuracy:.1%}"
        self._show(report.loss, report.accuracy, advance=0)

    def _show(self, loss: float, accuracy: float, advance: int) -> None:
        share = "" if math.isnan(accuracy) else f" acc {accuracy:.1%}"
        epoch = min(self._epoch + 1, self._epochs) if advance else self._epoch
        self._progress.update(self._task, advance=advance, epoch=epoch, numbers=f"loss {loss:.4f}{share}{self._extra}")


class RunBar(_Bar):
    """A bar over the steps of a run, with steps per second and the real-time factor."""

    _PAUSE = 0.1  # seconds between two looks at the numbers: a small network does thousands of steps in one

    def __init__(self, steps: int, dt_ms: float, console: Console | None = None) -> None:
        self._dt_s = dt_ms / 1000.0
        super().__init__("[bold]step {task.completed:,.0f}/{task.total:,.0f}", steps, console)
        self._begin = self._shown = 0.0

    def __enter__(self) -> Self:
        super().__enter__()
        self._begin = time.perf_counter()
        return self

    def update(self, done: int, steps: int) -> None:
        """Take note of the steps that are done."""
        now = time.perf_counter()
        if done < steps and now - self._shown < self._PAUSE:
            return
        self._shown = now
        seconds = max(now - self._begin, 1e-9)
        factor = seconds / (done * self._dt_s)
        speed = f"{done / seconds:,.0f} steps/s"
        if self._width >= _NARROW:
            speed += f", real-time factor {factor:.3g}"
        self._progress.update(self._task, completed=done, numbers=speed)
