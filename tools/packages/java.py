"""The jar: the classes of bindings/java and, in natives/SYSTEM-PROCESSOR, the libraries that they load; another has the
sources.
"""

import shutil
import tempfile
from pathlib import Path

from . import native

RELEASE = "11"  # the oldest Java that runs it


def make(destination: Path, prefix: Path, libraries: native.Libraries) -> Path:
    """Make snn-VERSION.jar and snn-VERSION-sources.jar in `destination`; returns the first.

    `libraries` has for systems other than this one a folder with libsnn and snn_jni.
    """
    for name in ("javac", "jar"):
        tool(name)
    source = native.ROOT / "bindings/java"
    destination.mkdir(parents=True, exist_ok=True)
    made = destination / f"snn-{native.version()}.jar"
    with tempfile.TemporaryDirectory() as temporary:
        content = Path(temporary, "content")
        native.run("javac", "--release", RELEASE, "-d", content, *sorted((source / "src/snn").glob("*.java")))
        native.build(source, prefix, content / "natives" / str(native.HERE))
        for system, built in libraries.items():
            shutil.copytree(built, content / "natives" / str(system), dirs_exist_ok=True)
        shutil.copy(native.ROOT / "LICENSE", content)
        manifest = Path(temporary, "manifest")
        manifest.write_text(
            f"Automatic-Module-Name: snn\nImplementation-Version: {native.version()}\n", encoding="utf-8", newline="\n"
        )
        native.run("jar", "--create", "--file", made, "--manifest", manifest, "-C", content, ".")
    sources = made.with_name(f"{made.stem}-sources.jar")
    native.run("jar", "--create", "--file", sources, "-C", source / "src", "snn")
    return made


def headers() -> Path:
    """Where the JDK keeps jni.h."""
    return tool("javac").resolve().parents[1] / "include"


def tool(name: str) -> Path:
    """Find a program of the JDK; ends with what to install where there is none."""
    found = shutil.which(name)
    if found is None:
        raise SystemExit(f"{name} is not there; it is part of a JDK (Debian: default-jdk-headless)")
    return Path(found)
