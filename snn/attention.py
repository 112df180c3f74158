"""Spiking self-attention, built of ordinary populations and projections.

Tokens are the positions of an image and features its channels: a population of shape (channels, height, width) holds
height * width tokens with `channels` features; a sequence has shape (channels, 1, tokens). Attention acts between spikes
within a step: products of spikes are gates, sums of spikes are projections. So it is simulated, trained and saved like the
rest of the network, with the same bits on every device and in every language.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from snn.builtin_neurons import LIF
from snn.connections import Connection, Conv2d, OneToOne, SumPool2d
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, shown
from snn.init import Initializer
from snn.network import Network
from snn.neurons import Neuron, NeuronModel, Size
from snn.population import Population
from snn.surrogates import Surrogate

__all__ = ["gate", "query_key_attention", "spike_driven_attention"]


def __dir__() -> list[str]:
    return __all__


@cache
def _gate_model() -> NeuronModel:
    return NeuronModel(Path(__file__).parent / "models" / "extra" / "gate.toml")


def gate(size: Size = None, *, threshold: float = 0.5, name: str | None = None) -> Neuron:
    """Return neurons that spike if both of their receptors, ``content`` and ``mask``, get a spike in the same step.

    This is the elementwise product of two spike trains. Its gradient with respect to one train is the other train.

    Parameters
    ----------
    size : int or tuple of int, optional
        Number of neurons, or (channels, height, width).
    threshold : float, default 0.5
        A neuron spikes if the product of the two sums is above this.
    name : str, optional
        Name of the population. Connect it in a `Network`: in a `Sequential` only one of its receptors gets input, so it never
        spikes.
    """
    # Constant at all products of spikes, whether scaled by dropout or not.
    surrogate = Surrogate("boxcar", width=1e6, scale=1.0)
    return _gate_model()(size, surrogate=surrogate, name=name, threshold=threshold)


def spike_driven_attention(
    network: Network,
    name: str,
    source: str | Population,
    *,
    channels: int | None = None,
    neurons: Neuron | None = None,
    mask_neurons: Neuron | None = None,
    bias: bool = True,
    init: str | float | Initializer = "kaiming_uniform",
) -> Population:
    """Add spike-driven self-attention (Yao et al. 2023, arXiv 2307.01694, equation 7) and return its output.

    ``SN(sum over tokens of Q * K) * V``, all in spikes: if query and key of a channel spike together in enough tokens, the
    channel's mask spikes and lets its values pass at all tokens. It needs additions only, and is linear in the number of
    tokens. Heads make no difference, because channels do not mix.

    Parameters
    ----------
    network : Network
        The network to which it is added.
    name : str
        Name of the output population; the others are ``NAME_query``, ``_key``, ``_value``, ``_match`` and ``_mask``.
    source : str or Population
        The tokens, of shape (channels, height, width).
    channels : int, optional
        Features of query, key and value; default: those of the source.
    neurons : Neuron, default ``LIF()``
        Neurons of query, key and value, each behind a 1 x 1 convolution, that is, a linear layer for each token.
    mask_neurons : Neuron, default ``LIF()``
        Neurons of the mask. Their threshold is a number of matching tokens; their leak lets matches add up over steps.
    bias : bool, default True
        Whether the convolutions have a bias, which `BatchNorm` needs.
    init : str, float or callable, default "kaiming_uniform"
        Rule for their weights; see `snn.init`.

    Returns
    -------
    Population
        Of shape (channels, height, width).

    Examples
    --------
    >>> net = snn.Network()
    >>> tokens = net.add("tokens", snn.SpikeInput((16, 1, 20)))  # 20 tokens of 16 features
    >>> attended = snn.attention.spike_driven_attention(net, "attention", tokens)
    >>> net.add("output", snn.LIF(10))
    >>> net.connect(attended, "output", snn.Dense())
    """
    features, shape, given = _tokens(network, source, channels)
    height, width = shape[1:]
    neurons, mask_neurons = _template(neurons, "neurons"), _template(mask_neurons, "mask_neurons")
    _check_names(network, name, "query", "key", "value", "match", "mask")
    query, key, value = (
        _linear(network, f"{name}_{word}", given, features, neurons, bias, init) for word in ("query", "key", "value")
    )
    match = network.add(f"{name}_match", gate(shape))
    mask = network.add(f"{name}_mask", mask_neurons._with_shape((features, 1, 1)))
    result = network.add(name, gate(shape))
    _pass(network, query, match, "content")
    _pass(network, key, match, "mask")
    network.connect(match, mask, SumPool2d((height, width)))
    _pass(network, value, result, "content")
    everywhere = np.ones((features, 1, height, width), np.float32)
    spread = Conv2d(
        features, (height, width), padding=(height - 1, width - 1), groups=features, weights=everywhere, trainable=False
    )
    _onto(network, mask, result, spread, "mask")
    return result


def query_key_attention(
    network: Network,
    name: str,
    source: str | Population,
    *,
    channels: int | None = None,
    neurons: Neuron | None = None,
    mask_neurons: Neuron | None = None,
    bias: bool = True,
    init: str | float | Initializer = "kaiming_uniform",
) -> Population:
    """Add Q-K token attention (Zhou et al. 2024, arXiv 2403.16552, equation 8) and return its output.

    ``SN(sum over channels of Q) * K``, all in spikes: a token whose query has enough spikes lets its key pass. It selects the
    tokens that matter and needs less computation than `spike_driven_attention`.

    Parameters
    ----------
    network, source, channels, neurons, bias, init
        As for `spike_driven_attention`.
    name : str
        Name of the output population; the others are ``NAME_query``, ``_key`` and ``_mask``.
    mask_neurons : Neuron, default ``LIF()``
        Neurons of the mask, one for each token. Their threshold is a number of query channels that spike.

    Returns
    -------
    Population
        Of shape (channels, height, width).
    """
    features, shape, given = _tokens(network, source, channels)
    neurons, mask_neurons = _template(neurons, "neurons"), _template(mask_neurons, "mask_neurons")
    _check_names(network, name, "query", "key", "mask")
    query, key = (_linear(network, f"{name}_{word}", given, features, neurons, bias, init) for word in ("query", "key"))
    mask = network.add(f"{name}_mask", mask_neurons._with_shape((1, *shape[1:])))
    result = network.add(name, gate(shape))
    network.connect(query, mask, Conv2d(1, 1, weights=np.ones((1, features, 1, 1)), trainable=False))
    _pass(network, key, result, "content")
    _onto(network, mask, result, Conv2d(features, 1, weights=np.ones((features, 1, 1, 1)), trainable=False), "mask")
    return result


def _tokens(
    network: Network, source: str | Population, channels: int | None
) -> tuple[int, tuple[int, int, int], Population]:
    """Return the number of features, the shape of a population of such tokens, and the source."""
    if not isinstance(network, Network):
        raise ArgumentTypeError(f"network is {shown(network)}, not a Network")
    population = network._population(source)
    if len(population.shape) != 3:
        raise InvalidArgumentError(
            f"population {population.name!r} has shape {population.shape}; attention needs (channels, height, width), whose "
            "places are the tokens"
        )
    features = population.shape[0] if channels is None else Conv2d(channels, 1).channels
    return features, (features, population.shape[1], population.shape[2]), population


def _template(neurons: Neuron | None, what: str) -> Neuron:
    if neurons is None:
        return LIF()
    if not isinstance(neurons, Neuron):
        raise ArgumentTypeError(f"{what} is {shown(neurons)}, not neurons such as snn.LIF()")
    if not neurons.definition.spiking:
        raise InvalidArgumentError(
            f"{what} has model {neurons.definition.name!r}, which does not spike; attention is of spikes"
        )
    if neurons.shape is not None:
        raise InvalidArgumentError(f"{what} has shape {neurons.shape}; attention gives it one, so leave out the size")
    return neurons


# Checked before anything is added, so that a failed call leaves the network unchanged.
def _check_names(network: Network, name: str, *words: str) -> None:
    for one in (name, *(f"{name}_{word}" for word in words)):
        if one in network:
            raise InvalidArgumentError(f"there is a population {one!r} already")


def _linear(
    network: Network,
    name: str,
    source: Population,
    features: int,
    neurons: Neuron,
    bias: bool,
    init: str | float | Initializer,
) -> Population:
    shape = (features, *source.shape[1:])
    population = network.add(name, neurons._with_shape(shape))
    network.connect(source, population, Conv2d(features, 1, bias=bias, init=init))
    return population


def _pass(network: Network, source: Population, target: Population, receptor: str) -> None:
    _onto(network, source, target, OneToOne(1.0, trainable=False), receptor)


def _onto(network: Network, source: Population, target: Population, connection: Connection, receptor: str) -> None:
    connection.receptor = receptor
    network.connect(source, target, connection)
