"""Steps in submissions of their own, ordered with the host program's by its semaphores."""

from __future__ import annotations

import faulthandler
import threading
from functools import partial

import numpy as np
import pytest

import snn

from .vulkan_renderer import Renderer, SubmissionThread, number, vk

CELLS, FRAMES, STEPS = 300, 20, 3


@pytest.fixture(params=["binary", "timeline"])
def renderer(request: pytest.FixtureRequest):
    made = Renderer(timeline=request.param == "timeline")
    yield made
    made.close()
    assert made.problems == []


@pytest.fixture
def net() -> snn.Network:
    random = np.random.Generator(np.random.Philox(3))
    net = snn.Network(dt=1.0)
    net.add("spikes", snn.SpikeInput(40))
    net.add("cells", snn.LIF(CELLS))
    net.connect("spikes", "cells", snn.Dense(weights=random.normal(0.3, 0.2, (40, CELLS))))
    net.connect("cells", "cells", snn.Sparse.fixed_total(6000, weight=0.2, delay=snn.Uniform(1, 9), trainable=False))
    return net


def driven() -> list[np.ndarray]:
    random = np.random.Generator(np.random.Philox(4))
    return [(random.random(40) < 0.5).astype(np.float32) for _ in range(FRAMES)]


def wanted(net: snn.Network) -> list[np.ndarray]:
    """The membranes after each frame on the reference device."""
    found = []
    with snn.Simulation(net, device="reference") as sim:
        for spikes in driven():
            sim.step(STEPS, {"spikes": spikes})
            found.append(sim["cells.v"].ravel())
    return found


class Semaphores:
    """What orders steps and copies: a pair of binary semaphores for each, or one that counts."""

    def __init__(self, renderer: Renderer) -> None:
        self.renderer, self.value, self.made = renderer, 0, []
        if renderer.timeline:
            kind = vk.VkSemaphoreTypeCreateInfo(semaphoreType=vk.VK_SEMAPHORE_TYPE_TIMELINE, initialValue=0)
            self.made.append(vk.vkCreateSemaphore(renderer.device, vk.VkSemaphoreCreateInfo(pNext=kind), None))

    def next(self) -> tuple:
        if self.renderer.timeline:
            self.value += 1
            return self.made[0], self.value
        self.made.append(vk.vkCreateSemaphore(self.renderer.device, vk.VkSemaphoreCreateInfo(), None))
        return self.made[-1], 0

    def close(self) -> None:
        for semaphore in self.made:
            vk.vkDestroySemaphore(self.renderer.device, semaphore, None)


def copy_frame(renderer: Renderer, state: snn.vulkan.Buffer, target, wait: tuple, signal: tuple) -> None:
    """The program's own submission: it copies the state when the steps are done, and lets the next steps begin."""
    commands = renderer.commands()
    copy = vk.VkBufferCopy(srcOffset=state.offset, dstOffset=0, size=state.size)
    vk.vkCmdCopyBuffer(commands, vk.ffi.cast("VkBuffer", state.handle), target, 1, [copy])
    vk.vkEndCommandBuffer(commands)
    values = vk.VkTimelineSemaphoreSubmitInfo(pWaitSemaphoreValues=[wait[1]], pSignalSemaphoreValues=[signal[1]])
    info = vk.VkSubmitInfo(
        pNext=values if renderer.timeline else None,
        pWaitSemaphores=[wait[0]],
        pWaitDstStageMask=[vk.VK_PIPELINE_STAGE_TRANSFER_BIT],
        pCommandBuffers=[commands],
        pSignalSemaphores=[signal[0]],
    )
    vk.vkQueueSubmit(renderer.queue, 1, [info], None)


@pytest.mark.parametrize("submits", [False, True], ids=["lock", "the-host-submits"])
def test_steps_and_the_hosts_copies_take_turns(renderer: Renderer, net: snn.Network, submits: bool) -> None:
    """Twenty frames are given to the device without waiting for one of them."""
    lock = threading.Lock()
    with SubmissionThread(renderer) as engine:
        host = renderer.host(submit=engine.submit) if submits else renderer.host(lock)
        take_turns(renderer, net, host, engine, lock)
        assert engine.submissions >= FRAMES * submits


def take_turns(
    renderer: Renderer, net: snn.Network, host: snn.vulkan.Host, engine: SubmissionThread, lock: threading.Lock
) -> None:
    semaphores = Semaphores(renderer)
    targets = [renderer.memory(CELLS, vk.VK_BUFFER_USAGE_TRANSFER_DST_BIT) for _ in range(FRAMES)]
    sim = snn.Simulation(net, device=host)
    state = snn.vulkan.buffer(sim, "cells.v")
    copied = None
    for spikes, (target, _) in zip(driven(), targets, strict=True):
        stepped = semaphores.next()
        waits = [(number(copied[0]), copied[1])] if copied else []
        sim.set_input("spikes", spikes)
        snn.vulkan.submit_steps(sim, STEPS, waits=waits, signals=[(number(stepped[0]), stepped[1])])
        copied = semaphores.next()
        with lock:
            engine.call(partial(copy_frame, renderer, state, target, stepped, copied))
    membranes = wanted(net)
    np.testing.assert_array_equal(sim["cells.v"].ravel(), membranes[-1])  # waits by itself
    renderer.submit([])  # of the queue's earlier work, the copies are done too: they read memory of the session
    sim.close()
    for frame, (_, values) in enumerate(targets):
        np.testing.assert_array_equal(values.view(np.uint32), membranes[frame].view(np.uint32), f"frame {frame}")
    semaphores.close()


