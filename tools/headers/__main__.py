"""``python -m tools.headers``: print the public headers as JSON, or what is printed from them for the bindings."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from . import abi, csharp, java, names, rust
from .describe import Description, describe

ROOT = Path(__file__).parents[2]
INCLUDE = ROOT / "native" / "include"
RELEASED = ROOT / "tests" / "bindings" / "released_abi.json"

PRINTED: dict[str, Callable[[Description], str]] = {
    "bindings/rust/snn-sys/src/declarations.rs": rust.declarations,
    "bindings/rust/snn/src/enums.rs": rust.enums,
    "bindings/csharp/Snn/Native.cs": csharp.declarations,
    "bindings/csharp/Snn/Enums.cs": csharp.enums,
    "bindings/csharp/Snn.Tests/Layouts.cs": csharp.layout_test,
    "bindings/java/src/snn/Native.java": java.declarations,
    "bindings/java/src/snn/Enums.java": java.enums,
    "bindings/java/native/snn_jni_functions.c": java.glue,
    "docs/bindings/names.md": names.page,
}


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tools.headers", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--json", action="store_true", help="the description, to standard output")
    what.add_argument("--write", action="store_true", help="write the printed files anew")
    what.add_argument(
        "--check", action="store_true", help="name the printed files that are not what --write would write"
    )
    what.add_argument(
        "--release", action="store_true", help="keep the interface as that of the release that is being made"
    )
    what.add_argument("--abi", action="store_true", help="name what programs made with the last release cannot rely on")
    arguments = parser.parse_args()
    description = describe(INCLUDE)
    if arguments.json:
        json.dump(description.as_json(), sys.stdout, indent=1)
        return 0
    if arguments.release:
        RELEASED.write_text(json.dumps(abi.interface(description), indent=1) + "\n", encoding="utf-8")
        return 0
    if arguments.abi:
        found = abi.breaks(json.loads(RELEASED.read_text(encoding="utf-8")), abi.interface(description))
        print("\n".join(found) or "nothing")
        return 1 if found else 0
    stale = []
    for name, print_ in PRINTED.items():
        path, text = ROOT / name, print_(description)
        if arguments.write:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
    for name in stale:
        print(f"{name} is not what the headers say; python -m tools.headers --write")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
