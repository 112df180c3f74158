"""Progress bars: what is left of them where a terminal is narrow."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from snn._progress import EpochBar, RunBar
from snn.epochs import EpochReport

REPORT = EpochReport(99, 12.34567, 0.987, 14.31, 1e-3, 0.1, 1.0, 0.9876)


def console(width: int) -> Console:
    return Console(file=io.StringIO(), width=width, force_terminal=True)


def text(shown: Console) -> str:
    file = shown.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_number_of_training_is_cut(width: int) -> None:
    shown = console(width)
    with EpochBar(100, 1, shown) as bar:
        bar.batch(12.34567, 0.987)
        bar.epoch(REPORT)
    assert "…" not in text(shown)
    assert "loss 12.3457 acc 98.7%" in text(shown)
    assert "valid 98.8%" in text(shown)
    assert ("spikes 14.31" in text(shown)) == (width >= 80)


def test_loss_and_accuracy_are_those_of_the_epoch_so_far() -> None:
    shown = console(120)
    with EpochBar(2, 2, shown) as bar:
        bar.batch(8.0, 0.25)
        bar.batch(4.0, 0.75)
        bar._view._progress.refresh()
        assert "loss 6.0000 acc 50.0%" in text(shown)
        bar.epoch(REPORT._replace(epoch=1))
        bar.batch(2.0, 1.0)
        bar._view._progress.refresh()
    assert "loss 2.0000 acc 100.0%" in text(shown)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_number_of_a_run_is_cut(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 10.0, 20.0])
    monkeypatch.setattr("snn._progress.time", SimpleNamespace(perf_counter=lambda: next(times)))
    shown = console(width)
    with RunBar(1_000_000, 0.1, shown) as bar:
        bar.update(500_000, 1_000_000)
        bar.update(1_000_000, 1_000_000)
    assert "…" not in text(shown)
    assert "step 1,000,000/1,000,000" in text(shown)
    assert "50,000 steps/s" in text(shown)
    assert ("real-time factor 0.2" in text(shown)) == (width >= 80)
