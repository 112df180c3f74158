"""The state of a simulation: what can be read, written, saved and reset between two steps."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import Floats, file_path, integer, known_name, new_array, number
from snn._strict import NotCopied, Strict
from snn._wanted import flat_indices
from snn.engine.errors import ArgumentTypeError
from snn.engine.records import Counters
from snn.network import Network

if TYPE_CHECKING:
    from snn._between import BetweenSteps
    from snn._contents import Contents
    from snn._variables import Variables
    from snn.engine import _native

__all__ = ["SimulationState"]


class SimulationState(NotCopied, Strict):
    """What `Simulation` is apart from running: its states, weights and counts. `Simulation` makes all that is here."""

    network: Network
    batch_size: int
    _session: _native.Session
    _contents: Contents
    _variables: Variables
    _indices: dict[str, int]
    _between: BetweenSteps

    # ---- variables

    def get(self, path: str) -> NDArray[Any]:
        """Return a copy of any variable; the same as ``simulation[path]``.

        Changing the copy, as ``sim["exc.v"][:, 3] = 0`` does, does not change the simulation. Write it back:
        ``v = sim["exc.v"]; v[:, 3] = 0; sim["exc.v"] = v``.

        Parameters
        ----------
        path : str
            One of the following, with the names of the population or projection and of the variable:

            - ``"population.state"`` or ``"population.spikes"``, shape (batch size, *shape);
            - ``"projection.weight"``, ``"projection.bias"``, and their ``.gradient`` after a backward pass. With
              `sample_weights` both have a row for each sample, and ``"projection.weight[7]"`` is that of sample 7. Weights of
              a sparse projection have the order of `Projection.synapses`;
            - ``"population.history"``, the activity kept for delays, shape (delay, batch size, *shape);
            - ``"population.parameter"``, a parameter of the model as this simulation has it, shape () or the population's;
            - ``"projection.parameter"``, a parameter of the plasticity rule, shape ();
            - ``"projection.trace"``, a trace of the plasticity rule at the coming step. Shape of a trace of the sources:
              (sources,), or (sources, delays) if spikes arrive after several delays; of the targets: (targets,); of the
              synapses: that of the weights. Sources and targets are all neurons of the two populations, also where only parts
              of them are connected.

        Returns
        -------
        array
            bool for spikes, int32 for integer states, float64 for parameters, else float32.
        """
        return self._variables.read(path)

    def set(self, path: str, values: ArrayLike) -> None:
        """Set a state, weights, the history or a parameter; the same as ``simulation[path] = values``.

        The network object is not changed.

        A parameter of a model or a plasticity rule takes effect with the next step and survives `reset`, as weights do. Of a
        model: derived constants are recomputed, and states stay. It may be one value for all neurons or one for each,
        whatever it was before. Of a rule: the bounds of the weights cannot be changed. A trace is kept as its value after its
        last event, so it jumps when its time constant changes, to the value that it would have with the new one since then.
        Traces are read-only.

        In compact arithmetic, weights are rounded to multiples of 1 / `Projection.fixed_point_scale`, which depends on the
        weights that the network was made with; plastic weights are rounded when they are delivered, by a scale that depends on
        the rule's bounds. If the rounding is too coarse for integers to have been the default, the logger ``"snn"`` gets a
        warning, once for each projection.

        Parameters
        ----------
        path : str
            As for `get`.
        values : array_like
            An array of the variable's shape; or one number for all; or, where the first axis is that of samples or steps, an
            array without it, for the same values in all of them. Integers for integer states. For a parameter, one number or
            an array of the population's shape, in the model's unit.
        """
        self._variables.write(path, values)

    __getitem__ = get
    __setitem__ = set

    def signal(self, projection: str, value: float = 1.0) -> None:
        """Send a signal, such as a reward, to all synapses of a plastic projection. They learn before the next step.

        Parameters
        ----------
        projection : str
            Its rule must have a section ``[on_signal]``: `RewardSTDP`, `HomeostaticSTDP` or a rule of your own.
        value : float, default 1.0
            The value of ``signal`` in the rule's program.

        Raises
        ------
        NotFoundError
            There is no such projection, or its rule takes no signal.

        Examples
        --------
        A reward every 10 ms, a dopamine concentration that the program computes:

        >>> sim.on_steps(100, lambda sim: sim.signal("input_to_output", dopamine))
        """
        found = known_name(projection, self._contents.projections, "projection")
        self._session.write(f"{found}.signal", np.array([number(value, "the signal")], np.float64))

    def spikes(self, population: str, sample: int = 0) -> NDArray[np.uint32]:
        """Return the neurons of `sample` that spiked in the last step, ascending."""
        # Called at every step of a loop: fast path for the usual arguments.
        index = self._indices.get(population) if type(population) is str else None
        if index is None:
            index = self._contents[population]._index
        if type(sample) is not int or sample != 0:
            sample = integer(sample, "sample", maximum=self.batch_size - 1)
        return self._session.spikes(index, sample)

    def membrane_potentials(self, population: str) -> Floats:
        """Return the membrane state of a population: shape (batch size, *shape)."""
        owner = self._contents[population]
        array = new_array((self.batch_size, *owner.shape), np.float32, f"the membrane of {owner.name!r}")
        self._session.membrane_potentials(owner.name, array)
        return array

    # ---- counts and seed

    @property
    def step_count(self) -> int:
        """Number of steps since creation or reset.

        Set it to continue from a state that was read earlier: random draws depend on it.
        """
        return self._session.step_count

    @step_count.setter
    def step_count(self, steps: int) -> None:
        self._between.check_outside()
        self._session.step_count = integer(steps, "step_count", maximum=2**64 - 1)

    @property
    def seed(self) -> int:
        """Seed of the random draws: the argument `seed`, or that of the state that was loaded last."""
        return self._session.seed

    @property
    def counters(self) -> Counters:
        """Counts since creation or reset: steps, neuron updates, spikes, synaptic events.

        Exact, and the same on every device and for any number of threads. A synaptic event is one spike delivered by one
        synapse, counted in the step in which it arrives. A spike through a dense projection counts once for each target,
        through a convolution or pooling once for each use inside the image. Nonzero values of an `Input` count in
        `synaptic_operations` only.
        """
        return self._session.counters()

    # ---- all of it

    def reset(self, samples: ArrayLike | None = None) -> None:
        """Go back to step 0 and the initial state. Weights (learned ones too), parameters, callbacks and bound inputs stay.

        Parameters
        ----------
        samples : int or array_like of int, optional
            Samples of the batch to reset, such as a character of a game that respawns. They get their initial states; spikes
            in transit to them, and spikes set for the coming step, are removed. The other samples, the step count, the
            counters and the values of inputs are not affected. Random draws depend on the step count, so reset samples draw
            other numbers than a new simulation. One call costs a copy of all states, however many samples it resets.
            Default: all samples, and time restarts too.
        """
        self._between.check_outside()
        if samples is None:
            self._session.reset()
        else:
            chosen = np.atleast_1d(samples) if np.ndim(samples) == 0 else samples
            self._session.reset_samples(flat_indices(chosen, self.batch_size, "samples to reset").astype(np.uint32))

    def save_state(self, path: str | os.PathLike[str]) -> None:
        """Write everything that the coming steps depend on to a file.

        `load_state` continues from it, bit for bit, in a simulation of the same network, on any device and with any number
        of threads. The file has the step count, time carried by `advance`, seed, states, activity kept for delays, inputs
        that were set, parameters, counters, and the weights that this simulation changed. It does not have the network (use
        `Network.save`), bound inputs, recorders or callbacks.

        Parameters
        ----------
        path : path
            Replaced as a whole; a failure leaves an existing file unchanged.

        Raises
        ------
        FileError
            File I/O failed.
        """
        self._session.save_state(file_path(path))

    def load_state(self, path: str | os.PathLike[str]) -> None:
        """Continue from a state that `save_state` wrote.

        After an error of the file the simulation is unchanged. One of memory or the device may end the load in the middle:
        steps and values are then refused until a reset or another load, and the seed, parameters, weights and biases may be
        those of the state.

        Parameters
        ----------
        path : path
            A file that `save_state` wrote, of the same network and batch size. The simulation takes its seed.

        Raises
        ------
        InvalidArgumentError
            The state is of another network; the message says what differs.
        FormatError
            The file is damaged or not a state.
        """
        self._between.check_outside()
        self._session.load_state(file_path(path))

    def save_state_memory(self) -> bytes:
        """Return the bytes that `save_state` would write, for a program that stores them itself."""
        return self._session.save_state_memory()

    def load_state_memory(self, data: bytes | bytearray | memoryview) -> None:
        """Continue from the bytes that `save_state_memory` returned, as `load_state` does from a file.

        Raises
        ------
        InvalidArgumentError
            The state is of another network; the message says what differs.
        FormatError
            The bytes are damaged or not a state.
        """
        self._between.check_outside()
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise ArgumentTypeError(f"the state has type {type(data).__name__}; it must be bytes")
        self._session.load_state_memory(bytes(data))

    def load_weights(self, path: str | os.PathLike[str]) -> None:
        """Load weights and biases from a ``.snn`` file with projections of the same names and shapes, all or none.

        Weights in compact arithmetic are rounded, with a warning, as by `set`.
        """
        self._session.load_weights(file_path(path))

    def to_network(self) -> Network:
        """Return a new network with the simulation's current weights and parameters.

        Raises
        ------
        UnsupportedError
            Each sample has its own weights (`sample_weights`): read those of one sample with `get`.
        """
        return Network._from_native(self._session.to_network(), self.network.seed)
