"""A host program that owns the Vulkan device, written with the package `vulkan`: steps are recorded into its command
buffers and states are read where they lie. The functions are those of snn_vulkan.h, called as C.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import subprocess
import sys
from ctypes import POINTER, byref, c_char_p, c_float, c_uint32, c_uint64, c_void_p
from pathlib import Path

import numpy as np
import pytest

import snn

from .conftest import has_validation_layer
from .vulkan_renderer import Renderer, number, vk

LIB = ctypes.CDLL(str(next((Path(snn.__file__).parent / "lib").glob("libsnn.so*"))))
LIB.snn_last_error.restype = c_char_p


class Host(ctypes.Structure):
    _fields_ = (
        ("struct_size", c_uint32),
        ("queue_family", c_uint32),
        ("instance", c_void_p),
        ("physical_device", c_void_p),
        ("device", c_void_p),
        ("queue", c_void_p),
        ("pipeline_cache", c_uint64),
        ("get_instance_proc_addr", c_void_p),
        ("lock_queue", ctypes.CFUNCTYPE(None, c_void_p)),
        ("unlock_queue", ctypes.CFUNCTYPE(None, c_void_p)),
        ("submit", c_void_p),
        ("user", c_void_p),
    )


class Buffer(ctypes.Structure):
    _fields_ = (
        ("struct_size", c_uint32),
        ("type", c_uint32),
        ("buffer", c_uint64),
        ("offset_bytes", c_uint64),
        ("size_bytes", c_uint64),
        ("mapped", c_void_p),
        ("is_cached", c_uint32),
        ("reserved", c_uint32),
    )


class Config(ctypes.Structure):  # SNNConfig
    _fields_ = (
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("file", c_char_p),
        ("network", c_void_p),
        ("device", c_char_p),
        ("batch_size", c_uint32),
        ("thread_count", c_uint32),
        ("instruction_set", c_uint32),
        ("max_catch_up_steps", c_uint32),
        ("allocator", c_void_p),
        ("job_system", c_void_p),
        ("log", c_void_p),
        ("log_user", c_void_p),
        ("seed", c_uint64),
    )


def check(status: int) -> None:
    assert status == 0, LIB.snn_last_error().decode()


class LockingRenderer(Renderer):
    """Notes how the queue is locked, and gives its handles as C has them."""

    def __init__(self) -> None:
        super().__init__()
        self.locks: list[str] = []
        self._lock = ctypes.CFUNCTYPE(None, c_void_p)(lambda _: self.locks.append("lock"))
        self._unlock = ctypes.CFUNCTYPE(None, c_void_p)(lambda _: self.locks.append("unlock"))

    def c_host(self) -> Host:
        host = self.host()
        return Host(
            struct_size=ctypes.sizeof(Host),
            queue_family=self.family,
            instance=host.instance,
            physical_device=host.physical_device,
            device=host.device,
            queue=host.queue,
            get_instance_proc_addr=host.get_instance_proc_addr,
            lock_queue=self._lock,
            unlock_queue=self._unlock,
        )


@pytest.fixture
def renderer():
    made = LockingRenderer()
    yield made
    made.close()
    assert made.problems == []


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Spikes and values drive 300 neurons that excite each other with delays."""
    random = np.random.Generator(np.random.Philox(3))
    net = snn.Network(dt=1.0)
    net.add("spikes", snn.SpikeInput(40))
    net.add("currents", snn.Input(300))
    net.add("cells", snn.LIF(300))
    net.connect("spikes", "cells", snn.Dense(weights=random.normal(0.1, 0.2, (40, 300))))
    net.connect("currents", "cells", snn.OneToOne(0.2))
    net.connect("cells", "cells", snn.Sparse.fixed_total(6000, weight=0.2, delay=snn.Uniform(1, 9), trainable=False))
    path = tmp_path / "brain.snn"
    net.save(path)
    return path


