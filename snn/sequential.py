"""The shorthand for a chain of layers."""

from __future__ import annotations

from typing import SupportsIndex

from snn.connections import Connection
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, shown
from snn.network import Network
from snn.neurons import Input, Neuron

__all__ = ["Sequential"]


class Sequential(Network):
    """A network that is a chain: an input, then connections and neurons in turn.

    Parameters
    ----------
    *layers
        First the input: a number of values, a shape, an `Input` or a `SpikeInput`. Then a connection and neurons,
        again and again: ``snn.Dense(128), snn.LIF(), snn.Dense(10), snn.LIF()``. Sizes of the neurons follow from the
        connections. Populations are named ``input``, ``hidden`` (``hidden1``, ``hidden2``, ... if there are several)
        and ``output``, unless a layer has a `name`.
    dt : float, default 1.0
        Time step in milliseconds.
    seed : int, default 0
        Initial weights follow from it.

    Raises
    ------
    InvalidArgumentError
        Layers are not in turn, or a size cannot be found.

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
        if len(rest) % 2:
            raise InvalidArgumentError(
                f"there are {len(rest)} layers after the input; connections and neurons come in pairs"
            )
        last = self.add(first.name or "input", first)
        pairs = list(zip(rest[0::2], rest[1::2], strict=True))
        for position, (connection, neurons) in enumerate(pairs):
            where = 1 + 2 * position
            if not isinstance(connection, Connection):
                raise ArgumentTypeError(
                    f"layer {where} is {shown(connection)}; after neurons comes a connection, as snn.Dense(10)"
                )
            if not isinstance(neurons, Neuron):
                raise ArgumentTypeError(
                    f"layer {where + 1} is {shown(neurons)}; after a connection come neurons, as snn.LIF()"
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
            self.connect(last, target, connection)
            last = target


def _name(position: int, count: int) -> str:
    if position == count - 1:
        return "output"
    return "hidden" if count == 2 else f"hidden{position + 1}"
