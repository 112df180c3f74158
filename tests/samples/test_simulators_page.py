"""The programs of docs/simulators.md run, and every name that the page gives is there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import snn

TEXT = (Path(__file__).parents[2] / "docs" / "simulators.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def run(program: str, folder: Path) -> str:
    (folder / "program.py").write_text(program, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "program.py"],
        cwd=folder,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_balanced_network_is_irregular(tmp_path: Path) -> None:
    told = run(PROGRAMS[0], tmp_path)
    rate, variation = map(float, re.fullmatch(r"([\d.]+) Hz, CV of intervals ([\d.]+)\n", told).groups())  # type: ignore[union-attr]
    assert 10 < rate < 40
    assert 0.6 < variation < 1.1
    assert (tmp_path / "balanced.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_a_sweep_over_seeds_in_processes(tmp_path: Path) -> None:
    rates = [float(rate) for rate in re.findall(r"\d+\.\d+", run(PROGRAMS[1], tmp_path))]
    assert len(set(rates)) > 1
    assert rates == pytest.approx([20.0] * 8, abs=2.0)  # of 100 neurons in a second, 4.5 standard deviations


def test_every_name_is_there() -> None:
    names = set(re.findall(r"\bsnn((?:\.[A-Za-z_]\w*)+)", TEXT)) - {".snn"}
    assert len(names) > 15
    for name in names:
        found = snn
        for part in name[1:].split("."):
            found = getattr(found, part)
