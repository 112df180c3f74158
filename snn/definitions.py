"""Definitions of models: their parameters, options, states and receptors.

Definitions are the TOML files of ``snn/models``. The model compiler turns each into a JSON document that libsnn contains
(``docs/model-format.md``). This module reads that document, so nothing about a model is written twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from snn._arrays import known_name
from snn.engine import _native
from snn.engine.errors import ArgumentTypeError, FormatError, InvalidArgumentError, shown
from snn.engine.modelc import CompiledModel, CompiledPlasticity, CompiledSurrogate, ModelError

__all__ = [
    "ModelDefinition",
    "Option",
    "Parameter",
    "PlasticityDefinition",
    "Receptor",
    "State",
    "SurrogateDefinition",
    "TargetState",
    "builtin_model",
    "builtin_plasticity",
    "builtin_surrogate",
    "compiled",
]


@dataclass(frozen=True)
class Parameter:
    """A number that the user can set, in `unit`."""

    name: str
    unit: str
    default: float
    doc: str = ""
    minimum: float | None = None
    exclusive_minimum: float | None = None
    maximum: float | None = None

    @property
    def allowed(self) -> str:
        """The range in words; "" if there is none."""
        words = []
        if self.minimum is not None:
            words.append(f"at least {self.minimum:g}")
        if self.exclusive_minimum is not None:
            words.append(f"above {self.exclusive_minimum:g}")
        if self.maximum is not None:
            words.append(f"at most {self.maximum:g}")
        return " and ".join(words)

    def check(self, lowest: float, highest: float, what: str) -> None:
        """Raise InvalidArgumentError if values from `lowest` to `highest` leave the range."""
        wrong = None
        if self.minimum is not None and lowest < self.minimum:
            wrong = lowest
        if self.exclusive_minimum is not None and lowest <= self.exclusive_minimum:
            wrong = lowest
        if self.maximum is not None and highest > self.maximum:
            wrong = highest
        if wrong is not None:
            unit = f" {self.unit}" if self.unit not in ("", "1") else ""
            raise InvalidArgumentError(f"{what} is {wrong:g}{unit}; it must be {self.allowed}")


@dataclass(frozen=True)
class Option:
    """A choice between ways of computing, by name."""

    name: str
    choices: tuple[str, ...]
    default: str
    doc: str = ""


@dataclass(frozen=True)
class State:
    """A value that each neuron keeps from step to step."""

    name: str
    unit: str
    type: str
    initial: float | str
    doc: str = ""


@dataclass(frozen=True)
class TargetState:
    """A state of the target that a plasticity rule reads, under the rule's name for it."""

    name: str
    state: str
    unit: str


@dataclass(frozen=True)
class Receptor:
    """A named input sum that projections add to."""

    name: str
    unit: str
    doc: str = ""


class _Documented:
    """A definition with the document it was read from."""

    native: _native.Model

    def same_as(self, other: _Documented) -> bool:
        """Whether both documents are equal, apart from the order of their entries."""
        mine, theirs = self.native.json, other.native.json
        return mine == theirs or bool(json.loads(mine) == json.loads(theirs))


@dataclass(frozen=True)
class ModelDefinition(_Documented):
    """A neuron model, read from its JSON document."""

    name: str
    title: str
    parameters: Mapping[str, Parameter]
    options: Mapping[str, Option]
    states: Mapping[str, State]
    receptors: Mapping[str, Receptor]
    membrane: str
    spiking: bool
    differentiable: bool
    builtin: bool
    native: _native.Model = field(repr=False, compare=False)

    @classmethod
    def from_native(cls, native: _native.Model, builtin: bool = False) -> ModelDefinition:
        """Read the document of a model that libsnn has checked."""
        document = _document(native, "neuron")
        return cls(
            name=document["name"],
            title=document.get("title", document["name"]),
            parameters=_parameters(document),
            options=_options(document),
            states={
                item["name"]: State(
                    item["name"], item.get("unit", ""), item.get("type", "float"), item["initial"], item.get("doc", "")
                )
                for item in document["states"]
            },
            receptors={
                item["name"]: Receptor(item["name"], item.get("unit", ""), item.get("doc", ""))
                for item in document["receptors"]
            },
            membrane=document["membrane"],
            spiking=bool(document["spiking"]),
            differentiable="adjoint" in document,
            builtin=builtin,
            native=native,
        )


