"""Surrogates under the names that other libraries give them: ``surrogate_presets()["snntorch.atan"]``."""

from __future__ import annotations

import ast
import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from . import evaluate, lower
from .api import load_builtin_surrogate
from .errors import DocumentError, ModelError, ModelNameError, ModelTypeError
from .ir import Graph, extract
from .lower import Lowerer, Value
from .read_definition import models_folder


@dataclass(frozen=True)
class SurrogatePreset:
    """A built-in surrogate and what makes it the function of another library."""

    surrogate: str
    library: MappingProxyType[str, float]
    """The library's own parameters with its defaults."""
    parameters: MappingProxyType[str, float]
    """All parameters of the surrogate, in its order, for those defaults."""
    _expressions: MappingProxyType[str, str] = field(repr=False)

    def parameters_for(self, given: Mapping[str, float]) -> dict[str, float]:
        """All parameters of the surrogate for values of the library's; those not given keep the library's defaults."""
        numbers = {**self.library, **given}
        return {
            name: _evaluated(self._expressions[name], numbers) if name in self._expressions else value
            for name, value in self.parameters.items()
        }


@functools.cache
def surrogate_presets() -> MappingProxyType[str, SurrogatePreset]:
    """Every preset by its name, ``library.surrogate``."""
    path = models_folder() / "surrogate_presets.toml"
    return presets_from(tomllib.loads(path.read_text(encoding="utf-8")), path.name)


def presets_from(document: Mapping[str, Any], label: str) -> MappingProxyType[str, SurrogatePreset]:
    """The presets of a document; ``label`` is how errors call it."""
    presets: dict[str, SurrogatePreset] = {}
    for library, entries in document.items():
        for name, entry in entries.items():
            try:
                presets[f"{library}.{name}"] = _preset(dict(entry))
            except ModelError as error:
                raise type(error)(f"{label}: {library}.{name}: {error}") from error
    return MappingProxyType(presets)


def _preset(entry: dict[str, Any]) -> SurrogatePreset:
    if "surrogate" not in entry:
        raise DocumentError("needs a surrogate")
    surrogate = load_builtin_surrogate(entry.pop("surrogate"))
    library = {key: float(value) for key, value in entry.pop("library", {}).items()}
    parameters = surrogate.default_parameters()
    expressions: dict[str, str] = {}
    for key, value in entry.items():
        if key not in parameters:
            raise ModelNameError(f"'{surrogate.name}' has no parameter '{key}'")
        if isinstance(value, str):
            expressions[key] = value
            parameters[key] = _evaluated(value, library)
        else:
            parameters[key] = float(value)
    return SurrogatePreset(
        surrogate.name, MappingProxyType(library), MappingProxyType(parameters), MappingProxyType(expressions)
    )


def _evaluated(text: str, numbers: Mapping[str, float]) -> float:
    """The value of an expression in the words of [derived]."""
    graph = Graph()
    inputs = {name: graph.input(name, "float") for name in numbers}
    lowerer = Lowerer(graph, lower.DERIVED, {name: Value(node) for name, node in inputs.items()})
    try:
        node = lowerer.value(ast.parse(text.strip(), mode="eval").body).node
    except SyntaxError as error:
        raise DocumentError(f"'{text}' is not an expression: {error.msg}") from error
    if node.type != "float":
        raise ModelTypeError(f"'{text}' is a {node.type}; a parameter is a float")
    program = extract(graph, list(inputs.values()), [node])
    return evaluate.run(program, list(numbers.values()))[program.registers[node]]
