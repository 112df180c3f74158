"""The C++ target: straight-line code over lanes of 16 neurons, included inside a namespace for each instruction set.

The text needs ``cpu/model_args.h``, ``cpu/lanes.h`` (types F, I, M and their functions, draws) and ``cpu/kernels_spans.h``
in front of it. Built-in
models only; a user's own model is interpreted from its op list by the same lane functions, so it gives the same bits.
"""

from __future__ import annotations

import itertools
import struct
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

from .calm import calm_steps, stays_in_registers
from .choices import joined, specialised, training
from .compile import NeuronPrograms, SurrogatePrograms, TapeEntry
from .definition import Definition
from .ir import DRAWS, Instruction, Program
from .statements import Text, cut

# Operations beyond which a program is not compiled, so that the library stays small. The backend interprets training of a large
# model instead, to the same bits; a step for one choice of options that is as large as the general one saves nothing.
LARGEST_ADJOINT = 500
LARGEST_SPECIALISED_STEP = 300
LARGEST_INTEGER_STEP = 100  # beyond, reading the sums is a small part of it
LARGEST_SPAN_STEP = 50  # beyond, nothing stays in registers from step to step
# What most training uses becomes part of every adjoint; the others are called, which costs a few nanoseconds for 16 neurons.
INLINE_SURROGATES = frozenset({"arctan", "boxcar", "exponential", "fast_sigmoid", "sigmoid", "superspike", "triangle"})

LANES = {"float": "F", "int": "I", "bool": "M"}
_MEMORY = {"float": "float", "int": "int32_t"}
_CALLS = {
    **{f"i{op}": op for op in ("add", "sub", "mul")},
    **{f"i{op}": op for op in ("lt", "le", "eq")},
    **{
        op: f"{op}_"
        for op in ("min", "max", "abs", "floor", "exp", "log", "reciprocal", "sqrt", "and", "or", "not", "spike")
    },
    "imin": "min_",
    "imax": "max_",
}

_PRELUDE = """\
// Printed by engine/modelc from snn/models; not edited by hand. Included inside the namespace of one instruction set,
// after cpu/model_args.h and cpu/lanes.h.

// 1 where x > 0, or x >= 0 where inclusive is 1; else 0.
inline F spike_(F x, I inclusive) {
    const F zero = broadcast_f(0.0f);
    return select(or_(lt(zero, x), and_(eq(x, zero), eq(inclusive, broadcast_i(1)))), broadcast_f(1.0f), zero);
}

// A parameter, option or derived constant: one value for each neuron, or one value repeated over 16 lanes (mask 0).
template <class T>
struct Constant {
    const T* data;
    uint32_t mask;
    auto at(uint32_t index) const { return load(data + (index & mask)); }
};
template <class T, class Args>
inline Constant<T> constant(const Args& args, uint32_t number) {
    return {static_cast<const T*>(args.constants[number]), args.constant_masks[number]};
}

// The sum of a receptor: as a float, or as an integer in units of `scale` that is taken away when it is read.
template <bool integers>
struct Receptor {
    const float* data;
    F take(uint32_t index) const { return load(data + index); }
    F add_to(F x, F sum) const { return add(x, sum); }
    F value(F sum) const { return sum; }
};
template <>
struct Receptor<true> {
    int32_t* data;
    F scale;
    F take(uint32_t index) const {
        const F sum = to_float(load(data + index));
        store(data + index, broadcast_i(0));
        return sum;
    }
    // The scale is a power of two within 2^96 and 2^-96, so the product is exact and one rounding is the only one.
    F add_to(F x, F sum) const { return fma_(sum, scale, x); }
    F value(F sum) const { return mul(sum, scale); }
};
template <bool integers>
inline Receptor<integers> receptor(const NeuronStepArgs& args, uint32_t number) {
    if constexpr (integers) return {args.integer_receptors[number], broadcast_f(args.receptor_scales[number])};
    else return {args.receptors[number]};
}

// The sums of 16 neurons that are due at one step of several, in units of `scale`.
struct DueSum {
    const int32_t* data;
    F scale;
    F take() const { return to_float(load(data)); }
    F add_to(F x, F sum) const { return fma_(sum, scale, x); }
    F value(F sum) const { return mul(sum, scale); }
};
"""


