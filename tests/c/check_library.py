"""The shared library as a file: only the functions of its C headers are visible, nothing unusual is needed to load it, and
it is small: ``check_library.py LIBRARY HEADERS NM STRIP READELF``."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

SIZE_LIMIT_BYTES = 3_000_000
C_RUNTIME = re.compile(r"^(libc|libm|libpthread|libdl|librt|ld-linux[\w-]*)\.so\.\d+$")


def run(*command: str) -> str:
    """Output of a command that must succeed."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> int:
    """Print what is wrong."""
    library, folder, nm, strip, readelf = sys.argv[1:]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(Path(folder).glob("*.h")))
    declared = set(re.findall(r"^SNN_API [\w *]*SNN_CALL (\w+)\(", text, re.MULTILINE))
    visible = {line.split()[-1].split("@")[0] for line in run(nm, "-D", "--defined-only", library).splitlines()}
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", run(readelf, "-d", library))
    with tempfile.TemporaryDirectory() as folder:
        stripped = Path(folder) / "stripped.so"
        run(strip, "-o", str(stripped), library)
        size_bytes = stripped.stat().st_size
    problems = [f"{name} is declared and not exported" for name in sorted(declared - visible)]
    problems += [f"{name} is exported and not declared" for name in sorted(visible - declared)]
    problems += [f"{name} is needed at load time" for name in needed if not C_RUNTIME.match(name)]
    if size_bytes > SIZE_LIMIT_BYTES:
        problems.append(f"the stripped library has {size_bytes} bytes, more than {SIZE_LIMIT_BYTES}")
    print(f"{len(visible)} symbols, needs {', '.join(needed)}, {size_bytes} bytes stripped")
    print("\n".join(problems))
    return 1 if problems or not declared else 0


if __name__ == "__main__":
    sys.exit(main())
