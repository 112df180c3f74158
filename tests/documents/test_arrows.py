"""Which folder of native/src may include which: the arrows in CONTRIBUTING.md."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "native" / "src"
BACKENDS_INSIDE = ("backend/reference/", "backend/null/")  # folders that are parts of their own


def part_of(path: str) -> str:
    """Of "cpu/lanes.h" it is "cpu", of "backend/null/null_backend.h" it is "null"."""
    return path.split("/")[1 if path.startswith(BACKENDS_INSIDE) else 0]


def arrows() -> dict[str, set[str]]:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = text.split("Within `native/src`")[1].split("```")[1]
    known: dict[str, set[str]] = {}
    for line in block.strip().splitlines():
        left, right = line.split(" -> ")
        for one in left.split(", "):
            known[one] = set(right.split(", "))
    return known


def test_a_folder_includes_what_the_arrows_allow() -> None:
    known = arrows()
    used = {name: set() for name in known}
    for file in sorted(SOURCE.rglob("*")):
        if file.suffix not in (".h", ".cpp"):
            continue
        path = file.relative_to(SOURCE).as_posix()
        for include in re.findall(r'#include "([^"]+)"', file.read_text(encoding="utf-8")):
            if "/" not in include:  # printed by the build, or the shaders' own
                continue
            target = part_of(include)
            if target in ("common", part_of(path)):
                continue
            sides = [name for name in (path, part_of(path)) if known.get(name, set()) & {target, include}]
            assert sides, f"{path} includes {include}"
            used[sides[0]] |= known[sides[0]] & {target, include}
    assert used == known, "an arrow is not needed"
