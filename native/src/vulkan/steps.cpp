#include "vulkan/steps.h"

#include <algorithm>

namespace snn::vulkan {

namespace {

// Records the dispatch; its pipeline must already be bound.
void run_bound(const Device& device, VkPipelineLayout layout, VkCommandBuffer commands, const Dispatch& dispatch) {
    const DeviceFunctions& vk = device.functions;
    vk.vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, layout, 0, 1, &dispatch.set, 0, nullptr);
    vk.vkCmdPushConstants(commands, layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, dispatch.push_bytes, dispatch.push);
    vk.vkCmdDispatch(commands, dispatch.groups[0], dispatch.groups[1], dispatch.groups[2]);
}

}  // namespace

void record_dispatch(const Device& device, VkPipelineLayout layout, VkCommandBuffer commands, const Dispatch& dispatch) {
    device.functions.vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, dispatch.pipeline);
    run_bound(device, layout, commands, dispatch);
}

void Steps::add(const Dispatch& dispatch, const std::vector<Use>& uses) {
    uint32_t level = first_level_;
    const auto kind_of = [&](const Use& use) {
        if (!is_strict_) return use.kind;
        return use.kind == Use::add ? Use::write : use.kind == Use::look_back ? Use::read : use.kind;
    };
    for (const Use& use : uses) {
        const Use::Kind kind = kind_of(use);
        if (kind == Use::look_back) continue;
        if (use.resource >= last_.size()) last_.resize(use.resource + 1);
        const Last& last = last_[use.resource];
        level = std::max(level, last.write);
        if (kind != Use::add) level = std::max(level, last.add);
        if (kind != Use::read) level = std::max(level, last.read);
    }
    for (const Use& use : uses) {
        const Use::Kind kind = kind_of(use);
        if (kind == Use::look_back) continue;
        Last& last = last_[use.resource];
        uint32_t& mine = kind == Use::read ? last.read : kind == Use::write ? last.write : last.add;
        mine = std::max(mine, level + 1);
    }
    if (levels_.size() <= level) levels_.resize(level + 1);
    levels_[level].push_back(dispatch);
}

void Steps::add_level(const Dispatch& dispatch) {
    levels_.push_back({dispatch});
    first_level_ = static_cast<uint32_t>(levels_.size());
}

void Steps::record(const Device& device, VkPipelineLayout layout, VkCommandBuffer commands) const {
    const DeviceFunctions& vk = device.functions;
    VkPipeline bound = VK_NULL_HANDLE;
    for (const std::vector<Dispatch>& level : levels_) {
        kernel_barrier(device, commands);
        for (const Dispatch& dispatch : level) {
            if (dispatch.pipeline != bound) {
                vk.vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, dispatch.pipeline);
                bound = dispatch.pipeline;
            }
            run_bound(device, layout, commands, dispatch);
        }
    }
}

void kernel_barrier(const Device& device, VkCommandBuffer commands) {
    auto barrier = made<VkMemoryBarrier>(VK_STRUCTURE_TYPE_MEMORY_BARRIER);
    barrier.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT;
    barrier.dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT;
    device.functions.vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                                          0, 1, &barrier, 0, nullptr, 0, nullptr);
}

void copies_before_kernels_barrier(const Device& device, VkCommandBuffer commands) {
    auto barrier = made<VkMemoryBarrier>(VK_STRUCTURE_TYPE_MEMORY_BARRIER);
    barrier.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
    barrier.dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT;
    device.functions.vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
                                          VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, 0, 1, &barrier, 0, nullptr, 0, nullptr);
}

namespace {

constexpr VkPipelineStageFlags kernels_and_copies = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;

void barrier_before_both(const Device& device, VkCommandBuffer commands, VkPipelineStageFlags after) {
    auto barrier = made<VkMemoryBarrier>(VK_STRUCTURE_TYPE_MEMORY_BARRIER);
    barrier.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
    barrier.dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_READ_BIT |
                            VK_ACCESS_TRANSFER_WRITE_BIT;
    device.functions.vkCmdPipelineBarrier(commands, after, kernels_and_copies, 0, 1, &barrier, 0, nullptr, 0, nullptr);
}

}  // namespace

void copy_barrier(const Device& device, VkCommandBuffer commands) { barrier_before_both(device, commands, kernels_and_copies); }

void after_all_commands_barrier(const Device& device, VkCommandBuffer commands) {
    barrier_before_both(device, commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT);
}

void all_commands_barrier(const Device& device, VkCommandBuffer commands) {
    auto barrier = made<VkMemoryBarrier>(VK_STRUCTURE_TYPE_MEMORY_BARRIER);
    barrier.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
    barrier.dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT;
    device.functions.vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
                                          VK_PIPELINE_STAGE_ALL_COMMANDS_BIT | VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &barrier, 0,
                                          nullptr, 0, nullptr);
}

void host_barrier(const Device& device, VkCommandBuffer commands) {
    auto barrier = made<VkMemoryBarrier>(VK_STRUCTURE_TYPE_MEMORY_BARRIER);
    barrier.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
    barrier.dstAccessMask = VK_ACCESS_HOST_READ_BIT | VK_ACCESS_HOST_WRITE_BIT | VK_ACCESS_TRANSFER_READ_BIT;
    device.functions.vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
                                          VK_PIPELINE_STAGE_HOST_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 1, &barrier, 0,
                                          nullptr, 0, nullptr);
}

}  // namespace snn::vulkan
