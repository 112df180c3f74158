"""Neurons of a population as ONNX operations: their model's op list, without what options and initial states decide."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn.engine.errors import UnsupportedError
from snn.engine.modelc import read_oplist
from snn.engine.modelc.ir import DRAWS, Program
from snn.engine.modelc.specialise import specialise
from snn.neurons import Neuron
from snn.onnx._graph import FLOAT, Graph
from snn.population import Population

__all__ = ["Neurons", "State", "Step", "step_of"]

Values = NDArray[Any]


@dataclass(frozen=True)
class State:
    """A state of a population, and where its step has it."""

    name: str
    type: str
    initial: Values  # 1 value, or one for each neuron
    before: int  # registers
    after: int


@dataclass(frozen=True)
class Step:
    """The step of one population.

    Attributes
    ----------
    program : Program
        What is to be computed.
    constants : dict of int to array
        By register: 1 value, or one for each neuron; parameters, derived constants and states that never change.
    receptors : dict of int to str
        By register.
    states : list of State
        Those that change.
    steady : dict of str to array
        The others, by name: 1 value, or one for each neuron.
    fired : int
        Register of the condition that a neuron spikes, -1 for a model without spikes.
    """

    program: Program
    constants: Mapping[int, Values]
    receptors: Mapping[int, str]
    states: list[State]
    steady: Mapping[str, Values]
    fired: int


def step_of(population: Population, dt: float) -> Step:
    """Return the step of a population of neurons; raises UnsupportedError for a model that draws random numbers."""
    neurons = population.neurons
    assert isinstance(neurons, Neuron)
    document = json.loads(neurons.definition.native.json)
    program = read_oplist.step_program(document)
    if any(instruction.op in DRAWS for instruction in program.instructions):
        raise UnsupportedError(
            f"model {population.model!r} of population {population.name!r} draws random numbers, which an ONNX graph cannot"
        )
    constants = _constants(population, document, dt)
    first_state = len(program.inputs) - len(document["states"])
    first_receptor = first_state - len(document["receptors"])
    initial = [_initial(population, neurons, item) for item in document["states"]]
    known = {
        register: int(values[0])
        for register, values in enumerate(constants)
        if values.dtype == np.int32 and values.size == 1
    }
    # Counters that no step moves from where they begin are constants: a refractory time of 0. Take all of them to stay, then
    # give up those that do not.
    stays = [values.dtype == np.int32 and values.size == 1 for values in initial]
    outputs = document["step"]["states"]
    stored = [o for o, item in zip(outputs, document["states"], strict=True) if item["type"] == "float"]
    while True:
        counters = {first_state + s: int(initial[s][0]) for s, stay in enumerate(stays) if stay}
        folded, after, fired = specialise(
            program,
            outputs,
            known | counters,
            spike=document["step"]["spike"],
            stored=stored,
            finite=range(len(document["parameters"])),
        )
        moved = [s for s, stay in enumerate(stays) if stay and not _is_whole(folded, after[s], int(initial[s][0]))]
        if not moved:
            break
        for s in moved:
            stays[s] = False
    values = dict(enumerate(constants))
    states, steady = [], {}
    for s, item in enumerate(document["states"]):
        register = first_state + s
        if stays[s] or after[s] == register:
            values[register] = steady[item["name"]] = initial[s]
        else:
            states.append(State(item["name"], item["type"], initial[s], register, after[s]))
    receptors = {first_receptor + r: item["name"] for r, item in enumerate(document["receptors"])}
    return Step(folded, values, receptors, states, steady, fired)


def _is_whole(program: Program, register: int, value: int) -> bool:
    place = register - len(program.inputs)
    return place >= 0 and program.instructions[place].op == "iconst" and program.instructions[place].value == value


def _constants(population: Population, document: Mapping[str, Any], dt: float) -> list[Values]:
    """Return parameters, options and derived constants, in the order of the step's registers."""
    parameters = [np.ravel(value).astype(np.float64) for value in population.parameters.values()]
    options = [item["choices"].index(population.options[item["name"]]) for item in document["options"]]
    # One row of derived constants for each neuron, or one for all.
    rows = np.stack(np.broadcast_arrays(np.zeros(1), *parameters)[1:], axis=-1) if parameters else np.zeros((1, 0))
    derived = [read_oplist.derive(document, row.tolist(), options, dt) for row in rows]
    found = [values.astype(np.float32) for values in parameters]
    found += [np.array([option], np.int32) for option in options]
    for place, item in enumerate(document["derived"]):
        column = np.array([row[place] for row in derived])
        column = column[:1] if (column == column[0]).all() else column
        found.append(column.astype(np.int32 if item["type"] == "int" else np.float32))
    return found


def _initial(population: Population, neurons: Neuron, item: Mapping[str, Any]) -> Values:
    """Return a state at step 0: 1 value, or one for each neuron."""
    start = item["initial"]
    given: Any = neurons.initial.get(item["name"], population.parameters[start] if isinstance(start, str) else start)
    values = np.ravel(given)
    values = values[:1] if (values == values[0]).all() else values
    if item["type"] == "int":
        return np.rint(values).astype(np.int32)
    return values.astype(np.float32)


class Neurons:
    """The neurons of a population, step after step.

    Attributes
    ----------
    receptors : list of str
        Those that the step reads.
    values : dict of int to str
        By register of the step, a state as it is now: before the first step the caller's to fill in, for `states_read`.
    after : dict of str to list of str
        By state, (batch, size) after each step.
    """

    def __init__(self, graph: Graph, population: Population, step: Step, batch: int) -> None:
        self._graph, self._step = graph, step
        self._frame = (batch, population.size)
        self._read = {operand for instruction in step.program.instructions for operand in instruction.operands}
        self._read.update(state.after for state in step.states)
        self.receptors = [name for register, name in step.receptors.items() if register in self._read]
        self.values: dict[int, str] = {}
        self.after: dict[str, list[str]] = {state.name: [] for state in step.states}

    def states_read(self) -> Sequence[State]:
        """Return the states that a step depends on."""
        return [state for state in self._step.states if state.before in self._read]

    def step(self, sums: Mapping[str, str]) -> str:
        """Add a step, with the sums that arrived at the receptors ("" for nothing); returns the spikes, (batch, size)."""
        graph, step = self._graph, self._step
        registers: dict[int, str] = dict(self.values)
        whole = set(registers)  # those of (batch, size); others are one value, or one for each neuron
        for register, name in step.receptors.items():
            registers[register] = sums.get(name) or graph.scalar(0.0)
            if sums.get(name):
                whole.add(register)
        for register, values in step.constants.items():
            if register in self._read:
                registers[register] = graph.constant(values if values.size > 1 else values.reshape(()))
        for place, instruction in enumerate(step.program.instructions, len(step.program.inputs)):
            registers[place] = graph.instruction(instruction, [registers[operand] for operand in instruction.operands])
            if whole.intersection(instruction.operands):
                whole.add(place)

        def frame(register: int, value: str) -> str:
            return value if register in whole else graph.node("Expand", value, graph.whole(*self._frame))

        for state in step.states:
            self.values[state.before] = frame(state.after, registers[state.after])
            self.after[state.name].append(self.values[state.before])
        if step.fired < 0:
            return ""
        return frame(step.fired, graph.node("Cast", registers[step.fired], to=FLOAT))
