"""What the documents point at is there: relative links, and paths in backticks."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
# Not written by people, so no document speaks of them as places in the tree.
MADE = {".git", ".venv", "build", "dist", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", "__pycache__"}
SUFFIXES = "md|py|pyi|pyx|toml|c|cpp|h|hpp|txt|json|png|snn|cmake|sh"
# Words that look like paths into the tree and are none.
ALLOWED = {
    "model.json": "an attribute of a compiled model",
    "1/60": "a sixtieth",
    "dv/dt": "a derivative",
    "di/dt": "another one",
}


@cache
def paths() -> tuple[str, ...]:
    """Every file and folder of the tree, as ``/snn/models/neurons/lif.toml``."""
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in MADE]
        found += [f"/{(Path(folder) / name).relative_to(ROOT).as_posix()}" for name in (*folders, *files)]
    return tuple(found)


def prose(document: Path) -> str:
    """The text without blocks of code: those are run by other tests, or are examples."""
    return re.sub(r"^ *```.*?^ *```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def named_paths(text: str) -> list[str]:
    """Words in backticks that name a file or a folder: with a slash inside, or with the suffix of a file."""
    words = [word for span in re.findall(r"`([^`]+)`", text) for word in span.split()]
    return [
        word
        for word in words
        if re.fullmatch(rf"[\w.<>-]+(/[\w.<>-]+)*/|[\w.<>-]+(/[\w.<>-]+)+|[\w<>-]+\.({SUFFIXES})", word)
    ]


def exists(path: str) -> bool:
    """Whether the tree has it: ``src/api`` is found as ``native/src/api``, NAME and <name> stand for any name."""
    pattern = re.sub(r"NAME|<name>", r"[^/]+", re.sub(r"\.", r"\\.", path.rstrip("/")))
    return any(re.search(rf"/{pattern}$", one) for one in paths())


def relative_name(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative_name)
def test_relative_links_lead_somewhere(document: Path) -> None:
    text = re.sub(r"`[^`]*`", "code", prose(document))  # a[p](t) in backticks is no link
    for target in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue  # elsewhere on the net
        path, _, heading = target.partition("#")
        found = document.parent / path if path else document
        assert found.exists(), f"{relative_name(document)} links to {target}, which is not there"
        if heading:
            titles = re.findall(r"^#+ (.*)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            names = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
            assert heading in names, f"{relative_name(document)} links to {target}; there is no such heading"


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative_name)
def test_paths_in_backticks_exist(document: Path) -> None:
    for path in named_paths(prose(document)):
        if path in ALLOWED or path.split("/")[0] in MADE:
            continue
        assert exists(path), f"{relative_name(document)} names {path}, which is not in the tree"


def test_what_is_allowed_is_needed() -> None:
    named = {path for document in DOCUMENTS for path in named_paths(prose(document))}
    for path in ALLOWED:
        assert path in named, f"no document names {path}: take it from ALLOWED"
        assert not exists(path), f"{path} exists: take it from ALLOWED"


def test_paths_are_found_and_missed() -> None:
    """The test itself: it knows a path when it sees one, and notices that one is missing."""
    text = "`snn/models` `null/` `x = a / b` `session.cpp` `1.0f` `snn.hpp` `.snn` `tools/test --quick` `plan.step` `a/b c/d`"
    assert named_paths(text) == ["snn/models", "null/", "session.cpp", "snn.hpp", "tools/test", "a/b", "c/d"]
    for path in (
        "src/api",
        "null/",
        "snn/models/neurons/NAME.toml",
        "tests/oracle/<name>.py",
        "native/include/snn/snn.h",
    ):
        assert exists(path)
    for path in ("src/gpu", "nul/", "snn/models/neurons/NAME.yaml", "pi", "snn-h"):
        assert not exists(path)


def test_the_list_of_decisions_is_complete() -> None:
    listed = re.findall(
        r"^\| \[(\d{4})\]\((\1-[\w-]+\.md)\)", (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8"), re.M
    )
    there = sorted(one.name for one in (ROOT / "docs" / "decisions").glob("0*.md"))
    assert [name for _, name in listed] == there, (
        "docs/decisions/README.md has a line for each decision, in their order"
    )


def test_the_tree_of_the_architecture_page_is_complete() -> None:
    """Its first block shows every folder of the top, and every folder of tests/ behind that word."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    tree = re.search(r"^```\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert tree is not None
    shown = dict(re.findall(r"^(\w+)/ +(.*)$", tree[1], re.MULTILINE))

    def folders(path: Path) -> set[str]:
        return {one.name for one in path.iterdir() if one.is_dir() and one.name not in MADE and one.name[0] != "."}

    assert set(shown) == folders(ROOT)
    assert {word.rstrip("/") for word in shown["tests"].split()} == folders(ROOT / "tests")
