"""Programs out of an op list: the way back from what `print_oplist` writes.

A network that was read from a file has the op lists of its models and not their definitions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import evaluate
from .ir import DRAWS, SIGNATURES, Instruction, Program

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def step_program(document: Mapping[str, Any]) -> Program:
    """The step of a neuron model's document that libsnn has accepted; its outputs are in ``document["step"]``."""
    inputs = [(item["name"], "float") for item in document["parameters"]]
    inputs += [(item["name"], "int") for item in document["options"]]
    inputs += [(item["name"], item["type"]) for item in document["derived"]]
    inputs += [(item["name"], "float") for item in document["receptors"]]
    inputs += [(item["name"], item["type"]) for item in document["states"]]
    return _program(inputs, document["step"]["ops"])


def derive(
    document: Mapping[str, Any], parameters: Sequence[float], options: Sequence[int], dt: float
) -> list[float | int]:
    """Derived constants of one neuron, in double, in the document's order. ``dt`` in ms."""
    inputs = [(item["name"], "float") for item in document["parameters"]]
    inputs += [(item["name"], "int") for item in document["options"]]
    registers = evaluate.run(
        _program([*inputs, ("dt", "float")], document["derive"]["ops"]), [*parameters, *options, dt]
    )
    return [registers[register] for register in document["derive"]["outputs"]]


def surrogate_derivative(
    document: Mapping[str, Any], parameters: Sequence[float], x: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The derivative of a surrogate's document at each of `x`, a float32 array, in float32."""
    import numpy as np

    from .numpy_support import OPERATIONS, quiet

    part = document["derivative"]
    inputs = [(item["name"], "float") for item in document["parameters"]]
    program = _program([*inputs, ("x", "float")], part["ops"])
    # Constants are rounded to float32, as any target does it before it computes with them.
    given: list[Any] = [*map(np.float32, parameters), x]
    registers = quiet(evaluate.run)(program, given, OPERATIONS)
    return np.broadcast_to(np.asarray(registers[part["output"]], np.float32), x.shape).copy()


def _program(inputs: Sequence[tuple[str, str]], operations: Sequence[Sequence[Any]]) -> Program:
    types = [type for _, type in inputs]
    instructions = []
    for name, *rest in operations:
        has_value = name in ("const", "iconst") or name in DRAWS
        value, operands = (rest[0], tuple(rest[1:])) if has_value else (0.0, tuple(rest))
        if name == "iconst":
            type = "int"
        elif has_value:
            type = "float"
        else:
            type = SIGNATURES[name][1]
            if type == "T":
                type = types[operands[-1]]
        types.append(type)
        instructions.append(Instruction(name, operands, type, value))
    return Program(tuple(inputs), tuple(instructions), {}, {})
