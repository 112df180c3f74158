"""The scenes in NEST, with threads, as its users run them on one machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import nest
import numpy as np

from snn.distributions import Normal
from snn.engine import machine
from snn.engine.bench.peers.task import Answer, Task, answer
from snn.scenes import Brunel, Coba, Cuba, Izhikevich, IzhikevichSparse, Microcircuit, Scene, Stdp, Weights

# A builder returns the populations, and how many connections it made that are no synapses of the network.
Populations = dict[str, Any]
# The model of synapses that learn.
LEARNED = "learned"


def brunel(scene: Brunel, scale: float, seed: int) -> tuple[Populations, int]:
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
    return populations, len(everyone)


def cuba(scene: Cuba, scale: float, seed: int) -> tuple[Populations, int]:
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
    return populations, 0


def coba(scene: Coba, scale: float, seed: int) -> tuple[Populations, int]:
    """Build the network of Vogels and Abbott 2005 with conductances."""
    leak = 10.0  # nS, the unit of the scene's conductances
    parameters = {
        "C_m": leak * scene.tau_membrane,
        "g_L": leak,
        "tau_syn_ex": scene.tau_excitatory,
        "tau_syn_in": scene.tau_inhibitory,
        "E_ex": scene.e_excitatory,
        "E_in": scene.e_inhibitory,
        "t_ref": scene.refractory,
        "E_L": scene.v_rest,
        "V_reset": scene.v_reset,
        "V_th": scene.threshold,
    }
    populations = {}
    for name, size in scene.sizes(scale).items():
        start = {"V_m": _random(scene.v_start), "g_ex": _random(scene.excitatory_start, leak)}
        start["g_in"] = _random(scene.inhibitory_start, leak)
        populations[name] = nest.Create("iaf_cond_exp", size, params={**parameters, **start})
    everyone = populations["excitatory"] + populations["inhibitory"]
    rule = {"rule": "pairwise_bernoulli", "p": scene.probability(scale)}
    for source, weight in (("excitatory", scene.excitatory_weight), ("inhibitory", -scene.inhibitory_weight)):
        nest.Connect(populations[source], everyone, rule, {"weight": weight * leak, "delay": scene.delay})
    return populations, 0


def izhikevich(scene: Izhikevich, scale: float, seed: int) -> tuple[Populations, int]:
    """Build a network of Izhikevich 2003."""
    parameters = scene.neuron_parameters(scale, seed)
    populations = {}
    for name, size in scene.sizes(scale).items():
        values = parameters[name]
        # Without consistent integration NEST takes the two half steps of the paper.
        population = nest.Create(
            "izhikevich", size, params={"consistent_integration": False, "V_th": 30.0, "V_m": -65.0}
        )
        population.set(
            a=values["recovery_rate"],
            b=values["recovery_coupling"],
            c=values["v_reset"],
            d=values["recovery_jump"],
            U_m=np.asarray(values["recovery_coupling"]) * -65.0,
        )
        noise = nest.Create("noise_generator", params={"std": values["noise_std"], "dt": scene.dt})
        nest.Connect(noise, population)
        populations[name] = population
    everyone = populations["excitatory"] + populations["inhibitory"]
    for source, (low, high) in scene.weight_ranges(scale).items():
        rule: dict[str, Any] = {"rule": "all_to_all"}
        if isinstance(scene, IzhikevichSparse):
            rule = {"rule": "fixed_indegree", "indegree": scene.inputs(source)}
        weight = nest.random.uniform(low, high)
        nest.Connect(populations[source], everyone, rule, {"weight": weight, "delay": scene.dt})
    return populations, len(everyone)


def microcircuit(scene: Microcircuit, scale: float, seed: int) -> tuple[Populations, int]:
    """Build the network of Potjans and Diesmann 2014."""
    populations = {}
    for name, size in scene.sizes(scale).items():
        parameters = {
            "C_m": scene.capacitance,
            "tau_m": scene.tau_membrane,
            "tau_syn_ex": scene.tau_synapse,
            "tau_syn_in": scene.tau_synapse,
            "t_ref": scene.refractory,
            "E_L": scene.v_rest,
            "V_reset": scene.v_reset,
            "V_th": scene.threshold,
            "I_e": scene.bias_current(name, scale),
            "V_m": _random(scene.initial_membrane(name)),
        }
        populations[name] = nest.Create("iaf_psc_exp", size, params=parameters)
        noise = nest.Create("poisson_generator", params={"rate": scene.background_rate(name, scale)})
        external = {"weight": scene.background_weight(scale), "delay": scene.excitatory_delay}
        nest.Connect(noise, populations[name], syn_spec=external)
    for (source, target), count in scene.synapse_counts(scale).items():
        weight, delay = scene.weight(source, target, scale), scene.delay(source)
        low, high = (-np.inf, 0.0) if weight < 0.0 else (0.0, np.inf)
        normal = nest.random.normal(weight, abs(weight) * scene.weight_std)
        late = nest.random.normal(delay, delay * scene.delay_std)
        synapse = {
            "weight": nest.math.redraw(normal, min=low, max=high),
            "delay": nest.math.redraw(late, min=scene.dt, max=np.inf),
        }
        nest.Connect(populations[source], populations[target], {"rule": "fixed_total_number", "N": count}, synapse)
    return populations, scene.neurons(scale)


def stdp(scene: Stdp, scale: float, seed: int) -> tuple[Populations, int]:
    """Build the network of Song, Miller and Abbott 2000.

    NEST takes the delay as dendritic, and currents jump at the end of a step: with the shortest delay, a step, the lag of a
    pair is three steps longer than here. An arrival one or two steps after a spike of the cell still potentiates, one three
    steps after it does nothing. That cannot be set. Inputs do not follow the cells' spikes, so that for them only the integral
    of the window counts, and both of its sides have the same one as here: as the pair in one step does not count there,
    potentiation is higher there by the decay of one step.
    """
    capacitance = 200.0  # pF, as in `cuba`
    cells = nest.Create(
        "iaf_psc_exp",
        scene.sizes(scale)["cells"],
        params={
            "C_m": capacitance,
            "tau_m": scene.tau_membrane,
            "tau_syn_ex": scene.tau_synapse,
            "t_ref": 0.0,
            "E_L": scene.v_rest,
            "V_reset": scene.v_reset,
            "V_th": scene.threshold,
            "V_m": scene.v_rest,
            "tau_minus": scene.tau_minus,
        },
    )
    # A generator gives each target a train of its own; parrots send the same one to all cells.
    inputs = nest.Create("parrot_neuron", scene.inputs)
    noise = nest.Create("poisson_generator", params={"rate": scene.input_rate})
    nest.Connect(noise, inputs)
    weight_max = scene.weight_max * capacitance / scene.tau_membrane
    plus = scene.amplitude_plus * np.exp(scene.dt / scene.tau_plus)
    rule = {"Wmax": weight_max, "tau_plus": scene.tau_plus, "mu_plus": 0.0, "mu_minus": 0.0}
    nest.CopyModel("stdp_synapse_hom", LEARNED, {**rule, "lambda": plus, "alpha": scene.amplitude_minus / plus})
    weight = nest.random.uniform(0.0, weight_max)
    nest.Connect(inputs, cells, "all_to_all", {"synapse_model": LEARNED, "weight": weight, "delay": scene.dt})
    return {"inputs": inputs, "cells": cells}, len(inputs)


def learned_weights(inputs: Any) -> Any:
    """Return the weights that `inputs` have learned, as parts of the largest; the network is of no use afterwards.

    NEST adds what spikes of a target did when the source spikes next, so each source spikes once more, without depression.
    """
    nest.SetDefaults(LEARNED, {"alpha": 0.0})
    last = nest.Create("spike_generator", params={"spike_times": [nest.biological_time + nest.resolution]})
    nest.Connect(last, inputs, syn_spec={"delay": nest.resolution})
    nest.Simulate(4 * nest.resolution)
    return _weights()


def _weights() -> Any:
    """Return the weights of synapses that learn by source and target, as parts of the largest."""
    found = nest.GetConnections(synapse_model=LEARNED).get(["source", "target", "weight"])
    order = np.lexsort((found["target"], found["source"]))
    return np.asarray(found["weight"])[order] / nest.GetDefaults(LEARNED, "Wmax")


def _random(normal: Normal, unit: float = 1.0) -> Any:
    """Return a distribution as NEST has it, times a unit."""
    values = nest.random.normal(normal.mean * unit, normal.std * unit)
    return values if normal.low is None else nest.math.redraw(values, min=normal.low * unit, max=np.inf)


BUILDERS: dict[type[Any], Callable[..., tuple[Populations, int]]] = {
    Brunel: brunel,
    Coba: coba,
    Cuba: cuba,
    Izhikevich: izhikevich,
    Microcircuit: microcircuit,
    Stdp: stdp,
}

NOTES: dict[type[Any], str] = {
    Stdp: "the lag of each pair is three steps longer than here, since the delay is dendritic; both sides of the window of "
    "learning have the same integral as here"
}


def build(task: Task, scene: Scene) -> tuple[Populations, int]:
    """Build a scene in an empty kernel; the same task draws the same network."""
    nest.ResetKernel()
    nest.set(resolution=scene.dt, local_num_threads=task.threads, rng_seed=task.seed + 1)
    builder = next(builder for kind, builder in BUILDERS.items() if isinstance(scene, kind))
    return builder(scene, task.scale, task.seed)


def run(task: Task) -> Answer:
    """Build and run a scene."""
    scene = task.scene_object
    nest.set_verbosity("M_ERROR")
    before_bytes = machine.peak_rss_bytes()
    begin = time.perf_counter()
    populations, others = build(task, scene)
    synapses = nest.num_connections - others
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
    peak = machine.peak_rss_bytes()
    weights = {}
    if scene.weights is not None:
        learned = learned_weights(populations["inputs"])
        # Read from a second network, because the list of connections would count in the peak memory of the first.
        build(task, scene)
        weights = Weights.summary(learned, _weights())
    return Answer(
        version=nest.__version__,
        seconds=seconds,
        build_s=build_s,
        rates_hz=rates,
        synapses=synapses,
        peak_rss_bytes=peak,
        rss_before_bytes=before_bytes,
        weights=weights,
        notes=NOTES.get(type(scene), ""),
    )


if __name__ == "__main__":
    answer(run)
