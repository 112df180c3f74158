"""The Unreal plug-in: the folder Snn that people put into the folder Plugins of a project."""

import shutil
from pathlib import Path

from . import native

# Platform of a game -> Unreal's name for it, and the libraries that it loads or links.
PLATFORMS = {
    "Linux": ("Linux", ("lib/libsnn.so",)),
    "Windows": ("Win64", ("bin/libsnn.dll", "lib/libsnn.dll.a")),
    "macOS": ("Mac", ("lib/libsnn.dylib",)),
}


def make(destination: Path, prefix: Path, libraries: native.Libraries) -> Path:
    """Make Snn in `destination`; returns it. `libraries` has prefixes of libsnn for other systems."""
    source = native.ROOT / "bindings/unreal"
    plugin = native.fresh(destination / "Snn")
    shutil.copytree(source / "Snn", plugin, dirs_exist_ok=True)
    shutil.copy(source / "README.md", plugin)
    shutil.copy(native.ROOT / "LICENSE", plugin)
    shutil.copytree(prefix / "include/snn", plugin / "Source/ThirdParty/SnnLibrary/include/snn")
    for system, folder in {native.HERE: prefix, **libraries}.items():
        name, files = PLATFORMS[system.platform]
        place = plugin / "Binaries/ThirdParty/SnnLibrary" / name
        place.mkdir(parents=True, exist_ok=True)
        for file in files:
            shutil.copy(folder / file, place)
    return plugin
