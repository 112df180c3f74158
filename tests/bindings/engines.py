"""Make the packages for game engines and run the programs that stand in for the engines."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import snn
from tests.bindings.building import INCLUDE, ROOT, run


def make(engine: str, shared: Path) -> Path:
    """The package of an engine, made as a person makes it, once for all workers of pytest."""
    folder = shared / f"package_{engine}"  # another folder than that of a language of the same name
    folder.mkdir(exist_ok=True)
    done = folder / "done"
    with (shared / f"package_{engine}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            done.write_text(run(sys.executable, "-m", "tools.packages", engine, folder, cwd=ROOT), encoding="utf-8")
    return Path(done.read_text(encoding="utf-8").strip())


def skip_without_vulkan() -> None:
    """Skip the test that asks where a host cannot have a Vulkan device of its own."""
    if not any(Path("/usr/share/vulkan/icd.d").glob("*.json")):
        pytest.skip("no Vulkan driver (Debian: mesa-vulkan-drivers)")
    if not Path("/usr/include/vulkan/vulkan.h").exists():
        pytest.skip("no Vulkan headers and loader to link with (Debian: libvulkan-dev)")


def learning_network() -> snn.Network:
    """Six inputs, four neurons, and synapses between them that learn from a reward."""
    net = snn.Network(dt=1.0)
    net.add("source", snn.SpikeInput(6))
    net.add("cells", snn.LIF(4))
    rule = snn.RewardSTDP()
    synapses = snn.Sparse.all_to_all(weight=0.3, plasticity=rule)
    net.connect("source", "cells", synapses, name="synapses")
    return net


def compile_host(source: Path, program: Path, *flags: str | Path) -> None:
    if not Path("/usr/include/doctest/doctest.h").exists():
        pytest.skip("doctest is not there (Debian: doctest-dev)")
    warnings = ["-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers"]
    run("c++", "-std=c++20", *warnings, f"-I{INCLUDE}", source, *flags, "-o", program)


def play(program: str | Path, *arguments: str | Path, **environment: str | Path) -> str:
    """Run a host whose last line counts its cases; returns what it printed."""
    result = subprocess.run(
        [str(program), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **{name: str(value) for name, value in environment.items()}},
        check=False,
    )
    output = result.stdout + result.stderr
    assert result.returncode == 0, output
    counts = re.search(r"test cases: +(\d+) \| +(\d+) passed \| 0 failed", output.replace("  ", " "))
    assert counts, output
    assert int(counts[1]) == int(counts[2]) > 0, output
    return result.stdout
