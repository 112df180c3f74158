"""What the .NET SDK makes of the C# binding, where there is one: both frameworks, NuGet, compilation ahead of time, and the
scripts of the Unity package with the compiler and the language that Unity has.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.bindings.building import BINDINGS, LIBRARY, ROOT, dotnet_sdk, run
from tests.bindings.engines import make

NO_AUDIT = "-p:NuGetAudit=false"  # which asks nuget.org


def test_the_binding_builds_for_both_frameworks_without_a_warning(tmp_path: Path) -> None:
    project = BINDINGS / "csharp/Snn/Snn.csproj"
    run(*dotnet_sdk(), "build", "-warnaserror", "-c", "Release", "--artifacts-path", tmp_path, project)
    for framework in ("net9.0", "netstandard2.1"):
        assert (tmp_path / f"bin/Snn/release_{framework}/Snn.dll").is_file()


def test_a_program_takes_the_package_from_nuget(shared: Path, brain: Path, game: str, tmp_path: Path) -> None:
    command = dotnet_sdk()
    project = tmp_path / "game/Game.csproj"
    project.parent.mkdir()
    shutil.copy(ROOT / "samples/csharp/Creature.cs", project.parent)
    package = make("csharp", shared)
    version = package.stem.removeprefix("Snn.")
    project.write_text(
        f"""<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net9.0</TargetFramework>
    <RestoreSources>{package.parent}</RestoreSources>
    <RestorePackagesPath>{tmp_path}/packages</RestorePackagesPath>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Snn" Version="{version}" />
  </ItemGroup>
</Project>
""",
        encoding="utf-8",
    )
    run(*command, "build", "-warnaserror", "-c", "Release", NO_AUDIT, "-o", tmp_path / "out", project)
    # libsnn is the one of the package.
    assert run(*command, "exec", tmp_path / "out/Game.dll", brain, LD_LIBRARY_PATH="").strip() == game


def test_a_program_is_compiled_ahead_of_time(brain: Path, game: str, tmp_path: Path) -> None:
    """With the warnings of trimming and of AOT as errors."""
    command = dotnet_sdk()
    options = ["-p:PublishAot=true", "-p:TargetFrameworks=net9.0", "-f", "net9.0", NO_AUDIT, "-warnaserror"]
    system = re.search(r"RID: +(\S+)", run(*command, "--info"))  # whose compiler a distribution has beside its SDK
    assert system
    publish = ["publish", "-c", "Release", "-r", system[1], "--artifacts-path", str(tmp_path), *options]
    result = subprocess.run(
        [*command, *publish, str(ROOT / "samples/csharp/Creature.csproj")],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    missing = re.search(r"NU1101.*ILCompiler|NU1301.*|Platform linker .* not found|cannot find -l\S+", result.stdout)
    if result.returncode and missing:
        pytest.skip(f"this .NET SDK cannot compile ahead of time here: {missing[0]}")
    assert result.returncode == 0, result.stdout
    program = next(one for one in (tmp_path / "publish").rglob("Creature") if one.is_file())
    # Where dotnet runs, it runs too: before the last word of the command there may be a chroot, say.
    assert run(*command[:-1], program, brain, LD_LIBRARY_PATH=str(LIBRARY)).strip() == game


def test_the_unity_package_compiles_as_unity_compiles_it(shared: Path, tmp_path: Path) -> None:
    """Roslyn, C# 9, netstandard2.1, an assembly for each .asmdef with what it refers to and allows, and one for the game."""
    command = dotnet_sdk()
    package = make("unity", shared)
    engine = Path(__file__).parent / "unity/UnityEngine.cs"
    projects = {"UnityEngine": unity_project(tmp_path, "UnityEngine", [engine], [], is_unsafe=True)}
    for definition in sorted(
        package.rglob("*.asmdef"), key=lambda one: "references" in one.read_text(encoding="utf-8")
    ):
        about = json.loads(definition.read_text(encoding="utf-8"))
        references = [projects[name] for name in ("UnityEngine", *about.get("references", [])) if name in projects]
        sources = sorted(definition.parent.rglob("*.cs"))
        is_unsafe = about.get("allowUnsafeCode", False)
        projects[about["name"]] = unity_project(tmp_path, about["name"], sources, references, is_unsafe=is_unsafe)
    assert {"Snn", "Snn.Editor", "Snn.Unity.Tests"} < projects.keys()
    sample = sorted((package / "Samples~").rglob("*.cs"))
    game = unity_project(tmp_path, "Assembly-CSharp", sample, list(projects.values()), is_unsafe=False)
    run(*command, "build", "-warnaserror", NO_AUDIT, "--artifacts-path", tmp_path / "artifacts", game)


def unity_project(folder: Path, name: str, sources: list[Path], references: list[Path], *, is_unsafe: bool) -> Path:
    items = [f'<Compile Include="{one}" />' for one in sources]
    items += [f'<ProjectReference Include="{one}" />' for one in references]
    project = folder / name / f"{name}.csproj"
    project.parent.mkdir()
    project.write_text(
        f"""<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>netstandard2.1</TargetFramework>
    <LangVersion>9</LangVersion>
    <AllowUnsafeBlocks>{str(is_unsafe).lower()}</AllowUnsafeBlocks>
    <EnableDefaultItems>false</EnableDefaultItems>
    <NoWarn>0649;0414</NoWarn> <!-- fields that Unity sets: it does not tell them either -->
  </PropertyGroup>
  <ItemGroup>{"".join(items)}</ItemGroup>
</Project>
""",
        encoding="utf-8",
    )
    return project
