"""From a definition to checked programs: the graph of a model, its adjoint, its tape."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from dataclasses import dataclass

from . import autodiff, evaluate, lower, parsing, tape, units
from .definition import Definition
from .errors import ModelBoundsError, ModelError, ModelLanguageError, ModelNameError, ModelUnitError
from .ir import DRAWS, Graph, Node, Program, extract
from .lower import Lowerer, ProgramLowerer, Value

MAX_OPS = 4096
MAX_TAPE = 64


@dataclass(frozen=True)
class TapeEntry:
    """One value that the step keeps for the adjoint."""

    name: str
    type: str
    register: int  # in the step


@dataclass(frozen=True)
class LearningPrograms:
    """What gives the gradients of parameters, with the registers of the outputs; -1 where there is no gradient.

    ``adjoint`` goes on where the plain one ends: its inputs are all registers of that one, and then what is taped besides.
    ``derive`` goes on from the constants to the parameters: its inputs are those of the plain one and then dL/d(each
    parameter), dL/d(each derived constant), as a step reads them.
    """

    tape: tuple[TapeEntry, ...]  # what is kept besides the plain tape
    adjoint: Program
    adjoint_constants: tuple[int, ...]  # parameters, options, derived
    derive: Program
    derive_parameters: tuple[int, ...]


@dataclass(frozen=True)
class NeuronPrograms:
    """The programs of a neuron model, with the registers of their outputs."""

    derived_types: tuple[str, ...]
    derive: Program
    derive_outputs: tuple[int, ...]
    step: Program
    step_states: tuple[int, ...]
    step_spike: int  # -1 when the model does not spike
    tape: tuple[TapeEntry, ...]
    adjoint: Program
    adjoint_states: tuple[int, ...]
    adjoint_receptors: tuple[int, ...]
    learning: LearningPrograms | None  # None: no parameter has a gradient


@dataclass(frozen=True)
class SurrogatePrograms:
    """The two programs of a surrogate; the argument x is the last input of both."""

    derivative: Program
    derivative_output: int
    smooth: Program
    smooth_output: int


def compile_neuron(definition: Definition) -> NeuronPrograms:
    derived_types, derive, derive_outputs = _derive(definition)
    graph = Graph()
    scope, constants = _constants(graph, definition)
    for (name, _), value in zip(definition.derived.items(), derived_types, strict=True):
        node = graph.input(name, value.type)
        constants.append(node)
        scope[name] = Value(node, value.unit)
    receptors = [graph.input(receptor.name, "float") for receptor in definition.receptors]
    states = [graph.input(state.name, state.type) for state in definition.states]
    for receptor, node in zip(definition.receptors, receptors, strict=True):
        scope[receptor.name] = Value(node, units.parse(receptor.unit))
    now = {s.name: Value(node, units.parse(s.unit)) for s, node in zip(definition.states, states, strict=True)}
    scope.update(now)

    if definition.drive:
        _add_drive(graph, definition, scope, constants)
    lowerer = ProgramLowerer(graph, lower.STEP, scope, definition.source, "step", now, constants)
    result = lowerer.run(definition.programs["step"])
    for node in list(graph.nodes):
        if node.op in DRAWS:
            graph.label(node, f"draw_{int(node.value)}")  # so that it can be taped
    place = definition.source.place("step")
    for state in definition.states:
        if state.name not in result.states:
            raise ModelLanguageError(f"{place}: no next.{state.name}; every state gets its next value")
    after = [result.states[state.name].node for state in definition.states]
    spike = result.emitted.node if result.emitted else None

    # The adjoint, as more nodes of the same graph.
    forward_count = len(graph.nodes)
    after_gradients = [graph.input(f"grad_{state.name}_after", "float") for state in definition.states]
    spike_gradient = graph.input("grad_spike", "float")
    seeds: dict[Node, list[Node]] = {}
    for node, gradient in zip(after, after_gradients, strict=True):
        if node.type == "float":
            seeds.setdefault(node, []).append(gradient)
    if spike:
        seeds.setdefault(spike, []).append(spike_gradient)
    gradients = autodiff.backward(graph, seeds, [*states, *receptors])
    zero = graph.const(0)
    state_gradients = [gradients.get(node, zero) for node in states]
    receptor_gradients = [gradients.get(node, zero) for node in receptors]
    roots = [*state_gradients, *receptor_gradients]
    free = {*after_gradients, spike_gradient}
    taped = tape.choose(graph, roots, forward_count, set(constants), free)
    for state, node in zip(definition.states, after, strict=True):
        graph.label(node, f"next_{state.name}")

    # The same with the constants as variables, for parameters that are learned. The other gradients are the same nodes.
    all_gradients = autodiff.backward(graph, seeds, [*states, *receptors, *constants])
    constant_gradients = [all_gradients.get(node) for node in constants]
    learning_roots = [node for node in constant_gradients if node]
    more_taped = tape.choose(graph, learning_roots, forward_count, {*constants, *taped}, free)

    outputs = [*after, *([spike] if spike else []), *taped, *more_taped]
    step = extract(graph, [*constants, *receptors, *states], outputs)
    adjoint = extract(graph, [*constants, *taped, *after_gradients, spike_gradient], roots)
    for name, program in (("derive", derive), ("step", step), ("adjoint", adjoint)):
        _check_size(definition, name, program)
    nodes_of_adjoint = {register: node for node, register in adjoint.registers.items()}
    learning_adjoint = extract(
        graph, [*(nodes_of_adjoint[register] for register in sorted(nodes_of_adjoint)), *more_taped], learning_roots
    )
    learning_derive, derive_parameters = _derive_gradients(definition, [bool(node) for node in constant_gradients])
    learning = LearningPrograms(
        tape=tuple(TapeEntry(node.name or graph.labels[node], node.type, step.registers[node]) for node in more_taped),
        adjoint=learning_adjoint,
        adjoint_constants=tuple(learning_adjoint.registers[node] if node else -1 for node in constant_gradients),
        derive=learning_derive,
        derive_parameters=derive_parameters,
    )
    if not spike and any(one.op == "surrogate" for p in (adjoint, learning_adjoint) for one in p.instructions):
        raise ModelLanguageError(
            f"{place}: spike(...) stands in a model that emits nothing and so has no surrogate derivative; "
            "emit(...) it, or write select(x > 0, 1, 0), which passes no gradient"
        )
    can_learn = (
        any(register >= 0 for register in derive_parameters)
        and len(taped) + len(more_taped) <= MAX_TAPE
        and len(adjoint.instructions) + len(learning_adjoint.instructions) <= MAX_OPS
        and len(learning_derive.instructions) <= MAX_OPS
    )
    return NeuronPrograms(
        derived_types=tuple(value.type for value in derived_types),
        derive=derive,
        derive_outputs=derive_outputs,
        step=step,
        step_states=tuple(step.registers[node] for node in after),
        step_spike=step.registers[spike] if spike else -1,
        tape=tuple(TapeEntry(node.name or graph.labels[node], node.type, step.registers[node]) for node in taped),
        adjoint=adjoint,
        adjoint_states=tuple(adjoint.registers[node] for node in state_gradients),
        adjoint_receptors=tuple(adjoint.registers[node] for node in receptor_gradients),
        learning=learning if can_learn else None,
    )


def _add_drive(graph: Graph, definition: Definition, scope: dict[str, Value], constants: list[Node]) -> None:
    """What the section [drive] adds to the receptors' sums before the program sees them."""
    lowerer = Lowerer(graph, lower.DRIVE, scope, constants=constants)
    driven: dict[str, Value] = {}
    for receptor, text in definition.drive.items():
        place = definition.source.place("drive", receptor)
        try:
            tree = parsing.parse(text.strip(), "eval")
            assert isinstance(tree, ast.Expression)
            driven[receptor] = lowerer.added(scope[receptor], tree.body, receptor)
        except SyntaxError as error:
            raise ModelLanguageError(f"{place}: '{text}' is not an expression: {error.msg}") from error
        except ModelError as error:
            raise type(error)(f"{place}: {error}") from error
        graph.label(driven[receptor].node, f"driven_{receptor}")
    scope.update(driven)


def compile_surrogate(definition: Definition) -> SurrogatePrograms:
    programs: list[Program] = []
    outputs: list[int] = []
    for section, place in (("derivative", lower.DERIVATIVE), ("smooth", lower.SMOOTH)):
        graph = Graph()
        scope, inputs = _constants(graph, definition)
        if "x" in scope:
            raise ModelNameError(f"{definition.source.place('parameters', 'x')}: x is the argument of the surrogate")
        x = graph.input("x", "float")
        scope["x"] = Value(x, units.parse("u"))
        lowerer = ProgramLowerer(graph, place, scope, definition.source, section)
        returned = lowerer.run(definition.programs[section]).returned
        if returned is None:
            raise ModelLanguageError(f"{definition.source.place(section)}: the last line must be 'return ...'")
        graph.label(returned.node, "result")
        program = extract(graph, [*inputs, x], [returned.node])
        _check_size(definition, section, program)
        programs.append(program)
        outputs.append(program.registers[returned.node])
    return SurrogatePrograms(programs[0], outputs[0], programs[1], outputs[1])


def _constants(graph: Graph, definition: Definition) -> tuple[dict[str, Value], list[Node]]:
    scope: dict[str, Value] = {}
    nodes: list[Node] = []
    for parameter in definition.parameters:
        nodes.append(graph.input(parameter.name, "float"))
        scope[parameter.name] = Value(nodes[-1], units.parse(parameter.unit))
    for option in definition.options:
        nodes.append(graph.input(option.name, "int"))
        scope[option.name] = Value(nodes[-1], option=option)
    return scope, nodes


def _derive(
    definition: Definition, more: Sequence[tuple[str, str, str, str]] = ()
) -> tuple[list[Value], Program, tuple[int, ...]]:
    """Compile ``[derived]``, and ``more`` expressions of (section, entry, text, unit) that nothing else can name."""
    graph, inputs, values = _lower_derived(definition, more)
    program = extract(graph, inputs, [value.node for value in values])
    outputs = tuple(program.registers[value.node] for value in values)
    _check_defaults(definition, program, outputs)
    return values, program, outputs


def _lower_derived(
    definition: Definition, more: Sequence[tuple[str, str, str, str]] = ()
) -> tuple[Graph, list[Node], list[Value]]:
    """The graph of ``[derived]`` and ``more``, its inputs (parameters, options, dt) and the values."""
    graph = Graph()
    scope, inputs = _constants(graph, definition)
    dt = Value(graph.input("dt", "float"), units.parse("ms"))
    inputs.append(dt.node)
    lowerer = Lowerer(graph, lower.DERIVED, {**scope, "dt": dt}, decay_dt=dt)
    values: list[Value] = []
    expressions = [("derived", name, text, "") for name, text in definition.derived.items()]
    for section, name, text, unit in [*expressions, *more]:
        place = definition.source.place(section, name)
        try:
            tree = parsing.parse(text.strip(), "eval")
            assert isinstance(tree, ast.Expression)
            value = lowerer.value(tree.body)
        except SyntaxError as error:
            raise ModelLanguageError(f"{place}: '{text}' is not an expression: {error.msg}") from error
        except ModelError as error:
            raise type(error)(f"{place}: {error}") from error
        if value.type == "bool":
            raise ModelLanguageError(f"{place}: is a condition; a derived constant is a float or an int")
        if unit and (value.type != "float" or value.unit not in (None, units.parse(unit))):
            raise ModelUnitError(f"{place}: '{text}' is not a float in {unit}")
        if value.unit is None:
            value = Value(value.node)
        values.append(value)
        if section == "derived":
            graph.label(value.node, name)
            lowerer.scope[name] = Value(value.node, value.unit)
    return graph, inputs, values


def _derive_gradients(definition: Definition, given: Sequence[bool]) -> tuple[Program, tuple[int, ...]]:
    """From dL/d(each parameter and derived constant, as the step reads it) to dL/d(each parameter), -1 where there is none.

    ``given``: whether the step gives a gradient of the constant; by parameters, options, derived.
    """
    graph, inputs, values = _lower_derived(definition)
    count = len(definition.parameters)
    parameters = inputs[:count]
    direct = [graph.input(f"grad_{node.name}", "float") for node in parameters]
    arriving = [graph.input(f"grad_{name}", "float") for name in definition.derived]
    seeds: dict[Node, list[Node]] = {}
    wanted = [*given[:count], *given[len(inputs) - 1 :]]
    for node, gradient, is_given in zip(
        [*parameters, *(value.node for value in values)], [*direct, *arriving], wanted, strict=True
    ):
        if is_given:
            seeds.setdefault(node, []).append(gradient)
    gradients = autodiff.backward(graph, seeds, parameters)
    roots = [gradients.get(node) for node in parameters]
    program = extract(graph, [*inputs, *direct, *arriving], [node for node in roots if node])
    return program, tuple(program.registers[node] if node else -1 for node in roots)


def _check_defaults(definition: Definition, program: Program, outputs: tuple[int, ...]) -> None:
    """Derived constants must be finite for the defaults and a step of 1 ms."""
    numbers = [p.default for p in definition.parameters]
    numbers += [o.choices.index(o.default) for o in definition.options]
    registers = evaluate.run(program, [*numbers, 1.0])
    for name, register in zip(definition.derived, outputs, strict=False):
        if not math.isfinite(registers[register]):
            place = definition.source.place("derived", name)
            raise ModelBoundsError(f"{place}: is {registers[register]} for the default parameters and dt = 1 ms")


def _check_size(definition: Definition, name: str, program: Program) -> None:
    if len(program.instructions) > MAX_OPS:
        place = definition.source.place("step" if name == "adjoint" else name)
        raise ModelBoundsError(
            f"{place}: {name} has {len(program.instructions)} operations; the format allows {MAX_OPS}"
        )


__all__ = [
    "LearningPrograms",
    "NeuronPrograms",
    "SurrogatePrograms",
    "TapeEntry",
    "compile_neuron",
    "compile_surrogate",
]
