"""What contradicts a trainer's rule, loss or normalisation, said when it is made.

libsnn checks the same when training begins, in the words of its C interface; here the sentences name the arguments in Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from snn.engine.errors import InvalidArgumentError, UnsupportedError, shown
from snn.network import Network

__all__ = ["check_idle", "check_normalization", "check_own_loss", "check_rule"]

TITLES = {"ottt": "OTTT", "eprop": "e-prop", "eventprop": "EventProp"}


def check_rule(network: Network, rule: str, losses: Mapping[str, str], rate_regularization: float) -> None:
    """Refuse a rule other than ``"bptt"`` with what it cannot learn from; `losses` by population, the output's first."""
    for population in network.populations.values():
        if population.learnable:
            raise UnsupportedError(
                f"{TITLES[rule]} trains weights; population {population.name!r} has a learnable parameter"
            )
    if rule == "eprop" and len(losses) > 1:
        raise UnsupportedError(
            f"e-prop: learning signals come from one output, {next(iter(losses))!r}; there can be no auxiliary_losses"
        )
    if rule != "eventprop":
        return
    for name, loss in losses.items():
        of_membrane = loss.endswith("membrane")
        if not of_membrane and not loss.endswith("latency") and loss != "van_rossum":
            raise UnsupportedError(
                f"EventProp: the loss of population {name!r} is {loss!r}, which counts spikes, and a count does not change "
                "with their times; use one of latency, of the membrane, or 'van_rossum'"
            )
        if of_membrane and network[name].spiking:
            raise UnsupportedError(
                f"EventProp: the loss of population {name!r} is {loss!r}, and its model is {network[name].model!r}, whose "
                "resets make the membrane jump; use an output that does not spike"
            )
    if rate_regularization > 0.0:
        raise UnsupportedError(
            f"EventProp: rate_regularization is {rate_regularization:g}, and a rate does not change with the times of spikes"
        )


def check_own_loss(rule: str, has_window_updates: bool) -> None:
    """Refuse what a loss that is a callable cannot be used with."""
    if rule != "bptt":
        raise InvalidArgumentError(f"rule is {rule!r}, which needs one of the library's losses, not a callable")
    if has_window_updates:
        raise InvalidArgumentError(
            "window_steps: windows with updates of their own are for the library's losses; "
            "with a callable loss, window_updates must be False"
        )


def check_idle(losses: Iterable[str], settings: Mapping[str, Any]) -> None:
    """Refuse settings of a trainer that nothing would read, by their names; `losses` are those of the library."""
    names = list(losses)
    of_squares = any(loss.startswith("mean_square") for loss in names)
    of_classes = any(loss.startswith("cross_entropy") for loss in names)
    for name, default, is_read, reader in (
        ("van_rossum_tau", 10.0, "van_rossum" in names, "loss = 'van_rossum'"),
        ("rate_on", 0.8, of_squares, "a mean-square loss"),
        ("rate_off", 0.0, of_squares, "a mean-square loss"),
        ("label_smoothing", 0.0, of_classes, "a cross-entropy loss"),
        ("class_weight", None, of_classes, "a cross-entropy loss"),
        ("rate_target", 0.0, settings["rate_regularization"] > 0.0, "rate_regularization above 0"),
        ("window_updates", True, settings["window_steps"] is not None, "window_steps"),
    ):
        if not is_read and settings[name] != default:
            raise InvalidArgumentError(f"{name} is {shown(settings[name])}, which does nothing without {reader}")


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
