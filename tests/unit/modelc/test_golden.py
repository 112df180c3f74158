"""What the printers print, against reviewed files; see tests/golden/modelc/regenerate.py."""

from __future__ import annotations

import pytest

from tests.golden.modelc.regenerate import FOLDER, expected_files


@pytest.mark.parametrize("name", sorted(expected_files()))
def test_printed_text_is_the_reviewed_one(name):
    assert expected_files()[name] == (FOLDER / name).read_text(encoding="utf-8"), (
        "after a change that is meant: .venv/bin/python tests/golden/modelc/regenerate.py, and read the difference"
    )


def test_no_golden_is_left_over():
    files = {path.name for path in FOLDER.iterdir() if path.suffix in (".json", ".md", ".txt", ".inl", ".cpp")}
    assert files == set(expected_files())
