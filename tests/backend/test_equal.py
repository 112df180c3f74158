"""The same bits from every device, instruction set, thread count, compiled or interpreted."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from .cases import CASES, Case
from .running import Result, Setting, cpu_settings, load_golden, simulate

GOLDEN = Path(__file__).parents[1] / "golden" / "runs.json"
BY_NAME = {case.name: case for case in CASES}


@cache
def reference(name: str) -> Result:
    return simulate(BY_NAME[name], Setting("reference"))


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_equals_the_reference(case: Case) -> None:
    expected = reference(case.name)
    for setting in cpu_settings():
        difference = expected.first_difference(simulate(case, setting))
        assert not difference, f"{setting}: {difference}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden_hash(case: Case, request: pytest.FixtureRequest) -> None:
    """The bits of the reference do not change unnoticed. `pytest --regenerate` writes them anew: a BITS change."""
    digest = reference(case.name).digest()
    if request.config.getoption("--regenerate"):
        from .regenerate import write

        write(GOLDEN, case.name, digest)
    golden = load_golden(GOLDEN)
    assert case.name in golden, f"{case.name} is new: write its hash with 'pytest tests/backend --regenerate'"
    assert golden[case.name] == digest


def test_the_cases_are_alive() -> None:
    """A case whose neurons never spike would prove nothing (but the one called silent)."""
    for case in CASES:
        spikes = [array.mean() for name, array in reference(case.name).arrays.items() if name.endswith(".spikes")]
        if case.name == "silent":
            assert max(spikes) == 0
        elif spikes:
            assert 0 < max(spikes) <= 1, case.name
            assert case.name == "saturated" or min(spikes) > 0, f"{case.name}: a population is silent {spikes}"
