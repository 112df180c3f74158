"""Simulations on the Vulkan device of the calling program, stepped inside its own command buffers.

The program owns instance, device, queue and command buffers. Their handles are integers here. With the package ``vulkan``
(``pip install vulkan``, imported as ``vk``) an integer is ``int(vk.ffi.cast("uintptr_t", handle))``, and a handle of one is
``vk.ffi.cast("VkBuffer", integer)``. A simulation on a device of its own gives its handles: `device`.
``snn_vulkan.h`` is the manual: what is recorded, when functions may be called, what buffers need.
``samples/vulkan_renderer`` is a complete program.

Examples
--------
>>> host = snn.vulkan.Host(instance, physical_device, device, queue, queue_family)
>>> sim = snn.Simulation(net, device=host)
>>> membrane = snn.vulkan.buffer(sim, "cells.v")  # where the renderer reads
>>> while drawing:
...     sim.set_input("input", values)
...     snn.vulkan.record_steps(sim, command_buffer, 16)
...     ...  # draw, submit
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from snn._arrays import integer, name_list, new_array
from snn.engine.errors import ArgumentTypeError, UnsupportedError, shown

if TYPE_CHECKING:
    from snn.engine._native import Session
    from snn.simulation import Simulation

__all__ = [
    "Buffer",
    "Device",
    "Dispatch",
    "Host",
    "Plan",
    "PlanBuffer",
    "Shader",
    "bind_buffer",
    "buffer",
    "device",
    "mapped_array",
    "plan",
    "read_back",
    "record_readback",
    "record_steps",
    "set_readback",
    "submit_steps",
]


def __dir__() -> list[str]:
    return __all__


_LOADERS = {"darwin": "libvulkan.1.dylib", "win32": "vulkan-1.dll"}


def _loader() -> int:
    """Return the address of the system loader's ``vkGetInstanceProcAddr``."""
    try:
        function = ctypes.CDLL(_LOADERS.get(sys.platform, "libvulkan.so.1")).vkGetInstanceProcAddr
    except OSError as error:
        raise UnsupportedError(f"there is no Vulkan on this machine: {error}") from None
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def _session_of(simulation: Simulation) -> Session:
    from snn.simulation import Simulation  # which needs Host

    if not isinstance(simulation, Simulation):
        raise ArgumentTypeError(f"simulation is {shown(simulation)}, not an snn.Simulation")
    return simulation._session


def _semaphores(given: Iterable[int | tuple[int, int]], what: str) -> list[tuple[int, int]]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ArgumentTypeError(f"{what} is {shown(given)}, not a list of semaphores")
    pairs = []
    for place, one in enumerate(given):
        handle, value = one if isinstance(one, tuple) and len(one) == 2 else (one, 0)
        name = f"{what}[{place}]"
        pairs.append(
            (integer(handle, name, maximum=2**64 - 1), integer(value, f"the value of {name}", maximum=2**64 - 1))
        )
    return pairs


