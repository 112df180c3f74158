"""A simulation: one running copy of a network, on one device or several."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType, TracebackType
from typing import Any, Literal, Self

from numpy.typing import ArrayLike, NDArray

from snn._arrays import (
    MAX_BATCH,
    MAX_SEED,
    Floats,
    boolean,
    choice,
    float32_number,
    function,
    integer,
    known_name,
    name_list,
    number,
)
from snn._between import LOOK_S, BetweenSteps
from snn._contents import Contents
from snn._inputs import Inputs, RunInput
from snn._progress import RunBar
from snn._running import Record, Run
from snn._simulation_state import SimulationState
from snn._strict import keywords_told
from snn._variables import Variables
from snn._wanted import Wanted, recorded_population, wanted_of
from snn._words import FLAGS, INSTRUCTION_SETS
from snn.engine import _native
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, shown
from snn.engine.records import SpikeEvent
from snn.network import SAMPLE_WEIGHTS, Network
from snn.placement import device_of_simulation
from snn.population import Population
from snn.projection import Projection
from snn.recorder import Recorder
from snn.recording import Recording
from snn.vulkan import Host

__all__ = ["Simulation"]

_WEIGHTS = "simulation['exc_to_inh.weight'] returns those of a projection, and may be assigned to"
_FEW_STEPS = 32  # `step` and `advance` run up to this many without checking for Ctrl+C


class Simulation(SimulationState):
    """A running copy of a network, with its own state.

    Parameters
    ----------
    network : Network
        Shared, not copied. Later changes to it do not affect this simulation.
    device : str or snn.vulkan.Host, default "cpu"
        Where it runs. See `snn.devices`.

        - ``"cpu"``;
        - ``"vulkan"``: the first GPU; ``"vulkan:1"``, ``"vulkan:NAME"`` (a part of it) or ``"vulkan:UUID"`` choose
          another. A number has one or two digits: ``"vulkan:4090"`` is a part of a name;
        - ``"npu"``, ``"openvino:CPU"``: OpenVINO devices, for inference; they need ``pip install openvino``. Results agree
          with the other devices within a measured tolerance, not bit for bit;
        - ``"auto"``: the fastest of the CPU and the GPUs, which give the same bits, estimated from the network's size and
          `snn.device_speed`. A device that fails is left out with a warning. See `power`;
        - ``"reference"``: slow, readable code;
        - ``"null"``: computes nothing;
        - a `snn.vulkan.Host`: the Vulkan device of the calling program.
    devices : iterable of str or snn.vulkan.Host, optional
        Instead of `device`: several devices that simulate the network together, such as ``["cpu", "vulkan"]``. Each runs some
        populations or slices of them; `Network.placement` tells which. They may be the CPU, GPUs (one may be a
        `snn.vulkan.Host`) and the reference, and share `threads`. Spikes and states are those of one device, bit for bit. A
        GPU that fails is left out with a warning, and the others take over its part: see the attributes `device` and
        `device_reason`.
    placement : dict of str to int, optional
        Where populations run: places in `devices`, counted from 0, by name of a population or of a slice of its neurons,
        ``{"exc[0:512]": 0, "exc[512:]": 1}``. Slices are cut at multiples of 64 and must cover the whole population.
        Populations not named are placed automatically, see `Network.placement`. Populations with an undelayed projection
        between them stay together and are not cut; nor are targets of convolution and pooling.
    samples : "auto" or iterable of int, optional
        For inference of batches: each of `devices` has the whole network and this many samples of the batch. ``"auto"``
        chooses them by `snn.device_speed`; the attribute `device` and `Network.shares` tell the choice.
    batch_size : int, default 1
        Number of independent samples that share the weights, at most 1,048,576; for example one for each character of a
        game. With plasticity, also short-term plasticity, it must be 1.
    sample_weights : bool, default False
        Whether each sample has its own weights and biases, initially the network's: ``sim["p.weight"]`` has a row for each
        sample, and ``sim["p.weight[7]"]`` is that of sample 7. For simulation only, without plasticity; on ``"cpu"``,
        ``"reference"`` and, if a sample fits into a workgroup's memory, ``"vulkan"``.
    threads : int, default 1
        At most 1024; 0: one for each core. Results do not depend on it.
    power : {"normal", "low"}, default "normal"
        How ``device="auto"`` chooses. ``"low"`` is for a machine on battery. It considers the devices expected to take at most
        half of the network's `dt` for a step, and takes the first of: an NPU (not equal to the others bit for bit, see
        `device`), an integrated GPU, the CPU with one thread, the CPU with `threads`, any other GPU. If none is fast enough,
        it takes the fastest. To limit the time spent in a frame, use `budget` of `advance`. In other languages this is the
        device ``"auto:low"``.
    instruction_set : {"best", "scalar", "avx2", "avx512", "neon"}
        For tests and measurements. All give the same simulation, bit for bit; training agrees within rounding.
    flags : iterable of {"interpret_models", "float64", "smooth_spikes", "any_size", "input_gradients", "strict_barriers"}
        ``"any_size"`` opens a simulation even if it is estimated to need more memory than is free. ``"strict_barriers"`` keeps
        a Vulkan validation layer from taking kernels that do not race for hazards. The others are for tests; see ``snn.h``.
    seed : int, default 0
        Seed of the random draws of stochastic models (`DrivenLIF`, `NoisyIzhikevich`, ...), 0 to 2**64 - 1. The same
        network, inputs and seed give the same spikes.
    max_catch_up : float, optional
        Longest simulated time that one `advance` runs, in seconds, at least one step. Time due beyond it is dropped.
        Default: 0.25 s or 100 steps, whichever is longer.

    Raises
    ------
    NotFoundError
        There is no such device.
    UnsupportedError
        The device does not support the network or an argument.
    OutOfMemoryError
        The simulation would need more memory than is free; `Network.memory_estimate` tells what needs it.

    Notes
    -----
    The standard-library logger ``"snn"`` gets a message about the device (INFO). It gets warnings when a device fails, when
    `advance` begins to drop time, and when weights are rounded too coarsely, see `set`.

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
            "dt": "network.dt has it",
            "get_weights": _WEIGHTS,
            "populations": "network.populations has them",
            "projections": "network.projections has them",
            "record": "run(steps, record={'exc': 'spike_events'}) records, recorder(...) along with steps of your own",
            "record_spikes": "run(steps, record={'exc': 'spike_events'}) records them, on_spikes(...) calls a function",
            "restore": "load_state(path) continues from a file, reset() goes back to step 0",
            "set_weight": _WEIGHTS,
            "set_weights": _WEIGHTS,
            "simulate": "run(steps) or step(count) does; of a time in ms, steps are round(time / network.dt)",
            "store": "save_state(path) writes the state to a file",
            "t": "time has it in milliseconds",
            "v": "simulation['exc.v'] has that of a population",
            "weight": _WEIGHTS,
            "weights": _WEIGHTS,
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
        words, host = device_of_simulation(network, device, devices, placement, samples, power)
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
        self._contents = Contents(network)
        self._inputs = Inputs(self._contents, self.batch_size)
        self._variables = Variables(self._contents, self._session, self.batch_size, self.sample_weights)
        self._indices = {name: population._index for name, population in network.populations.items()}
        self._between = BetweenSteps()
        self._few_seconds = _FEW_STEPS * network.dt / 1000

    # ---- time

    def step(self, count: int = 1, inputs: Mapping[str, ArrayLike] | NDArray[Any] | None = None) -> None:
        """Advance by `count` steps.

        Parameters
        ----------
        count : int, default 1
            Number of steps.
        inputs : dict, optional
            As for `set_input`, for the first step. Values of an `Input` stay for the other steps.

        Raises
        ------
        BusyError
            Another thread is using this simulation.
        """
        between = self._between
        if between.is_inside:
            between.check_outside()
        if inputs is not None:
            for name, values in self._inputs.by_name(inputs).items():
                self.set_input(name, values)
        if not between.is_wanted:
            if type(count) is int and 0 <= count <= _FEW_STEPS:  # fast path of the usual call
                self._session.step(count)
            else:
                self._session.run(integer(count, "count", maximum=2**32 - 1), [], [])  # checks for Ctrl+C
            return
        for _ in range(integer(count, "count")):
            between.step(self)

    def advance(self, seconds: float, budget: float | None = None) -> int:
        """Advance by as many whole steps as fit into `seconds`. The remainder is added to the next call.

        Functions of `on_steps` are not called. With a `recorder` each step is a call of libsnn; that where a callback raises is
        then the last. What an exception (Ctrl+C, that of a callback) leaves of the time is due at the next call.

        Parameters
        ----------
        seconds : float
            Simulated time, at least 0. Time beyond `max_catch_up` is dropped.
        budget : float, optional
            Wall time, in seconds, at least 0. The call ends with the step in which it is used up; the remaining steps are due
            at the next call. If any step is due, at least one runs.

        Returns
        -------
        int
            Number of steps that ran.
        """
        self._between.check_outside()
        frame = float32_number(seconds, "seconds", minimum=0.0)
        most = math.inf if budget is None else float32_number(budget, "budget", minimum=0.0)
        if self._between.recorders or (frame > self._few_seconds and most > LOOK_S):
            return self._between.advance(self, frame, most)
        return self._session.run_step(frame, most)

    @property
    def device(self) -> str:
        """The device that it runs on: as named, or as ``"auto"`` chose; of several devices, those that have not failed."""
        return self._session.device[0]

    @property
    def device_reason(self) -> str:
        """One line: why ``device="auto"`` chose the device, or which of several devices failed; else empty."""
        return self._session.device[1]

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
            By input population, one of

            - an array (steps, batch size, *shape), with a batch of one also (steps, *shape);
            - an array (batch size, *shape) or (*shape): the same values at every step;
            - `SpikeEvents`, from `snn.stimuli.spike_events` or recorded by another run; silent steps and neurons take no
              memory;
            - a function, for input that does not fit into memory: ``f(begin, end)`` returns the values of the run's steps
              `begin` to `end` - 1, shape (end - begin, batch size, *shape). It is called for consecutive parts of the run, of
              any length. It may not advance or reset the simulation (`BusyError`).

            A network with one input also takes its array, events or function without the dict. They count for this run only:
            afterwards an `Input` has the values that were set before it.
        record : dict, optional
            By population or projection, a variable or a list of them. Of a population: a state, ``"spikes"`` (for each step
            and neuron whether it spiked), ``"spike_count"`` (int64, of the whole run) or ``"spike_events"`` (`SpikeEvents`, 8
            bytes a spike). A `SpikeInput` has all of these but states. Of a projection: ``"weight"``, ``"bias"`` and the
            traces of its plasticity rule. To record states, ``"spikes"`` and weights of some neurons or synapses only, give a
            dict of variables with flat indices or a slice, None for all:
            ``{"exc": {"v": [0, 10, 20], "spike_events": None}}``.
        every : int, default 1
            Interval, in steps, at which states, ``"spikes"``, weights and biases are recorded, counted from the first step of
            this run: a run that is shorter records none of them, and warns. ``"spikes"`` are then those of the recorded steps
            only; ``"spike_count"`` and ``"spike_events"`` are of all steps.
        max_events : int, optional
            Number of spike events to keep for each population, the newest ones. Dropped events are counted.
        progress : bool or callable, optional
            True: a bar with steps per second and the real-time factor (seconds for each simulated second). A callable is
            called as ``progress(steps_done, steps)`` every `progress_interval` steps. Returning `snn.STOP` stops the run; what
            else it returns is ignored.

        Returns
        -------
        Recording

        Raises
        ------
        NotFoundError
            There is no such population, projection or variable.
        InvalidArgumentError
            An input has a wrong shape, NaN, or spikes other than 0 and 1.
        StoppedError
            `progress` returned `snn.STOP`.

        Notes
        -----
        An exception that ends a run early (`StoppedError`, ``KeyboardInterrupt``, that of a callback) has an attribute
        `recording` with what was recorded until then.
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
        """Set the input for the coming step. Values of an `Input` stay; spikes are cleared after the step.

        Parameters
        ----------
        name : str
            An input population.
        values : array_like
            Shape (batch size, *shape) or (*shape) for all samples. Spike inputs take 0 and 1 only.

        Raises
        ------
        StateError
            The input is bound; or a function of `on_steps` sets an input that the `run` under way was given.
        """
        index, array = self._inputs.of_step(name, values)
        self._between.check_not_given(index, name)
        self._session.set_input(index, array)

    def add_input_spikes(self, name: str, neurons: ArrayLike, sample: int = 0) -> None:
        """Add spikes for the coming step, for example from a camera, a socket or another network.

        Gives the same bits as `set_input`. On the CPU it takes time for each spike and one bit for each neuron of the input.

        Parameters
        ----------
        name : str
            A `SpikeInput`.
        neurons : array_like of int, shape (spikes,)
            Flat indices of the neurons that spike, in any order; a repeated index is one spike. They are added to spikes set
            before and cleared after the step. A `run` with `inputs` for this population leaves them for the step after it;
            a function of `on_steps` that adds some during such a run gets `StateError`.
        sample : int, default 0
            Index in the batch.

        Examples
        --------
        >>> for packet in camera:
        ...     sim.add_input_spikes("pixels", packet.y * 640 + packet.x)
        ...     sim.advance(packet.seconds)
        """
        index, which, indices = self._inputs.spikes_of_step(name, neurons, sample)
        self._between.check_not_given(index, name)
        self._session.add_input_spikes(index, which, indices)

    def bind_input(self, name: str, array: Floats | None = None) -> Floats:
        """Read an input from an array at every step, without copy or checks: the fastest way to give input.

        Parameters
        ----------
        name : str
            An input population.
        array : float32 array, C-contiguous, shape (batch size, *shape), optional
            Read in place until `unbind_input`; default: a new array of zeros. Write the input into it before each step.
            Giving a bound input to `set_input`, `step` or `run` raises `StateError`. Values are not checked: NaN reaches the
            states, and for a `SpikeInput` any value other than 0 is a spike.

        Returns
        -------
        array
            The bound array.
        """
        index, bound = self._inputs.to_bind(name, array)
        self._session.bind_input(index, bound)
        return bound

    def unbind_input(self, name: str) -> None:
        """Stop reading an input from its array; `set_input` works again."""
        self._session.bind_input(self._inputs[name]._index, None)

    # ---- recorders and callbacks

    def recorder(self, name: str, variables: Wanted) -> Recorder:
        """Return a recorder that stores `variables` after every step from now on: of `step`, `run` and `advance`.

        Until it is stopped, libsnn is called for each step alone. `run` is faster with its own argument `record`. Make it
        between runs: one that is made while a run is under way, by its `progress`, may miss steps of that run.

        Its lists grow with each step, without a bound. For long simulations use ``run(record=...)``, where `every` and
        `max_events` bound the memory.

        Parameters
        ----------
        name : str
            A population, or a projection.
        variables : str, iterable of str, or dict
            Of a population: states or ``"spikes"``. Of a projection: ``"weight"``, ``"bias"`` and the traces of its rule. A
            dict chooses neurons or synapses, as for `run`.

        Examples
        --------
        >>> recorder = sim.recorder("exc", ["v", "spikes"])
        >>> for _ in range(1000):
        ...     sim.step(inputs={"eyes": camera.frame()})
        >>> recorder.stop()
        >>> recorder.recording["exc"]["v"].shape
        (1000, 1, 128)
        """
        target: Population | Projection
        if isinstance(name, str) and name in self._contents.projections:
            target, what = self._contents.projections[name], "projection"
        else:
            target, what = recorded_population(self._contents, name, variables, "recorder({}, {})"), "population"
        wanted = wanted_of(variables, f"what to record of {what} {target.name!r}")
        if not wanted:
            raise InvalidArgumentError(
                f"what to record of {what} {target.name!r} is empty; it takes at least one variable"
            )
        recorder = Recorder(self, target, wanted)
        self._between.recorders.append(recorder)
        return recorder

    def on_spikes(self, callback: Callable[[SpikeEvent], Any] | None) -> None:
        """Call a function after each step, once for each population and sample that spiked, except inputs.

        Parameters
        ----------
        callback : callable or None
            Gets a `SpikeEvent` (step, population name, sample, neurons). It may read the simulation, but not step or change
            it. Its first exception ends `run` or `step` after that step, and propagates to the caller; in `advance` without a
            recorder, steps of the next tenth of a second that are due run first, without further calls. None removes the
            callback.
        """
        if callback is None:
            self._session.on_spikes(None)
            return
        names = list(self._indices)
        told = function(callback, "callback")
        self._session.on_spikes(lambda event: told(event._replace(population=names[event.population])))

    def on_steps(self, interval: int, called: Callable[[Simulation], Any]) -> Callable[[], None]:
        """Call a function whenever `step_count` reaches a multiple of `interval`, in `run` and `step` but not in `advance`.

        It is called between two steps and may read and change weights, parameters, states, and inputs that `run` was not given.
        Advancing or resetting the simulation from it raises `BusyError`. It is called as well where an exception (Ctrl+C, that
        of a callback) ends the run in a step in which it is due, so that the next run continues as if there had been none.

        Parameters
        ----------
        interval : int
            Steps, at least 1.
        called : callable
            Gets the simulation. Its exceptions propagate to the caller of `run` or `step`.

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
        """Free the simulation's memory. Later use raises InvalidHandleError."""
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
    """Return the whole steps of `dt` milliseconds in a time in seconds, from one to the largest count of libsnn."""
    steps = math.floor(min(number(max_catch_up, "max_catch_up") * 1000 / dt + 1e-6, 2**32 - 1))
    if steps < 1:
        raise InvalidArgumentError(f"max_catch_up is {max_catch_up} s, less than a step of {dt} ms")
    return steps
