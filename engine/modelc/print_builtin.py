"""``builtin_models.cpp`` and ``.h``: the op lists of the built-in models and surrogates as text inside libsnn."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import ModelBoundsError
from .normal_table import NORMAL_TABLE

PIECE = 120  # characters of one literal; MSVC allows 16,380 bytes before it joins neighbours ...
LONGEST = 60_000  # ... and 65,535 after

HEADER = """\
// Printed by engine/modelc: the built-in models as documents (docs/model-format.md), in alphabetical order of names.
#pragma once

#include <cstddef>

namespace snn {

struct BuiltinDocument {
    const char* name;
    const char* json;
};

extern const BuiltinDocument builtin_neurons[];
extern const std::size_t builtin_neuron_count;
extern const BuiltinDocument builtin_surrogates[];
extern const std::size_t builtin_surrogate_count;
extern const BuiltinDocument builtin_plasticity_rules[];
extern const std::size_t builtin_plasticity_rule_count;

}  // namespace snn
"""


def normal_table() -> str:
    """``normal_table.h``: the table of the random draws' normal distribution."""
    lines = [
        '// Printed by engine/modelc: coefficients of x^0, x^1 ... for the 32 octaves (docs/semantics.md, "Random draws").',
        "#pragma once",
        "",
        "namespace snn {",
        "",
        f"alignas(64) inline constexpr float normal_table[{len(NORMAL_TABLE)}][{len(NORMAL_TABLE[0])}] = {{",
    ]
    for row in NORMAL_TABLE:
        lines.append("    {")
        lines += ["        " + " ".join(f"{value.hex()}f," for value in row[i : i + 4]) for i in range(0, len(row), 4)]
        lines.append("    },")
    return "\n".join([*lines, "};", "", "}  // namespace snn", ""])


def _literal(name: str, text: str) -> list[str]:
    if len(text) > LONGEST:
        raise ModelBoundsError(f"{name}: the document has {len(text)} characters; a literal holds {LONGEST}")
    lines = [f"const char {name}[] ="]
    for start in range(0, len(text), PIECE):
        piece = text[start : start + PIECE].replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?")
        lines.append(f'    "{piece}"')
    lines[-1] += ";"
    return lines


def source(
    neurons: Sequence[tuple[str, str]], surrogates: Sequence[tuple[str, str]], rules: Sequence[tuple[str, str]] = ()
) -> str:
    """The .cpp file; pairs of name and JSON text."""
    lines = ["// Printed by engine/modelc; not edited by hand.", '#include "builtin_models.h"', "", "namespace snn {"]
    for kind, documents in (("neuron", neurons), ("surrogate", surrogates), ("plasticity_rule", rules)):
        lines += ["", "namespace {", ""]
        for name, text in documents:
            variable = f"{kind}_{name}"
            lines += [*_literal(variable, text), ""]
        lines += ["}  // namespace", ""]
        lines.append(f"const BuiltinDocument builtin_{kind}s[] = {{")
        lines += [f'    {{"{name}", {kind}_{name}}},' for name, _ in documents]
        lines += ["};", f"const std::size_t builtin_{kind}_count = {len(documents)};"]
    return "\n".join([*lines, "", "}  // namespace snn", ""])
