"""From a network to a NIR graph."""

from __future__ import annotations

import json
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from snn.engine.errors import ArgumentTypeError, UnsupportedError, shown
from snn.network import Network
from snn.neurons import Neuron
from snn.nir._graph import DT_KEY, NODES_KEY, ORDER_KEY, back_edges
from snn.population import Population
from snn.projection import Projection

__all__ = ["to_nir"]

Reals = NDArray[np.float64]


def to_nir(network: Network) -> Any:
    """Make a NIR graph of a network.

    Each population becomes a node of its name: `LIF` a LIF, `CurrentLIF` (with the receptor ``current``) a CubaLIF,
    `IntegrateAndFire` an IF, `LeakyIntegrator` an LI. Projections become Linear or Affine, Scale (one-to-one), Conv2d,
    SumPool2d and AvgPool2d, with a Flatten before them and a Delay where needed. Populations without a projection to another
    one lead to outputs.

    Constants are chosen so that the equations of `from_nir`, in steps of the network's dt, compute the same as the network. If
    a state decays by exp(-dt/tau), the written tau is the one whose 1 - dt/tau is that factor. What NIR cannot express (dt in
    seconds, a reset by subtraction or in the next step, spikes at the threshold) is written into the graph's metadata, which
    `from_nir` reads and other programs may ignore.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    nir.NIRGraph
        For ``nir.write(path, graph)``.

    Raises
    ------
    UnsupportedError
        A population or projection has no counterpart in NIR; the message names it and says why.
    """
    if not isinstance(network, Network):
        raise ArgumentTypeError(f"network is {shown(network)}, not a Network")
    return _Writer(network).graph()


