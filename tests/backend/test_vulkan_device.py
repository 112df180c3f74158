"""Programs that use the Vulkan device of a session: they wait for its steps on the device and read states where they lie."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator

import numpy as np
import pytest

import snn

from .test_vulkan_submit import CELLS, FRAMES, STEPS, driven, net, wanted  # noqa: F401
from .vulkan_renderer import Renderer, number, vk


class Program:
    """Work of its own on a session's device: it copies a state into memory that it reads."""

    def __init__(self, sim: snn.Simulation) -> None:
        self.sim, self.found = sim, snn.vulkan.device(sim)
        self.device = vk.ffi.cast("VkDevice", self.found.device)
        self.queue = vk.ffi.cast("VkQueue", self.found.queue)
        self.physical = vk.ffi.cast("VkPhysicalDevice", self.found.physical_device)
        self.pool = vk.vkCreateCommandPool(
            self.device, vk.VkCommandPoolCreateInfo(queueFamilyIndex=self.found.queue_family), None
        )
        self.fence = vk.vkCreateFence(self.device, vk.VkFenceCreateInfo(), None)
        self.buffers: list[tuple] = []

    # With the names of a renderer, whose functions make memory and commands.
    buffer, memory, commands = Renderer.buffer, Renderer.memory, Renderer.commands

    def submit(self, commands: list, wait: tuple[int, int] | None = None, fence=None) -> None:
        """Behind the steps that `wait` stands for."""
        values = vk.VkTimelineSemaphoreSubmitInfo(pWaitSemaphoreValues=[wait[1]] if wait else [])
        info = vk.VkSubmitInfo(
            pNext=values,
            pWaitSemaphores=[vk.ffi.cast("VkSemaphore", wait[0])] if wait else [],
            pWaitDstStageMask=[vk.VK_PIPELINE_STAGE_TRANSFER_BIT] if wait else [],
            pCommandBuffers=commands,
        )
        vk.vkQueueSubmit(self.queue, 1, [info], fence)

    def finish(self) -> None:
        """Wait for all that was submitted to the queue before."""
        self.submit([], fence=self.fence)
        vk.vkWaitForFences(self.device, 1, [self.fence], vk.VK_TRUE, 60 * 10**9)
        vk.vkResetFences(self.device, 1, [self.fence])

    def reached(self) -> int:
        """The value of the session's semaphore."""
        assert self.found.submitted is not None
        get = vk.vkGetDeviceProcAddr(self.device, "vkGetSemaphoreCounterValueKHR")
        return int(get(self.device, vk.ffi.cast("VkSemaphore", self.found.submitted[0])))

    def wait(self, submitted: tuple[int, int]) -> None:
        """On the processor, for a value."""
        info = vk.VkSemaphoreWaitInfo(pSemaphores=[vk.ffi.cast("VkSemaphore", submitted[0])], pValues=[submitted[1]])
        vk.vkGetDeviceProcAddr(self.device, "vkWaitSemaphoresKHR")(self.device, info, 60 * 10**9)

    def close(self) -> None:
        for buffer, memory in self.buffers:
            vk.vkDestroyBuffer(self.device, buffer, None)
            vk.vkFreeMemory(self.device, memory, None)
        vk.vkDestroyFence(self.device, self.fence, None)
        vk.vkDestroyCommandPool(self.device, self.pool, None)


@pytest.fixture
def sim(net: snn.Network) -> Iterator[snn.Simulation]:  # noqa: F811
    with snn.Simulation(net, device="vulkan") as made:
        if snn.vulkan.device(made).submitted is None:
            pytest.skip("the device has no timeline semaphores")
        yield made


@pytest.fixture
def program(sim: snn.Simulation) -> Iterator[Program]:
    made = Program(sim)
    yield made
    made.close()


