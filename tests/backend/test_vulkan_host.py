"""A host program that owns the Vulkan device, written with the package `vulkan`: steps are recorded into its command
buffers and states are read where they lie. The functions are those of snn_vulkan.h, called as C.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_char_p, c_float, c_uint32, c_uint64, c_void_p
from pathlib import Path

import numpy as np
import pytest

import snn

from .conftest import has_validation_layer
from .running import vulkan_settings

try:
    import vulkan as vk
except (ImportError, OSError) as error:  # OSError: no loader
    pytest.skip(f"the package vulkan does not work here: {error}", allow_module_level=True)

pytestmark = pytest.mark.skipif(not vulkan_settings(), reason="no Vulkan device, or built without Vulkan")

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
        ("get_instance_proc_addr", c_void_p),
        ("lock_queue", ctypes.CFUNCTYPE(None, c_void_p)),
        ("unlock_queue", ctypes.CFUNCTYPE(None, c_void_p)),
        ("user", c_void_p),
    )


class Buffer(ctypes.Structure):
    _fields_ = (
        ("struct_size", c_uint32),
        ("type", c_uint32),
        ("buffer", c_uint64),
        ("offset_bytes", c_uint64),
        ("size_bytes", c_uint64),
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


def number(handle) -> int:
    return int(vk.ffi.cast("uintptr_t", handle))


class Renderer:
    """What a game has: instance, device, one queue, command buffers, a buffer that it reads back."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        layers = ["VK_LAYER_KHRONOS_validation"] if has_validation_layer() else []
        extensions = [vk.VK_EXT_DEBUG_UTILS_EXTENSION_NAME] if layers else []
        self.instance = vk.vkCreateInstance(
            vk.VkInstanceCreateInfo(
                pApplicationInfo=vk.VkApplicationInfo(apiVersion=vk.VK_MAKE_VERSION(1, 0, 0)),
                ppEnabledLayerNames=layers,
                ppEnabledExtensionNames=extensions,
            ),
            None,
        )
        self.messenger = None
        if layers:
            create = vk.vkGetInstanceProcAddr(self.instance, "vkCreateDebugUtilsMessengerEXT")
            self.messenger = create(
                self.instance,
                vk.VkDebugUtilsMessengerCreateInfoEXT(
                    messageSeverity=vk.VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT
                    | vk.VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
                    messageType=vk.VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
                    pfnUserCallback=self.say,
                ),
                None,
            )
        self.physical = vk.vkEnumeratePhysicalDevices(self.instance)[0]
        families = vk.vkGetPhysicalDeviceQueueFamilyProperties(self.physical)
        self.family = next(i for i, f in enumerate(families) if f.queueFlags & vk.VK_QUEUE_COMPUTE_BIT)
        self.device = vk.vkCreateDevice(
            self.physical,
            vk.VkDeviceCreateInfo(
                pQueueCreateInfos=[vk.VkDeviceQueueCreateInfo(queueFamilyIndex=self.family, pQueuePriorities=[1.0])]
            ),
            None,
        )
        self.queue = vk.vkGetDeviceQueue(self.device, self.family, 0)
        self.pool = vk.vkCreateCommandPool(self.device, vk.VkCommandPoolCreateInfo(queueFamilyIndex=self.family), None)
        self.fence = vk.vkCreateFence(self.device, vk.VkFenceCreateInfo(), None)
        self.locks: list[str] = []
        self._lock = ctypes.CFUNCTYPE(None, c_void_p)(lambda _: self.locks.append("lock"))
        self._unlock = ctypes.CFUNCTYPE(None, c_void_p)(lambda _: self.locks.append("unlock"))
        self.buffers: list[tuple] = []

    def say(self, severity, types, data, user) -> int:
        self.problems.append(vk.ffi.string(data.pMessage).decode())
        return 0

    def host(self) -> Host:
        proc = ctypes.cast(ctypes.CDLL("libvulkan.so.1").vkGetInstanceProcAddr, c_void_p)
        handles = [number(one) for one in (self.instance, self.physical, self.device, self.queue)]
        return Host(ctypes.sizeof(Host), self.family, *handles, proc, self._lock, self._unlock, None)

    def readback(self, size: int):
        """A buffer that the host sees, with its memory as an array of float32."""
        buffer = vk.vkCreateBuffer(
            self.device, vk.VkBufferCreateInfo(size=size * 4, usage=vk.VK_BUFFER_USAGE_TRANSFER_DST_BIT), None
        )
        needs = vk.vkGetBufferMemoryRequirements(self.device, buffer)
        types = vk.vkGetPhysicalDeviceMemoryProperties(self.physical)
        wanted = vk.VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | vk.VK_MEMORY_PROPERTY_HOST_COHERENT_BIT
        index = next(
            i
            for i in range(types.memoryTypeCount)
            if needs.memoryTypeBits >> i & 1 and types.memoryTypes[i].propertyFlags & wanted == wanted
        )
        memory = vk.vkAllocateMemory(
            self.device, vk.VkMemoryAllocateInfo(allocationSize=needs.size, memoryTypeIndex=index), None
        )
        vk.vkBindBufferMemory(self.device, buffer, memory, 0)
        mapped = vk.vkMapMemory(self.device, memory, 0, size * 4, 0)
        self.buffers.append((buffer, memory))
        return buffer, np.frombuffer(mapped, np.float32)

    def commands(self):
        made = vk.vkAllocateCommandBuffers(
            self.device,
            vk.VkCommandBufferAllocateInfo(
                commandPool=self.pool, level=vk.VK_COMMAND_BUFFER_LEVEL_PRIMARY, commandBufferCount=1
            ),
        )[0]
        vk.vkBeginCommandBuffer(made, vk.VkCommandBufferBeginInfo())
        return made

    def submit(self, commands: list) -> None:
        vk.vkQueueSubmit(self.queue, 1, [vk.VkSubmitInfo(pCommandBuffers=commands)], self.fence)
        vk.vkWaitForFences(self.device, 1, [self.fence], vk.VK_TRUE, 2**63)
        vk.vkResetFences(self.device, 1, [self.fence])

    def close(self) -> None:
        for buffer, memory in self.buffers:
            vk.vkDestroyBuffer(self.device, buffer, None)
            vk.vkFreeMemory(self.device, memory, None)
        vk.vkDestroyFence(self.device, self.fence, None)
        vk.vkDestroyCommandPool(self.device, self.pool, None)
        vk.vkDestroyDevice(self.device, None)
        if self.messenger:
            vk.vkGetInstanceProcAddr(self.instance, "vkDestroyDebugUtilsMessengerEXT")(
                self.instance, self.messenger, None
            )
        vk.vkDestroyInstance(self.instance, None)


