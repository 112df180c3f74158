"""Encoders: from values in [0, 1] to input for each step.

The functions return float32 of shape (steps, samples, features), as `Simulation.run` takes it; for values of one
sample, shape (features,), they return (steps, features).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike

from snn._arrays import LARGEST_FLOAT32, Floats, choice, float32_array, float32_number, integer, new_array
from snn._words import EncoderName
from snn.engine import _native
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, shown

__all__ = ["KINDS", "Encoder", "constant", "delta", "latency", "rate"]

KINDS: tuple[str, ...] = get_args(EncoderName)


@dataclass(frozen=True)
class Encoder:
    """An encoder with its settings, for `Trainer`.

    Parameters
    ----------
    kind : {"rate", "latency", "constant", "delta"}
        See the functions of this module.
    gain : float, default 1.0
        Factor on the values (rate, constant).
    threshold : float, default 0.01
        Smallest value (latency) or rise (delta) that makes a spike.
    """

    kind: EncoderName
    gain: float = 1.0
    threshold: float = 0.01

    def __post_init__(self) -> None:
        choice(self.kind, KINDS, "the encoder")
        float32_number(self.gain, "gain", minimum=0.0)
        float32_number(self.threshold, "threshold")

    def __call__(self, values: ArrayLike, steps: int, *, seed: int = 0, out: Floats | None = None) -> Floats:
        """Return the input for `steps` steps; `out`, if given, receives it.

        Parameters
        ----------
        values : array_like
            Shape (samples, features) or (features,); for ``"delta"`` (steps, samples, features) or (steps, features).
        steps : int
            Number of steps.
        seed : int
            For ``"rate"``: the same seed gives the same spikes.
        out : float32 array, shape (steps, samples, features), optional
            Where to write.
        """
        count = integer(steps, "steps", minimum=1)
        array = float32_array(values, "values")
        if self.kind == "constant":
            self._check_product(array)
        frames = 1 if self.kind == "delta" else 0
        if array.ndim - frames not in (1, 2):
            time = "steps, " if frames else ""
            raise InvalidArgumentError(
                f"values has shape {array.shape}; it must be ({time}samples, features) or ({time}features)"
            )
        if frames and array.shape[0] != count:
            raise InvalidArgumentError(f"values has {array.shape[0]} steps; steps is {count}")
        single = array.ndim - frames == 1
        samples, features = (1 if single else array.shape[-2]), array.shape[-1]
        shape = (count, features) if single else (count, samples, features)
        if out is None:
            out = new_array(shape, np.float32, "the encoded input")
        elif not isinstance(out, np.ndarray):
            raise ArgumentTypeError(f"out is {shown(out)}, not a float32 array")
        elif out.shape != shape:
            raise InvalidArgumentError(f"out has shape {out.shape}; it must be {shape}")
        if out.size:
            _native.encode(
                KINDS.index(self.kind),
                array,
                samples,
                features,
                out,
                steps=count,
                gain=self.gain,
                threshold=self.threshold,
                seed=seed,
            )
        return out

    def _check_product(self, values: Floats) -> None:
        """Raise InvalidArgumentError if gain times a value does not fit float32."""
        largest = float(np.abs(values).max(initial=0.0))
        if float(self.gain) * largest > LARGEST_FLOAT32:
            raise InvalidArgumentError(
                f"gain is {self.gain:g} and values go up to {largest:g}; their product must fit float32"
            )


def rate(values: ArrayLike, steps: int, *, gain: float = 1.0, seed: int = 0) -> Floats:
    """Spike at each step with probability ``gain * value``, clipped to 1.

    Parameters
    ----------
    values : array_like, shape (samples, features) or (features,)
        In [0, 1].
    steps : int
        Number of steps.
    gain : float
        Factor on the values.
    seed : int
        The same seed gives the same spikes, on every platform.
    """
    return Encoder("rate", gain=gain)(values, steps, seed=seed)


def latency(values: ArrayLike, steps: int, *, threshold: float = 0.01) -> Floats:
    """One spike at step ``round((1 - value) * (steps - 1))``: the larger the value, the earlier.

    Parameters
    ----------
    values : array_like, shape (samples, features) or (features,)
        In [0, 1].
    steps : int
        Number of steps.
    threshold : float
        Values below it give no spike.
    """
    return Encoder("latency", threshold=threshold)(values, steps)


def constant(values: ArrayLike, steps: int, *, gain: float = 1.0) -> Floats:
    """``gain * value`` at every step, for an `snn.Input`.

    Parameters
    ----------
    values : array_like, shape (samples, features) or (features,)
        Any finite values.
    steps : int
        Number of steps.
    gain : float
        Factor on the values.
    """
    return Encoder("constant", gain=gain)(values, steps)


def delta(values: ArrayLike, *, threshold: float = 0.01) -> Floats:
    """Spike where the value rose by more than `threshold` since the last step; the first step compares with 0.

    Parameters
    ----------
    values : array_like, shape (steps, samples, features) or (steps, features)
        A signal in time.
    threshold : float
        Smallest rise that makes a spike.
    """
    array = float32_array(values, "values")
    if array.ndim not in (2, 3):
        raise InvalidArgumentError(
            f"values has shape {array.shape}; it must be (steps, samples, features) or (steps, features)"
        )
    return Encoder("delta", threshold=threshold)(array, array.shape[0])
