"""The command line in a process of its own: failures of files, disk or memory, and warnings, are one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import snn

SNN = [sys.executable, "-P", "-c", "from snn.engine.cli import main; main()"]
# -P: the installed package, wherever the tests are started. Wide enough that no sentence is broken; no colors.
ENVIRONMENT = {**os.environ, "COLUMNS": "400", "NO_COLOR": "1", "TERM": "dumb"}


def run(*arguments: object, stdout: int | None = None) -> tuple[int, str]:
    """Return the exit status and standard error."""
    ended = subprocess.run(
        [*SNN, *map(str, arguments)],
        stdout=subprocess.PIPE if stdout is None else stdout,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        text=True,
        timeout=120,
        check=False,
    )
    return ended.returncode, ended.stderr


def assert_sentence(ended: tuple[int, str], sentence: str) -> None:
    status, text = ended
    assert status == 1
    assert text.startswith("error: ")
    assert text.count("\n") == 1
    assert sentence in text


def test_a_command_that_works_ends_with_status_0(file: Path, tmp_path: Path) -> None:
    output = tmp_path / "not" / "there" / "recorded"  # folders are made; no suffix is added
    arguments = ("--steps", 20, "--input", "input=1", "--record", "hidden.v", "--record", "hidden.refractory_left")
    assert run("run", file, *arguments, "--output", output) == (0, "")
    with np.load(output) as recorded:
        assert recorded["hidden.v"].shape == (20, 1, 7)
        assert recorded["hidden.refractory_left"].dtype == np.int32


def test_a_warning_is_a_sentence(file: Path, tmp_path: Path) -> None:
    record = ["--record", "hidden.v", "--every", 8, "--output", tmp_path / "o.npz"]
    assert run("run", file, "--steps", 3, *record) == (
        0,
        "warning: nothing is recorded of hidden.v: the run has 3 steps, and every is 8, counted from its first step\n",
    )


def test_a_warning_of_the_library_is_a_sentence(tmp_path: Path) -> None:
    network = snn.Network()
    network.add("cells", snn.LIF(3))
    weights = [1.0, 1e-12, 1e-12]
    network.connect(
        "cells",
        "cells",
        snn.Sparse.from_arrays([0, 1, 2], [1, 2, 0], weights, delay_steps=1, trainable=False, arithmetic="fixed"),
    )
    network.save(tmp_path / "lossy.snn")
    status, told = run("run", tmp_path / "lossy.snn", "--steps", 3)
    assert status == 0
    assert told.startswith(
        "warning: projection 'cells_to_cells' has fixed-point weights, and those that it was made with are"
    )
    assert told.count("\n") == 1


def test_files_that_cannot_be_used(file: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    (tmp_path / "empty.npy").write_bytes(b"")
    record = ("run", file, "--steps", 1, "--record", "hidden.v", "--output")
    assert_sentence(run(*record, tmp_path), f"--output is {tmp_path}, which is a folder")
    assert_sentence(run(*record, "/dev/full/x.npz"), "/dev/full cannot be made a folder: ")
    assert_sentence(
        run("demo", "--output", tmp_path / "taken" / "x"), f"{tmp_path / 'taken' / 'x'} cannot be made a folder: Not a"
    )
    assert_sentence(run("inspect", tmp_path / "none.snn"), "none.snn")
    assert_sentence(
        run("run", file, "--input", f"input={tmp_path / 'empty.npy'}"), "cannot be read: No data left in file"
    )


def test_options_that_are_wrong(file: Path) -> None:
    for value, sentence in (
        ("random:7", "--input input=random:7: the probability is 7; it must be 0 to 1"),
        ("random:-1", "the probability is -1"),
        ("randon:0.5", "--input input=randon:0.5: 'randon' is unknown; there is random:P"),
        ("often", "--input input=often is neither a number, random:P, nor a .npy file"),
        ("nan", "is nan; all values must be finite"),
    ):
        assert_sentence(run("run", file, "--steps", 2, "--input", f"input={value}"), sentence)
    status, text = run("run", file, "--batch-size", 2**30, "--steps", 1)
    assert status == 2
    assert "Invalid value for '--batch-size'" in text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [("devices",), ("devices", "--json"), ("--version",), ("--help",)])
def test_a_full_disk_is_a_sentence(arguments: tuple[str, ...]) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        assert_sentence(run(*arguments, stdout=full), "the output cannot be used: No space left on device")
    finally:
        os.close(full)


@pytest.mark.parametrize("arguments", [("devices",), ("devices", "--json"), ("--version",)])
def test_a_reader_that_has_gone_ends_the_command_quietly(arguments: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        assert run(*arguments, stdout=write) == (1, "")
    finally:
        os.close(write)


def test_too_little_memory_is_a_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from snn.engine.cli import app

    def exhausted() -> None:
        raise MemoryError

    ended: list[str | None] = []
    monkeypatch.setattr(app, "app", exhausted)
    monkeypatch.setattr(app, "_end", ended.append)
    app.run()
    assert ended == ["there is not enough memory for what was asked"]
    assert capsys.readouterr().out == ""
