"""Input for a simulation: whose it is, and the forms in which it may come."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import Floats, float32_array, integer, mapping, new_array, spread
from snn._wanted import flat_indices
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, shown
from snn.events import EventData, Events, has_events
from snn.spike_events import SpikeEvents
from snn.stimuli import OrnsteinUhlenbeck

if TYPE_CHECKING:
    from snn._contents import Contents
    from snn.population import Population

__all__ = ["EventInput", "Inputs", "MadeInput", "RunInput"]

InputFunction = Callable[[int, int], ArrayLike]
RunInput = Mapping[str, ArrayLike | SpikeEvents | InputFunction] | NDArray[Any] | SpikeEvents | InputFunction

# Values of a `MadeInput` that are there at once, 16 MB, and their steps: few neurons' are made in Python, one by one.
_VALUES_AT_ONCE = 1 << 22
_STEPS_AT_ONCE = 1 << 14


class EventInput:
    """Spikes that a run is given one by one.

    Parameters
    ----------
    population : Population
        The input whose they are.
    events : SpikeEvents
        Checked by `Inputs.of_run`.
    """

    def __init__(self, population: Population, events: SpikeEvents) -> None:
        self.index = population._index
        columns = [events.steps, events.neurons, *([events.samples] if events.batch_size > 1 else [])]
        if np.any(events.steps[1:] < events.steps[:-1]):
            order = np.argsort(events.steps, kind="stable")
            columns = [column[order] for column in columns]
        self._columns = [np.ascontiguousarray(column, np.uint32) for column in columns]

    def between(self, begin: int, end: int) -> tuple[int, *tuple[NDArray[np.uint32], ...]]:
        """Return (population, steps, neurons[, samples]) of the steps from `begin` to `end`, without `end`."""
        some = slice(*np.searchsorted(self._columns[0], (begin, end)))
        return self.index, *(column[some] for column in self._columns)


class MadeInput:
    """Input that a function makes while a run needs it.

    Parameters
    ----------
    population : Population
        The input whose it is.
    function : callable
        ``function(begin, end)`` returns the values of these steps of the run.
    batch_size : int
        Samples.
    """

    def __init__(self, population: Population, function: InputFunction, batch_size: int) -> None:
        self.index = population._index
        self._population = population
        self._function = function
        self._frame = (batch_size, *population.shape)
        self.steps_at_once = min(max(1, _VALUES_AT_ONCE // math.prod(self._frame)), _STEPS_AT_ONCE)

    def between(self, begin: int, end: int) -> tuple[int, bool, Floats]:
        """Return (population, held, array) of the steps from `begin` to `end`, without `end`."""
        what = f"what the function of input {self._population.name!r} returned for steps {begin} to {end - 1}"
        array = float32_array(self._function(begin, end), what)
        shape = (end - begin, *self._frame)
        if array.shape not in (shape, *([(shape[0], *shape[2:])] if shape[1] == 1 else [])):
            raise InvalidArgumentError(f"{what} has shape {array.shape}; it must be {shape}")
        return self.index, False, array


def _samples_told(given: tuple[int, ...], shape: tuple[int, ...], steps: int, batch: int) -> str:
    """Return the end of the sentence that an input has a wrong shape: what its axes seem to be."""
    for one in (shape, (math.prod(shape),)):
        if batch > 1 and given == (batch, steps, *one):
            return "; it has samples first: x.swapaxes(0, 1)"
        count = given[-len(one) - 1] if len(given) > len(one) else 0
        if count > 1 and given in ((count, *one), (steps, count, *one)):
            return f"; {count} samples at once need snn.Simulation(network, batch_size={count})"
    return ""


class Inputs:
    """The inputs of a network, for a number of samples.

    Parameters
    ----------
    contents : Contents
        Whose input populations they are.
    batch_size : int
        Samples.
    """

    def __init__(self, contents: Contents, batch_size: int) -> None:
        self._contents = contents
        self._batch_size = batch_size

    def __getitem__(self, name: str) -> Population:
        """Return an input by name; another population is an error that lists the inputs."""
        population = self._contents[name]
        if not population.is_input:
            inputs = ", ".join(self._contents.inputs) or "none"
            raise InvalidArgumentError(f"population {name!r} is not an input; the inputs are: {inputs}")
        return population

    def by_name(self, inputs: RunInput | None) -> Mapping[str, Any]:
        """Return arrays by input population; a single one is that of the only input."""
        if isinstance(inputs, np.ndarray | SpikeEvents | Events | EventData) or callable(inputs):
            names = self._contents.inputs
            if len(names) != 1:
                raise InvalidArgumentError(
                    f"the network has {len(names)} inputs ({', '.join(names) or 'none'}); inputs must be a dict of them"
                )
            return {names[0]: inputs}
        return mapping(inputs, "inputs", "arrays by input population")

    def of_run(self, name: str, values: Any, steps: int) -> tuple[int, bool, Floats] | EventInput | MadeInput:
        """Return (population, held, array), events or what is made later, from all that `Simulation.run` takes."""
        population = self[name]
        if isinstance(values, SpikeEvents):
            return self._events_of_run(population, values, steps)
        if isinstance(values, EventData) or has_events(values):
            raise ArgumentTypeError(
                f"input {name!r} is {shown(values)}; a run takes one recording, by snn.stimuli.spike_events(events.times, "
                "events.units, events.shape, dt=network.dt), or the frames of one sample, data[0] of an EventData"
            )
        if callable(values):
            if isinstance(values, OrnsteinUhlenbeck) and not math.isclose(values.dt, self._contents.dt, rel_tol=1e-9):
                raise InvalidArgumentError(
                    f"input {name!r} is {values!r}, noise for steps of {values.dt:g} ms; those of the network are "
                    f"{self._contents.dt:g} ms long. Make it with dt=network.dt"
                )
            return MadeInput(population, values, self._batch_size)
        shape, batch = population.shape, self._batch_size
        array = float32_array(values, f"input {name!r}")
        for one in {shape, (population.size,)}:
            if array.shape == (steps, batch, *one):
                return population._index, False, array
            if array.shape == (batch, *one):
                return population._index, True, array
            if batch == 1 and array.shape == (steps, *one):
                return population._index, False, array
            if array.shape == one:
                return population._index, True, spread(array, (batch, *one), f"input {name!r}")
        raise InvalidArgumentError(
            f"input {name!r} has shape {array.shape}; it must be {(steps, batch, *shape)} (each step), "
            f"{(batch, *shape)} or {shape} (held){_samples_told(array.shape, shape, steps, batch)}"
        )

    def _events_of_run(self, population: Population, events: SpikeEvents, steps: int) -> EventInput:
        what = f"input {population.name!r} is {events!r}"
        if events.shape != population.shape and events.shape != (population.size,):
            raise InvalidArgumentError(
                f"{what} of a population of shape {events.shape}; the input has shape {population.shape}"
            )
        if events.batch_size != self._batch_size:
            raise InvalidArgumentError(
                f"{what}, of {events.batch_size} sample{'s' * (events.batch_size > 1)}; the simulation's batch_size is "
                f"{self._batch_size}"
            )
        if events.dt is not None and events.dt != self._contents.dt:
            raise InvalidArgumentError(
                f"{what} of {events.dt:g} ms; those of the network are {self._contents.dt:g} ms long. Times in ms become "
                "steps by snn.stimuli.spike_events(events.times, events.neurons, size, dt=network.dt)"
            )
        if events.dropped:
            raise InvalidArgumentError(f"{what}; a run takes events of which all are there")
        if len(events) and events.steps.max() >= steps:
            raise InvalidArgumentError(
                f"{what}, whose steps go up to {int(events.steps.max())}; there are {steps}, from 0 to {steps - 1}; "
                "events.between(begin, end) has those of some steps"
            )
        return EventInput(population, events)

    def of_step(self, name: str, values: ArrayLike) -> tuple[int, Floats]:
        """Return (population, array) for the coming step, an entry for each sample."""
        population = self[name]
        if isinstance(values, SpikeEvents):
            raise ArgumentTypeError(
                f"input {name!r} is {values!r}, which Simulation.run takes; a step takes values of each neuron, and "
                "add_input_spikes gives it spikes"
            )
        if callable(values):
            raise ArgumentTypeError(
                f"input {name!r} is {shown(values)}, a function, which Simulation.run calls for the steps that it needs; a "
                "step takes values of each neuron, here function(0, 1)[0]"
            )
        array = float32_array(values, f"input {name!r}")
        shapes = {population.shape, (population.size,)}
        if array.shape in shapes:
            array = spread(array, (self._batch_size, *array.shape), f"input {name!r}")
        elif array.shape not in {(self._batch_size, *shape) for shape in shapes}:
            raise InvalidArgumentError(
                f"input {name!r} has shape {array.shape}; it must be {(self._batch_size, *population.shape)} "
                f"or {population.shape}"
            )
        return population._index, array

    def spikes_of_step(self, name: str, neurons: ArrayLike, sample: int) -> tuple[int, int, NDArray[np.uint32]]:
        """Return (population, sample, neurons) of spikes for the coming step."""
        population = self[name]
        which = integer(sample, "sample", maximum=self._batch_size - 1)
        if isinstance(neurons, np.ndarray) and neurons.dtype == np.uint32 and neurons.ndim == 1:
            return population._index, which, np.ascontiguousarray(neurons)
        indices = flat_indices(neurons, population.size, f"neurons of input {name!r}")
        return population._index, which, indices.astype(np.uint32)

    def to_bind(self, name: str, array: Floats | None) -> tuple[int, Floats]:
        """Return (population, array) of an array that is read in place, a new one of zeros where there is none."""
        population = self[name]
        shape = (self._batch_size, *population.shape)
        if array is None:
            array = new_array(shape, np.float32, f"the array to bind to {name!r}")
        if not isinstance(array, np.ndarray) or array.dtype != np.float32:
            found = f"dtype {array.dtype}" if isinstance(array, np.ndarray) else f"type {type(array).__name__}"
            raise ArgumentTypeError(f"the array to bind to {name!r} has {found}; it must be a float32 array")
        if array.size != math.prod(shape) or not array.flags.c_contiguous:
            raise InvalidArgumentError(
                f"the array to bind to {name!r} has shape {array.shape}; it must be C-contiguous with shape {shape}"
            )
        return population._index, array
