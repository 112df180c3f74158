"""Rewrite golden hashes, one entry at a time."""

from __future__ import annotations

import json
from pathlib import Path


def write(path: Path, name: str, digest: str) -> None:
    """Set one entry of a golden file and keep the rest, sorted by name."""
    entries = json.loads(path.read_text()) if path.exists() else {}
    entries[name] = digest
    path.write_text(json.dumps(dict(sorted(entries.items())), indent=1) + "\n")
