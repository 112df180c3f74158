"""The Godot addon: the folder addons/snn that people put into a project."""

import shutil
from pathlib import Path

from . import native


def make(destination: Path, prefix: Path, libraries: native.Libraries) -> Path:
    """Make addons/snn in `destination`; returns it. `libraries`: as for Unity, with libsnn and libsnn_godot."""
    source = native.ROOT / "bindings/godot"
    addon = native.fresh(destination / "addons/snn")
    shutil.copytree(source / "addons/snn", addon, dirs_exist_ok=True)
    shutil.copy(source / "README.md", addon)
    shutil.copy(native.ROOT / "LICENSE", addon / "LICENSE.md")
    native.build(source, prefix, addon / "bin" / folder(native.HERE))
    for system, built in libraries.items():
        shutil.copytree(built, addon / "bin" / folder(system), dirs_exist_ok=True)
    return addon


def folder(system: native.System) -> str:
    """Where snn.gdextension looks for the libraries of a system."""
    return "macos" if system.platform == "macOS" else f"{system.platform.lower()}.{system.machine}"
