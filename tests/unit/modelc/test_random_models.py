"""Random steps: printed numpy, op list and plain evaluation of the text give the same bits, whatever is nested in what."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from snn.engine.modelc import compile_model, numpy_support
from tests.unit.modelc.interpreter import Neuron
from tests.unit.modelc.test_oplist import same_bits

NUMBERS = ["v", "w", "current", "rate", "0.5", "3.0", "1.7"]


def extend(inner):
    """Larger number expressions from smaller ones, with no more parentheses than the text needs."""
    pair = st.tuples(inner, inner)
    condition = st.tuples(inner, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), inner).map(" ".join)
    condition = st.one_of(
        condition,
        st.tuples(condition, st.sampled_from(["and", "or"]), condition).map(" ".join),
        condition.map("not ({})".format),
    )
    return st.one_of(
        *(pair.map(f"{{0[0]}} {op} {{0[1]}}".format) for op in "+-*"),
        *(pair.map(f"({{0[0]}}) {op} ({{0[1]}})".format) for op in "+-*"),
        *(pair.map(f"{name}({{0[0]}}, {{0[1]}})".format) for name in ("min", "max")),
        *(inner.map(f"{name}({{0}})".format) for name in ("abs", "floor", "exp", "log", "reciprocal")),
        inner.map("-({})".format),
        st.tuples(condition, inner, inner).map("select({0[0]}, {0[1]}, {0[2]})".format),
    )


expressions = st.recursive(st.sampled_from(NUMBERS), extend, max_leaves=12)


class Number:
    """A float32 whose operations are those of the language, for evaluating the text as Python."""

    def __init__(self, value):
        self.value = np.float32(value)

    def __add__(self, other):
        return Number(self.value + other.value)

    def __sub__(self, other):
        return Number(self.value - other.value)

    def __mul__(self, other):
        return Number(self.value * other.value)

    def __neg__(self):
        return Number(-self.value)

    def __lt__(self, other):
        return bool(self.value < other.value)

    def __le__(self, other):
        return bool(self.value <= other.value)

    def __gt__(self, other):
        return bool(self.value > other.value)

    def __ge__(self, other):
        return bool(self.value >= other.value)

    def __eq__(self, other):
        return bool(self.value == other.value)

    def __ne__(self, other):
        return bool(self.value != other.value)

    __hash__ = None


def evaluate(text: str, values: dict[str, float]) -> np.float32:
    names = {name: Number(value) for name, value in values.items()}
    names |= {
        "min": lambda a, b: a if a < b else b,
        "max": lambda a, b: a if a > b else b,
        "abs": lambda a: Number(np.abs(a.value)),
        "floor": lambda a: Number(np.floor(a.value)),
        "exp": lambda a: Number(numpy_support.exp(a.value)),
        "log": lambda a: Number(numpy_support.log(a.value)),
        "reciprocal": lambda a: Number(numpy_support.reciprocal(a.value)),
        "select": lambda c, a, b: a if c else b,
    }
    for literal in ("0.5", "3.0", "1.7"):
        text = text.replace(literal, f"number_{literal.replace('.', '_')}")
        names[f"number_{literal.replace('.', '_')}"] = Number(literal)
    return eval(text, {"__builtins__": {}}, names).value


@settings(max_examples=400, deadline=None)
@given(first=expressions, second=expressions, data=st.data())
def test_every_target_computes_what_the_text_says(first, second, data):
    model = compile_model(
        {
            "model": {"name": "random"},
            "parameters": {"rate": {"default": 0.3}},
            "states": {"v": {}, "w": {}},
            "receptors": {"current": {}},
            "step": {"program": f"moved = {first}\nnext.v = moved + w\nnext.w = {second}"},
        }
    )
    number = st.floats(-50, 50, width=32)
    values = {name: data.draw(number) for name in ("v", "w", "current", "rate")}
    constants, receptors = {"rate": values["rate"]}, {"current": values["current"]}
    states = {"v": values["v"], "w": values["w"]}
    after, _, tape = model.numpy.step(constants, receptors, states)
    listed, _, listed_tape = Neuron(model.json).step(constants, receptors, states)
    with np.errstate(all="ignore"):
        expected = {
            "v": evaluate(first, values) + np.float32(values["w"]),
            "w": evaluate(second, values),
        }
    for name in ("v", "w"):
        same_bits(listed[name], after[name])
        wanted = numpy_support.flush(expected[name])
        if not np.isnan(wanted):  # the sign and payload of a NaN are the processor's
            same_bits(after[name], wanted)
    for name in tape:
        same_bits(listed_tape[name], tape[name])
    gradients = {"v": np.float32(0.7), "w": np.float32(-0.4)}
    arguments = (constants, tape, gradients, np.float32(0), None)
    for one, other in zip(model.numpy.adjoint(*arguments), Neuron(model.json).adjoint(*arguments), strict=True):
        for name in one:
            same_bits(other[name], one[name])