@dataclass(frozen=True)
class SurrogateDefinition(_Documented):
    """A surrogate derivative, read from its JSON document."""

    name: str
    title: str
    parameters: Mapping[str, Parameter]
    builtin: bool
    native: _native.Model = field(repr=False, compare=False)

    @classmethod
    def from_native(cls, native: _native.Model, builtin: bool = False) -> SurrogateDefinition:
        """Read the document of a surrogate that libsnn has checked."""
        document = _document(native, "surrogate")
        return cls(document["name"], document.get("title", document["name"]), _parameters(document), builtin, native)


@dataclass(frozen=True)
class PlasticityDefinition(_Documented):
    """A plasticity rule, read from its JSON document."""

    name: str
    title: str
    parameters: Mapping[str, Parameter]
    options: Mapping[str, Option]
    traces: Mapping[str, str]
    """By name: what has one, "source", "target" or "synapse"."""
    target_states: tuple[TargetState, ...]
    takes_signal: bool
    builtin: bool
    native: _native.Model = field(repr=False, compare=False)

    @classmethod
    def from_native(cls, native: _native.Model, builtin: bool = False) -> PlasticityDefinition:
        """Read the document of a rule that libsnn has checked."""
        document = _document(native, "plasticity")
        title = document.get("title", document["name"])
        owners = {"pre_traces": "source", "post_traces": "target", "synapse_traces": "synapse"}
        traces = {item["name"]: owner for key, owner in owners.items() for item in document.get(key, [])}
        return cls(
            document["name"],
            title,
            _parameters(document),
            _options(document),
            traces,
            tuple(TargetState(s["name"], s["state"], s.get("unit", "")) for s in document.get("target_states", [])),
            "on_signal" in document,
            builtin,
            native,
        )


@cache
def builtin_plasticity(name: str) -> PlasticityDefinition:
    """Return the built-in plasticity rule of that name. An unknown name raises NotFoundError, which lists them."""
    known_name(name, _native.builtin_plasticity_names(), "built-in plasticity rule")
    return PlasticityDefinition.from_native(_native.Model.builtin_plasticity(name), builtin=True)


@cache
def builtin_model(name: str) -> ModelDefinition:
    """Return the built-in neuron model of that name. An unknown name raises NotFoundError, which lists them."""
    known_name(name, _native.builtin_model_names(), "built-in model")
    return ModelDefinition.from_native(_native.Model.builtin(name), builtin=True)


@cache
def builtin_surrogate(name: str) -> SurrogateDefinition:
    """Return the built-in surrogate of that name. An unknown name raises NotFoundError, which lists them."""
    known_name(name, _native.builtin_surrogate_names(), "built-in surrogate")
    return SurrogateDefinition.from_native(_native.Model.builtin(name, surrogate=True), builtin=True)


def compiled(
    definition: Mapping[str, Any] | str | Path,
    compiler: Callable[[Mapping[str, Any] | str | Path], CompiledModel | CompiledSurrogate | CompiledPlasticity],
) -> _native.Model:
    """Compile a user's definition and return it as libsnn holds it.

    Parameters
    ----------
    definition : dict, str or Path
        A dict, TOML text or the path of a file.
    compiler : callable
        `compile_model`, `compile_surrogate` or `compile_plasticity`.
    """
    if not isinstance(definition, Mapping | str | Path):
        raise ArgumentTypeError(f"the definition is {shown(definition)}, not a dict, a string or a Path")
    try:
        document = compiler(definition).json
    except ModelError as error:
        raise FormatError(str(error)) from None  # the message names the place; the compiler's traceback would not help
    return _native.Model.load(document)


def _document(native: _native.Model, kind: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(native.json)
    if document.get("kind") != kind:
        raise FormatError(f"the document describes a {document.get('kind')!r}, not a {kind!r}")
    return document


def _options(document: dict[str, Any]) -> dict[str, Option]:
    return {
        item["name"]: Option(item["name"], tuple(item["choices"]), item["default"], item.get("doc", ""))
        for item in document.get("options", [])
    }


def _parameters(document: dict[str, Any]) -> dict[str, Parameter]:
    return {
        item["name"]: Parameter(
            item["name"],
            item.get("unit", ""),
            float(item["default"]),
            item.get("doc", ""),
            item.get("minimum"),
            item.get("exclusive_minimum"),
            item.get("maximum"),
        )
        for item in document["parameters"]
    }
