"""Every function that the C headers declare is used by a C test: ``check_coverage.py HEADERS FOLDER``."""

import re
import sys
from pathlib import Path


def main() -> int:
    """Print the functions that no test calls, itself or through a macro that it hands them to."""
    headers, folder = (Path(argument) for argument in sys.argv[1:])
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(headers.glob("*.h")))
    declared = set(re.findall(r"^SNN_API [\w *]*SNN_CALL (\w+)\(", text, re.MULTILINE))
    tests = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.[ch]"))
    # A name in a comment or a string calls nothing.
    tests = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', " ", tests, flags=re.DOTALL)
    missing = sorted(name for name in declared if not re.search(rf"\b{name}\b", tests))
    print(f"{len(declared)} functions declared; not used by a test: {', '.join(missing) or 'none'}")
    return 1 if missing or len(declared) < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
