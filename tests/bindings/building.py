"""Build the bindings and their samples against the installed libsnn, once for all workers of pytest."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shlex
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BINDINGS = ROOT / "bindings"
PACKAGE = Path(sysconfig.get_path("platlib")) / "snn"
LIBRARY, INCLUDE = PACKAGE / "lib", PACKAGE / "include"
ADDER = Path(__file__).with_name("adder.json")


@dataclass(frozen=True)
class Language:
    """A language: how its programs are built and run. Commands are without the arguments of the program."""

    name: str
    tests: tuple[str, ...] = ()  # prints a line "test cases: N | N passed | N failed"
    creature: tuple[str, ...] = ()
    overhead: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(
        self, command: tuple[str, ...], *arguments: str | Path, library: Path = LIBRARY
    ) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **self.environment, "LD_LIBRARY_PATH": str(library)}
        return subprocess.run(
            [*command, *map(str, arguments)], capture_output=True, text=True, timeout=300, env=environment, check=False
        )


def once(shared: Path, name: str, build: Callable[[Path], Language]) -> Language:
    """What `build` makes in a folder of its own; the second worker that asks waits for the first."""
    folder = shared / name
    folder.mkdir(exist_ok=True)
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return build(folder)


def tool(name: str, package: str) -> str:
    """The path of a program, Debian's own first; skips the test where there is none."""
    found = shutil.which(name, path=f"/usr/bin:{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"{name} is not there (Debian: {package})")
    return found


def run(*command: str | Path, cwd: Path | None = None, **environment: str) -> str:
    """Run a command that must succeed; returns what it prints."""
    result = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, **environment},
        check=False,
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def c(folder: Path) -> Language:
    flags = ["-O2", "-Wall", "-Wextra", "-Werror", f"-I{INCLUDE}", f"-L{LIBRARY}"]
    made = {"creature": ROOT / "samples/c/creature.c", "overhead": Path(__file__).parent / "overhead/overhead.c"}
    if not (folder / "done").exists():
        for name, source in made.items():
            run("cc", "-std=c99", "-D_POSIX_C_SOURCE=199309L", *flags, source, "-lsnn", "-o", folder / name)
        (folder / "done").touch()
    return Language("c", (), (str(folder / "creature"),), (str(folder / "overhead"),))


def cpp(folder: Path) -> Language:
    source = ROOT / "samples/cpp/creature.cpp"
    if not (folder / "done").exists():
        flags = ["-O2", "-Wall", "-Wextra", "-Werror", f"-I{INCLUDE}", f"-L{LIBRARY}"]
        run("c++", "-std=c++17", *flags, source, "-lsnn", "-o", folder / "creature")
        (folder / "done").touch()
    return Language("cpp", (), (str(folder / "creature"),))


def rust_environment(folder: Path) -> dict[str, str]:
    """Cargo as it is without a network, from Debian where that is there, so that the oldest compiler is what is tested."""
    cargo = Path(tool("cargo", "cargo"))
    environment = {"SNN_LIB_DIR": str(LIBRARY), "CARGO_TARGET_DIR": str(folder), "CARGO_NET_OFFLINE": "true"}
    for variable, program in (("RUSTC", "rustc"), ("RUSTDOC", "rustdoc")):
        if (beside := cargo.with_name(program)).exists():
            environment[variable] = str(beside)
    return environment


def rust(folder: Path) -> Language:
    environment = rust_environment(folder)
    cargo = tool("cargo", "cargo")
    if not (folder / "done").exists():
        run(cargo, "build", "--release", "--examples", "-q", cwd=BINDINGS / "rust", **environment)
        run(cargo, "build", "--release", "-q", cwd=ROOT / "samples/rust/creature", **environment)
        (folder / "done").touch()
    release = folder / "release"
    overhead = (str(release / "examples/overhead"),)
    return Language("rust", (), (str(release / "creature"),), overhead, environment)


_CSHARP = (
    ("Snn.dll", "library", "bindings/csharp/Snn", ()),
    ("Snn.Tests.{0}", "exe", "bindings/csharp/Snn.Tests", ("Snn.dll",)),
    ("Creature.{0}", "exe", "samples/csharp", ("Snn.dll",)),
    ("Overhead.{0}", "exe", "tests/bindings/overhead", ("Snn.dll",)),
)


def _compile_csharp(folder: Path, suffix: str, *options: str) -> None:
    compiler = tool("mcs", "mono-mcs")
    for name, kind, sources, references in _CSHARP:
        run(
            compiler,
            "-unsafe",
            "-optimize",
            "-langversion:7.2",
            "-warnaserror",
            "-nowarn:1701,1702",
            f"-target:{kind}",
            f"-out:{folder / name.format(suffix)}",
            *options,
            *(f"-r:{folder / reference}" for reference in references),
            *sorted((ROOT / sources).glob("*.cs")),
        )


def csharp_mono(folder: Path) -> Language:
    mono = tool("mono", "mono-runtime")
    if not (folder / "done").exists():
        _compile_csharp(folder, "exe")
        (folder / "done").touch()
    programs = [(mono, str(folder / name)) for name in ("Snn.Tests.exe", "Creature.exe", "Overhead.exe")]
    return Language("csharp on Mono", *programs)