def test_a_program_reads_states_in_place_behind_the_steps(program: Program, net: snn.Network) -> None:  # noqa: F811
    """Twenty frames of steps and copies are given to the device without waiting for one of them."""
    sim = program.sim
    state = snn.vulkan.buffer(sim, "cells.v")
    targets = [program.memory(CELLS, vk.VK_BUFFER_USAGE_TRANSFER_DST_BIT) for _ in range(FRAMES)]
    for spikes, (target, _) in zip(driven(), targets, strict=True):
        sim.set_input("spikes", spikes)
        snn.vulkan.submit_steps(sim, STEPS)
        commands = program.commands()
        copy = vk.VkBufferCopy(srcOffset=state.offset, dstOffset=0, size=state.size)
        vk.vkCmdCopyBuffer(commands, vk.ffi.cast("VkBuffer", state.handle), target, 1, [copy])
        vk.vkEndCommandBuffer(commands)
        program.submit([commands], snn.vulkan.device(sim).submitted)
    program.finish()
    for frame, ((_, values), expected) in enumerate(zip(targets, wanted(net), strict=True)):
        np.testing.assert_array_equal(values.view(np.uint32), expected.view(np.uint32), f"frame {frame}")


def test_a_program_records_the_steps_of_a_session_itself(program: Program, net: snn.Network) -> None:  # noqa: F811
    sim = program.sim
    state = snn.vulkan.buffer(sim, "cells.v")
    for spikes, expected in zip(driven(), wanted(net), strict=True):
        target, values = program.memory(CELLS, vk.VK_BUFFER_USAGE_TRANSFER_DST_BIT)
        sim.set_input("spikes", spikes)
        commands = program.commands()
        snn.vulkan.record_steps(sim, number(commands), STEPS)
        copy = vk.VkBufferCopy(srcOffset=state.offset, dstOffset=0, size=state.size)
        vk.vkCmdCopyBuffer(commands, vk.ffi.cast("VkBuffer", state.handle), target, 1, [copy])
        vk.vkEndCommandBuffer(commands)
        program.submit([commands])
        program.finish()
        np.testing.assert_array_equal(values.view(np.uint32), expected.view(np.uint32))


def test_the_value_counts_the_submissions_of_the_session(program: Program) -> None:
    sim = program.sim
    semaphore, first = program.found.submitted
    assert program.reached() == first
    for count in range(1, 12):  # more than may be on their way
        snn.vulkan.submit_steps(sim, STEPS)
        assert snn.vulkan.device(sim).submitted == (semaphore, first + count)
    program.wait((semaphore, first + 11))
    assert program.reached() == first + 11
    for call in (sim.step, lambda: sim["cells.v"], lambda: sim.run(30, record={"cells": "v"})):
        before = snn.vulkan.device(sim).submitted[1]
        call()
        after = snn.vulkan.device(sim).submitted[1]
        assert after > before
        program.wait((semaphore, after))
        assert program.reached() == after


def test_the_value_is_reached_when_the_steps_are_done(program: Program, net: snn.Network) -> None:  # noqa: F811
    """Counts of spikes lie in memory that the processor sees; it looks at them as soon as the semaphore has the value."""
    sim = program.sim
    memory, counts = program.memory(CELLS, vk.VK_BUFFER_USAGE_STORAGE_BUFFER_BIT)
    counts[:] = 0
    snn.vulkan.bind_buffer(sim, "cells.spike_count", snn.vulkan.Buffer(number(memory), 0, CELLS * 4))
    expected = np.zeros(CELLS)
    with snn.Simulation(net, device="reference") as reference:
        for spikes in driven():
            sim.set_input("spikes", spikes)
            snn.vulkan.submit_steps(sim, 40)
            program.wait(snn.vulkan.device(sim).submitted)
            run = reference.run(
                40, {"spikes": np.stack([spikes, *np.zeros((39, 40))])}, record={"cells": "spike_count"}
            )
            expected += run["cells"]["spike_count"].ravel()
            np.testing.assert_array_equal(counts, expected)
    assert expected.any()
    snn.vulkan.bind_buffer(sim, "cells.spike_count", None)


