"""What contradicts a trainer's rule, loss or normalisation, said when it is made.

libsnn checks the same when training begins, in the words of its C interface; here the sentences name the arguments in Python.
"""

from __future__ import annotations

from collections.abc import Iterable

from snn.engine.errors import InvalidArgumentError, UnsupportedError
from snn.network import Network
from snn.neurons import Neuron
from snn.population import Population

__all__ = ["check_normalization", "check_rule"]

TITLES = {"ottt": "OTTT", "eprop": "e-prop", "eventprop": "EventProp"}


def check_rule(network: Network, rule: str, loss: str, output: Population, rate_regularization: float) -> None:
    """Refuse a rule other than ``"bptt"`` with what it cannot learn from; `loss` is one of the library's."""
    for population in network.populations.values():
        if isinstance(population.neurons, Neuron) and population.neurons.learnable:
            raise UnsupportedError(
                f"{TITLES[rule]} trains weights; population {population.name!r} has a learnable parameter"
            )
    if rule != "eventprop":
        return
    of_membrane = loss.endswith("membrane")
    if not of_membrane and not loss.endswith("latency") and loss != "van_rossum":
        raise UnsupportedError(
            f"EventProp: loss is {loss!r}, which counts spikes, and a count does not change with their times; use one of "
            "latency, of the membrane, or 'van_rossum'"
        )
    if of_membrane and output.spiking:
        raise UnsupportedError(
            f"EventProp: loss is {loss!r}, and the output population {output.name!r} has model {output.model!r}, whose resets "
            "make its membrane jump; use an output that does not spike"
        )
    if rate_regularization > 0.0:
        raise UnsupportedError(
            f"EventProp: rate_regularization is {rate_regularization:g}, and a rate does not change with the times of spikes"
        )


def check_normalization(network: Network, projections: Iterable[str], others: dict[str, object]) -> None:
    """Refuse batch normalisation beside settings that cut a run, `others` by name, and of projections without bias."""
    for name in projections:
        for argument, value in others.items():
            raise UnsupportedError(
                f"projection {name!r} cannot be normalised with {argument} = {value!r}: its statistics are over all steps, "
                "which need to be there at once and learned from as one, by rule = 'bptt' without window_steps and "
                "checkpoint_steps"
            )
        if network.projections[name].bias is None:
            raise InvalidArgumentError(
                f"projection {name!r} has no bias, which batch normalisation is folded into; connect it with bias=True"
            )
