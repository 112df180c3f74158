"""The calm steps of a neuron model: what is left of its step as long as nothing spikes."""

from __future__ import annotations

from dataclasses import dataclass

from .compile import NeuronPrograms
from .definition import Definition
from .ir import DRAWS, Program
from .specialise import calm


def stays_in_registers(definition: Definition, programs: NeuronPrograms) -> bool:
    """Whether several steps may be made in registers: no step draws, and none can see the sign of a zero."""
    hidden = any(i.op in DRAWS or i.op in ("div", "reciprocal", "log") for i in programs.step.instructions)
    return programs.step_spike >= 0 and bool(definition.receptors) and not hidden


@dataclass(frozen=True)
class CalmStep:
    """A step where nothing spikes and counters are at 0 (`specialise.calm`)."""

    program: Program
    outputs: tuple[int | None, ...]  # by state; None: it is 0 and stays so
    spike: int  # the condition under which something would spike
    silent: frozenset[int]  # receptors at which nothing may arrive


def calm_steps(definition: Definition, programs: NeuronPrograms) -> list[CalmStep]:
    """Return the calm step of a specialised one, and the one where besides no current flows but the first receptor's.

    Both are left out where counters or currents do not stay at 0.
    """
    program = programs.step
    first_state = len(program.inputs) - len(definition.states)
    first_receptor = first_state - len(definition.receptors)
    receptors = set(range(first_receptor, first_state))
    counters = {first_state + i: 0 for i, state in enumerate(definition.states) if state.type == "int"}

    def step(zeros: set[int]) -> CalmStep | None:
        found = calm(program, programs.step_states, programs.step_spike, counters, zeros, range(first_receptor))
        if found is None:
            return None
        at_zero = [first_state + i in counters or first_state + i in zeros for i in range(len(definition.states))]
        if at_zero != [output is None for output in found[1]]:
            return None
        silent = frozenset(receptor - first_receptor for receptor in zeros & receptors)
        return CalmStep(found[0], tuple(found[1]), found[2], silent)

    steps = [step(set())]
    currents = [s for s in range(first_state, len(program.inputs)) if s not in counters and step({s, *receptors})]
    if len(currents) > 1:
        zeros = {*currents[1:], *receptors}
        for receptor in receptors:
            if step(zeros - {receptor}):
                zeros.discard(receptor)
        steps.append(step(zeros))
    return [found for found in steps if found] if steps[0] else []