def float_literal(value: float) -> str:
    """The shortest decimal that a C++ compiler reads as the float32 nearest to ``value``."""
    (single,) = struct.unpack("<f", struct.pack("<f", value))
    if single == int(single) and abs(single) < 2**24:
        return f"{int(single)}.0f" if single or str(single)[0] != "-" else "-0.0f"
    (bits,) = struct.unpack("<i", struct.pack("<f", abs(single)))
    (above,) = struct.unpack("<f", struct.pack("<i", bits + 1))
    spacing = Fraction(above) - Fraction(abs(single))
    for digits in range(1, 18):
        text = f"{single:.{digits}g}"
        # Well inside the half spacing, so that reading through double or straight to float gives the same.
        if abs(Fraction(text) - Fraction(single)) < spacing * Fraction(2, 5):
            return (text if "." in text or "e" in text else text + ".0") + "f"
    raise AssertionError(value)


def operation(instruction: Instruction, operands: Sequence[Text]) -> Text:
    op = instruction.op
    if op == "const":
        return Text(f"broadcast_f({float_literal(instruction.value)})")
    if op == "iconst":
        return Text(f"broadcast_i({int(instruction.value)})")
    if op in DRAWS:
        return Text(f"load({_draw_name(instruction)} + (index - chunk))")
    if op == "surrogate":
        return Text(f"surrogate_derivative(args.surrogate, {operands[0].text})")
    return Text(f"{_CALLS.get(op, op)}({', '.join(operand.text for operand in operands)})")


def _draw_name(instruction: Instruction) -> str:
    return f"draw_{int(instruction.value)}_data"


def _draws(program: Program, read: set[int]) -> tuple[list[str], list[str]]:
    """Lines before the loops, and those that make the draws of a chunk of neurons.

    Takes from ``read`` what is read as the mean of a draw alone.
    """
    drawing = [i for i in program.instructions if i.op in DRAWS]
    means = sorted({i.operands[0] for i in drawing if i.op == "poisson"})
    read -= set(means) - {operand for i in program.instructions if i.op not in DRAWS for operand in i.operands}
    before = [f"    alignas(64) float {_draw_name(i)}[draw_chunk];" for i in drawing]
    chunk = []
    for i in drawing:
        table = f", args.poisson[{means.index(i.operands[0])}]" if i.op == "poisson" else ""
        chunk.append(f"        draw_{i.op}(args.draws, {int(i.value)}{table}, chunk, chunk_end, {_draw_name(i)});")
    return before, chunk


def _constants(program: Program, read: Iterable[int], count: int, held: bool = False) -> tuple[list[str], list[str]]:
    """Lines before the loop and inside it that load the constants in use.

    ``held``: the step is a template over whether all floats are shared (then they stay in registers), and over whether sums
    are integers. Ints, which a step reads once, are read where they are.
    """
    before, inside = [], []
    for register in sorted(r for r in read if r < count):
        name, type = program.inputs[register]
        before.append(f"    const auto {name}_data = constant<{_MEMORY[type]}>(args, {register});")
        if held and type == "float":
            before.append(f"    const F {name}_shared = {name}_data.at(0);")
            inside.append(f"        const F {name} = shared ? {name}_shared : {name}_data.at(index);")
        else:
            inside.append(f"        const {LANES[type]} {name} = {name}_data.at(index);")
    return before, inside


