"""A step for one fixed choice of options: what depends on the options alone is decided by the compiler.

The general step computes both sides of every ``select`` over an option. A specialised one keeps the side that is chosen: the
same values through the same operations, so the same bits, with less work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .ir import Instruction, Program

_INT_TESTS = {"ieq": int.__eq__, "ilt": int.__lt__, "ile": int.__le__}


def specialise(program: Program, outputs: Sequence[int], known: Mapping[int, int]) -> tuple[Program, list[int]]:
    """Return the program without what ``known`` decides, and where its outputs are now.

    Parameters
    ----------
    program : Program
        Any program; its inputs stay where they are, read or not.
    outputs : sequence of int
        Registers that are wanted; none of type bool.
    known : mapping of int to int
        Values of some int inputs.
    """
    return _Folder(program, known).fold(outputs)


class _Folder:
    def __init__(self, program: Program, known: Mapping[int, int]) -> None:
        self.program = program
        self.count = len(program.inputs)
        self.values: dict[int, int | bool] = dict(known)  # of registers of the old program
        self.places = {register: register for register in range(self.count)}  # old register: new one
        self.instructions: list[Instruction] = []
        self.labels: dict[int, str] = {}

    def fold(self, outputs: Sequence[int]) -> tuple[Program, list[int]]:
        for index, instruction in enumerate(self.program.instructions):
            self._fold(index + self.count, instruction)
        return self._without_dead([self._place(register) for register in outputs])

    def _fold(self, register: int, instruction: Instruction) -> None:
        op, operands = instruction.op, instruction.operands
        values = [self.values.get(operand) for operand in operands]
        if op == "iconst":
            self.values[register] = int(instruction.value)
        elif op in _INT_TESTS and all(value is not None for value in values):
            self.values[register] = _INT_TESTS[op](*(int(value) for value in values if value is not None))
        elif op == "not" and values[0] is not None:
            self.values[register] = not values[0]
        elif op in ("and", "or") and values != [None, None]:
            known, other = (values[0], operands[1]) if values[0] is not None else (values[1], operands[0])
            if known is (op == "or"):
                self.values[register] = op == "or"
            else:
                self._alias(register, other)
        elif op == "select" and values[0] is not None:
            self._alias(register, operands[1] if values[0] else operands[2])
        elif op == "spike" and values[1] is not None:
            # 1 where x > 0, or x >= 0: the same comparison without the flag.
            zero = self._emit("const", (), "float", 0.0)
            one = self._emit("const", (), "float", 1.0)
            above = self._emit("le" if values[1] == 1 else "lt", (zero, self._place(operands[0])), "bool")
            self._keep(register, self._emit("select", (above, one, zero), "float"))
        else:
            places = tuple(self._place(operand) for operand in operands)
            self._keep(register, self._emit(op, places, instruction.type, instruction.value))

    def _emit(self, op: str, operands: tuple[int, ...], type: str, value: float = 0.0) -> int:
        self.instructions.append(Instruction(op, operands, type, value))
        return self.count + len(self.instructions) - 1

    def _keep(self, register: int, place: int) -> None:
        self.places[register] = place
        if register in self.program.labels:
            self.labels[place] = self.program.labels[register]

    def _alias(self, register: int, operand: int) -> None:
        if operand in self.values:
            self.values[register] = self.values[operand]
        else:
            self.places[register] = self.places[operand]

    def _place(self, register: int) -> int:
        if register not in self.places:
            value = self.values[register]
            assert not isinstance(value, bool), "a condition that is known decides what reads it"
            self.places[register] = self._emit("iconst", (), "int", value)
        return self.places[register]

    def _without_dead(self, outputs: list[int]) -> tuple[Program, list[int]]:
        live = set(outputs)
        for index in range(len(self.instructions) - 1, -1, -1):
            if index + self.count in live:
                live.update(self.instructions[index].operands)
        new = {register: register for register in range(self.count)}
        kept: list[Instruction] = []
        for index, instruction in enumerate(self.instructions):
            if index + self.count in live:
                new[index + self.count] = self.count + len(kept)
                operands = tuple(new[operand] for operand in instruction.operands)
                kept.append(Instruction(instruction.op, operands, instruction.type, instruction.value))
        labels = {new[place]: label for place, label in self.labels.items() if place in new}
        return Program(self.program.inputs, tuple(kept), labels, {}), [new[register] for register in outputs]
