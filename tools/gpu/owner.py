"""A program that owns a Vulkan device and reads its clock: what a host program sees of a step, and how fast the card copies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import vulkan as vk

import snn

__all__ = ["Owner"]

COPIED = 1 << 30  # bytes
COPIES = 8


def _number(handle: Any) -> int:
    return int(vk.ffi.cast("uintptr_t", handle))


class Owner:
    """Instance, device, one queue with timestamps; the first discrete GPU, else the first device."""

    def __init__(self) -> None:
        self.instance = vk.vkCreateInstance(
            vk.VkInstanceCreateInfo(pApplicationInfo=vk.VkApplicationInfo(apiVersion=vk.VK_MAKE_VERSION(1, 1, 0))), None
        )
        devices = vk.vkEnumeratePhysicalDevices(self.instance)
        kinds = [vk.vkGetPhysicalDeviceProperties(one).deviceType for one in devices]
        discrete = vk.VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU
        self.physical = devices[kinds.index(discrete) if discrete in kinds else 0]
        self.properties = vk.vkGetPhysicalDeviceProperties(self.physical)
        families = vk.vkGetPhysicalDeviceQueueFamilyProperties(self.physical)
        self.family = next(i for i, f in enumerate(families) if f.queueFlags & vk.VK_QUEUE_COMPUTE_BIT)
        queue = vk.VkDeviceQueueCreateInfo(queueFamilyIndex=self.family, pQueuePriorities=[1.0])
        self.device = vk.vkCreateDevice(self.physical, vk.VkDeviceCreateInfo(pQueueCreateInfos=[queue]), None)
        self.queue = vk.vkGetDeviceQueue(self.device, self.family, 0)
        self.pool = vk.vkCreateCommandPool(self.device, vk.VkCommandPoolCreateInfo(queueFamilyIndex=self.family), None)
        self.fence = vk.vkCreateFence(self.device, vk.VkFenceCreateInfo(), None)
        self.clock = vk.vkCreateQueryPool(
            self.device, vk.VkQueryPoolCreateInfo(queryType=vk.VK_QUERY_TYPE_TIMESTAMP, queryCount=2), None
        )

    @property
    def name(self) -> str:
        """The device's."""
        return str(self.properties.deviceName)

    def host(self) -> snn.vulkan.Host:
        """What libsnn is given."""
        return snn.vulkan.Host(
            *(_number(one) for one in (self.instance, self.physical, self.device, self.queue)), self.family
        )

    def seconds(self, record: Callable[[Any], None]) -> float:
        """Return the device's time for the commands that `record` puts into a command buffer."""
        info = vk.VkCommandBufferAllocateInfo(
            commandPool=self.pool, level=vk.VK_COMMAND_BUFFER_LEVEL_PRIMARY, commandBufferCount=1
        )
        commands = vk.vkAllocateCommandBuffers(self.device, info)[0]
        vk.vkBeginCommandBuffer(commands, vk.VkCommandBufferBeginInfo())
        vk.vkCmdResetQueryPool(commands, self.clock, 0, 2)
        vk.vkCmdWriteTimestamp(commands, vk.VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, self.clock, 0)
        record(commands)
        vk.vkCmdWriteTimestamp(commands, vk.VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, self.clock, 1)
        vk.vkEndCommandBuffer(commands)
        vk.vkQueueSubmit(self.queue, 1, [vk.VkSubmitInfo(pCommandBuffers=[commands])], self.fence)
        vk.vkWaitForFences(self.device, 1, [self.fence], vk.VK_TRUE, 10**11)
        vk.vkResetFences(self.device, 1, [self.fence])
        ticks = vk.ffi.new("uint64_t[2]")
        vk.vkGetQueryPoolResults(
            self.device, self.clock, 0, 2, 16, ticks, 8, vk.VK_QUERY_RESULT_64_BIT | vk.VK_QUERY_RESULT_WAIT_BIT
        )
        vk.vkFreeCommandBuffers(self.device, self.pool, 1, [commands])
        return float(ticks[1] - ticks[0]) * float(self.properties.limits.timestampPeriod) * 1e-9

    def seconds_of_steps(self, simulation: snn.Simulation, steps: int, inputs: Iterable[Any] = (None,)) -> float:
        """Return the device's time for one of the steps that are recorded, `steps` with each input."""
        count = 0

        def record(commands: Any) -> None:
            nonlocal count
            for values in inputs:
                if values is not None:
                    simulation.set_input("input", values)
                snn.vulkan.record_steps(simulation, _number(commands), steps)
                count += steps

        seconds = self.seconds(record)
        return seconds / count

    def copy_bandwidth(self) -> float:
        """Bytes a second, read and written ones counted, of a copy within the card's memory."""
        buffers = [self._buffer(COPIED) for _ in range(2)]

        def record(commands: Any) -> None:
            for _ in range(COPIES):
                region = vk.VkBufferCopy(size=COPIED)
                vk.vkCmdCopyBuffer(commands, buffers[0][0], buffers[1][0], 1, [region])

        self.seconds(record)
        seconds = min(self.seconds(record) for _ in range(3))
        for buffer, memory in buffers:
            vk.vkDestroyBuffer(self.device, buffer, None)
            vk.vkFreeMemory(self.device, memory, None)
        return 2 * COPIED * COPIES / seconds

    def _buffer(self, size: int) -> tuple[Any, Any]:
        usage = vk.VK_BUFFER_USAGE_TRANSFER_SRC_BIT | vk.VK_BUFFER_USAGE_TRANSFER_DST_BIT
        buffer = vk.vkCreateBuffer(self.device, vk.VkBufferCreateInfo(size=size, usage=usage), None)
        needs = vk.vkGetBufferMemoryRequirements(self.device, buffer)
        types = vk.vkGetPhysicalDeviceMemoryProperties(self.physical)
        local = vk.VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT
        index = next(
            i
            for i in range(types.memoryTypeCount)
            if needs.memoryTypeBits >> i & 1 and types.memoryTypes[i].propertyFlags & local
        )
        info = vk.VkMemoryAllocateInfo(allocationSize=needs.size, memoryTypeIndex=index)
        memory = vk.vkAllocateMemory(self.device, info, None)
        vk.vkBindBufferMemory(self.device, buffer, memory, 0)
        return buffer, memory

    def close(self) -> None:
        """End everything."""
        vk.vkDestroyQueryPool(self.device, self.clock, None)
        vk.vkDestroyFence(self.device, self.fence, None)
        vk.vkDestroyCommandPool(self.device, self.pool, None)
        vk.vkDestroyDevice(self.device, None)
        vk.vkDestroyInstance(self.instance, None)
