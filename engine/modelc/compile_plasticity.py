"""From the definition of a plasticity rule to checked programs."""

from __future__ import annotations

from dataclasses import dataclass

from . import lower, units
from .compile import _check_size, _constants, _derive
from .definition import EVENTS, Definition
from .errors import ModelLanguageError
from .ir import Graph, Node, Program, extract, reachable
from .lower import ProgramLowerer, Value


@dataclass(frozen=True)
class EventProgram:
    """What an event makes of a synapse, with the registers of its outputs."""

    program: Program
    weight: int
    traces: tuple[int, ...]  # of the synapse
    delivered: int = -1  # -1: the new weight

    @property
    def outputs(self) -> list[int]:
        return [self.weight, *self.traces, *([self.delivered] if self.delivered >= 0 else [])]


@dataclass(frozen=True)
class PlasticityPrograms:
    """The programs of a plasticity rule, with the registers of their outputs.

    An event has the inputs parameters, options, derived, pre traces, post traces, traces of the synapse, states of the target,
    w, and that of a signal the signal; ``arrival``, which gives the pre traces their next values, those up to the pre traces.
    """

    derived_types: tuple[str, ...]
    derive: Program
    derive_outputs: tuple[int, ...]
    pre_traces: tuple[tuple[int, int], ...]  # registers of tau and keep in derive
    post_traces: tuple[tuple[int, int], ...]
    bounds: tuple[int, int]
    synapse_traces: tuple[int, ...]  # registers of tau in derive
    on_pre: EventProgram
    on_post: EventProgram
    on_signal: EventProgram | None
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
    more += [("synapse_traces", trace.name, trace.tau, "ms") for trace in definition.synapse_traces]
    more += [("weight", "minimum", weight.minimum, weight.unit), ("weight", "maximum", weight.maximum, weight.unit)]
    values, derive, outputs = _derive(definition, more)
    count = len(definition.derived)
    rest = outputs[count:]
    pairs = [(rest[2 * i], rest[2 * i + 1]) for i in range(len(traces))]
    scope = _EventScope(definition, values[:count])
    on_pre, on_post, on_signal = (scope.lower(section) for section in EVENTS)
    for section, event in (("on_post", on_post), ("on_signal", on_signal)):
        if event.delivered:
            raise ModelLanguageError(
                f"{definition.source.place(section)}: only an arrival delivers; move it to [on_pre]"
            )
    on_pre_program, on_post_program = scope.extract("on_pre", on_pre), scope.extract("on_post", on_post)
    on_signal_program = scope.extract("on_signal", on_signal) if "on_signal" in definition.programs else None
    arrival, arrival_traces = scope.arrival(on_pre.traces)
    return PlasticityPrograms(
        derived_types=tuple(value.type for value in values[:count]),
        derive=derive,
        derive_outputs=outputs[:count],
        pre_traces=tuple(pairs[: len(definition.pre_traces)]),
        post_traces=tuple(pairs[len(definition.pre_traces) :]),
        synapse_traces=tuple(rest[2 * len(pairs) : -2]),
        bounds=(rest[-2], rest[-1]),
        on_pre=on_pre_program,
        on_post=on_post_program,
        on_signal=on_signal_program,
        arrival=arrival,
        arrival_traces=arrival_traces,
    )


@dataclass(frozen=True)
class _Event:
    """What the program of an event assigns."""

    weight: Node
    synapse_traces: list[Node]
    delivered: Node | None
    traces: dict[str, Node]  # pre traces


class _EventScope:
    """The names that events know, as inputs of one graph."""

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
        for trace in definition.synapse_traces:
            self._add(trace.name, "float", units.parse(trace.unit))
        for state in definition.target_states:
            self._add(state.name, "float", units.parse(state.unit))
        self._add("w", "float", units.parse(definition.weight.unit))
        self.signal = self.graph.input("signal", "float")

    def _add(self, name: str, type: str, unit: units.Unit | None = units.DIMENSIONLESS) -> None:
        self.inputs.append(self.graph.input(name, type))
        self.scope[name] = Value(self.inputs[-1], unit)

    def lower(self, section: str) -> _Event:
        w = self.scope["w"]
        own = [self.scope[trace.name] for trace in self.definition.synapse_traces]
        if section not in self.definition.programs:
            return _Event(w.node, [value.node for value in own], None, {})
        scope = dict(self.scope)
        if section == "on_signal":
            scope["signal"] = Value(self.signal, units.DIMENSIONLESS)
        changed = {"w": w} | {trace.name: scope[trace.name] for trace in self.definition.synapse_traces}
        if section == "on_pre":
            changed |= {trace.name: scope[trace.name] for trace in self.definition.pre_traces}
        lowerer = ProgramLowerer(self.graph, lower.PLASTICITY, scope, self.definition.source, section, changed)
        result = lowerer.run(self.definition.programs[section])
        if not result.states and not result.delivered:
            place = self.definition.source.place(section)
            raise ModelLanguageError(
                f"{place}: no next.w; an event gives the weight its next value, or delivers something"
            )
        pre_traces = {trace.name for trace in self.definition.pre_traces}
        traces = {name: value.node for name, value in result.states.items() if name in pre_traces}
        after = result.states.get("w", w).node
        self.graph.label(after, f"next_w_{section}")
        own_after = [
            result.states.get(trace.name, value).node
            for trace, value in zip(self.definition.synapse_traces, own, strict=True)
        ]
        return _Event(after, own_after, result.delivered.node if result.delivered else None, traces)

    def extract(self, section: str, event: _Event) -> EventProgram:
        inputs = [*self.inputs, self.signal] if section == "on_signal" else self.inputs
        outputs = [event.weight, *event.synapse_traces, *([event.delivered] if event.delivered else [])]
        program = extract(self.graph, inputs, outputs)
        _check_size(self.definition, section, program)
        registers = [program.registers[output] for output in outputs]
        last = 1 + len(event.synapse_traces)
        return EventProgram(program, registers[0], tuple(registers[1:last]), *registers[last:])

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


__all__ = ["EventProgram", "PlasticityPrograms", "compile_plasticity"]
