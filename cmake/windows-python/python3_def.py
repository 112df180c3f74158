"""Print the module definition of python3.dll: what Python for Windows exports of its stable ABI since a version.

    python3_def.py 3.11             for an import library; nothing else can be linked with it
    python3_def.py 3.11 python311   for a python3.dll that forwards to python311.dll

The names are those of CPython's own list, which the package abi3info has.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from abi3info import DATAS, FUNCTIONS
from abi3info.models import PyVersion


def definition(version: PyVersion, target: str = "") -> Iterator[str]:
    """Yield the lines; names that are only in some builds of Python for Windows are left out."""
    yield "LIBRARY python3.dll"
    yield "EXPORTS"
    for kind, names in (("", FUNCTIONS), (" DATA", DATAS)):
        for symbol, found in sorted(names.items(), key=lambda item: item[0].name):
            if found.added <= version and (found.ifdef is None or found.ifdef.windows is True):
                forwarded = f" = {target}.{symbol.name}" if target else ""
                yield f"  {symbol.name}{forwarded}{kind}"


if __name__ == "__main__":
    print(*definition(PyVersion.parse_dotted(sys.argv[1]), *sys.argv[2:]), sep="\n")
