"""OTTT and e-prop in float64 as their papers write them: forward in time, with traces. And what they are rules for.

Network: spikes -> leaky integrate-and-fire neurons, perhaps with weights back to themselves a step later -> leaky integrators.
Softmax cross-entropy of the integrators' mean over the steps of a window, mean over samples; plain gradient descent after each
window.

- OTTT: M. Xiao et al. 2022, Online Training Through Time for Spiking Neural Networks, arXiv 2210.04195, equation 7
- e-prop: G. Bellec et al. 2020, doi 10.1038/s41467-020-17236-y, equations 1, 4 and 25, symmetric feedback
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass
class Net:
    into: Array  # [input][hidden]
    bias: Array  # [hidden]
    back: Array  # [hidden][hidden], arriving a step later
    out: Array  # [hidden][output]
    decay: float  # of the hidden membrane
    kappa: float  # of the output membrane
    threshold: float = 1.0


def surrogate(x: Array) -> Array:
    """Arctangent with slope 2, Fang et al. 2021."""
    return 1.0 / (1.0 + (np.pi * x) ** 2)


def train(
    net: Net, spikes: Array, labels: NDArray[np.int64], rule: str, window: int, rate: float
) -> list[dict[str, Array]]:
    """Train on one batch, spikes [step][sample][input]; change `net` and return the gradients of each window."""
    steps, batch, inputs = spikes.shape
    hidden, outputs = net.out.shape
    v, z, y = np.zeros((batch, hidden)), np.zeros((batch, hidden)), np.zeros((batch, outputs))
    trace_in, trace_back, trace_bias = np.zeros((batch, inputs)), np.zeros((batch, hidden)), 0.0
    trace_out = np.zeros((batch, hidden))
    found = []
    for begin in range(0, steps, window):
        end = min(begin + window, steps)
        # Forward: what each step leaves behind.
        slopes, ins, backs, biases, outs, total = [], [], [], [], [], np.zeros((batch, outputs))
        for t in range(begin, end):
            v = net.decay * v + spikes[t] @ net.into + net.bias + z @ net.back
            trace_in = net.decay * trace_in + spikes[t]
            trace_back = net.decay * trace_back + z
            trace_bias = net.decay * trace_bias + 1.0
            slopes.append(surrogate(v - net.threshold))
            z = (v > net.threshold).astype(float)
            v = v - net.threshold * z
            y = net.kappa * y + z @ net.out
            trace_out = net.kappa * trace_out + z
            total += y
            ins.append(trace_in), backs.append(trace_back), biases.append(trace_bias), outs.append(trace_out)
        mean = total / (end - begin)
        likely = np.exp(mean - mean.max(1, keepdims=True))
        likely /= likely.sum(1, keepdims=True)
        likely[np.arange(batch), labels] -= 1.0
        error = likely / batch / (end - begin)  # of every step
        gradients = {
            "into": np.zeros_like(net.into),
            "bias": np.zeros_like(net.bias),
            "back": np.zeros_like(net.back),
            "out": np.zeros_like(net.out),
        }
        signal = error @ net.out.T
        eligible = {
            "into": np.zeros((batch, inputs, hidden)),
            "back": np.zeros((batch, hidden, hidden)),
            "bias": np.zeros((batch, hidden)),
        }
        for k in range(end - begin):
            gradients["out"] += outs[k].T @ error
            now = {
                "into": ins[k][:, :, None] * slopes[k][:, None, :],
                "back": backs[k][:, :, None] * slopes[k][:, None, :],
                "bias": biases[k] * slopes[k],
            }
            for name, value in now.items():
                # e-prop filters its eligibility with the leak of the output.
                eligible[name] = value + (net.kappa * eligible[name] if rule == "eprop" else 0.0)
            gradients["into"] += np.einsum("bij,bj->ij", eligible["into"], signal)
            gradients["back"] += np.einsum("bij,bj->ij", eligible["back"], signal)
            gradients["bias"] += (eligible["bias"] * signal).sum(0)
        for name, value in gradients.items():
            setattr(net, name, getattr(net, name) - rate * value)
        found.append(gradients)
    return found
