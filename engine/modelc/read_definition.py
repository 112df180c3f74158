"""Reads definitions: TOML text, a TOML file, or a dict with the same words.

Shape, names, bounds and the limits of the format are checked; expressions stay text.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import shown
from . import names, units
from .definition import (
    EVENTS,
    LARGEST_FLOAT32,
    Definition,
    Option,
    Parameter,
    Receptor,
    Source,
    State,
    TargetState,
    Trace,
    Weight,
)
from .errors import DocumentError, ModelBoundsError, ModelError, ModelNameError, ModelUnitError

LIMITS = {
    "parameters": 64,
    "options": 16,
    "states": 32,
    "receptors": 16,
    "derived": 128,
    "drive": 16,
    "pre_traces": 4,
    "post_traces": 4,
    "synapse_traces": 4,
    "target_states": 4,
}
SURROGATE_PARAMETERS = 4
# The sections of each kind of definition, by its head.
KINDS = {
    "model": {"model", "parameters", "options", "states", "receptors", "derived", "drive", "step"},
    "surrogate": {"surrogate", "parameters", "derivative", "smooth"},
    "plasticity": {
        "plasticity",
        "parameters",
        "options",
        "pre_traces",
        "post_traces",
        "synapse_traces",
        "target_states",
        "derived",
        "weight",
        "on_pre",
        "on_post",
        "on_signal",
    },
}
CHOICES = 64


def read(spec: Mapping[str, Any] | str | Path, label: str | None = None, models: Path | None = None) -> Definition:
    """Read a definition from a dict, TOML text or the path of a TOML file.

    ``models`` is the folder of built-in models that it may continue.
    """
    if isinstance(spec, Mapping):
        document, source = dict(spec), Source(label or _label(spec))
    else:
        if isinstance(spec, str) and not spec.strip():
            raise DocumentError(f"the definition is {spec!r}, neither TOML text nor the path of a file")
        path = Path(spec) if isinstance(spec, Path) or "\n" not in spec else None
        if path:
            try:
                text = path.read_text(encoding="utf-8")
            except UnicodeDecodeError as error:
                raise DocumentError(f"{shown(str(path))}: is not text in UTF-8") from error
            except (OSError, ValueError) as error:  # ValueError: a null character or half a surrogate pair in the path
                reason = error.strerror if isinstance(error, OSError) else error
                raise DocumentError(f"{shown(str(path))}: cannot be read: {reason}") from error
            source = Source(label or path.name, text)
        else:
            source = Source(label or _label({}), str(spec))
        try:
            document = tomllib.loads(source.text)
        except tomllib.TOMLDecodeError as error:
            raise DocumentError(f"{source.label}: not TOML: {error}") from error
        except RecursionError as error:
            raise DocumentError(f"{source.label}: not a definition: its lists nest too deeply") from error
        if not label and not path:
            source = Source(_label(document), source.text)
    return _Reader(document, source, models or models_folder()).definition()


def models_folder() -> Path:
    """Where the built-in definitions are: ``snn/models``, in a checkout and in an installation."""
    root = Path(__file__).resolve().parents[2]
    for folder in (root / "snn" / "models", root / "models"):
        if (folder / "neurons").is_dir():
            return folder
    raise DocumentError(f"the built-in models are neither in {root / 'snn' / 'models'} nor in {root / 'models'}")


def _label(document: Mapping[str, Any]) -> str:
    """How errors call a definition that is in no file."""
    for kind in KINDS:
        head = document.get(kind)
        if isinstance(head, Mapping) and "name" in head:
            return f"{kind} {shown(head['name'])}"
    return "the definition"


class _Reader:
    def __init__(self, document: dict[str, Any], source: Source, models: Path) -> None:
        self.document, self.source, self.models = document, source, models
        self.taken: dict[str, str] = {}
        self.base = ""

    def definition(self) -> Definition:
        if isinstance(self.document.get("model"), Mapping) and "base" in self.document["model"]:
            self.continue_base(self.document["model"]["base"])
        heads = [kind for kind in KINDS if kind in self.document]
        if len(heads) != 1:
            raise DocumentError(f"{self.source.label}: needs either a [model], a [surrogate] or a [plasticity] section")
        (head_name,) = heads
        sections = KINDS[head_name]
        for name in self.document:
            if name not in sections:
                raise DocumentError(
                    f"{self.source.label}: unknown section [{name}]; there are {', '.join(sorted(sections))}"
                )
        head = self.table(head_name)
        allowed = {"name", "title", "source", "description"} | (
            {"membrane", "base", "specialised", "without", "trained"} if head_name == "model" else set()
        )
        self.keys(head, allowed, {"name"}, head_name, None)
        with _At(self.source, head_name, "name"):
            name = names.check_form(head["name"], head_name)
        common: dict[str, Any] = {
            "name": name,
            "title": self.text(head, "title", head_name, default=name),
            "paper": self.text(head, "source", head_name),
            "description": " ".join(self.text(head, "description", head_name).split()),
            "source": self.source,
            "parameters": tuple(self.parameter(*item) for item in self.entries("parameters")),
        }
        if head_name == "plasticity":
            return self.plasticity(common)
        if head_name == "surrogate":
            if len(common["parameters"]) > SURROGATE_PARAMETERS:
                raise ModelBoundsError(
                    f"{self.source.place('parameters')}: a surrogate has at most {SURROGATE_PARAMETERS} parameters"
                )
            programs = {part: self.program(part) for part in ("derivative", "smooth")}
            return Definition(kind="surrogate", programs=programs, **common)
        options = tuple(self.option(*item) for item in self.entries("options"))
        receptors = tuple(self.receptor(*item) for item in self.entries("receptors"))
        definition = Definition(
            kind="neuron",
            options=options,
            specialised=self.choices_of_all(head, "specialised", options),
            trained=self.choices_of_all(head, "trained", options) if "trained" in head else (),
            states=tuple(self.state(*item) for item in self.entries("states")),
            receptors=receptors,
            without=self.last_receptors(head, receptors),
            derived={key: self.derived(key, value) for key, value in self.entries("derived")},
            membrane=self.text(head, "membrane", "model", default="v"),
            base=self.base,
            drive={key: self.driven(key, value) for key, value in self.entries("drive")},
            programs={"step": self.program("step")},
            **common,
        )
        floats = [state.name for state in definition.states if state.type == "float"]
        if not definition.states and "membrane" not in head:  # a source: it remembers nothing, so it has no membrane
            return replace(definition, membrane="")
        if definition.membrane not in floats:
            raise ModelNameError(
                f"{self.source.place('model', 'membrane')}: membrane '{definition.membrane}' is not a float state; "
                f"the float states are {', '.join(floats) or 'none'}"
            )
        return definition

    def continue_base(self, name: Any) -> None:
        """Put the sections of the built-in model ``name`` in front of the document's own."""
        place = self.source.place("model", "base")
        known = sorted(path.stem for path in (self.models / "neurons").glob("*.toml"))
        if name not in known:
            raise ModelNameError(f"{place}: there is no built-in model {shown(name)}; there are {', '.join(known)}")
        base = tomllib.loads((self.models / "neurons" / f"{name}.toml").read_text(encoding="utf-8"))
        if "base" in base["model"]:
            raise DocumentError(f"{place}: '{name}' has a base itself; take that one, '{base['model']['base']}'")
        for section in ("options", "states", "receptors", "step"):
            if section in self.document:
                raise DocumentError(f"{self.source.place(section)}: a model with a base takes over that of '{name}'")
        if "membrane" in self.document["model"]:
            raise DocumentError(
                f"{self.source.place('model', 'membrane')}: a model with a base takes over that of '{name}'"
            )
        self.base = name
        head = {key: value for key, value in self.document["model"].items() if key != "base"}
        inherited = {
            "membrane": base["model"].get("membrane", "v"),
            **{key: base["model"][key] for key in ("specialised", "without", "trained") if key in base["model"]},
        }
        merged: dict[str, Any] = {"model": {**inherited, **head}}
        for section in ("parameters", "derived", "drive"):
            both = (base.get(section, {}), self.table(section, optional=True))
            for entry in both[1]:
                if entry in both[0]:
                    raise ModelNameError(f"{self.source.place(section, entry)}: '{name}' has one of this name already")
            merged[section] = {**both[0], **both[1]}
        self.document = {**self.document, **{k: v for k, v in base.items() if k != "model"}, **merged}

    def plasticity(self, common: dict[str, Any]) -> Definition:
        for word, section, meaning in (
            ("w", "weight", "the weight of the synapse"),
            ("signal", "on_signal", "what a signal brings"),
            ("weight", "weight", "a variable of the projection"),
            ("bias", "weight", "a variable of the projection"),
        ):
            self.taken[word] = section
            if word in [parameter.name for parameter in common["parameters"]]:
                place = self.source.place("parameters", word)
                raise ModelNameError(f"{place}: '{word}' is {meaning}; no parameter can have the name")
        weight = self.table("weight")
        self.keys(weight, {"unit", "minimum", "maximum"}, {"minimum", "maximum"}, "weight", None)
        definition = Definition(
            kind="plasticity",
            options=tuple(self.option(*item) for item in self.entries("options")),
            pre_traces=tuple(self.trace("pre_traces", *item) for item in self.entries("pre_traces")),
            post_traces=tuple(self.trace("post_traces", *item) for item in self.entries("post_traces")),
            synapse_traces=tuple(self.trace("synapse_traces", *item) for item in self.entries("synapse_traces")),
            target_states=tuple(self.target_state(*item) for item in self.entries("target_states")),
            derived={key: self.derived(key, value) for key, value in self.entries("derived")},
            weight=Weight(
                self.unit(weight, self.source.place("weight")),
                self.text(weight, "minimum", "weight"),
                self.text(weight, "maximum", "weight"),
            ),
            programs={part: self.program(part) for part in self.events()},
            **common,
        )
        return definition

    def events(self) -> list[str]:
        found: list[str] = [section for section in EVENTS if section in self.document]
        if not found:
            raise DocumentError(f"{self.source.label}: needs a section [{'], ['.join(EVENTS)}] with a program")
        return found

    # Entries

    def trace(self, section: str, name: str, entry: Any) -> Trace:
        own = section == "synapse_traces"
        entry = self.entry(section, name, entry, {"tau", "unit", "doc"} if own else {"tau", "keep", "doc"})
        place = self.source.place(section, name)
        if "tau" not in entry:
            raise DocumentError(f"{place}: needs tau, an expression in quotes")
        texts = [entry["tau"], entry.get("keep", "1.0")]
        if not all(isinstance(text, str) for text in texts):
            raise DocumentError(f"{place}: tau and keep are expressions in quotes")
        return Trace(name, texts[0], texts[1], self.doc(entry, place), self.unit(entry, place))

    def target_state(self, name: str, entry: Any) -> TargetState:
        entry = self.entry("target_states", name, entry, {"state", "unit", "doc"})
        place = self.source.place("target_states", name)
        state = entry.get("state", name)
        with _At(self.source, "target_states", name):
            names.check(state, "state")
        return TargetState(name, state, self.unit(entry, place), self.doc(entry, place))

    def parameter(self, name: str, entry: Any) -> Parameter:
        entry = self.entry(
            "parameters", name, entry, {"default", "unit", "doc", "minimum", "exclusive_minimum", "maximum"}
        )
        place = self.source.place("parameters", name)
        numbers = {
            key: self.number(entry, key, place) for key in ("default", "minimum", "exclusive_minimum", "maximum")
        }
        default = numbers["default"]
        if default is None:
            raise DocumentError(f"{place}: needs a default")
        if abs(default) > LARGEST_FLOAT32:
            raise ModelBoundsError(f"{place}: the default {default:g} does not fit float32")
        low, above, high = numbers["minimum"], numbers["exclusive_minimum"], numbers["maximum"]
        if low is not None and above is not None:
            raise ModelBoundsError(f"{place}: has both a minimum and an exclusive_minimum")
        if low is not None and default < low:
            raise ModelBoundsError(f"{place}: the default {default:g} is below the minimum {low:g}")
        if above is not None and default <= above:
            raise ModelBoundsError(f"{place}: the default {default:g} is not above the exclusive minimum {above:g}")
        if high is not None and default > high:
            raise ModelBoundsError(f"{place}: the default {default:g} is above the maximum {high:g}")
        return Parameter(name, self.unit(entry, place), default, self.doc(entry, place), low, above, high)

    def option(self, name: str, entry: Any) -> Option:
        entry = self.entry("options", name, entry, {"choices", "default", "doc"})
        place = self.source.place("options", name)
        choices = entry.get("choices")
        if not isinstance(choices, list | tuple) or not 2 <= len(choices) <= CHOICES:
            raise DocumentError(f"{place}: needs choices, a list of 2 to {CHOICES} names")
        for choice in choices:
            if not isinstance(choice, str) or not names.PATTERN.fullmatch(choice):
                raise ModelNameError(f"{place}: choice '{choice}' is not a lower-case name")
        if len(set(choices)) != len(choices):
            raise ModelNameError(f"{place}: a choice is listed twice")
        default = entry.get("default", choices[0])
        if default not in choices:
            raise ModelBoundsError(f"{place}: the default '{default}' is not one of {', '.join(choices)}")
        return Option(name, tuple(choices), default, self.doc(entry, place))

    def choices_of_all(
        self, head: Mapping[str, Any], key: str, options: tuple[Option, ...]
    ) -> tuple[dict[str, str], ...]:
        """Choices for all options: the defaults, and the defaults changed by each entry of the list."""
        place = self.source.place("model", key)
        listed = head.get(key, [])
        if not isinstance(listed, list) or not all(isinstance(choices, Mapping) for choices in listed):
            raise DocumentError(f'{place}: must be a list of tables such as {{ reset = "value" }}')
        choices_of = {option.name: option.choices for option in options}
        sets = []
        for changes in [{}, *listed] if options else []:
            for name, choice in changes.items():
                if choice not in choices_of.get(name, ()):
                    raise ModelNameError(f"{place}: {name} = {shown(choice)} is not a choice of an option")
            sets.append({**{option.name: option.default for option in options}, **changes})
        return tuple(sets)

    def last_receptors(self, head: Mapping[str, Any], receptors: tuple[Receptor, ...]) -> tuple[str, ...]:
        """Return the receptors that specialised steps do without."""
        names = [receptor.name for receptor in receptors]
        listed = head.get("without", [])
        if not isinstance(listed, list) or listed != names[len(names) - len(listed) :]:
            raise DocumentError(f"{self.source.place('model', 'without')}: {shown(listed)} are not the last receptors")
        return tuple(listed)

    def state(self, name: str, entry: Any) -> State:
        entry = self.entry("states", name, entry, {"type", "unit", "initial", "doc"})
        place = self.source.place("states", name)
        kind = entry.get("type", "float")
        if kind not in ("float", "int"):
            raise DocumentError(f"{place}: type '{kind}' is neither float nor int")
        initial = entry.get("initial", 0.0)
        if isinstance(initial, str):
            parameters = self.table("parameters", optional=True)
            if initial not in parameters:
                raise ModelNameError(f"{place}: initial '{initial}' is not a parameter")
            if kind == "int":
                raise DocumentError(f"{place}: an int state starts with a whole number, not with a parameter")
            with _At(self.source, "states", name):
                its_unit = (
                    str(parameters[initial].get("unit", "1")) if isinstance(parameters[initial], Mapping) else "1"
                )
                if units.parse(its_unit) != units.parse(str(entry.get("unit", "1"))):
                    raise ModelUnitError(f"starts with '{initial}', which has another unit ({its_unit})")
        else:
            number = self.number(entry, "initial", place)
            initial = 0.0 if number is None else number
            if abs(initial) > LARGEST_FLOAT32:
                raise ModelBoundsError(f"{place}: the initial value {initial:g} does not fit float32")
            if kind == "int" and not (initial.is_integer() and abs(initial) < 2**31):
                raise ModelBoundsError(f"{place}: an int state starts with a whole number, not {initial:g}")
        unit = self.unit(entry, place)
        if kind == "int" and unit != "1":
            raise ModelBoundsError(f"{place}: an int state counts and has the unit 1, not {unit}")
        return State(name, unit, kind, initial, self.doc(entry, place))

    def receptor(self, name: str, entry: Any) -> Receptor:
        entry = self.entry("receptors", name, entry, {"unit", "doc"})
        place = self.source.place("receptors", name)
        return Receptor(name, self.unit(entry, place), self.doc(entry, place))

    def driven(self, name: str, entry: Any) -> str:
        place, receptors = self.source.place("drive", name), self.table("receptors", optional=True)
        if name not in receptors:
            raise ModelNameError(
                f"{place}: '{name}' is not a receptor; the receptors are {', '.join(receptors) or 'none'}"
            )
        if not isinstance(entry, str):
            raise DocumentError(f"{place}: must be an expression in quotes")
        return entry

    def derived(self, name: str, entry: Any) -> str:
        if not isinstance(entry, str):
            raise DocumentError(f"{self.source.place('derived', name)}: must be an expression in quotes")
        self.claim("derived", name)
        return entry

    # Pieces

    def table(self, section: str, optional: bool = False) -> Mapping[str, Any]:
        table = self.document.get(section, {} if optional else None)
        if not isinstance(table, Mapping):
            raise DocumentError(f"{self.source.label}: the section [{section}] is missing or not a table")
        return table

    def entries(self, section: str) -> list[tuple[str, Any]]:
        table = self.table(section, optional=True)
        limit = LIMITS[section]
        if len(table) > limit:
            raise ModelBoundsError(f"{self.source.place(section)}: {len(table)} entries; the format allows {limit}")
        return list(table.items())

    def entry(self, section: str, name: str, entry: Any, allowed: set[str]) -> Mapping[str, Any]:
        if not isinstance(entry, Mapping):
            raise DocumentError(f'{self.source.place(section, name)}: must be a table such as {{ unit = "ms" }}')
        self.keys(entry, allowed, set(), section, name)
        self.claim(section, name)
        return entry

    def keys(
        self, entry: Mapping[str, Any], allowed: set[str], needed: set[str], section: str, name: str | None
    ) -> None:
        place = self.source.place(section, name)
        for key in entry:
            if key not in allowed:
                raise DocumentError(f"{place}: unknown entry '{key}'; there are {', '.join(sorted(allowed))}")
        for key in needed - set(entry):
            raise DocumentError(f"{place}: needs '{key}'")

    def claim(self, section: str, name: str) -> None:
        with _At(self.source, section, name):
            names.check(name, "name")
            if name in self.taken:
                raise ModelNameError(f"'{name}' is already in [{self.taken[name]}]")
        self.taken[name] = section

    def number(self, entry: Mapping[str, Any], key: str, place: str) -> float | None:
        value = entry.get(key)
        if value is None:
            return None
        try:
            real = math.nan if isinstance(value, bool) or not isinstance(value, int | float) else float(value)
        except OverflowError:
            real = math.inf
        if not math.isfinite(real):
            raise DocumentError(f"{place}: {key} must be a finite number, not {shown(value)}")
        return real

    def unit(self, entry: Mapping[str, Any], place: str) -> str:
        unit = entry.get("unit", "1")
        try:
            units.parse(str(unit))
        except ModelError as error:
            raise type(error)(f"{place}: {error}") from error
        return str(unit)

    def doc(self, entry: Mapping[str, Any], place: str) -> str:
        return self.encodable(" ".join(str(entry.get("doc", "")).split()), place)

    def encodable(self, text: str, place: str) -> str:
        """The text, if a file can hold it."""
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise DocumentError(f"{place}: {shown(text)} contains half of a surrogate pair") from error
        return text

    def text(self, table: Mapping[str, Any], key: str, section: str, default: str = "") -> str:
        value = table.get(key, default)
        if not isinstance(value, str):
            raise DocumentError(f"{self.source.place(section, key)}: must be text")
        return self.encodable(value, self.source.place(section, key))

    def program(self, section: str) -> str:
        body: Any = self.document.get(section)
        if isinstance(body, Mapping):
            self.keys(body, {"program"}, {"program"}, section, None)
            body = body["program"]
        if isinstance(body, list | tuple) and all(isinstance(line, str) for line in body):
            body = "\n".join(body)
        if not isinstance(body, str):
            raise DocumentError(f"{self.source.label}: needs a [{section}] section with a program")
        return body


class _At:
    """Puts the place in front of an error that was raised without one."""

    def __init__(self, source: Source, section: str, entry: str) -> None:
        self.source, self.section, self.entry = source, section, entry

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, ModelError):
            raise type(error)(f"{self.source.place(self.section, self.entry)}: {error}") from error
