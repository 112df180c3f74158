"""The targets of a plasticity rule: the op list of ``docs/model-format.md``, and C++ on lanes of 16 synapses."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .compile_plasticity import EventProgram, PlasticityPrograms
from .definition import EVENTS, Definition, TargetState, Trace
from .ir import Program
from .print_cpp import LANES, operation
from .print_oplist import FORMAT, operations, options_of, parameter_of
from .specialise import specialise
from .statements import cut


def plasticity_document(definition: Definition, programs: PlasticityPrograms) -> dict[str, Any]:
    derived = zip(definition.derived, programs.derived_types, strict=True)
    document = {
        "format": FORMAT,
        "kind": "plasticity",
        "name": definition.name,
        "title": definition.title,
        "parameters": [parameter_of(parameter) for parameter in definition.parameters],
        "options": options_of(definition),
        "pre_traces": _traces(definition.pre_traces, programs.pre_traces),
        "post_traces": _traces(definition.post_traces, programs.post_traces),
        "synapse_traces": [
            {"name": trace.name, "tau": tau, "unit": trace.unit, "doc": trace.doc}
            for trace, tau in zip(definition.synapse_traces, programs.synapse_traces, strict=True)
        ],
        "target_states": [
            {"name": s.name, "state": s.state, "unit": s.unit, "doc": s.doc} for s in definition.target_states
        ],
        "derived": [{"name": name, "type": type} for name, type in derived],
        "derive": {
            "ops": operations(programs.derive),
            "outputs": list(programs.derive_outputs),
            "minimum": programs.bounds[0],
            "maximum": programs.bounds[1],
        },
        "on_pre": _event_document(programs.on_pre),
        "on_post": _event_document(programs.on_post),
    }
    for section in ("synapse_traces", "target_states"):
        if not document[section]:
            del document[section]
    if programs.on_signal:
        document["on_signal"] = _event_document(programs.on_signal)
    if programs.arrival:
        document["arrival"] = {"ops": operations(programs.arrival), "traces": list(programs.arrival_traces)}
    return document


def _event_document(event: EventProgram) -> dict[str, Any]:
    document: dict[str, Any] = {"ops": operations(event.program), "weight": event.weight}
    if event.traces:
        document["traces"] = list(event.traces)
    if event.delivered >= 0:
        document["delivered"] = event.delivered
    return document


def _traces(traces: Sequence[Trace], registers: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
    return [
        {"name": trace.name, "tau": tau, "keep": keep, "doc": trace.doc}
        for trace, (tau, keep) in zip(traces, registers, strict=True)
    ]


# C++. Options are known when a session opens, so there is a kernel for each choice of those that the events read: what a
# choice excludes is not computed, and the rest is the same operations.


def _events(programs: PlasticityPrograms) -> dict[str, EventProgram]:
    found = {"on_pre": programs.on_pre, "on_post": programs.on_post, "on_signal": programs.on_signal}
    return {section: event for section, event in found.items() if event}


def _read_options(definition: Definition, programs: PlasticityPrograms) -> list[int]:
    """Registers of the options that an event reads."""
    first = len(definition.parameters)
    options = range(first, first + len(definition.options))
    operands = {
        operand
        for event in _events(programs).values()
        for instruction in event.program.instructions
        for operand in instruction.operands
    }
    return [register for register in options if register in operands]


def _variants(definition: Definition, programs: PlasticityPrograms) -> Iterator[dict[int, int]]:
    registers = _read_options(definition, programs)
    first = len(definition.parameters)
    choices = [range(len(definition.options[register - first].choices)) for register in registers]
    for combination in itertools.product(*choices):
        yield dict(zip(registers, combination, strict=True))


def _sides(definition: Definition) -> dict[str, Sequence[Trace | TargetState]]:
    """What an event is given beside the constants, by its argument's name."""
    return {
        "pre": definition.pre_traces,
        "post": definition.post_traces,
        "own": definition.synapse_traces,
        "target": definition.target_states,
    }


