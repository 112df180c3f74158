"""The scenes in GeNN: its C++ backend for one core, compiled for this processor. Compiling is not timed.

A spike of step k reaches neurons in their step k + 1 at the earliest, which is a delay of one step here: delays that GeNN is
given are a step less.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pygenn
from numpy.typing import NDArray
from pygenn import GeNNModel, init_postsynaptic, init_sparse_connectivity, init_var, init_weight_update

from snn.engine import machine
from snn.engine.bench.peers.genn_models import (
    CONDUCTANCE_LIF,
    CURRENT_LIF,
    DRIVEN_CURRENT_LIF,
    DRIVEN_LIF,
    FLY_NEURON,
    LISTENER,
    NOISY_IZHIKEVICH,
    PAIR_STDP,
)
from snn.engine.bench.peers.task import Answer, Task, answer
from snn.scenes import Brunel, Coba, Cuba, FlyBrain, Izhikevich, IzhikevichSparse, Microcircuit, Scene, Stdp, Weights

# A population may be in several groups.
Populations = dict[str, list[Any]]
# The group of synapses that learn; their weights "w" are parts of the largest.
LEARNED = "learned"

_POISSON_START = {"timeStepToSpike": 0.0}


def brunel(model: GeNNModel, scene: Brunel, scale: float, seed: int) -> Populations:
    """Build the network of Brunel 2000; both inputs are lost while a neuron is refractory, as in the paper."""
    parameters = {
        "decay": math.exp(-scene.dt / scene.tau_membrane),
        "threshold": scene.threshold,
        "v_reset": scene.v_reset,
        "held": _steps(scene, scene.refractory),
        "weight": scene.weight,
        **_background(scene, scene.background_rate),
    }
    start = {"v": init_var("Uniform", {"min": 0.0, "max": scene.threshold}), "left": 0}
    populations = {
        name: model.add_neuron_population(name, size, DRIVEN_LIF, parameters, start)
        for name, size in scene.sizes(scale).items()
    }
    for source, inputs, weight in (
        ("excitatory", scene.excitatory_inputs, scene.weight),
        ("inhibitory", scene.inhibitory_inputs, -scene.g * scene.weight),
    ):
        for target in populations:
            rule = init_sparse_connectivity("FixedNumberPreWithReplacement", {"num": inputs})
            _connect(
                model, populations[source], populations[target], _constant(weight), rule, _steps(scene, scene.delay)
            )
    return {name: [group] for name, group in populations.items()}


def cuba(model: GeNNModel, scene: Cuba, scale: float, seed: int) -> Populations:
    """Build the network of Vogels and Abbott 2005 with currents."""
    parameters = {
        "v_rest": scene.v_rest,
        "threshold": scene.threshold,
        "v_reset": scene.v_reset,
        "held": _steps(scene, scene.refractory),
        "decay_membrane": math.exp(-scene.dt / scene.tau_membrane),
        "decay_excitation": math.exp(-scene.dt / scene.tau_excitatory),
        "gain_excitation": _gain(scene.dt, scene.tau_membrane, scene.tau_excitatory),
        "decay_inhibition": math.exp(-scene.dt / scene.tau_inhibitory),
        "gain_inhibition": _gain(scene.dt, scene.tau_membrane, scene.tau_inhibitory),
    }
    start = {"v": init_var("Uniform", {"min": scene.v_reset, "max": scene.threshold}), "left": 0}
    populations = {
        name: model.add_neuron_population(
            name, size, CURRENT_LIF, parameters, {**start, "excitation": 0.0, "inhibition": 0.0}
        )
        for name, size in scene.sizes(scale).items()
    }
    _connect_vogels_abbott(model, scene, scale, populations, -scene.inhibitory_weight)
    return {name: [group] for name, group in populations.items()}


def coba(model: GeNNModel, scene: Coba, scale: float, seed: int) -> Populations:
    """Build the network of Vogels and Abbott 2005 with conductances, in units of the leak."""
    parameters = {
        "v_rest": scene.v_rest,
        "threshold": scene.threshold,
        "v_reset": scene.v_reset,
        "held": _steps(scene, scene.refractory),
        "e_excitatory": scene.e_excitatory,
        "e_inhibitory": scene.e_inhibitory,
        "fraction": scene.dt / scene.tau_membrane,
        "decay_excitation": math.exp(-scene.dt / scene.tau_excitatory),
        "decay_inhibition": math.exp(-scene.dt / scene.tau_inhibitory),
        "mean_excitation": -math.expm1(-scene.dt / scene.tau_excitatory) * scene.tau_excitatory / scene.dt,
        "mean_inhibition": -math.expm1(-scene.dt / scene.tau_inhibitory) * scene.tau_inhibitory / scene.dt,
    }
    populations = {}
    for part, (name, size) in enumerate(scene.sizes(scale).items()):
        start = {
            "v": scene.v_start.draw(size, seed=seed, stream=3 * part),
            "excitation": scene.excitatory_start.draw(size, seed=seed, stream=3 * part + 1),
            "inhibition": scene.inhibitory_start.draw(size, seed=seed, stream=3 * part + 2),
            "left": 0,
        }
        populations[name] = model.add_neuron_population(name, size, CONDUCTANCE_LIF, parameters, start)
    _connect_vogels_abbott(model, scene, scale, populations, scene.inhibitory_weight)
    return {name: [group] for name, group in populations.items()}


def izhikevich(model: GeNNModel, scene: Izhikevich, scale: float, seed: int) -> Populations:
    """Build a network of Izhikevich 2003."""
    words = {"a": "recovery_rate", "b": "recovery_coupling", "c": "v_reset", "d": "recovery_jump"}
    populations = {}
    for name, size in scene.sizes(scale).items():
        values = scene.neuron_parameters(scale, seed)[name]
        start = {letter: np.broadcast_to(values[word], size) for letter, word in words.items()}
        start |= {"v": np.full(size, -65.0), "u": start["b"] * -65.0}
        noise = {"noise": values["noise_std"]}
        populations[name] = model.add_neuron_population(name, size, NOISY_IZHIKEVICH, noise, start)
    for source, (low, high) in scene.weight_ranges(scale).items():
        weights = init_weight_update("StaticPulse", {}, {"g": init_var("Uniform", {"min": low, "max": high})})
        rule = None
        if isinstance(scene, IzhikevichSparse):
            rule = init_sparse_connectivity("FixedNumberPreWithReplacement", {"num": scene.inputs(source)})
        for target in populations:
            _connect(model, populations[source], populations[target], weights, rule)
    return {name: [group] for name, group in populations.items()}


def microcircuit(model: GeNNModel, scene: Microcircuit, scale: float, seed: int) -> Populations:
    """Build the network of Potjans and Diesmann 2014, with delays as GeNN's own example of it has them."""
    decay, resistance = math.exp(-scene.dt / scene.tau_membrane), scene.tau_membrane / scene.capacitance
    populations = {}
    for name, size in scene.sizes(scale).items():
        membrane = scene.initial_membrane(name)
        parameters = {
            "v_rest": scene.v_rest,
            "threshold": scene.threshold,
            "v_reset": scene.v_reset,
            "held": _steps(scene, scene.refractory),
            "decay_membrane": decay,
            "decay_excitation": math.exp(-scene.dt / scene.tau_synapse),
            "gain_excitation": resistance * _gain(scene.dt, scene.tau_membrane, scene.tau_synapse),
            "bias": resistance * (1.0 - decay) * scene.bias_current(name, scale),
            "weight": scene.background_weight(scale),
            **_background(scene, scene.background_rate(name, scale)),
        }
        start = {"v": init_var("Normal", {"mean": membrane.mean, "sd": membrane.std}), "excitation": 0.0, "left": 0}
        populations[name] = model.add_neuron_population(name, size, DRIVEN_CURRENT_LIF, parameters, start)
    # Delays are cut off where one synapse in three million would have a longer one: their number is that of the buffers.
    longest = scene.excitatory_delay * (1.0 + 5.0 * scene.delay_std)
    largest = float(np.finfo(np.float32).max)
    for (source, target), count in scene.synapse_counts(scale).items():
        weight, delay = scene.weight(source, target, scale), scene.delay(source)
        low, high = (-largest, 0.0) if weight < 0.0 else (0.0, largest)
        strength = {"mean": weight, "sd": abs(weight) * scene.weight_std, "min": low, "max": high}
        late = {"mean": delay - scene.dt, "sd": delay * scene.delay_std, "min": 0.0, "max": longest - scene.dt}
        values = {"g": init_var("NormalClipped", strength), "d": init_var("NormalClippedDelay", late)}
        rule = init_sparse_connectivity("FixedNumberTotalWithReplacement", {"num": count})
        weights = init_weight_update("StaticPulseDendriticDelay", {}, values)
        synapses = _connect(model, populations[source], populations[target], weights, rule)
        synapses.max_dendritic_delay_timesteps = _steps(scene, longest)
    return {name: [group] for name, group in populations.items()}


