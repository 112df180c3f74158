"""The programs of a neuron model for one choice of its options: the step, and for training the taped step with its adjoint."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .compile import NeuronPrograms
from .definition import Definition
from .evaluate import OPERATIONS
from .ir import Instruction, Program
from .specialise import specialise


def known_derived(definition: Definition, programs: NeuronPrograms, known: Mapping[int, int]) -> dict[int, int]:
    """Derived whole numbers that the options alone decide, by register of a step."""
    values: dict[int, float] = dict(known)
    count = len(programs.derive.inputs)
    for register, instruction in enumerate(programs.derive.instructions, count):
        operands = instruction.operands
        if instruction.op in ("const", "iconst"):
            values[register] = instruction.value
        elif instruction.op == "select" and operands[0] in values:
            chosen = operands[1] if values[operands[0]] else operands[2]
            if chosen in values:
                values[register] = values[chosen]
        elif all(operand in values for operand in operands):
            values[register] = OPERATIONS[instruction.op](*(values[operand] for operand in operands))
    first = len(definition.parameters) + len(definition.options)
    return {
        first + i: int(values[register])
        for i, (register, type) in enumerate(zip(programs.derive_outputs, programs.derived_types, strict=True))
        if type == "int" and register in values
    }


def specialised(definition: Definition, programs: NeuronPrograms, choices: Mapping[str, str]) -> NeuronPrograms:
    """The step for one choice of all options."""
    first = len(definition.parameters)
    known = {first + i: o.choices.index(choices[o.name]) for i, o in enumerate(definition.options)}
    known |= known_derived(definition, programs, known)
    stored = [r for r, s in zip(programs.step_states, definition.states, strict=True) if s.type == "float"]
    first_state = len(programs.step.inputs) - len(definition.states)
    program, states, spike = specialise(
        programs.step,
        programs.step_states,
        known,
        spike=programs.step_spike,
        stored=stored,
        finite=range(first_state - len(definition.receptors)),
        zeros=range(first_state - len(definition.without), first_state),
    )
    return replace(programs, step=program, step_states=tuple(states), step_spike=spike)


@dataclass(frozen=True)
class Training:
    """A taped step and its adjoint for one choice of all options, of neurons whose counters are at 0 and stay there."""

    programs: NeuronPrograms
    choices: tuple[int, ...]  # by option; -1: any will do
    zeros: tuple[int, ...]  # derived whole numbers that have to be 0, by place among the constants
    tape: tuple[int, ...]  # which entries of the model's tape are kept, counting on into that of learning
    constants: dict[int, int]  # by place, those whose gradients the adjoint has, where parameters learn: its registers


def joined(programs: NeuronPrograms) -> tuple[NeuronPrograms, dict[int, int]]:
    """The programs with an adjoint that has gradients of constants too, and those by place: one program, one tape."""
    learning = programs.learning
    assert learning
    plain, more = programs.adjoint, learning.adjoint
    given = len(plain.inputs) - (len(programs.step_states) + 1)  # before the gradients that enter
    count, added = len(plain.inputs) + len(plain.instructions), len(learning.tape)

    def moved(register: int) -> int:
        if given <= register < count:
            return register + added
        return register - count + given if count <= register < count + added else register

    program = Program(
        (*plain.inputs[:given], *more.inputs[count:], *plain.inputs[given:]),
        tuple(
            Instruction(i.op, tuple(map(moved, i.operands)), i.type, i.value)
            for i in (*plain.instructions, *more.instructions)
        ),
        {moved(register): label for labels in (plain.labels, more.labels) for register, label in labels.items()},
        {},
    )
    whole = replace(
        programs,
        tape=(*programs.tape, *learning.tape),
        adjoint=program,
        adjoint_states=tuple(map(moved, programs.adjoint_states)),
        adjoint_receptors=tuple(map(moved, programs.adjoint_receptors)),
    )
    constants = {i: moved(register) for i, register in enumerate(learning.adjoint_constants) if register >= 0}
    return whole, constants


def _reaching(definition: Definition, programs: NeuronPrograms, options: Mapping[int, int]) -> set[int]:
    """The constants, by place, whose gradients reach a parameter under these options."""
    assert programs.learning
    derive = programs.learning.derive
    outputs = [register for register in programs.learning.derive_parameters if register >= 0]
    program, places, _ = specialise(derive, outputs, options, gradients=True)
    read = {operand for instruction in program.instructions for operand in instruction.operands} | set(places)
    parameters, first = len(definition.parameters), len(derive.inputs)
    constants = [
        *range(parameters),
        *range(parameters + len(options), parameters + len(options) + len(definition.derived)),
    ]
    return {
        place
        for place, gradient in zip(constants, range(first - len(constants), first), strict=True)
        if gradient in read
    }


def _without_say(
    definition: Definition, programs: NeuronPrograms, options: Mapping[int, int], unread: Sequence[int]
) -> list[int]:
    """Those of the unread options of which no choice, alone or with the others', lets more gradients reach a parameter."""
    reaching = _reaching(definition, programs, options)
    free: list[int] = []
    for register in unread:
        wider = [*free, register]
        counts = [len(definition.options[r - len(definition.parameters)].choices) for r in wider]
        combinations = itertools.product(*(range(count) for count in counts))
        others = ({**options, **dict(zip(wider, values, strict=True))} for values in combinations)
        if all(_reaching(definition, programs, other) <= reaching for other in others):
            free = wider
    return free


