"""``tools/release FOLDER``: everything that people install, for every system, made on Linux with one command.

libsnn is built for each system with all its kernels and the device "vulkan"; the wheels are built by pip, and the rest is made
of what these two gave. Nothing is uploaded.
"""

import argparse
import hashlib
import shutil
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from . import csharp, godot, java, native, rust, unity, unreal
from .native import HERE, ROOT, Libraries, System, run

# The preset that builds libsnn for a system, and its toolchain file.
PRESETS = {
    System("Windows"): ("windows", "windows-mingw.cmake"),
    System("Linux", "arm64"): ("arm64", "linux-arm64.cmake"),
}

# The other systems that Python's package is made for, as Python's sysconfig calls them.
WHEELS = {System("Windows"): "win-amd64", System("Linux", "arm64"): "linux-aarch64"}

# As tools/common.sh has them: CMake compiles again what is compiled by another command.
LAUNCHERS = [
    f"CMAKE_{language}_COMPILER_LAUNCHER={'ccache' if shutil.which('ccache') else ''}" for language in ("C", "CXX")
]


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="tools/release", description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where everything is put; what is there is deleted")
    names = {str(system): system for system in (HERE, *PRESETS)}
    parser.add_argument(
        "--systems",
        nargs="*",
        choices=[name for name in names if name != str(HERE)],
        default=[name for name in names if name != str(HERE)],
        help="for which systems beside this one (default: all of them)",
    )
    parser.add_argument(
        "--wheel",
        choices=[str(system) for system in WHEELS],
        help="make the wheel for this system alone, with the library that its tests were built with in build/PRESET",
    )
    arguments = parser.parse_args()
    if (
        arguments.folder.exists()
        and any(arguments.folder.iterdir())
        and not (arguments.folder / "SHA256SUMS").is_file()
    ):
        parser.error(f"{arguments.folder} is not empty and holds no earlier release")
    folder = native.fresh(arguments.folder)
    if arguments.wheel:
        system = names[arguments.wheel]
        make_wheel(folder, system, f"build/{PRESETS[system][0]}")
        return
    for file in make(folder, [names[name] for name in arguments.systems]):
        print(f"{file.stat().st_size / 2**20:8.2f} MiB  {file.name}")


def make(folder: Path, systems: list[System]) -> list[Path]:
    """Make all files of a release in the empty `folder`, for this system and `systems`; returns them."""
    version = native.version()
    for system in (HERE, *(system for system in systems if system in WHEELS)):
        make_wheel(folder, system)
    make_sources(folder)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        # What the wheel was built of, with what a C program needs to be built with it.
        prefixes = {HERE: installed(ROOT / "build/release", work)}
        for system in systems:
            prefixes[system] = installed(built(system), work)
        for system, prefix in prefixes.items():
            archive(prefix, f"libsnn-{version}-{system}", folder)
        prefix = prefixes.pop(HERE)

        def parts(source: str, machines: tuple[str, ...] = ("x86_64", "arm64")) -> Libraries:
            """The native part of a package, for the other systems."""
            made: Libraries = {}
            for system, of_system in prefixes.items():
                if system.machine in machines:
                    made[system] = work / "parts" / source / str(system)
                    build_part(source, system, of_system, made[system])
            return made

        unity.make(work / "made", prefix, parts("unity/native", ("x86_64",)))
        shutil.move(next((work / "made").glob("*.tgz")), folder)
        godot.make(work / "godot", prefix, parts("godot"))
        zipped(work / "godot", folder / f"snn-godot-{version}.zip")
        unreal.make(
            work / "unreal", prefix, {system: one for system, one in prefixes.items() if system.machine == "x86_64"}
        )
        zipped(work / "unreal", folder / f"snn-unreal-{version}.zip")
        csharp.make(folder, prefix, prefixes)
        java.make(folder, prefix, parts("java"))
        crates = rust.make(work / "rust", prefix, prefixes)
        with tarfile.open(folder / f"{crates.name}.tar.gz", "w:gz") as packed:
            packed.add(crates, crates.name)
    files = sorted(folder.iterdir())
    sums = "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
    (folder / "SHA256SUMS").write_text(sums, encoding="utf-8", newline="\n")
    return files


