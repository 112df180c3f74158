"""A step for one fixed choice of options: what depends on the options alone is decided by the compiler.

The general step computes both sides of every ``select`` over an option. A specialised one keeps the side that is chosen: the
same values through the same operations, so the same bits, with less work. And it treats a spike, a float for the sake of
gradients, as the condition that it is:

- ``0 < select(c, 1, 0)`` is c, and so on through every choice between 0 and 1;
- ``0 < a - b`` is ``b < a``: a difference of unequal floats is never rounded to 0;
- the reset ``(1 - s) * v + s * v_reset`` chooses: v where s is 0, and ``0 * v + v_reset`` where it is 1. The product keeps
  what an infinite v gives. Where s is 0 the sum could turn -0 into 0, as storing it does in any case. So does ``(1 - s) * v``.

A calm step is what is left of it where nothing spikes and counters such as a refractory time are at 0 and stay there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from .ir import Instruction, Program

_INT_RESULTS: dict[str, Callable[[int, int], int]] = {
    "iadd": int.__add__,
    "isub": int.__sub__,
    "imin": min,
    "imax": max,
}
_INT_TESTS = {"ieq": int.__eq__, "ilt": int.__lt__, "ile": int.__le__}


def specialise(
    program: Program,
    outputs: Sequence[int],
    known: Mapping[int, int],
    *,
    spike: int = -1,
    stored: Collection[int] = (),
    finite: Collection[int] = (),
    zeros: Collection[int] = (),
    gradients: bool = False,
) -> tuple[Program, list[int], int]:
    """Return the program without what ``known`` decides, where its outputs are now, and the condition of the spike.

    Parameters
    ----------
    program : Program
        Any program; its inputs stay where they are, read or not.
    outputs : sequence of int
        Registers that are wanted; none of type bool.
    known : mapping of int to int
        Values of some int inputs.
    spike : int
        A float register; the condition that it is above 0 is the last thing returned. -1: none, and -1 is returned.
    stored : collection of int
        Those of the outputs that are flushed as states are, so that the sign of a zero does not matter.
    finite : collection of int
        Inputs that are neither infinite nor NaN.
    zeros : collection of int
        Float inputs that are 0. What adds one is left out, so that the sign of a zero may be another one inside the step.
    gradients : bool
        The outputs are summands of something that begins at +0, so that the sign of a zero does not matter: what adds 0 is
        left out.
    """
    return _Folder(program, known, zeros, finite, gradients=gradients).fold(outputs, spike, stored, finite)


def calm(
    program: Program,
    outputs: Sequence[int],
    spike: int,
    known: Mapping[int, int],
    zeros: Collection[int] = (),
    finite: Collection[int] = (),
) -> tuple[Program, list[int | None], int] | None:
    """Return a specialised step where it does not spike: the program, its outputs and the condition under which it does.

    An output that stays at 0 is None. The sign of a zero may be another one, inside the step: where it is added, multiplied or
    compared that changes nothing, and stores make it +0.

    Parameters
    ----------
    program, outputs, spike
        As `specialise` returns them; `spike` is the condition.
    known : mapping of int to int
        Values of int inputs, the counters among them.
    zeros : collection of int
        Float inputs that are 0.
    finite : collection of int
        Inputs that are neither infinite nor NaN.

    Returns
    -------
    tuple, or None where it would always or never spike.
    """
    folder = _Folder(program, known, zeros, finite)
    return folder.fold_calm(outputs, spike)


class _Folder:
    def __init__(
        self,
        program: Program,
        known: Mapping[int, int],
        zeros: Collection[int] = (),
        finite: Collection[int] = (),
        gradients: bool = False,
    ) -> None:
        self.program = program
        self.count = len(program.inputs)
        self.values: dict[int, int | bool] = dict(known)  # of registers of the old program
        self.places = {
            register: register for register in range(self.count) if register not in known
        }  # old register: new one
        self.instructions: list[Instruction] = []
        self.labels: dict[int, str] = {}
        self.truths: dict[int, int] = {}  # new register that is 0 or 1: the condition that it is 1
        self.zeros = set(zeros)  # old registers that are 0
        self.finite = set(finite)
        self.gradients = gradients

    def fold(
        self, outputs: Sequence[int], spike: int, stored: Collection[int], finite: Collection[int]
    ) -> tuple[Program, list[int], int]:
        for index, instruction in enumerate(self.program.instructions):
            self._fold(index + self.count, instruction)
        places = []
        for register in outputs:
            place = self._place(register)
            if register in stored:
                place = self._chosen(place, finite)
            places.append(place)
        if spike >= 0:
            places.append(self._emit("lt", (self._emit("const", (), "float", 0.0), self._place(spike)), "bool"))
        program, places = self._without_dead(places)
        return program, places[: len(outputs)], places[-1] if spike >= 0 else -1

    def fold_calm(self, outputs: Sequence[int], spike: int) -> tuple[Program, list[int | None], int] | None:
        condition = -1
        for index, instruction in enumerate(self.program.instructions):
            register = index + self.count
            self._fold(register, instruction)
            if register == spike:
                if register in self.values:
                    return None
                condition = self._place(register)
                self.values[register] = False
        at_zero = [register in self.zeros or self.values.get(register) == 0 for register in outputs]
        live = [self._place(register) for register, is_zero in zip(outputs, at_zero, strict=True) if not is_zero]
        program, places = self._without_dead([*live, condition])
        rest = iter(places)
        return program, [None if is_zero else next(rest) for is_zero in at_zero], places[-1]

    def _fold_zero(self, register: int, op: str, operands: Sequence[int]) -> bool:
        zero = [operand in self.zeros for operand in operands]
        product = op == "mul" and any(zero) and all(z or o in self.finite for z, o in zip(zero, operands, strict=True))
        if product or (op in ("add", "select") and all(zero[-2:])) or (op == "neg" and zero[0]):
            self.zeros.add(register)
        elif op == "add" and any(zero):
            self._alias(register, operands[1] if zero[0] else operands[0])
        else:
            return False
        return True

    def _fold(self, register: int, instruction: Instruction) -> None:
        op, operands = instruction.op, instruction.operands
        values = [self.values.get(operand) for operand in operands]
        if self.gradients:
            # Differences between numbers such as 0 and 1, which what is multiplied with 0 must be.
            if op in ("const", "spike") or (op in ("select", "sub") and all(o in self.finite for o in operands[-2:])):
                self.finite.add(register)
            if op == "const" and instruction.value == 0:
                self.zeros.add(register)
                return
        if self.zeros and self._fold_zero(register, op, operands):
            return
        if op == "iconst":
            self.values[register] = int(instruction.value)
        elif op in _INT_RESULTS and None not in values:
            self.values[register] = _INT_RESULTS[op](*(int(value) for value in values if value is not None))
        elif op == "iadd" and 0 in values:
            self._alias(register, operands[1] if values[0] == 0 else operands[0])
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
        elif op == "select" and values[1] is not None and values[1] == values[2]:
            self.values[register] = values[1]
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
        if op == "lt" and self._is_const(operands[0], 0.0):
            if operands[1] in self.truths:
                return self.truths[operands[1]]
            operands = self._operands(operands[1], "sub")[::-1] or operands
        self.instructions.append(Instruction(op, operands, type, value))
        place = self.count + len(self.instructions) - 1
        if op == "select" and type == "float":
            truth = self._truth(*operands)
            if truth is not None:
                self.truths[place] = truth
        return place

    def _truth(self, condition: int, a: int, b: int) -> int | None:
        """The condition that a choice between numbers that are 0 or 1 is 1; None for one between others."""
        zeros, ones = [self._is_const(x, 0.0) for x in (a, b)], [self._is_const(x, 1.0) for x in (a, b)]
        if ones[0] and zeros[1]:
            return condition
        if zeros[0] and ones[1]:
            return self._emit("not", (condition,), "bool")
        if zeros[0] and b in self.truths:
            return self._emit("and", (self._emit("not", (condition,), "bool"), self.truths[b]), "bool")
        if zeros[1] and a in self.truths:
            return self._emit("and", (condition, self.truths[a]), "bool")
        return None

    def _chosen(self, place: int, finite: Collection[int]) -> int:
        """``(1 - s) * v``, or that and ``s * w`` for a finite w, where s is 0 or 1, as a choice; anything else as it is."""
        added = self._operands(place, "add")
        kept, replaced = (self._operands(operand, "mul") for operand in added or (place, place))
        rest = self._operands(kept[0], "sub") if kept else ()
        if not rest or not self._is_const(rest[0], 1.0) or rest[1] not in self.truths:
            return place
        after = self._emit("mul", (self._emit("const", (), "float", 0.0), kept[1]), "float")
        if added:
            if not replaced or replaced[0] != rest[1] or replaced[1] not in finite:
                return place
            after = self._emit("add", (after, replaced[1]), "float")
        return self._emit("select", (self.truths[rest[1]], after, kept[1]), "float")

    def _is_const(self, place: int, value: float) -> bool:
        instruction = self._instruction(place)
        return instruction is not None and instruction.op == "const" and instruction.value == value

    def _operands(self, place: int, op: str) -> tuple[int, ...]:
        instruction = self._instruction(place)
        return instruction.operands if instruction is not None and instruction.op == op else ()

    def _instruction(self, place: int) -> Instruction | None:
        return self.instructions[place - self.count] if place >= self.count else None

    def _keep(self, register: int, place: int) -> None:
        self.places[register] = place
        if register in self.program.labels:
            self.labels[place] = self.program.labels[register]

    def _alias(self, register: int, operand: int) -> None:
        if operand in self.zeros:
            self.zeros.add(register)
        elif operand in self.values:
            self.values[register] = self.values[operand]
        else:
            self.places[register] = self.places[operand]

    def _place(self, register: int) -> int:
        if register in self.zeros and register >= self.count:
            return self._emit("const", (), "float", 0.0)
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
