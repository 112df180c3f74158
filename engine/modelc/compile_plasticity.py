"""From the definition of a plasticity rule to checked programs."""

from __future__ import annotations

from dataclasses import dataclass

from . import lower, units
from .compile import _check_size, _constants, _derive
from .definition import Definition
from .errors import ModelLanguageError
from .ir import Graph, Node, Program, extract, reachable
from .lower import ProgramLowerer, Value


@dataclass(frozen=True)
class PlasticityPrograms:
    """The programs of a plasticity rule, with the registers of their outputs.

    ``on_pre`` and ``on_post`` have the inputs parameters, options, derived, pre traces, post traces, w; ``arrival``, which
    gives the pre traces their next values, those up to the pre traces.
    """

    derived_types: tuple[str, ...]
    derive: Program
    derive_outputs: tuple[int, ...]
    pre_traces: tuple[tuple[int, int], ...]  # registers of tau and keep in derive
    post_traces: tuple[tuple[int, int], ...]
    bounds: tuple[int, int]
    on_pre: Program
    on_pre_weight: int
    on_pre_delivered: int  # -1: the new weight
    on_post: Program
    on_post_weight: int
    arrival: Program | None  # none where all pre traces become keep * trace + 1
    arrival_traces: tuple[int, ...]  # -1: keep * trace + 1


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
    scope = _EventScope(definition, values[:count])
    on_pre, on_post = scope.lower("on_pre"), scope.lower("on_post")
    if on_post.delivered:
        raise ModelLanguageError(f"{definition.source.place('on_post')}: only an arrival delivers; move it to [on_pre]")
    on_pre_program = scope.extract("on_pre", [on_pre.weight, *([on_pre.delivered] if on_pre.delivered else [])])
    on_post_program = scope.extract("on_post", [on_post.weight])
    arrival, arrival_traces = scope.arrival(on_pre.traces)
    return PlasticityPrograms(
        derived_types=tuple(value.type for value in values[:count]),
        derive=derive,
        derive_outputs=outputs[:count],
        pre_traces=tuple(pairs[: len(definition.pre_traces)]),
        post_traces=tuple(pairs[len(definition.pre_traces) : -1]),
        bounds=pairs[-1],
        on_pre=on_pre_program,
        on_pre_weight=on_pre_program.registers[on_pre.weight],
        on_pre_delivered=on_pre_program.registers[on_pre.delivered] if on_pre.delivered else -1,
        on_post=on_post_program,
        on_post_weight=on_post_program.registers[on_post.weight],
        arrival=arrival,
        arrival_traces=arrival_traces,
    )


@dataclass(frozen=True)
class _Event:
    """What the program of an event assigns."""

    weight: Node
    delivered: Node | None
    traces: dict[str, Node]


class _EventScope:
    """The names that both events know, as inputs of one graph."""

    def __init__(self, definition: Definition, derived: list[Value]) -> None:
        assert definition.weight is not None
        self.definition, self.graph = definition, Graph()
        self.scope, self.inputs = _constants(self.graph, definition)
        for name, value in zip(definition.derived, derived, strict=True):
            self._add(name, value.type, value.unit)
        for trace in definition.pre_traces:
            self._add(trace.name, "float")
        self.arrival_inputs = list(self.inputs)
        for trace in definition.post_traces:
            self._add(trace.name, "float")
        self._add("w", "float", units.parse(definition.weight.unit))

    def _add(self, name: str, type: str, unit: units.Unit | None = units.DIMENSIONLESS) -> None:
        self.inputs.append(self.graph.input(name, type))
        self.scope[name] = Value(self.inputs[-1], unit)

    def lower(self, section: str) -> _Event:
        w = self.scope["w"]
        if section not in self.definition.programs:
            return _Event(w.node, None, {})
        changed = {"w": w}
        if section == "on_pre":
            changed |= {trace.name: self.scope[trace.name] for trace in self.definition.pre_traces}
        lowerer = ProgramLowerer(
            self.graph, lower.PLASTICITY, dict(self.scope), self.definition.source, section, changed
        )
        result = lowerer.run(self.definition.programs[section])
        if not result.states and not result.delivered:
            place = self.definition.source.place(section)
            raise ModelLanguageError(
                f"{place}: no next.w; an event gives the weight its next value, or delivers something"
            )
        traces = {name: value.node for name, value in result.states.items() if name != "w"}
        after = result.states.get("w", w).node
        self.graph.label(after, f"next_w_{section}")
        return _Event(after, result.delivered.node if result.delivered else None, traces)

    def extract(self, section: str, outputs: list[Node]) -> Program:
        program = extract(self.graph, self.inputs, outputs)
        _check_size(self.definition, section, program)
        return program

    def arrival(self, traces: dict[str, Node]) -> tuple[Program | None, tuple[int, ...]]:
        if not traces:
            return None, ()
        for name, node in traces.items():
            late = [n for n in reachable([node]) if n.op == "input" and n not in self.arrival_inputs]
            if late:
                place = self.definition.source.place("on_pre")
                raise ModelLanguageError(
                    f"{place}: next.{name} depends on '{late[0].name}'; a pre trace is of all synapses of the source, so "
                    "parameters and pre traces alone decide its next value"
                )
        program = extract(self.graph, self.arrival_inputs, traces.values())
        _check_size(self.definition, "on_pre", program)
        registers = {name: program.registers[node] for name, node in traces.items()}
        return program, tuple(registers.get(trace.name, -1) for trace in self.definition.pre_traces)


__all__ = ["PlasticityPrograms", "compile_plasticity"]