def make_wheel(folder: Path, system: System = HERE, build: str = "") -> None:
    """Make the wheel for Python 3.11 and newer on a system; one for Linux is named after the oldest that it runs on.

    `build` is the folder of the checkout where libsnn and its tests were built for another system, for a wheel of that library.
    """
    if system == HERE:
        build = "build/release"  # where and how tools/setup --for-tests has just built it: only the binding is compiled again
    settings = [f"cmake.define.SNN_BUILD_TESTS={'ON' if build else 'OFF'}"]
    start: tuple[str, ...] = (sys.executable,)
    if system != HERE:
        preset, toolchain = PRESETS[system]
        build = build or f"build/release-{preset}"
        settings.append(f"cmake.define.CMAKE_TOOLCHAIN_FILE={ROOT / 'cmake' / toolchain}")
        # How Python itself is told what it is cross-built for; the wheel is named after it.
        start = ("env", f"_PYTHON_HOST_PLATFORM={WHEELS[system]}", sys.executable)
    settings.append(f"build-dir={build}")
    settings += ["wheel.py-api=cp311", *(f"cmake.define.{one}" for one in LAUNCHERS)]
    options = (
        "--no-deps",
        "--no-build-isolation",
        "--quiet",
        *(f"--config-settings={one}" for one in settings),
    )
    with tempfile.TemporaryDirectory() as temporary:
        run(*start, "-m", "pip", "wheel", *options, "--wheel-dir", temporary, ROOT)
        wheel = next(Path(temporary).glob("*.whl"))
        if system.platform == "Windows":
            shutil.move(wheel, folder)  # its libraries need Windows and Python alone: tests/install/use_wheel_windows
        else:
            run(sys.executable, "-m", "auditwheel", "repair", wheel, "--wheel-dir", folder)


def make_sources(folder: Path) -> None:
    """Make the sources of a wheel."""
    with tempfile.TemporaryDirectory() as temporary:
        # Of what git knows, elsewhere: the packer follows links, and those of Wine in build/ lead to the whole file system.
        sources = Path(temporary, "sources")
        run("git", "-C", ROOT, "checkout-index", "--all", f"--prefix={sources}/")
        run(sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", folder, sources)


def built(system: System) -> Path:
    """Build libsnn for another system; returns the folder where it was built."""
    preset = PRESETS[system][0]
    folder = ROOT / "build" / f"release-{preset}"
    options = ("-DSNN_BUILD_TESTS=OFF", *(f"-D{one}" for one in LAUNCHERS))
    run("cmake", "--preset", preset, "-S", ROOT, "-B", folder, *options)
    run("cmake", "--build", folder, "--target", "snn")
    return folder


def build_part(source: str, system: System, prefix: Path, destination: Path) -> None:
    """Build the native part in bindings/`source` for another system, with its libsnn in `prefix`; both are put there."""
    options = ["-GNinja", f"--toolchain={ROOT / 'cmake' / PRESETS[system][1]}"]
    if source == "java":  # the headers of the JDK that is here: mingw-w64 has the types that its jni_md.h asks for
        headers = java.headers()
        options += [f"-DSNN_JNI_HEADER={headers}", f"-DSNN_JNI_SYSTEM_HEADER={headers / 'linux'}"]
    native.build(ROOT / "bindings" / source, prefix, destination, *options)


def installed(folder: Path, work: Path) -> Path:
    """Install libsnn from where it was built; returns the prefix."""
    prefix = work / f"prefix-{folder.name}"
    run("cmake", "--install", folder, "--prefix", prefix, "--component", "development", "--strip")
    shutil.copy(ROOT / "LICENSE", prefix)
    shutil.copy(ROOT / "docs/bindings/c.md", prefix / "README.md")
    return prefix


def archive(prefix: Path, name: str, folder: Path) -> None:
    """Pack a prefix of libsnn as people of its system unpack things."""
    if "windows" in name:
        zipped(prefix, folder / f"{name}.zip", name)
        return
    with tarfile.open(folder / f"{name}.tar.gz", "w:gz") as packed:
        packed.add(prefix, name)


def zipped(folder: Path, file: Path, top: str = "") -> None:
    """Pack what is in a folder, inside the folder `top` of the archive."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for one in _files(folder):
            packed.write(one, Path(top, one.relative_to(folder)).as_posix())


def _files(folder: Path) -> Iterator[Path]:
    return (one for one in sorted(folder.rglob("*")) if one.is_file())


if __name__ == "__main__":
    main()