def _loop(
    name: str, args: str, before: list[str], inside: list[str], held: bool = False, chunk: Sequence[str] = ()
) -> list[str]:
    """A function over neurons; with lines for a chunk of them, those come before the neurons of each chunk."""
    head = [
        *(["template <bool shared, bool integers>"] if held else []),
        f"inline void {name}(const {args}& args, uint32_t begin, uint32_t end) {{",
        *before,
    ]
    if not chunk:
        return [*head, "    for (uint32_t index = begin; index < end; index += 16) {", *inside, "    }", "}", ""]
    return [
        *head,
        "    for (uint32_t chunk = begin; chunk < end; chunk += draw_chunk) {",
        "        const uint32_t chunk_end = end - chunk < draw_chunk ? end : chunk + draw_chunk;",
        *chunk,
        "        for (uint32_t index = chunk; index < chunk_end; index += 16) {",
        *(f"    {line}" for line in inside),
        "        }",
        "    }",
        "}",
        "",
    ]


def _pointer(name: str, type: str, source: str, constant: bool) -> str:
    const = "const " if constant else ""
    return f"    {const}{_MEMORY[type]}* const {name} = static_cast<{const}{_MEMORY[type]}*>({source});"


def _summands(program: Program, receptors: Iterable[int]) -> dict[int, Instruction]:
    """The receptors that are read once, by an addition, and which; an addition of two of them counts for one."""
    uses = Counter(operand for instruction in program.instructions for operand in instruction.operands)
    once = {receptor for receptor in receptors if uses[receptor] == 1}
    found: dict[int, Instruction] = {}
    for instruction in program.instructions:
        if instruction.op == "add":
            found.update(dict.fromkeys([o for o in instruction.operands if o in once][:1], instruction))
    return found


def _adding(summands: Mapping[int, Instruction]) -> Callable[[Instruction, Sequence[Text]], Text]:
    """How operations are printed where sums of receptors are added as they come."""

    def written(instruction: Instruction, operands: Sequence[Text]) -> Text:
        places = [place for place in range(len(operands)) if summands.get(instruction.operands[place]) is instruction]
        if not places:
            return operation(instruction, operands)
        sum, other = operands[places[0]].text, operands[1 - places[0]].text
        return Text(f"{sum}_sum.add_to({other}, {sum})")

    return written


def _step(
    definition: Definition,
    programs: NeuronPrograms,
    ending: str,
    taped: bool = False,
    held: bool = False,
    counters: bool = True,
) -> list[str]:
    """``counters`` false: whole numbers among the states are neither read nor written."""
    program = programs.step
    spiking = programs.step_spike >= 0
    tape = programs.tape if taped else ()
    outputs = [*programs.step_states, *([programs.step_spike] if spiking else []), *(t.register for t in tape)]
    first_state = len(program.inputs) - len(definition.states)
    first_receptor = first_state - len(definition.receptors)
    summands = _summands(program, range(first_receptor, first_state)) if held else {}
    statements, text, read = cut(program, outputs, _adding(summands))
    draws, chunk = _draws(program, read)
    before, inside = _constants(program, read, first_receptor, held)
    before += draws
    for index, receptor in enumerate(definition.receptors):
        is_read = first_receptor + index in read
        if held and receptor.name in definition.without:
            continue
        if held:  # integers are taken away, read or not
            before.append(f"    const auto {receptor.name}_sum = receptor<integers>(args, {index});")
            taken = f"{receptor.name}_sum.take(index)"
            if is_read and first_receptor + index not in summands:
                taken = f"{receptor.name}_sum.value({taken})"
            inside.append(f"        const F {receptor.name} = {taken};" if is_read else f"        {taken};")
        elif is_read:
            before.append(f"    const float* const {receptor.name}_data = args.receptors[{index}];")
            inside.append(f"        const F {receptor.name} = load({receptor.name}_data + index);")
    for index, state in enumerate(definition.states):
        if state.type == "int" and not counters:
            continue
        before.append(_pointer(f"{state.name}_data", state.type, f"args.states[{index}]", constant=False))
        if first_state + index in read:
            inside.append(f"        const {LANES[state.type]} {state.name} = load({state.name}_data + index);")
    inside += [f"        const {LANES[s.type]} {s.name} = {s.text};" for s in statements]
    for index, entry in enumerate(tape):
        before.append(_pointer(f"{entry.name}_tape", entry.type, f"args.tape[{index}]", constant=False))
        inside.append(f"        store({entry.name}_tape + index, {text(entry.register)});")
    for state, register in zip(definition.states, programs.step_states, strict=True):
        if state.type == "int" and not counters:
            continue
        value = f"flush({text(register)})" if state.type == "float" else text(register)
        inside.append(f"        store({state.name}_data + index, {value});")
    if spiking:
        spike = text(programs.step_spike)
        fired = spike if program.type_of(programs.step_spike) == "bool" else f"lt(broadcast_f(0.0f), {spike})"
        inside.append(f"        args.spikes[index / 16] = mask_bits({fired});")
    return _loop(f"{definition.name}_{ending}", "NeuronStepArgs", before, inside, held, chunk)


