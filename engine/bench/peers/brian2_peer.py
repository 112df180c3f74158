"""The scenes in Brian2: C++ standalone with OpenMP, as its users run large networks. Compiling is not timed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brian2
import numpy as np
from brian2 import Hz, Network, NeuronGroup, PoissonInput, SpikeMonitor, Synapses, mV, ms

from snn.engine.bench.peers.task import Answer, Task, answer
from snn.scenes import Brunel, Cuba, Scene

Objects = list[Any]
Populations = dict[str, Any]  # name: a group or a slice of one


def brunel(scene: Brunel, scale: float, seed: int) -> tuple[Objects, Populations, int]:
    """Build the network of Brunel 2000."""
    sizes = scene.sizes(scale)
    count = scene.neurons(scale)
    reset = scene.v_reset * mV
    neurons = NeuronGroup(
        count,
        "dv/dt = -v / tau : volt (unless refractory)",
        threshold="v >= threshold",
        reset="v = v_reset",
        refractory=scene.refractory * ms,
        method="exact",
        namespace={"tau": scene.tau_membrane * ms, "threshold": scene.threshold * mV, "v_reset": reset},
    )
    neurons.v = "rand() * theta"
    neurons.namespace["theta"] = scene.threshold * mV
    # Input during the refractory time is lost, as in the paper; by itself Brian2 would add it to the held membrane.
    neurons.run_regularly("v = int(not_refractory) * v + (1 - int(not_refractory)) * v_reset", when="start")
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
            i=random.integers(begin, end, count * inputs, np.int32), j=np.repeat(np.arange(count, dtype=np.int32), inputs)
        )
        groups.append(synapses)
    return groups, {"excitatory": (0, first), "inhibitory": (first, count)}, int(scene.synapses(scale))


def cuba(scene: Cuba, scale: float, seed: int) -> tuple[Objects, Populations, int]:
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
    return groups, {"excitatory": (0, first), "inhibitory": (first, count)}, int(scene.synapses(scale))


BUILDERS: dict[type[Scene], Callable[..., tuple[Objects, Populations, int]]] = {Brunel: brunel, Cuba: cuba}

# Written into the program that Brian2 generates: it runs all parts and notes clock, spike counts and memory itself, because
# each run() in Python would compile everything once more.
_BEFORE = """
{net}.run({warm_up!r}, NULL, 10.0);
std::ofstream snn_notes("snn_notes.txt");
snn_notes.precision(17);
auto snn_sum = [&]() {{
    for (int neuron = 0; neuron < {count}; neuron++) snn_notes << brian::{counts}[neuron] << ' ';
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
struct rusage snn_usage;
getrusage(RUSAGE_SELF, &snn_usage);
snn_notes << snn_usage.ru_maxrss * 1024L << std::endl;
"""


def run(task: Task) -> Answer:
    """Build, compile and run a scene."""
    scene = task.scene_object
    brian2.prefs.logging.file_log = False
    brian2.prefs.devices.cpp_standalone.openmp_threads = task.threads if task.threads > 1 else 0
    brian2.prefs.codegen.cpp.headers += ["<chrono>", "<fstream>", "<sys/resource.h>"]
    brian2.prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]
    with tempfile.TemporaryDirectory(prefix="snn-brian2-") as folder:
        brian2.set_device("cpp_standalone", directory=folder, build_on_run=False)
        device = brian2.get_device()
        brian2.defaultclock.dt = scene.dt * ms
        brian2.seed(task.seed)
        builder = next(builder for kind, builder in BUILDERS.items() if isinstance(scene, kind))
        device.insert_code("before_start", "auto snn_begin = std::chrono::steady_clock::now();")
        objects, populations, synapses = builder(scene, task.scale, task.seed)
        monitor = SpikeMonitor(objects[0], record=False)
        network = Network(*objects, monitor)
        count = len(objects[0])
        words = {
            "net": network.name,
            "warm_up": scene.warm_up / 1000.0,
            "segment": task.segment_ms / 1000.0,
            "segments": task.segments,
            "count": count,
            "counts": device.get_array_name(monitor.variables["count"]),
        }
        device.insert_code("before_network_run", "auto snn_warm = std::chrono::steady_clock::now();")
        device.insert_code("before_network_run", _BEFORE.format(**words))
        device.insert_code("after_network_run", _AFTER.format(**words))
        network.run(task.segment_ms * ms)
        device.build(directory=folder, compile=True, run=True, with_output=False)
        built, before, parts, after, peak = (Path(folder) / "snn_notes.txt").read_text(encoding="utf-8").splitlines()
    spikes = np.array(after.split(), np.int64) - np.array(before.split(), np.int64)
    rates = {
        name: float(spikes[begin:end].mean()) / task.biological_seconds for name, (begin, end) in populations.items()
    }
    return Answer(
        version=brian2.__version__,
        seconds=[float(one) for one in parts.split()],
        build_s=float(built),
        rates_hz=rates,
        synapses=synapses,
        peak_rss_bytes=int(peak),
        notes="C++ standalone with OpenMP; its build time is that of the compiled program",
    )


if __name__ == "__main__":
    answer(run)
