"""Input to a network, written out for each step: spike times, currents, noise.

Every function returns float32 of shape (steps, neurons), as `Simulation.run` takes it for an `Input` or, of spikes, a
`SpikeInput`. Everything is made before the run, so a step allocates nothing. Step k begins at time k dt and has the
value of that time. `snn.encode` makes input from values between 0 and 1; `PoissonSource`, `DrivenLIF` and
`NoisyIzhikevich` draw their input in the step and store none of it.

Examples
--------
>>> net = snn.Network(dt=0.1)
>>> net.add("current", snn.Input(10))
>>> noise = snn.stimuli.ornstein_uhlenbeck(5000, 10, dt=0.1, mean=20.0, std=4.0, tau=5.0, seed=1)
>>> snn.Simulation(net).run(5000, {"current": noise})
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import Floats, float32_array, integer, new_array, number
from snn.distributions import Normal
from snn.engine.errors import InvalidArgumentError

__all__ = ["ornstein_uhlenbeck", "sine", "spike_times", "timed", "white_noise"]


def spike_times(times: Sequence[ArrayLike], steps: int, *, dt: float) -> Floats:
    """Return spikes, 0 or 1, at given times.

    Parameters
    ----------
    times : sequence of array_like of float, one for each neuron
        Milliseconds, in any order; each spike falls into the step that begins nearest to it.
    steps : int
        Number of steps.
    dt : float
        Milliseconds of a step: the network's.

    Raises
    ------
    InvalidArgumentError
        A spike is outside the steps, or two of a neuron fall into one step.
    """
    frames = _frames(steps, len(times))
    length = _positive(dt, "dt")
    for neuron, train in enumerate(times):
        values = np.asarray(train, np.float64).ravel()
        places = np.rint(values / length)
        outside = ~((places >= 0) & (places < len(frames)))  # NaN as well
        if outside.any():
            raise InvalidArgumentError(
                f"times of neuron {neuron} has {values[outside][0]:g} ms; "
                f"the {len(frames)} steps of {length:g} ms begin from 0 to {(len(frames) - 1) * length:g} ms"
            )
        unique, counts = np.unique(places.astype(np.int64), return_counts=True)
        if unique.size < values.size:
            step = unique[counts > 1][0]
            raise InvalidArgumentError(f"times of neuron {neuron} has {counts.max()} spikes in step {step}; at most 1")
        frames[unique, neuron] = 1.0
    return frames


def sine(
    steps: int,
    neurons: int,
    *,
    dt: float,
    amplitude: ArrayLike,
    frequency: ArrayLike,
    phase: ArrayLike = 0.0,
    offset: ArrayLike = 0.0,
) -> Floats:
    """Return ``offset + amplitude * sin(2 pi frequency t + phase)``, as NEST's ``ac_generator`` has it.

    Parameters
    ----------
    steps, neurons : int
        Shape of the result.
    dt : float
        Milliseconds of a step.
    amplitude, offset : float or array_like, shape (neurons,)
        In the unit of the receptor.
    frequency : float or array_like, shape (neurons,)
        Hertz.
    phase : float or array_like, shape (neurons,)
        Radians.
    """
    frames = _frames(steps, neurons)
    time = np.arange(len(frames))[:, None] * _positive(dt, "dt")
    one = {
        name: _for_each(value, neurons, name)
        for name, value in (("amplitude", amplitude), ("frequency", frequency), ("phase", phase), ("offset", offset))
    }
    turn = 2.0e-3 * math.pi * one["frequency"]  # radians in a millisecond
    frames[...] = one["offset"] + one["amplitude"] * np.sin(turn * time + one["phase"])
    return frames


def timed(values: ArrayLike, steps: int, *, dt: float, hold: float) -> Floats:
    """Return a sequence of values, each held for a while: a ``TimedArray`` of Brian2.

    Parameters
    ----------
    values : array_like, shape (values, neurons) or (values,)
        One after the other; the last one stays.
    steps : int
        Number of steps.
    dt : float
        Milliseconds of a step.
    hold : float
        Milliseconds that each value stays; rounded to whole steps, at least one.
    """
    array = float32_array(values, "values")
    rows = array[:, None] if array.ndim == 1 else array
    if rows.ndim != 2 or not len(rows):
        raise InvalidArgumentError(f"values has shape {array.shape}; it must be (values, neurons) or (values,)")
    held = max(round(_positive(hold, "hold") / _positive(dt, "dt")), 1)
    place = np.arange(integer(steps, "steps", minimum=1)) // held
    chosen: Floats = rows[np.minimum(place, len(rows) - 1)]
    return chosen


def white_noise(steps: int, neurons: int, *, mean: float, std: float, seed: int) -> Floats:
    """Return normal numbers, each for one step and neuron, as NEST's ``noise_generator`` makes them with ``dt`` of a step.

    The variance of what a membrane integrates grows with the length of the step: for noise of intensity s per square root
    of a millisecond, give ``std = s / sqrt(dt)``.

    Parameters
    ----------
    steps, neurons : int
        Shape of the result.
    mean, std : float
        In the unit of the receptor.
    seed : int
        0 to 2**64 - 1; the same seed gives the same noise on every machine.
    """
    frames = _frames(steps, neurons)
    frames[...] = Normal(mean, std).draw(frames.size, seed=seed).reshape(frames.shape)
    return frames


def ornstein_uhlenbeck(
    steps: int, neurons: int, *, dt: float, mean: float, std: float, tau: float, seed: int
) -> Floats:
    """Return Ornstein-Uhlenbeck noise with time constant `tau`, stationary from the first step, independent for each neuron.

    The exact solution at the beginning of each step (D. T. Gillespie, Phys. Rev. E 54, 2084 (1996),
    doi 10.1103/PhysRevE.54.2084): x(t + dt) = mean + (x(t) - mean) a + std sqrt(1 - a**2) n, a = exp(-dt / tau).

    Parameters
    ----------
    steps, neurons : int
        Shape of the result.
    dt : float
        Milliseconds of a step.
    mean, std : float
        Of the values, in the unit of the receptor; their covariance over time t is ``std**2 exp(-t / tau)``.
    tau : float
        Milliseconds.
    seed : int
        0 to 2**64 - 1; the same seed gives the same noise on every machine with the same `exp`.
    """
    frames = white_noise(steps, neurons, mean=0.0, std=std, seed=seed)
    kept = math.exp(-_positive(dt, "dt") / _positive(tau, "tau"))
    new = math.sqrt(1.0 - kept * kept)
    state: NDArray[np.float64] = frames[0].astype(np.float64)
    for frame in frames[1:]:
        state = kept * state + new * frame
        frame[...] = state
    frames += np.float32(mean)
    return frames


def _frames(steps: int, neurons: int) -> Floats:
    shape = [integer(steps, "steps", minimum=1), integer(neurons, "neurons", minimum=1)]
    frames: Floats = new_array(shape, np.float32, "the input")
    frames[...] = 0.0
    return frames


def _positive(value: float, name: str) -> float:
    return number(value, name, minimum=0.0, exclusive=True)


def _for_each(value: ArrayLike, neurons: int, name: str) -> NDArray[np.float64]:
    """Return one finite number for all neurons, or one for each."""
    array = float32_array(value, name).astype(np.float64)
    if array.shape not in ((), (neurons,)):
        raise InvalidArgumentError(f"{name} has shape {array.shape}; it must be one number or have shape ({neurons},)")
    return array