def flybrain(model: GeNNModel, scene: FlyBrain, scale: float, seed: int) -> Populations:
    """Build the brain of Shiu et al. 2024, or its twin.

    All rows of a group of synapses take the place of the longest one, so neurons with many targets are groups of their own:
    else hubs of 17,000 targets would make it 19 GB.
    """
    found = scene.connectome(scale, seed)
    parameters = {
        "v_rest": scene.v_rest,
        "threshold": scene.threshold,
        "v_reset": scene.v_reset,
        "decay_membrane": math.exp(-scene.dt / scene.tau_membrane),
        "decay_current": math.exp(-scene.dt / scene.tau_synapse),
        "gain": _gain(scene.dt, scene.tau_membrane, scene.tau_synapse),
    }
    # As in Brian2, with which the model was published, the step of a spike is the first refractory one.
    held = np.full(found.neurons, _steps(scene, scene.refractory) - 1, np.int32)
    held[found.driven] = 0
    drive = model.add_neuron_population(
        "drive", found.driven.size, "Poisson", {"rate": scene.drive_rate}, _POISSON_START
    )
    part, place, sizes = _by_row_length(found.sources, found.neurons)
    brain = []
    for index, size in enumerate(sizes):
        start = {"v": scene.v_rest, "current": 0.0, "left": 0, "held": held[part == index]}
        brain.append(model.add_neuron_population(f"brain{index}", size, FLY_NEURON, parameters, start))
        chosen = np.flatnonzero(part[found.driven] == index)
        if chosen.size:
            jump = _constant(scene.drive_jump * scene.synapse)
            arrivals = _connect(model, drive, brain[index], jump, "arrays", into="arriving_jump")
            arrivals.set_sparse_connections(chosen, place[found.driven[chosen]])
    pairs = part[found.sources] * len(sizes) + part[found.targets]
    for index, source in enumerate(brain):
        for other, target in enumerate(brain):
            chosen = np.flatnonzero(pairs == index * len(sizes) + other)
            if chosen.size:
                strength = {"g": found.counts[chosen] * np.float32(scene.synapse)}
                weights = init_weight_update("StaticPulse", {}, strength)
                synapses = _connect(model, source, target, weights, "arrays", _steps(scene, scene.delay))
                synapses.set_sparse_connections(place[found.sources[chosen]], place[found.targets[chosen]])
    return {"brain": brain, "drive": [drive]}


