"""The command line in a process of its own, when a batch system or a container ends it by SIGTERM."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import snn
from snn.engine.cli.termination import ended_by_sigterm

# Says on the error stream when steps have passed.
CODE = """
import sys, snn
from snn.engine.cli import main
run, told = snn.Simulation.run, []
def watched(self, *arguments, **settings):
    def tell(done, _):
        if not told:
            told.append(print("running", file=sys.stderr, flush=True))
    return run(self, *arguments, **{**settings, "progress": tell})
snn.Simulation.run = watched
main()
"""
STEPS = 2**32 - 1  # hours

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without a signal")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    net = snn.Network()
    net.add("in", snn.Input(2))
    net.add("out", snn.LIF(2))
    net.connect("in", "out", snn.OneToOne())
    net.save(tmp_path / "net.snn")
    return tmp_path / "net.snn"


def ended(file: Path, number: int, *options: object) -> tuple[int, str, str]:
    """Return the status, output and error stream of a run that gets a signal while it runs."""
    words = ["run", file, "--steps", STEPS, "--record", "out.spike_events", *options]
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", CODE, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "400", "NO_COLOR": "1", "TERM": "dumb"},
    )
    try:
        assert process.stderr is not None
        assert process.stderr.readline() == "running\n"
        process.send_signal(number)
        out, error = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, out, error


@pytest.mark.parametrize(
    ("number", "status", "word"),
    [(signal.SIGTERM, 143, "ended by SIGTERM"), (signal.SIGINT, 130, "interrupted")],
    ids=["terminated", "interrupted"],
)
def test_a_run_that_is_ended_writes_what_it_has(
    file: Path, tmp_path: Path, number: int, status: int, word: str
) -> None:
    output, state = tmp_path / "run.npz", tmp_path / "run.state"
    found, out, error = ended(file, number, "--output", output, "--save-state", state, "--json")
    assert found == status, error
    told = json.loads(out)
    assert told["error"] == f"{word} after {told['steps']:,} of {STEPS:,} steps"
    assert told["error"] in error
    assert "Traceback" not in error
    assert 0 < told["steps"] < STEPS
    assert snn.Recording.load(output).step_count == told["steps"]
    with snn.Simulation(snn.load(file)) as sim:
        sim.load_state(state)
        assert sim.step_count == told["steps"]


def test_a_second_sigterm_does_not_cut_the_writing_short() -> None:
    before = signal.getsignal(signal.SIGTERM)
    written = []

    def work() -> None:
        with ended_by_sigterm():
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                signal.raise_signal(signal.SIGTERM)
                written.append("file")

    with pytest.raises(SystemExit) as caught:
        work()
    assert caught.value.code == 143
    assert written == ["file"]
    assert signal.getsignal(signal.SIGTERM) is before


def test_sigterm_while_a_log_line_is_printed_is_told_from_an_interrupt(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before = signal.getsignal(signal.SIGINT)
    caplog.set_level(logging.INFO, "snn")
    monkeypatch.setattr(logging.getLogger("snn"), "filters", [lambda _: signal.raise_signal(signal.SIGTERM)])

    def open_session() -> None:
        with ended_by_sigterm(), snn.Simulation(snn.load(file)):
            pytest.fail("it went on")

    with pytest.raises(SystemExit) as caught:
        open_session()
    assert caught.value.code == 143
    assert signal.getsignal(signal.SIGINT) is before


def test_sigterm_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with ended_by_sigterm():
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)
