"""Sessions on the Vulkan device of a program, in each language: the device is that of vulkan/host.cpp."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bindings.building import ADDER, BINDINGS, INCLUDE, LIBRARY, Language, run, rust_environment, tool
from tests.bindings.engines import skip_without_vulkan

Built = Callable[[str], Language]
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library with the device, beside libsnn."""
    skip_without_vulkan()
    folder = tmp_path_factory.mktemp("vulkan_host")
    library = folder / "libsnn_test_host.so"
    parts: list[str | Path] = [HERE / "vulkan/host.cpp"]
    warnings = ["-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers", "-fPIC"]
    if (java := Path("/usr/bin/javac")).exists():
        include = java.resolve().parents[1] / "include"
        parts.append(folder / "host_jni.o")
        folders = [f"-I{include}", f"-I{include / 'linux'}"]
        run("cc", "-std=c11", *warnings, *folders, "-c", HERE / "vulkan/host_jni.c", "-o", folder / "host_jni.o")
    flags = ["-std=c++20", "-O1", "-shared", *warnings, f"-I{INCLUDE}", f"-L{LIBRARY}"]
    run("c++", *flags, *parts, "-lsnn", "-lvulkan", "-o", library)
    (folder / "libsnn.so").symlink_to(LIBRARY / "libsnn.so")
    return library


@pytest.mark.parametrize("language", ["csharp_mono", "csharp_coreclr", "java"])
def test_a_session_on_the_device_of_a_program(
    built: Built, host: Path, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = built(language)
    monkeypatch.setenv("SNN_TEST_HOST", str(host))
    result = one.run(one.tests, "vulkan", ADDER, library=host.parent)
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"test cases: (\d+) \| \1 passed \| 0 failed", result.stdout), result.stdout
    assert "WARNING" not in result.stderr, result.stderr  # of -Xcheck:jni
    assert "validation:" not in result.stderr, result.stderr


def test_a_session_on_the_device_of_a_program_in_rust(built: Built, host: Path, shared: Path) -> None:
    built("rust")
    environment = {**os.environ, **rust_environment(shared / "rust"), "LD_LIBRARY_PATH": str(LIBRARY)}
    cargo = tool("cargo", "cargo")
    output = run(cargo, "test", "--test", "vulkan", cwd=BINDINGS / "rust", SNN_TEST_HOST=str(host), **environment)
    assert re.search(r"test result: ok. 8 passed; 0 failed", output), output
    assert "skipped" not in output