@dataclass(frozen=True)
class Host:
    """The Vulkan device of the calling program: the `device` of a `Simulation`.

    Its handles must outlive the simulation, and the simulation must outlive the execution of its recorded steps: closing it
    while a frame with them is in flight crashes the driver. ``snn_vulkan.h`` says which results are equal bit for bit.

    Parameters
    ----------
    instance, physical_device, device, queue : int
        VkInstance, VkPhysicalDevice, VkDevice, and a VkQueue with compute. The queue is used when a simulation is opened and
        by functions of the simulation outside this module, never by `record_steps`. It may be 0 with `submit`.
    queue_family : int
        Family of `queue` and of the command buffers.
    get_instance_proc_addr : int, default the system loader's
        Address of vkGetInstanceProcAddr.
    queue_lock : threading.Lock or the like, optional
        Held around each submission to `queue`. None: nothing else submits to it at the same time.
    pipeline_cache : int, default none
        VkPipelineCache. With what an earlier run of the program left in it, a simulation opens without compiling shaders.
    submit : callable, optional
        Submits in place of libsnn, instead of `queue_lock`: ``submit(submit_info, fence)`` calls vkQueueSubmit on a queue of
        `queue_family`, on any thread, and returns its VkResult after that call. The arguments are integers: the address of a
        VkSubmitInfo, valid during the call, and a VkFence. ``snn_vulkan.h`` has the rules.

    Notes
    -----
    What `submit` may do:

    - Return 0 or None: it has submitted.
    - Return an error of VkResult, below 0, or raise one that ``vulkan.vkQueueSubmit`` raises (``VkErrorDeviceLost``,
      ``VkErrorOutOfDeviceMemory``, ``VkErrorOutOfHostMemory``): nothing was submitted. The call that submitted raises
      `DeviceLostError`, `OutOfMemoryError` or, for other errors, `UnsupportedError`.
    - Return VK_ERROR_VALIDATION_FAILED_EXT (-1000011001): nothing was submitted, for a reason of the program's own. The call
      that submitted raises `InvalidArgumentError`, and a simulation on several devices keeps all of them. A step that raises
      it has not happened.
    - Raise anything else, or return True or a number above 0: nobody knows whether it has submitted. The exception, or one
      that names the value, goes on in the call that submitted. The simulation is lost: it raises `DeviceLostError` from then
      on. One on several devices goes on without this one. Leaving the device waits up to five seconds for the fence, because
      the device may be using its memory. Ctrl+C that was pressed before `submit` is called is raised in its place, and
      nothing is lost.

    Examples
    --------
    >>> def submit(submit_info, fence):
    ...     with lock:  # that of the program's other submissions
    ...         return vk.lib.vkQueueSubmit(
    ...             queue, 1, vk.ffi.cast("VkSubmitInfo *", submit_info), vk.ffi.cast("VkFence", fence)
    ...         )
    >>> handles = [int(vk.ffi.cast("uintptr_t", one)) for one in (instance, physical_device, device)]
    >>> host = snn.vulkan.Host(*handles, 0, queue_family, submit=submit)
    """

    instance: int
    physical_device: int
    device: int
    queue: int
    queue_family: int
    get_instance_proc_addr: int = 0
    queue_lock: Any = None
    pipeline_cache: int = 0
    submit: Callable[[int, int], int | None] | None = None

    def __post_init__(self) -> None:
        if self.submit is not None and not callable(self.submit):
            raise ArgumentTypeError(f"submit is {shown(self.submit)}, not a function")
        if self.queue_lock is not None and not (
            callable(getattr(self.queue_lock, "acquire", None)) and callable(getattr(self.queue_lock, "release", None))
        ):
            raise ArgumentTypeError(f"queue_lock is {shown(self.queue_lock)}; it needs acquire() and release()")
        for name in (
            "instance",
            "physical_device",
            "device",
            "queue",
            "queue_family",
            "get_instance_proc_addr",
            "pipeline_cache",
        ):
            integer(getattr(self, name), name, maximum=2**64 - 1)
        if self.get_instance_proc_addr == 0:
            object.__setattr__(self, "get_instance_proc_addr", _loader())


class Buffer(NamedTuple):
    """A range of a VkBuffer.

    Attributes
    ----------
    handle : int
        The VkBuffer.
    offset, size : int
        In bytes.
    dtype : numpy dtype
        Type of the values: float32 or int32.
    mapped : int
        Of a state: address of its first value in memory that the host sees too, to which `offset` is not added; 0 where it
        does not see the device's memory. Valid until states are bound or the simulation is closed. `mapped_array` makes an
        array of it.
    is_cached : bool
        Whether the host reads there through its caches. If not, reading is many times slower than `Simulation.get`.
    """

    handle: int
    offset: int
    size: int
    dtype: DTypeLike = np.float32
    mapped: int = 0
    is_cached: bool = False


class Device(NamedTuple):
    """The Vulkan device of a simulation: handles as integers.

    Attributes
    ----------
    queue_family : int
        Family of `queue`.
    instance, physical_device, device, queue : int
        VkInstance, VkPhysicalDevice, VkDevice, VkQueue.
    get_instance_proc_addr : int
        Address of vkGetInstanceProcAddr.
    submitted : (int, int) or None
        A timeline semaphore, and the value that it has when everything is done that the simulation has submitted so far. None:
        a `Host`, or a device without timeline semaphores.
    """

    queue_family: int
    instance: int
    physical_device: int
    device: int
    queue: int
    get_instance_proc_addr: int
    submitted: tuple[int, int] | None


