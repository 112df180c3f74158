"""The built-in neuron models written by hand, one neuron at a time, in double, from the papers' equations.

They share nothing with the model compiler, so they show when a definition or the compiler is wrong. Each module has

    simulate(inputs, parameters, options, dt, spike=None, frozen=None, initial=None) -> {name: array (steps, neurons)}

``inputs``      receptor name -> array (steps, neurons)
``parameters``  name -> number or array (neurons,), all of the model's parameters
``options``     name -> choice, all of the model's options
``dt``          the step in ms
``spike``       a smooth stand-in for the spike, a function of membrane - threshold that is positive exactly where the argument
                is; used to check gradients by finite differences. By default the spike itself, 0 or 1.
``frozen``      array (steps, neurons): what the reset sees instead of the spike, for a reset without gradient
``initial``     state name -> array (neurons,), where the model's own start is not wanted

The result has every float state after each step under its name, and "spikes".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

ORACLES = (
    "adaptive_lif",
    "adex",
    "alpha_lif",
    "conductance_lif",
    "current_lif",
    "driven_current_lif",
    "driven_lif",
    "hodgkin_huxley",
    "integrate_and_fire",
    "izhikevich",
    "leaky_integrator",
    "lif",
    "noisy_izhikevich",
    "poisson_source",
    "resonate_and_fire",
    "spiking_lstm",
)

Spike = Callable[[float], float]


class Neuron:
    """One neuron's parameters as attributes (``p.threshold``), and what all models with a reset do in the same way."""

    def __init__(
        self, parameters: Mapping[str, Any], options: Mapping[str, str], dt: float, index: int, spike: Spike | None
    ) -> None:
        for name, value in parameters.items():
            setattr(self, name, float(value[index] if np.ndim(value) else value))
        for name, choice in options.items():
            setattr(self, name, choice)
        self.dt = dt
        self.index = index  # in the population, for random draws
        self.smooth = spike

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the oracle was given no '{name}'")

    def crossed(self, excess: float) -> bool:
        """Is the membrane above the threshold by this much?"""
        return excess >= 0 if vars(self).get("threshold_compare") == "greater_equal" else excess > 0

    def activity(self, excess: float) -> float:
        """The spike, or its smooth stand-in."""
        return self.smooth(excess) if self.smooth else float(self.crossed(excess))

    def reset_by(self, v: float, s: float) -> float:
        """The membrane after a reset of strength s (1 for a spike)."""
        if self.reset == "subtract":
            return v - s * (self.threshold - self.v_reset)
        if self.reset == "value":
            return v + s * (self.v_reset - v)
        return v


def mean(value: float, tau: float, time: float) -> float:
    """The mean over the time that follows of something that decays from this value."""
    return -value * tau / time * math.expm1(-time / tau)


def run(
    one: Callable[..., Iterator[dict[str, float]]],
    inputs: Mapping[str, Any],
    parameters: Mapping[str, Any],
    options: Mapping[str, str],
    dt: float,
    spike: Spike | None,
    frozen: Any,
    initial: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Every neuron by itself, put together as arrays. ``one`` yields what a neuron has after each step."""
    steps, neurons = next(iter(inputs.values())).shape
    columns: list[list[dict[str, float]]] = []
    for n in range(neurons):
        neuron = Neuron(parameters, options, dt, n, spike)
        own = {name: [float(x) for x in values[:, n]] for name, values in inputs.items()}
        start = {name: float(values[n]) for name, values in (initial or {}).items()}
        seen = None if frozen is None else [float(x) for x in frozen[:, n]]
        columns.append(list(one(neuron, own, seen, start)))
    assert all(len(column) == steps for column in columns)
    return {name: np.array([[c[t][name] for c in columns] for t in range(steps)]) for name in columns[0][0]}
