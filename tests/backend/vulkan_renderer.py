"""A program that owns a Vulkan device and one queue of it, written with the package `vulkan`."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable

import numpy as np
import pytest

import snn

from .conftest import LAYER_WAITED, has_validation_layer
from .running import vulkan_settings

try:
    import vulkan as vk
except (ImportError, OSError) as error:  # OSError: no loader
    pytest.skip(f"the package vulkan does not work here: {error}", allow_module_level=True)
if not vulkan_settings():
    pytest.skip("no Vulkan device, or built without Vulkan", allow_module_level=True)


def number(handle) -> int:
    return int(vk.ffi.cast("uintptr_t", handle))


class Renderer:
    """What a game has: instance, device, one queue, command buffers, a buffer that it reads back."""

    def __init__(self, *, timeline: bool = False, validated: bool = True) -> None:
        self.timeline = timeline  # a device of Vulkan 1.2 with timeline semaphores, else 1.0 without a feature
        self.problems: list[str] = []
        layers = ["VK_LAYER_KHRONOS_validation"] if validated and has_validation_layer() else []
        extensions = [vk.VK_EXT_DEBUG_UTILS_EXTENSION_NAME] if layers else []
        features = vk.VkValidationFeaturesEXT(
            pEnabledValidationFeatures=[vk.VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT]
        )
        self.instance = vk.vkCreateInstance(
            vk.VkInstanceCreateInfo(
                pNext=features if layers else None,
                pApplicationInfo=vk.VkApplicationInfo(apiVersion=vk.VK_MAKE_VERSION(1, 2 if timeline else 0, 0)),
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
        # What a struct points to lives as long as this object, not as long as a copy of it in another one's list.
        queue = vk.VkDeviceQueueCreateInfo(queueFamilyIndex=self.family, pQueuePriorities=[1.0])
        self.device = vk.vkCreateDevice(
            self.physical,
            vk.VkDeviceCreateInfo(
                pNext=vk.VkPhysicalDeviceVulkan12Features(timelineSemaphore=vk.VK_TRUE) if timeline else None,
                pQueueCreateInfos=[queue],
            ),
            None,
        )
        self.queue = vk.vkGetDeviceQueue(self.device, self.family, 0)
        self.pool = vk.vkCreateCommandPool(self.device, vk.VkCommandPoolCreateInfo(queueFamilyIndex=self.family), None)
        self.fence = vk.vkCreateFence(self.device, vk.VkFenceCreateInfo(), None)
        self.buffers: list[tuple] = []

    def say(self, severity, types, data, user) -> int:
        message = vk.ffi.string(data.pMessage).decode()
        if LAYER_WAITED not in message:
            self.problems.append(message)
        return 0

    def host(self, lock=None, **others) -> snn.vulkan.Host:
        handles = [number(one) for one in (self.instance, self.physical, self.device, self.queue)]
        return snn.vulkan.Host(*handles, self.family, queue_lock=lock, **others)

    def buffer(self, size: int, usage: int):
        """A buffer of `size` float32, without memory."""
        return vk.vkCreateBuffer(self.device, vk.VkBufferCreateInfo(size=size * 4, usage=usage), None)

    def memory(self, size: int, usage: int, buffer=None):
        """A buffer that the host sees, with its memory as an array of `size` float32."""
        buffer = buffer or self.buffer(size, usage)
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


class SubmissionThread(contextlib.AbstractContextManager):
    """What an engine may have: the one thread that uses its queue; others give it their work and wait until it is submitted."""

    def __init__(self, renderer: Renderer) -> None:
        self.renderer, self.submissions, self.callers = renderer, 0, set[int]()
        self.refusals: list[int] = []  # VkResults of the submissions to come, which do not reach the queue
        self._jobs: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        for job in iter(self._jobs.get, None):
            job()

    def call(self, function: Callable[[], object]) -> object:
        """What the function gives on the thread."""
        answers: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._jobs.put(lambda: answers.put(function()))
        return answers.get(timeout=60)

    def submit(self, info: int, fence: int) -> int:
        """For `snn.vulkan.Host`."""
        self.submissions += 1
        self.callers.add(threading.get_ident())
        if self.refusals:
            return self.refusals.pop(0)
        arguments = vk.ffi.cast("VkSubmitInfo *", info), vk.ffi.cast("VkFence", fence)
        return self.call(lambda: vk.lib.vkQueueSubmit(self.renderer.queue, 1, *arguments))

    def __exit__(self, *error: object) -> None:
        self._jobs.put(None)
        self._thread.join()
