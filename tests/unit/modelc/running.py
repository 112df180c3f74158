"""What the tests of the model compiler share: random networks of one model, run through the numpy target."""

from __future__ import annotations

import importlib
from types import SimpleNamespace

import numpy as np

from snn.engine.modelc import builtin_names, load_builtin_model, load_builtin_surrogate, numpy_support
from snn.engine.modelc.api import CompiledModel
from snn.engine.modelc.random_draws import Draws

SEED = 0  # of random draws, here and in the oracles
MODELS = builtin_names("neurons")
NEURONS = [name for name in MODELS if load_builtin_model(name).receptors]
SOURCES = [name for name in MODELS if name not in NEURONS]  # without input: these tests drive neurons
SURROGATES = builtin_names("surrogates")
# Gradients of every model are checked with these; with the other surrogates those of LIF, for models are blind to the formula.
SURROGATES_OF_EVERY_MODEL = [
    "arctan", "boxcar", "exponential", "fast_sigmoid", "sigmoid", "superspike", "triangle",
]  # fmt: skip


REFRACTORY_MODELS = [
    name for name in NEURONS if any(s.name == "refractory_left" for s in load_builtin_model(name).states)
]
# (refractory time, dt), both in ms: more steps than an int32 holds, by a little and by all that a float32 can.
HUGE_REFRACTORY = [(2.0**31 - 1, 1.0), (3e9, 1.0), (3e6, 1e-3), (3e38, 1.0)]
NEGATIVE_COUNTERS = [-1, -7, -(2**31)]


def oracle(name: str):
    return importlib.import_module(f"tests.oracle.{name}")


def combinations(model: CompiledModel, names: tuple[str, ...]) -> list[dict[str, str]]:
    """Every combination of the choices of the options ``names`` that the model has; the others at their default."""
    result = [{option.name: option.default for option in model.options}]
    for option in model.options:
        if option.name in names:
            result = [{**chosen, option.name: choice} for chosen in result for choice in option.choices]
    return result


def label(choices: dict[str, str], names: tuple[str, ...]) -> str:
    return "-".join(choices[name] for name in names if name in choices) or "default"


def in_millivolts(model: CompiledModel) -> bool:
    """Whether the membrane is in mV, where excursions are tens of units, and not in thresholds of about 1."""
    return any(state.name == "v" and state.unit == "mV" for state in model.states)


def drive(model: CompiledModel, steps: int, neurons: int, seed: int = 0, choices=None) -> dict[str, np.ndarray]:
    """Random input that makes the model spike now and then: receptor name -> (steps, neurons)."""
    normalised = (choices or {}).get("input_scaling", "none") != "none"  # the model scales input down by about dt / tau
    rng = np.random.default_rng(seed)
    mean, spread = (8.0, 10.0) if in_millivolts(model) else (0.25, 0.6)
    size = (8.0 if model.name.endswith("current_lif") else 12.0) if normalised else 1.0
    inputs = {r.name: size * rng.normal(mean, spread, (steps, neurons)) for r in model.receptors}
    # Jumps of a conductance, of some tenths of the leak.
    leak = {"1": 1.0, "nS": next((p.default for p in model.parameters if p.name == "leak_conductance"), 0.0)}
    opened = [r.name for r in model.receptors if r.unit in leak and "excitatory" in inputs]
    for r in model.receptors:
        if r.name in opened:
            size = leak[r.unit] * (0.1 if r.name == "excitatory" else 0.03)
            inputs[r.name] = size * np.abs(rng.normal(1.0, 1.0, (steps, neurons)))
        elif opened:
            inputs[r.name] = 0.2 * leak.get("nS" if r.unit == "pA" else "1", 1.0) * inputs[r.name]
    if "inhibitory" in inputs and not opened:
        inputs["inhibitory"] = -np.abs(inputs["inhibitory"]) * 0.3
    if "injected_current" in inputs:
        inputs["injected_current"] *= 0.2
    return inputs


