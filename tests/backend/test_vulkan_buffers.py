"""Buffers of a host program that steps read and write in place: inputs, states, spikes."""

from __future__ import annotations

import ctypes
import itertools
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

import snn

from .conftest import has_validation_layer
from .vulkan_renderer import Renderer, number, vk

STORAGE = vk.VK_BUFFER_USAGE_STORAGE_BUFFER_BIT
COPIED = STORAGE | vk.VK_BUFFER_USAGE_TRANSFER_SRC_BIT | vk.VK_BUFFER_USAGE_TRANSFER_DST_BIT
CELLS, BATCH, FRAMES, STEPS = 300, 2, 6, 3


@pytest.fixture
def net() -> snn.Network:
    random = np.random.Generator(np.random.Philox(3))
    net = snn.Network(dt=1.0)
    net.add("spikes", snn.SpikeInput(40))
    net.add("currents", snn.Input(CELLS))
    net.add("cells", snn.LIF(CELLS, refractory=2.0))
    net.add("readout", snn.LeakyIntegrator(5))
    net.connect("spikes", "cells", snn.Dense(weights=random.normal(0.1, 0.2, (40, CELLS))))
    net.connect("currents", "cells", snn.OneToOne(0.2))
    net.connect("cells", "cells", snn.Sparse.fixed_total(6000, weight=0.2, delay=snn.Uniform(1, 9), trainable=False))
    net.connect("cells", "readout", snn.Dense(weights=random.normal(0, 0.2, (CELLS, 5))))
    return net


def driven() -> list[dict[str, np.ndarray]]:
    random = np.random.Generator(np.random.Philox(4))
    return [
        {
            "spikes": (random.random((BATCH, 40)) < 0.4).astype(np.float32),
            "currents": random.normal(0.4, 1, (BATCH, CELLS)).astype(np.float32),
        }
        for _ in range(FRAMES)
    ]


def piece(buffer, count: int, offset: int = 0) -> snn.vulkan.Buffer:
    return snn.vulkan.Buffer(number(buffer), offset, count * 4)


def frame(renderer: Renderer, sim: snn.Simulation) -> None:
    commands = renderer.commands()
    snn.vulkan.record_steps(sim, number(commands), STEPS)
    vk.vkEndCommandBuffer(commands)
    renderer.submit([commands])