class Shader(NamedTuple):
    """A compute shader for Vulkan 1.0 without optional features, entry point ``main``.

    Attributes
    ----------
    spirv : bytes
        The module.
    constants : array of uint32
        The specialisation constants of ``constant_id`` 0, 1, ...; booleans are 0 and 1.
    """

    spirv: bytes
    constants: NDArray[np.uint32]


class PlanBuffer(NamedTuple):
    """A buffer of a plan.

    Attributes
    ----------
    contents : array of uint32
        Contents before the first step, which also give its size.
    host : int
        The handle given to `bind_buffer`; 0: the plan's own buffer.
    """

    contents: NDArray[np.uint32]
    host: int


class Dispatch(NamedTuple):
    """A dispatch of a plan.

    Attributes
    ----------
    shader : int
        Index in `Plan.shaders`.
    barrier : bool
        Whether it waits for the writes of all earlier dispatches, including those of earlier steps.
    bindings : list of (int, int, int)
        Storage buffers of set 0, binding 0, 1, ...: index in `Plan.buffers`, offset and size in bytes.
    push : array of uint32
        The push constants.
    groups : (int, int, int)
        Workgroups; always enough, even if `indirect` is given.
    indirect : (int, int) or None
        Index of the buffer, and offset in bytes, with the number of workgroups needed in this step.
    """

    shader: int
    barrier: bool
    bindings: list[tuple[int, int, int]]
    push: NDArray[np.uint32]
    groups: tuple[int, int, int]
    indirect: tuple[int, int] | None


class Plan(NamedTuple):
    """The step of a network as data: `plan` makes it."""

    shaders: list[Shader]
    buffers: list[PlanBuffer]
    dispatches: list[Dispatch]


def plan(simulation: Simulation) -> Plan:
    """Return the step as data, for a program that runs it through a GPU layer of its own.

    Every step has the same dispatches in the same order; the step count is in one of the buffers. States, weights,
    parameters, seed, step count and the values of each `Input` are the simulation's current ones. Use `bind_buffer` to name
    buffers of your program, with any number but 0 as handle; inputs that change need one. `buffer` returns the index of the
    plan's buffer that has a state, instead of a handle.

    Parameters
    ----------
    simulation : Simulation
        Opened with ``device="vulkan:plan"``, which needs no device and no driver, and runs nothing.

    Raises
    ------
    UnsupportedError
        The simulation is on another device.
    StateError
        A `SpikeInput` was set, which applies to one step only.

    Examples
    --------
    >>> with snn.Simulation(net, device="vulkan:plan", seed=1) as sim:
    ...     plan = snn.vulkan.plan(sim)
    """
    return _plan_of(_session_of(simulation))


def _plan_of(session: Session) -> Plan:
    shaders, buffers, dispatches = session.vulkan_plan()
    return Plan(
        [Shader(spirv, np.frombuffer(constants, np.uint32)) for spirv, constants in shaders],
        [PlanBuffer(np.frombuffer(contents, np.uint32), host) for contents, host in buffers],
        [
            Dispatch(shader, barrier, bindings, np.frombuffer(push, np.uint32), groups, indirect)
            for shader, barrier, bindings, push, groups, indirect in dispatches
        ],
    )


def record_steps(simulation: Simulation, command_buffer: int, count: int = 1) -> None:
    """Append steps to a command buffer that is recording, outside a render pass.

    `Simulation.step_count` advances immediately, states when the device runs the commands. Recorders, `Simulation.on_steps` and
    `Simulation.on_spikes` do not see these steps.

    Parameters
    ----------
    simulation : Simulation
        On a Vulkan device, its own or a `Host`.
    command_buffer : int
        VkCommandBuffer of the device, for its queue family.
    count : int, default 1
        Number of steps.
    """
    session = _session_of(simulation)
    simulation._between.check_outside()
    session.record_steps(command_buffer, count)


