"""Input for each step of a run: spike times, currents, noise.

All functions but `spike_events` return float32 of shape (steps, neurons), as `Simulation.run` takes it for an `Input` or, for
spikes, a `SpikeInput`. Everything is computed before the run, so a step allocates nothing. For runs that are too long for an
array, give `run` an `OrnsteinUhlenbeck` or a function that calls the others. Step k begins at time k dt and has the value at
that time. To make input from values between 0 and 1, use `snn.encode`. The models `PoissonSource`, `DrivenLIF` and
`NoisyIzhikevich` draw their input in each step and store none of it.

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

from snn._arrays import (
    MAX_SEED,
    Floats,
    float32_array,
    float32_number,
    integer,
    integer_array,
    new_array,
    number,
    real_array,
)
from snn._strict import Strict
from snn.distributions import Normal
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, counted
from snn.neurons import SpikeInput
from snn.spike_events import SpikeEvents

__all__ = ["OrnsteinUhlenbeck", "ornstein_uhlenbeck", "sine", "spike_events", "spike_times", "timed", "white_noise"]


def __dir__() -> list[str]:
    return __all__


_MAX_STEPS = 2**32 - 1  # in a run


def spike_events(
    times: ArrayLike,
    neurons: ArrayLike,
    size: int | tuple[int, ...],
    *,
    dt: float,
    steps: int | None = None,
    merge: bool = False,
) -> SpikeEvents:
    """Return spikes from times and neuron indices, as in data sets and Brian2's ``SpikeGeneratorGroup``.

    Only the spikes take memory, 8 bytes each, however many steps and neurons are silent.

    Parameters
    ----------
    times : array_like of float, shape (spikes,)
        In ms, in any order. Each spike is placed in the step that begins nearest to it. (Recorded spikes have the time at
        which their step ends, one `dt` later.)
    neurons : array_like of int, shape (spikes,)
        The neuron of each spike, a flat index in the population.
    size : int or tuple of int
        Size or shape of the input population.
    dt : float
        Time step of the network in ms.
    steps : int, optional
        Number of steps; default: up to the last spike. A run may be longer.
    merge : bool, default False
        Merge several spikes of a neuron in one step into one; else they are an error.

    Raises
    ------
    InvalidArgumentError
        A spike is outside the steps or the population, or a neuron has two spikes in one step.

    Examples
    --------
    >>> events = snn.stimuli.spike_events([3.5, 1.2], [0, 7], 10, dt=net.dt)
    >>> sim.run(1000, {"input": events}, {"output": "spike_events"})
    """
    shape = SpikeInput(size).shape
    if shape is None:
        raise ArgumentTypeError("size is None; it must be that of the input population")
    length = _positive(dt, "dt")
    moments = real_array(times, "times").astype(np.float64)
    owners = integer_array(neurons, "neurons")
    if moments.shape != owners.shape:
        raise InvalidArgumentError(
            f"times has shape {moments.shape} and neurons {owners.shape}; both must be (spikes,)"
        )
    last = _MAX_STEPS if steps is None else integer(steps, "steps", minimum=1)
    places = np.rint(moments / length)
    outside = np.flatnonzero(~((places >= 0) & (places < last)))  # NaN as well
    if outside.size:
        place = int(outside[0])
        raise InvalidArgumentError(
            f"times[{place}] is {moments[place]:g} ms; the {last} steps of {length:g} ms begin from 0 to "
            f"{(last - 1) * length:g} ms"
        )
    count = math.prod(shape)
    strangers = np.flatnonzero((owners < 0) | (owners >= count))
    if strangers.size:
        place = int(strangers[0])
        raise InvalidArgumentError(f"neurons[{place}] is {int(owners[place])}; it must be 0 to {count - 1}")
    slots = places.astype(np.int64) * count + owners.astype(np.int64)
    unique, counts = np.unique(slots, return_counts=True)
    if unique.size < slots.size and not merge:
        step, neuron = divmod(int(unique[counts > 1][0]), count)
        raise InvalidArgumentError(
            f"neuron {neuron} has {counts[counts > 1][0]} spikes in step {step}, of {length:g} ms; merge=True takes them for "
            "one, and a smaller dt tells them apart"
        )
    of_steps, of_neurons = np.divmod(unique, count)
    return SpikeEvents(
        of_steps.astype(np.uint32),
        of_neurons.astype(np.uint32),
        shape=shape,
        step_count=last if steps is not None else int(of_steps[-1]) + 1 if len(of_steps) else 0,
        dt=length,
    )


def spike_times(times: Sequence[ArrayLike], steps: int, *, dt: float) -> Floats:
    """Return spikes, 0 or 1, at given times.

    Parameters
    ----------
    times : sequence of array_like of float, one for each neuron
        In ms, in any order. Each spike is placed in the step that begins nearest to it.
    steps : int
        Number of steps.
    dt : float
        Time step of the network in ms.

    Raises
    ------
    InvalidArgumentError
        A spike is outside the steps, or a neuron has two spikes in one step.
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
    """Return ``offset + amplitude * sin(2 pi frequency t + phase)``, as NEST's ``ac_generator``, whose phase is in degrees.

    Parameters
    ----------
    steps, neurons : int
        Shape of the result.
    dt : float
        Time step in ms.
    amplitude, offset : float or array_like, shape (neurons,)
        In the unit of the receptor.
    frequency : float or array_like, shape (neurons,)
        In hertz.
    phase : float or array_like, shape (neurons,)
        In radians.
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
    """Return a sequence of values, each held for a time, as Brian2's ``TimedArray``.

    Parameters
    ----------
    values : array_like, shape (values, neurons) or (values,)
        The values in order; the last one stays.
    steps : int
        Number of steps.
    dt : float
        Time step in ms.
    hold : float
        Time for which each value stays, in ms, rounded to whole steps, at least one.
    """
    array = float32_array(values, "values")
    rows = array[:, None] if array.ndim == 1 else array
    if rows.ndim != 2 or not len(rows):
        raise InvalidArgumentError(f"values has shape {array.shape}; it must be (values, neurons) or (values,)")
    held = max(round(_positive(hold, "hold") / _positive(dt, "dt")), 1)
    place = np.arange(integer(steps, "steps", minimum=1)) // held
    chosen: Floats = rows[np.minimum(place, len(rows) - 1)]
    return chosen


def white_noise(steps: int, neurons: int, *, mean: float, std: float, seed: int, first_step: int = 0) -> Floats:
    """Return independent normal numbers for each step and neuron, as NEST's ``noise_generator`` with its ``dt`` one step.

    The variance that a membrane integrates grows with the time step: for noise of intensity s per square root of a
    millisecond, give ``std = s / sqrt(dt)``.

    Parameters
    ----------
    steps, neurons : int
        Shape of the result.
    mean, std : float
        Mean and standard deviation, in the unit of the receptor.
    seed : int
        0 to 2**64 - 1; the same seed gives the same noise on every machine.
    first_step : int, default 0
        Where the result begins in this noise. Parts that follow each other are those of one array. What `Simulation.run`
        calls counts from the beginning of the run, so add the steps of earlier runs.

    Examples
    --------
    Noise for a run that is too long for an array:

    >>> def noise(begin, end):
    ...     return snn.stimuli.white_noise(end - begin, 4000, mean=0.0, std=20.0, seed=1, first_step=begin)
    >>> sim.run(10_000_000, {"current": noise})
    """
    frames = _frames(steps, neurons)
    normal = Normal(mean, std)
    first = integer(first_step, "first_step", maximum=2**63)
    for step, frame in enumerate(frames, first):
        frame[...] = normal.draw(frame.size, seed=seed, stream=step)
    return frames


class OrnsteinUhlenbeck(Strict):
    """Ornstein-Uhlenbeck noise in parts, for runs that are too long for the array of `ornstein_uhlenbeck`.

    Give it to `Simulation.run` as an input: it is called for the values of the next steps, which it makes from the last ones.
    So the noise goes on from run to run, and its parts are those of one array. A run that was stopped may have called it for
    steps that it did not reach: `step_count` tells how many it has made. Noise that begins again is a new object. A run of a
    network with another `dt` refuses it. What it was made with can be read, and not changed.

    Parameters
    ----------
    neurons : int or tuple of int
        The shape of a step: the number of neurons, or (batch size, neurons) for noise of its own in each sample.
    dt, mean, std, tau, seed
        As for `ornstein_uhlenbeck`.

    Examples
    --------
    >>> noise = snn.stimuli.OrnsteinUhlenbeck(4000, dt=net.dt, mean=100.0, std=30.0, tau=5.0, seed=1)
    >>> sim.run(10_000_000, {"current": noise})
    """

    def __init__(
        self, neurons: int | tuple[int, ...], *, dt: float, mean: float, std: float, tau: float, seed: int
    ) -> None:
        sizes = neurons if isinstance(neurons, tuple) else (neurons,)
        self._shape = tuple(integer(size, "neurons", minimum=1) for size in sizes)
        self._tau = _positive(tau, "tau")
        self._dt = _positive(dt, "dt")
        self._kept = math.exp(-self._dt / self._tau)
        self._new = math.sqrt(1.0 - self._kept * self._kept)
        self._mean = np.float32(float32_number(mean, "mean"))
        self._std = float32_number(std, "std", minimum=0.0)
        self._normal = Normal(0.0, self._std)
        self._seed = integer(seed, "seed", maximum=MAX_SEED)
        self._step = 0
        self._state: NDArray[np.float64] | None = None  # without the mean; None before the first step

    def __call__(self, begin: int, end: int) -> Floats:
        """Return the values of the next `end` - `begin` steps: shape (end - begin, *shape of a step)."""
        steps = integer(end, "end") - integer(begin, "begin")
        frames: Floats = new_array((integer(steps, "end - begin", minimum=1), *self._shape), np.float32, "the input")
        state = self._state
        for step, frame in enumerate(frames, self._step):
            drawn = self._normal.draw(frame.size, seed=self._seed, stream=step).reshape(frame.shape)
            state = drawn if state is None else self._kept * state + self._new * drawn
            frame[...] = state
        frames += self._mean
        self._state, self._step = state, self._step + steps  # at the end, so that Ctrl+C before it changes nothing
        return frames

    @property
    def step_count(self) -> int:
        """Number of steps that it has made: where in the noise the next call begins."""
        return self._step

    @property
    def neurons(self) -> int | tuple[int, ...]:
        """The shape of a step: the number of neurons, or a tuple."""
        return self._shape[0] if len(self._shape) == 1 else self._shape

    @property
    def dt(self) -> float:
        """Time step in milliseconds."""
        return self._dt

    @property
    def mean(self) -> float:
        """Mean, rounded to float32."""
        return float(self._mean)

    @property
    def std(self) -> float:
        """Standard deviation."""
        return self._std

    @property
    def tau(self) -> float:
        """Time constant in milliseconds."""
        return self._tau

    @property
    def seed(self) -> int:
        """Seed."""
        return self._seed

    def __repr__(self) -> str:
        return (
            f"<OrnsteinUhlenbeck({self.neurons}, dt={self._dt:g}, mean={self._mean:g}, std={self._std:g}, tau={self._tau:g}, "
            f"seed={self._seed}) after {counted(self._step, 'step')}>"
        )


def ornstein_uhlenbeck(
    steps: int, neurons: int, *, dt: float, mean: float, std: float, tau: float, seed: int
) -> Floats:
    """Return Ornstein-Uhlenbeck noise with time constant `tau`, stationary from the first step, independent for each neuron.

    `OrnsteinUhlenbeck` makes the same noise in parts, for runs that are too long for an array.

    The exact solution at the beginning of each step (D. T. Gillespie, Phys. Rev. E 54, 2084 (1996),
    doi 10.1103/PhysRevE.54.2084): x(t + dt) = mean + (x(t) - mean) a + std sqrt(1 - a**2) n, a = exp(-dt / tau).

    Parameters
    ----------
    steps, neurons : int
        Shape of the result.
    dt : float
        Time step in ms.
    mean, std : float
        Mean and standard deviation, in the unit of the receptor. The covariance over time t is ``std**2 exp(-t / tau)``.
    tau : float
        Time constant in ms.
    seed : int
        0 to 2**64 - 1; the same seed gives the same noise on every machine with the same `exp`.
    """
    noise = OrnsteinUhlenbeck(integer(neurons, "neurons", minimum=1), dt=dt, mean=mean, std=std, tau=tau, seed=seed)
    return noise(0, integer(steps, "steps", minimum=1))


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
