"""What the packages have in common: their native parts are built with CMake against an installed libsnn."""

import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLATFORMS = ("Linux", "Windows", "macOS")
LIBRARIES = {"Linux": "libsnn.so", "Windows": "libsnn.dll", "macOS": "libsnn.dylib"}
SYSTEM = {"Linux": "Linux", "Windows": "Windows", "Darwin": "macOS"}[platform.system()]
MACHINE = {"AMD64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def installed_prefix() -> Path:
    """Where this Python's package ``snn`` keeps libsnn, its headers and its CMake package."""
    return Path(sysconfig.get_path("platlib")) / "snn"


def version() -> str:
    """Of the project."""
    found = re.search(r"project\(snn VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))
    if not found:
        raise SystemExit("CMakeLists.txt names no version")
    return found[1]


def build(source: Path, prefix: Path, destination: Path) -> None:
    """Build the CMake project in `source` with the libsnn in `prefix` and install it to `destination`."""
    with tempfile.TemporaryDirectory() as folder:
        configure = ["cmake", "-S", source, "-B", folder, f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Release"]
        run(*configure)
        run("cmake", "--build", folder, "--config", "Release")
        run("cmake", "--install", folder, "--config", "Release", "--prefix", destination)


def train_creature(file: Path) -> None:
    """Make the brain of the samples; it is the same file everywhere."""
    run(sys.executable, ROOT / "samples/python/train_creature.py", file)


def run(*command: str | Path) -> None:
    """Run a command; when it fails, end with what it printed."""
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\n{result.stdout}{result.stderr}")


def fresh(folder: Path) -> Path:
    """Make the folder, empty."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder
