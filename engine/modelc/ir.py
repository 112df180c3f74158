"""The tree between language and targets: a graph of typed operations, and programs in registers taken from it.

A `Graph` holds every node of one definition once (equal operations on equal operands are the same node, which keeps bits
because every operation is a pure function). A `Program` is the part of a graph that some outputs need, numbered as
``docs/model-format.md`` says: inputs first, then one register for each operation, in the order they were written.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .names import UniqueNames

# op: (operand types, result type); "T" is any one type.
SIGNATURES: dict[str, tuple[tuple[str, ...], str]] = {
    **dict.fromkeys(("add", "sub", "mul", "div", "min", "max"), (("float", "float"), "float")),
    **dict.fromkeys(("neg", "abs", "floor", "exp", "reciprocal", "log", "sqrt"), (("float",), "float")),
    **dict.fromkeys(("atan", "tanh", "surrogate"), (("float",), "float")),
    **dict.fromkeys(("iadd", "isub", "imul", "imin", "imax"), (("int", "int"), "int")),
    **dict.fromkeys(("lt", "le", "eq"), (("float", "float"), "bool")),
    **dict.fromkeys(("ilt", "ile", "ieq"), (("int", "int"), "bool")),
    **dict.fromkeys(("and", "or"), (("bool", "bool"), "bool")),
    "not": (("bool",), "bool"),
    "select": (("bool", "T", "T"), "T"),
    "to_float": (("int",), "float"),
    "to_int": (("float",), "int"),
    "spike": (("float", "int"), "float"),
    # Only inside the compiler: the value of x, without its gradient where the flag is true. Printed as x.
    "detach": (("float", "bool"), "float"),
}
# op: operand types; all give a float and carry the number of the draw as their value. Two draws are never the same value.
DRAWS: dict[str, tuple[str, ...]] = {"uniform": (), "normal": (), "poisson": ("float",)}


@dataclass(eq=False, frozen=True)
class Node:
    """One value: an input, a constant (op "const" or "iconst"), a random draw or the result of an operation."""

    id: int
    op: str
    args: tuple[Node, ...]
    type: str
    value: float = 0.0
    name: str = ""  # of an input


@dataclass
class Graph:
    """All values of one definition, in the order they were written."""

    nodes: list[Node] = field(default_factory=list)
    names: UniqueNames = field(default_factory=UniqueNames)
    labels: dict[Node, str] = field(default_factory=dict)  # unique readable names of some operations
    draw_count: int = 0
    _known: dict[tuple[object, ...], Node] = field(default_factory=dict)

    def input(self, name: str, type: str) -> Node:
        return self._add(Node(len(self.nodes), "input", (), type, name=self.names.unique(name)))

    def const(self, value: float) -> Node:
        return self._constant("const", float(value), "float")

    def iconst(self, value: int) -> Node:
        return self._constant("iconst", int(value), "int")

    def emit(self, op: str, *args: Node) -> Node:
        """The node for ``op`` of ``args``: a new one, or the one that computes the same already."""
        operand_types, result = SIGNATURES[op]
        types = tuple(arg.type for arg in args)
        if result == "T":
            result = types[-1]
            operand_types = tuple(result if t == "T" else t for t in operand_types)
        assert types == operand_types, f"{op}{types}"
        if op == "neg" and args[0].op == "const":
            return self.const(-args[0].value)
        if op == "not" and args[0].op == "not":
            return args[0].args[0]
        if op == "select" and args[1] is args[2]:
            return args[1]
        key = (op, *(arg.id for arg in args))
        if key not in self._known:
            self._known[key] = self._add(Node(len(self.nodes), op, args, result))
        return self._known[key]

    def draw(self, op: str, *args: Node) -> Node:
        """Return a new random draw, with the next number."""
        assert tuple(arg.type for arg in args) == DRAWS[op], f"{op}{args}"
        node = self._add(Node(len(self.nodes), op, args, "float", value=self.draw_count))
        self.draw_count += 1
        return node

    def label(self, node: Node, wish: str) -> None:
        """Give an operation a readable name; the first name stays."""
        if node.op not in ("input", "const", "iconst") and node not in self.labels:
            self.labels[node] = self.names.unique(wish)

    def _constant(self, op: str, value: float, type: str) -> Node:
        key = (op, value, math.copysign(1.0, value))
        if key not in self._known:
            self._known[key] = self._add(Node(len(self.nodes), op, (), type, value=value))
        return self._known[key]

    def _add(self, node: Node) -> Node:
        self.nodes.append(node)
        return node


def reachable(roots: Iterable[Node], stop: Iterable[Node] = ()) -> set[Node]:
    """The nodes that ``roots`` are computed from, themselves included, without looking behind ``stop``."""
    seen: set[Node] = set()
    border = set(stop)
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            if node not in border:
                stack.extend(node.args)
    return seen


@dataclass(frozen=True)
class Instruction:
    """One operation on registers. ``value`` belongs to const and iconst, and is the number of a draw."""

    op: str
    operands: tuple[int, ...]
    type: str
    value: float = 0.0


@dataclass(frozen=True)
class Program:
    """Operations in single-assignment form; register r is input r, or instruction r - len(inputs)."""

    inputs: tuple[tuple[str, str], ...]  # name, type
    instructions: tuple[Instruction, ...]
    labels: Mapping[int, str]  # readable names of some instructions' registers
    registers: Mapping[Node, int] = field(repr=False)

    def type_of(self, register: int) -> str:
        count = len(self.inputs)
        return self.inputs[register][1] if register < count else self.instructions[register - count].type


def extract(graph: Graph, inputs: Sequence[Node], roots: Iterable[Node]) -> Program:
    """The program that computes ``roots`` from ``inputs`` (any nodes: what lies behind them is left out)."""
    registers = {node: index for index, node in enumerate(inputs)}
    listed = [(node.name or graph.labels.get(node, ""), node.type) for node in inputs]
    instructions: list[Instruction] = []
    labels: dict[int, str] = {}
    known: dict[tuple[object, ...], int] = {}
    for node in sorted(reachable(roots, inputs), key=lambda node: node.id):
        if node in registers:
            continue
        assert node.op != "input", f"'{node.name}' is not an input of this program"
        operands = tuple(registers[arg] for arg in node.args)
        if node.op == "detach":
            registers[node] = operands[0]
        else:
            key = (node.op, node.value, math.copysign(1.0, node.value), *operands)
            if key not in known:
                known[key] = len(inputs) + len(instructions)
                instructions.append(Instruction(node.op, operands, node.type, node.value))
            registers[node] = known[key]
        register = registers[node]
        if node in graph.labels and register >= len(inputs):
            labels.setdefault(register, graph.labels[node])
    return _without_dead(Program(tuple(listed), tuple(instructions), labels, registers), roots)


def _without_dead(program: Program, roots: Iterable[Node]) -> Program:
    """Drop what only a detach flag needed, and number again."""
    count = len(program.inputs)
    live = {program.registers[root] for root in roots}
    for index in range(len(program.instructions) - 1, -1, -1):
        if index + count in live:
            live.update(program.instructions[index].operands)
    renumbered = {register: register for register in range(count)}
    instructions: list[Instruction] = []
    for index, instruction in enumerate(program.instructions):
        if index + count in live:
            renumbered[index + count] = count + len(instructions)
            operands = tuple(renumbered[operand] for operand in instruction.operands)
            instructions.append(Instruction(instruction.op, operands, instruction.type, instruction.value))
    labels = {renumbered[r]: name for r, name in program.labels.items() if r in renumbered}
    registers = {node: renumbered[r] for node, r in program.registers.items() if r in renumbered}
    return Program(program.inputs, tuple(instructions), labels, registers)
