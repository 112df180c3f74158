"""The programs of docs/pytorch.md run, and every name that the page gives is there."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from .pages import check_names, programs, run

PAGE = "pytorch.md"
PROGRAMS = programs(PAGE)


def test_the_tutorial_learns(tmp_path: Path) -> None:
    told = re.search(r"test loss ([\d.]+), accuracy ([\d.]+)%", run(PROGRAMS[0], tmp_path))
    assert told is not None
    assert float(told[1]) < 0.25
    assert float(told[2]) > 95


def test_a_network_of_snntorch_spikes_alike(tmp_path: Path) -> None:
    if importlib.util.find_spec("snntorch") is None:
        pytest.skip("snnTorch is not installed: pip install '.[training-peers]'")
    spikes, others = map(int, re.findall(r"\d+", run(PROGRAMS[1], tmp_path)))
    assert spikes > 1000
    assert others <= spikes // 1000  # sums of PyTorch may be rounded otherwise


def test_every_name_is_there() -> None:
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("nir") is None:
        pytest.skip("PyTorch or nir is not installed: pip install '.[torch,nir]'")
    check_names(PAGE)
