"""The tests of each binding, the game that is the same in every language, and libraries that are missing or others."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bindings.building import ADDER, BINDINGS, LANGUAGES, LIBRARY, ROOT, Language, run, rust_environment, tool
from tests.bindings.engines import skip_without_vulkan
from tools.headers.__main__ import INCLUDE
from tools.headers.describe import describe

Built = Callable[[str], Language]
MANAGED = ["csharp_mono", "csharp_coreclr", "csharp_dotnet", "java"]


@pytest.fixture(scope="session")
def other_library(shared: Path, worker_id: str) -> Path:
    """A folder with a libsnn of another version: every function is there and does nothing."""
    folder = shared / f"other-{worker_id}"
    folder.mkdir()
    names = [function.name for function in describe(INCLUDE).exported() if function.name != "snn_abi_version"]
    source = "".join(f"void *{name}(void) {{ return 0; }}\n" for name in names)
    (folder / "other.c").write_text(source + "unsigned snn_abi_version(void) { return 999; }\n", encoding="utf-8")
    run("cc", "-shared", "-fPIC", folder / "other.c", "-Wl,-soname,libsnn.so", "-o", folder / "libsnn.so")
    return folder


@pytest.mark.parametrize("language", MANAGED)
def test_every_case_of_the_binding_passes(built: Built, language: str) -> None:
    one = built(language)
    result = one.run(one.tests, ADDER)
    assert result.returncode == 0, result.stdout + result.stderr
    counts = re.search(r"test cases: (\d+) \| (\d+) passed \| 0 failed", result.stdout)
    assert counts, result.stdout
    assert int(counts[1]) == int(counts[2]) >= 25
    assert "WARNING" not in result.stderr, result.stderr  # of -Xcheck:jni


def test_every_case_of_the_rust_binding_passes(built: Built, shared: Path) -> None:
    built("rust")
    environment = rust_environment(shared / "rust") | {"LD_LIBRARY_PATH": ""}  # cargo finds the library by itself,
    documented = environment | {"LD_LIBRARY_PATH": str(LIBRARY)}  # but not for examples in documentation
    test = (tool("cargo", "cargo"), "test")
    output = run(*test, "--tests", cwd=BINDINGS / "rust", **environment)
    output += run(*test, "--doc", cwd=BINDINGS / "rust", **documented)
    passed = [int(count) for count in re.findall(r"test result: ok. (\d+) passed; 0 failed", output)]
    assert sum(passed) >= 35, output
    run(
        tool("cargo", "cargo"),
        "doc",
        "--no-deps",
        "-q",
        cwd=BINDINGS / "rust",
        RUSTDOCFLAGS="-D warnings",
        **environment,
    )


def test_callbacks_of_rust_borrow_their_hooks_as_shared() -> None:
    """One may call C, which calls another: two exclusive borrows at once would be undefined, and would seem to work."""
    sources = "".join((BINDINGS / "rust/snn/src" / name).read_text("utf-8") for name in ("hooks.rs", "session.rs"))
    assert sources.count("&*user.cast::<Hooks>()") >= 7
    assert not re.findall(r"&mut \*(?:user\.cast::<Hooks>|self\.hooks)", sources)


def test_the_crates_need_no_other_crate() -> None:
    manifests = [(BINDINGS / "rust" / name / "Cargo.toml").read_text(encoding="utf-8") for name in ("snn-sys", "snn")]
    assert "dependencies" not in manifests[0]
    assert re.findall(r"^\[dependencies\]\n((?:.+\n)*)", manifests[1], re.MULTILINE) == [
        'snn-sys = { path = "../snn-sys", version = "0.1.0" }\n'
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_game_is_the_same_in_every_language(built: Built, brain: Path, game: str, language: str) -> None:
    one = built(language)
    result = one.run(one.creature, brain)
    assert (result.returncode, result.stdout.strip()) == (0, game), result.stderr


def commands_of(page: str) -> list[str]:
    """The blocks of a page that a reader types."""
    text = (ROOT / f"docs/bindings/{page}.md").read_text(encoding="utf-8")
    return re.findall(r"```sh\n(.*?)```", text, re.DOTALL)


def run_in_checkout(commands: str, folder: Path, **environment: str) -> str:
    """Run them in a folder that is as the root of a checkout, where programs may leave files."""
    for entry in ROOT.iterdir():
        (folder / entry.name).symlink_to(entry)
    path = f"{Path(sys.executable).parent}:/usr/bin:{os.environ['PATH']}"
    return run("bash", "-euc", commands, cwd=folder, PATH=path, **environment)


@pytest.mark.parametrize(
    ("page", "language"), [("c", "c"), ("cpp", "cpp"), ("rust", "rust"), ("csharp", "csharp_mono"), ("java", "java")]
)
def test_the_first_program_of_a_page_plays_the_game(
    built: Built, shared: Path, brain: Path, game: str, tmp_path: Path, page: str, language: str
) -> None:
    built(language)  # or skipped
    commands = commands_of(page)[0]
    # The file is there already: each page makes it in the same way.
    training = "python samples/python/train_creature.py creature.snn\n"
    assert training in commands
    shutil.copy(brain, tmp_path / "creature.snn")
    environment = rust_environment(shared / "rust") if page == "rust" else {}
    output = run_in_checkout(commands.replace(training, ""), tmp_path, **environment)
    assert output.splitlines()[-1] == game


def test_the_renderer_of_the_page_of_cpp_draws(tmp_path: Path) -> None:
    skip_without_vulkan()
    tool("glslangValidator", "glslang-tools")
    output = run_in_checkout(commands_of("cpp")[1], tmp_path)
    assert "frame 40: 100273 spikes so far" in output, output


def test_pkg_config_finds_libsnn_in_the_python_package(tmp_path: Path) -> None:
    for program, package in (("pkg-config", "pkg-config"), ("cc", "gcc"), ("c++", "g++")):
        tool(program, package)
    run(ROOT / "tests/install/use_pkg_config", LIBRARY.parent, tmp_path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_missing_file_is_an_error_with_the_sentence_of_c(built: Built, language: str) -> None:
    one = built(language)
    result = one.run(one.creature, "absent.snn")
    assert result.returncode not in (0, -6, -11), result.stderr  # an error of the language, no crash
    assert re.search(r"absent\.snn.*[Nn]o such file", result.stderr), result.stderr


@pytest.mark.parametrize("language", MANAGED)
def test_a_library_of_another_version_is_refused(built: Built, other_library: Path, language: str) -> None:
    one = built(language)
    result = one.run(one.tests, "version", library=other_library)
    assert (result.returncode, result.stdout.strip()) == (0, "passed"), result.stdout + result.stderr


@pytest.mark.parametrize("language", MANAGED)
def test_a_missing_library_is_an_error_of_the_language(built: Built, tmp_path: Path, language: str) -> None:
    one = built(language)
    result = one.run(one.tests, "missing", library=tmp_path)
    assert (result.returncode, result.stdout.strip()) == (0, "passed"), result.stdout + result.stderr


def test_rust_refuses_a_library_of_another_version_and_names_a_missing_one(
    built: Built, other_library: Path, tmp_path: Path, brain: Path
) -> None:
    rust = built("rust")
    result = rust.run(rust.creature, brain, library=other_library)
    assert result.returncode == 1
    assert "libsnn has ABI version 999, this crate was made for version 1" in result.stderr
    result = rust.run(rust.creature, brain, library=tmp_path)
    assert result.returncode == 127
    assert "libsnn.so" in result.stderr
