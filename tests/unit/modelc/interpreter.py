"""Runs op lists as ``docs/model-format.md`` describes them, from the JSON text alone, with numpy."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from snn.engine.modelc import numpy_support as support

COMPARE = {"lt": np.less, "le": np.less_equal, "eq": np.equal}


def run(ops: list[list[Any]], inputs: list[Any], f, surrogate=None, draws=None) -> list[Any]:
    """The value of every register."""
    with np.errstate(all="ignore"):
        registers = list(inputs)
        for op, *operands in ops:
            if op in ("uniform", "normal", "poisson"):
                number, *mean = operands
                registers.append(getattr(draws, op)(number, *(registers[r] for r in mean)).astype(f))
            else:
                registers.append(_operation(op, operands, registers, f, surrogate))
        return registers


def _operation(op, operands, registers, f, surrogate):
    if op == "const":
        return np.asarray(operands[0], f)
    if op == "iconst":
        return np.asarray(operands[0], np.int32)
    assert all(isinstance(r, int) and 0 <= r < len(registers) for r in operands)
    a, b, c = ([registers[r] for r in operands] + [None] * 3)[:3]
    match op:
        case "add" | "iadd":
            return a + b
        case "sub" | "isub":
            return a - b
        case "mul" | "imul":
            return a * b
        case "div":
            return a / b
        case "min" | "imin":
            return np.where(a < b, a, b)
        case "max" | "imax":
            return np.where(a > b, a, b)
        case "neg":
            return -a
        case "abs":
            return np.abs(a)
        case "floor":
            return np.floor(a)
        case "sqrt":
            return np.sqrt(a)
        case "exp":
            return support.exp(a)
        case "reciprocal":
            return support.reciprocal(a)
        case "log":
            return support.log(a)
        case "atan":
            return np.arctan(a)
        case "tanh":
            return np.tanh(a)
        case "lt" | "le" | "eq" | "ilt" | "ile" | "ieq":
            return COMPARE[op.removeprefix("i")](a, b)
        case "and":
            return a & b
        case "or":
            return a | b
        case "not":
            return ~a
        case "select":
            return np.where(a, b, c)
        case "to_float":
            return a.astype(f)
        case "to_int":
            return support.to_int(a)
        case "spike":
            return np.where(b == 1, a >= 0, a > 0).astype(f)
        case "surrogate":
            return surrogate(a)
    raise AssertionError(f"unknown op {op}")


class Neuron:
    """A neuron document with derive, step and adjoint as the numpy target has them."""

    def __init__(self, text: str) -> None:
        self.document = json.loads(text)

    def _constants(self, constants, f):
        d = self.document
        floats = [np.asarray(constants[p["name"]], f) for p in d["parameters"]]
        options = [np.asarray(constants[o["name"]], np.int32) for o in d["options"]]
        derived = [np.asarray(constants[e["name"]], f if e["type"] == "float" else np.int32) for e in d["derived"]]
        return [*floats, *options, *derived]

    def derive(self, parameters, options, dt):
        d = self.document
        inputs = [np.asarray(parameters[p["name"]], np.float64) for p in d["parameters"]]
        inputs += [np.asarray(options[o["name"]], np.int32) for o in d["options"]]
        registers = run(d["derive"]["ops"], [*inputs, np.asarray(dt, np.float64)], np.float64)
        return {e["name"]: registers[r] for e, r in zip(d["derived"], d["derive"]["outputs"], strict=True)}

    def step(self, constants, receptors, states, f=np.float32, draws=None):
        d = self.document
        inputs = self._constants(constants, f)
        inputs += [np.asarray(receptors[r["name"]], f) for r in d["receptors"]]
        inputs += [np.asarray(states[s["name"]], f if s["type"] == "float" else np.int32) for s in d["states"]]
        step = d["step"]
        registers = run(step["ops"], inputs, f, draws=draws)
        after = {
            s["name"]: support.flush(registers[r]) if s["type"] == "float" else registers[r]
            for s, r in zip(d["states"], step["states"], strict=True)
        }
        spikes = registers[step["spike"]] if step["spike"] >= 0 else None
        assert d["spiking"] == (step["spike"] >= 0)
        return after, spikes, {t["name"]: registers[t["register"]] for t in step["tape"]}

    def adjoint(self, constants, tape, state_gradients, spike_gradient, surrogate, f=np.float32):
        d = self.document
        inputs = self._constants(constants, f)
        inputs += [np.asarray(tape[t["name"]], f if t["type"] == "float" else np.int32) for t in d["step"]["tape"]]
        inputs += [
            np.asarray(state_gradients[s["name"]], f) if s["type"] == "float" else np.asarray(0, f) for s in d["states"]
        ]
        inputs.append(np.asarray(spike_gradient, f))
        adjoint = d["adjoint"]
        registers = run(adjoint["ops"], inputs, f, surrogate)
        states = {s["name"]: registers[r] for s, r in zip(d["states"], adjoint["states"], strict=True)}
        return (
            {s["name"]: states[s["name"]] for s in d["states"] if s["type"] == "float"},
            {r["name"]: registers[o] for r, o in zip(d["receptors"], adjoint["receptors"], strict=True)},
        )


def surrogate(text: str, part: str, parameters, x, f):
    document = json.loads(text)
    inputs = [np.asarray(parameters[p["name"]], f) for p in document["parameters"]]
    registers = run(document[part]["ops"], [*inputs, np.asarray(x, f)], f)
    return registers[document[part]["output"]]
