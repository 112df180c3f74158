"""From a NIR graph to a network."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import nir
import numpy as np
from numpy.typing import NDArray

from snn._arrays import choice, number
from snn.builtin_neurons import LIF, CurrentLIF, IntegrateAndFire, LeakyIntegrator
from snn.engine.errors import ArgumentTypeError, FileError, InvalidArgumentError, UnsupportedError, shown
from snn.network import Network
from snn.neurons import Input, Neuron
from snn.nir._graph import DT_KEY, NODES_KEY, ORDER_KEY, back_edges, evaluation_order
from snn.nir._linear import LINEAR, Link, connection, output_shape

__all__ = ["from_nir"]

Reals = NDArray[np.float64]
Shape = tuple[int, ...]
Way = tuple[str, tuple[str, ...], str]
"""Source, linear nodes on the way, target."""

_NEURONS = (nir.LIF, nir.CubaLIF, nir.IF, nir.LI, nir.Threshold)
# What snnTorch writes is as near to 1 as float32 is: its r is the inverse of dt / tau.
_NEARLY_ONE = 1e-5
_STANDARD_DT = 1e-4


class _Wire:
    """Where a nested graph begins or ends."""


def from_nir(
    graph: Any,
    *,
    dt: float | None = None,
    reset: str = "auto",
    reset_timing: str = "auto",
    discretization: Literal["euler", "exact"] = "euler",
    threshold_compare: Literal["greater", "greater_equal"] = "greater",
    synaptic_input: Literal["rate", "jump"] = "rate",
    if_gain: Literal["auto", "ode", "step"] = "auto",
) -> Network:
    """Make a network of a NIR graph.

    LIF and Threshold become `LIF`, CubaLIF `CurrentLIF`, IF `IntegrateAndFire`, LI `LeakyIntegrator`, each with the name of its
    node (letters, digits and ``_``; names in a nested graph begin with the graph's). All Affine, Linear, Scale, Conv2d,
    SumPool2d, AvgPool2d, Flatten and Delay nodes between two of them become one projection. A connection that closes a loop
    arrives one step later. A node without a counterpart is an error that names it.

    Parameters
    ----------
    graph : nir.NIRGraph or path
        The graph, or the file that contains it.
    dt : float, optional
        Time step in seconds. Default: what `to_nir` wrote into the metadata, else 1e-4, as in snnTorch. Norse and Sinabs
        write time constants in other units; give the step in theirs (``dt=1e-3`` times 1 for Norse's ``dt=1``; Sinabs: 1).
    reset : {"auto", "value", "subtract"}, default "auto"
        Reset after a spike: "value", to the node's v_reset, as NIR defines it; or "subtract", by the threshold, as many
        networks were trained. "auto": what `to_nir` wrote, else "value".
    reset_timing : {"auto", "same_step", "next_step"}, default "auto"
        Reset in the step of the spike, or in the next step (snnTorch's default). "auto": what `to_nir` wrote, else "same_step".
    discretization : {"euler", "exact"}, default "euler"
        Decay in a step by 1 - dt/tau (NIR's reference, snnTorch, Norse), or by exp(-dt/tau) (Sinabs).
    threshold_compare : {"greater", "greater_equal"}, default "greater"
        Spike above the threshold, or at and above it (Sinabs, SpikingJelly).
    synaptic_input : {"rate", "jump"}, default "rate"
        For CubaLIF. "rate": the input is a current that adds w_in dt / tau_syn to the synaptic current in a step. "jump": it
        adds w_in (Norse).
    if_gain : {"auto", "ode", "step"}, default "auto"
        Factor on the input of IF. "ode": r dt, as in the equation; "step": r. "auto": "step" if all r are 1, as most libraries
        mean it; else "ode".

    Returns
    -------
    Network
        Its `dt` is in milliseconds. All weights are trainable. Populations that lead to an output come last; if `to_nir` wrote
        the graph, in its order.

    Raises
    ------
    UnsupportedError
        A node has no counterpart here.
    InvalidArgumentError
        The graph is inconsistent: an edge to a missing node, shapes that do not match, a time constant below dt / 2.
    FileError
        The file cannot be read.

    Notes
    -----
    Equations of a step of dt, with d = dt / tau (or 1 - exp(-dt / tau)): LIF ``v += d (v_leak - v + r x)``; CubaLIF
    ``i += d_syn (w_in x - i)``, then ``v += d_mem (v_leak - v + r i)``. Then the spike, then its reset, in the same step.
    """
    found = _read(graph)
    words = _Words(
        choice(reset, ("auto", "value", "subtract"), "reset"),
        choice(reset_timing, ("auto", "same_step", "next_step"), "reset_timing"),
        choice(discretization, ("euler", "exact"), "discretization"),
        choice(threshold_compare, ("greater", "greater_equal"), "threshold_compare"),
        choice(synaptic_input, ("rate", "jump"), "synaptic_input"),
        choice(if_gain, ("auto", "ode", "step"), "if_gain"),
    )
    metadata = found.metadata if isinstance(getattr(found, "metadata", None), Mapping) else {}
    step = number(metadata.get(DT_KEY, _STANDARD_DT) if dt is None else dt, "dt", minimum=0.0, exclusive=True)
    words.own = _json(metadata, NODES_KEY, {})
    words.order = _json(metadata, ORDER_KEY, [])
    return _Reader(found, step, words).network()


def _json(metadata: Mapping[str, Any], key: str, default: Any) -> Any:
    """Return what `to_nir` wrote."""
    try:
        found = json.loads(metadata[key]) if key in metadata else default
    except (TypeError, ValueError):
        raise InvalidArgumentError(f"the graph's metadata {key!r} is no JSON") from None
    if not isinstance(found, type(default)):
        raise InvalidArgumentError(f"the graph's metadata {key!r} is {shown(found)}, no JSON {type(default).__name__}")
    return found


def _read(graph: Any) -> Any:
    if isinstance(graph, str | os.PathLike):
        try:
            graph = nir.read(graph)
        except Exception as error:  # of h5py and of nir, which say little by their types
            raise FileError(f"{os.fspath(graph)!r} is not a NIR file that the package nir can read: {error}") from error
    if not isinstance(graph, nir.NIRGraph):
        raise ArgumentTypeError(f"graph is {shown(graph)}, neither a nir.NIRGraph nor the path of a file")
    return graph


class _Words:
    """How the nodes are to be understood."""

    def __init__(
        self, reset: str, reset_timing: str, discretization: str, compare: str, synaptic_input: str, if_gain: str
    ) -> None:
        self.reset = reset
        self.reset_timing = reset_timing
        self.discretization = discretization
        self.compare = compare
        self.synaptic_input = synaptic_input
        self.if_gain = if_gain
        self.own: dict[str, dict[str, str]] = {}
        """What `to_nir` wrote, by node."""
        self.order: list[str] = []
        """The populations in their order, if `to_nir` wrote the graph."""

    def options(self, name: str) -> dict[str, Any]:
        """Return the options of the spike and its reset."""
        own = self.own.get(name, {})
        return {
            "reset": own.get("reset", "value") if self.reset == "auto" else self.reset,
            "reset_timing": own.get("reset_timing", "same_step") if self.reset_timing == "auto" else self.reset_timing,
            "threshold_compare": own.get("threshold_compare", self.compare),
        }


class _Reader:
    def __init__(self, graph: Any, dt: float, words: _Words) -> None:
        self.dt = dt
        self.words = words
        self.nodes: dict[str, Any] = {}
        self.edges: list[tuple[str, str]] = []
        self._flatten(graph, "")
        self.followers: dict[str, list[str]] = {name: [] for name in self.nodes}
        for source, target in dict.fromkeys(self.edges):
            for end in (source, target):
                if end not in self.nodes:
                    raise InvalidArgumentError(
                        f"the edge {source!r} -> {target!r} names a node {end!r} that is not there"
                    )
            self.followers[source].append(target)
        for name, node in self.nodes.items():
            if not isinstance(node, (*_NEURONS, *LINEAR, nir.Input, nir.Output, _Wire)):
                raise UnsupportedError(f"node {name!r} is a {type(node).__name__}, which has no counterpart here")

    def _flatten(self, graph: Any, prefix: str) -> None:
        """Take in the nodes of nested graphs, whose edges may also be named from outside, as "graph.node"."""
        ends: dict[str, tuple[str, str]] = {}
        for name, node in graph.nodes.items():
            full = prefix + name
            if isinstance(node, nir.NIRGraph):
                self._flatten(node, f"{full}.")
                inner = [
                    [key for key, one in node.nodes.items() if isinstance(one, kind)]
                    for kind in (nir.Input, nir.Output)
                ]
                if any(len(keys) != 1 for keys in inner):
                    raise UnsupportedError(f"the nested graph {full!r} does not have one input and one output")
                ends[name] = (f"{full}.{inner[0][0]}", f"{full}.{inner[1][0]}")
            else:
                self.nodes[full] = _Wire() if prefix and isinstance(node, nir.Input | nir.Output) else node
        for source, target in graph.edges:
            into, out = ends.get(target, (prefix + target,))[0], ends.get(source, (prefix + source,))[-1]
            self.edges.append((out, into))

    # ---- ways between populations

    def _ways(self) -> Iterator[Way]:
        """Yield every way from an input or neurons through linear nodes to neurons or an output."""
        for source, node in self.nodes.items():
            if isinstance(node, (*_NEURONS, nir.Input)):
                yield from self._ways_from(source, source, ())

    def _ways_from(self, source: str, node: str, passed: tuple[str, ...]) -> Iterator[Way]:
        for following in self.followers[node]:
            if following in passed:
                raise UnsupportedError(f"node {following!r} is in a ring without neurons")
            if isinstance(self.nodes[following], (*_NEURONS, nir.Output)):
                yield source, passed, following
            elif isinstance(self.nodes[following], nir.Input):
                raise InvalidArgumentError(f"the edge {node!r} -> {following!r} leads into an input")
            else:
                yield from self._ways_from(source, following, (*passed, following))

    def _links(self, passed: tuple[str, ...], target: str, seen: set[tuple[str, ...]]) -> list[Link]:
        links = []
        for place, name in enumerate(passed):
            if isinstance(self.nodes[name], _Wire):
                continue
            rest = (*passed[place:], target)
            links.append(Link(name, self.nodes[name], rest not in seen))
            seen.add(rest)
        return links

    # ---- the network

    def network(self) -> Network:
        """Return the network."""
        ways = list(self._ways())
        inner = []
        for source, passed, target in ways:
            if not isinstance(self.nodes[target], nir.Output):
                inner.append((source, passed, target))
            elif any(not isinstance(self.nodes[name], nir.Flatten | _Wire) for name in passed):
                raise UnsupportedError(
                    f"the output {target!r} is fed by node {passed[-1]!r} ({type(self.nodes[passed[-1]]).__name__}); it must "
                    "be fed by neurons"
                )
            elif isinstance(self.nodes[source], nir.Input):
                raise UnsupportedError(
                    f"the input {source!r} leads to the output {target!r} without neurons in between"
                )
        inputs = [name for name, node in self.nodes.items() if isinstance(node, nir.Input)]
        undelayed = [(source, target) for source, passed, target in inner if not self._steps(passed)]
        # By name: a file does not keep the order of nodes.
        back = back_edges([*sorted(inputs), *sorted(self.nodes)], undelayed)
        populations = [name for name, node in self.nodes.items() if isinstance(node, (*_NEURONS, nir.Input))]
        order = evaluation_order(populations, [edge for edge in dict.fromkeys(undelayed) if edge not in back])
        shapes: dict[str, Shape] = {}
        for name in order:
            node = self.nodes[name]
            shapes[name] = _input_shape(name, node) if isinstance(node, nir.Input) else self._shape(name, inner, shapes)
        order = self._final_order(
            order, {source for source, _, target in ways if isinstance(self.nodes[target], nir.Output)}
        )
        names = _names(order)
        net = Network(dt=self.dt * 1e3)
        gains: dict[str, Reals] = {}
        for name in order:
            if isinstance(self.nodes[name], nir.Input):
                net.add(names[name], Input(shapes[name]))
                continue
            neurons, gains[name] = self._neurons(name, shapes[name])
            net.add(names[name], neurons)
        seen: set[tuple[str, ...]] = set()
        for source, passed, target in sorted(inner, key=lambda way: order.index(way[2])):
            links = self._links(passed, target, seen)
            self._check_shape(links, source, target, shapes)
            steps = int(not self._steps(passed) and (source, target) in back)
            made = connection(links, shapes[source], shapes[target], gains[target], steps, self.dt)
            wanted = f"{names[source]}_to_{names[target]}"[:60]
            name, number_of = wanted, 1
            while name in net.projections:
                number_of += 1
                name = f"{wanted}_{number_of}"
            net.connect(names[source], names[target], made, name=name)
        return net

    def _final_order(self, order: list[str], outputs: set[str]) -> list[str]:
        """Return the populations as `to_nir` found them, else the outputs last: a trainer's output is the last population."""
        if sorted(self.words.order) == sorted(order):
            return self.words.order
        return sorted(order, key=lambda name: name in outputs)

    def _steps(self, passed: tuple[str, ...]) -> int:
        """Return the fewest steps that a way takes."""
        delays = [np.asarray(self.nodes[name].delay) for name in passed if isinstance(self.nodes[name], nir.Delay)]
        return sum(int(np.rint(delay.min() / self.dt)) for delay in delays)

    def _shape(self, name: str, ways: list[Way], shapes: dict[str, Shape]) -> Shape:
        """Return the shape of neurons: that of their parameters, or, where those are single numbers, of what reaches them."""
        parameter = self.nodes[name].threshold if isinstance(self.nodes[name], nir.Threshold) else None
        parameter = np.asarray(getattr(self.nodes[name], "r", parameter))
        for source, passed, target in ways:
            if target == name and source in shapes:
                shape = shapes[source]
                for link in self._links(passed, target, set()):
                    shape = output_shape(link, shape)
                if parameter.size == 1 or math.prod(shape) == parameter.size:
                    return (
                        shape if parameter.size == 1 or parameter.ndim < len(shape) else _three(parameter.shape, name)
                    )
                raise InvalidArgumentError(
                    f"node {name!r} has {parameter.size} neurons and gets values of shape {shape}"
                )
        if parameter.ndim == 0:
            raise InvalidArgumentError(
                f"node {name!r} has single numbers as parameters, and nothing says how many neurons it has"
            )
        return _three(parameter.shape, name)

    def _check_shape(self, links: list[Link], source: str, target: str, shapes: dict[str, Shape]) -> None:
        shape = shapes[source]
        for link in links:
            shape = output_shape(link, shape)
        if math.prod(shape) != math.prod(shapes[target]):
            raise InvalidArgumentError(
                f"node {target!r} has shape {shapes[target]}, and what comes from {source!r} has shape {shape}"
            )

    # ---- neurons

    def _neurons(self, name: str, shape: Shape) -> tuple[Neuron, Reals]:
        """Return a node's neurons, and what its input is to be multiplied with."""
        node = self.nodes[name]

        def values(key: str, default: float | None = None) -> Reals:
            given = getattr(node, key, None)
            if given is None and default is not None:
                given = default
            array = np.asarray(given, np.float64).reshape(-1)
            if array.size not in (1, math.prod(shape)):
                raise InvalidArgumentError(f"node {name!r}: {key} has {array.size} values for neurons of shape {shape}")
            if not np.isfinite(array).all():
                raise InvalidArgumentError(f"node {name!r}: {key} has a value that is not finite")
            return np.broadcast_to(array, math.prod(shape)).copy()

        def leak(key: str) -> Reals:
            tau = values(key)
            if tau.min() <= 0.0:
                raise InvalidArgumentError(f"node {name!r}: {key} is {tau.min():g}; it must be above 0")
            if self.words.discretization == "exact":
                return -np.expm1(-self.dt / tau)
            if (self.dt / tau).max() >= 2.0:
                raise InvalidArgumentError(
                    f"node {name!r}: {key} is {tau.min():g} s, not more than half of dt, {self.dt:g} s; such a step diverges"
                )
            return self.dt / tau

        def of(array: Reals) -> Any:
            return float(array[0]) if (array == array[0]).all() else array.reshape(shape)

        one = np.ones(math.prod(shape))
        if isinstance(node, nir.Threshold):
            # A membrane that forgets everything in a step, and is never reset.
            memoryless = LIF(
                shape,
                tau_membrane=self.dt * 1e3,
                decay="euler",
                threshold=of(values("threshold")),
                reset="none",
                threshold_compare=self.words.options(name)["threshold_compare"],
            )
            return memoryless, one
        if isinstance(node, nir.IF):
            r = values("r")
            step = self.words.if_gain == "step" or (self.words.if_gain == "auto" and bool((r == 1.0).all()))
            return IntegrateAndFire(shape, **self._spike(name, values, of)), _rounded(r if step else r * self.dt)
        decay: Any = self.words.discretization
        if isinstance(node, nir.CubaLIF):
            gain_membrane = values("r") * leak("tau_mem")
            plain = _is_one(gain_membrane)
            neurons = CurrentLIF(
                shape,
                tau_membrane=of(values("tau_mem") * 1e3),
                tau_synapse=of(values("tau_syn") * 1e3),
                v_rest=of(values("v_leak")),
                resistance=1.0 if plain else of(values("r")),
                input_scaling="none" if plain else "one_minus_decay",
                decay=decay,
                **self._spike(name, values, of),
            )
            jump = self.words.synaptic_input == "jump"
            return neurons, _rounded(values("w_in", 1.0) * (one if jump else leak("tau_syn")))
        gain = values("r") * leak("tau")
        plain = _is_one(gain)
        common = {
            "tau_membrane": of(values("tau") * 1e3),
            "v_rest": of(values("v_leak")),
            "input_scaling": "none" if plain else "one_minus_decay",
            "decay": decay,
        }
        made = (
            LeakyIntegrator(shape, **common)
            if isinstance(node, nir.LI)
            else LIF(shape, **common, **self._spike(name, values, of))
        )
        return made, one if plain else _rounded(values("r"))

    def _spike(self, name: str, values: Any, of: Any) -> dict[str, Any]:
        options = self.words.options(name)
        v_reset = of(values("v_reset", 0.0)) if options["reset"] == "value" else 0.0
        return {"threshold": of(values("v_threshold")), "v_reset": v_reset, **options}


def _is_one(values: Reals) -> bool:
    return bool((np.abs(values - 1.0) < _NEARLY_ONE).all())


def _rounded(values: Reals) -> Reals:
    return np.ones_like(values) if _is_one(values) else values


def _three(shape: Shape, name: str) -> Shape:
    if len(shape) > 3:
        raise UnsupportedError(f"node {name!r} has shape {shape}; populations have at most three dimensions")
    return tuple(int(size) for size in shape)


def _input_shape(name: str, node: Any) -> Shape:
    given = node.input_type.get("input") if node.input_type else None
    if given is None:
        raise InvalidArgumentError(f"the input {name!r} has no shape")
    shape = tuple(int(size) for size in np.atleast_1d(np.asarray(given)))
    if not shape or min(shape) < 1:
        raise InvalidArgumentError(f"the input {name!r} has shape {shape}")
    return _three(shape, name)


def _names(nodes: list[str]) -> dict[str, str]:
    """Return names that populations may have, one for each node."""
    found: dict[str, str] = {}
    for node in nodes:
        wanted = re.sub(r"\W", "_", node, flags=re.ASCII)[:56]
        if not wanted or wanted[0].isdigit():
            wanted = f"n{wanted}"
        name, number_of = wanted, 1
        while name in found.values():
            number_of += 1
            name = f"{wanted}_{number_of}"
        found[node] = name
    return found
