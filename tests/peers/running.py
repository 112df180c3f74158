"""One neuron under the same input here, in Brian2 and in NEST.

Everything is in mV, ms, pA, nS (conductances of `ConductanceLIF`: leak conductances). A run has a step of `DT` and returns the
traces after every step, so index k is what a neuron has at time (k + 1) DT, and the indices of the steps with a spike.

An event in step k jumps its variable at the end of that step. That is Brian2's order (integrate, compare, synapses); in NEST a
spike that is sent at k DT with a delay of one step arrives then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytest

import snn

DT = 0.1


@dataclass
class Events:
    """What arrives at one receptor: a jump of `weight` in each of `steps`."""

    steps: np.ndarray
    weight: float

    @property
    def times(self) -> np.ndarray:
        """When the steps begin, ms."""
        return np.round(self.steps * DT, 1)


@dataclass
class Run:
    """What came out."""

    traces: dict[str, np.ndarray]
    spikes: np.ndarray

    def __getitem__(self, name: str) -> np.ndarray:
        return self.traces[name]


def arriving(rate: float, weight: float, steps: int, seed: int) -> Events:
    """A Poisson train of at most one event a step, the same for everyone; none in the first step, where NEST has none."""
    chance = np.random.default_rng(seed).random(steps)
    chance[0] = 1.0
    return Events(np.flatnonzero(chance < rate * DT * 1e-3), weight)


def here(
    neuron: snn.Neuron, steps: int, events: Mapping[str, Events] | None = None, currents: np.ndarray | None = None
) -> Run:
    """Run one neuron of this library; `currents` reaches the receptor `current` in every step."""
    net = snn.Network(dt=DT)
    net.add("neuron", neuron)
    frames = {}
    for receptor, train in (events or {}).items():
        frames[receptor] = np.zeros(steps, np.float32)
        frames[receptor][train.steps] = train.weight
    if currents is not None:
        frames["current"] = currents.astype(np.float32)
    for receptor in frames:
        net.add(f"to_{receptor}", snn.Input(1))
        net.connect(f"to_{receptor}", "neuron", snn.OneToOne(weights=[1.0], receptor=receptor))
    names = [name for name in net["neuron"].states if name != "refractory_left"]
    with snn.Simulation(net) as simulation:
        inputs = {f"to_{receptor}": values[:, None, None] for receptor, values in frames.items()}
        recording = simulation.run(steps, inputs, {"neuron": [*names, "spikes"]})["neuron"]
    traces = {name: recording[name][:, 0, 0].astype(np.float64) for name in names}
    return Run(traces, np.flatnonzero(recording["spikes"][:, 0, 0]))


def in_brian2(
    equations: str,
    method: str,
    steps: int,
    constants: Mapping[str, float],
    start: Mapping[str, float],
    threshold: str,
    reset: str = "",
    refractory: float | str = False,
    events: Mapping[str, Events] | None = None,
    currents: np.ndarray | None = None,
) -> Run:
    """Run one neuron in Brian2: equations without units but ``ms``, events by variable, `currents` as ``I``.

    A refractory time of R steps holds the membrane in R - 1 of them in Brian2 and in R of them here and in NEST, so Brian2
    is given one more.
    """
    brian2 = pytest.importorskip("brian2", reason="Brian2 is not installed: pip install '.[peers]'")
    brian2.prefs.codegen.target = "numpy"
    brian2.start_scope()
    brian2.defaultclock.dt = DT * brian2.ms
    held = refractory if isinstance(refractory, str | bool) else (refractory + DT) * brian2.ms
    group = brian2.NeuronGroup(
        1,
        equations,
        method=method,
        threshold=threshold,
        reset=reset,
        refractory=held,
        namespace={**constants, "ms": brian2.ms},
    )
    for name, value in start.items():
        setattr(group, name, value)
    network = brian2.Network(group)
    if currents is not None:
        stimulus = brian2.TimedArray(currents, dt=DT * brian2.ms)
        group.namespace["stimulus"] = stimulus
        network.add(group.run_regularly("I = stimulus(t)", when="start"))
    for variable, train in (events or {}).items():
        source = brian2.SpikeGeneratorGroup(1, np.zeros(len(train.steps), int), train.times * brian2.ms)
        synapses = brian2.Synapses(source, group, on_pre=f"{variable}_post += {train.weight!r}")
        synapses.connect()
        network.add(source, synapses)
    monitor = brian2.StateMonitor(group, list(start), record=0, when="end")
    counter = brian2.SpikeMonitor(group)
    network.add(monitor, counter)
    network.run(steps * DT * brian2.ms)
    traces = {name: np.array(getattr(monitor, name)[0]) for name in start}
    return Run(traces, np.round(np.array(counter.t / brian2.ms) / DT).astype(int))


def in_nest(model: str, steps: int, parameters: Mapping[str, float], events: Mapping[int, Events] | None = None) -> Run:
    """Run one neuron in NEST; events by any key, the weights with NEST's signs. The trace is "v", without the last step."""
    nest = pytest.importorskip("nest", reason="NEST is not installed: pip install '.[peers]'")
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.resolution = DT
    neuron = nest.Create(model, params=dict(parameters))
    meter = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": DT})
    recorder = nest.Create("spike_recorder")
    nest.Connect(meter, neuron)
    nest.Connect(neuron, recorder)
    for train in (events or {}).values():
        source = nest.Create("spike_generator", params={"spike_times": train.times})
        nest.Connect(source, neuron, syn_spec={"weight": train.weight, "delay": DT})
    nest.Simulate(steps * DT)
    assert (np.round(meter.events["times"] / DT) == np.arange(1, len(meter.events["times"]) + 1)).all()
    return Run({"v": meter.events["V_m"]}, np.round(recorder.events["times"] / DT).astype(int) - 1)


def stdp_with_inputs(scale: float, start: np.ndarray) -> snn.Network:
    """The scene `stdp` with spikes that are given in place of its sources, from weights [input][cell], parts of the largest."""
    scene = snn.scenes.STDP
    network = scene.build(scale)
    mine = snn.Network(scene.dt)
    mine.add("inputs", snn.SpikeInput(scene.inputs))
    mine.add("cells", network["cells"].neurons)
    rule = network.projections["inputs_to_cells"].plasticity
    pairs = np.indices(start.shape).reshape(2, -1)
    weights = (start * scene.weight_max).ravel()
    mine.connect("inputs", "cells", snn.Sparse.from_arrays(*pairs, weights, receptor="current", plasticity=rule))
    return mine