def opened(renderer: LockingRenderer, file: Path) -> c_void_p:
    config, handle = Config(), c_void_p()
    LIB.snn_config_init(byref(config), c_uint32(ctypes.sizeof(config)))
    config.file = str(file).encode()
    check(LIB.snn_vulkan_create_network(byref(config), byref(renderer.c_host()), byref(handle)))
    return handle


FRAMES, STEPS = 12, 3


def driven(file: Path) -> list[dict[str, np.ndarray]]:
    random = np.random.Generator(np.random.Philox(4))
    return [
        {
            "spikes": (random.random(40) < 0.5).astype(np.float32),
            "currents": random.normal(0.4, 1, 300).astype(np.float32),
        }
        for _ in range(FRAMES)
    ]


def wanted(file: Path) -> tuple[list[np.ndarray], object]:
    """The membranes after each frame on the reference device."""
    found = []
    with snn.Simulation(snn.load(file), device="reference") as sim:
        for inputs in driven(file):
            for name, values in inputs.items():
                sim.set_input(name, values)
            for _ in range(STEPS):
                sim.step()
            found.append(np.array(sim.get("cells.v")).ravel())
        return found, sim.counters


def frame_inputs(handle: c_void_p, inputs: dict[str, np.ndarray]) -> None:
    for index, values in enumerate(inputs.values()):
        pointer = values.ctypes.data_as(POINTER(c_float))
        check(LIB.snn_session_set_input(handle, c_uint32(index), pointer, ctypes.c_size_t(values.size)))


@pytest.mark.parametrize("in_flight", [1, 4])
def test_steps_recorded_by_a_host_are_those_of_the_reference(
    renderer: LockingRenderer, file: Path, in_flight: int
) -> None:
    """Several frames are recorded before the first is submitted; states are copied in the host's own commands."""
    handle = opened(renderer, file)
    renderer.locks.clear()
    state = Buffer(ctypes.sizeof(Buffer))
    check(LIB.snn_vulkan_get_buffer(handle, b"cells.v", byref(state)))
    assert (state.type, state.size_bytes) == (0, 1200)
    source = vk.ffi.cast("VkBuffer", state.buffer)
    membranes, counters = wanted(file)
    readbacks = [renderer.memory(300, vk.VK_BUFFER_USAGE_TRANSFER_DST_BIT) for _ in range(FRAMES)]
    waiting = []
    for number_of_frame, inputs in enumerate(driven(file)):
        frame_inputs(handle, inputs)
        commands = renderer.commands()
        check(LIB.snn_vulkan_record_steps(handle, c_void_p(number(commands)), c_uint32(STEPS)))
        copy = vk.VkBufferCopy(srcOffset=state.offset_bytes, dstOffset=0, size=state.size_bytes)
        vk.vkCmdCopyBuffer(commands, source, readbacks[number_of_frame][0], 1, [copy])
        vk.vkEndCommandBuffer(commands)
        waiting.append(commands)
        if len(waiting) == in_flight:
            renderer.submit(waiting)
            waiting.clear()
    assert renderer.locks == []  # recording and the host's submissions use no queue of the session
    for frame, (_, values) in enumerate(readbacks):
        np.testing.assert_array_equal(values.view(np.uint32), membranes[frame].view(np.uint32), f"frame {frame}")

    # The session's own functions see the same state, and go on from there.
    read = np.zeros(300, np.float32)
    check(LIB.snn_session_read(handle, b"cells.v", c_uint32(0), c_void_p(read.ctypes.data), ctypes.c_size_t(300)))
    np.testing.assert_array_equal(read, membranes[-1])
    steps = c_uint64()
    check(LIB.snn_session_step_count(handle, byref(steps)))
    assert steps.value == FRAMES * STEPS
    spikes = sum((inputs["spikes"] != 0).sum() for inputs in driven(file))
    assert counters.input_spikes == spikes
    check(LIB.snn_session_step(handle, c_uint64(2)))
    assert renderer.locks[:2] == ["lock", "unlock"]
    assert len(renderer.locks) % 2 == 0
    LIB.snn_destroy_network(handle)