def test_a_device_of_its_own_runs_ahead_too(net: snn.Network) -> None:
    """More submissions than may be on their way; what is written between them takes effect there."""
    with snn.Simulation(net, device="vulkan") as sim, snn.Simulation(net, device="reference") as reference:
        for spikes in driven():
            sim.set_input("spikes", spikes)
            snn.vulkan.submit_steps(sim, STEPS)
            reference.step(STEPS, {"spikes": spikes})
        for one in (sim, reference):
            one["cells.v"] = np.float32(0.25)
        sim.set_input("spikes", driven()[0])
        snn.vulkan.submit_steps(sim, 2)
        reference.step(2, {"spikes": driven()[0]})
        np.testing.assert_array_equal(sim["cells.v"], reference["cells.v"])
        assert sim.counters == reference.counters
        assert sim.step_count == reference.step_count
        snn.vulkan.submit_steps(sim, 5)  # closed while it runs


def test_a_run_waits_for_steps_that_wait_themselves(net: snn.Network) -> None:
    """Steps were submitted and may not begin yet; a run with other inputs does not change theirs, nor they its."""
    renderer = Renderer(timeline=True)
    semaphores = Semaphores(renderer)
    first, *others = driven()
    frames = np.stack(others)
    with (
        snn.Simulation(net, device=renderer.host(threading.Lock())) as sim,
        snn.Simulation(net, device="reference") as reference,
    ):
        semaphore, value = semaphores.next()
        sim.set_input("spikes", first)
        snn.vulkan.submit_steps(sim, STEPS, waits=[(number(semaphore), value)])
        signal = vk.VkSemaphoreSignalInfo(semaphore=semaphore, value=value)
        later = threading.Timer(0.3, lambda: vk.vkSignalSemaphore(renderer.device, signal))
        later.start()
        found = sim.run(len(frames), {"spikes": frames}, record={"cells": "v"})
        later.join()
        reference.step(STEPS, {"spikes": first})
        wanted = reference.run(len(frames), {"spikes": frames}, record={"cells": "v"})
        np.testing.assert_array_equal(found["cells"]["v"], wanted["cells"]["v"])
    semaphores.close()
    renderer.close()
    assert renderer.problems == []


CALLS_THAT_WAIT = {
    "read": lambda sim: sim["cells.v"],
    "write": lambda sim: sim.set("cells.v", 0.25),
    "spikes": lambda sim: sim.spikes("cells"),
    "counters": lambda sim: sim.counters,
    "reset": lambda sim: sim.reset(),
    "close": lambda sim: sim.close(),
}


@pytest.mark.parametrize("call", CALLS_THAT_WAIT)
def test_other_threads_go_on_while_one_waits_for_the_device(call: str, net: snn.Network) -> None:
    """What the device waits for may come from another thread of Python: a call that held its lock would wait for ever."""
    renderer = Renderer(timeline=True)
    semaphores = Semaphores(renderer)
    semaphore, value = semaphores.next()
    with snn.Simulation(net, device=renderer.host(threading.Lock())) as sim:
        snn.vulkan.submit_steps(sim, STEPS, waits=[(number(semaphore), value)])
        signal = vk.VkSemaphoreSignalInfo(semaphore=semaphore, value=value)
        later = threading.Timer(0.1, lambda: vk.vkSignalSemaphore(renderer.device, signal))
        faulthandler.dump_traceback_later(60, exit=True)
        later.start()
        CALLS_THAT_WAIT[call](sim)
        later.join()
        faulthandler.cancel_dump_traceback_later()
    semaphores.close()
    renderer.close()
    assert renderer.problems == []


def test_steps_that_were_refused_leave_no_submission_half_made() -> None:
    net = snn.Network(dt=1.0)
    net.add("cells", snn.LIF(64))
    for name in ("left", "right"):
        net.add(name, snn.Input(64))
        net.connect(name, "cells", snn.OneToOne(0.4))
    renderer = Renderer()
    memory, values = renderer.memory(2 * 2 * 64, vk.VK_BUFFER_USAGE_STORAGE_BUFFER_BIT)
    values[:] = 1
    halves = [snn.vulkan.Buffer(number(memory), half * 512, 512) for half in range(2)]
    with snn.Simulation(net, device=renderer.host(threading.Lock()), batch_size=2, sample_weights=True) as sim:
        snn.vulkan.bind_buffer(sim, "left.input", halves[0])
        for _ in range(2):
            with pytest.raises(snn.UnsupportedError, match="some inputs are bound"):
                snn.vulkan.submit_steps(sim, STEPS)
        snn.vulkan.bind_buffer(sim, "right.input", halves[1])
        snn.vulkan.submit_steps(sim, STEPS)
        assert (sim["cells.v"] > 0).all()
    renderer.close()
    assert renderer.problems == []


def test_semaphores_that_are_wrong_are_refused(net: snn.Network) -> None:
    with snn.Simulation(net, device="vulkan") as sim:
        with pytest.raises(snn.InvalidArgumentError, match=r"waits\[1\].semaphore is null"):
            snn.vulkan.submit_steps(sim, 1, waits=[7, 0])
        with pytest.raises(snn.InvalidArgumentError, match=r"the value of signals\[0\] is -1"):
            snn.vulkan.submit_steps(sim, 1, signals=[(7, -1)])
        with pytest.raises(snn.ArgumentTypeError, match=r"waits\[0\] is 'a'"):
            snn.vulkan.submit_steps(sim, 1, waits=[("a", 0)])
        assert sim.step_count == 0
    with (
        snn.Simulation(net, device="vulkan:plan") as paper,
        pytest.raises(snn.UnsupportedError, match="runs nothing"),
    ):
        snn.vulkan.submit_steps(paper, 1)
    with snn.Simulation(net) as elsewhere, pytest.raises(snn.UnsupportedError, match="not on a Vulkan device"):
        snn.vulkan.submit_steps(elsewhere, 1)
