from __future__ import annotations

import fcntl
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bindings.building import LANGUAGES, ROOT, Language, once, run

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


@pytest.fixture(scope="session")
def brain(shared: Path) -> Path:
    """The creature's network, trained by the first worker that asks."""
    path = shared / "creature.snn"
    with (shared / "creature.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            run(sys.executable, ROOT / "samples/python/train_creature.py", path)
    return path


@pytest.fixture(scope="session")
def game(brain: Path) -> str:
    """The line that the creature's game prints in every language and engine."""
    line = run(sys.executable, ROOT / "samples/python/creature.py", brain).strip()
    assert re.fullmatch(r"600 frames, \d+ eaten, hash [0-9a-f]{16}", line)
    assert int(line.split()[2]) >= 5  # it finds its food
    return line