@pytest.fixture
def renderer():
    made = Renderer()
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


def opened(renderer: Renderer, file: Path) -> c_void_p:
    config, handle = Config(), c_void_p()
    LIB.snn_config_init(byref(config), c_uint32(ctypes.sizeof(config)))
    config.file = str(file).encode()
    check(LIB.snn_vulkan_create_network(byref(config), byref(renderer.host()), byref(handle)))
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
def test_steps_recorded_by_a_host_are_those_of_the_reference(renderer: Renderer, file: Path, in_flight: int) -> None:
    """Several frames are recorded before the first is submitted; states are copied in the host's own commands."""
    handle = opened(renderer, file)
    assert renderer.locks[:2] == ["lock", "unlock"]
    assert len(renderer.locks) % 2 == 0
    renderer.locks.clear()
    state = Buffer(ctypes.sizeof(Buffer))
    check(LIB.snn_vulkan_get_buffer(handle, b"cells.v", byref(state)))
    assert (state.type, state.size_bytes) == (0, 1200)
    source = vk.ffi.cast("VkBuffer", state.buffer)
    membranes, counters = wanted(file)
    readbacks = [renderer.readback(300) for _ in range(FRAMES)]
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
    LIB.snn_destroy_network(handle)


def test_two_sessions_share_the_device(renderer: Renderer, file: Path) -> None:
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


def test_a_host_that_is_wrong_is_told_so(renderer: Renderer, file: Path) -> None:
    def refused(sentence: str, config_device: bytes | None = None, **changes) -> None:
        config, handle, host = Config(), c_void_p(), renderer.host()
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
    refused("config->device is 'cpu'; on a host's device it is null or \"vulkan\"", config_device=b"cpu")
    handle = opened(renderer, file)
    assert LIB.snn_vulkan_record_steps(handle, None, c_uint32(1)) == -1
    assert b"command_buffer is null" in LIB.snn_last_error()
    buffer = Buffer(ctypes.sizeof(Buffer))
    assert LIB.snn_vulkan_get_buffer(handle, b"cells.spikes", byref(buffer)) == -1
    assert b"'cells.spikes' is not a state" in LIB.snn_last_error()
    LIB.snn_destroy_network(handle)
