"""The scenes in Brian2: C++ standalone with OpenMP, as its users run large networks. Compiling is not timed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brian2
import numpy as np
from brian2 import Hz, Network, NeuronGroup, PoissonGroup, PoissonInput, SpikeMonitor, Synapses, ms, mV, pA, pF

from snn.engine.bench.peers.task import Answer, Task, answer
from snn.scenes import Brunel, Coba, Cuba, FlyBrain, Izhikevich, IzhikevichSparse, Microcircuit, Stdp, Weights

Objects = list[Any]
# The group that has the population, its first neuron there, and one past its last.
Populations = dict[str, tuple[Any, int, int]]
# The name of synapses that learn; their weights "w" are parts of the largest.
LEARNED = "learned"


def brunel(scene: Brunel, scale: float, seed: int) -> tuple[Objects, Populations]:
    """Build the network of Brunel 2000."""
    sizes = scene.sizes(scale)
    count = scene.neurons(scale)
    neurons = NeuronGroup(
        count,
        "dv/dt = -v / tau : volt (unless refractory)",
        threshold="v >= threshold",
        reset="v = v_reset",
        refractory=scene.refractory * ms,
        method="exact",
        namespace={"tau": scene.tau_membrane * ms, "threshold": scene.threshold * mV, "v_reset": scene.v_reset * mV},
    )
    neurons.v = "rand() * threshold"
    # Both inputs are lost while a neuron is refractory, as in the paper: Brian2 writes v only where it is not.
    outside = PoissonInput(
        neurons,
        "v",
        scene.excitatory_inputs,
        scene.background_rate / scene.excitatory_inputs * Hz,
        scene.weight * mV,
    )
    random = np.random.default_rng(seed)
    first = sizes["excitatory"]
    groups: Objects = [neurons, outside]
    for begin, end, inputs, weight in (
        (0, first, scene.excitatory_inputs, scene.weight),
        (first, count, scene.inhibitory_inputs, -scene.g * scene.weight),
    ):
        synapses = Synapses(neurons, neurons, on_pre="v_post += weight", delay=scene.delay * ms)
        synapses.namespace["weight"] = weight * mV
        synapses.connect(
            i=random.integers(begin, end, count * inputs, np.int32),
            j=np.repeat(np.arange(count, dtype=np.int32), inputs),
        )
        groups.append(synapses)
    return groups, {"excitatory": (neurons, 0, first), "inhibitory": (neurons, first, count)}


def cuba(scene: Cuba, scale: float, seed: int) -> tuple[Objects, Populations]:
    """Build the network of Vogels and Abbott 2005 with currents."""
    count = scene.neurons(scale)
    first = scene.sizes(scale)["excitatory"]
    neurons = NeuronGroup(
        count,
        """dv/dt = (excitation + inhibition - (v - v_rest)) / tau : volt (unless refractory)
        dexcitation/dt = -excitation / tau_excitatory : volt
        dinhibition/dt = -inhibition / tau_inhibitory : volt""",
        threshold="v > threshold",
        reset="v = v_reset",
        refractory=scene.refractory * ms,
        method="exact",
        namespace={
            "tau": scene.tau_membrane * ms,
            "tau_excitatory": scene.tau_excitatory * ms,
            "tau_inhibitory": scene.tau_inhibitory * ms,
            "v_rest": scene.v_rest * mV,
            "v_reset": scene.v_reset * mV,
            "threshold": scene.threshold * mV,
        },
    )
    neurons.v = "v_reset + rand() * (threshold - v_reset)"
    groups: Objects = [neurons]
    for part, state, weight in (
        (neurons[:first], "excitation", scene.excitatory_weight),
        (neurons[first:], "inhibition", -scene.inhibitory_weight),
    ):
        synapses = Synapses(part, neurons, on_pre=f"{state}_post += weight", delay=scene.delay * ms)
        synapses.namespace["weight"] = weight * mV
        synapses.connect(p=scene.probability(scale))
        groups.append(synapses)
    return groups, {"excitatory": (neurons, 0, first), "inhibitory": (neurons, first, count)}


def coba(scene: Coba, scale: float, seed: int) -> tuple[Objects, Populations]:
    """Build the network of Vogels and Abbott 2005 with conductances; these are in units of the leak."""
    count = scene.neurons(scale)
    first = scene.sizes(scale)["excitatory"]
    neurons = NeuronGroup(
        count,
        """dv/dt = (excitation * (e_excitatory - v) + inhibition * (e_inhibitory - v) - (v - v_rest)) / tau
            : volt (unless refractory)
        dexcitation/dt = -excitation / tau_excitatory : 1
        dinhibition/dt = -inhibition / tau_inhibitory : 1""",
        threshold="v > threshold",
        reset="v = v_reset",
        refractory=scene.refractory * ms,
        method="exponential_euler",
        namespace={
            "tau": scene.tau_membrane * ms,
            "tau_excitatory": scene.tau_excitatory * ms,
            "tau_inhibitory": scene.tau_inhibitory * ms,
            "e_excitatory": scene.e_excitatory * mV,
            "e_inhibitory": scene.e_inhibitory * mV,
            "v_rest": scene.v_rest * mV,
            "v_reset": scene.v_reset * mV,
            "threshold": scene.threshold * mV,
        },
    )
    neurons.v = scene.v_start.draw(count, seed=seed) * mV
    neurons.excitation = scene.excitatory_start.draw(count, seed=seed, stream=1)
    neurons.inhibition = scene.inhibitory_start.draw(count, seed=seed, stream=2)
    groups: Objects = [neurons]
    for part, state, weight in (
        (neurons[:first], "excitation", scene.excitatory_weight),
        (neurons[first:], "inhibition", scene.inhibitory_weight),
    ):
        synapses = Synapses(part, neurons, on_pre=f"{state}_post += weight", delay=scene.delay * ms)
        synapses.namespace["weight"] = weight
        synapses.connect(p=scene.probability(scale))
        groups.append(synapses)
    return groups, {"excitatory": (neurons, 0, first), "inhibitory": (neurons, first, count)}


def izhikevich(scene: Izhikevich, scale: float, seed: int) -> tuple[Objects, Populations]:
    """Build a network of Izhikevich 2003."""
    sizes, count = scene.sizes(scale), scene.neurons(scale)
    first = sizes["excitatory"]
    neurons = NeuronGroup(
        count,
        """v : 1
        u : 1
        arriving : 1
        a : 1
        b : 1
        c : 1
        d : 1
        noise : 1""",
        threshold="v >= 30",
        reset="v = c; u += d",
    )
    # The program of the paper, statement by statement: two half steps of v, then u with the new v.
    neurons.run_regularly(
        """drive = noise * randn() + arriving
        arriving = 0
        v += 0.5 * (0.04 * v ** 2 + 5 * v + 140 - u + drive)
        v += 0.5 * (0.04 * v ** 2 + 5 * v + 140 - u + drive)
        u += a * (b * v - u)""",
        when="groups",
    )
    parameters = scene.neuron_parameters(scale, seed)
    parts = {"excitatory": (0, first), "inhibitory": (first, count)}
    words = {
        "a": "recovery_rate",
        "b": "recovery_coupling",
        "c": "v_reset",
        "d": "recovery_jump",
        "noise": "noise_std",
    }
    for letter, word in words.items():
        values = [np.broadcast_to(parameters[name][word], sizes[name]) for name in parts]
        setattr(neurons, letter, np.concatenate(values))
    neurons.v = -65
    neurons.u = "b * v"
    random = np.random.default_rng(seed)
    groups: Objects = [neurons]
    for source, (begin, end) in parts.items():
        low, high = scene.weight_ranges(scale)[source]
        synapses = Synapses(neurons[begin:end], neurons, "w : 1", on_pre="arriving_post += w")
        if isinstance(scene, IzhikevichSparse):
            inputs = scene.inputs(source)
            sources = random.integers(0, end - begin, count * inputs, np.int32)
            synapses.connect(i=sources, j=np.repeat(np.arange(count, dtype=np.int32), inputs))
        else:
            synapses.connect()
        synapses.w = f"{low!r} + {high - low!r} * rand()"
        groups.append(synapses)
    return groups, {name: (neurons, *part) for name, part in parts.items()}


def microcircuit(scene: Microcircuit, scale: float, seed: int) -> tuple[Objects, Populations]:
    """Build the network of Potjans and Diesmann 2014."""
    sizes, count = scene.sizes(scale), scene.neurons(scale)
    neurons = NeuronGroup(
        count,
        """dv/dt = (resistance * (current + bias) - (v - v_rest)) / tau_membrane : volt (unless refractory)
        dcurrent/dt = -current / tau_synapse : amp
        bias : amp""",
        threshold="v >= threshold",
        reset="v = v_reset",
        refractory=scene.refractory * ms,
        method="exact",
        namespace={
            "resistance": scene.tau_membrane * ms / (scene.capacitance * pF),
            "tau_membrane": scene.tau_membrane * ms,
            "tau_synapse": scene.tau_synapse * ms,
            "v_rest": scene.v_rest * mV,
            "v_reset": scene.v_reset * mV,
            "threshold": scene.threshold * mV,
        },
    )
    ends = np.cumsum(list(sizes.values())).tolist()
    parts = {name: (end - size, end) for (name, size), end in zip(sizes.items(), ends, strict=True)}
    random = np.random.default_rng(seed)
    membrane, bias = np.empty(count), np.empty(count)
    groups: Objects = [neurons]
    for name, (begin, end) in parts.items():
        membrane[begin:end] = scene.initial_membrane(name).draw(end - begin, seed=seed, stream=begin)
        bias[begin:end] = scene.bias_current(name, scale)
        inputs = round(scene.background_rate(name, scale) / scene.background)
        weight = scene.background_weight(scale) * pA
        groups.append(PoissonInput(neurons[begin:end], "current", inputs, scene.background * Hz, weight))
    neurons.v = membrane * mV
    neurons.bias = bias * pA
    sources, targets, weights, delays = [], [], [], []
    for (source, target), number in scene.synapse_counts(scale).items():
        sources.append(random.integers(*parts[source], number, np.int32))
        targets.append(random.integers(*parts[target], number, np.int32))
        weight, delay = scene.weight(source, target, scale), scene.delay(source)
        low, high = (-np.inf, 0.0) if weight < 0.0 else (0.0, np.inf)
        weights.append(_normal(random, number, weight, abs(weight) * scene.weight_std, low, high))
        delays.append(_normal(random, number, delay, delay * scene.delay_std, scene.dt, np.inf))
    synapses = Synapses(neurons, neurons, "w : amp", on_pre="current_post += w")
    synapses.connect(i=np.concatenate(sources), j=np.concatenate(targets))
    synapses.w = np.concatenate(weights) * pA
    synapses.delay = np.concatenate(delays) * ms
    groups.append(synapses)
    return groups, {name: (neurons, *part) for name, part in parts.items()}


def flybrain(scene: FlyBrain, scale: float, seed: int) -> tuple[Objects, Populations]:
    """Build the brain of Shiu et al. 2024, or its twin, with the equations of its authors."""
    found = scene.connectome(scale, seed)
    neurons = NeuronGroup(
        found.neurons,
        """dv/dt = (v_rest - v + g) / tau_membrane : volt (unless refractory)
        dg/dt = -g / tau_synapse : volt (unless refractory)
        silence : second""",
        threshold="v > threshold",
        reset="v = v_reset; g = 0 * mV",
        refractory="silence",
        method="linear",
        namespace={
            "tau_membrane": scene.tau_membrane * ms,
            "tau_synapse": scene.tau_synapse * ms,
            "v_rest": scene.v_rest * mV,
            "v_reset": scene.v_reset * mV,
            "threshold": scene.threshold * mV,
        },
    )
    neurons.v = scene.v_rest * mV
    silence = np.full(found.neurons, scene.refractory)
    silence[found.driven] = 0.0
    neurons.silence = silence * ms
    synapses = Synapses(neurons, neurons, "w : volt", on_pre="g += w", delay=scene.delay * ms)
    synapses.connect(i=found.sources, j=found.targets)
    synapses.w = found.counts * scene.synapse * mV
    drive = PoissonGroup(found.driven.size, scene.drive_rate * Hz)
    arrivals = Synapses(drive, neurons, on_pre=f"v += {scene.drive_jump * scene.synapse!r} * mV")
    arrivals.connect(i=np.arange(found.driven.size), j=found.driven)
    return [neurons, synapses, drive, arrivals], {
        "brain": (neurons, 0, found.neurons),
        "drive": (drive, 0, found.driven.size),
    }


def stdp(scene: Stdp, scale: float, seed: int) -> tuple[Objects, Populations]:
    """Build the network of Song, Miller and Abbott 2000.

    All synapses of a neuron share its trace, so neurons keep it, which is a quarter faster than the traces for each synapse of
    the example "STDP" of Brian2, with the same numbers. A spike of an input arrives at the start of the step after: it then
    acts on the cell in that step and potentiates for a spike in it, as here.
    """
    inputs = NeuronGroup(
        scene.inputs,
        "drecent/dt = -recent / tau_plus : 1",
        threshold="rand() < input_rate * dt",
        # Decayed once more than the spike is steps old when a cell reads it.
        reset="recent += exp(dt / tau_plus)",
        method="exact",
        namespace={"tau_plus": scene.tau_plus * ms, "input_rate": scene.input_rate * Hz},
    )
    cells = NeuronGroup(
        scene.sizes(scale)["cells"],
        """dv/dt = (current - (v - v_rest)) / tau_membrane : volt
        dcurrent/dt = -current / tau_synapse : volt
        drecent/dt = -recent / tau_minus : 1""",
        threshold="v > threshold",
        # Decayed once less than the spike is steps old when an arrival reads it.
        reset="v = v_reset; recent += exp(-dt / tau_minus)",
        method="exact",
        namespace={
            "tau_membrane": scene.tau_membrane * ms,
            "tau_synapse": scene.tau_synapse * ms,
            "tau_minus": scene.tau_minus * ms,
            "v_rest": scene.v_rest * mV,
            "v_reset": scene.v_reset * mV,
            "threshold": scene.threshold * mV,
        },
    )
    cells.v = scene.v_rest * mV
    synapses = Synapses(
        inputs,
        cells,
        "w : 1",
        on_pre="""w = clip(w - amplitude_minus * recent_post, 0, 1)
        current_post += w * weight_max""",
        on_post="w = clip(w + amplitude_plus * recent_pre, 0, 1)",
        namespace={
            "amplitude_plus": scene.amplitude_plus,
            "amplitude_minus": scene.amplitude_minus,
            "weight_max": scene.weight_max * mV,
        },
        name=LEARNED,
    )
    synapses.pre.when = "start"
    synapses.connect()
    synapses.w = "rand()"
    return [inputs, cells, synapses], {"inputs": (inputs, 0, scene.inputs), "cells": (cells, 0, len(cells))}


def _normal(random: np.random.Generator, count: int, mean: float, std: float, low: float, high: float) -> Any:
    """Return numbers of a normal distribution, drawn again where outside [low, high]."""
    values = random.normal(mean, std, count)
    while (outside := np.flatnonzero((values < low) | (values > high))).size:
        values[outside] = random.normal(mean, std, outside.size)
    return values


BUILDERS: dict[type[Any], Callable[..., tuple[Objects, Populations]]] = {
    Brunel: brunel,
    Coba: coba,
    Cuba: cuba,
    Izhikevich: izhikevich,
    Microcircuit: microcircuit,
    FlyBrain: flybrain,
    Stdp: stdp,
}

# Written into the program that Brian2 generates: it runs all parts and notes clock, spike counts and memory itself, because
# each run() in Python would compile everything once more.
# getrusage() would give no less than the peak of the process that started the program.
_BEGIN = """
auto snn_peak = []() {
    std::ifstream status("/proc/self/status");
    std::string word;
    long kibibytes = 0;
    while (status >> word && word != "VmHWM:") {}
    status >> kibibytes;
    return kibibytes * 1024L;
};
const long snn_before = snn_peak();
auto snn_begin = std::chrono::steady_clock::now();
"""
_BEFORE = """
{initial}
{net}.run({warm_up!r}, NULL, 10.0);
std::ofstream snn_notes("snn_notes.txt");
snn_notes.precision(17);
auto snn_sum = [&]() {{
    {counts}
    snn_notes << std::endl;
}};
snn_notes << std::chrono::duration<double>(snn_warm - snn_begin).count() << std::endl;
snn_sum();
auto snn_last = std::chrono::steady_clock::now();
auto snn_part = [&]() {{
    auto now = std::chrono::steady_clock::now();
    snn_notes << std::chrono::duration<double>(now - snn_last).count() << ' ';
    snn_last = std::chrono::steady_clock::now();
}};
"""
_AFTER = """
snn_part();
for (int part = 1; part < {segments}; part++) {{
    {net}.run({segment!r}, NULL, 10.0);
    snn_part();
}}
snn_notes << std::endl;
snn_sum();
snn_notes << snn_peak() << ' ' << snn_before << std::endl;
snn_notes << {synapses} << std::endl;
"""


def run(task: Task) -> Answer:
    """Build, compile and run a scene."""
    scene = task.scene_object
    brian2.prefs.logging.file_log = False
    brian2.prefs.devices.cpp_standalone.openmp_threads = task.threads if task.threads > 1 else 0
    brian2.prefs.codegen.cpp.headers += ["<chrono>", "<fstream>", "<string>"]
    brian2.prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]
    with tempfile.TemporaryDirectory(prefix="snn-brian2-") as folder:
        brian2.set_device("cpp_standalone", directory=folder, build_on_run=False)
        device = brian2.get_device()
        brian2.defaultclock.dt = scene.dt * ms
        brian2.seed(task.seed)
        builder = next(builder for kind, builder in BUILDERS.items() if isinstance(scene, kind))
        device.insert_code("before_start", _BEGIN)
        objects, populations = builder(scene, task.scale, task.seed)
        # One monitor for each group, in the order in which its counts are written.
        monitors = {group.name: SpikeMonitor(group, record=False) for group, _, _ in populations.values()}
        network = Network(*objects, *monitors.values())
        first, counts = {}, []
        total = 0
        for group, monitor in monitors.items():
            first[group] = total
            size = len(monitor.source)
            total += size
            array = device.get_array_name(monitor.variables["count"])
            counts.append(f"for (int n = 0; n < {size}; n++) snn_notes << brian::{array}[n] << ' ';")
        sizes = [device.get_array_name(one.variables["N"]) for one in objects if isinstance(one, Synapses)]
        words = {
            "synapses": " + ".join(f"(long)brian::{size}[0]" for size in sizes),
            "net": network.name,
            "warm_up": scene.warm_up / 1000.0,
            "segment": task.segment_ms / 1000.0,
            "segments": task.segments,
            "counts": " ".join(counts),
            "initial": "",
        }
        learned = next((one for one in objects if one.name == LEARNED), None)
        if learned is not None:
            array = "brian::" + device.get_array_name(learned.variables["w"], access_data=False)
            words["initial"] = (
                'std::ofstream("snn_initial.bin", std::ios::binary)'
                f".write((const char*){array}.data(), {array}.size() * sizeof({array}[0]));"
            )
        device.insert_code("before_network_run", "auto snn_warm = std::chrono::steady_clock::now();")
        device.insert_code("before_network_run", _BEFORE.format(**words))
        device.insert_code("after_network_run", _AFTER.format(**words))
        network.run(task.segment_ms * ms)
        device.build(directory=folder, compile=True, run=True, with_output=False)
        notes = (Path(folder) / "snn_notes.txt").read_text(encoding="utf-8")
        weights = {}
        if learned is not None:
            found = np.asarray(learned.w[:])
            weights = Weights.summary(found, np.fromfile(Path(folder) / "snn_initial.bin", found.dtype))
    built, before, parts, after, memory, synapses = notes.splitlines()
    peak, memory_before = memory.split()
    spikes = np.array(after.split(), np.int64) - np.array(before.split(), np.int64)
    rates = {}
    for name, (group, begin, end) in populations.items():
        place = first[group.name]
        rates[name] = float(spikes[place + begin : place + end].mean()) / task.biological_seconds
    return Answer(
        version=brian2.__version__,
        seconds=[float(one) for one in parts.split()],
        build_s=float(built),
        rates_hz=rates,
        synapses=int(synapses),
        peak_rss_bytes=int(peak),
        rss_before_bytes=int(memory_before),
        weights=weights,
        notes="C++ standalone with OpenMP; its build time is that of the compiled program",
    )


if __name__ == "__main__":
    answer(run)
