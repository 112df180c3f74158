"""Public headers that say something else than ours."""

from __future__ import annotations

from pathlib import Path

from tools.headers.__main__ import INCLUDE
from tools.headers.describe import HEADERS


def changed(folder: Path, *replacements: tuple[str, str]) -> Path:
    """An include folder whose headers say the second of each pair where ours say the first, once in each header."""
    texts = {name: (INCLUDE / "snn" / name).read_text(encoding="utf-8") for name in HEADERS}
    for old, new in replacements:
        assert any(old in text for text in texts.values()), old
        texts = {name: text.replace(old, new, 1) for name, text in texts.items()}
    (folder / "snn").mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / "snn" / name).write_text(text, encoding="utf-8")
    return folder
