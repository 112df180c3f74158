"""The Unity package, as people install it, in programs that stand in for Unity: for the native plug-in, and for the scripts.
What only Unity can prove is listed in docs/bindings/unity.md.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.bindings.building import LIBRARY, ROOT, run, tool
from tests.bindings.engines import compile_host, make, play, skip_without_vulkan
from tools.packages.unity import meta

HERE = Path(__file__).parent
PLUGINS = "Runtime/Plugins/Linux/x86_64"


@pytest.fixture(scope="module")
def package(shared: Path) -> Path:
    return make("unity", shared)


def test_the_package_has_what_unity_wants(package: Path) -> None:
    manifest = json.loads((package / "package.json").read_text(encoding="utf-8"))
    assert manifest["name"] == package.name
    for sample in manifest["samples"]:
        assert {one.name for one in (package / sample["path"]).iterdir()} == {"Creature.cs", "Resources"}
    for assembly in package.rglob("*.asmdef"):
        assert json.loads(assembly.read_text(encoding="utf-8"))["name"] == assembly.stem
    with tarfile.open(next(package.parent.glob("*.tgz"))) as archive:
        assert "package/package.json" in archive.getnames()
    plugins = {one.name for one in (package / PLUGINS).iterdir()}
    assert {"libsnn.so", "libsnn_unity.so"} <= plugins


def test_every_file_has_a_guid_that_stays(package: Path, tmp_path: Path) -> None:
    guids = {}
    for one in package.rglob("*"):
        path = one.relative_to(package)
        hidden = any(part.endswith("~") for part in path.parts)
        if one.suffix == ".meta":
            assert one.with_suffix("").exists()
        else:
            assert Path(f"{one}.meta").exists() != hidden, path
        if one.suffix != ".meta" and not hidden:
            text = Path(f"{one}.meta").read_text(encoding="utf-8")
            assert text == meta(path, one.is_dir())
            guids[re.search(r"^guid: ([0-9a-f]{32})$", text, re.MULTILINE)[1]] = path
    assert len(guids) == sum(1 for _ in package.rglob("*.meta"))
    # A project refers to the component by this number; another one breaks every scene that has it.
    assert guids["01576eedb4f1217aa0807dbba72dd4cd"] == Path("Runtime/SpikingNetwork.cs")


def test_the_plugin_steps_networks_in_the_command_buffers_of_its_host(
    package: Path, brain: Path, game: str, tmp_path: Path
) -> None:
    skip_without_vulkan()
    libraries = [f"-L{LIBRARY}", "-lsnn", "-lvulkan", "-ldl", "-pthread"]
    compile_host(HERE / "unity/host.cpp", tmp_path / "host", f"-I{ROOT / 'bindings/unity/native'}", *libraries)
    plugins = package / PLUGINS
    play(
        tmp_path / "host",
        SNN_PLUGIN=plugins / "libsnn_unity.so",
        SNN_BRAIN=brain,
        SNN_EXPECTED=game,
        LD_LIBRARY_PATH=plugins,
    )


@pytest.fixture(scope="module")
def scripts(package: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The package's scripts and tests, the sample and the program that plays them, compiled: the command that runs it."""
    compiler, mono = tool("mcs", "mono-mcs"), tool("mono", "mono-runtime")
    options = ["-unsafe", "-optimize", "-langversion:7.2", "-warnaserror", "-nowarn:1701,1702,0649,0414"]
    folder = tmp_path_factory.mktemp("scripts")
    tests_and_sample = [one for name in ("Tests", "Samples~") for one in (package / name).rglob("*.cs")]
    made: list[Path] = []
    for name, sources in (
        ("UnityEngine.dll", [HERE / "unity/UnityEngine.cs"]),
        ("Snn.dll", (package / "Runtime").rglob("*.cs")),
        ("Snn.Editor.dll", (package / "Editor").glob("*.cs")),
        ("UnityHost.exe", [*tests_and_sample, HERE / "unity/UnityHost.cs"]),
    ):
        kind = "-target:library" if name.endswith("dll") else "-target:exe"
        references = [f"-r:{one}" for one in made]
        run(compiler, *options, kind, f"-out:{folder / name}", *references, *sources)
        made.append(folder / name)
    return mono, folder


def test_the_scripts_play_the_game(package: Path, scripts: tuple[str, Path], brain: Path, game: str) -> None:
    mono, folder = scripts
    output = play(mono, folder / "UnityHost.exe", brain, LD_LIBRARY_PATH=package / PLUGINS)
    assert output.splitlines()[0] == game


def test_the_scripts_step_networks_on_the_device_of_their_host(
    package: Path, scripts: tuple[str, Path], brain: Path
) -> None:
    skip_without_vulkan()
    mono, folder = scripts
    library = folder / "libunity_stand_in.so"
    native = f"-I{ROOT / 'bindings/unity/native'}"
    compile_host(HERE / "unity/library.cpp", library, "-shared", "-fPIC", native, "-lvulkan", "-ldl")
    plugin = package / PLUGINS / "libsnn_unity.so"
    play(mono, folder / "UnityHost.exe", brain, plugin, LD_LIBRARY_PATH=f"{package / PLUGINS}:{folder}")


def test_the_project_uses_the_package(package: Path) -> None:
    manifest = json.loads((ROOT / "samples/unity/Packages/manifest.json").read_text(encoding="utf-8"))
    assert manifest["dependencies"][package.name].startswith("file:")


def test_a_wrong_command_says_what_is_wrong(tmp_path: Path) -> None:
    for arguments, words in (
        (("unity", tmp_path, "--prefix", tmp_path), "no libsnn is installed there"),
        (("unity", tmp_path, "--add", "Amiga", tmp_path), "Linux, Windows, macOS"),
        (("quake", tmp_path), "unity"),
    ):
        command = [sys.executable, "-m", "tools.packages", *map(str, arguments)]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert result.returncode == 2
        assert words in result.stderr
