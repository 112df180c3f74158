"""The crates for Rust, with libsnn for each system inside: a folder that a game's Cargo.toml names as a path."""

import shutil
from pathlib import Path

from . import native

# Platform -> what Cargo calls it (CARGO_CFG_TARGET_OS), and what is linked and loaded, in a prefix.
PLATFORMS = {
    "Linux": ("linux", ("lib/libsnn.so",)),
    "Windows": ("windows", ("bin/libsnn.dll", "lib/libsnn.dll.a")),
    "macOS": ("macos", ("lib/libsnn.dylib",)),
}
PROCESSORS = {"x86_64": "x86_64", "arm64": "aarch64"}  # CARGO_CFG_TARGET_ARCH


def make(destination: Path, prefix: Path, libraries: native.Libraries) -> Path:
    """Make the folder snn-rust-VERSION in `destination`; returns it. `libraries` has prefixes of libsnn for other systems."""
    crates = native.fresh(destination / f"snn-rust-{native.version()}")
    source = native.ROOT / "bindings/rust"
    shutil.copytree(source, crates, ignore=shutil.ignore_patterns("target", ".gitignore"), dirs_exist_ok=True)
    shutil.copy(native.ROOT / "docs/bindings/rust.md", crates / "README.md")
    shutil.copy(native.ROOT / "docs/bindings/names.md", crates)
    for system, folder in {native.HERE: prefix, **libraries}.items():
        name, files = PLATFORMS[system.platform]
        place = crates / f"snn-sys/lib/{name}-{PROCESSORS[system.machine]}"
        place.mkdir(parents=True, exist_ok=True)
        for file in files:
            shutil.copy(folder / file, place)
    return crates
