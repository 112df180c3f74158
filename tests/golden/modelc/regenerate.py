"""The expected output of each target of the model compiler, reviewed by reading.

After a change that is meant: tools/setup, then .venv/bin/python tests/golden/modelc/regenerate.py, and read the difference.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from snn.engine.modelc import load_builtin_model, load_builtin_surrogate, print_builtin, print_cpp

FOLDER = Path(__file__).resolve().parent


def expected_files() -> dict[str, str]:
    lif, izhikevich = load_builtin_model("lif"), load_builtin_model("izhikevich")
    arctan = load_builtin_surrogate("arctan")
    return {
        "lif.json": readable(lif.document),
        "lif.numpy.txt": lif.numpy_source,
        "lif.md": lif.markdown,
        "lif_and_arctan.inl": print_cpp.kernels_source(
            [(lif.definition, lif.programs)], [(arctan.definition, arctan.programs)]
        ),
        "izhikevich.numpy.txt": izhikevich.numpy_source,
        "izhikevich.md": izhikevich.markdown,
        "arctan.json": readable(arctan.document),
        "arctan.numpy.txt": arctan.numpy_source,
        "arctan.md": arctan.markdown,
        "builtin_arctan.cpp": print_builtin.source([], [(arctan.name, arctan.json)]),
    }


def readable(document: dict[str, Any]) -> str:
    """The document with one entry or operation a line."""

    def write(value: Any, indent: str) -> str:
        inner = indent + "  "
        if isinstance(value, dict) and any(isinstance(v, dict | list) for v in value.values()):
            lines = [f"{inner}{json.dumps(k)}: {write(v, inner)}" for k, v in value.items()]
            return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
        if isinstance(value, list) and any(isinstance(v, dict | list) for v in value):
            return "[\n" + ",\n".join(inner + json.dumps(v) for v in value) + f"\n{indent}]"
        return json.dumps(value)

    return write(document, "") + "\n"


if __name__ == "__main__":
    for name, text in expected_files().items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