def _span(definition: Definition, programs: NeuronPrograms, name: str) -> list[str]:
    """A class for cpu/kernels_spans.h: the step of 16 neurons whose states stay in registers, for shared floats."""
    first_state = len(programs.step.inputs) - len(definition.states)
    first_receptor = first_state - len(definition.receptors)
    types = {state.name: state.type for state in definition.states}
    constants: dict[str, str] = {}  # member: its value
    members: dict[str, str] = {}

    def body(program: Program, outputs: Sequence[int | None], spike: int) -> list[str]:
        summands = _summands(program, range(first_receptor, first_state))
        wanted = [output for output in outputs if output is not None]
        statements, text, read = cut(program, [*wanted, spike], _adding(summands))
        inside = []
        for register in sorted(r for r in read if r < first_receptor):
            constant, type = program.inputs[register]
            if type == "float":
                members[constant] = f"const F {constant};"
                constants[constant] = f"constant<float>(args, {register}).at(0)"
            else:
                members[f"{constant}_data"] = f"const Constant<int32_t> {constant}_data;"
                constants[f"{constant}_data"] = f"constant<int32_t>(args, {register})"
                inside.append(f"const I {constant} = {constant}_data.at(index);")
        for index, receptor in enumerate(definition.receptors):
            if first_receptor + index not in read:
                continue
            members[f"{receptor.name}_scale"] = f"const F {receptor.name}_scale;"
            constants[f"{receptor.name}_scale"] = f"broadcast_f(args.receptor_scales[{index}])"
            inside.append(f"const DueSum {receptor.name}_sum{{sums[{index}], {receptor.name}_scale}};")
            taken = f"{receptor.name}_sum.take()"
            if first_receptor + index not in summands:
                taken = f"{receptor.name}_sum.value({taken})"
            inside.append(f"const F {receptor.name} = {taken};")
        for index, (state, type) in enumerate(types.items()):
            if first_state + index in read:
                inside.append(f"const {LANES[type]} {state} = before.{state};")
        inside += [f"const {LANES[s.type]} {s.name} = {s.text};" for s in statements]
        for (state, type), output in zip(types.items(), outputs, strict=True):
            if output is not None:
                inside.append(f"after.{state} = {f'flush({text(output)})' if type == 'float' else text(output)};")
        fired = text(spike)
        inside.append(f"return {fired if program.type_of(spike) == 'bool' else f'lt(broadcast_f(0.0f), {fired})'};")
        return inside

    def all_of(conditions: Sequence[str]) -> str:
        joined = conditions[0]
        for condition in conditions[1:]:
            joined = f"and_({joined}, {condition})"
        return joined

    calms = calm_steps(definition, programs)
    steps = [body(programs.step, programs.step_states, programs.step_spike)]
    steps += [body(step.program, step.outputs, step.spike) for step in calms]
    zero = [
        all_of(
            [
                f"eq(state.{state}, {'broadcast_i(0)' if type == 'int' else 'broadcast_f(0.0f)'})"
                for (state, type), output in zip(types.items(), step.outputs, strict=True)
                if output is None
            ]
            or ["mask_from_bits(0xffff)"]
        )
        for step in calms
    ]
    for state, type in types.items():
        members[f"{state}_data"] = f"{_MEMORY[type]}* const {state}_data;"
        constants[f"{state}_data"] = f"static_cast<{_MEMORY[type]}*>(args.states[{list(types).index(state)}])"
    same = [
        f"eq(bits_of(a.{state}), bits_of(b.{state}))" if type == "float" else f"eq(a.{state}, b.{state})"
        for state, type in types.items()
    ]
    numbers = range(len(definition.receptors) - len(definition.without))
    silent = "".join(f"{{{', '.join(str(int(r in step.silent)) for r in numbers)}}}, " for step in calms)
    lines = [
        f"struct {name} {{",
        f"    static constexpr uint32_t receptor_count = {len(numbers)}, calm_count = {len(calms)};",
        "    // By calm step: the receptors at which nothing may arrive.",
        f"    static constexpr bool silent[calm_count + 1][receptor_count] = {{{silent}{{}}}};",
        f"    struct State {{ {' '.join(f'{LANES[type]} {state};' for state, type in types.items())} }};",
        f"    explicit {name}(const NeuronStepArgs& args)",
        f"        : {', '.join(f'{member}({constants[member]})' for member in members)} {{}}",
        "    State state_at(uint32_t index) const {",
        f"        return {{{', '.join(f'load({state}_data + index)' for state in types)}}};",
        "    }",
        "    void keep(uint32_t index, const State& state) const {",
        *(f"        store({state}_data + index, state.{state});" for state in types),
        "    }",
        f"    static M same(const State& a, const State& b) {{ return {all_of(same)}; }}",
        "    // Which lanes a calm step fits; it gives their states where it does not say that they spike.",
        "    template <uint32_t number>",
        "    static M is_calm([[maybe_unused]] const State& state) {",
        *(f"        if constexpr (number == {i}) return {condition};" for i, condition in enumerate(zero)),
        "        return mask_from_bits(0);",
        "    }",
    ]
    arguments = (
        "[[maybe_unused]] uint32_t index, [[maybe_unused]] const int32_t (*sums)[16], const State& before, State& after"
    )
    lines += [
        f"    SNN_ALWAYS_INLINE M step({arguments}) const {{",
        *(f"        {line}" for line in steps[0]),
        "    }",
    ]
    if calms:
        lines += [
            "    template <uint32_t number>",
            f"    SNN_ALWAYS_INLINE M calm_step({arguments}) const {{",
        ]
        for number, inside in enumerate(steps[1:]):
            lines += [
                f"        if constexpr (number == {number}) {{",
                *(f"            {line}" for line in inside),
                "        }",
            ]
        lines += ["    }", "    // Those states that a calm step changes.", "    template <uint32_t number>"]
        lines.append("    SNN_ALWAYS_INLINE static void take(State& to, const State& from) {")
        for number, step in enumerate(calms):
            changed = [state for state, output in zip(types, step.outputs, strict=True) if output is not None]
            lines.append(f"        if constexpr (number == {number}) {{")
            lines += [*(f"            to.{state} = from.{state};" for state in changed), "        }"]
        lines.append("    }")
    return [*lines, *(f"    {member}" for member in members.values()), "};", ""]