def test_two_sessions_share_the_device(renderer: LockingRenderer, file: Path) -> None:
    """And one on a device of its own runs beside them."""
    handles = [opened(renderer, file), opened(renderer, file)]
    other = snn.Simulation(snn.load(file), device="vulkan")
    commands = renderer.commands()
    for handle in handles:
        frame_inputs(handle, driven(file)[0])
        check(LIB.snn_vulkan_record_steps(handle, c_void_p(number(commands)), c_uint32(STEPS)))
    vk.vkEndCommandBuffer(commands)
    for name, values in driven(file)[0].items():
        other.set_input(name, values)
    for _ in range(STEPS):
        other.step()
    renderer.submit([commands])
    for handle in handles:
        read = np.zeros(300, np.float32)
        check(LIB.snn_session_read(handle, b"cells.v", c_uint32(0), c_void_p(read.ctypes.data), ctypes.c_size_t(300)))
        np.testing.assert_array_equal(read, np.array(other.get("cells.v")).ravel())
        LIB.snn_destroy_network(handle)
    other.close()


def test_a_host_that_is_wrong_is_told_so(renderer: LockingRenderer, file: Path) -> None:
    def refused(sentence: str, config_device: bytes | None = None, **changes) -> None:
        config, handle, host = Config(), c_void_p(), renderer.c_host()
        LIB.snn_config_init(byref(config), c_uint32(ctypes.sizeof(config)))
        config.file, config.device = str(file).encode(), config_device
        for name, value in changes.items():
            setattr(host, name, value)
        assert LIB.snn_vulkan_create_network(byref(config), byref(host), byref(handle)) == -1
        assert sentence in LIB.snn_last_error().decode()

    refused("host->queue_family is 99; the device has", queue_family=99)
    refused("host->device is null", device=None)
    refused("host->get_instance_proc_addr is null", get_instance_proc_addr=None)
    refused("one of lock_queue and unlock_queue", lock_queue=ctypes.CFUNCTYPE(None, c_void_p)())
    refused("config->device is 'cpu'; on a host's device it is null, or names \"vulkan\" once", config_device=b"cpu")
    handle = opened(renderer, file)
    assert LIB.snn_vulkan_record_steps(handle, None, c_uint32(1)) == -1
    assert b"command_buffer is null" in LIB.snn_last_error()
    buffer = Buffer(ctypes.sizeof(Buffer))
    assert LIB.snn_vulkan_get_buffer(handle, b"cells.spikes", byref(buffer)) == -1
    assert b"'cells.spikes' is not a state" in LIB.snn_last_error()
    LIB.snn_destroy_network(handle)


IN_FLIGHT = 3


def secondary(renderer: LockingRenderer):
    """A command buffer that another one runs, begun outside a render pass."""
    made = vk.vkAllocateCommandBuffers(
        renderer.device,
        vk.VkCommandBufferAllocateInfo(
            commandPool=renderer.pool, level=vk.VK_COMMAND_BUFFER_LEVEL_SECONDARY, commandBufferCount=1
        ),
    )[0]
    inheritance = vk.VkCommandBufferInheritanceInfo()
    vk.vkBeginCommandBuffer(made, vk.VkCommandBufferBeginInfo(pInheritanceInfo=inheritance))
    return made


