"""The op list: the JSON document of ``docs/model-format.md``."""

from __future__ import annotations

import json
from typing import Any

from .compile import NeuronPrograms, SurrogatePrograms
from .definition import Definition, Parameter
from .ir import DRAWS, Program

FORMAT = 1


def neuron_document(definition: Definition, programs: NeuronPrograms) -> dict[str, Any]:
    document = {
        "format": FORMAT,
        "kind": "neuron",
        "name": definition.name,
        "title": definition.title,
        "parameters": [parameter_of(parameter) for parameter in definition.parameters],
        "options": options_of(definition),
        "states": [
            {"name": s.name, "unit": s.unit, "type": s.type, "initial": _number(s.initial), "doc": s.doc}
            for s in definition.states
        ],
        "receptors": [{"name": r.name, "unit": r.unit, "doc": r.doc} for r in definition.receptors],
        "derived": [
            {"name": name, "type": type} for name, type in zip(definition.derived, programs.derived_types, strict=True)
        ],
        "membrane": definition.membrane,
        "spiking": programs.step_spike >= 0,
        "derive": {"ops": operations(programs.derive), "outputs": list(programs.derive_outputs)},
        "step": {
            "ops": operations(programs.step),
            "states": list(programs.step_states),
            "spike": programs.step_spike,
            "tape": [{"name": t.name, "type": t.type, "register": t.register} for t in programs.tape],
        },
        "adjoint": {
            "ops": operations(programs.adjoint),
            "states": list(programs.adjoint_states),
            "receptors": list(programs.adjoint_receptors),
        },
    }
    if learning := programs.learning:
        document["learning"] = {
            "tape": [{"name": t.name, "type": t.type, "register": t.register} for t in learning.tape],
            "ops": operations(learning.adjoint),
            "constants": list(learning.adjoint_constants),
            "derive": {"ops": operations(learning.derive), "parameters": list(learning.derive_parameters)},
        }
    return document


def surrogate_document(definition: Definition, programs: SurrogatePrograms) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "kind": "surrogate",
        "name": definition.name,
        "title": definition.title,
        "parameters": [parameter_of(parameter) for parameter in definition.parameters],
        "derivative": {"ops": operations(programs.derivative), "output": programs.derivative_output},
        "smooth": {"ops": operations(programs.smooth), "output": programs.smooth_output},
    }


def text(document: dict[str, Any]) -> str:
    """The document as text: compact, and the same for the same document."""
    return json.dumps(document, ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def _number(value: float | str) -> float | int | str:
    """Whole numbers without a point, so that the text is short; JSON readers see the same value."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def options_of(definition: Definition) -> list[dict[str, Any]]:
    return [
        {"name": o.name, "choices": list(o.choices), "default": o.default, "doc": o.doc} for o in definition.options
    ]


def parameter_of(parameter: Parameter) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": parameter.name,
        "unit": parameter.unit,
        "default": _number(parameter.default),
        "doc": parameter.doc,
    }
    for bound in ("minimum", "exclusive_minimum", "maximum"):
        value = getattr(parameter, bound)
        if value is not None:
            entry[bound] = _number(value)
    return entry


def operations(program: Program) -> list[list[Any]]:
    return [
        [i.op, *([_number(i.value)] if i.op in ("const", "iconst", *DRAWS) else []), *i.operands]
        for i in program.instructions
    ]