def _adjoint(
    definition: Definition,
    programs: NeuronPrograms,
    ending: str,
    tape: Sequence[TapeEntry],
    constants: Mapping[int, int] = MappingProxyType({}),
) -> list[str]:
    """``tape``: all that the adjoint has among its inputs. ``constants``: place and register of those with gradients."""
    program = programs.adjoint
    outputs = [*programs.adjoint_states, *programs.adjoint_receptors, *constants.values()]
    statements, text, read = cut(program, outputs, operation)
    count = len(program.inputs) - 1 - len(definition.states) - len(tape)
    before, inside = _constants(program, read, count)
    for index, entry in enumerate(tape):
        if count + index not in read:
            continue
        before.append(_pointer(f"{entry.name}_tape", entry.type, f"args.tape[{index}]", constant=True))
        inside.append(f"        const {LANES[entry.type]} {entry.name} = load({entry.name}_tape + index);")
    for index, state in enumerate(definition.states):
        register = count + len(tape) + index
        if state.type == "float":
            before.append(f"    float* const grad_{state.name}_data = args.state_gradients[{index}];")
        if register in read:
            inside.append(f"        const F {program.inputs[register][0]} = load(grad_{state.name}_data + index);")
    if len(program.inputs) - 1 in read:
        inside.append("        const F grad_spike = load(args.spike_gradient + index);")
    inside += [f"        const {LANES[s.type]} {s.name} = {s.text};" for s in statements]
    for state, register in zip(definition.states, programs.adjoint_states, strict=True):
        if state.type == "float":
            inside.append(f"        store(grad_{state.name}_data + index, {text(register)});")
    for index, register in enumerate(programs.adjoint_receptors):
        inside.append(f"        store(args.receptor_gradients[{index}] + index, {text(register)});")
    for index, (place, register) in enumerate(constants.items()):
        sums = f"{program.inputs[place][0]}_sums"
        before.append(f"    float* const {sums} = args.constant_gradients[{index}];")
        inside.append(f"        if ({sums}) store({sums} + index, add(load({sums} + index), {text(register)}));")
    return _loop(f"{definition.name}_{ending}", "NeuronAdjointArgs", before, inside)


