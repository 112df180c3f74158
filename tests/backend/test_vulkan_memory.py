"""Memory for kernels that the host sees as well is read and written in place: the same bits as through a staging buffer.

`SNN_VULKAN_MEMORY=hidden` makes of a device one whose own memory the host does not see, as most discrete GPUs are, and
`uncached` one where it does not read there, as discrete GPUs with a resizable BAR are.
"""

from __future__ import annotations

import ctypes
import gc
import weakref

import numpy as np
import pytest

import snn

from .cases import CASES
from .running import Setting, simulate
from .test_vulkan_buffers import COPIED
from .together import check_equal
from .vulkan_meddler import DEVICE_LOST, OUT_OF_DEVICE_MEMORY, Meddler
from .vulkan_renderer import Renderer, number, vk

BY_NAME = {case.name: case for case in CASES}
PLACES = ["", "hidden", "uncached"]
CELLS = 300


@pytest.fixture(params=PLACES, ids=["seen", "hidden", "uncached"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SNN_VULKAN_MEMORY", request.param)
    return request.param


@pytest.fixture
def net() -> snn.Network:
    net = snn.Network(dt=1.0)
    net.add("currents", snn.Input(CELLS))
    net.add("cells", snn.LIF(CELLS, refractory=2.0))
    net.connect("currents", "cells", snn.OneToOne(0.2))
    net.connect("cells", "cells", snn.Sparse.fixed_total(6000, weight=0.2, delay=snn.Uniform(1, 9), trainable=False))
    net.add("learner", snn.LIF(40, tau_membrane=5.0))
    learns = snn.Sparse.fixed_probability(0.4, weight=snn.Uniform(0.1, 0.4), plasticity=snn.PairSTDP(w_max=0.9))
    net.connect("cells", "learner", learns, name="learned")
    return net


def seen(sim: snn.Simulation, state: str) -> np.ndarray:
    """The values of a state in memory that host and device see."""
    found = snn.vulkan.buffer(sim, state)
    assert found.mapped != 0
    return np.frombuffer((ctypes.c_float * (found.size // 4)).from_address(found.mapped), np.float32)


def is_seen(renderer: Renderer) -> bool:
    """Whether the host sees all of the device's own memory, and through its caches."""
    memory = vk.vkGetPhysicalDeviceMemoryProperties(renderer.physical)
    heaps = [memory.memoryHeaps[i] for i in range(memory.memoryHeapCount)]
    largest = max(heap.size for heap in heaps if heap.flags & vk.VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
    local_and_visible = (
        vk.VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT
        | vk.VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT
        | vk.VK_MEMORY_PROPERTY_HOST_COHERENT_BIT
    )
    cached = vk.VK_MEMORY_PROPERTY_HOST_CACHED_BIT
    for i in range(memory.memoryTypeCount):
        kind = memory.memoryTypes[i]
        if kind.propertyFlags | cached == local_and_visible | cached and heaps[kind.heapIndex].size == largest:
            return bool(kind.propertyFlags & cached)
    return False


@pytest.fixture
def seeing(renderer: Renderer) -> Renderer:
    if not is_seen(renderer):
        pytest.skip("the host does not see this device's own memory, or not through its caches")
    return renderer


@pytest.mark.parametrize("name", ["recurrent_3", "recurrent_sparse", "conv_strided", "several_projections"])
def test_runs_have_the_same_bits(name: str, place: str) -> None:
    case = BY_NAME[name]
    difference = simulate(case, Setting("reference")).first_difference(simulate(case, Setting("vulkan")))
    assert not difference, difference


def test_all_that_the_host_reads_and_writes(renderer: Renderer, net: snn.Network, place: str) -> None:
    """States, weights, traces, parameters, resets and counters between runs, recorded steps and submissions."""
    found: list[list[np.ndarray]] = []
    for device in ("reference", renderer.host()):
        with snn.Simulation(net, device=device) as sim:
            values: list[np.ndarray] = []
            for turn in range(4):
                sim.set_input("currents", np.linspace(0, 3 + turn, CELLS))
                if device == "reference":
                    sim.step(10)
                elif turn % 2:
                    snn.vulkan.submit_steps(sim, 10)
                else:
                    commands = renderer.commands()
                    snn.vulkan.record_steps(sim, number(commands), 10)
                    vk.vkEndCommandBuffer(commands)
                    renderer.submit([commands])
                values += [sim[path] for path in ("cells.v", "cells.spikes", "learner.v", "learned.weight")]
                sim["cells.v"] = sim["cells.v"] * np.float32(0.5)
                sim["learned.weight"] = sim["learned.weight"] * np.float32(0.75)
                sim["cells.tau_membrane"] = np.linspace(5, 20 + turn, CELLS)
                values.append(sim.run(5, record={"cells": "v"})["cells"]["v"])
                values.append(np.array([sim.counters.spikes, sim.counters.synaptic_events]))
                if turn == 2:
                    sim.reset()
            found.append(values)
    assert found[0][-1][0] > 100
    check_equal(*found)


def test_training_has_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.random.default_rng(2).uniform(0, 1, (32, 20)).astype(np.float32)
    trained = []
    for place in PLACES:
        monkeypatch.setenv("SNN_VULKAN_MEMORY", place)
        net = snn.Network(seed=3)
        net.add("in", snn.Input(20))
        net.add("cells", snn.LIF(30, tau_membrane=8.0))
        net.add("out", snn.LIF(4))
        net.connect("in", "cells", snn.Dense(bias=np.full(30, 0.1)))
        net.connect("cells", "cells", snn.Dense(delay_steps=1, init=0.1))
        net.connect("cells", "out", snn.Sparse.fixed_probability(0.6, weight=snn.Uniform(0.0, 0.3)), name="last")
        trainer = snn.Trainer(net, steps=10, epochs=2, batch_size=8, output="out", seed=2, device="vulkan", dropout=0.2)
        begun = np.array(net.projections["last"].weights)
        trainer.fit(samples, np.arange(32) % 4)
        trained.append([np.array(projection.weights) for projection in net.projections.values()])
        assert (trained[-1][-1] != begun).any()
    check_equal(trained[0], trained[1])
    check_equal(trained[0], trained[2])


def test_in_place_nothing_is_submitted(seeing: Renderer, net: snn.Network, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = {
        "read": lambda sim: sim["cells.v"],
        "write": lambda sim: sim.set("cells.v", np.float32(0.25)),
        "weights": lambda sim: sim.set("learned.weight", sim["learned.weight"]),
        "reset": lambda sim: sim.reset(),
        "counters": lambda sim: sim.counters,
    }
    for place, expected in (("", False), ("hidden", True)):
        monkeypatch.setenv("SNN_VULKAN_MEMORY", place)
        meddler = Meddler(seeing)
        with snn.Simulation(net, device=meddler.host()) as sim:
            sim.step(3)
            for name, call in calls.items():
                before = meddler.submissions
                call(sim)
                assert (meddler.submissions > before) == expected, name


def test_what_a_frame_has_written_comes_to_the_host_once(seeing: Renderer, net: snn.Network) -> None:
    """Recorded steps of a session that shares no buffer end without a barrier for the host: the first read makes up for it."""
    meddler = Meddler(seeing)
    with snn.Simulation(net, device=meddler.host()) as sim, snn.Simulation(net, device="reference") as reference:
        for one in (sim, reference):
            one.set_input("currents", np.linspace(0, 3, CELLS))
        for _ in range(3):
            commands = seeing.commands()
            snn.vulkan.record_steps(sim, number(commands), 10)
            vk.vkEndCommandBuffer(commands)
            seeing.submit([commands])
            reference.step(10)
            before = meddler.submissions
            for path in ("cells.v", "cells.spikes", "learner.v"):
                np.testing.assert_array_equal(sim[path], reference[path], path)
            assert meddler.submissions == before + 1


def test_what_was_recorded_before_a_binding_comes_to_the_host(seeing: Renderer) -> None:
    """A network of one dispatch, whose binding is written in place; the steps recorded before run after that."""
    net = snn.Network(dt=1.0)
    net.add("currents", snn.Input(CELLS))
    net.add("cells", snn.LIF(CELLS))
    net.connect("currents", "cells", snn.OneToOne(0.2))
    meddler = Meddler(seeing)
    with snn.Simulation(net, device=meddler.host()) as sim, snn.Simulation(net, device="reference") as reference:
        for one in (sim, reference):
            one.set_input("currents", np.linspace(0, 3, CELLS))
        commands = seeing.commands()
        snn.vulkan.record_steps(sim, number(commands), 10)
        vk.vkEndCommandBuffer(commands)
        given, values = seeing.memory(CELLS, COPIED)
        snn.vulkan.bind_buffer(sim, "cells.spike_count", snn.vulkan.Buffer(number(given), 0, values.nbytes))
        seeing.submit([commands])
        reference.step(10)
        before = meddler.submissions
        np.testing.assert_array_equal(sim["cells.v"], reference["cells.v"])
        assert meddler.submissions == before + 1
        snn.vulkan.bind_buffer(sim, "cells.spike_count", None)


def test_counts_that_a_frame_has_cleared_are_not_written_before(seeing: Renderer, net: snn.Network) -> None:
    """They are cleared behind the barrier for the host that steps end with where a buffer is shared."""
    meddler = Meddler(seeing)
    with snn.Simulation(net, device=meddler.host()) as sim:
        snn.vulkan.buffer(sim, "cells.v")
        snn.vulkan.set_readback(sim, ["cells.spike_count"], 2)
        commands = seeing.commands()
        snn.vulkan.record_steps(sim, number(commands), 3)
        snn.vulkan.record_readback(sim, number(commands), 0)
        vk.vkEndCommandBuffer(commands)
        seeing.submit([commands])
        before = meddler.submissions
        snn.vulkan.set_readback(sim, ["cells.spike_count"], 2)  # clears them in place
        assert meddler.submissions == before + 1


class MemoryType(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint32), ("heap", ctypes.c_uint32))


class MemoryHeap(ctypes.Structure):
    _fields_ = (("size", ctypes.c_uint64), ("flags", ctypes.c_uint32))


class MemoryProperties(ctypes.Structure):
    _fields_ = (
        ("type_count", ctypes.c_uint32),
        ("types", MemoryType * 32),
        ("heap_count", ctypes.c_uint32),
        ("heaps", MemoryHeap * 16),
    )


class MemoryRequirements(ctypes.Structure):
    _fields_ = (("size", ctypes.c_uint64), ("alignment", ctypes.c_uint64), ("types", ctypes.c_uint32))


class MemoryAllocation(ctypes.Structure):
    _fields_ = (
        ("kind", ctypes.c_uint32),
        ("next", ctypes.c_void_p),
        ("size", ctypes.c_uint64),
        ("type", ctypes.c_uint32),
    )


class Window(Meddler):
    """A device with memory of its own that the host does not see, of the host's, and of its own that the host sees, of which
    only so many pieces are there. All of it is memory of the first type that the host sees.
    """

    LOCAL, HOST, SEEN = range(3)

    def __init__(self, renderer: Renderer, pieces: int) -> None:
        super().__init__(renderer)
        self.pieces, self.taken = pieces, [0, 0, 0]
        instance, device = number(renderer.instance), number(renderer.device)
        pointers = ctypes.c_void_p, ctypes.c_void_p
        named = {
            b"vkGetPhysicalDeviceMemoryProperties": (ctypes.CFUNCTYPE(None, *pointers), self.properties),
            b"vkGetBufferMemoryRequirements": (ctypes.CFUNCTYPE(None, *pointers, ctypes.c_void_p), self.requirements),
            b"vkAllocateMemory": (ctypes.CFUNCTYPE(ctypes.c_int32, *pointers, *pointers), self.allocate),
        }
        self.real = {
            name: kind(self.loader(instance, name) or self.of_device(device, name)) for name, (kind, _) in named.items()
        }
        self.own = {name: kind(function) for name, (kind, function) in named.items()}

    def instance_function(self, instance: int, name: bytes) -> int | None:
        found = self.own.get(name)
        return ctypes.cast(found, ctypes.c_void_p).value if found else super().instance_function(instance, name)

    def device_function(self, device: int, name: bytes) -> int | None:
        found = self.own.get(name)
        return ctypes.cast(found, ctypes.c_void_p).value if found else super().device_function(device, name)

    def properties(self, physical: int, out: int) -> None:
        self.real[b"vkGetPhysicalDeviceMemoryProperties"](physical, out)
        found = MemoryProperties.from_address(out)
        local, visible = vk.VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 2 | 4 | 8
        kinds = found.types[: found.type_count]
        self.place = next(i for i, kind in enumerate(kinds) if kind.flags & (local | visible) == local | visible)
        heap = kinds[self.place].heap
        found.type_count = 3
        for i, flags in enumerate((local, visible, local | visible)):
            found.types[i] = MemoryType(flags, heap)

    def requirements(self, device: int, buffer: int, out: int) -> None:
        self.real[b"vkGetBufferMemoryRequirements"](device, buffer, out)
        MemoryRequirements.from_address(out).types = 0b111

    def allocate(self, device: int, given: int, callbacks: int, out: int) -> int:
        wanted = MemoryAllocation.from_buffer_copy(MemoryAllocation.from_address(given))
        if wanted.type == self.SEEN and self.taken[self.SEEN] == self.pieces:
            return OUT_OF_DEVICE_MEMORY
        self.taken[wanted.type] += 1
        wanted.type = self.place
        return self.real[b"vkAllocateMemory"](device, ctypes.addressof(wanted), callbacks, out)


@pytest.mark.parametrize("pieces", [0, 1, 100])
def test_other_memory_of_the_device_is_used_where_the_host_sees_no_more(seeing: Renderer, pieces: int) -> None:
    net = snn.Network(dt=1.0)
    net.add("currents", snn.Input(CELLS))
    net.add("cells", snn.LIF(CELLS))
    net.add("many", snn.LIF(2000))
    net.connect("currents", "cells", snn.OneToOne(0.2))
    net.connect("cells", "many", snn.Dense(init=0.02))
    window = Window(seeing, pieces)
    with snn.Simulation(net, device=window.host()) as sim, snn.Simulation(net, device="reference") as reference:
        assert (window.taken[Window.SEEN] > 0) == (pieces > 0)
        assert (window.taken[Window.LOCAL] > 0) == (pieces < 100)
        found = snn.vulkan.buffer(sim, "cells.v")
        assert (found.mapped != 0) == (pieces > 0) == found.is_cached
        for one in (sim, reference):
            one.set_input("currents", np.linspace(0, 3, CELLS))
            one.step(20)
            one["cells.v"] = one["cells.v"] * np.float32(0.5)
            one["cells_to_many.weight"] = one["cells_to_many.weight"] * np.float32(1.5)
            one.step(20)
        for path in ("cells.v", "many.v", "cells_to_many.weight"):
            np.testing.assert_array_equal(sim[path], reference[path], path)
        assert sim["many.v"].any()


def test_a_program_reads_and_writes_states_without_a_call(seeing: Renderer, net: snn.Network) -> None:
    with snn.Simulation(net, device=seeing.host()) as sim, snn.Simulation(net, device="reference") as reference:
        membranes = seen(sim, "cells.v")
        assert snn.vulkan.buffer(sim, "cells.v").is_cached
        for one in (sim, reference):
            one.set_input("currents", np.linspace(0, 3, CELLS))
        for frame in range(6):
            commands = seeing.commands()
            snn.vulkan.record_steps(sim, number(commands), 5)
            vk.vkEndCommandBuffer(commands)
            seeing.submit([commands])  # waits
            reference.step(5)
            np.testing.assert_array_equal(membranes, reference["cells.v"].ravel(), f"frame {frame}")
            membranes[::3] = np.float32(0.125 * frame)
            pushed = reference["cells.v"].copy()
            pushed.ravel()[::3] = np.float32(0.125 * frame)
            reference["cells.v"] = pushed
        np.testing.assert_array_equal(sim["cells.v"], reference["cells.v"])
        assert reference.counters.spikes > 100


@pytest.mark.parametrize("place", PLACES)
def test_a_program_is_told_what_it_does_not_see(
    seeing: Renderer, net: snn.Network, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNN_VULKAN_MEMORY", place)
    with snn.Simulation(net, device=seeing.host()) as sim:
        found = snn.vulkan.buffer(sim, "cells.v")
        assert (found.mapped != 0) == (place != "hidden")
        assert found.is_cached == (place == "")
        given, values = seeing.memory(2 * CELLS, COPIED)
        snn.vulkan.bind_buffer(sim, "cells.states", snn.vulkan.Buffer(number(given), 0, values.nbytes))
        found = snn.vulkan.buffer(sim, "cells.v")
        assert found.mapped == 0  # the program's own
        assert not found.is_cached


@pytest.mark.usefixtures("seeing")
def test_an_array_of_a_state_lies_in_the_memory_of_the_device(net: snn.Network) -> None:
    with snn.Simulation(net, device="vulkan") as sim:
        membrane = snn.vulkan.mapped_array(sim, "cells.v")
        left = snn.vulkan.mapped_array(sim, "cells.refractory_left")
        assert (membrane.shape, membrane.dtype, left.dtype) == ((1, CELLS), np.float32, np.int32)
        place = snn.vulkan.buffer(sim, "cells.v")
        assert membrane.ctypes.data == place.mapped  # to which no offset is added
        np.testing.assert_array_equal(membrane, seen(sim, "cells.v").reshape(membrane.shape))
        sim.step(20, {"currents": np.linspace(0, 3, CELLS, dtype=np.float32)})
        np.testing.assert_array_equal(membrane, sim["cells.v"])
        assert membrane.any()
        membrane[0, 5] = 0.25
        assert sim["cells.v"][0, 5] == 0.25
        for wrong, error in (("cells.spikes", snn.InvalidArgumentError), ("cells.w", snn.NotFoundError)):
            with pytest.raises(error, match=wrong.split(".")[1]):
                snn.vulkan.mapped_array(sim, wrong)
    with (
        snn.Simulation(net, device="vulkan:plan") as plan,
        pytest.raises(snn.UnsupportedError, match=r"Simulation\.get"),
    ):
        snn.vulkan.mapped_array(plan, "cells.v")


@pytest.mark.usefixtures("seeing")
def test_an_array_of_a_state_outlives_its_simulation(net: snn.Network) -> None:
    sim = snn.Simulation(net, device="vulkan")
    sim.step(20, {"currents": np.linspace(0, 3, CELLS, dtype=np.float32)})
    membrane, expected = snn.vulkan.mapped_array(sim, "cells.v")[0, 100:], sim["cells.v"][0, 100:]
    session = weakref.ref(sim._session)
    sim.close()
    with pytest.raises(snn.InvalidHandleError, match="the simulation is closed"):
        sim.step()
    with snn.Simulation(net, device="vulkan"):  # takes the memory, if it was given back
        np.testing.assert_array_equal(membrane, expected)
    del sim
    gc.collect()
    assert session() is not None
    membrane += 1.0
    np.testing.assert_array_equal(membrane, expected + 1.0)
    del membrane
    gc.collect()
    assert session() is None


def test_a_host_ends_the_memory_of_its_arrays(seeing: Renderer, net: snn.Network) -> None:
    """The device is the program's, and may be destroyed while an array that nobody uses is still there."""
    sim = snn.Simulation(net, device=seeing.host())
    membrane = snn.vulkan.mapped_array(sim, "cells.v")
    np.testing.assert_array_equal(membrane, sim["cells.v"])
    buffer, _ = seeing.memory(2 * CELLS, COPIED)
    snn.vulkan.bind_buffer(sim, "cells.states", snn.vulkan.Buffer(number(buffer), 0, 2 * CELLS * 4))
    with pytest.raises(snn.UnsupportedError, match="its states are bound to a buffer of the program"):
        snn.vulkan.mapped_array(sim, "cells.v")
    assert not membrane.any()  # memory of the session still
    sim.close()
    del sim
    gc.collect()  # the array keeps the session; the validation layer tells what is left on the device


def test_memory_that_cannot_be_mapped_is_not(seeing: Renderer, net: snn.Network) -> None:
    """The session's memory is then reached through the staging buffer; that one must be mapped."""
    outcomes = []
    for call in range(1, 20):
        meddler = Meddler(seeing)
        mapping = meddler.spoil("vkMapMemory")
        mapping.fails_at = call
        try:
            sim = snn.Simulation(net, device=meddler.host())
        except snn.OutOfMemoryError:
            outcomes.append("refused")
            continue
        with sim, snn.Simulation(net, device="reference") as reference:
            for one in (sim, reference):
                one.set_input("currents", np.linspace(0, 3, CELLS))
                one.step(20)
                one["cells.v"] = one["cells.v"] * np.float32(0.5)
                one.step(20)
            np.testing.assert_array_equal(sim["cells.v"], reference["cells.v"])
        if mapping.fails_at > 0:
            break
        outcomes.append("staged")
    assert {"refused", "staged"} == set(outcomes)
    assert mapping.fails_at > 0


def test_reading_waits_for_submissions_and_says_where_it_cannot(seeing: Renderer, net: snn.Network) -> None:
    meddler = Meddler(seeing)
    wait, status = meddler.spoil("vkWaitForFences"), meddler.spoil("vkGetFenceStatus")
    with snn.Simulation(net, device=meddler.host()) as sim, snn.Simulation(net, device="reference") as reference:
        for one in (sim, reference):
            one.set_input("currents", np.linspace(0, 3, CELLS))
        snn.vulkan.submit_steps(sim, 30)
        reference.step(30)
        wait.error, wait.fails_at = OUT_OF_DEVICE_MEMORY, 1
        with pytest.raises(snn.OutOfMemoryError, match="could not finish its work"):
            sim["cells.v"]
        np.testing.assert_array_equal(sim["cells.v"], reference["cells.v"])
        status.error, status.fails_at = DEVICE_LOST, 1
        for _ in range(2):
            with pytest.raises(snn.DeviceLostError, match="it was lost"):
                sim["cells.v"]