def compile_csharp_for_coreclr(folder: Path, home: Path) -> None:
    """The programs in C# for the runtime of dotnetcore2 in `home`, of this or another system."""
    framework = next((home / "shared/Microsoft.NETCore.App").iterdir())
    assemblies = ["System.Private.CoreLib", "System.Runtime", "System.Collections", "System.Linq", "System.Console"]
    assemblies += ["System.Memory", "System.Runtime.Extensions", "System.Threading", "System.Threading.Thread"]
    assemblies += ["System.Runtime.InteropServices", "System.IO.FileSystem"]
    references = [f"-r:{framework / assembly}.dll" for assembly in assemblies]
    _compile_csharp(folder, "dll", "-nostdlib", "-noconfig", *references)
    config = '{"runtimeOptions": {"framework": {"name": "Microsoft.NETCore.App", "version": "3.1.0"}}}'
    for name in ("Snn.Tests", "Creature", "Overhead"):
        (folder / f"{name}.runtimeconfig.json").write_text(config, encoding="utf-8")


def csharp_coreclr(folder: Path) -> Language:
    """CoreCLR 3.1 of the PyPI package dotnetcore2, which has a runtime and no compiler."""
    package = importlib.util.find_spec("dotnetcore2")
    if package is None or not package.submodule_search_locations:
        pytest.skip("CoreCLR is not there (PyPI: dotnetcore2)")
    home = Path(package.submodule_search_locations[0]) / "bin"
    if not (folder / "done").exists():
        compile_csharp_for_coreclr(folder, home)
        dotnet = folder / "dotnet"  # the wheel's own is not executable for everyone
        shutil.copy(home / "dotnet", dotnet)
        dotnet.chmod(0o755)
        for part in ("host", "shared"):
            (folder / part).symlink_to(home / part)
        (folder / "done").touch()
    programs = [
        (str(folder / "dotnet"), "exec", str(folder / name))
        for name in ("Snn.Tests.dll", "Creature.dll", "Overhead.dll")
    ]
    return Language("csharp on CoreCLR", *programs, environment={"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"})


def dotnet_sdk() -> list[str]:
    """The command of a .NET SDK, 9 or newer: that in SNN_DOTNET, or dotnet in PATH. Skips the test where there is none."""
    command = shlex.split(os.environ.get("SNN_DOTNET") or shutil.which("dotnet") or "")
    if not command:
        pytest.skip("no .NET SDK (SNN_DOTNET, or dotnet in PATH)")
    sdks = run(*command, "--list-sdks").split()
    if not sdks or int(sdks[-2].split(".")[0]) < 9:
        pytest.skip(f"the .NET 9 SDK is not there ({' '.join(sdks) or 'a runtime without an SDK'})")
    return command


def csharp_dotnet(folder: Path) -> Language:
    """The projects as they lie in the source tree, which stays as it is."""
    command = dotnet_sdk()
    names = {
        "Snn.Tests": "bindings/csharp/Snn.Tests",
        "Creature": "samples/csharp",
        "Overhead": "tests/bindings/overhead",
    }
    if not (folder / "done").exists():
        for project in names.values():
            build = ("build", "-warnaserror", "-c", "Release", "-nologo", "--artifacts-path", folder)
            run(*command, *build, ROOT / project)
        (folder / "done").touch()
    programs = [(*command, "exec", str(folder / f"bin/{name}/release/{name}.dll")) for name in names]
    return Language("csharp on .NET", *programs)


def java(folder: Path) -> Language:
    compiler, runtime = tool("javac", "default-jdk-headless"), tool("java", "default-jdk-headless")
    home = Path(compiler).resolve().parents[1]
    if not (folder / "done").exists():
        release = ["--release", "11", "-Xlint:all", "-Werror"]
        run(compiler, *release, "-d", folder, *sorted((BINDINGS / "java/src/snn").glob("*.java")))
        others = [*(BINDINGS / "java/test/snn").glob("*.java"), ROOT / "samples/java/Creature.java"]
        run(compiler, *release, "-cp", folder, "-d", folder, *others, Path(__file__).parent / "overhead/Overhead.java")
        run(
            "cc",
            "-std=c11",
            "-O2",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-shared",
            "-fPIC",
            "-fvisibility=hidden",
            f"-I{home / 'include'}",
            f"-I{home / 'include/linux'}",
            f"-I{INCLUDE}",
            *sorted((BINDINGS / "java/native").glob("*.c")),
            f"-L{LIBRARY}",
            "-lsnn",
            "-o",
            folder / "libsnn_jni.so",
        )
        (folder / "done").touch()
    start = (runtime, f"-Djava.library.path={folder}", "-cp", str(folder))
    programs = [(*start, name) for name in ("snn.Tests", "Creature", "Overhead")]
    # What the virtual machine itself can check of the calls between Java and C.
    programs[0] = (runtime, "-Xcheck:jni", *start[1:], "snn.Tests")
    return Language("java", *programs)


LANGUAGES = {
    "c": c,
    "cpp": cpp,
    "rust": rust,
    "csharp_mono": csharp_mono,
    "csharp_coreclr": csharp_coreclr,
    "csharp_dotnet": csharp_dotnet,
    "java": java,
}
