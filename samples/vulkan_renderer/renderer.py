"""An off-screen Vulkan renderer, as a game has one: it owns instance, device, queue and command buffers."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import vulkan as vk

import snn

VALIDATION = "VK_LAYER_KHRONOS_validation"
FORMAT = vk.VK_FORMAT_R8G8B8A8_UNORM


def integer(handle) -> int:
    """A Vulkan handle as other libraries take it."""
    return int(vk.ffi.cast("uintptr_t", handle))


def compiled(source: Path) -> bytes:
    """A shader's SPIR-V."""
    compiler = shutil.which("glslangValidator")
    if compiler is None:
        raise SystemExit("glslangValidator is not installed (Debian and Ubuntu: the package glslang-tools)")
    with tempfile.TemporaryDirectory() as folder:
        spirv = Path(folder) / "shader.spv"
        done = subprocess.run([compiler, "-V", source, "-o", spirv], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stdout)
        return spirv.read_bytes()


class Renderer:
    """Draws a sheet of neurons, `columns` x `rows`, to an image of `scale` pixels for each neuron along both axes."""

    def __init__(self, columns: int, rows: int, scale: int, threshold: float) -> None:
        self.columns, self.rows = columns, rows
        self.width, self.height = columns * scale, rows * scale
        self.messages: list[str] = []  # what the validation layer says
        self._make_device()
        self._make_target()
        self._make_pipeline(threshold)
        # Where the simulation adds up the spikes of a frame; the vertex stage reads it.
        usage = vk.VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | vk.VK_BUFFER_USAGE_VERTEX_BUFFER_BIT
        self.spike_count = self._make_buffer(
            columns * rows * 4, usage | vk.VK_BUFFER_USAGE_TRANSFER_DST_BIT, vk.VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT
        )[0]
        host_visible = vk.VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | vk.VK_MEMORY_PROPERTY_HOST_COHERENT_BIT
        self.pixels, memory = self._make_buffer(
            self.width * self.height * 4, vk.VK_BUFFER_USAGE_TRANSFER_DST_BIT, host_visible
        )
        mapped = vk.vkMapMemory(self.device, memory, 0, self.width * self.height * 4, 0)
        self.image = np.frombuffer(mapped, np.uint8).reshape(self.height, self.width, 4)

    def host(self) -> snn.vulkan.Host:
        """What a simulation needs to run on this device."""
        handles = (self.instance, self.physical_device, self.device, self.queue)
        return snn.vulkan.Host(*map(integer, handles), self.family)

    # ---- One frame

    def frame(self, simulation: snn.Simulation, membrane: snn.vulkan.Buffer, steps: int) -> np.ndarray:
        """Step the network and draw it, in one command buffer. Gives the image: uint8 [height][width][4]."""
        commands = self.commands
        vk.vkBeginCommandBuffer(
            commands, vk.VkCommandBufferBeginInfo(flags=vk.VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT)
        )
        vk.vkCmdFillBuffer(commands, self.spike_count, 0, 4 * self.columns * self.rows, 0)
        snn.vulkan.record_steps(simulation, integer(commands), steps)
        self._draw(commands, membrane)
        vk.vkEndCommandBuffer(commands)
        vk.vkQueueSubmit(self.queue, 1, [vk.VkSubmitInfo(pCommandBuffers=[commands])], self.fence)
        vk.vkWaitForFences(self.device, 1, [self.fence], vk.VK_TRUE, 2**64 - 1)
        vk.vkResetFences(self.device, 1, [self.fence])
        return self.image

    def _draw(self, commands, membrane: snn.vulkan.Buffer) -> None:
        area = vk.VkRect2D(vk.VkOffset2D(0, 0), vk.VkExtent2D(self.width, self.height))
        begin = vk.VkRenderPassBeginInfo(
            renderPass=self.render_pass,
            framebuffer=self.framebuffer,
            renderArea=area,
            pClearValues=[vk.VkClearValue(vk.VkClearColorValue(float32=[0.0, 0.0, 0.0, 1.0]))],
        )
        vk.vkCmdBeginRenderPass(commands, begin, vk.VK_SUBPASS_CONTENTS_INLINE)
        vk.vkCmdBindPipeline(commands, vk.VK_PIPELINE_BIND_POINT_GRAPHICS, self.pipeline)
        stage = vk.VK_SHADER_STAGE_VERTEX_BIT
        vk.vkCmdPushConstants(commands, self.layout, stage, 0, 12, vk.ffi.from_buffer(self.push))
        buffers = [vk.ffi.cast("VkBuffer", membrane.handle), self.spike_count]
        vk.vkCmdBindVertexBuffers(commands, 0, 2, buffers, [membrane.offset, 0])
        vk.vkCmdDraw(commands, 4, self.columns * self.rows, 0, 0)
        vk.vkCmdEndRenderPass(commands)  # leaves the image ready to be copied
        copy = vk.VkBufferImageCopy(
            imageSubresource=vk.VkImageSubresourceLayers(vk.VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1),
            imageExtent=vk.VkExtent3D(self.width, self.height, 1),
        )
        vk.vkCmdCopyImageToBuffer(
            commands, self.target, vk.VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, self.pixels, 1, [copy]
        )
        barrier = vk.VkMemoryBarrier(
            srcAccessMask=vk.VK_ACCESS_TRANSFER_WRITE_BIT, dstAccessMask=vk.VK_ACCESS_HOST_READ_BIT
        )
        vk.vkCmdPipelineBarrier(
            commands,
            vk.VK_PIPELINE_STAGE_TRANSFER_BIT,
            vk.VK_PIPELINE_STAGE_HOST_BIT,
            0,
            1,
            [barrier],
            0,
            None,
            0,
            None,
        )

    # ---- What is made once

    def _make_device(self) -> None:
        known = [layer.layerName for layer in vk.vkEnumerateInstanceLayerProperties()]
        layers = [VALIDATION] if VALIDATION in known else []
        self.is_validated = bool(layers)
        features = vk.VkValidationFeaturesEXT(
            pEnabledValidationFeatures=[vk.VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT]
        )
        self.instance = vk.vkCreateInstance(
            vk.VkInstanceCreateInfo(
                pNext=features if layers else None,
                pApplicationInfo=vk.VkApplicationInfo(
                    pApplicationName="vulkan_renderer", apiVersion=vk.VK_MAKE_VERSION(1, 0, 0)
                ),
                ppEnabledLayerNames=layers,
                ppEnabledExtensionNames=[vk.VK_EXT_DEBUG_UTILS_EXTENSION_NAME] if layers else [],
            ),
            None,
        )
        self.messenger = None
        if layers:
            create = vk.vkGetInstanceProcAddr(self.instance, "vkCreateDebugUtilsMessengerEXT")
            severity = vk.VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT
            self.messenger = create(
                self.instance,
                vk.VkDebugUtilsMessengerCreateInfoEXT(
                    messageSeverity=severity | vk.VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
                    messageType=vk.VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
                    pfnUserCallback=self._note,
                ),
                None,
            )
        self.physical_device = vk.vkEnumeratePhysicalDevices(self.instance)[0]
        wanted = vk.VK_QUEUE_GRAPHICS_BIT | vk.VK_QUEUE_COMPUTE_BIT
        families = vk.vkGetPhysicalDeviceQueueFamilyProperties(self.physical_device)
        self.family = next(i for i, family in enumerate(families) if family.queueFlags & wanted == wanted)
        queue = vk.VkDeviceQueueCreateInfo(queueFamilyIndex=self.family, pQueuePriorities=[1.0])
        # No extension and no feature: a simulation needs none.
        self.device = vk.vkCreateDevice(self.physical_device, vk.VkDeviceCreateInfo(pQueueCreateInfos=[queue]), None)
        self.queue = vk.vkGetDeviceQueue(self.device, self.family, 0)
        self.pool = vk.vkCreateCommandPool(
            self.device,
            vk.VkCommandPoolCreateInfo(
                flags=vk.VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT, queueFamilyIndex=self.family
            ),
            None,
        )
        self.commands = vk.vkAllocateCommandBuffers(
            self.device,
            vk.VkCommandBufferAllocateInfo(
                commandPool=self.pool, level=vk.VK_COMMAND_BUFFER_LEVEL_PRIMARY, commandBufferCount=1
            ),
        )[0]
        self.fence = vk.vkCreateFence(self.device, vk.VkFenceCreateInfo(), None)
        self.made: list[tuple] = []  # what close() ends, in reverse

    def _note(self, severity, types, data, user) -> int:
        self.messages.append(vk.ffi.string(data.pMessage).decode())
        return 0

    def _memory_for(self, needs, properties: int):
        types = vk.vkGetPhysicalDeviceMemoryProperties(self.physical_device)
        index = next(
            i
            for i in range(types.memoryTypeCount)
            if needs.memoryTypeBits >> i & 1 and types.memoryTypes[i].propertyFlags & properties == properties
        )
        memory = vk.vkAllocateMemory(
            self.device, vk.VkMemoryAllocateInfo(allocationSize=needs.size, memoryTypeIndex=index), None
        )
        self.made.append((vk.vkFreeMemory, memory))
        return memory

    def _make_buffer(self, size: int, usage: int, properties: int) -> tuple:
        buffer = vk.vkCreateBuffer(self.device, vk.VkBufferCreateInfo(size=size, usage=usage), None)
        memory = self._memory_for(vk.vkGetBufferMemoryRequirements(self.device, buffer), properties)
        self.made.append((vk.vkDestroyBuffer, buffer))
        vk.vkBindBufferMemory(self.device, buffer, memory, 0)
        return buffer, memory

    def _make_target(self) -> None:
        self.target = vk.vkCreateImage(
            self.device,
            vk.VkImageCreateInfo(
                imageType=vk.VK_IMAGE_TYPE_2D,
                format=FORMAT,
                extent=vk.VkExtent3D(self.width, self.height, 1),
                mipLevels=1,
                arrayLayers=1,
                samples=vk.VK_SAMPLE_COUNT_1_BIT,
                tiling=vk.VK_IMAGE_TILING_OPTIMAL,
                usage=vk.VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | vk.VK_IMAGE_USAGE_TRANSFER_SRC_BIT,
            ),
            None,
        )
        needs = vk.vkGetImageMemoryRequirements(self.device, self.target)
        memory = self._memory_for(needs, vk.VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT)
        self.made.append((vk.vkDestroyImage, self.target))
        vk.vkBindImageMemory(self.device, self.target, memory, 0)
        view = vk.vkCreateImageView(
            self.device,
            vk.VkImageViewCreateInfo(
                image=self.target,
                viewType=vk.VK_IMAGE_VIEW_TYPE_2D,
                format=FORMAT,
                subresourceRange=vk.VkImageSubresourceRange(vk.VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1),
            ),
            None,
        )
        self.made.append((vk.vkDestroyImageView, view))
        attachment = vk.VkAttachmentDescription(
            format=FORMAT,
            samples=vk.VK_SAMPLE_COUNT_1_BIT,
            loadOp=vk.VK_ATTACHMENT_LOAD_OP_CLEAR,
            storeOp=vk.VK_ATTACHMENT_STORE_OP_STORE,
            stencilLoadOp=vk.VK_ATTACHMENT_LOAD_OP_DONT_CARE,
            stencilStoreOp=vk.VK_ATTACHMENT_STORE_OP_DONT_CARE,
            initialLayout=vk.VK_IMAGE_LAYOUT_UNDEFINED,
            finalLayout=vk.VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
        )
        color = vk.VkAttachmentReference(0, vk.VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL)
        subpass = vk.VkSubpassDescription(
            pipelineBindPoint=vk.VK_PIPELINE_BIND_POINT_GRAPHICS, pColorAttachments=[color]
        )
        copied_next = vk.VkSubpassDependency(
            srcSubpass=0,
            dstSubpass=vk.VK_SUBPASS_EXTERNAL,
            srcStageMask=vk.VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT,
            dstStageMask=vk.VK_PIPELINE_STAGE_TRANSFER_BIT,
            srcAccessMask=vk.VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT,
            dstAccessMask=vk.VK_ACCESS_TRANSFER_READ_BIT,
        )
        self.render_pass = vk.vkCreateRenderPass(
            self.device,
            vk.VkRenderPassCreateInfo(pAttachments=[attachment], pSubpasses=[subpass], pDependencies=[copied_next]),
            None,
        )
        self.made.append((vk.vkDestroyRenderPass, self.render_pass))
        self.framebuffer = vk.vkCreateFramebuffer(
            self.device,
            vk.VkFramebufferCreateInfo(
                renderPass=self.render_pass, pAttachments=[view], width=self.width, height=self.height, layers=1
            ),
            None,
        )
        self.made.append((vk.vkDestroyFramebuffer, self.framebuffer))

    def _make_pipeline(self, threshold: float) -> None:
        self.push = np.array([self.columns, self.rows, np.float32(threshold).view(np.uint32)], np.uint32)
        push = vk.VkPushConstantRange(vk.VK_SHADER_STAGE_VERTEX_BIT, 0, self.push.nbytes)
        self.layout = vk.vkCreatePipelineLayout(
            self.device, vk.VkPipelineLayoutCreateInfo(pPushConstantRanges=[push]), None
        )
        self.made.append((vk.vkDestroyPipelineLayout, self.layout))
        stages, modules = [], []
        for name, stage in (("vert", vk.VK_SHADER_STAGE_VERTEX_BIT), ("frag", vk.VK_SHADER_STAGE_FRAGMENT_BIT)):
            code = compiled(Path(__file__).parent / f"neurons.{name}")
            info = vk.VkShaderModuleCreateInfo(codeSize=len(code), pCode=code)
            modules.append(vk.vkCreateShaderModule(self.device, info, None))
            stages.append(vk.VkPipelineShaderStageCreateInfo(stage=stage, module=modules[-1], pName="main"))
        per_instance = vk.VK_VERTEX_INPUT_RATE_INSTANCE
        area = vk.VkRect2D(vk.VkOffset2D(0, 0), vk.VkExtent2D(self.width, self.height))
        all_channels = sum((vk.VK_COLOR_COMPONENT_R_BIT, vk.VK_COLOR_COMPONENT_G_BIT, vk.VK_COLOR_COMPONENT_B_BIT))
        info = vk.VkGraphicsPipelineCreateInfo(
            pStages=stages,
            pVertexInputState=vk.VkPipelineVertexInputStateCreateInfo(
                pVertexBindingDescriptions=[vk.VkVertexInputBindingDescription(i, 4, per_instance) for i in range(2)],
                pVertexAttributeDescriptions=[
                    vk.VkVertexInputAttributeDescription(i, i, vk.VK_FORMAT_R32_SFLOAT, 0) for i in range(2)
                ],
            ),
            pInputAssemblyState=vk.VkPipelineInputAssemblyStateCreateInfo(
                topology=vk.VK_PRIMITIVE_TOPOLOGY_TRIANGLE_STRIP
            ),
            pViewportState=vk.VkPipelineViewportStateCreateInfo(
                pViewports=[vk.VkViewport(0.0, 0.0, float(self.width), float(self.height), 0.0, 1.0)], pScissors=[area]
            ),
            pRasterizationState=vk.VkPipelineRasterizationStateCreateInfo(
                polygonMode=vk.VK_POLYGON_MODE_FILL, cullMode=vk.VK_CULL_MODE_NONE, lineWidth=1.0
            ),
            pMultisampleState=vk.VkPipelineMultisampleStateCreateInfo(rasterizationSamples=vk.VK_SAMPLE_COUNT_1_BIT),
            pColorBlendState=vk.VkPipelineColorBlendStateCreateInfo(
                pAttachments=[
                    vk.VkPipelineColorBlendAttachmentState(colorWriteMask=all_channels | vk.VK_COLOR_COMPONENT_A_BIT)
                ]
            ),
            layout=self.layout,
            renderPass=self.render_pass,
        )
        self.pipeline = vk.vkCreateGraphicsPipelines(self.device, None, 1, [info], None)[0]
        self.made.append((vk.vkDestroyPipeline, self.pipeline))
        for module in modules:
            vk.vkDestroyShaderModule(self.device, module, None)

    def close(self) -> None:
        """End the device. Simulations on it have ended before."""
        for destroy, thing in reversed(self.made):
            destroy(self.device, thing, None)
        vk.vkDestroyFence(self.device, self.fence, None)
        vk.vkDestroyCommandPool(self.device, self.pool, None)
        vk.vkDestroyDevice(self.device, None)
        if self.messenger:
            destroy = vk.vkGetInstanceProcAddr(self.instance, "vkDestroyDebugUtilsMessengerEXT")
            destroy(self.instance, self.messenger, None)
        vk.vkDestroyInstance(self.instance, None)
