"""The cell of an LSTM (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000) whose output spikes."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tests.oracle import Neuron, run


def simulate(inputs, parameters, options, dt, spike=None, frozen=None, initial=None):
    return run(one, inputs, parameters, options, dt, spike, frozen, initial)


def sigmoid(x: float) -> float:
    return 0.5 + 0.5 * math.tanh(0.5 * x)


def one(p: Neuron, inputs, frozen, initial) -> Iterator[dict[str, float]]:
    cell = initial.get("cell", 0.0)
    names = ("candidate", "input_gate", "forget_gate", "output_gate")
    for candidate, taken, kept, shown in zip(*(inputs[name] for name in names), strict=True):
        cell = sigmoid(kept + p.forget_bias) * cell + sigmoid(taken + p.input_bias) * math.tanh(candidate)
        v = sigmoid(shown + p.output_bias) * math.tanh(cell)
        yield {"v": v, "cell": cell, "spikes": p.activity(v - p.threshold)}
