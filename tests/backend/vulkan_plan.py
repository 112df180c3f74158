"""An interpreter of plans (snn.vulkan.plan) in plain Vulkan: what a host program with a GPU layer of its own does."""

from __future__ import annotations

import numpy as np

import snn

from .vulkan_renderer import Renderer, vk

BINDINGS = range(7)


class VulkanReplay:
    """A plan on a device; its buffers are memory that both see."""

    def __init__(self, renderer: Renderer, plan: snn.vulkan.Plan) -> None:
        assert all(dispatch.indirect is None for dispatch in plan.dispatches)  # as the header says of today's plans
        self.renderer, self.plan = renderer, plan
        self.buffers, self.memory = [], []
        for buffer in plan.buffers:
            handle, values = renderer.memory(buffer.contents.size, vk.VK_BUFFER_USAGE_STORAGE_BUFFER_BIT)
            self.buffers.append(handle)
            self.memory.append(values.view(np.uint32))
            self.memory[-1][:] = buffer.contents
        self._make_layout()
        self.pipelines = [self._pipeline(shader) for shader in plan.shaders]
        self.sets = [self._set(dispatch) for dispatch in plan.dispatches]
        self.commands = renderer.commands()
        for dispatch, bound in zip(plan.dispatches, self.sets, strict=True):
            self._record(dispatch, bound)
        vk.vkEndCommandBuffer(self.commands)

    def _make_layout(self) -> None:
        device = self.renderer.device
        bindings = [
            vk.VkDescriptorSetLayoutBinding(i, vk.VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, vk.VK_SHADER_STAGE_COMPUTE_BIT)
            for i in BINDINGS
        ]
        info = vk.VkDescriptorSetLayoutCreateInfo(pBindings=bindings)
        self.set_layout = vk.vkCreateDescriptorSetLayout(device, info, None)
        push = vk.VkPushConstantRange(vk.VK_SHADER_STAGE_COMPUTE_BIT, 0, 128)
        layout = vk.VkPipelineLayoutCreateInfo(pSetLayouts=[self.set_layout], pPushConstantRanges=[push])
        self.layout = vk.vkCreatePipelineLayout(device, layout, None)
        count = len(self.plan.dispatches)
        size = vk.VkDescriptorPoolSize(vk.VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, len(BINDINGS) * count)
        self.pool = vk.vkCreateDescriptorPool(
            device, vk.VkDescriptorPoolCreateInfo(maxSets=count, pPoolSizes=[size]), None
        )

    def _pipeline(self, shader: snn.vulkan.Shader):
        device = self.renderer.device
        module = vk.vkCreateShaderModule(
            device, vk.VkShaderModuleCreateInfo(codeSize=len(shader.spirv), pCode=shader.spirv), None
        )
        words = np.array(shader.constants)
        entries = [vk.VkSpecializationMapEntry(i, 4 * i, 4) for i in range(words.size)]
        constants = None
        if entries:
            constants = vk.VkSpecializationInfo(
                pMapEntries=entries, dataSize=words.nbytes, pData=vk.ffi.from_buffer(words)
            )
        stage = vk.VkPipelineShaderStageCreateInfo(
            stage=vk.VK_SHADER_STAGE_COMPUTE_BIT, module=module, pName="main", pSpecializationInfo=constants
        )
        info = vk.VkComputePipelineCreateInfo(stage=stage, layout=self.layout)
        made = vk.vkCreateComputePipelines(device, None, 1, [info], None)[0]
        vk.vkDestroyShaderModule(device, module, None)
        return made

    def _set(self, dispatch: snn.vulkan.Dispatch):
        info = vk.VkDescriptorSetAllocateInfo(descriptorPool=self.pool, pSetLayouts=[self.set_layout])
        made = vk.vkAllocateDescriptorSets(self.renderer.device, info)[0]
        writes = [
            vk.VkWriteDescriptorSet(
                dstSet=made,
                dstBinding=i,
                descriptorCount=1,
                descriptorType=vk.VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                pBufferInfo=[vk.VkDescriptorBufferInfo(self.buffers[buffer], offset, size)],
            )
            for i, (buffer, offset, size) in enumerate(dispatch.bindings)
        ]
        vk.vkUpdateDescriptorSets(self.renderer.device, len(writes), writes, 0, None)
        return made

    def _record(self, dispatch: snn.vulkan.Dispatch, bound) -> None:
        commands, compute = self.commands, vk.VK_PIPELINE_BIND_POINT_COMPUTE
        if dispatch.barrier:
            barrier = vk.VkMemoryBarrier(
                srcAccessMask=vk.VK_ACCESS_SHADER_WRITE_BIT,
                dstAccessMask=vk.VK_ACCESS_SHADER_READ_BIT | vk.VK_ACCESS_SHADER_WRITE_BIT,
            )
            stage = vk.VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT
            vk.vkCmdPipelineBarrier(commands, stage, stage, 0, 1, [barrier], 0, None, 0, None)
        vk.vkCmdBindPipeline(commands, compute, self.pipelines[dispatch.shader])
        vk.vkCmdBindDescriptorSets(commands, compute, self.layout, 0, 1, [bound], 0, None)
        push = np.array(dispatch.push)
        vk.vkCmdPushConstants(
            commands, self.layout, vk.VK_SHADER_STAGE_COMPUTE_BIT, 0, push.nbytes, vk.ffi.from_buffer(push)
        )
        vk.vkCmdDispatch(commands, *dispatch.groups)

    def step(self) -> None:
        self.renderer.submit([self.commands])

    def write(self, buffer: int, values: np.ndarray) -> None:
        self.memory[buffer].view(np.float32)[: values.size] = values.ravel()

    def read(self, buffer: int, offset: int, size: int) -> np.ndarray:
        return self.memory[buffer][offset // 4 : (offset + size) // 4].view(np.float32).copy()

    def close(self) -> None:
        device = self.renderer.device
        for pipeline in self.pipelines:
            vk.vkDestroyPipeline(device, pipeline, None)
        vk.vkDestroyDescriptorPool(device, self.pool, None)
        vk.vkDestroyPipelineLayout(device, self.layout, None)
        vk.vkDestroyDescriptorSetLayout(device, self.set_layout, None)