def training(
    definition: Definition, programs: NeuronPrograms, choices: Mapping[str, str], *, learning: bool = False
) -> Training | None:
    """None where a counter does not stay at 0.

    ``learning``: with the gradients of parameters; None where no parameter has one.
    """
    first = len(definition.parameters)
    options = {first + i: o.choices.index(choices[o.name]) for i, o in enumerate(definition.options)}
    decided = options | known_derived(definition, programs, options)
    gradients_of: dict[int, int] = {}
    if learning:
        if not programs.learning:
            return None
        reaching = _reaching(definition, programs, options)
        programs, gradients_of = joined(programs)
        gradients_of = {place: register for place, register in gradients_of.items() if place in reaching}
    first_derived = first + len(options)
    zeros = [
        first_derived + i
        for i, type in enumerate(programs.derived_types)
        if type == "int" and first_derived + i not in decided
    ]
    known = decided | dict.fromkeys(zeros, 0)
    first_state = len(programs.step.inputs) - len(definition.states)
    counters = {first_state + i: 0 for i, state in enumerate(definition.states) if state.type == "int"}
    floats = range(first)
    stored = [r for r, s in zip(programs.step_states, definition.states, strict=True) if s.type == "float"]
    adjoint_known = {
        first_derived + len(programs.derived_types) + i: 0
        for i, entry in enumerate(programs.tape)
        if entry.register in counters
    }
    adjoint, gradients, _ = specialise(
        programs.adjoint,
        [*programs.adjoint_states, *programs.adjoint_receptors, *gradients_of.values()],
        known | adjoint_known,
        gradients=True,
    )
    read = {operand for instruction in adjoint.instructions for operand in instruction.operands} | set(gradients)
    tape = tuple(i for i in range(len(programs.tape)) if first_derived + len(programs.derived_types) + i in read)
    if any(i in tape and entry.register in counters for i, entry in enumerate(programs.tape)):
        return None
    step, registers, spike = specialise(
        programs.step,
        [*programs.step_states, *(programs.tape[i].register for i in tape)],
        known | counters,
        spike=programs.step_spike,
        stored=stored,
        finite=floats,
    )
    states = registers[: len(definition.states)]
    for state, register in zip(definition.states, states, strict=True):
        if state.type != "int":
            continue
        made = step.instructions[register - len(step.inputs)] if register >= len(step.inputs) else None
        if made is None or made.op != "iconst" or made.value != 0:
            return None
    operands = {o for p in (programs.step, programs.adjoint) for i in p.instructions for o in i.operands}
    free = [register for register in options if register not in operands]
    if learning:
        free = _without_say(definition, programs, options, free)
    count, end = len(definition.states), len(definition.states) + len(definition.receptors)
    return Training(
        replace(
            programs,
            step=step,
            step_states=tuple(states),
            step_spike=spike,
            tape=tuple(
                replace(programs.tape[i], register=register)
                for i, register in zip(tape, registers[count:], strict=True)
            ),
            adjoint=adjoint,
            adjoint_states=tuple(gradients[:count]),
            adjoint_receptors=tuple(gradients[count:end]),
        ),
        tuple(-1 if register in free else value for register, value in options.items()),
        tuple(zeros),
        tape,
        {
            place: register
            for place, register in zip(gradients_of, gradients[end:], strict=True)
            if adjoint.instructions[register - len(adjoint.inputs)].op != "const"
        },
    )
