"""The classes of the built-in models for editors and type checkers: ``builtin_neurons.pyi``.

``python -m engine.modelc.print_stub snn/models snn/builtin_neurons.py OUT.pyi`` is what the build runs. The module makes the
classes from their definitions when it is imported, which only a running Python can see; the stub has each parameter by name.
"""

from __future__ import annotations

import ast
import sys
import textwrap
from pathlib import Path

from .definition import Definition, Parameter, read

HEAD = '''"""The built-in neuron models. Printed by the build from the definitions."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from numpy.typing import ArrayLike

from snn.distributions import Distribution
from snn.learnable import Learnable
from snn.neurons import Neuron, Size
from snn.surrogates import Surrogate

__all__ = [{names}]

Value: TypeAlias = ArrayLike | Distribution | Learnable
"""One for all neurons, or an array of the population's shape."""
'''


def classes(module: str) -> dict[str, str]:
    """Return the models by the names of their classes: ``class Name(_Builtin, model="name")``."""
    found = {}
    for node in ast.parse(module).body:
        if isinstance(node, ast.ClassDef):
            models = [keyword.value for keyword in node.keywords if keyword.arg == "model"]
            if models and isinstance(models[0], ast.Constant):
                found[node.name] = str(models[0].value)
    return found


def _entry(name: str, kind: str, words: str) -> list[str]:
    return [f"{name} : {kind}", *textwrap.wrap(words, 100, initial_indent="    ", subsequent_indent="    ")]


def _parameter(parameter: Parameter) -> list[str]:
    unit = f" In {parameter.unit}." if parameter.unit not in ("", "1") else ""
    return _entry(parameter.name, f"default {parameter.default:g}", f"{parameter.doc.rstrip('.')}.{unit}")


def class_stub(name: str, definition: Definition) -> str:
    """Return the class as a stub writes it."""
    doc = [f"{definition.title}.", "", *textwrap.wrap(definition.description, 100), "", "Parameters", "----------"]
    arguments = ["self", "size: Size = None", "*"]
    for parameter in definition.parameters:
        arguments.append(f"{parameter.name}: Value = {parameter.default!r}")
        doc += _parameter(parameter)
    for option in definition.options:
        words = ", ".join(f'"{choice}"' for choice in option.choices)
        arguments.append(f'{option.name}: Literal[{words}] = "{option.default}"')
        doc += _entry(option.name, f'{{{words}}}, default "{option.default}"', f"{option.doc.rstrip('.')}.")
    states = ", ".join(state.name for state in definition.states) or "none"
    default = 'default Surrogate("arctan", slope=2, scale=1)'
    doc += _entry("surrogate", default, "What training uses in place of the derivative of a spike.")
    doc += _entry("initial", "dict, optional", f"State at step 0: {states}.")
    doc += _entry("name", "str, optional", "Name of the population in a `Sequential`.")
    arguments += [
        "surrogate: str | Surrogate | None = None",
        "initial: Mapping[str, ArrayLike | Distribution] | None = None",
        "name: str | None = None",
    ]
    lines = [
        f"class {name}(Neuron):",
        f'    r"""{doc[0]}',
        *(f"    {line}".rstrip() for line in doc[1:]),
        '    """',
        "",
    ]
    lines += ["    def __init__(", *(f"        {argument}," for argument in arguments), "    ) -> None: ..."]
    return "\n".join(lines) + "\n"


def stub(models: Path, module: str) -> str:
    """Return the stub of a module with such classes; `models` is the folder of the definitions."""
    found = classes(module)
    parts = [HEAD.format(names=", ".join(f'"{name}"' for name in sorted(found)))]
    parts += [
        class_stub(name, read(models / "neurons" / f"{model}.toml", models=models)) for name, model in found.items()
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    folder, source, out = map(Path, sys.argv[1:])
    out.write_text(stub(folder, source.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