def submit_steps(
    simulation: Simulation,
    count: int = 1,
    *,
    waits: Iterable[int | tuple[int, int]] = (),
    signals: Iterable[int | tuple[int, int]] = (),
) -> None:
    """Run steps in a submission of their own, without waiting for them.

    Work on the device that reads the results must wait for one of `signals`; functions of the simulation wait by themselves.
    Callbacks and recorders do not see these steps, see `record_steps`. When the device refuses the submission
    (`OutOfMemoryError`), nothing has changed, and the call can be repeated.

    Parameters
    ----------
    simulation : Simulation
        On a Vulkan device, its own or a `Host`.
    count : int, default 1
        Number of steps.
    waits, signals : iterable of int or (int, int)
        VkSemaphores to wait for before the first step and to signal after the last; for a timeline semaphore with its value.
    """
    session = _session_of(simulation)
    simulation._between.check_outside()
    session.submit_steps(count, _semaphores(waits, "waits"), _semaphores(signals, "signals"))


def device(simulation: Simulation) -> Device:
    """Return the Vulkan device that a simulation runs on, for commands and buffers of the program's own.

    Use the queue only while no function of the simulation runs. If the device is the simulation's own, destroy what you made on
    it before you close the simulation. `Device.submitted` changes with each submission: get it anew. The first call waits for
    what was submitted before. ``snn_vulkan_get_device`` says which features are enabled.

    Parameters
    ----------
    simulation : Simulation
        On a Vulkan device, its own or a `Host`.

    Notes
    -----
    The simulation's own device is of Vulkan 1.1, where timeline semaphores are an extension. Wait with
    ``vkWaitSemaphoresKHR`` from ``vkGetDeviceProcAddr``: ``vulkan.vkWaitSemaphores``, of Vulkan 1.2, would call a null pointer
    and end the process.

    Examples
    --------
    Steps run on the device while the program does something else; then it waits for them and reads states in place:

    >>> import vulkan as vk  # pip install vulkan
    >>> import snn
    >>> net = snn.Network(dt=1.0, seed=1)
    >>> net.add("drive", snn.PoissonSource(100, rate=50.0))
    >>> net.add("cells", snn.LIF(1000))
    >>> net.connect("drive", "cells", snn.Sparse.fixed_probability(0.1, weight=0.2))
    >>> with snn.Simulation(net, device="vulkan", seed=1) as sim:
    ...     device = vk.ffi.cast("VkDevice", snn.vulkan.device(sim).device)
    ...     wait = vk.vkGetDeviceProcAddr(device, "vkWaitSemaphoresKHR")
    ...     membrane = snn.vulkan.mapped_array(sim, "cells.v")
    ...     for frame in range(10):
    ...         snn.vulkan.submit_steps(sim, 16)
    ...         semaphore, value = snn.vulkan.device(sim).submitted
    ...         ...  # anything but to call the simulation, which would wait
    ...         info = vk.VkSemaphoreWaitInfo(pSemaphores=[vk.ffi.cast("VkSemaphore", semaphore)], pValues=[value])
    ...         wait(device, info, 10**9)  # ns; vk.VkTimeout where that was too short
    ...         print(frame, membrane.shape, membrane.mean() > 0)
    """
    return Device(*_session_of(simulation).vulkan_device())


def buffer(simulation: Simulation, state: str) -> Buffer:
    """Return the device buffer of a state, to read it in place; it stays the same until states are bound.

    `mapped_array` gives the values to Python; the address is `Buffer.mapped`.

    Parameters
    ----------
    simulation : Simulation
        On a Vulkan device.
    state : str
        ``"population.state"``. The values are of shape (batch size, *shape).
    """
    handle, offset, size, whole, mapped, is_cached = _session_of(simulation).vulkan_buffer(state)
    return Buffer(handle, offset, size, np.int32 if whole else np.float32, mapped, is_cached)


