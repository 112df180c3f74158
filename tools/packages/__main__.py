"""``python -m tools.packages unity|godot|unreal|java|csharp|rust FOLDER``: make what people install."""

import argparse
from pathlib import Path

from . import csharp, godot, java, native, rust, unity, unreal

PACKAGES = {"unity": unity, "godot": godot, "unreal": unreal, "java": java, "csharp": csharp, "rust": rust}


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tools.packages", description=__doc__)
    parser.add_argument("package", choices=PACKAGES)
    parser.add_argument("folder", type=Path, help="where the package is made")
    parser.add_argument(
        "--prefix", type=Path, default=native.installed_prefix(), help="of an installed libsnn (default: this Python's)"
    )
    parser.add_argument(
        "--add",
        nargs=2,
        action="append",
        default=[],
        metavar=("PLATFORM", "FOLDER"),
        help="what was built for Linux, Linux-arm64, Windows or macOS: a folder with both libraries (unreal, csharp, rust: "
        "a prefix of libsnn)",
    )
    arguments = parser.parse_args()
    if not (arguments.prefix / "lib/cmake/snn").is_dir():
        parser.error(f"{arguments.prefix} has no lib/cmake/snn: no libsnn is installed there")
    libraries: native.Libraries = {}
    for name, folder in arguments.add:
        try:
            system = native.System.named(name)
            system.library(Path(folder))
        except (ValueError, FileNotFoundError) as problem:
            parser.error(f"--add {name} {folder}: {problem}")
        if system.machine == "arm64" and arguments.package in ("unity", "unreal"):
            parser.error(f"--add {name} {folder}: the package for {arguments.package} has no place for it")
        libraries[system] = Path(folder)
    print(PACKAGES[arguments.package].make(arguments.folder, arguments.prefix, libraries))


if __name__ == "__main__":
    main()
