"""From a network to an ONNX graph.

Populations that reach each other, immediately or through delays, form a group; without recurrence each is its own group. Input
to a group from outside is delivered for all steps at once, as one operation over steps x samples rows. Within a group, steps
are computed one after the other.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import EncodeError

from snn._arrays import MAX_BATCH, choice, file_path, integer, mapping, name_list
from snn.engine.errors import ArgumentTypeError, FileError, UnsupportedError, shown
from snn.network import Network
from snn.neurons import Neuron
from snn.onnx._activity import Activity
from snn.onnx._graph import Graph
from snn.onnx._neurons import Neurons, step_of
from snn.onnx._projections import Projections, delay_of
from snn.population import Population
from snn.projection import Projection

__all__ = ["export"]

_WEIGHTS = ("float32", "int8")


def export(
    network: Network,
    path: str | os.PathLike[str],
    *,
    steps: int = 1,
    batch_size: int = 1,
    record: Mapping[str, str | Iterable[str]] | None = None,
    weights: str = "float32",
) -> None:
    """Write a network as an ONNX graph; the documentation of `snn.onnx` lists its inputs and outputs.

    Parameters
    ----------
    network : Network
        The network, for inference: a graph cannot have plasticity or random draws. Its current weights, parameters and
        initial states are written.
    path : path-like
        The file, usually ``.onnx``.
    steps : int, default 1
        Steps that one call computes. The graph is unrolled and grows with them, but a projection outside of loops is one
        operation over all steps.
    batch_size : int, default 1
        Number of independent samples. Shapes are static, as NPUs need them.
    record : dict, optional
        By population, ``"spikes"`` or states to output at every step. Default: the spikes of every population, and the
        membrane of those that do not spike.
    weights : {"float32", "int8"}, default "float32"
        int8: weights of dense and sparse projections and convolutions are 8-bit integers with a float32 scale for each target
        neuron or channel. Weights rounded in training (`snn.Quantization`) keep their values; others are rounded to nearest.
        Biases stay float32.

    Raises
    ------
    UnsupportedError
        A population or projection cannot be expressed as a graph; the message names it and says why.
    FileError
        File I/O failed.

    Notes
    -----
    The runtime decides the order of sums, `exp` and reciprocals, and does not flush small states to 0. So spikes agree with
    those of other devices within a measured tolerance (``docs/performance.md``), not bit for bit.
    """
    if not isinstance(network, Network):
        raise ArgumentTypeError(f"network is {shown(network)}, not a Network")
    place = file_path(path)
    steps = integer(steps, "steps", minimum=1)
    batch_size = integer(batch_size, "batch_size", minimum=1, maximum=MAX_BATCH)
    choice(weights, _WEIGHTS, "weights")
    recorded = _recorded(network, record)
    model = _Exporter(network, steps, batch_size, weights == "int8").model(recorded)
    try:
        onnx.save_model(model, place)
    except OSError as error:
        raise FileError(f"{place} cannot be written: {error.strerror or error}") from error


def _recorded(network: Network, record: Mapping[str, str | Iterable[str]] | None) -> list[tuple[Population, str]]:
    if record is None:
        variables = [
            (population, "spikes" if population.spiking else population.neurons.definition.membrane)
            for population in network.populations.values()
            if isinstance(population.neurons, Neuron)
        ]
        return [(population, variable) for population, variable in variables if variable]
    found: dict[tuple[str, str], tuple[Population, str]] = {}
    for name, wanted in mapping(record, "record", "variables by population").items():
        population = network.populations[name]
        for variable in name_list(wanted, f"what to record of population {name!r}"):
            population._check_recordable(variable)
            found[name, variable] = population, variable
    return list(found.values())


class _Exporter:
    def __init__(self, network: Network, steps: int, batch: int, int8: bool) -> None:
        self.network, self.steps, self.batch = network, steps, batch
        self.native = network._finished()
        self.graph = Graph()
        self.projections = Projections(self.graph, int8)
        self.models = {p.name: step_of(p, network.dt) for p in network.populations.values() if not p.is_input}
        self.delays = {projection.name: delay_of(projection) for projection in network.projections.values()}
        self.activities: dict[str, Activity] = {}
        self.states: dict[tuple[str, str], list[str]] = {}  # by population and name: after each step
        self.initial: dict[str, Any] = {}  # of inputs, for the metadata

    def model(self, recorded: Sequence[tuple[Population, str]]) -> Any:
        """Return the ``onnx.ModelProto``."""
        depths = dict.fromkeys(self.network.populations, 0)
        for projection in self.network.projections.values():
            name = projection.source.name
            depths[name] = max(depths[name], self.delays[projection.name])
        for name, population in self.network.populations.items():
            shape = (self.steps, self.batch, population.size)
            given = self.graph.input(name, shape) if population.is_input else ""
            self.activities[name] = Activity(self.graph, *shape, given)
            if depths[name]:
                history = self.before(f"{name}.history", (depths[name], *shape[1:]), 0.0)
                self.activities[name].remember(history, depths[name])
        for group in self.groups():
            self.add(group)
        for name, depth in depths.items():
            if depth:
                shape = (depth, self.batch, self.network[name].size)
                self.graph.output(f"{name}.history.after", self.activities[name].history_after(), shape)
        for population, variable in recorded:
            self.record(population, variable)
        metadata = {
            "snn.steps": str(self.steps),
            "snn.batch_size": str(self.batch),
            "snn.dt_ms": repr(self.network.dt),
            "snn.spike_inputs": json.dumps(
                {p.name: p.spiking for p in self.network.populations.values() if p.is_input}
            ),
            "snn.initial": json.dumps(self.initial),
        }
        try:
            return self.graph.model("snn", metadata)
        except (ValueError, EncodeError, onnx.checker.ValidationError) as error:
            raise UnsupportedError(f"the package onnx refuses the graph of this network: {error}") from error

    def before(self, name: str, shape: Sequence[int], initial: Any, type: str = "float") -> str:
        self.initial[f"{name}.before"] = initial
        return self.graph.input(f"{name}.before", shape, type)

    def record(self, population: Population, variable: str) -> None:
        shape = (self.steps, self.batch, population.size)
        steady = self.models[population.name].steady
        if variable == "spikes":
            values = self.activities[population.name].stacked()
        elif variable in steady:
            values = self.graph.node("Expand", self.graph.constant(steady[variable]), self.graph.whole(*shape))
        else:
            values = self.graph.reshape(self.graph.joined(self.states[population.name, variable]), *shape)
        type = "int" if population._dtype(variable) is np.int32 else "float"
        self.graph.output(f"{population.name}.{variable}", values, shape, type)

    # ---- order

    def groups(self) -> list[list[Population]]:
        """Return populations of neurons in the order of evaluation, those that reach each other together."""
        names = list(self.network.populations)
        targets = {
            name: {p.target.name for p in self.network.projections.values() if p.source.name == name} for name in names
        }
        reached = {name: _reached(name, targets) for name in names}
        mates = {a: [b for b in names if a == b or (b in reached[a] and a in reached[b])] for a in names}
        outer: TopologicalSorter[str] = TopologicalSorter({mates[name][0]: () for name in names})
        inner: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(names, ()))
        for projection in self.network.projections.values():
            source, target = projection.source.name, projection.target.name
            if mates[source][0] != mates[target][0]:
                outer.add(mates[target][0], mates[source][0])
            elif self.delays[projection.name] == 0:
                inner.add(target, source)
        places = {name: place for place, name in enumerate(inner.static_order())}
        groups = [sorted(mates[name], key=places.__getitem__) for name in outer.static_order()]
        return [[self.network[name] for name in group] for group in groups if not self.network[group[0]].is_input]

    # ---- steps

    def add(self, group: Sequence[Population]) -> None:
        """Add all steps of populations that reach each other, in their order within a step."""
        neurons = {p.name: Neurons(self.graph, p, self.models[p.name], self.batch) for p in group}
        for name, one in neurons.items():
            for state in one.states_read():
                shape = (self.batch, self.network[name].size)
                initial = state.initial.tolist() if state.initial.size > 1 else state.initial[0].item()
                one.values[state.before] = self.before(f"{name}.{state.name}", shape, initial, state.type)
        incoming: dict[tuple[str, str], list[Projection]] = {}
        for projection in self.network.projections.values():
            receptor = self.native.projection(projection._index).receptor
            incoming.setdefault((projection.target.name, receptor), []).append(projection)
        outer = {
            (name, receptor): self.graph.sum(
                self.projections.deliver(p, self.activities[p.source.name].rows(self.delays[p.name]))
                for p in incoming.get((name, receptor), [])
                if p.source.name not in neurons
            )
            for name, one in neurons.items()
            for receptor in one.receptors
        }
        for step in range(self.steps):
            for name, one in neurons.items():
                sums = {}
                for receptor in one.receptors:
                    terms = [
                        self.projections.deliver(p, self.activities[p.source.name].at(step - self.delays[p.name]))
                        for p in incoming.get((name, receptor), [])
                        if p.source.name in neurons
                    ]
                    rows = outer[name, receptor]
                    if rows:
                        terms.insert(0, self.of_step(rows, step, self.network[name].size))
                    sums[receptor] = self.graph.sum(terms)
                self.activities[name].by_step.append(one.step(sums))
        for name, one in neurons.items():
            for state in one.states_read():
                shape = (self.batch, self.network[name].size)
                self.graph.output(f"{name}.{state.name}.after", one.after[state.name][-1], shape, state.type)
            self.states.update({(name, state): values for state, values in one.after.items()})

    def of_step(self, rows: str, step: int, size: int) -> str:
        """(batch, size) out of (steps * batch, size)."""
        if self.steps == 1:
            return rows
        return self.graph.picked(self.graph.reshape(rows, self.steps, self.batch, size), step)


def _reached(start: str, targets: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    border = [start]
    while border:
        new = targets[border.pop()] - found
        found |= new
        border += new
    return found