def _surrogate(definition: Definition, programs: SurrogatePrograms, kind: int) -> list[str]:
    program, output = programs.derivative, programs.derivative_output
    statements, text, read = cut(program, [output], operation)
    lines = [f"        case {kind}: {{  // {definition.name}"]
    for index, parameter in enumerate(definition.parameters):
        if index in read:
            lines.append(f"            const F {parameter.name} = broadcast_f(surrogate.parameters[{index}]);")
    lines += [f"            const {LANES[s.type]} {s.name} = {s.text};" for s in statements]
    return [*lines, f"            return {text(output)};", "        }"]


def _surrogates(surrogates: Sequence[tuple[Definition, SurrogatePrograms]]) -> list[str]:
    """The function of all derivatives, by kind."""
    inside: list[str] = []
    called: list[str] = []
    for kind, (definition, programs) in enumerate(surrogates):
        (inside if definition.name in INLINE_SURROGATES else called).extend(_surrogate(definition, programs, kind))

    def function(head: str, cases: list[str], otherwise: str) -> list[str]:
        head = f"{head}(const SurrogateArgs& surrogate, F x) {{"
        return [head, "    switch (surrogate.kind) {", *cases, "        default:", otherwise, "    }", "}", ""]

    zero = "            return broadcast_f(0.0f);"
    if not called:
        return function("inline F surrogate_derivative", inside, zero)
    return [
        *function("SNN_NO_INLINE inline F other_surrogate_derivative", called, zero),
        *function(
            "inline F surrogate_derivative", inside, "            return other_surrogate_derivative(surrogate, x);"
        ),
    ]