def refractory_drive(model: CompiledModel, steps: int = 12, neurons: int = 48) -> dict[str, np.ndarray]:
    """One step without input, then so much that a neuron spikes whenever it may: receptor name -> (steps, neurons)."""
    inputs = {r.name: np.zeros((steps, neurons)) for r in model.receptors}
    # Enough in one step of 1 us for a membrane of 20 ms in mV (pA: of 281 pF) to cross tens of mV.
    # An alpha function has hardly begun by then.
    size = (
        1e7
        if model.name == "alpha_lif"
        else {"mV": 1e6, "pA": 1e7}.get(next(r.unit for r in model.receptors if r.name == "current"), 1.0)
    )
    inputs["current"][1:] = size * np.linspace(10.0, 20.0, neurons)
    return inputs


def parameters_for(model: CompiledModel, neurons: int, seed: int = 1) -> dict[str, np.ndarray]:
    """Defaults, spread by a few per cent so that neurons differ; a refractory time of two steps of 1 ms."""
    rng = np.random.default_rng(seed)
    result = {p.name: p.default * rng.uniform(0.95, 1.05, neurons) for p in model.parameters}
    if "refractory" in result:
        result["refractory"] = np.full(neurons, 2.0)
    if not in_millivolts(model):
        if "v_reset" in result:
            result["v_reset"] = rng.uniform(-0.2, 0.1, neurons)
        if "v_rest" in result:
            result["v_rest"] = rng.uniform(-0.1, 0.1, neurons)
    if "bias_current" in result:
        result["bias_current"] = rng.uniform(0.0, 0.05, neurons)
    return result


def constants_for(functions: SimpleNamespace, parameters, indices, dt: float) -> dict:
    return {**parameters, **indices, **functions.derive(parameters, indices, dt)}


def initial_states(model: CompiledModel, parameters, neurons: int, f=np.float64) -> dict[str, np.ndarray]:
    states = {}
    for state in model.states:
        value = parameters[state.initial] if isinstance(state.initial, str) else state.initial
        states[state.name] = np.broadcast_to(value, (neurons,)).astype(np.int32 if state.type == "int" else f)
    return states


def simulate(model: CompiledModel, inputs, parameters, choices, dt, f=np.float64, initial=None, functions=None):
    """Run the numpy target: every state after each step, the spikes, and the tapes."""
    functions = functions or model.numpy
    steps, neurons = next(iter(inputs.values())).shape
    constants = constants_for(functions, parameters, model.option_indices(choices), dt)
    states = {**initial_states(model, parameters, neurons, f), **(initial or {})}
    seen: dict[str, list] = {"spikes": [], **{s.name: [] for s in model.states}}
    tapes = []
    for t in range(steps):
        receptors = {k: v[t] for k, v in inputs.items()}
        states, spikes, tape = functions.step(constants, receptors, states, f, Draws(SEED, t, neurons))
        for name, value in states.items():
            seen[name].append(np.broadcast_to(value, (neurons,)))
        if spikes is not None:
            seen["spikes"].append(np.broadcast_to(spikes, (neurons,)))
        tapes.append(tape)
    result = {name: np.array(values) for name, values in seen.items() if values}
    return result, tapes, constants


def with_spike(source: str, spike) -> SimpleNamespace:
    """The functions of printed source, with another function in the place of the spike."""
    names = {**numpy_support.NAMES, "spike": lambda x, inclusive, f: spike(x)}
    exec(compile(source, "<model>", "exec"), names)
    return SimpleNamespace(**{n: numpy_support.quiet(names[n]) for n in ("derive", "step", "adjoint")})


def smooth_spike(surrogate: str, parameters: dict[str, float]):
    """The smooth function of a surrogate, moved through zero (so positive where its argument is), and its derivative."""
    functions = load_builtin_surrogate(surrogate).numpy
    offset = float(functions.smooth(parameters, 0.0))

    def spike(x):
        return functions.smooth(parameters, x) - offset

    def derivative(x):
        return functions.derivative(parameters, x, np.float64)

    return spike, derivative


__all__ = ["load_builtin_model"]
