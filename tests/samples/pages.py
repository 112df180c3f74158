"""Programs and names of pages of docs/."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import snn

DOCS = Path(__file__).parents[2] / "docs"


def programs(page: str, language: str = "python") -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def run(program: str, folder: Path) -> str:
    """Run it as a reader does, in a process of its own, and return what it prints."""
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


def check_names(page: str) -> None:
    """Every name of this library that the page gives is there."""
    names = set(re.findall(r"\bsnn((?:\.[A-Za-z_]\w*)+)", (DOCS / page).read_text(encoding="utf-8"))) - {".snn"}
    assert len(names) > 15
    for name in names:
        found = snn
        for part in name[1:].split("."):
            found = getattr(found, part)