def kernels_source(
    neurons: Sequence[tuple[Definition, NeuronPrograms]], surrogates: Sequence[tuple[Definition, SurrogatePrograms]]
) -> str:
    """``model_kernels.inl``: the built-in models, in alphabetical order as given."""
    lines = [_PRELUDE, *_surrogates(surrogates)]
    rows = []
    for definition, programs in neurons:
        lines.append(f"// {definition.title}")
        name = definition.name
        lines += _step(definition, programs, "step")
        # Without states and receptors there is nothing for gradients to go to.
        taped, adjoint = (
            f"{name}_step_taped",
            f"{name}_adjoint" if definition.states or definition.receptors else "nullptr",
        )
        if len(programs.adjoint.instructions) > LARGEST_ADJOINT:
            taped = adjoint = "nullptr"
        if taped != "nullptr":
            lines += _step(definition, programs, "step_taped", taped=True)
        if adjoint != "nullptr":
            lines += _adjoint(definition, programs, "adjoint", programs.tape)
        steps: list[str] = []
        for number, choices in enumerate(definition.specialised):
            special_programs = specialised(definition, programs, choices)
            if len(special_programs.step.instructions) > LARGEST_SPECIALISED_STEP:
                continue
            lines += _step(definition, special_programs, f"step_{number}", held=True)
            positions = ", ".join(str(o.choices.index(choices[o.name])) for o in definition.options)
            lines.append(f"inline constexpr int32_t {name}_choices_{number}[] = {{{positions}}};")
            functions = [f"{name}_step_{number}<{held}>" for held in ("false, false", "true, false", "true, true")]
            spans = ["nullptr", "nullptr"]
            if len(special_programs.step.instructions) > LARGEST_INTEGER_STEP:
                functions[2] = "nullptr"
            if len(special_programs.step.instructions) <= LARGEST_SPAN_STEP and stays_in_registers(
                definition, special_programs
            ):
                lines += _span(definition, special_programs, f"{name}_span_{number}")
                spans = [f"{function}<{name}_span_{number}>" for function in ("step_span", "list_resting")]
            functions += spans
            steps.append(f"{{{name}_choices_{number}, {len(definition.without)}, {', '.join(functions)}}}")
        if steps:
            lines.append(f"inline constexpr SpecialisedStep {name}_specialised[] = {{{', '.join(steps)}}};")
        special = f"{name}_specialised, {len(steps)}" if steps else "nullptr, 0"
        trainings: list[str] = []
        for choices, learning in itertools.product(definition.trained, (False, True)):
            if learning and definition.drive:
                continue  # few train a background, and fewer its neurons' parameters
            found = training(definition, programs, choices, learning=learning)
            if found is None:
                continue
            number = len(trainings)
            tape = joined(programs)[0].tape if learning else programs.tape
            lines += _step(definition, found.programs, f"training_step_{number}", taped=True, counters=False)
            lines += _adjoint(definition, found.programs, f"training_adjoint_{number}", tape, found.constants)
            listed = {"choices": found.choices, "zeros": (*found.zeros, -1), "tape": (*found.tape, -1)}
            if learning:
                listed["constants"] = (*found.constants, -1)
            for field, values in listed.items():
                numbers = ", ".join(map(str, values))
                lines.append(f"inline constexpr int32_t {name}_training_{field}_{number}[] = {{{numbers}}};")
            fields = [f"{name}_training_{field}_{number}" for field in listed]
            kernels = f"{name}_training_step_{number}, {name}_training_adjoint_{number}"
            trainings.append(f"{{{', '.join(fields)}{'' if learning else ', nullptr'}, {kernels}}}")
        if trainings:
            lines.append(f"inline constexpr TrainingKernels {name}_trained[] = {{{', '.join(trainings)}}};")
        trained = f"{name}_trained, {len(trainings)}" if trainings else "nullptr, 0"
        rows.append(f'    {{"{name}", {name}_step, {taped}, {adjoint}, {special}, {trained}}},')
    lines += [
        "// In alphabetical order of names. Beside vector kernels scalar ones are there to be small: models are interpreted.",
        "#ifdef SNN_INTERPRETED_MODELS",
        "inline constexpr const CompiledModel* compiled_models = nullptr;",
        "inline constexpr uint32_t compiled_model_count = 0;",
        "#else",
        "inline constexpr CompiledModel compiled_models[] = {",
        *rows,
        "};",
        "inline constexpr uint32_t compiled_model_count = sizeof(compiled_models) / sizeof(compiled_models[0]);",
        "#endif",
        "",
    ]
    return "\n".join(lines)