def test_frames_of_a_renderer_with_secondary_command_buffers_and_inputs_of_their_own(
    renderer: LockingRenderer, file: Path
) -> None:
    """As docs/bindings/cpp.md tells: three frames in flight, a buffer bound in each; every fourth drops all but its steps."""
    handle = opened(renderer, file)
    membranes, _ = wanted(file)
    state = Buffer(ctypes.sizeof(Buffer))
    check(LIB.snn_vulkan_get_buffer(handle, b"cells.v", byref(state)))
    source = vk.ffi.cast("VkBuffer", state.buffer)
    currents = [renderer.memory(300, vk.VK_BUFFER_USAGE_STORAGE_BUFFER_BIT) for _ in range(IN_FLIGHT)]
    readbacks = [renderer.memory(300, vk.VK_BUFFER_USAGE_TRANSFER_DST_BIT) for _ in membranes]
    waiting: list = []
    for frame, inputs in enumerate(driven(file)):
        buffer, values = currents[frame % IN_FLIGHT]
        values[:] = inputs["currents"]
        frame_inputs(handle, {"spikes": inputs["spikes"]})
        bound = Buffer(ctypes.sizeof(Buffer), 0, number(buffer), 0, 1200)
        check(LIB.snn_vulkan_bind_buffer(handle, b"currents.input", byref(bound)))
        steps = secondary(renderer)
        check(LIB.snn_vulkan_record_steps(handle, c_void_p(number(steps)), c_uint32(STEPS)))
        vk.vkEndCommandBuffer(steps)
        commands = renderer.commands()
        vk.vkCmdExecuteCommands(commands, 1, [steps])
        if frame % 4 != 3:
            copy = vk.VkBufferCopy(srcOffset=state.offset_bytes, dstOffset=0, size=state.size_bytes)
            vk.vkCmdCopyBuffer(commands, source, readbacks[frame][0], 1, [copy])
        vk.vkEndCommandBuffer(commands)
        waiting.append(commands)
        if len(waiting) == IN_FLIGHT:
            renderer.submit(waiting)
            waiting.clear()
    assert not waiting
    for frame, (_, values) in enumerate(readbacks):
        if frame % 4 != 3:
            np.testing.assert_array_equal(values.view(np.uint32), membranes[frame].view(np.uint32), f"frame {frame}")
    check(LIB.snn_vulkan_bind_buffer(handle, b"currents.input", None))
    LIB.snn_destroy_network(handle)


@pytest.mark.parametrize("mend", ["load_state", "reset"])
def test_a_session_whose_recorded_steps_never_ran_is_put_right(
    renderer: LockingRenderer, file: Path, tmp_path: Path, mend: str
) -> None:
    """A frame is dropped after it was recorded: an earlier state, or the first one, is where the session goes on."""
    handle = opened(renderer, file)
    membranes, _ = wanted(file)
    saved = str(tmp_path / "before.state").encode()
    read = np.zeros(300, np.float32)

    def record(frame: int):
        frame_inputs(handle, driven(file)[frame])
        commands = renderer.commands()
        check(LIB.snn_vulkan_record_steps(handle, c_void_p(number(commands)), c_uint32(STEPS)))
        vk.vkEndCommandBuffer(commands)
        return commands

    for frame in range(4):
        renderer.submit([record(frame)])
    check(LIB.snn_save_state(handle, saved))
    record(4)  # and nobody submits it
    if mend == "load_state":
        check(LIB.snn_load_state(handle, saved))
    else:
        check(LIB.snn_session_reset(handle))
    for frame in range(4 if mend == "load_state" else 0, FRAMES):
        renderer.submit([record(frame)])
        check(LIB.snn_session_read(handle, b"cells.v", c_uint32(0), c_void_p(read.ctypes.data), ctypes.c_size_t(300)))
        np.testing.assert_array_equal(read.view(np.uint32), membranes[frame].view(np.uint32), f"frame {frame}")
    LIB.snn_destroy_network(handle)


# A vertex shader that does nothing: what is drawn has vertices, which are read, and no pixels.
EMPTY_SHADER = np.array(
    [
        *(0x07230203, 0x10000, 0, 5, 0),
        *(2 << 16 | 17, 1),  # the capability Shader
        *(3 << 16 | 14, 0, 1),  # logical addresses, GLSL450
        *(5 << 16 | 15, 0, 3, int.from_bytes(b"main", "little"), 0),
        *(2 << 16 | 19, 1),  # %1 = void
        *(3 << 16 | 33, 2, 1),  # %2 = void()
        *(5 << 16 | 54, 1, 3, 0, 2),  # %3 = the function
        *(2 << 16 | 248, 4, 1 << 16 | 253, 1 << 16 | 56),  # label, return, end
    ],
    np.uint32,
).tobytes()


