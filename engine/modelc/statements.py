"""Cuts a program into readable statements, for the printers of source code.

A register gets a statement of its own when it has a name, is used more than once, is an output, or when its expression would
grow too long; everything else is written inside the expression that uses it. The order of operations is that of the op list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .ir import Instruction, Program

MAX_EXPRESSION = 100  # characters


@dataclass(frozen=True)
class Text:
    """An expression in a target language. ``strength`` orders operators: larger binds tighter."""

    text: str
    strength: int = 100


@dataclass(frozen=True)
class Statement:
    """One assignment in a target language."""

    name: str
    type: str
    text: str


def cut(
    program: Program,
    outputs: Iterable[int],
    operation: Callable[[Instruction, Sequence[Text]], Text],
) -> tuple[list[Statement], Callable[[int], str], set[int]]:
    """Statements, the text that reads a register, and the inputs that are read.

    ``operation`` prints one instruction given its operands' texts.
    """
    count = len(program.inputs)
    kept = set(outputs)
    uses = Counter(operand for instruction in program.instructions for operand in instruction.operands)
    texts: dict[int, Text] = {register: Text(name) for register, (name, _) in enumerate(program.inputs)}
    statements: list[Statement] = []
    temporaries = 0
    for index, instruction in enumerate(program.instructions):
        register = index + count
        written = operation(instruction, [texts[operand] for operand in instruction.operands])
        constant = instruction.op in ("const", "iconst")
        label = program.labels.get(register)
        if not constant and (label or uses[register] > 1 or register in kept or len(written.text) > MAX_EXPRESSION):
            if not label:
                temporaries += 1
                label = f"t_{temporaries}"
            statements.append(Statement(label, instruction.type, written.text))
            written = Text(label)
        texts[register] = written
    read = {r for r in range(count) if uses[r] or r in kept}
    return statements, lambda register: texts[register].text, read
