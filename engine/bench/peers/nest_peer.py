"""The scenes in NEST, with threads, as its users run them on one machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import nest

from snn.engine import machine
from snn.engine.bench.peers.task import Answer, Task, answer
from snn.scenes import Brunel, Cuba, Scene

Populations = dict[str, Any]


def brunel(scene: Brunel, scale: float, seed: int) -> Populations:
    """Build the network of Brunel 2000."""
    parameters = {
        "C_m": 1.0,
        "tau_m": scene.tau_membrane,
        "t_ref": scene.refractory,
        "E_L": 0.0,
        "V_reset": scene.v_reset,
        "V_th": scene.threshold,
        "V_m": nest.random.uniform(0.0, scene.threshold),
    }
    populations = {
        name: nest.Create("iaf_psc_delta", size, params=parameters) for name, size in scene.sizes(scale).items()
    }
    everyone = populations["excitatory"] + populations["inhibitory"]
    noise = nest.Create("poisson_generator", params={"rate": scene.background_rate})
    excitation = {"weight": scene.weight, "delay": scene.delay}
    nest.Connect(noise, everyone, syn_spec=excitation)
    for source, inputs, weight in (
        ("excitatory", scene.excitatory_inputs, scene.weight),
        ("inhibitory", scene.inhibitory_inputs, -scene.g * scene.weight),
    ):
        rule = {"rule": "fixed_indegree", "indegree": inputs}
        nest.Connect(populations[source], everyone, rule, {"weight": weight, "delay": scene.delay})
    return populations


def cuba(scene: Cuba, scale: float, seed: int) -> Populations:
    """Build the network of Vogels and Abbott 2005 with currents."""
    capacitance = 200.0  # pF; a current of 1 pA then lifts the membrane by tau_membrane / 200 mV
    parameters = {
        "C_m": capacitance,
        "tau_m": scene.tau_membrane,
        "tau_syn_ex": scene.tau_excitatory,
        "tau_syn_in": scene.tau_inhibitory,
        "t_ref": scene.refractory,
        "E_L": scene.v_rest,
        "V_reset": scene.v_reset,
        "V_th": scene.threshold,
        "V_m": nest.random.uniform(scene.v_reset, scene.threshold),
    }
    populations = {
        name: nest.Create("iaf_psc_exp", size, params=parameters) for name, size in scene.sizes(scale).items()
    }
    everyone = populations["excitatory"] + populations["inhibitory"]
    rule = {"rule": "pairwise_bernoulli", "p": scene.probability(scale)}
    for source, weight in (("excitatory", scene.excitatory_weight), ("inhibitory", -scene.inhibitory_weight)):
        current = weight * capacitance / scene.tau_membrane
        nest.Connect(populations[source], everyone, rule, {"weight": current, "delay": scene.delay})
    return populations


BUILDERS: dict[type[Scene], Callable[..., Populations]] = {Brunel: brunel, Cuba: cuba}


def run(task: Task) -> Answer:
    """Build and run a scene."""
    scene = task.scene_object
    nest.set_verbosity("M_ERROR")
    nest.ResetKernel()
    nest.set(resolution=scene.dt, local_num_threads=task.threads, rng_seed=task.seed + 1)
    begin = time.perf_counter()
    builder = next(builder for kind, builder in BUILDERS.items() if isinstance(scene, kind))
    populations = builder(scene, task.scale, task.seed)
    recorders = {}
    for name, population in populations.items():
        # Only what comes after the warm-up, and only its number is read.
        recorders[name] = nest.Create("spike_recorder", params={"start": scene.warm_up})
        nest.Connect(population, recorders[name])
    nest.Prepare()
    build_s = time.perf_counter() - begin
    seconds = []
    nest.Run(scene.warm_up)
    for _ in range(task.segments):
        begin = time.perf_counter()
        nest.Run(task.segment_ms)
        seconds.append(time.perf_counter() - begin)
    nest.Cleanup()
    rates = {
        name: recorders[name].n_events / len(population) / task.biological_seconds
        for name, population in populations.items()
    }
    return Answer(
        version=nest.__version__,
        seconds=seconds,
        build_s=build_s,
        rates_hz=rates,
        synapses=nest.num_connections,
        peak_rss_bytes=machine.peak_rss_bytes(),
    )


if __name__ == "__main__":
    answer(run)