def test_bound_buffers_are_read_and_written_in_place(renderer: Renderer, net: snn.Network) -> None:
    """The program writes inputs into its own memory and finds states and spikes there, as the reference has them."""
    made = {
        "spikes.input": renderer.memory(BATCH * 40, STORAGE),
        "currents.input": renderer.memory(64 + BATCH * CELLS, STORAGE),
        "cells.states": renderer.memory(2 * BATCH * CELLS, COPIED),  # v, refractory_left
        "cells.spikes": renderer.memory(BATCH * CELLS, STORAGE),
        "cells.spike_count": renderer.memory(BATCH * CELLS, STORAGE),
        "readout.states": renderer.memory(BATCH * 5, COPIED),
    }
    with (
        snn.Simulation(net, device=renderer.host(threading.Lock()), batch_size=BATCH) as sim,
        snn.Simulation(net, device="reference", batch_size=BATCH) as reference,
    ):
        for one in (sim, reference):
            one.set("cells.v", np.linspace(0, 0.9, CELLS, dtype=np.float32))
        for path, (buffer, values) in made.items():
            offset = 256 if path == "currents.input" else 0
            snn.vulkan.bind_buffer(sim, path, piece(buffer, values.size - offset // 4, offset))
        place = snn.vulkan.buffer(sim, "cells.v")
        assert place.handle == number(made["cells.states"][0])
        membrane = made["cells.states"][1][place.offset // 4 :][: BATCH * CELLS]
        np.testing.assert_array_equal(membrane, reference["cells.v"].ravel())  # what it was came along
        count = made["cells.spike_count"][1]
        count[:] = 10
        wanted = count.copy()
        for inputs in driven():
            made["spikes.input"][1][:] = inputs["spikes"].ravel()
            made["currents.input"][1][64:] = inputs["currents"].ravel()
            frame(renderer, sim)
            for _ in range(STEPS):
                reference.step(1, inputs)  # a buffer is read at every step
                wanted += reference["cells.spikes"].ravel()
            np.testing.assert_array_equal(membrane.view(np.uint32), reference["cells.v"].ravel().view(np.uint32))
            np.testing.assert_array_equal(made["cells.spikes"][1], reference["cells.spikes"].ravel())
            np.testing.assert_array_equal(made["readout.states"][1], reference["readout.v"].ravel())
        assert wanted.sum() > 10 * count.size + 100
        np.testing.assert_array_equal(count, wanted)

        # The simulation's own functions know where things are; what the program writes there is its state.
        np.testing.assert_array_equal(sim["cells.v"], reference["cells.v"])
        membrane[:] = 0.25
        reference["cells.v"] = np.float32(0.25)
        recording = sim.run(3, record={"cells": ["v", "spikes"]})
        expected = reference.run(3, inputs=driven()[-1], record={"cells": ["v", "spikes"]})
        for variable in ("v", "spikes"):
            np.testing.assert_array_equal(recording["cells"][variable], expected["cells"][variable])

        # And without them it goes on from there in its own memory.
        for path in made:
            snn.vulkan.bind_buffer(sim, path, None)
        for values in (membrane, made["cells.spikes"][1], count):
            values[:] = -7
        for one in (sim, reference):
            one.step(2, driven()[0])
        np.testing.assert_array_equal(sim["cells.v"], reference["cells.v"])
        assert (membrane == -7).all()
        assert (count == -7).all()
        assert sim.counters == reference.counters


def test_a_frame_may_use_another_buffer_than_the_last(renderer: Renderer, net: snn.Network) -> None:
    """As a program with several frames in flight does: both are recorded before the first has run."""
    made = [renderer.memory(BATCH * CELLS, STORAGE) for _ in range(2)]
    wanted = []
    with (
        snn.Simulation(net, device=renderer.host(), batch_size=BATCH) as sim,
        snn.Simulation(net, device="reference", batch_size=BATCH) as reference,
    ):
        recorded = []
        for inputs, (buffer, _) in zip(driven(), made, strict=False):
            for name, values in inputs.items():
                sim.set_input(name, values)
            snn.vulkan.bind_buffer(sim, "cells.spikes", piece(buffer, BATCH * CELLS))
            recorded.append(renderer.commands())
            snn.vulkan.record_steps(sim, number(recorded[-1]), STEPS)
            vk.vkEndCommandBuffer(recorded[-1])
            reference.step(STEPS, inputs)
            wanted.append(reference["cells.spikes"].ravel())
        renderer.submit(recorded)
        for (_, values), expected in zip(made, wanted, strict=True):
            np.testing.assert_array_equal(values, expected)
        assert wanted[0].sum() + wanted[1].sum() > 0


def small_net() -> snn.Network:
    """One that steps in a single dispatch."""
    net = snn.Network(dt=1.0)
    net.add("currents", snn.Input(CELLS))
    net.add("cells", snn.LIF(CELLS))
    net.connect("currents", "cells", snn.OneToOne(0.2))
    return net


@pytest.mark.parametrize("kind", ["large", "small"])
def test_a_new_buffer_with_the_handle_of_an_old_one_is_read(kind: str, net: snn.Network) -> None:
    """Drivers give a handle again once its buffer is destroyed. Nothing of the old buffer may be in use then.

    Without the validation layer, whose handles are its own. The memory of the old buffer stays, so that it could be read.
    """
    renderer = Renderer(validated=False)
    made = net if kind == "large" else small_net()
    inputs = driven()[0]
    with (
        snn.Simulation(made, device=renderer.host(), batch_size=BATCH) as sim,
        snn.Simulation(made, device="reference", batch_size=BATCH) as reference,
    ):
        first, no_current = renderer.memory(BATCH * CELLS, STORAGE)
        no_current[:] = 0
        snn.vulkan.bind_buffer(sim, "currents.input", piece(first, BATCH * CELLS))
        frame(renderer, sim)
        snn.vulkan.bind_buffer(sim, "currents.input", None)
        _, old_memory = renderer.buffers.pop()
        vk.vkDestroyBuffer(renderer.device, first, None)
        others = []
        while number(second := renderer.buffer(BATCH * CELLS, STORAGE)) != number(first):
            others.append(second)
            if len(others) == 10000:
                pytest.skip("the driver gives no handle again")
        for other in others:
            vk.vkDestroyBuffer(renderer.device, other, None)
        second, values = renderer.memory(BATCH * CELLS, STORAGE, second)
        snn.vulkan.bind_buffer(sim, "currents.input", piece(second, BATCH * CELLS))
        values[:] = inputs["currents"].ravel()
        frame(renderer, sim)
        reference.step(STEPS)
        for _ in range(STEPS):
            reference.step(1, {"currents": inputs["currents"]})
        np.testing.assert_array_equal(sim["cells.v"], reference["cells.v"])
        assert np.abs(sim["cells.v"]).sum() > 0
        vk.vkFreeMemory(renderer.device, old_memory, None)
    renderer.close()


def test_a_buffer_that_is_wrong_is_refused(renderer: Renderer, net: snn.Network) -> None:
    buffer, _ = renderer.memory(BATCH * CELLS + 64, COPIED)
    small, _ = renderer.memory(16, COPIED)
    whole = piece(buffer, BATCH * CELLS)
    with snn.Simulation(net, device=renderer.host(), batch_size=BATCH) as sim:
        for path, memory, kind, sentence in [
            ("nobody.spikes", whole, snn.NotFoundError, "no population is named 'nobody'"),
            ("cells", whole, snn.NotFoundError, "path 'cells' is not one of population.input"),
            ("cells.v", whole, snn.NotFoundError, "path 'cells.v' is not one of"),
            ("cells.input", whole, snn.InvalidArgumentError, "'cells' is not an input"),
            ("currents.spikes", whole, snn.InvalidArgumentError, "'currents' is an input"),
            ("readout.spikes", piece(buffer, 10), snn.InvalidArgumentError, "does not spike"),
            ("cells.spikes", piece(buffer, 12), snn.InvalidArgumentError, "is 48; 'cells.spikes' takes 2400"),
            ("cells.states", whole, snn.InvalidArgumentError, "takes 4800 [(]2 states x"),
            ("cells.spikes", piece(buffer, BATCH * CELLS, 4), snn.InvalidArgumentError, "must be a multiple of"),
            ("cells.spikes", piece(small, BATCH * CELLS), snn.InvalidArgumentError, "the VkBuffer has 64 bytes"),
            ("cells.spikes", piece(buffer, BATCH * CELLS, 2**40), snn.InvalidArgumentError, "VkBuffer has"),
            ("cells.spikes", snn.vulkan.Buffer(0, 0, 2400), snn.ArgumentTypeError, "the handle of the buffer is 0"),
        ]:
            with pytest.raises(kind, match=sentence):
                snn.vulkan.bind_buffer(sim, path, memory)
        snn.vulkan.bind_buffer(sim, "currents.input", whole)
        with pytest.raises(snn.StateError, match="'currents' is bound to a buffer on the device"):
            sim.set_input("currents", np.zeros(CELLS))
        with pytest.raises(snn.StateError, match="'currents' is bound to a buffer on the device"):
            sim.run(2, {"currents": np.zeros((BATCH, CELLS))})
        snn.vulkan.bind_buffer(sim, "currents.input", None)
        sim.set_input("currents", np.zeros(CELLS))
        snn.vulkan.bind_buffer(sim, "cells.spikes", None)  # was not bound
    with (
        snn.Simulation(net, batch_size=BATCH) as elsewhere,
        pytest.raises(snn.UnsupportedError, match="not on a Vulkan device"),
    ):
        snn.vulkan.bind_buffer(elsewhere, "cells.spikes", whole)


def test_a_range_is_bound_to_one_name(renderer: Renderer, net: snn.Network) -> None:
    """Two names on the same bytes were accepted, and both had numbers of neither."""
    size = BATCH * CELLS
    buffer, _ = renderer.memory(4 * 1024, COPIED)
    with snn.Simulation(net, device=renderer.host(), batch_size=BATCH) as sim:
        snn.vulkan.bind_buffer(sim, "cells.spike_count", piece(buffer, size, 1024))
        taken = r"bytes 1024 to 3424 of this VkBuffer are bound to 'cells\.spike_count' already"
        for path, offset in [
            ("cells.spikes", 1024),
            ("cells.spikes", 0),
            ("cells.spikes", 3328),
            ("currents.input", 2048),
            ("spikes.input", 2048),
        ]:
            values = BATCH * 40 if path == "spikes.input" else size
            with pytest.raises(snn.InvalidArgumentError, match=taken):
                snn.vulkan.bind_buffer(sim, path, piece(buffer, values, offset))
        snn.vulkan.bind_buffer(sim, "cells.spikes", piece(buffer, size, 3584))  # beside it
        snn.vulkan.bind_buffer(sim, "cells.spike_count", piece(buffer, size, 512))  # over its own old place
        with pytest.raises(snn.InvalidArgumentError, match="bytes 512 to 2912"):
            snn.vulkan.bind_buffer(sim, "spikes.input", piece(buffer, BATCH * 40, 512))
        snn.vulkan.bind_buffer(sim, "cells.spike_count", None)
        snn.vulkan.bind_buffer(sim, "spikes.input", piece(buffer, BATCH * 40, 512))


def test_memory_of_the_session_itself_is_not_bound(renderer: Renderer) -> None:
    """A state that was bound as an input gave results that depended on how the steps were divided into calls."""
    net = snn.Network(dt=1.0)
    net.add("current", snn.Input(32))
    net.add("cells", snn.LIF(32))
    net.connect("current", "cells", snn.OneToOne(0.1))
    refused = pytest.raises(snn.InvalidArgumentError, match=r"buffer\.buffer is memory of this session")
    with snn.Simulation(net, device=renderer.host()) as sim, snn.Simulation(net, device=renderer.host()) as other:
        own = snn.vulkan.buffer(sim, "cells.v")
        for path in ("current.input", "cells.spikes", "cells.spike_count"):
            with refused:
                snn.vulkan.bind_buffer(sim, path, own)
        with refused:
            snn.vulkan.bind_buffer(sim, "cells.states", own._replace(size=2 * own.size))
        sim["cells.v"] = np.full(32, 0.5, np.float32)
        snn.vulkan.bind_buffer(other, "current.input", own)  # one network may drive another
        frame(renderer, other)
        with snn.Simulation(net, device="reference") as expected:
            expected.set_input("current", np.full(32, 0.5, np.float32))
            expected.step(STEPS)
            np.testing.assert_array_equal(other["cells.v"], expected["cells.v"])


def test_a_host_that_is_wrong_is_refused_in_python_too(renderer: Renderer, net: snn.Network) -> None:
    host = renderer.host()
    with pytest.raises(snn.ArgumentTypeError, match="queue_lock is 3"):
        renderer.host(3)
    for changes, sentence in [
        ({"device": 0}, "host.device is null"),
        ({"queue_family": 99}, r"host.queue_family is 99; the device has \d+ queue famil(y|ies) \(0"),
        ({"queue_family": -1}, "queue_family is -1"),
        ({"queue": 2**70}, "queue is"),
    ]:
        with pytest.raises(snn.InvalidArgumentError, match=sentence):
            snn.Simulation(net, device=snn.vulkan.Host(**(vars(host) | changes)))
    with pytest.raises(snn.ArgumentTypeError, match=r"instance is 'a'"):
        snn.Simulation(net, device=snn.vulkan.Host(**(vars(host) | {"instance": "a"})))
    with snn.Simulation(net, device=host) as sim:
        assert sim.device == "vulkan"
        with pytest.raises(snn.InvalidArgumentError, match=r"command_buffer is null"):
            snn.vulkan.record_steps(sim, 0)
        with pytest.raises(snn.InvalidArgumentError, match=r"'cells\.spikes' is not a state"):
            snn.vulkan.buffer(sim, "cells.spikes")


class ObjectName(ctypes.Structure):  # VkDebugUtilsObjectNameInfoEXT
    _fields_ = (
        ("type", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("object_type", ctypes.c_int),
        ("handle", ctypes.c_uint64),
        ("name", ctypes.c_char_p),
    )


@pytest.mark.parametrize("shows_names", [True, False])
def test_objects_have_names_where_the_instance_shows_them(net: snn.Network, shows_names: bool) -> None:
    """For validation messages and debuggers; an instance without VK_EXT_debug_utils is asked for nothing of it."""
    if shows_names and not has_validation_layer():
        pytest.skip("the instance of these tests has VK_EXT_debug_utils with the validation layer only")
    renderer = Renderer(validated=shows_names)
    loader = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)
    name_type = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ObjectName))
    real = loader(renderer.host().get_instance_proc_addr)
    names: dict[int, set[str]] = {}

    @name_type
    def name(device: int, info) -> int:
        names.setdefault(info.contents.object_type, set()).add(info.contents.name.decode())
        return name_type(real(renderer.host().instance, b"vkSetDebugUtilsObjectNameEXT"))(device, info)

    @loader
    def get(instance: int, function: bytes) -> int | None:
        found = real(instance, function)
        return (
            ctypes.cast(name, ctypes.c_void_p).value if found and function == b"vkSetDebugUtilsObjectNameEXT" else found
        )

    host = replace(renderer.host(), get_instance_proc_addr=ctypes.cast(get, ctypes.c_void_p).value)
    with snn.Simulation(net, device=host, batch_size=BATCH) as sim:
        frame(renderer, sim)
        sim.step()
    renderer.close()
    assert renderer.problems == []
    if shows_names:
        assert "snn memory" in names[vk.VK_OBJECT_TYPE_BUFFER]
        assert {"snn neuron_step of lif", "snn deliver_spikes"} <= names[vk.VK_OBJECT_TYPE_PIPELINE]
        assert names[vk.VK_OBJECT_TYPE_COMMAND_BUFFER] == {"snn commands"}
    else:
        assert names == {}


def test_recording_a_step_costs_little() -> None:
    """At most 20 microseconds of the host's time for five populations; without the validation layer, which takes its own."""
    net = snn.Network(dt=1.0)
    sizes = {"input": 128, "first": 256, "second": 256, "third": 64, "output": 8}
    net.add("input", snn.SpikeInput(128))
    for before, name in itertools.pairwise(sizes):
        net.add(name, snn.LIF(sizes[name]))
        net.connect(before, name, snn.Dense(weights=np.full((sizes[before], sizes[name]), 0.01)))
    recurrent = snn.Sparse.fixed_total(5000, weight=0.1, delay=2.0, trainable=False)
    net.connect("second", "second", recurrent)
    renderer = Renderer(validated=False)
    times = []
    with snn.Simulation(net, device=renderer.host()) as sim:
        for _ in range(20):
            commands = renderer.commands()
            begin = time.thread_time()
            snn.vulkan.record_steps(sim, number(commands), 200)
            times.append((time.thread_time() - begin) / 200)
            vk.vkEndCommandBuffer(commands)
    renderer.close()
    assert 1e-7 < np.median(times) < 20e-6
