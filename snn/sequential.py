"""A network made from a chain of layers."""

from __future__ import annotations

import copy
from itertools import zip_longest
from typing import SupportsIndex

from snn.builtin_neurons import SpikingLSTM
from snn.connections import AvgPool2d, Connection, Dense, MaxPool2d, SumPool2d
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, shown
from snn.network import Network
from snn.neurons import Input, Neuron
from snn.population import Population

__all__ = ["Sequential"]


class Sequential(Network):
    """A network that is a chain: an input, then connections and neurons alternating.

    Parameters
    ----------
    *layers
        First the input: a number of values, a shape, an `Input` or a `SpikeInput`. Then connections and neurons
        alternating: ``snn.Dense(128), snn.LIF(), snn.Dense(10), snn.LIF()``. Sizes of neurons follow from the connections.
        Populations are named ``input``, ``hidden`` (``hidden1``, ``hidden2``, ... if there are several) and ``output``,
        unless a layer has a `name`. A connection leads to its `receptor`, by default the model's first.
        ``snn.Dense(128), snn.SpikingLSTM()`` makes, for each of the four gates, a projection from the layer before and one
        from the neurons' own spikes of the previous step.
    dt : float, default 1.0
        Time step in milliseconds.
    seed : int, default 0
        Seed of initial weights and random connections.

    Raises
    ------
    InvalidArgumentError
        Layers do not alternate, or a size cannot be inferred.

    Examples
    --------
    >>> net = snn.Sequential(64, snn.Dense(128), snn.LIF(), snn.Dense(10), snn.LIF())
    >>> list(net.populations)
    ['input', 'hidden', 'output']
    """

    def __init__(
        self,
        *layers: SupportsIndex | tuple[SupportsIndex, ...] | Input | Neuron | Connection,
        dt: float = 1.0,
        seed: int = 0,
    ) -> None:
        super().__init__(dt, seed=seed)
        if not layers:
            raise InvalidArgumentError("Sequential needs layers: an input, then connections and neurons in turn")
        first, rest = layers[0], layers[1:]
        if isinstance(first, SupportsIndex | tuple | list):
            first = Input(first)
        if not isinstance(first, Input):
            raise ArgumentTypeError(f"layer 0 is {shown(first)}; it must be a size or an input")
        last = self.add(first.name or "input", first)
        pairs = list(zip_longest(rest[0::2], rest[1::2]))
        for position, (connection, neurons) in enumerate(pairs):
            where = 1 + 2 * position
            if not isinstance(connection, Connection):
                raise ArgumentTypeError(
                    f"layer {where} is {shown(connection)}; after neurons comes a connection, as snn.Dense(10)"
                )
            if neurons is None:
                raise InvalidArgumentError(
                    f"layer {where}, the last one, is {shown(connection)}; neurons follow, as snn.LIF()"
                )
            if not isinstance(neurons, Neuron):
                pooling = (
                    "; pooling is a connection to neurons too: those of snn.LIF(threshold=0.5, reset='value') after it hand on "
                    "what its maximum is"
                )
                pooled = any(isinstance(one, SumPool2d | AvgPool2d | MaxPool2d) for one in (connection, neurons))
                raise ArgumentTypeError(
                    f"layer {where + 1} is {shown(neurons)}; after a connection come neurons, as snn.LIF()"
                    + (pooling if pooled else "")
                )
            shape = connection.target_shape(last.shape)
            if neurons.shape is None:
                if shape is None:
                    raise InvalidArgumentError(
                        f"layer {where + 1}: the size of {neurons!r} is not known; give it here or in the connection"
                    )
                neurons = neurons._with_shape(shape)
            name = neurons.name or _name(position, len(pairs))
            target = self.add(name, neurons)
            if isinstance(neurons, SpikingLSTM) and connection.receptor is None:
                self._connect_gates(last, target, connection, where)
            else:
                self.connect(last, target, connection)
            last = target

    def _connect_gates(self, source: Population, target: Population, connection: Connection, where: int) -> None:
        """Connect a source, and the neurons themselves, to each gate of a spiking LSTM, each with its own weights."""
        if type(connection) is not Dense or connection.weights is not None:
            raise InvalidArgumentError(
                f"layer {where} is {type(connection).__name__}{' with weights' if type(connection) is Dense else ''}; "
                "before snn.SpikingLSTM a Sequential takes snn.Dense without weights, which becomes one for each of the four "
                "gates: make other networks with Network.connect, which takes a receptor"
            )
        for gate in ("candidate", "input_gate", "forget_gate", "output_gate"):
            onto = copy.copy(connection)
            onto.receptor = gate
            self.connect(source, target, onto, name=f"{source.name}_to_{target.name}_{gate}")
            back = Dense(init=connection.init, receptor=gate, delay_steps=1, trainable=connection.trainable)
            self.connect(target, target, back, name=f"{target.name}_to_{target.name}_{gate}")


def _name(position: int, count: int) -> str:
    if position == count - 1:
        return "output"
    return "hidden" if count == 2 else f"hidden{position + 1}"
