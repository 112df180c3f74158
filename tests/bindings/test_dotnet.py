"""What the .NET SDK makes of the C# binding, where there is one: both frameworks, NuGet, and compilation ahead of time."""

from __future__ import annotations

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
