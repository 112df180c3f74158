"""The compiler's Python interface; see `engine.modelc`."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from . import compile as compiler
from . import evaluate, print_markdown, print_numpy, print_oplist, print_plasticity
from .compile import NeuronPrograms, SurrogatePrograms, TapeEntry
from .compile_plasticity import PlasticityPrograms
from .compile_plasticity import compile_plasticity as compile_plasticity_programs
from .definition import Definition, Option, Parameter, Receptor, State, Trace
from .errors import DocumentError, ModelNameError
from .read_definition import models_folder, read


@dataclass(frozen=True)
class _Compiled(ABC):
    """What every compiled definition has. Immutable; may be read from any thread."""

    definition: Definition

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def title(self) -> str:
        return self.definition.title

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return self.definition.parameters

    @property
    def options(self) -> tuple[Option, ...]:
        return self.definition.options

    def default_parameters(self) -> dict[str, float]:
        return {parameter.name: parameter.default for parameter in self.parameters}

    @property
    @abstractmethod
    def document(self) -> dict[str, Any]:
        """The op list as plain data (``docs/model-format.md``)."""

    @cached_property
    def json(self) -> str:
        """The op list as text, what libsnn reads and a ``.snn`` file carries."""
        return print_oplist.text(self.document)

    @property
    @abstractmethod
    def markdown(self) -> str:
        """The documentation page."""


@dataclass(frozen=True)
class CompiledModel(_Compiled):
    """A neuron model, compiled from its definition."""

    programs: NeuronPrograms

    @property
    def states(self) -> tuple[State, ...]:
        return self.definition.states

    @property
    def receptors(self) -> tuple[Receptor, ...]:
        return self.definition.receptors

    @property
    def derived(self) -> tuple[str, ...]:
        """Names of the derived constants."""
        return tuple(self.definition.derived)

    @property
    def tape(self) -> tuple[TapeEntry, ...]:
        """What one step keeps for the adjoint."""
        return self.programs.tape

    @property
    def membrane(self) -> str:
        """Name of the state that counts as the membrane potential."""
        return self.definition.membrane

    @property
    def spiking(self) -> bool:
        return self.programs.step_spike >= 0

    @cached_property
    def document(self) -> dict[str, Any]:
        return print_oplist.neuron_document(self.definition, self.programs)

    @cached_property
    def numpy_source(self) -> str:
        """Readable numpy source of ``derive``, ``step`` and ``adjoint``."""
        return print_numpy.neuron_source(self.definition, self.programs)

    @cached_property
    def numpy(self) -> SimpleNamespace:
        """The functions of `numpy_source`, ready to call. Needs numpy."""
        return print_numpy.load(self.numpy_source)

    @cached_property
    def markdown(self) -> str:
        return print_markdown.neuron_page(self.definition, self.programs)

    def option_indices(self, choices: Mapping[str, str] | None = None) -> dict[str, int]:
        """The index of each option's choice: the default, or the one named in ``choices``."""
        choices = dict(choices or {})
        indices = {}
        for option in self.options:
            choice = choices.pop(option.name, option.default)
            if choice not in option.choices:
                raise ModelNameError(
                    f"model '{self.name}': option '{option.name}' has no choice '{choice}'; "
                    f"it has {', '.join(option.choices)}"
                )
            indices[option.name] = option.choices.index(choice)
        if choices:
            known = ", ".join(option.name for option in self.options) or "none"
            raise ModelNameError(f"model '{self.name}': no option '{next(iter(choices))}'; there are: {known}")
        return indices

    def derive(self, parameters: Mapping[str, float], options: Mapping[str, int], dt: float) -> dict[str, float]:
        """Derived constants of one neuron, in double, without numpy. ``dt`` in ms."""
        inputs = [parameters[p.name] for p in self.parameters] + [options[o.name] for o in self.options] + [dt]
        registers = evaluate.run(self.programs.derive, inputs)
        return {name: registers[r] for name, r in zip(self.derived, self.programs.derive_outputs, strict=True)}


@dataclass(frozen=True)
class CompiledSurrogate(_Compiled):
    """A surrogate derivative, compiled from its definition."""

    programs: SurrogatePrograms

    @cached_property
    def document(self) -> dict[str, Any]:
        return print_oplist.surrogate_document(self.definition, self.programs)

    @cached_property
    def numpy_source(self) -> str:
        """Readable numpy source of ``derivative`` and ``smooth``."""
        return print_numpy.surrogate_source(self.definition, self.programs)

    @cached_property
    def numpy(self) -> SimpleNamespace:
        return print_numpy.load(self.numpy_source)

    @cached_property
    def markdown(self) -> str:
        return print_markdown.surrogate_page(self.definition)


