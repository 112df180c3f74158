"""Simulations on the Vulkan device of the calling program, stepped inside its own command buffers.

The program owns instance, device, queue and command buffers. Their handles are integers here; the package ``vulkan`` gives
them as ``int(vulkan.ffi.cast("uintptr_t", handle))``. ``snn_vulkan.h`` is the manual: what is recorded, what may be called
when, what buffers need. ``samples/vulkan_renderer`` is a whole program.

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
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from snn.engine.errors import ArgumentTypeError, UnsupportedError, shown

if TYPE_CHECKING:
    from snn.simulation import Simulation

__all__ = ["Buffer", "Host", "bind_buffer", "buffer", "record_steps"]


def _loader() -> int:
    """Return the address of the system loader's ``vkGetInstanceProcAddr``."""
    try:
        function = ctypes.CDLL("libvulkan.so.1").vkGetInstanceProcAddr
    except OSError as error:
        raise UnsupportedError(f"there is no Vulkan on this machine: {error}") from None
    return ctypes.cast(function, ctypes.c_void_p).value or 0


@dataclass(frozen=True)
class Host:
    """The Vulkan device of the calling program: the `device` of a `Simulation`. Its handles must outlive the simulation.

    Parameters
    ----------
    instance, physical_device, device, queue : int
        VkInstance, VkPhysicalDevice, VkDevice, and a VkQueue with compute. The queue is used while a simulation is opened
        and by its functions that are not in this module, never by `record_steps`.
    queue_family : int
        Of `queue` and of the command buffers.
    get_instance_proc_addr : int, default the system loader's
        Address of vkGetInstanceProcAddr.
    queue_lock : threading.Lock or the like, optional
        Held around each submission to `queue`. None: nobody else submits meanwhile.
    """

    instance: int
    physical_device: int
    device: int
    queue: int
    queue_family: int
    get_instance_proc_addr: int = 0
    queue_lock: Any = None

    def __post_init__(self) -> None:
        if self.queue_lock is not None and not (
            callable(getattr(self.queue_lock, "acquire", None)) and callable(getattr(self.queue_lock, "release", None))
        ):
            raise ArgumentTypeError(f"queue_lock is {shown(self.queue_lock)}; it needs acquire() and release()")
        if self.get_instance_proc_addr == 0:
            object.__setattr__(self, "get_instance_proc_addr", _loader())


class Buffer(NamedTuple):
    """A piece of a VkBuffer.

    Attributes
    ----------
    handle : int
        The VkBuffer.
    offset, size : int
        Bytes.
    dtype : numpy dtype
        Of the values: float32 or int32.
    """

    handle: int
    offset: int
    size: int
    dtype: DTypeLike = np.float32


def record_steps(simulation: Simulation, command_buffer: int, count: int = 1) -> None:
    """Append steps to a command buffer that is recording, outside a render pass.

    `Simulation.step_count` goes on at once, states when the device has run the commands. Recorders, `Simulation.on_steps` and
    `Simulation.on_spikes` are not served.

    Parameters
    ----------
    simulation : Simulation
        One whose device is a `Host`.
    command_buffer : int
        VkCommandBuffer of the host's queue family.
    count : int, default 1
        Number of steps.
    """
    simulation._session.record_steps(command_buffer, count)


def buffer(simulation: Simulation, state: str) -> Buffer:
    """Return where the device keeps a state, to be read in place.

    Parameters
    ----------
    simulation : Simulation
        On a Vulkan device.
    state : str
        ``"population.state"``. The values are of shape (batch size, *shape).
    """
    handle, offset, size, whole = simulation._session.vulkan_buffer(state)
    return Buffer(handle, offset, size, np.int32 if whole else np.float32)


def bind_buffer(simulation: Simulation, path: str, memory: Buffer | None) -> None:
    """Read or write a buffer of the program in place from now on.

    Parameters
    ----------
    simulation : Simulation
        One whose device is a `Host`.
    path : str
        ``"population.input"``, ``"population.states"``, ``"population.spikes"`` or ``"population.spike_count"``:
        ``snn_vulkan_bind_buffer`` says what they hold and what the VkBuffer needs.
    memory : Buffer or None
        Of exactly the size of what it holds, which is float32; None ends the binding.

    Raises
    ------
    NotFoundError
        There is no such name.
    InvalidArgumentError
        A wrong size or offset.
    """
    if memory is None:
        simulation._session.bind_vulkan_buffer(path, None)
        return
    if memory.handle == 0:
        raise ArgumentTypeError("the handle of the buffer is 0; None in place of the buffer ends the binding")
    simulation._session.bind_vulkan_buffer(path, memory.handle, memory.offset, memory.size)
