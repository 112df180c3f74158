"""The settings of an optimiser, checked."""

from __future__ import annotations

from typing import Any

from snn._arrays import choice, number
from snn._words import OPTIMIZERS
from snn.engine.errors import InvalidArgumentError

__all__ = ["optimizer_settings"]

# Settings that not every optimiser has: the default, and which ones read it.
_READ_BY: dict[str, tuple[float, tuple[str, ...]]] = {
    "momentum": (0.0, ("sgd",)),
    "beta1": (0.9, ("adam", "adamw", "lion")),
    "beta2": (0.999, ("adam", "adamw", "lion")),
    "epsilon": (1e-8, ("adam", "adamw")),
}


def optimizer_settings(
    optimizer: str,
    *,
    momentum: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    weight_decay: float,
    gradient_clip_norm: float,
) -> dict[str, Any]:
    """Return the settings as `_native.Trainer` takes them; see `Trainer` for what they are."""
    found = {
        "optimizer": OPTIMIZERS.index(choice(optimizer, OPTIMIZERS, "optimizer")),
        "momentum": number(momentum, "momentum", minimum=0.0),
        "beta1": number(beta1, "beta1", minimum=0.0),
        "beta2": number(beta2, "beta2", minimum=0.0),
        "epsilon": number(epsilon, "epsilon", minimum=0.0, exclusive=True),
        "weight_decay": number(weight_decay, "weight_decay", minimum=0.0),
        "gradient_clip_norm": number(gradient_clip_norm, "gradient_clip_norm", minimum=0.0),
    }
    for name in ("beta1", "beta2"):
        if found[name] >= 1.0:
            raise InvalidArgumentError(f"{name} is {found[name]}; it must be below 1")
    for name, (default, readers) in _READ_BY.items():
        if found[name] != default and optimizer not in readers:
            raise InvalidArgumentError(
                f"{name} is {found[name]:g}, which is read by {' and '.join(map(repr, readers))}; optimizer is {optimizer!r}"
            )
    return found