def stdp(model: GeNNModel, scene: Stdp, scale: float, seed: int) -> Populations:
    """Build the network of Song, Miller and Abbott 2000."""
    inputs = model.add_neuron_population("inputs", scene.inputs, "Poisson", {"rate": scene.input_rate}, _POISSON_START)
    parameters = {
        "v_rest": scene.v_rest,
        "threshold": scene.threshold,
        "v_reset": scene.v_reset,
        "decay_membrane": math.exp(-scene.dt / scene.tau_membrane),
        "decay_current": math.exp(-scene.dt / scene.tau_synapse),
        "gain": _gain(scene.dt, scene.tau_membrane, scene.tau_synapse),
    }
    start = {"v": scene.v_rest, "current": 0.0}
    cells = model.add_neuron_population("cells", scene.sizes(scale)["cells"], LISTENER, parameters, start)
    rule = {
        "decay_plus": math.exp(-scene.dt / scene.tau_plus),
        "decay_minus": math.exp(-scene.dt / scene.tau_minus),
        "amplitude_plus": scene.amplitude_plus,
        "amplitude_minus": scene.amplitude_minus,
        "weight_max": scene.weight_max,
    }
    weight = {"w": init_var("Uniform", {"min": 0.0, "max": 1.0})}
    learning = init_weight_update(PAIR_STDP, rule, weight, {"recent": 0.0, "fresh": 0.0}, {"recent_target": 0.0})
    _connect(model, inputs, cells, learning, name=LEARNED)
    return {"inputs": [inputs], "cells": [cells]}


