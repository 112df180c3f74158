"""The classes of the built-in models and rules for editors and type checkers: ``builtin_neurons.pyi`` and its like.

``python -m engine.modelc.print_stub snn/models snn/builtin_neurons.py OUT.pyi`` is what the build runs. The modules make the
classes from their definitions when they are imported, which only a running Python can see; the stub has each parameter by name.
"""

from __future__ import annotations

import ast
import sys
import textwrap
from pathlib import Path

from .definition import Definition, Option, Parameter
from .read_definition import read

NEURONS = '''"""The built-in neuron models. Printed by the build from the definitions."""

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

RULES = '''"""The built-in rules of plasticity. Printed by the build from the definitions."""

from typing import Literal

from snn.plasticity import Plasticity

__all__ = [{names}]
'''


def classes(module: str, kind: str) -> dict[str, str]:
    """Return the definitions by the names of their classes: ``class Name(_Builtin, model="name")``, where `kind` is "model"."""
    found = {}
    for node in ast.parse(module).body:
        if isinstance(node, ast.ClassDef):
            names = [keyword.value for keyword in node.keywords if keyword.arg == kind]
            if names and isinstance(names[0], ast.Constant):
                found[node.name] = str(names[0].value)
    return found


def _entry(name: str, kind: str, words: str) -> list[str]:
    return [f"{name} : {kind}", *textwrap.wrap(words, 100, initial_indent="    ", subsequent_indent="    ")]


def _parameter(parameter: Parameter) -> list[str]:
    unit = f" In {parameter.unit}." if parameter.unit not in ("", "1") else ""
    return _entry(parameter.name, f"default {parameter.default:g}", f"{parameter.doc.rstrip('.')}.{unit}")


def _option(option: Option) -> str:
    words = ", ".join(f'"{choice}"' for choice in option.choices)
    return f'{option.name}: Literal[{words}] = "{option.default}"'


def _init(arguments: list[str]) -> list[str]:
    return ["    def __init__(", *(f"        {argument}," for argument in arguments), "    ) -> None: ..."]


def neuron_stub(name: str, definition: Definition) -> str:
    """Return the class of a neuron model as a stub writes it."""
    doc = [f"{definition.title}.", "", *textwrap.wrap(definition.description, 100), "", "Parameters", "----------"]
    arguments = ["self", "size: Size = None", "*"]
    for parameter in definition.parameters:
        arguments.append(f"{parameter.name}: Value = {parameter.default!r}")
        doc += _parameter(parameter)
    for option in definition.options:
        words = ", ".join(f'"{choice}"' for choice in option.choices)
        arguments.append(_option(option))
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
    return "\n".join([*lines, *_init(arguments)]) + "\n"


def rule_stub(name: str, definition: Definition) -> str:
    """Return the class of a rule as a stub writes it; its docstring is in the module, where editors find it."""
    parameters = [f"{parameter.name}: float = {parameter.default!r}" for parameter in definition.parameters]
    options = [_option(option) for option in definition.options]
    return "\n".join([f"class {name}(Plasticity):", *_init(["self", "*", *parameters, *options])]) + "\n"


def stub(models: Path, module: str) -> str:
    """Return the stub of a module with such classes; `models` is the folder of the definitions."""
    head, folder, printed, found = NEURONS, models / "neurons", neuron_stub, classes(module, "model")
    if not found:
        head, folder, printed, found = RULES, models / "plasticity", rule_stub, classes(module, "rule")
    parts = [head.format(names=", ".join(f'"{name}"' for name in sorted(found)))]
    parts += [printed(name, read(folder / f"{file}.toml", models=models)) for name, file in found.items()]
    return "\n".join(parts)


if __name__ == "__main__":
    folder, source, out = map(Path, sys.argv[1:])
    out.write_text(stub(folder, source.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
