"""Run ``snn`` commands in this process: fast, and an exception that should have been a sentence is seen whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from snn.engine.cli import main


@dataclass(frozen=True)
class Outcome:
    """What a command gave back."""

    status: int
    out: str
    err: str

    def objects(self, status: int = 0) -> list[dict[str, Any]]:
        """Standard output as JSON objects, one a line and nothing else."""
        assert self.status == status, self.err
        return [json.loads(line) for line in self.out.splitlines()]

    def object(self) -> dict[str, Any]:
        """Return the only object of standard output."""
        (found,) = self.objects()
        return found


Command = Callable[..., Outcome]


def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Return a function that runs the entry point of the distribution with arguments."""
    # Wide, so that no sentence is broken; without colours.
    for name, value in (("COLUMNS", "1000"), ("NO_COLOR", "1"), ("TERM", "dumb")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("FORCE_COLOR", raising=False)

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr("sys.argv", ["snn", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            main()
        written = capsys.readouterr()
        code = caught.value.code
        return Outcome(code if isinstance(code, int) else 0 if code is None else 1, written.out, written.err)

    return run