def _steps(scene: Scene, milliseconds: float) -> int:
    return round(milliseconds / scene.dt)


def _gain(dt: float, slow: float, fast: float) -> float:
    """Return how far a current of 1 that decays with `fast` lifts a membrane of `slow` in one step: the exact solution."""
    return fast / (fast - slow) * (math.exp(-dt / fast) - math.exp(-dt / slow))


def _background(scene: Scene, rate: float) -> dict[str, float]:
    mean = rate * scene.dt / 1000.0
    return {"mean_events": mean, "no_event": math.exp(-mean)}


def _constant(weight: float) -> Any:
    return init_weight_update("StaticPulseConstantWeight", {"g": weight})


def _connect(
    model: GeNNModel,
    source: Any,
    target: Any,
    weights: Any,
    rule: Any = None,
    delay_steps: int = 1,
    into: str = "Isyn",
    name: str = "",
) -> Any:
    """Return new synapses: by a rule of GeNN's, from "arrays" that follow, or, without a rule, all to all."""
    synapses = model.add_synapse_population(
        name or f"{source.name}_to_{target.name}",
        "DENSE" if rule is None else "SPARSE",
        source,
        target,
        weights,
        init_postsynaptic("DeltaCurr"),
        None if rule == "arrays" else rule,
    )
    synapses.axonal_delay_steps = delay_steps - 1
    synapses.post_target_var = into
    return synapses


def _connect_vogels_abbott(
    model: GeNNModel, scene: Cuba | Coba, scale: float, populations: dict[str, Any], inhibition: float
) -> None:
    rule = init_sparse_connectivity("FixedProbability", {"prob": scene.probability(scale)})
    for target in populations.values():
        _connect(model, populations["excitatory"], target, _constant(scene.excitatory_weight), rule)
        _connect(model, populations["inhibitory"], target, _constant(inhibition), rule, into="arriving_inhibition")


def _by_row_length(sources: NDArray[np.int32], neurons: int) -> tuple[NDArray[np.int64], NDArray[np.int64], list[int]]:
    """Cut a population by numbers of targets: more than an eighth of the most, more than a 64th, and the rest.

    Returns the part of each neuron, its place there, and the parts' sizes.
    """
    lengths = np.bincount(sources, minlength=neurons)
    part = np.searchsorted(-lengths.max() / np.array([8.0, 64.0]), -lengths.astype(np.float64), side="left")
    # Parts that are empty do not count.
    part = np.unique(part, return_inverse=True)[1]
    sizes = np.bincount(part)
    place = np.empty(neurons, np.int64)
    for index, size in enumerate(sizes):
        place[part == index] = np.arange(size)
    return part, place, sizes.tolist()


def count_synapses(model: GeNNModel) -> int:
    """Return how many synapses a model has that is loaded."""
    total = 0
    for group in model.synapse_populations.values():
        if group.matrix_type & pygenn.SynapseMatrixConnectivity.SPARSE:
            group.pull_connectivity_from_device()
            total += len(group.get_sparse_post_inds())
        else:
            total += group.src.num_neurons * group.trg.num_neurons
    return total