def mapped_array(simulation: Simulation, state: str) -> NDArray[Any]:
    """Return the values of a state as an array in the memory of the device, without a copy.

    Read it once the steps are done, and write it while none are under way. It is there on processors, on integrated GPUs and
    on discrete GPUs with a resizable BAR. `Buffer.is_cached` tells whether reading it is fast.

    Parameters
    ----------
    simulation : Simulation
        On a Vulkan device, its own or a `Host`.
    state : str
        ``"population.state"``.

    Returns
    -------
    array of float32 or int32, shape (batch size, *shape)
        It keeps the simulation from being freed. On its own device the memory stays when the simulation is closed, until the
        last such array is gone. On a `Host` it ends when the simulation is closed: using the array afterwards crashes. When
        states of the population are bound to a buffer of the program, the array is left with the values from before.

    Raises
    ------
    UnsupportedError
        The processor does not see the device's memory, or the states are bound to a buffer of the program.
        `Simulation.get` copies them.

    Examples
    --------
    >>> membrane = snn.vulkan.mapped_array(sim, "cells.v")
    >>> sim.step(16)  # waits for the device; `device` shows how to wait for submitted steps
    >>> membrane[0, :10]
    """
    session = _session_of(simulation)
    memory = session.mapped_values(state)
    if memory is None:
        raise UnsupportedError(
            f"the processor does not see the memory of {state!r} on this device, or its states are bound to a buffer of the "
            "program; Simulation.get copies it"
        )
    variables = simulation._variables
    return np.frombuffer(memory, variables.dtype(state)).reshape(variables.shape(state))


def bind_buffer(simulation: Simulation, path: str, memory: Buffer | None) -> None:
    """Let the simulation read or write a buffer of the program in place from now on.

    Parameters
    ----------
    simulation : Simulation
        On a Vulkan device, its own or a `Host`.
    path : str
        ``"population.input"``, ``"population.states"``, ``"population.spikes"`` or ``"population.spike_count"``:
        ``snn_vulkan_bind_buffer`` says what they contain and what the VkBuffer needs.
    memory : Buffer or None
        Buffer of float32, of exactly the size of its contents; None ends the binding.

    Raises
    ------
    NotFoundError
        There is no such name.
    InvalidArgumentError
        The size or offset is wrong.
    """
    session = _session_of(simulation)
    if memory is None:
        session.bind_vulkan_buffer(path, None)
        return
    if not isinstance(memory, Buffer):
        raise ArgumentTypeError(f"memory is {shown(memory)}, not an snn.vulkan.Buffer")
    if memory.handle == 0:
        raise ArgumentTypeError("the handle of the buffer is 0; None in place of the buffer ends the binding")
    session.bind_vulkan_buffer(path, memory.handle, memory.offset, memory.size)


def set_readback(simulation: Simulation, paths: Iterable[str], frames: int) -> None:
    """Choose the values that `read_back` returns without waiting.

    Parameters
    ----------
    simulation : Simulation
        On a Vulkan device.
    paths : iterable of str
        ``"population.state"``; ``"population.spikes"``, those of the last step; ``"population.spike_count"``, how often each
        neuron spiked since the previous frame. An empty list ends it.
    frames : int
        Number of last frames to keep, 1 to 64: one more than are in flight at a time.
    """
    _session_of(simulation).set_readback(name_list(paths, "paths"), integer(frames, "frames"))


def record_readback(simulation: Simulation, command_buffer: int, frame: int) -> None:
    """Append copies of the values, as they are after the steps recorded so far, to a command buffer that is recording.

    Parameters
    ----------
    simulation : Simulation
        On a Vulkan device.
    command_buffer : int
        VkCommandBuffer of the device, for its queue family.
    frame : int
        The program's number of the frame; numbers must increase. It replaces the oldest frame kept.
    """
    _session_of(simulation).record_readback(command_buffer, frame)


def read_back(simulation: Simulation, path: str, finished_frame: int) -> tuple[int, NDArray[Any]] | None:
    """Return the values of the newest frame that the device has finished, without waiting.

    Parameters
    ----------
    simulation : Simulation
        On a Vulkan device.
    path : str
        One of the paths given to `set_readback`.
    finished_frame : int
        The last frame that the device has finished, known from a fence or timeline semaphore.

    Returns
    -------
    (int, array) or None
        Number of the frame, and values of shape (batch size, *shape); None if no frame that old is kept.
    """
    session = _session_of(simulation)
    variables = simulation._variables
    if isinstance(path, str) and path.endswith(".spike_count"):  # no variable: of the shape of the spikes
        values = new_array(variables.shape(path.removesuffix("_count") + "s"), np.float32, path)
    else:
        values = new_array(variables.shape(path), variables.dtype(path), path)
    frame = session.read_back(path, finished_frame, values)
    return None if frame is None else (frame, values)