class Drawing:
    """Draws triangles whose vertices are the values of a buffer, as a renderer draws neurons."""

    def __init__(self, renderer: Renderer) -> None:
        if not vk.vkGetPhysicalDeviceQueueFamilyProperties(renderer.physical)[renderer.family].queueFlags & (
            vk.VK_QUEUE_GRAPHICS_BIT
        ):
            pytest.skip("the queue family that computes does not draw")
        self.device = device = renderer.device
        subpass = vk.VkSubpassDescription(pipelineBindPoint=vk.VK_PIPELINE_BIND_POINT_GRAPHICS)
        self.render_pass = vk.vkCreateRenderPass(device, vk.VkRenderPassCreateInfo(pSubpasses=[subpass]), None)
        self.framebuffer = vk.vkCreateFramebuffer(
            device, vk.VkFramebufferCreateInfo(renderPass=self.render_pass, width=8, height=8, layers=1), None
        )
        self.layout = vk.vkCreatePipelineLayout(device, vk.VkPipelineLayoutCreateInfo(), None)
        module = vk.vkCreateShaderModule(
            device, vk.VkShaderModuleCreateInfo(codeSize=len(EMPTY_SHADER), pCode=EMPTY_SHADER), None
        )
        # Its name lives as long as this object, not as long as a copy of it.
        stage = vk.VkPipelineShaderStageCreateInfo(stage=vk.VK_SHADER_STAGE_VERTEX_BIT, module=module, pName="main")
        info = vk.VkGraphicsPipelineCreateInfo(
            pStages=[stage],
            pVertexInputState=vk.VkPipelineVertexInputStateCreateInfo(
                pVertexBindingDescriptions=[vk.VkVertexInputBindingDescription(0, 4, vk.VK_VERTEX_INPUT_RATE_VERTEX)],
                pVertexAttributeDescriptions=[vk.VkVertexInputAttributeDescription(0, 0, vk.VK_FORMAT_R32_SFLOAT, 0)],
            ),
            pInputAssemblyState=vk.VkPipelineInputAssemblyStateCreateInfo(
                topology=vk.VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST
            ),
            pRasterizationState=vk.VkPipelineRasterizationStateCreateInfo(
                rasterizerDiscardEnable=vk.VK_TRUE, lineWidth=1.0
            ),
            layout=self.layout,
            renderPass=self.render_pass,
        )
        self.pipeline = vk.vkCreateGraphicsPipelines(device, None, 1, [info], None)[0]
        vk.vkDestroyShaderModule(device, module, None)

    def record(self, commands, buffer: snn.vulkan.Buffer) -> None:
        area = vk.VkRect2D(vk.VkOffset2D(0, 0), vk.VkExtent2D(8, 8))
        begin = vk.VkRenderPassBeginInfo(renderPass=self.render_pass, framebuffer=self.framebuffer, renderArea=area)
        vk.vkCmdBeginRenderPass(commands, begin, vk.VK_SUBPASS_CONTENTS_INLINE)
        vk.vkCmdBindPipeline(commands, vk.VK_PIPELINE_BIND_POINT_GRAPHICS, self.pipeline)
        vk.vkCmdBindVertexBuffers(commands, 0, 1, [vk.ffi.cast("VkBuffer", buffer.handle)], [buffer.offset])
        vk.vkCmdDraw(commands, buffer.size // 4, 1, 0, 0)
        vk.vkCmdEndRenderPass(commands)

    def close(self) -> None:
        vk.vkDestroyPipeline(self.device, self.pipeline, None)
        vk.vkDestroyPipelineLayout(self.device, self.layout, None)
        vk.vkDestroyFramebuffer(self.device, self.framebuffer, None)
        vk.vkDestroyRenderPass(self.device, self.render_pass, None)


@pytest.mark.parametrize("form", ["inputs pushed", "inputs copied", "several dispatches"])
def test_steps_wait_for_the_draws_of_the_frame_before(renderer: Renderer, form: str) -> None:
    """The loop of the header, with nothing between a frame's draws and the next frame's steps: `renderer` tells of hazards."""
    inputs = 4 if form == "inputs pushed" else 200
    net = snn.Network(dt=1.0)
    net.add("current", snn.Input(inputs))
    net.add("cells", snn.LIF(200))
    net.connect("current", "cells", snn.Dense(weights=np.full((inputs, 200), 0.02)))
    if form == "several dispatches":
        net.connect("cells", "cells", snn.Sparse.fixed_total(400, weight=0.1, delay=2.0, trainable=False))
    drawing = Drawing(renderer)
    with snn.Simulation(net, device=renderer.host()) as sim, snn.Simulation(net, device="reference") as expected:
        membrane = snn.vulkan.buffer(sim, "cells.v")
        commands = renderer.commands()
        for one in (sim, expected):
            one.set_input("current", np.linspace(0, 3, inputs))
        for _ in range(3):
            snn.vulkan.record_steps(sim, number(commands), 4)
            drawing.record(commands, membrane)
        vk.vkEndCommandBuffer(commands)
        renderer.submit([commands])
        expected.step(12)
        np.testing.assert_array_equal(sim["cells.v"], expected["cells.v"])
    drawing.close()


# A process whose only Vulkan is the host's. `vulkan_settings` asks for the devices of the machine, which takes an instance.
HOST_ALONE = """
import os, sys
sys.path.append(sys.argv[1])
from tests.backend import running
running.vulkan_settings = lambda: ["the one that the host opens"]
import snn
from tests.backend.vulkan_renderer import Renderer, number, vk
net = snn.Network(dt=1.0)
net.add("current", snn.Input(30))
net.add("cells", snn.LIF(30))
net.connect("current", "cells", snn.OneToOne(0.1))
renderer = Renderer(validated=False)
with snn.Simulation(net, device=renderer.host()) as sim:
    sim.step(3)
    commands = renderer.commands()
    snn.vulkan.record_steps(sim, number(commands), 2)
    vk.vkEndCommandBuffer(commands)
    renderer.submit([commands])
    print("instances with the host's device:", os.path.exists(sys.argv[2]))
renderer.close()
with snn.Simulation(net, device="vulkan"):
    print("and with a device of its own:", os.path.exists(sys.argv[2]))
"""


@pytest.mark.skipif(
    not has_validation_layer(), reason="the validation layer, which tells of instances, is not installed"
)
def test_a_host_has_the_only_instance_of_its_process(tmp_path: Path) -> None:
    """The layer writes to a file when libsnn makes an instance. Each costs memory and time, and may find another GPU first."""
    messages = tmp_path / "messages"
    done = subprocess.run(
        [sys.executable, "-P", "-c", HOST_ALONE, str(Path(__file__).parents[2]), str(messages)],
        env=os.environ | {"SNN_VULKAN_VALIDATION": str(messages)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "instances with the host's device: False\nand with a device of its own: True\n"


# A device whose dispatches do nothing, in a process that has asked no device yet.
IDLE_DEVICE = """
import ctypes, sys
sys.path.append(sys.argv[1])
import snn
from tests.backend.vulkan_meddler import Meddler
from tests.backend.vulkan_renderer import Renderer

class Idle(Meddler):
    nothing = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_uint32)(lambda *_: None)

    def device_function(self, device, name):
        if name == b"vkCmdDispatch":
            return ctypes.cast(self.nothing, ctypes.c_void_p).value
        return super().device_function(device, name)

renderer = Renderer()
for meddler in (Idle(renderer), Meddler(renderer)):
    try:
        snn.Simulation(snn.Sequential(4, snn.Dense(3), snn.LIF()), device=meddler.host()).close()
        print("opened")
    except snn.UnsupportedError as error:
        print(error)
renderer.close()
assert not renderer.problems, renderer.problems
"""


def test_a_hosts_device_that_computes_wrongly_is_refused(tmp_path: Path) -> None:
    """Its answers are asked for once in a process, so the next session is refused too."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", IDLE_DEVICE, str(Path(__file__).parents[2])],
        env=os.environ | {"SNN_VULKAN_VALIDATION": str(tmp_path / "messages")},
        capture_output=True,
        text=True,
        check=True,
    )
    for sentence in done.stdout.splitlines():
        assert re.fullmatch(
            r"the Vulkan device '.+' computes .+ for x = 0x[0-9a-f]{8}, y = .+ as .+ and not .+, so its results would "
            r'not be those of other devices; another driver or device "cpu" may do',
            sentence,
        )
    assert done.stdout.count("\n") == 2


def test_a_hosts_device_that_flushes_denormals_is_told_of(
    renderer: Renderer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = snn.Network()
    for name in ("first", "second"):
        net.add(name, snn.LIF(3))
    for denormals, told in (("flushed", 1), ("kept", 0)):
        monkeypatch.setenv("SNN_VULKAN_DENORMALS", denormals)
        caplog.clear()
        snn.Simulation(net, device=renderer.host()).close()
        warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
        assert len(warnings) == told
        assert all("device 'vulkan' takes numbers below 2^-126 for 0" in warning for warning in warnings)
    monkeypatch.setenv("SNN_VULKAN_DENORMALS", "flushed")
    for shared in ({"placement": {"first": 0, "second": 1}}, {"samples": [2, 2], "batch_size": 4}):
        with pytest.raises(
            snn.UnsupportedError, match=r"device 'vulkan' cannot work with others .* it takes numbers below"
        ):
            snn.Simulation(net, devices=["cpu", renderer.host()], **shared)


# A program whose own instance is the only one that can be made.
NO_OTHER_INSTANCE = """
import os
import numpy as np, snn, vulkan as vk
instance = vk.vkCreateInstance(
    vk.VkInstanceCreateInfo(pApplicationInfo=vk.VkApplicationInfo(apiVersion=vk.VK_MAKE_VERSION(1, 0, 0))), None
)
physical = vk.vkEnumeratePhysicalDevices(instance)[0]
queues = [vk.VkDeviceQueueCreateInfo(queueFamilyIndex=0, pQueuePriorities=[1.0])]
device = vk.vkCreateDevice(physical, vk.VkDeviceCreateInfo(pQueueCreateInfos=queues), None)
handles = [int(vk.ffi.cast("uintptr_t", one)) for one in (instance, physical, device, vk.vkGetDeviceQueue(device, 0, 0))]
host = snn.vulkan.Host(*handles, 0)
os.environ["VK_ICD_FILENAMES"] = os.environ["VK_DRIVER_FILES"] = "/nowhere.json"
net = snn.Network()
net.add("in", snn.SpikeInput(40))
for name in ("first", "second"):
    net.add(name, snn.LIF(40))
net.connect("in", "first", snn.Dense(weights=np.full((40, 40), 0.1)))
net.connect("first", "second", snn.Dense(weights=np.full((40, 40), 0.1), delay_steps=2))
spikes = {"in": np.ones(40, np.float32)}
with snn.Simulation(net, device="reference", batch_size=4) as expected:
    expected.step(9, spikes)
    for shared in ({}, {"samples": "auto"}):
        with snn.Simulation(net, devices=["cpu", host], batch_size=4, **shared) as sim:
            sim.step(9, spikes)
            assert (sim["second.v"] == expected["second.v"]).all() and sim["second.v"].any()
assert not [device for device in snn.devices() if device.name.startswith("vulkan")]
"""


def test_the_speed_of_a_hosts_device_is_measured_on_that_device(tmp_path: Path) -> None:
    """Another instance in the host's process would be one that the host knows nothing of."""
    environment = {k: v for k, v in os.environ.items() if k != "SNN_VULKAN_VALIDATION"} | {"SNN_CACHE": str(tmp_path)}
    command = [sys.executable, "-P", "-c", NO_OTHER_INSTANCE]
    subprocess.run(command, env=environment, cwd=tmp_path, check=True)
    speeds = (tmp_path / "device_speeds.json").read_text()
    assert sorted(key.split(" | ")[0] for key in json.loads(speeds)) == ["cpu", "vulkan of a host"]
    subprocess.run(command, env=environment, cwd=tmp_path, check=True)
    assert (tmp_path / "device_speeds.json").read_text() == speeds