BUILDERS: dict[type[Any], Callable[..., Populations]] = {
    Brunel: brunel,
    Coba: coba,
    Cuba: cuba,
    Izhikevich: izhikevich,
    Microcircuit: microcircuit,
    FlyBrain: flybrain,
    Stdp: stdp,
}

NOTES: dict[type[Any], str] = {
    FlyBrain: "; neurons in three groups by their number of targets, since all rows of a group take the place of the longest",
    Stdp: "; where a spike arrives in the step after one of its target, the synapse delivers before it potentiates, not after",
}


def new_model(scene: Scene, seed: int) -> GeNNModel:
    """Return an empty model for a scene, with everything set that makes GeNN faster."""
    model = GeNNModel("float", "scene", backend="single_threaded_cpu", optimize_code=True)
    model.dt = scene.dt
    model.seed = seed % (2**32 - 1) + 1  # 0 would mean another one each time
    model.fuse_postsynaptic_models = True
    model.default_narrow_sparse_ind_enabled = True
    return model


def compile_model(model: GeNNModel, folder: Path) -> None:
    """Compile a model in a folder, for this processor: GeNN's makefile takes the compiler from the environment."""
    if "-march" not in (compiler := os.environ.get("CXX", "g++")):
        os.environ["CXX"] = f"{compiler} -march=native"
    # Of two models in one process the second would be the first where both paths are the same relative one.
    model.build(str(folder.absolute()))


def run(task: Task) -> Answer:
    """Build, compile and run a scene."""
    scene = task.scene_object
    steps = _steps(scene, task.segment_ms)
    before_bytes = machine.peak_rss_bytes()
    begin = time.perf_counter()
    model = new_model(scene, task.seed)
    builder = next(builder for kind, builder in BUILDERS.items() if isinstance(scene, kind))
    populations = builder(model, scene, task.scale, task.seed)
    groups = [group for parts in populations.values() for group in parts]
    for group in groups:
        # A bit for each neuron and step.
        group.spike_recording_enabled = True
    build_s = time.perf_counter() - begin
    compile_model(model, Path())
    begin = time.perf_counter()
    model.load(num_recording_timesteps=steps)
    build_s += time.perf_counter() - begin
    if scene.weights is not None:
        # To a file: a copy in memory would count in the peak.
        learned = model.synapse_populations[LEARNED].vars["w"]
        learned.pull_from_device()
        learned.view.tofile("initial.bin")
    for _ in range(_steps(scene, scene.warm_up)):
        model.step_time()
    seconds, peak = [], 0
    spikes = dict.fromkeys(populations, 0)
    for _ in range(task.segments):
        begin = time.perf_counter()
        for _ in range(steps):
            model.step_time()
        seconds.append(time.perf_counter() - begin)
        peak = peak or machine.peak_rss_bytes()  # before anything is read
        model.pull_recording_buffers_from_device()
        for name, parts in populations.items():
            spikes[name] += sum(group.spike_recording_data[0][1].size for group in parts)
    rates = {
        name: spikes[name] / sum(group.num_neurons for group in parts) / task.biological_seconds
        for name, parts in populations.items()
    }
    weights = {}
    if scene.weights is not None:
        learned = model.synapse_populations[LEARNED].vars["w"]
        learned.pull_from_device()
        found = learned.view.ravel()
        weights = Weights.summary(found, np.fromfile("initial.bin", found.dtype))
    return Answer(
        version=pygenn.__version__,
        seconds=seconds,
        build_s=build_s,
        rates_hz=rates,
        synapses=count_synapses(model),
        peak_rss_bytes=peak,
        rss_before_bytes=before_bytes,
        weights=weights,
        notes="C++ backend, which has one thread, with -O3 -ffast-math -march=native" + NOTES.get(type(scene), ""),
    )


if __name__ == "__main__":
    answer(run)
