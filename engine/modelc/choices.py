"""The programs of a neuron model for one choice of its options: the step, and for training the taped step with its adjoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from .compile import NeuronPrograms
from .definition import Definition
from .evaluate import OPERATIONS
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
    program, states, spike = specialise(
        programs.step, programs.step_states, known, spike=programs.step_spike, stored=stored, finite=range(first)
    )
    return replace(programs, step=program, step_states=tuple(states), step_spike=spike)


@dataclass(frozen=True)
class Training:
    """A taped step and its adjoint for one choice of all options, of neurons whose counters are at 0 and stay there."""

    programs: NeuronPrograms
    choices: tuple[int, ...]  # by option; -1: neither program reads it
    zeros: tuple[int, ...]  # derived whole numbers that have to be 0, by place among the constants
    tape: tuple[int, ...]  # which entries of the model's tape are kept


def training(definition: Definition, programs: NeuronPrograms, choices: Mapping[str, str]) -> Training | None:
    """None where a counter does not stay at 0, or where there is nothing to leave out."""
    first = len(definition.parameters)
    options = {first + i: o.choices.index(choices[o.name]) for i, o in enumerate(definition.options)}
    decided = options | known_derived(definition, programs, options)
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
        [*programs.adjoint_states, *programs.adjoint_receptors],
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
    count = len(definition.states)
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
            adjoint_receptors=tuple(gradients[count:]),
        ),
        tuple(value if register in operands else -1 for register, value in options.items()),
        tuple(zeros),
        tape,
    )
