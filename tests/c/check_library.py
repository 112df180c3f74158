"""The shared library as a file: ``check_library.py LIBRARY HEADERS SIZE_LIMIT_BYTES OBJDUMP STRIP``.

Only the functions of its C headers are visible, nothing unusual is needed to load it, and it is small. Of a DLL also that it
demands no wider alignment of the stack than Windows has.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

C_RUNTIME = re.compile(r"^(libc|libm|libpthread|libdl|librt|ld-linux[\w-]*)\.so\.\d+$")
WINDOWS = re.compile(r"^(kernel32|msvcrt|api-ms-win-[\w-]+)\.dll$", re.IGNORECASE)
ALIGNED_MOVE = re.compile(r"\tv?mov(?:ap[sd]|dqa\d*|nt\w+) .*[yz]mm.*\(|\tv?mov(?:ap[sd]|dqa\d*|nt\w+) .*\(.*[yz]mm")


def run(*command: str) -> str:
    """Output of a command that must succeed."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def exported_and_needed(library: str, objdump: str) -> tuple[set[str], list[str]]:
    """The functions that are visible, and the libraries that are loaded with it."""
    headers = run(objdump, "-p", library)
    if library.endswith(".dll"):
        table = headers.split("[Ordinal/Name Pointer] Table")[1].split("\n\n")[0]
        return set(re.findall(r"\[ *\d+\] (\w+)", table)), re.findall(r"DLL Name: (\S+)", headers)
    defined = [line for line in run(objdump, "-T", library).splitlines() if " g " in line and "*UND*" not in line]
    return {line.split()[-1] for line in defined}, re.findall(r"NEEDED +(\S+)", headers)


def main() -> int:
    """Print what is wrong."""
    library, folder, limit, objdump, strip = sys.argv[1:]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(Path(folder).glob("*.h")))
    declared = set(re.findall(r"^SNN_API [\w *]*SNN_CALL (\w+)\(", text, re.MULTILINE))
    visible, needed = exported_and_needed(library, objdump)
    with tempfile.TemporaryDirectory() as folder:
        stripped = Path(folder) / "stripped"
        run(strip, "-o", str(stripped), library)
        size_bytes = stripped.stat().st_size
    problems = [f"{name} is declared and not exported" for name in sorted(declared - visible)]
    problems += [f"{name} is exported and not declared" for name in sorted(visible - declared)]
    usual = WINDOWS if library.endswith(".dll") else C_RUNTIME
    problems += [f"{name} is needed at load time" for name in needed if not usual.match(name)]
    if size_bytes > int(limit):
        problems.append(f"the stripped library has {size_bytes} bytes, more than {limit}")
    if library.endswith(".dll"):
        lines = run(objdump, "-d", "--no-show-raw-insn", library).splitlines()
        problems += [f"an aligned move of a wide vector: {line}" for line in lines if ALIGNED_MOVE.search(line)][:10]
    print(f"{len(visible)} symbols, needs {', '.join(needed)}, {size_bytes} bytes stripped")
    print("\n".join(problems))
    return 1 if problems or not declared else 0


if __name__ == "__main__":
    sys.exit(main())
