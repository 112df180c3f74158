"""Progress bars of training and of runs, in a terminal and in a notebook."""

from __future__ import annotations

import importlib
import math
import sys
import time
from html import escape
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from rich.console import Console

    from snn.epochs import EpochReport

__all__ = ["EpochBar", "RunBar"]

_WIDE = 90  # columns of a terminal with room for everything
_NARROW = 76


class _View(Protocol):
    """Where a bar is drawn."""

    has_room: bool
    """For all numbers."""

    def start(self) -> None: ...

    def show(self, done: int, title: str, numbers: str) -> None: ...

    def stop(self) -> None: ...


class _Terminal:
    """A line of a terminal that is drawn again and again."""

    def __init__(self, total: int, title: str, console: Console | None) -> None:
        # Here, because it is a tenth of the time that importing snn takes.
        from rich import get_console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.table import Column

        fixed = Column(no_wrap=True)
        width = (get_console() if console is None else console).width
        self.has_room = width >= _NARROW
        # Everything but the bar keeps its width, so that a narrow terminal cuts no number; there the time that has passed goes
        # first, and what bars leave out.
        self._progress = Progress(
            TextColumn("[bold]{task.description}", table_column=fixed),
            BarColumn(bar_width=None, table_column=Column(ratio=1)),
            TextColumn("{task.fields[numbers]}", table_column=fixed),
            *([TimeElapsedColumn(table_column=fixed)] if width >= _WIDE else []),
            TimeRemainingColumn(compact=True, table_column=fixed),
            console=console,
            expand=True,
            refresh_per_second=8,
        )
        self._task = self._progress.add_task(title, total=total, numbers="")

    def start(self) -> None:
        self._progress.start()

    def show(self, done: int, title: str, numbers: str) -> None:
        self._progress.update(self._task, completed=done, description=title, numbers=numbers)

    def stop(self) -> None:
        self._progress.stop()


class _Notebook:
    """A line of HTML below the cell of a notebook; it stays there when the notebook is saved.

    Rich draws in notebooks with ipywidgets alone, and a saved notebook loses what widgets have shown.
    """

    has_room = True
    _PAUSE = 0.125  # seconds between two drawings

    def __init__(self, total: int, title: str) -> None:
        self._total = total
        self._newest = (0, title, "")
        self._begin = self._drawn = 0.0
        self._display: Any = importlib.import_module("IPython.display")
        self._handle: Any = None

    def start(self) -> None:
        self._begin = time.perf_counter()
        self._handle = self._display.display(self._html(), display_id=True)

    def show(self, done: int, title: str, numbers: str) -> None:
        self._newest = (done, title, numbers)
        if time.perf_counter() - self._drawn >= self._PAUSE:
            self._draw()

    def stop(self) -> None:
        self._draw()

    def _draw(self) -> None:
        self._drawn = time.perf_counter()
        self._handle.update(self._html())

    def _html(self) -> Any:
        done, title, numbers = self._newest
        seconds = time.perf_counter() - self._begin
        times = _clock(seconds)
        if 0 < done < self._total:
            times += f", {_clock(seconds * (self._total - done) / done)} left"
        bar = f'<progress value="{done}" max="{self._total}"></progress>'
        return self._display.HTML(f"<div><b>{escape(title)}</b> {bar} {escape(numbers)} {times}</div>")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _in_notebook() -> bool:
    # A notebook has imported IPython long before; nobody else should pay for that.
    if "IPython" not in sys.modules:
        return False
    from rich import get_console

    return get_console().is_jupyter


class _Bar:
    """A bar over a number of things to do, shown inside a ``with`` block."""

    def __init__(self, total: int, title: str, console: Console | None) -> None:
        here = console is None and _in_notebook()
        self._view: _View = _Notebook(total, title) if here else _Terminal(total, title, console)

    def __enter__(self) -> Self:
        self._view.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._view.stop()


class EpochBar(_Bar):
    """A bar over all batches of all epochs: loss and accuracy of the epoch so far, spikes of a neuron for one sample."""

    def __init__(self, epochs: int, batches: int, console: Console | None = None, *, done_epochs: int = 0) -> None:
        self._epochs, self._epoch, self._done = epochs, done_epochs, done_epochs * batches
        self._batches = 0  # of this epoch
        self._loss = self._accuracy = 0.0  # their means
        self._extra = ""
        super().__init__(epochs * batches, self._title(done_epochs + 1), console)

    def batch(self, loss: float, accuracy: float) -> None:
        """Take note of one batch."""
        self._batches += 1
        self._loss += (loss - self._loss) / self._batches
        self._accuracy += (accuracy - self._accuracy) / self._batches
        self._done += 1
        self._show(self._epoch + 1, self._loss, self._accuracy)

    def epoch(self, report: EpochReport) -> None:
        """Take note of the end of an epoch."""
        self._epoch = report.epoch
        self._batches, self._loss, self._accuracy = 0, 0.0, 0.0
        self._extra = f" spikes {report.spikes_per_neuron:.2f}" if self._view.has_room else ""
        if not math.isnan(report.validation_accuracy):
            self._extra += f" valid {report.validation_accuracy:.1%}"
        self._show(report.epoch, report.loss, report.accuracy)

    def _title(self, epoch: int) -> str:
        return f"epoch {min(epoch, self._epochs)}/{self._epochs}"

    def _show(self, epoch: int, loss: float, accuracy: float) -> None:
        share = "" if math.isnan(accuracy) else f" acc {accuracy:.1%}"
        self._view.show(self._done, self._title(epoch), f"loss {loss:.4f}{share}{self._extra}")


class RunBar(_Bar):
    """A bar over the steps of a run, with steps per second and the real-time factor."""

    _PAUSE = 0.1  # seconds between two looks at the numbers: a small network does thousands of steps in one

    def __init__(self, steps: int, dt_ms: float, console: Console | None = None) -> None:
        self._dt_s = dt_ms / 1000.0
        super().__init__(steps, f"step 0/{steps:,}", console)
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
        if self._view.has_room:
            speed += f", real-time factor {factor:.3g}"
        self._view.show(done, f"step {done:,}/{steps:,}", speed)
