"""Runs a `Program`: in double on plain Python numbers, with the library's own functions, or with other operations."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import software_math
from .ir import Program


def _divide(a: float, b: float) -> float:
    if b != 0:
        return a / b
    if a == 0 or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


OPERATIONS: dict[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": _divide,
    "min": lambda a, b: a if a < b else b,
    "max": lambda a, b: a if a > b else b,
    "neg": lambda a: -a,
    "abs": abs,
    "floor": lambda a: float(math.floor(a)) if math.isfinite(a) else a,
    "exp": software_math.exp,
    "reciprocal": software_math.reciprocal,
    "log": software_math.log,
    "sqrt": lambda a: math.sqrt(a) if a >= 0 else math.nan,
    "atan": math.atan,
    "tanh": math.tanh,
    "iadd": lambda a, b: a + b,
    "isub": lambda a, b: a - b,
    "imul": lambda a, b: a * b,
    "imin": min,
    "imax": max,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "eq": lambda a, b: a == b,
    "ilt": lambda a, b: a < b,
    "ile": lambda a, b: a <= b,
    "ieq": lambda a, b: a == b,
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
    "not": lambda a: not a,
    "select": lambda c, a, b: a if c else b,
    "to_float": float,
    "to_int": lambda a: 0 if math.isnan(a) else round(min(max(a, -(2.0**31)), 2.0**31 - 1)),
}


def run(
    program: Program, inputs: Sequence[float], operations: Mapping[str, Callable[..., Any]] = OPERATIONS
) -> list[float]:
    """The value of every register."""
    registers = list(inputs)
    for instruction in program.instructions:
        if instruction.op in ("const", "iconst"):
            registers.append(instruction.value)
        else:
            registers.append(operations[instruction.op](*(registers[r] for r in instruction.operands)))
    return registers
