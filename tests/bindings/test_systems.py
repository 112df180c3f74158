"""The game of every language on other systems, with the hash of this one: tools/test builds libsnn for them and names their
presets in SNN_TEST_SYSTEMS. Windows programs are run by Wine, those of 64-bit ARM by qemu-user."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bindings.building import ADDER, ROOT, compile_csharp_for_coreclr, run, tool

CORECLR = ROOT / "build/coreclr-windows/dotnetcore2/bin"


def built_for(preset: str) -> Path:
    """The folder where libsnn was built for a system; skips the test where it was not."""
    if preset not in os.environ.get("SNN_TEST_SYSTEMS", "").split():
        pytest.skip(f"libsnn was not built for '{preset}' in this run; tools/test --cross does")
    return ROOT / "build" / preset


@pytest.fixture
def brain(tmp_path: Path) -> Path:
    path = tmp_path / "creature.snn"
    run(sys.executable, ROOT / "samples/python/train_creature.py", path)
    return path


def compile_game(compiler: str, *arguments: str | Path) -> None:
    include = f"-I{ROOT / 'native/include'}"
    run(
        tool(compiler, f"the one that builds for it, {compiler}"),
        "-std=c99",
        "-O2",
        "-Wall",
        "-Werror",
        include,
        *arguments,
    )


def test_the_game_on_windows(brain: Path, tmp_path: Path) -> None:
    build = built_for("windows")
    shutil.copy(build / "bin/libsnn.dll", tmp_path)
    source = ROOT / "samples/c/creature.c"
    compile_game("x86_64-w64-mingw32-gcc-posix", source, build / "native/libsnn.dll.a", "-o", tmp_path / "creature.exe")
    expected = run(sys.executable, ROOT / "samples/python/creature.py", brain)
    assert run("wine", tmp_path / "creature.exe", "creature.snn", cwd=tmp_path).split() == expected.split()


def test_the_game_on_arm(brain: Path, tmp_path: Path) -> None:
    library = built_for("arm64") / "native"
    compile_game(
        "aarch64-linux-gnu-gcc", ROOT / "samples/c/creature.c", f"-L{library}", "-lsnn", "-o", tmp_path / "creature"
    )
    expected = run(sys.executable, ROOT / "samples/python/creature.py", brain)
    emulator = ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu", "-E", f"LD_LIBRARY_PATH={library}"]
    assert run(*emulator, tmp_path / "creature", brain).split() == expected.split()


def test_csharp_on_windows(brain: Path, tmp_path: Path) -> None:
    build = built_for("windows")
    if not CORECLR.exists():
        pytest.skip("CoreCLR for Windows is not there (PyPI: dotnetcore2 for win_amd64)")
    compile_csharp_for_coreclr(tmp_path, CORECLR)
    shutil.copy(build / "bin/libsnn.dll", tmp_path)
    environment = {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    run("wine", "winecfg", "-v", "win10")  # CoreCLR has no Windows 7
    start = ["wine", CORECLR / "dotnet.exe", "exec"]
    expected = run(sys.executable, ROOT / "samples/python/creature.py", brain)
    assert run(*start, "Creature.dll", "creature.snn", cwd=tmp_path, **environment).split() == expected.split()
    shutil.copy(ADDER, tmp_path)
    output = run(*start, "Snn.Tests.dll", ADDER.name, cwd=tmp_path, **environment)
    counts = re.search(r"test cases: (\d+) \| (\d+) passed \| 0 failed", output)
    assert counts, output
    assert int(counts[1]) == int(counts[2]) >= 25
    absent = subprocess.run(
        [str(word) for word in start] + ["Creature.dll", "absent.snn"],
        cwd=tmp_path,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert absent.returncode != 0
    assert re.search(r"absent\.snn.*[Nn]o such file", absent.stderr), absent.stderr
