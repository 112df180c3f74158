"""From the definition of a plasticity rule to checked programs."""

from __future__ import annotations

from dataclasses import dataclass

from . import lower, units
from .compile import _check_size, _constants, _derive
from .definition import Definition
from .errors import ModelLanguageError
from .ir import Graph, Program, extract
from .lower import ProgramLowerer, Value


@dataclass(frozen=True)
class PlasticityPrograms:
    """The three programs of a plasticity rule, with the registers of their outputs.

    ``on_pre`` and ``on_post`` have the inputs parameters, options, derived, pre traces, post traces, w.
    """

    derived_types: tuple[str, ...]
    derive: Program
    derive_outputs: tuple[int, ...]
    pre_traces: tuple[tuple[int, int], ...]  # registers of tau and keep in derive
    post_traces: tuple[tuple[int, int], ...]
    bounds: tuple[int, int]
    on_pre: Program
    on_pre_weight: int
    on_post: Program
    on_post_weight: int


def compile_plasticity(definition: Definition) -> PlasticityPrograms:
    weight = definition.weight
    assert weight is not None  # of every definition of this kind
    traces = [("pre_traces", t) for t in definition.pre_traces] + [("post_traces", t) for t in definition.post_traces]
    more = [
        entry
        for section, trace in traces
        for entry in ((section, trace.name, trace.tau, "ms"), (section, trace.name, trace.keep, "1"))
    ]
    more += [("weight", "minimum", weight.minimum, weight.unit), ("weight", "maximum", weight.maximum, weight.unit)]
    values, derive, outputs = _derive(definition, more)
    count = len(definition.derived)
    pairs = list(zip(outputs[count::2], outputs[count + 1 :: 2], strict=True))
    programs, registers = [], []
    for section in ("on_pre", "on_post"):
        program, register = _event(definition, section, values[:count])
        programs.append(program)
        registers.append(register)
    return PlasticityPrograms(
        derived_types=tuple(value.type for value in values[:count]),
        derive=derive,
        derive_outputs=outputs[:count],
        pre_traces=tuple(pairs[: len(definition.pre_traces)]),
        post_traces=tuple(pairs[len(definition.pre_traces) : -1]),
        bounds=pairs[-1],
        on_pre=programs[0],
        on_pre_weight=registers[0],
        on_post=programs[1],
        on_post_weight=registers[1],
    )


def _event(definition: Definition, section: str, derived: list[Value]) -> tuple[Program, int]:
    graph = Graph()
    scope, inputs = _constants(graph, definition)
    for name, value in zip(definition.derived, derived, strict=True):
        inputs.append(graph.input(name, value.type))
        scope[name] = Value(inputs[-1], value.unit)
    for trace in (*definition.pre_traces, *definition.post_traces):
        inputs.append(graph.input(trace.name, "float"))
        scope[trace.name] = Value(inputs[-1])
    assert definition.weight is not None
    w = graph.input("w", "float")
    scope["w"] = Value(w, units.parse(definition.weight.unit))
    lowerer = ProgramLowerer(graph, lower.PLASTICITY, scope, definition.source, section, {"w": scope["w"]})
    result = lowerer.run(definition.programs[section])
    place = definition.source.place(section)
    if "w" not in result.states:
        raise ModelLanguageError(f"{place}: no next.w; an event gives the weight its next value")
    if result.emitted:
        raise ModelLanguageError(f"{place}: a plasticity rule does not emit")
    after = result.states["w"].node
    graph.label(after, "next_w")
    program = extract(graph, [*inputs, w], [after])
    _check_size(definition, section, program)
    return program, program.registers[after]


__all__ = ["PlasticityPrograms", "compile_plasticity"]
