"""What a definition of a model, a surrogate or a rule of plasticity says, with expressions as text for `lower`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

# What happens at a plastic synapse: a spike arrives, the target spikes, a signal comes from outside.
EVENTS = ("on_pre", "on_post", "on_signal")
LARGEST_FLOAT32 = 2.0**128 - 2.0**104


@dataclass(frozen=True)
class Parameter:
    """A number that the user sets, for a whole population or for each neuron."""

    name: str
    unit: str
    default: float
    doc: str
    minimum: float | None = None
    exclusive_minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Option:
    """A named choice, one for a whole population."""

    name: str
    choices: tuple[str, ...]
    default: str
    doc: str


@dataclass(frozen=True)
class State:
    """A number that a neuron remembers from step to step."""

    name: str
    unit: str
    type: str
    initial: float | str
    doc: str


@dataclass(frozen=True)
class Receptor:
    """A place where projections arrive; its value is the sum of one step's input."""

    name: str
    unit: str
    doc: str


@dataclass(frozen=True)
class Trace:
    """What events leave behind: decays with ``tau``.

    A pre or post trace belongs to the synapses of a neuron; its spike makes it ``keep * value + 1``, and the arrival's program
    may give a pre trace another value instead. A trace of the synapse changes where a program says so. ``tau`` and ``keep`` are
    expressions, as in ``[derived]``.
    """

    name: str
    tau: str
    keep: str
    doc: str
    unit: str = "1"


@dataclass(frozen=True)
class TargetState:
    """A float state of the target that events read, under a name of the rule."""

    name: str
    state: str
    unit: str
    doc: str


@dataclass(frozen=True)
class Weight:
    """The weight of a plastic synapse: its unit, and the expressions of its bounds."""

    unit: str
    minimum: str
    maximum: str


@dataclass(frozen=True)
class Source:
    """Where a definition came from, for error messages."""

    label: str
    text: str = ""

    def place(self, section: str, entry: str | None = None, line: int | None = None) -> str:
        """``file:line: [section] entry``; ``line`` counts inside the program of the section, from 1."""
        number = self._line(section, "program" if line else entry)
        if number and line:
            first = self.text.splitlines()[number - 1].split("=", 1)[1].strip()
            number += line - (0 if first.strip("\"'") == "" else 1)
        where = f"{self.label}:{number}" if number else self.label
        detail = f" line {line}" if line else f" {entry}" if entry else ""
        return f"{where}: [{section}]{detail}"

    def _line(self, section: str, entry: str | None) -> int | None:
        inside, header = False, None
        for number, line in enumerate(self.text.splitlines(), 1):
            if match := re.match(r"\s*\[\s*([\w.]+)\s*\]", line):
                inside = match[1] == section or match[1] == f"{section}.{entry}"
                header = number if inside else header
                if match[1] == f"{section}.{entry}":
                    return number
            elif inside and entry and re.match(rf"\s*\"?{re.escape(entry)}\"?\s*[=.]", line):
                return number
        return header


@dataclass(frozen=True)
class Definition:
    """What a document says, checked except for its expressions. Immutable."""

    kind: str  # "neuron", "surrogate" or "plasticity"
    name: str
    title: str
    paper: str
    description: str
    source: Source
    base: str = ""  # the built-in model whose definition this one continues
    parameters: tuple[Parameter, ...] = ()
    options: tuple[Option, ...] = ()
    states: tuple[State, ...] = ()
    receptors: tuple[Receptor, ...] = ()
    derived: dict[str, str] = field(default_factory=dict)
    membrane: str = ""
    drive: dict[str, str] = field(default_factory=dict)  # receptor: what is added to its sum before the step
    programs: dict[str, str] = field(
        default_factory=dict
    )  # "step"; "derivative", "smooth"; "on_pre", "on_post", "on_signal"
    specialised: tuple[dict[str, str], ...] = ()  # choices of all options that get a step of their own, when built in
    without: tuple[str, ...] = ()  # the last receptors, at which nothing arrives where those steps are taken
    trained: tuple[dict[str, str], ...] = ()  # the same for training, with counters at 0
    # plasticity only
    pre_traces: tuple[Trace, ...] = ()
    post_traces: tuple[Trace, ...] = ()
    synapse_traces: tuple[Trace, ...] = ()
    target_states: tuple[TargetState, ...] = ()
    weight: Weight | None = None
