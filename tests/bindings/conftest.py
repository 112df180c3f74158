from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bindings.building import LANGUAGES, ROOT, Language, once

sys.path.append(str(ROOT))  # for tools.headers; at the end, so that snn stays the installed one


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all workers see."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "bindings"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def built(shared: Path) -> Callable[[str], Language]:
    """Builds a language, or skips the test that asks for it."""
    return lambda name: once(shared, name, LANGUAGES[name])