@dataclass(frozen=True)
class CompiledPlasticity(_Compiled):
    """A plasticity rule, compiled from its definition."""

    programs: PlasticityPrograms

    @property
    def pre_traces(self) -> tuple[Trace, ...]:
        return self.definition.pre_traces

    @property
    def post_traces(self) -> tuple[Trace, ...]:
        return self.definition.post_traces

    @property
    def synapse_traces(self) -> tuple[Trace, ...]:
        return self.definition.synapse_traces

    @cached_property
    def document(self) -> dict[str, Any]:
        return print_plasticity.plasticity_document(self.definition, self.programs)

    @cached_property
    def markdown(self) -> str:
        return print_markdown.plasticity_page(self.definition)


def compile_definition(
    spec: Mapping[str, Any] | str | Path, label: str | None = None
) -> CompiledModel | CompiledSurrogate | CompiledPlasticity:
    """Compile a definition of whatever kind it is; the arguments are those of `compile_model`."""
    kind = read(spec, label).kind
    if kind == "neuron":
        return compile_model(spec, label)
    return compile_surrogate(spec, label) if kind == "surrogate" else compile_plasticity(spec, label)


def compile_model(
    spec: Mapping[str, Any] | str | Path, label: str | None = None, models: Path | None = None
) -> CompiledModel:
    """Compile a neuron model.

    Parameters
    ----------
    spec : a dict with the sections of the language, TOML text, or the path of a TOML file
    label : how error messages call the source; the file name by default
    models : the folder of the built-in models, one of which a definition may continue; the library's own by default

    Raises
    ------
    ModelError : the definition is wrong; the message names the place and the thing
    """
    definition = read(spec, label, models)
    if definition.kind != "neuron":
        raise DocumentError(f"{definition.source.label}: is a {_WORDS[definition.kind]}, not a neuron model")
    return CompiledModel(definition, compiler.compile_neuron(definition))


def compile_surrogate(spec: Mapping[str, Any] | str | Path, label: str | None = None) -> CompiledSurrogate:
    """Compile a surrogate derivative; the arguments are those of `compile_model`."""
    definition = read(spec, label)
    if definition.kind != "surrogate":
        raise DocumentError(f"{definition.source.label}: is a {_WORDS[definition.kind]}, not a surrogate")
    return CompiledSurrogate(definition, compiler.compile_surrogate(definition))


def compile_plasticity(spec: Mapping[str, Any] | str | Path, label: str | None = None) -> CompiledPlasticity:
    """Compile a plasticity rule; the arguments are those of `compile_model`."""
    definition = read(spec, label)
    if definition.kind != "plasticity":
        raise DocumentError(f"{definition.source.label}: is a {_WORDS[definition.kind]}, not a plasticity rule")
    return CompiledPlasticity(definition, compile_plasticity_programs(definition))


_WORDS = {"neuron": "neuron model", "surrogate": "surrogate", "plasticity": "plasticity rule"}


def builtin_names(kind: str = "neurons", folder: Path | None = None) -> list[str]:
    """Names of the built-in "neurons", "surrogates" or "plasticity" rules, in alphabetical order."""
    return sorted(path.stem for path in ((folder or models_folder()) / kind).glob("*.toml"))


def load_builtin(name: str) -> CompiledModel | CompiledSurrogate:
    """The built-in model or surrogate of this name, compiled once a process."""
    if name in builtin_names("neurons"):
        return load_builtin_model(name)
    if name in builtin_names("surrogates"):
        return load_builtin_surrogate(name)
    known: Sequence[str] = [*builtin_names("neurons"), *builtin_names("surrogates")]
    raise ModelNameError(f"there is no built-in '{name}'; there are {', '.join(known)}")


@functools.cache
def load_builtin_model(name: str) -> CompiledModel:
    """The built-in neuron model of this name."""
    return compile_model(_builtin_path("neurons", name))


@functools.cache
def load_builtin_surrogate(name: str) -> CompiledSurrogate:
    """The built-in surrogate of this name."""
    return compile_surrogate(_builtin_path("surrogates", name))


@functools.cache
def load_builtin_plasticity(name: str) -> CompiledPlasticity:
    """The built-in plasticity rule of this name."""
    return compile_plasticity(_builtin_path("plasticity", name))


def _builtin_path(kind: str, name: str) -> Path:
    if name not in builtin_names(kind):
        raise ModelNameError(f"there is no '{name}' among the built-in {kind}: {', '.join(builtin_names(kind))}")
    return models_folder() / kind / f"{name}.toml"
