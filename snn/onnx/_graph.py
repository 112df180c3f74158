"""A graph of ONNX operations while it grows: nodes, constants, and the arithmetic that needs no node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from snn.engine.modelc.ir import Instruction

__all__ = ["FLOAT", "Graph"]

_OPSET = 17  # with IR version 8: what AMD's and other vendors' compilers have taken for years
_IR_VERSION = 8

FLOAT = TensorProto.FLOAT
_TYPES = {"float": TensorProto.FLOAT, "int": TensorProto.INT32}
# Operations of the model language that ONNX has, for floats, whole numbers and truth values alike.
_SAME = {
    **{"add": "Add", "sub": "Sub", "mul": "Mul", "min": "Min", "max": "Max"},
    **{"iadd": "Add", "isub": "Sub", "imul": "Mul", "imin": "Min", "imax": "Max"},
    **{"neg": "Neg", "abs": "Abs", "floor": "Floor"},
    **{"lt": "Less", "le": "LessOrEqual", "eq": "Equal", "ilt": "Less", "ile": "LessOrEqual", "ieq": "Equal"},
    **{"and": "And", "or": "Or", "not": "Not"},
}
_FOLDED = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply}


class Graph:
    """Values are known by their names. What is there once is not made again, be it a constant or an operation."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._initializers: list[Any] = []
        self._scalars: dict[str, Any] = {}  # values of scalar constants, by name
        self._made: dict[tuple[str, tuple[str, ...], str], str] = {}  # the same operation is there once
        self._constants: dict[tuple[str, bytes], str] = {}
        self._count = 0

    def input(self, name: str, shape: Sequence[int], type: str = "float") -> str:
        """Return a value that the caller gives under this name."""
        self._inputs.append(helper.make_tensor_value_info(name, _TYPES[type], list(shape)))
        return name

    def output(self, name: str, value: str, shape: Sequence[int], type: str = "float") -> None:
        """Give a value to the caller under this name."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, _TYPES[type], list(shape)))

    def constant(self, values: NDArray[Any]) -> str:
        """Return a constant; one that is stored already is not stored again."""
        values = np.ascontiguousarray(values).reshape(values.shape)
        key = (f"{values.dtype}{values.shape}", values.tobytes())
        if key not in self._constants:
            name = self._constants[key] = self._name("constant")
            self._initializers.append(numpy_helper.from_array(values, name))
            if values.ndim == 0:
                self._scalars[name] = values[()]
        return self._constants[key]

    def scalar(self, value: float) -> str:
        """Return a float32 constant that goes with every shape."""
        return self.constant(np.array(value, np.float32))

    def whole(self, *values: int) -> str:
        """Return a list of int64, which is how axes and shapes are given."""
        return self.constant(np.array(values, np.int64))

    def node(self, operation: str, *inputs: str, **attributes: Any) -> str:
        """Return the result of an operation of ONNX, or an operand where that is the same."""
        known = [self._scalars.get(name) for name in inputs]
        if operation in _FOLDED:
            first, second = known
            if first is not None and second is not None:
                return self.constant(np.asarray(_FOLDED[operation](first, second)))
            # x + 0 is x but for the sign of a zero.
            neutral = 1 if operation == "Mul" else 0
            if second is not None and second == neutral:
                return inputs[0]
            if first is not None and first == neutral and operation != "Sub":
                return inputs[1]
        key = (operation, inputs, repr(attributes))
        if key not in self._made:
            self._made[key] = self._name(operation)
            self._nodes.append(helper.make_node(operation, list(inputs), [self._made[key]], **attributes))
        return self._made[key]

    def reshape(self, value: str, *shape: int) -> str:
        """Return the same values in another shape."""
        return self.node("Reshape", value, self.whole(*shape))

    def picked(self, stacked: str, place: int) -> str:
        """Return one entry along the first axis, without that axis."""
        return self.node("Gather", stacked, self.constant(np.array(place, np.int64)), axis=0)

    def joined(self, values: Sequence[str]) -> str:
        """Return values joined along the first axis."""
        return values[0] if len(values) == 1 else self.node("Concat", *values, axis=0)

    def sum(self, values: Iterable[str]) -> str:
        """Return the sum from left to right, "" where there is nothing to add."""
        total = ""
        for value in values:
            total = self.node("Add", total, value) if total else value
        return total

    def instruction(self, instruction: Instruction, operands: Sequence[str]) -> str:
        """Return the result of an operation of the model language (``docs/model-format.md``)."""
        op = instruction.op
        if op in _SAME:
            return self.node(_SAME[op], *operands)
        if op == "const":
            return self.scalar(instruction.value)
        if op == "iconst":
            return self.constant(np.array(instruction.value, np.int32))
        if op == "exp":  # held as the model format holds it, so that nothing becomes infinite; likewise log
            return self.node("Exp", self._held(operands[0], -87.0, 88.0))
        if op == "log":
            return self.node("Log", self._held(operands[0], 2.0**-126, float(np.finfo(np.float32).max)))
        if op == "reciprocal":
            return self.node("Div", self.scalar(1.0), operands[0])
        if op == "to_float":
            return self.node("Cast", operands[0], to=TensorProto.FLOAT)
        if op == "to_int":  # Round takes halves to even; 2147483520 is the largest float32 below 2^31
            held = self._held(operands[0], -2147483648.0, 2147483520.0)
            return self.node("Cast", self.node("Round", held), to=TensorProto.INT32)
        if op == "select" and instruction.type == "bool":  # ONNX Runtime has no Where of truth values
            condition, then, otherwise = operands
            return self.node(
                "Or", self.node("And", condition, then), self.node("And", self.node("Not", condition), otherwise)
            )
        if op == "select":
            return self.node("Where", *operands)
        assert op == "spike", op
        # Where it is inclusive is not decided by the options alone.
        x, inclusive = operands
        equal = self.node("Equal", x, self.scalar(0.0))
        with_equal = self.node("Equal", inclusive, self.constant(np.array(1, np.int32)))
        above = self.node("Greater", x, self.scalar(0.0))
        fired = self.node("Or", above, self.node("And", equal, with_equal))
        return self.node("Cast", fired, to=TensorProto.FLOAT)

    def _held(self, value: str, low: float, high: float) -> str:
        return self.node("Clip", value, self.scalar(low), self.scalar(high))

    def _name(self, word: str) -> str:
        self._count += 1
        return f"{word.lower()}_{self._count}"

    def model(self, name: str, metadata: Mapping[str, str]) -> Any:
        """Return the graph as an ``onnx.ModelProto``."""
        used = {name for node in self._nodes for name in node.input}
        constants = [tensor for tensor in self._initializers if tensor.name in used]
        graph = helper.make_graph(self._nodes, name, self._inputs, self._outputs, constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION, producer_name="snn-engine"
        )
        helper.set_model_props(model, dict(metadata))
        onnx.checker.check_model(model, full_check=True)
        return model