def _event(
    definition: Definition,
    section: str,
    program: Program,
    outputs: Sequence[int],
    constants: set[int],
    reads: dict[str, bool],
) -> list[str]:
    """One event as a member function; remembers what it reads. Outputs as `EventProgram.outputs`."""
    statements, text, read = cut(program, outputs, operation)
    first = len(definition.parameters) + len(definition.options) + len(definition.derived)
    constants |= {register for register in read if register < first}
    more = {"on_pre": ", [[maybe_unused]] F& delivered", "on_signal": ", [[maybe_unused]] F signal"}.get(section, "")
    lines = [f"    SNN_ALWAYS_INLINE F {section}([[maybe_unused]] F w, [[maybe_unused]] const F* pre,"]
    lines.append("                                 [[maybe_unused]] const F* post, [[maybe_unused]] F* own,")
    lines.append(f"                                 [[maybe_unused]] const F* target{more}) const {{")
    for side, values in _sides(definition).items():
        for index, value in enumerate(values):
            is_read = first + index in read
            if side != "own":
                reads[f"{section}_{side}"] |= is_read
            if is_read:
                lines.append(f"        const F {value.name} = {side}[{index}];")
        first += len(values)
    lines += [f"        const {LANES[s.type]} {s.name} = {s.text};" for s in statements]
    own_count = len(definition.synapse_traces)
    for index, (trace, output) in enumerate(zip(definition.synapse_traces, outputs[1 : 1 + own_count], strict=True)):
        if text(output) != trace.name:
            lines.append(f"        own[{index}] = {text(output)};")
    lines += [f"        delivered = {text(output)};" for output in outputs[1 + own_count :]]
    return [*lines, f"        return {text(outputs[0])};", "    }"]


def kernels_source(rules: Sequence[tuple[Definition, PlasticityPrograms]]) -> str:
    """``plasticity_kernels.inl``: included inside the namespace of an instruction set, after cpu/kernels_plasticity.h."""
    lines = [
        "// Printed by engine/modelc from snn/models/plasticity; not edited by hand.",
        "",
    ]
    rows = []
    for definition, programs in rules:
        lines += [f"// {definition.title}", ""]
        for number, chosen in enumerate(_variants(definition, programs)):
            name = f"{definition.name}_{number}"
            lines += _rule(definition, programs, name, chosen)
            first = len(definition.parameters)
            choice = [chosen.get(first + index, -1) for index in range(len(definition.options))]
            padded = ", ".join(map(str, choice or [-1]))
            lines += [f"inline constexpr int32_t {name}_options[] = {{{padded}}};", ""]
            rows.append(f'    {{"{definition.name}", {name}_options, plastic_visits<{name}>}},')
    lines += [
        "#ifdef SNN_INTERPRETED_MODELS",
        "inline constexpr const CompiledPlasticity* compiled_plasticity = nullptr;",
        "inline constexpr uint32_t compiled_plasticity_count = 0;",
        "#else",
        "inline constexpr CompiledPlasticity compiled_plasticity[] = {",
        *rows,
        "};",
        "inline constexpr uint32_t compiled_plasticity_count = sizeof(compiled_plasticity) / sizeof(compiled_plasticity[0]);",
        "#endif",
        "",
    ]
    return "\n".join(lines)


def _rule(definition: Definition, programs: PlasticityPrograms, name: str, chosen: Mapping[int, int]) -> list[str]:
    constants: set[int] = set()
    sides = _sides(definition)
    reads = {f"{event}_{side}": False for event in EVENTS for side in sides if side != "own"}
    body: list[str] = []
    for section, event in _events(programs).items():
        special, places, _ = specialise(event.program, event.outputs, chosen)
        body += _event(definition, section, special, places, constants, reads)
    inputs = programs.on_pre.program.inputs
    lines = [f"struct {name} {{"]
    lines += [f"    static constexpr uint32_t {side}_count = {len(values)};" for side, values in sides.items()]
    reads["has_own"] = bool(definition.synapse_traces)
    reads["has_signal"] = programs.on_signal is not None
    reads["delivers"] = programs.on_pre.delivered >= 0
    lines += [f"    static constexpr bool {key} = {str(value).lower()};" for key, value in reads.items()]
    lines.append(f"    explicit {name}([[maybe_unused]] const PlasticArgs& args)")
    initials = [
        f"{inputs[r][0]}({'broadcast_f' if inputs[r][1] == 'float' else 'broadcast_i'}"
        f"(args.constants[{r}].{'real' if inputs[r][1] == 'float' else 'whole'}))"
        for r in sorted(constants)
    ]
    lines.append(f"        {': ' if initials else ''}{', '.join(initials)} {{}}")
    lines += body
    lines += [f"    {LANES[inputs[r][1]]} {inputs[r][0]};" for r in sorted(constants)]
    return [*lines, "};", ""]
