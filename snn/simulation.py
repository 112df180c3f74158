"""A simulation: one running copy of a network, on one device or several."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType, TracebackType
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import (
    MAX_BATCH,
    MAX_SEED,
    Floats,
    boolean,
    choice,
    file_path,
    float32_number,
    function,
    integer,
    known_name,
    name_list,
    new_array,
    number,
)
from snn._between import BetweenSteps
from snn._inputs import Inputs, RunInput
from snn._progress import RunBar
from snn._running import Record, Run
from snn._strict import NotCopied, Strict, keywords_told
from snn._variables import Variables
from snn._wanted import Wanted, flat_indices, recorded_population, wanted_of
from snn._words import FLAGS, INSTRUCTION_SETS
from snn.engine import _native
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, shown
from snn.engine.records import Counters, SpikeEvent
from snn.network import SAMPLE_WEIGHTS, Network
from snn.placement import device_of_simulation
from snn.population import Population
from snn.projection import Projection
from snn.recorder import Recorder
from snn.recording import Recording
from snn.vulkan import Host

__all__ = ["Simulation"]

_FEW_STEPS = 32  # that `step` takes at once, without looking for Ctrl+C


class Simulation(NotCopied, Strict):
    """A running copy of a network, with state of its own.

    Parameters
    ----------
    network : Network
        Shared, not copied; changes made to it later do not reach this simulation.
    device : str or snn.vulkan.Host, default "cpu"
        Where it runs: ``"cpu"``, ``"vulkan"`` (the first GPU; ``"vulkan:1"``, ``"vulkan:NAME"`` or ``"vulkan:UUID"`` choose
        one), ``"npu"`` or ``"openvino:CPU"`` (devices of OpenVINO, where ``pip install openvino`` was done: inference, equal
        to the others to a measured degree, not to the bit), ``"reference"`` (slow and readable), ``"null"`` (computes
        nothing). See `snn.devices`. ``"auto"``: the fastest of the CPU and the GPUs, which give the same bits, by the
        network's size and what `snn.device_speed` measured; one that fails is left out with a warning. See `power`. A
        `snn.vulkan.Host` is the Vulkan device of the calling program.
    devices : iterable of str or snn.vulkan.Host, optional
        Instead of `device`: several that work on the network together, for simulation alone, each with some of its populations
        or slices of them: ``["cpu", "vulkan"]``, of CPU, GPUs (one may be a `snn.vulkan.Host`) and the reference. Spikes and
        states are those of one device, bit for bit. `Network.placement` tells which population goes where. They share
        the threads. A GPU that fails is left out with a warning, and the others take over its part: see `device` and
        `device_reason`.
    placement : dict of str to int, optional
        Where populations are wanted: places in `devices`, by name, or by slice of their neurons, ``{"exc[0:512]": 0,
        "exc[512:]": 1}``, cut at multiples of 64; slices of a population cover all of it. Populations that are not named are
        placed by their work and by what `snn.device_speed` measured; those with an undelayed projection between them stay
        together and whole, targets of convolution and pooling whole.
    samples : "auto" or iterable of int, optional
        Each of `devices` then has the whole network and this number of samples of the batch; ``"auto"``: by what
        `snn.device_speed` measured, which `device` and `Network.shares` tell. For inference of batches.
    batch_size : int, default 1
        Number of independent samples that share the weights; at most 1,048,576. A thousand characters of a game are a thousand
        samples.
    sample_weights : bool, default False
        Each sample has weights and biases of its own, at first the network's: ``sim["p.weight"]`` has a row for each sample,
        and ``sim["p.weight[7]"]`` is that of sample 7. For simulation alone, without plasticity; on ``"cpu"``, ``"reference"``
        and, where a sample fits into a workgroup's memory, ``"vulkan"``.
    threads : int, default 1
        At most 1024; 0: one for each core. Results do not depend on it.
    power : {"normal", "low"}, default "normal"
        How ``device="auto"`` chooses. ``"low"``, for a machine on its battery: of the devices that are expected to take at most
        half of the network's `dt` for a step, the first of an NPU (equal to the others to a measured degree, not to the bit), a
        GPU that is part of the processor, the CPU with one thread, with `threads`, and any other GPU; where none keeps that
        time, the fastest. How much of a frame may be spent is an argument of `advance`. In other languages this is
        the device ``"auto:low"``.
    instruction_set : {"best", "scalar", "avx2", "avx512", "neon"}
        Forcing one is for tests and measurements; all give the same bits of a simulation, and training agrees within rounding.
    flags : iterable of {"interpret_models", "float64", "smooth_spikes", "any_size", "input_gradients"}
        ``"any_size"`` opens a simulation that is estimated to need more memory than is free; the others are for tests,
        see ``snn.h``.
    seed : int, default 0
        Of the random draws of models that have some (`DrivenLIF`, `NoisyIzhikevich`, ...), 0 to 2**64 - 1. The same network,
        inputs and seed give the same spikes.
    max_catch_up : float, optional
        Most simulated time, in seconds, that one `advance` makes up for, at least one step; what is due beyond it is dropped.
        By default 0.25 s, or 100 steps where those are longer.

    Raises
    ------
    NotFoundError
        There is no such device.
    UnsupportedError
        The device cannot do what was asked.
    OutOfMemoryError
        It would need more memory than is free; `Network.memory_estimate` says for what.

    Notes
    -----
    The logger ``"snn"`` of the standard library gets a message about the device (INFO), and warnings: when a device fails,
    when `advance` begins to drop time, and when weights that are written lose by rounding, see `set`.

    Examples
    --------
    >>> with snn.Simulation(net) as sim:
    ...     recording = sim.run(100, inputs={"input": current}, record={"hidden": ["v", "spikes"]})
    >>> recording["hidden"]["v"].shape
    (100, 1, 128)
    """

    _instead = "save_state(path) writes where it is, and load_state(path) of another Simulation goes on from there"
    _fixed = MappingProxyType(dict.fromkeys(("network", "batch_size", "sample_weights"), "open another Simulation"))
    _hints = MappingProxyType(
        {
            "record": "run(steps, record={'exc': 'spike_events'}) records, recorder(...) along with steps of your own",
            "restore": "load_state(path) continues from a file, reset() goes back to step 0",
            "simulate": "run(steps) or step(count) does; of a time in ms, steps are round(time / network.dt)",
            "store": "save_state(path) writes the state to a file",
            "t": "time has it in milliseconds",
        }
    )

    def __init__(
        self,
        network: Network,
        *,
        device: str | Host = "cpu",
        devices: Iterable[str | Host] | None = None,
        placement: Mapping[str, int] | None = None,
        samples: str | Iterable[int] | None = None,
        batch_size: int = 1,
        sample_weights: bool = False,
        threads: int = 1,
        power: Literal["normal", "low"] = "normal",
        instruction_set: str = "best",
        flags: Iterable[str] = (),
        seed: int = 0,
        max_catch_up: float | None = None,
    ) -> None:
        if not isinstance(network, Network):
            raise ArgumentTypeError(f"network is {shown(network)}, not a Network; snn.load(path) reads one from a file")
        self.network = network
        self.batch_size = integer(batch_size, "batch_size", minimum=1, maximum=MAX_BATCH)
        words, host = device_of_simulation(device, devices, placement, samples, power)
        self.sample_weights = boolean(sample_weights, "sample_weights")
        bits = SAMPLE_WEIGHTS if self.sample_weights else 0
        for flag in name_list(flags, "flags"):
            bits |= FLAGS[known_name(flag, FLAGS, "flag")]
        self._session = _native.Session(
            network._finished(),
            device=words,
            vulkan_host=host,
            batch_size=self.batch_size,
            threads=integer(threads, "threads", maximum=1024),
            instruction_set=INSTRUCTION_SETS.index(choice(instruction_set, INSTRUCTION_SETS, "instruction_set")),
            flags=bits,
            seed=integer(seed, "seed", maximum=MAX_SEED),
            max_catch_up_steps=0 if max_catch_up is None else _steps_in(max_catch_up, network.dt),
        )
        self._inputs = Inputs(network, self.batch_size)
        self._variables = Variables(network, self._session, self.batch_size, self.sample_weights)
        self._indices = {name: population._index for name, population in network.populations.items()}
        self._between = BetweenSteps()

    # ---- time

    def step(self, count: int = 1, inputs: Mapping[str, ArrayLike] | NDArray[Any] | None = None) -> None:
        """Advance by `count` steps.

        Parameters
        ----------
        count : int, default 1
            Number of steps.
        inputs : dict, optional
            As for `set_input`, for the first of the steps; values of an `Input` stay.

        Raises
        ------
        BusyError
            Another thread is inside this simulation.
        """
        between = self._between
        if between.is_inside:
            between.check_outside()
        if inputs is not None:
            for name, values in self._inputs.by_name(inputs).items():
                self.set_input(name, values)
        if not between.recorders and not between.functions:
            if type(count) is int and 0 <= count <= _FEW_STEPS:  # the usual call pays for nothing else
                self._session.step(count)
            else:
                self._session.run(integer(count, "count", maximum=2**32 - 1), [], [])  # which looks for Ctrl+C
            return
        for _ in range(integer(count, "count")):
            self._session.step(1)
            between.record()
            between.call(self)

    def advance(self, seconds: float, budget: float | None = None) -> int:
        """Advance by as many whole steps as fit into `seconds`; the remainder is carried to the next call.

        Parameters
        ----------
        seconds : float
            Simulated time, at least 0; what is more than `max_catch_up` is dropped.
        budget : float, optional
            Seconds of wall time, at least 0. The call ends with the step in which they are spent, and the steps that are left
            are due at the next call. At least one step that is due runs.

        Returns
        -------
        int
            The steps that ran.
        """
        self._between.check_outside()
        frame = float32_number(seconds, "seconds", minimum=0.0)
        if budget is None:
            return self._session.run_step(frame)
        return self._session.run_step(frame, float32_number(budget, "budget", minimum=0.0))

    def reset(self, samples: ArrayLike | None = None) -> None:
        """Go back to step 0 and the initial state; weights, parameters, callbacks and bound inputs stay.

        Parameters
        ----------
        samples : int or array_like of int, optional
            Samples of the batch that begin again, as a character of a game that comes back: they get their initial states,
            nothing is on its way to them, and spikes that they were given for the coming step are gone. The others go on as if
            nothing had happened, to the bit, as do step count, counters and values that inputs hold. What models draw goes by
            the step count, so the samples draw other numbers than a new simulation. Many at once cost what one does: a copy of
            all states.
            By default all samples, and time begins again too.
        """
        self._between.check_outside()
        if samples is None:
            self._session.reset()
        else:
            chosen = np.atleast_1d(samples) if np.ndim(samples) == 0 else samples
            self._session.reset_samples(flat_indices(chosen, self.batch_size, "samples to reset").astype(np.uint32))

    @property
    def step_count(self) -> int:
        """Steps since creation or reset.

        It may be set, to continue from a state that was read before: random draws depend on it.
        """
        return self._session.step_count

    @step_count.setter
    def step_count(self, steps: int) -> None:
        self._session.step_count = integer(steps, "step_count", maximum=2**64 - 1)

    @property
    def device(self) -> str:
        """The device that it runs on: what ``"auto"`` chose, or as it was named; of several without those that failed."""
        return self._session.device[0]

    @property
    def device_reason(self) -> str:
        """Why ``device="auto"`` chose the device, or which of several failed, in one line; else empty."""
        return self._session.device[1]

    @property
    def counters(self) -> Counters:
        """What was computed since creation or reset: steps, neuron updates, spikes, synaptic events.

        Exact, and the same on every device and for every number of threads. A synaptic event is one synapse that delivered
        one spike, counted in the step in which it arrives: for a dense projection one for each target, for a convolution or
        pooling each use inside the image. Values of an `Input` other than 0 count in `synaptic_operations` only.
        """
        return self._session.counters()

    @property
    def time(self) -> float:
        """Time since creation or reset, in milliseconds."""
        return self._session.step_count * self.network.dt

    @keywords_told
    def run(
        self,
        steps: int,
        inputs: RunInput | None = None,
        record: Record | None = None,
        *,
        every: int = 1,
        max_events: int | None = None,
        progress: bool | Callable[[int, int], Any] | None = None,
        progress_interval: int = 1000,
    ) -> Recording:
        """Run many steps and record.

        Parameters
        ----------
        steps : int
            Number of steps.
        inputs : dict, optional
            By input population: (steps, batch size, *shape), or (batch size, *shape) or (*shape) for values held at
            every step. With a batch of one, (steps, *shape) as well. Or `SpikeEvents`, of `snn.stimuli.spike_events` or as
            another run recorded them; they take no memory for steps and neurons that are silent. Or a function, for what does
            not fit into memory: ``f(begin, end)`` returns the values of the run's steps `begin` to `end` - 1, shape
            (end - begin, batch size, *shape), and is called for one part of the run after the other, of any length. A network
            of one input takes its array, events or function alone too.
        record : dict, optional
            By population: a variable or a list of them: a state, ``"spikes"`` (for each step and neuron whether it spiked),
            ``"spike_count"`` (summed over the run) or ``"spike_events"`` (`SpikeEvents`, 8 bytes of memory for each
            spike). A `SpikeInput` has no states, but the others. By projection: ``"weight"``, ``"bias"``, traces of its rule
            of plasticity. A dict of variables says of which neurons or synapses states, ``"spikes"`` and weights are recorded,
            by flat indices or a slice of them, None for all: ``{"exc": {"v": [0, 10, 20], "spike_events": None}}``.
        every : int, default 1
            Interval, in steps, at which states, ``"spikes"``, weights and biases are recorded.
        max_events : int, optional
            Most spike events to keep for a population: the newest ones. Dropped events are counted.
        progress : bool or callable, optional
            True: a bar with steps per second and the real-time factor (seconds for each simulated second). Else
            ``progress(steps_done, steps)`` every `progress_interval` steps; returning True stops the run.

        Returns
        -------
        Recording

        Raises
        ------
        NotFoundError
            No such population, projection or variable.
        InvalidArgumentError
            A wrong shape, NaN, or spikes other than 0 and 1.
        StoppedError
            `progress` returned True.

        Notes
        -----
        Whatever ends a run early - `StoppedError`, ``KeyboardInterrupt``, the exception of a callback - has an
        attribute `recording` with what was recorded so far.
        """
        self._between.check_outside()
        if isinstance(steps, float):
            raise ArgumentTypeError(
                f"steps is {steps}, not an integer; of a time in ms they are round(time / network.dt)"
            )
        count = integer(steps, "steps")
        given = self._inputs.by_name(inputs)
        frames = [self._inputs.of_run(name, values, count) for name, values in given.items()]
        rows = integer(every, "every", minimum=1)
        maximum = None if max_events is None else integer(max_events, "max_events", maximum=2**63 - 1)
        interval = max(1, integer(progress_interval, "progress_interval"))
        if not isinstance(progress, bool) and progress is not None:
            function(progress, "progress")
        run = Run(self, count, frames, record, rows, maximum)
        if progress is True:
            with RunBar(count, self.network.dt) as bar:
                return run.go(bar.update, None)
        return run.go(None if isinstance(progress, bool) else progress, interval)

    # ---- input

    def set_input(self, name: str, values: ArrayLike) -> None:
        """Set the input for the coming step; values of an `Input` stay, spikes are gone after the step.

        Parameters
        ----------
        name : str
            An input population.
        values : array_like
            Shape (batch size, *shape) or (*shape) for all samples. Spike inputs take 0 and 1 only.
        """
        self._session.set_input(*self._inputs.of_step(name, values))

    def add_input_spikes(self, name: str, neurons: ArrayLike, sample: int = 0) -> None:
        """Add spikes for the coming step, as they come from a camera, a socket or another network.

        The bits are those of `set_input`; on the CPU the time follows the spikes and one bit for each neuron of the input.

        Parameters
        ----------
        name : str
            A `SpikeInput`.
        neurons : array_like of int, shape (spikes,)
            Flat indices of the neurons that spike, in any order; one that is named twice spikes once. They are added to what
            the sample was given before, and gone after the step. A run that is given the input itself leaves them for the
            step after it.
        sample : int, default 0
            Index in the batch.

        Examples
        --------
        >>> for packet in camera:
        ...     sim.add_input_spikes("pixels", packet.y * 640 + packet.x)
        ...     sim.advance(packet.seconds)
        """
        self._session.add_input_spikes(*self._inputs.spikes_of_step(name, neurons, sample))

    def bind_input(self, name: str, array: Floats | None = None) -> Floats:
        """Read an input from an array at every step, without a copy or a check: the fastest way to give input.

        Parameters
        ----------
        name : str
            An input population.
        array : float32 array, C-contiguous, shape (batch size, *shape), optional
            Read in place until unbound; a new one of zeros when not given. Write the input into it before each step. A bound
            input reads nothing else: giving it to `set_input`, `step` or `run` is a `StateError`.
            Its values are not checked: NaN goes into the states, and any value other than 0 is a spike for a `SpikeInput`.

        Returns
        -------
        array
            The bound array.
        """
        index, bound = self._inputs.to_bind(name, array)
        self._session.bind_input(index, bound)
        return bound

    def unbind_input(self, name: str) -> None:
        """Stop reading a bound input; `set_input` works again."""
        self._session.bind_input(self._inputs[name]._index, None)

    # ---- state and weights

    def get(self, path: str) -> NDArray[Any]:
        """Return a copy of any variable: ``simulation[path]`` is the same.

        What is changed in the copy, as by ``sim["exc.v"][:, 3] = 0``, does not reach the simulation until it is given to `set`:
        ``v = sim["exc.v"]; v[:, 3] = 0; sim["exc.v"] = v``.

        Parameters
        ----------
        path : str
            ``"population.state"`` or ``"population.spikes"``, shape (batch size, *shape);
            ``"projection.weight"``, ``"projection.bias"``, and their ``.gradient`` after a backward pass; where samples have
            weights of their own both have a row for each, and ``"projection.weight[7]"`` is that of sample 7;
            ``"population.history"``, the activity kept for delays, shape (delay, batch size, *shape);
            ``"population.parameter"``, a parameter of the model as this simulation has it, shape () or the population's;
            ``"projection.parameter"``, one of the projection's rule of plasticity, shape ();
            ``"projection.trace"``, what a trace of the rule is at the step to come: shape (sources,), or (sources, delays)
            where arrivals have several delays, (targets,) or, of a trace of the synapses, that of the weights.

        Returns
        -------
        array
            bool for spikes, int32 for states of whole numbers, float64 for parameters, else float32.
        """
        return self._variables.read(path)

    def set(self, path: str, values: ArrayLike) -> None:
        """Set a state, weights, the history or a parameter of a model or rule; ``simulation[path] = values`` is the same.

        The network object is not changed.

        A parameter of a model takes effect with the next step: derived constants are recomputed, states stay. It may be shared
        by the neurons or be one for each, whatever it was before. `reset` keeps it, as it keeps weights. A parameter of a rule
        of plasticity as well; traces go on from their values with new time constants, and the bounds of the weights have to
        stay. Traces can be read only.

        Weights of a projection in compact arithmetic are rounded to multiples of 1 / `Projection.fixed_point_scale`, which the
        weights that the network was made with decided. The logger ``"snn"`` gets a warning, once for each projection, where
        written ones lose more by it than compact would have been chosen for.

        Parameters
        ----------
        path : str
            As for `get`.
        values : array_like
            Of the variable's shape, or one number for all, or without the first axis where samples or steps have all the same;
            whole numbers for states that are. For a parameter one number, or
            an array of the population's shape, in the model's unit.
        """
        self._variables.write(path, values)

    __getitem__ = get
    __setitem__ = set

    def signal(self, projection: str, value: float = 1.0) -> None:
        """Send a signal, such as a reward, to all synapses of a plastic projection; they learn before the next step.

        Parameters
        ----------
        projection : str
            One whose rule has a section ``[on_signal]``: `RewardSTDP`, `HomeostaticSTDP` or a rule of the user.
        value : float, default 1.0
            The value of ``signal`` in the rule's program.

        Raises
        ------
        NotFoundError
            There is no such projection, or its rule takes no signal.

        Examples
        --------
        Reward every 10 ms, as a concentration of dopamine that the program keeps:

        >>> sim.on_steps(100, lambda sim: sim.signal("input_to_output", dopamine))
        """
        found = known_name(projection, self.network.projections, "projection")
        self._session.write(f"{found}.signal", np.array([number(value, "the signal")], np.float64))

    def spikes(self, population: str, sample: int = 0) -> NDArray[np.uint32]:
        """Return the neurons of `sample` that spiked in the last step, ascending."""
        # Called at every step of a loop: the usual arguments go the short way.
        index = self._indices.get(population) if type(population) is str else None
        if index is None:
            index = self.network[population]._index
        if type(sample) is not int or sample != 0:
            sample = integer(sample, "sample", maximum=self.batch_size - 1)
        return self._session.spikes(index, sample)

    def membrane_potentials(self, population: str) -> Floats:
        """Return the membrane state of a population: shape (batch size, *shape)."""
        owner = self.network[population]
        array = new_array((self.batch_size, *owner.shape), np.float32, f"the membrane of {owner.name!r}")
        self._session.membrane_potentials(owner.name, array)
        return array

    def save_state(self, path: str | os.PathLike[str]) -> None:
        """Write everything that the coming steps depend on to a file.

        `load_state` continues from it, bit for bit, in a simulation of the same network, on any device and number of
        threads. The file has steps, carried time and seed, states, activity kept for delays, inputs that were set,
        parameters, counters, and the weights that this simulation changed. It does not have the network (`Network.save`),
        bound inputs, recorders and callbacks. Where parameters of a rule of plasticity were changed, it loads on devices
        that can change them, not on ``"vulkan"``; `to_network` makes a network that has them.

        Parameters
        ----------
        path : path
            Replaced whole; a failure leaves an old file as it was.

        Raises
        ------
        FileError
            File I/O failed.
        """
        self._session.save_state(file_path(path))

    def load_state(self, path: str | os.PathLike[str]) -> None:
        """Continue from what `save_state` wrote; all or nothing.

        Parameters
        ----------
        path : path
            A file that `save_state` wrote, of the same network and batch size. The seed becomes the saved one.

        Raises
        ------
        InvalidArgumentError
            It is the state of another network; the message says what differs.
        FormatError
            The file is damaged, or not a state.
        """
        self._between.check_outside()
        self._session.load_state(file_path(path))

    def save_state_memory(self) -> bytes:
        """Return the bytes that `save_state` would write, for a program that keeps them in a file of its own."""
        return self._session.save_state_memory()

    def load_state_memory(self, data: bytes | bytearray | memoryview) -> None:
        """Continue from what `save_state_memory` returned, as `load_state` does from a file.

        Raises
        ------
        InvalidArgumentError
            It is the state of another network; the message says what differs.
        FormatError
            It is damaged, or not a state.
        """
        self._between.check_outside()
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise ArgumentTypeError(f"the state has type {type(data).__name__}; it must be bytes")
        self._session.load_state_memory(bytes(data))

    def load_weights(self, path: str | os.PathLike[str]) -> None:
        """Take weights and biases from a ``.snn`` file with projections of the same names and shapes; all or none.

        Compact ones are rounded, and warned of, as by `set`.
        """
        self._session.load_weights(file_path(path))

    def to_network(self) -> Network:
        """Return a new network with the simulation's present weights and parameters.

        Raises
        ------
        UnsupportedError
            Samples have weights of their own: `get` those of one.
        """
        return Network._from_native(self._session.to_network(), self.network.seed)

    # ---- recorders and callbacks

    def recorder(self, name: str, variables: Wanted) -> Recorder:
        """Return a recorder that stores `variables` after every `step` from now on.

        Parameters
        ----------
        name : str
            A population, or a projection.
        variables : str, iterable of str, or dict
            States or ``"spikes"``; of a projection ``"weight"``, ``"bias"`` and the traces of its rule. A dict says of which
            neurons or synapses, as for `run`.
        """
        target: Population | Projection
        if isinstance(name, str) and name in self.network.projections:
            target, what = self.network.projections[name], "projection"
        else:
            target, what = recorded_population(self.network, name, variables, "recorder({}, {})"), "population"
        recorder = Recorder(self, target, wanted_of(variables, f"what to record of {what} {target.name!r}"))
        self._between.recorders.append(recorder)
        return recorder

    def on_spikes(self, callback: Callable[[SpikeEvent], Any] | None) -> None:
        """Call a function after each step for each population and sample that spiked, inputs excepted.

        Parameters
        ----------
        callback : callable or None
            Gets a `SpikeEvent` (step, population name, sample, neurons). It may read the simulation, not step or
            change it. An exception it raises comes out of the call that stepped. None removes the callback.
        """
        if callback is None:
            self._session.on_spikes(None)
            return
        names = list(self.network.populations)
        told = function(callback, "callback")
        self._session.on_spikes(lambda event: told(event._replace(population=names[event.population])))

    def on_steps(self, interval: int, called: Callable[[Simulation], Any]) -> Callable[[], None]:
        """Call a function whenever `step_count` reaches a multiple of `interval`, in `run` and `step`.

        It is called between two steps, so it may read and change everything: inputs, weights, parameters, states. It may not
        advance or reset the simulation (`BusyError`). `advance` does not call it.

        Parameters
        ----------
        interval : int
            Steps, at least 1.
        called : callable
            Gets the simulation. An exception it raises comes out of the call that ran.

        Returns
        -------
        callable
            Call it to unregister the function.

        Examples
        --------
        >>> sim.on_steps(100, lambda sim: print(sim.time, sim.counters.spikes))
        """
        return self._between.add(integer(interval, "interval", minimum=1), function(called, "the function"))

    # ---- end

    def close(self) -> None:
        """Free the simulation's memory; using it afterwards is an InvalidHandleError."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        where = f"on {self.device!r}" if self._session.address else "closed"
        return f"<Simulation of {self.network!r}, {where}, batch of {self.batch_size}>"


def _steps_in(max_catch_up: float, dt: float) -> int:
    """Whole steps of `dt` milliseconds in a time in seconds: at least one, at most as many as libsnn counts."""
    steps = math.floor(min(number(max_catch_up, "max_catch_up") * 1000 / dt + 1e-6, 2**32 - 1))
    if steps < 1:
        raise InvalidArgumentError(f"max_catch_up is {max_catch_up} s, less than a step of {dt} ms")
    return steps