def test_what_runs_already_is_waited_for_where_the_semaphore_is_made() -> None:
    """The semaphore does not count it, so a program that has the value would find it unfinished."""
    driven_on = snn.Network(dt=1.0)
    driven_on.add("currents", snn.Input(CELLS))
    driven_on.add("cells", snn.LIF(CELLS))
    driven_on.connect("currents", "cells", snn.OneToOne(0.2))
    with snn.Simulation(driven_on, device="vulkan") as sim, snn.Simulation(driven_on, device="reference") as expected:
        state = snn.vulkan.buffer(sim, "cells.v")
        if state.mapped == 0:
            pytest.skip("the host does not see the device's own memory")
        for one in (sim, expected):
            one.set_input("currents", np.linspace(0, 3, CELLS))
        snn.vulkan.submit_steps(sim, 4000)
        if snn.vulkan.device(sim).submitted is None:
            pytest.skip("the device has no timeline semaphores")
        values = (ctypes.c_float * CELLS).from_address(state.mapped)
        found = np.array(values, np.float32)
        expected.step(4000)
        np.testing.assert_array_equal(found, expected["cells.v"].ravel())
        assert found.any()


def test_two_sessions_share_the_device_of_one(sim: snn.Simulation, net: snn.Network) -> None:  # noqa: F811
    """Membranes of one network are the input of another, which waits for them on the device."""
    reader = snn.Network(dt=1.0)
    reader.add("membranes", snn.Input(CELLS))
    reader.add("cells", snn.LIF(CELLS))
    reader.connect("membranes", "cells", snn.OneToOne(0.7))
    found = snn.vulkan.device(sim)
    host = snn.vulkan.Host(
        found.instance,
        found.physical_device,
        found.device,
        found.queue,
        found.queue_family,
        found.get_instance_proc_addr,
    )
    membranes = []
    with snn.Simulation(reader, device=host) as second, snn.Simulation(reader, device="reference") as expected:
        snn.vulkan.bind_buffer(second, "membranes.input", snn.vulkan.buffer(sim, "cells.v"))
        for spikes, values in zip(driven(), wanted(net), strict=True):
            sim.set_input("spikes", spikes)
            snn.vulkan.submit_steps(sim, STEPS)
            snn.vulkan.submit_steps(second, 1, waits=[snn.vulkan.device(sim).submitted])
            expected.step(1, {"membranes": values})
            membranes.append(expected["cells.v"].copy())
        np.testing.assert_array_equal(second["cells.v"], membranes[-1])
        assert np.ptp(membranes[-1]) > 0
        assert snn.vulkan.device(second)[:6] == found[:6]


def test_a_host_gets_its_own_handles_and_no_semaphore(net: snn.Network) -> None:  # noqa: F811
    renderer = Renderer(timeline=True)
    host = renderer.host(threading.Lock())
    with snn.Simulation(net, device=host) as sim:
        found = snn.vulkan.device(sim)
        for name in found._fields[:-1]:
            assert getattr(found, name) == getattr(host, name)
        assert found.device == number(renderer.device)
        assert found.submitted is None  # whether the host has enabled the feature, nobody knows
    renderer.close()
    assert renderer.problems == []


def test_sessions_elsewhere_have_no_device_to_give(net: snn.Network) -> None:  # noqa: F811
    for device in ("cpu", "vulkan:plan"):
        with snn.Simulation(net, device=device) as sim, pytest.raises(snn.UnsupportedError):
            snn.vulkan.device(sim)
    with (
        snn.Simulation(net, devices=["cpu", "vulkan"]) as several,
        pytest.raises(snn.UnsupportedError, match="not on a Vulkan device"),
    ):
        snn.vulkan.device(several)
    closed = snn.Simulation(net, device="vulkan")
    closed.close()
    with pytest.raises(snn.InvalidHandleError):
        snn.vulkan.device(closed)
