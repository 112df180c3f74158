"""What the packages have in common: their native parts are built with CMake against an installed libsnn."""

import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
LIBRARIES = {"Linux": "libsnn.so", "Windows": "libsnn.dll", "macOS": "libsnn.dylib"}


class System(NamedTuple):
    """What libraries are built for."""

    platform: str  # of LIBRARIES
    machine: str = "x86_64"

    @classmethod
    def named(cls, name: str) -> "System":
        """The system that the command line names: ``Windows``, ``Linux-arm64``. Raises ValueError."""
        platform_name, _, machine = name.partition("-")
        if platform_name not in LIBRARIES or machine not in ("", "x86_64", "arm64"):
            raise ValueError(f"the platform is one of {', '.join(LIBRARIES)}, with -arm64 where it is not x86_64")
        return cls(platform_name, machine or "x86_64")

    def __str__(self) -> str:
        """As files are called: ``linux-x86_64``."""
        return f"{self.platform.lower()}-{self.machine}"

    def library(self, folder: Path) -> Path:
        """Find libsnn in a prefix, or beside the other library of a package. Raises FileNotFoundError."""
        if not folder.is_dir():
            raise FileNotFoundError("there is no such folder")
        name = LIBRARIES[self.platform]
        for place in (".", "bin", "lib"):
            if (folder / place / name).is_file():
                return folder / place / name
        raise FileNotFoundError(f"there is no {name} in it")


HERE = System(
    {"Linux": "Linux", "Windows": "Windows", "Darwin": "macOS"}[platform.system()],
    {"AMD64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), platform.machine()),
)
Libraries = dict[System, Path]  # what was built for systems other than this one


def installed_prefix() -> Path:
    """Where this Python's package ``snn`` keeps libsnn, its headers and its CMake package."""
    return Path(sysconfig.get_path("platlib")) / "snn"


def version() -> str:
    """Of the project."""
    found = re.search(r"project\(snn VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))
    if not found:
        raise SystemExit("CMakeLists.txt names no version")
    return found[1]


def build(source: Path, prefix: Path, destination: Path, *options: str) -> None:
    """Build the CMake project in `source` with the libsnn in `prefix` and install it to `destination`."""
    with tempfile.TemporaryDirectory() as folder:
        package = f"-Dsnn_DIR={prefix.resolve() / 'lib/cmake/snn'}"
        run("cmake", "-S", source, "-B", folder, package, "-DCMAKE_BUILD_TYPE=Release", *options)
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