class _Writer:
    def __init__(self, network: Network) -> None:
        self.network = network
        self.dt = network.dt * 1e-3
        self.nodes: dict[str, Any] = {}
        self.edges: list[tuple[str, str]] = []
        self.words: dict[str, dict[str, str]] = {}

    def graph(self) -> Any:
        """Return the graph."""
        for population in self.network.populations.values():
            self.nodes[population.name] = self._node(population)
        implied = self._implied_steps()
        for projection in self.network.projections.values():
            self._write(projection, 1 if projection.name in implied else 0)
        leading = {
            projection.source.name for projection in self.network.projections.values() if not _is_ring(projection)
        }
        for population in self.network.populations.values():
            if population.is_input or population.name in leading:
                continue
            name = self._new_name("output")
            self.nodes[name] = nir.Output(output_type={"output": np.array(population.shape)})
            self.edges.append((population.name, name))
        metadata = {
            DT_KEY: self.dt,
            NODES_KEY: json.dumps(self.words),
            ORDER_KEY: json.dumps(list(self.network.populations)),
        }
        try:
            return nir.NIRGraph(nodes=self.nodes, edges=self.edges, metadata=metadata)
        except ValueError as error:
            raise UnsupportedError(
                f"NIR cannot hold this network; the package nir says: {error}. Populations of a ring that has no way out of it "
                "are one cause"
            ) from error

    def _new_name(self, wanted: str) -> str:
        name, number_of = wanted, 1
        while name in self.nodes:
            number_of += 1
            name = f"{wanted}_{number_of}"
        return name

    # ---- populations

    def _node(self, population: Population) -> Any:
        if population.is_input:
            return nir.Input(input_type={"input": np.array(population.shape)})
        writers = {
            "lif": self._lif,
            "current_lif": self._current_lif,
            "integrate_and_fire": self._if,
            "leaky_integrator": self._li,
        }
        if population.model not in writers:
            raise UnsupportedError(
                f"population {population.name!r} has model {population.model!r}, which NIR does not have; it has "
                f"{', '.join(writers)}. A .snn file has any model"
            )
        return writers[population.model](population)

    def _lif(self, population: Population) -> Any:
        self._check(population, refractory=0.0)
        tau, r = self._membrane(population)
        return nir.LIF(tau=tau, r=r, v_leak=self._values(population, "v_rest"), **self._spike(population))

    def _li(self, population: Population) -> Any:
        self._check(population)
        tau, r = self._membrane(population)
        return nir.LI(tau=tau, r=r, v_leak=self._values(population, "v_rest"))

    def _if(self, population: Population) -> Any:
        self._check(population, v_rest=0.0)
        # v += r dt x is v += x.
        return nir.IF(r=np.full(population.shape, 1 / self.dt), **self._spike(population))

    def _current_lif(self, population: Population) -> Any:
        self._check(population, refractory=0.0, bias_current=0.0)
        for option, expected in (("synapse_order", "current_first"), ("refractory_currents", "running")):
            if population.options[option] != expected:
                raise UnsupportedError(
                    f"population {population.name!r} has {option} {population.options[option]!r}, for which NIR has no word"
                )
        tau, gain = self._membrane(population)
        tau_syn = self._euler_tau(population, "tau_synapse")
        return nir.CubaLIF(
            tau_mem=tau,
            tau_syn=tau_syn,
            r=gain * self._values(population, "resistance"),
            v_leak=self._values(population, "v_rest"),
            w_in=tau_syn / self.dt,
            **self._spike(population),
        )

    def _membrane(self, population: Population) -> tuple[Reals, Reals]:
        """Return tau and r of the membrane."""
        tau = self._euler_tau(population, "tau_membrane")
        scaling = population.options["input_scaling"]
        if scaling == "exact":
            raise UnsupportedError(
                f"population {population.name!r} has input_scaling 'exact', for which NIR has no word"
            )
        return tau, np.ones(population.shape) if scaling == "one_minus_decay" else tau / self.dt

    def _euler_tau(self, population: Population, name: str) -> Reals:
        tau = self._values(population, name) * 1e-3
        return tau if population.options["decay"] == "euler" else self.dt / -np.expm1(-self.dt / tau)

    def _spike(self, population: Population) -> dict[str, Reals]:
        """Return threshold and reset; what NIR has no word for goes into the metadata."""
        options = population.options
        if options["reset"] == "none":
            raise UnsupportedError(f"population {population.name!r} is not reset, for which NIR has no word")
        words = {"reset": options["reset"]}
        if options["threshold_compare"] != "greater":
            words["threshold_compare"] = options["threshold_compare"]
        if options["reset_timing"] != "same_step":
            words["reset_timing"] = options["reset_timing"]
        self.words[population.name] = words
        v_reset = self._values(population, "v_reset")
        if options["reset"] == "subtract" and v_reset.any():
            raise UnsupportedError(
                f"population {population.name!r} is reset by threshold - v_reset with a v_reset other than 0, for which NIR "
                "has no word"
            )
        found = {"v_threshold": self._values(population, "threshold")}
        # Before nir 1.0.5 nodes had no v_reset.
        return found | {"v_reset": v_reset} if "v_reset" in nir.LIF.__dataclass_fields__ else found

    def _values(self, population: Population, name: str) -> Reals:
        return np.broadcast_to(np.asarray(population.parameters[name], np.float64), population.shape).copy()

    def _check(self, population: Population, **expected: float) -> None:
        for name, value in expected.items():
            if (self._values(population, name) != value).any():
                raise UnsupportedError(
                    f"population {population.name!r} has a {name} other than {value:g}, for which NIR has no word"
                )
        if isinstance(population.neurons, Neuron) and population.neurons.initial:
            raise UnsupportedError(
                f"population {population.name!r} has initial states of its own, for which NIR has no word"
            )

    # ---- projections

    def _implied_steps(self) -> set[str]:
        """Return the projections whose single step of delay is that of a ring, as readers of NIR understand it."""
        plain = [one for one in self.network.projections.values() if _delay_steps(one) <= 1]

        def closing(projections: list[Projection]) -> set[tuple[str, str]]:
            # By name: a file does not keep the order of nodes.
            starts = [*sorted(self.network.inputs), *sorted(self.network.populations)]
            return back_edges(starts, [(one.source.name, one.target.name) for one in projections])

        ring = closing(plain)
        implied = [one for one in plain if (one.source.name, one.target.name) in ring]
        # The other delays become nodes, and the same ways must then close the rings; else all delays become nodes.
        left = [one for one in plain if _delay_steps(one) == 0 or one in implied]
        if any(_delay_steps(one) == 0 for one in implied) or closing(left) != ring:
            return set()
        return {one.name for one in implied}

    def _write(self, projection: Projection, implied: int) -> None:
        source, target = projection.source, projection.target
        if target.model == "current_lif" and projection.receptor not in (None, "current"):
            raise UnsupportedError(
                f"projection {projection.name!r} goes to the receptor {projection.receptor!r}; CubaLIF of NIR has one input"
            )
        chain = []
        if _delay_steps(projection) > implied:
            chain.append(("delay", nir.Delay(delay=np.full(source.shape, _delay_steps(projection) * self.dt))))
        chain += self._linear(projection)
        last = source.name
        for place, (word, node) in enumerate(chain):
            # The last one has the projection's name.
            name = self._new_name(projection.name if place == len(chain) - 1 else f"{projection.name}_{word}")
            self.nodes[name] = node
            self.edges.append((last, name))
            last = name
        if (last, target.name) in self.edges:
            raise UnsupportedError(f"projection {projection.name!r} is a second one without weights between them")
        self.edges.append((last, target.name))

    def _linear(self, projection: Projection) -> list[tuple[str, Any]]:
        source, target, kind = projection.source, projection.target, projection.kind
        if projection.plasticity is not None:
            raise UnsupportedError(f"projection {projection.name!r} is plastic, for which NIR has no word")
        bias = projection.bias if projection.bias is not None and projection.bias.any() else None
        if kind == "pool2d":
            return [("pool", self._pool(projection))]
        if kind == "conv2d":
            window = projection._window
            node = nir.Conv2d(
                input_shape=tuple(source.shape[1:]),
                weight=np.array(projection.weights),
                stride=window["stride"],
                padding=window["padding"],
                dilation=window["dilation"],
                groups=window["groups"],
                bias=np.zeros(target.shape[0], np.float32) if projection.bias is None else np.array(projection.bias),
            )
            return [("conv", _typed(node, projection))]
        if kind == "one_to_one" and bias is None:
            if source.shape != target.shape:
                raise UnsupportedError(
                    f"projection {projection.name!r} changes the shape {source.shape} to {target.shape}"
                )
            if (projection.weights == 1.0).all():
                return []
            return [("scale", nir.Scale(scale=projection.weights.reshape(source.shape).copy()))]
        if len(target.shape) > 1:
            raise UnsupportedError(
                f"projection {projection.name!r} leads to neurons of shape {target.shape}; NIR has no node that gives a "
                "vector such a shape"
            )
        chain = []
        if len(source.shape) > 1:
            flat = nir.Flatten(input_type={"input": np.array(source.shape)}, start_dim=0, end_dim=-1)
            chain.append(("flatten", flat))
        weights = self._matrix(projection).T.copy()
        return [
            *chain,
            ("linear", nir.Linear(weight=weights) if bias is None else nir.Affine(weight=weights, bias=bias.copy())),
        ]

    def _matrix(self, projection: Projection) -> NDArray[np.float32]:
        if projection.kind == "dense":
            return np.array(projection.weights)
        made = np.zeros((projection.source.size, projection.target.size), np.float32)
        if projection.kind == "one_to_one":
            np.fill_diagonal(made, projection.weights)
            return made
        sources, targets, _ = projection.synapses()
        np.add.at(made, (sources, targets), projection.weights)
        return made

    def _pool(self, projection: Projection) -> Any:
        nodes = {"sum": nir.SumPool2d, "average": nir.AvgPool2d}
        if projection.pool_mode not in nodes:
            raise UnsupportedError(
                f"projection {projection.name!r} is {projection.pool_mode} pooling, which NIR does not have"
            )
        window = projection._window
        node = nodes[projection.pool_mode](
            kernel_size=np.array(window["kernel"]),
            stride=np.array(window["stride"]),
            padding=np.array(window["padding"]),
        )
        return _typed(node, projection)


def _delay_steps(projection: Projection) -> int:
    if projection.kind != "sparse":
        return projection.delay_steps
    delays = np.unique(projection.synapses()[2])
    if delays.size > 1:
        raise UnsupportedError(
            f"projection {projection.name!r} has synapses of different delays, for which NIR has no word"
        )
    return int(delays[0]) if delays.size else projection.delay_steps


def _typed(node: Any, projection: Projection) -> Any:
    # nir checks types and does not work these out (pooling), or does not know groups of channels (convolution).
    node.input_type = {"input": np.array(projection.source.shape)}
    node.output_type = {"output": np.array(projection.target.shape)}
    return node


def _is_ring(projection: Projection) -> bool:
    return projection.source is projection.target
