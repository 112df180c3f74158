"""``python -m tools.packages unity|godot|unreal|java|csharp FOLDER``: make what people install."""

import argparse
from pathlib import Path

from . import csharp, godot, java, native, unity, unreal

PACKAGES = {"unity": unity, "godot": godot, "unreal": unreal, "java": java, "csharp": csharp}


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
        help="what was built on Linux, Windows or macOS: a folder with both libraries (unreal, csharp: a prefix of libsnn)",
    )
    arguments = parser.parse_args()
    if not (arguments.prefix / "lib/cmake/snn").is_dir():
        parser.error(f"{arguments.prefix} has no lib/cmake/snn: no libsnn is installed there")
    for platform, folder in arguments.add:
        if platform not in native.PLATFORMS:
            parser.error(f"--add {platform} {folder}: the platform is one of {', '.join(native.PLATFORMS)}")
        if not Path(folder).is_dir():
            parser.error(f"--add {platform} {folder}: there is no such folder")
        library = native.LIBRARIES[platform]
        if not any((Path(folder) / place / library).is_file() for place in (".", "bin", "lib")):
            parser.error(f"--add {platform} {folder}: there is no {library} in it")
    libraries = {platform: Path(folder) for platform, folder in arguments.add}
    print(PACKAGES[arguments.package].make(arguments.folder, arguments.prefix, libraries))


if __name__ == "__main__":
    main()
