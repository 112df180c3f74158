"""What people install for Java, C# and Rust: a jar, a NuGet package and crates, used as they lie."""

from __future__ import annotations

import re
import shutil
import tarfile
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.bindings.building import BINDINGS, LIBRARY, ROOT, run, rust_environment, tool
from tests.bindings.engines import make

NUSPEC = "{http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd}"


def test_a_jar_has_all_that_a_game_needs(shared: Path, brain: Path, game: str, tmp_path: Path) -> None:
    compiler, runtime = tool("javac", "default-jdk-headless"), tool("java", "default-jdk-headless")
    jar = make("java", shared)
    run(compiler, "--release", "11", "-cp", jar, "-d", tmp_path, ROOT / "samples/java/Creature.java")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    play = [runtime, f"-Djava.io.tmpdir={temporary}", "-cp", f"{jar}:{tmp_path}", "Creature", brain]
    assert run(*play, LD_LIBRARY_PATH="").strip() == game
    assert not [one for one in temporary.iterdir() if one.name.startswith("snn-")]  # what was copied out is gone
    with zipfile.ZipFile(jar) as archive, zipfile.ZipFile(jar.with_name(f"{jar.stem}-sources.jar")) as sources:
        assert "Automatic-Module-Name: snn" in archive.read("META-INF/MANIFEST.MF").decode().splitlines()
        files = {
            one.relative_to(BINDINGS / "java/src").as_posix() for one in (BINDINGS / "java/src/snn").glob("*.java")
        }
        assert files == {name for name in sources.namelist() if name.endswith(".java")}


def test_a_nuget_package_is_compiled_into_a_program(shared: Path, brain: Path, game: str, tmp_path: Path) -> None:
    package = make("csharp", shared)
    with zipfile.ZipFile(package) as archive:
        archive.extractall(tmp_path)
    metadata = ElementTree.parse(tmp_path / "Snn.nuspec").getroot().find(f"{NUSPEC}metadata")
    assert metadata is not None
    assert package.name == f"{metadata.findtext(f'{NUSPEC}id')}.{metadata.findtext(f'{NUSPEC}version')}.nupkg"
    assert (tmp_path / str(metadata.findtext(f"{NUSPEC}readme"))).is_file()
    files = metadata.find(f"{NUSPEC}contentFiles/{NUSPEC}files")
    assert files is not None
    assert files.get("buildAction") == "Compile"
    sources = sorted((tmp_path / "contentFiles").glob(files.get("include", "")))
    assert [one.name for one in sources] == sorted(one.name for one in (BINDINGS / "csharp/Snn").glob("*.cs"))
    target = ElementTree.parse(tmp_path / "_rels/.rels").getroot()[0].get("Target")
    assert target == "/Snn.nuspec"
    kinds = {one.get("Extension") for one in ElementTree.parse(tmp_path / "[Content_Types].xml").getroot()}
    assert {one.suffix[1:] for one in tmp_path.rglob("*") if one.is_file()} - {"xml"} <= kinds | {""}
    unsafe = ElementTree.parse(tmp_path / "build/Snn.props").getroot().findtext("PropertyGroup/AllowUnsafeBlocks")
    assert unsafe == "true"

    compiler, mono = tool("mcs", "mono-mcs"), tool("mono", "mono-runtime")
    options = ["-unsafe", "-langversion:7.2", "-warnaserror", "-nowarn:1701,1702"]
    program = tmp_path / "Creature.exe"
    run(compiler, *options, f"-out:{program}", *sources, ROOT / "samples/csharp/Creature.cs")
    native = next((tmp_path / "runtimes").glob("linux-*/native"))
    assert run(mono, program, brain, LD_LIBRARY_PATH=str(native)).strip() == game


def test_the_crates_can_be_packed(tmp_path: Path) -> None:
    cargo = tool("cargo", "cargo")
    environment = rust_environment(tmp_path)
    rust = BINDINGS / "rust"
    # The crate that needs no other is built from its package. The other one is in a registry after it.
    pack = [cargo, "package", "--offline", "--allow-dirty", "-q", "-p"]
    run(*pack, "snn-sys", cwd=rust, LD_LIBRARY_PATH=str(LIBRARY), **environment)
    with tarfile.open(next((tmp_path / "package").glob("snn-sys-*.crate"))) as crate:
        assert any(name.endswith("/src/declarations.rs") for name in crate.getnames())
    for name in ("snn-sys", "snn"):
        files = set(run(*pack, name, "--list", cwd=rust, **environment).split())
        assert {"Cargo.toml", "src/lib.rs", "README.md", "LICENSE"} <= files
        assert not [one for one in files if one.startswith("target")]
        manifest = (rust / name / "Cargo.toml").read_text(encoding="utf-8")
        for key in ("license", "description", "readme", "keywords", "categories"):
            assert re.search(rf"^{key} = ", manifest, re.MULTILINE), key


def test_the_crates_of_a_release_bring_the_library(shared: Path, brain: Path, game: str, tmp_path: Path) -> None:
    cargo = tool("cargo", "cargo")
    crates = make("rust", shared)
    program = tmp_path / "creature"
    shutil.copytree(ROOT / "samples/rust/creature", program)
    manifest = program / "Cargo.toml"
    text = manifest.read_text(encoding="utf-8").replace("../../../bindings/rust", str(crates))
    manifest.write_text(text, encoding="utf-8")
    environment = rust_environment(tmp_path / "target")
    del environment["SNN_LIB_DIR"]
    play = [cargo, "run", "-q", "--manifest-path", manifest, brain]
    assert run(*play, LD_LIBRARY_PATH="", PKG_CONFIG_PATH="", **environment).strip() == game


@pytest.mark.parametrize("file", ["bindings/rust/snn/LICENSE", "bindings/rust/snn-sys/LICENSE"])
def test_the_licence_is_the_project_s(file: str) -> None:
    assert (ROOT / file).read_text(encoding="utf-8") == (ROOT / "LICENSE").read_text(encoding="utf-8")
