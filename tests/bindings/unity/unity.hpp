// Stands in for Unity's side of its native plug-in interface: offers the tables on a Vulkan device of its own and runs render events
// in frames. It holds a plug-in to what Unity asks for: the recording state is void after a buffer access, events run under the
// preconditions that were configured, there is no command buffer in an event that may use the queue.
//
// Who includes it may say, as for vulkan_device.hpp, what HOST_REQUIRE(condition) does when the plug-in does something wrong.
#ifndef SNN_TESTS_UNITY_HPP
#define SNN_TESTS_UNITY_HPP

#include "../vulkan_device.hpp"
#include "unity_interface.h"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <vector>

class Unity {
public:
    static constexpr int frames_in_flight = 3;

    Unity() {
        only = this;
        make_frames();
        graphics_.get_renderer = [] { return only->renderer; };
        graphics_.register_device_callback = [](UnityDeviceCallback callback) { only->device_callback = callback; };
        graphics_.unregister_device_callback = [](UnityDeviceCallback callback) {
            if (only->device_callback == callback) only->device_callback = nullptr;
        };
        graphics_.reserve_event_ids = [](int) { return 40; };
        vulkan_.configure_event = [](int id, const UnityVulkanEventConfig* config) { only->configured[id] = *config; };
        vulkan_.instance = [] {
            UnityVulkanInstance instance{};
            instance.instance = only->vulkan_device_.instance;
            instance.physical_device = only->vulkan_device_.physical;
            instance.device = only->device_;
            instance.queue = only->queue_;
            instance.queue_family = only->vulkan_device_.family;
            instance.get_instance_proc_addr = [](void* object, const char* name) {
                return reinterpret_cast<UnityVulkanFunction>(vkGetInstanceProcAddr(static_cast<VkInstance>(object), name));
            };
            return instance;
        };
        vulkan_.recording = [](UnityVulkanRecording* out, int queue) { return only->recording(out, queue); };
        vulkan_.access_buffer = [](void* native, uint32_t stages, uint32_t access, int mode, UnityVulkanBuffer* out) {
            return only->access_buffer(native, stages, access, mode, out);
        };
        interfaces_.get_interface_split = [](uint64_t high, uint64_t low) -> void* {
            if (high == UNITY_GRAPHICS_ID_HIGH && low == UNITY_GRAPHICS_ID_LOW) return &only->graphics_;
            const bool vulkan = high == UNITY_VULKAN_ID_HIGH && low == UNITY_VULKAN_ID_LOW;
            return vulkan && only->renderer == UNITY_RENDERER_VULKAN ? &only->vulkan_ : nullptr;
        };
    }

    ~Unity() {
        finish();
        for (const Buffer& one : buffers_) vulkan_device_.destroy(one);
        for (VkFence fence : fences_) vkDestroyFence(device_, fence, nullptr);
        for (VkCommandPool pool : pools_) vkDestroyCommandPool(device_, pool, nullptr);
    }

    UnityInterfaces* interfaces() { return &interfaces_; }

    // What the render thread does with a CommandBuffer that has these events.
    void frame(std::initializer_list<int> events, void* data) {
        begin_frame();
        for (const int id : events) event(id, data);
        end_frame();
    }

    void begin_frame() {
        const std::size_t slot = frame_ % frames_in_flight;
        if (frame_ >= frames_in_flight) {
            vk(vkWaitForFences(device_, 1, &fences_[slot], VK_TRUE, UINT64_MAX));
            safe_frame_ = frame_ - frames_in_flight;
        }
        vk(vkResetFences(device_, 1, &fences_[slot]));
        for (VkCommandBuffer commands : used_[slot]) vkFreeCommandBuffers(device_, pools_[slot], 1, &commands);
        used_[slot].clear();
        begin_commands();
    }

    void event(int id, void* data) {
        const auto config = configured.find(id);
        HOST_REQUIRE(config != configured.end());
        HOST_REQUIRE(config->second.render_pass == UNITY_RENDER_PASS_OUTSIDE);
        queue_event_ = config->second.queue == UNITY_QUEUE_ALLOW;
        if (queue_event_) submit(VK_NULL_HANDLE);
        in_event_ = true;
        reinterpret_cast<UnityRenderEventAndData>(event_function)(id, data);
        in_event_ = false;
        if (queue_event_) begin_commands();
        queue_event_ = false;
    }

    void end_frame() {
        submit(fences_[frame_ % frames_in_flight]);
        ++frame_;
    }

    // Waits for all frames: what was copied can be looked at.
    void finish() { vk(vkQueueWaitIdle(queue_)); }

    Buffer* make_buffer(std::size_t size) {
        buffers_.push_back(vulkan_device_.make_buffer(size, VK_BUFFER_USAGE_TRANSFER_DST_BIT | VK_BUFFER_USAGE_STORAGE_BUFFER_BIT));
        return &buffers_.back();
    }

    int renderer = UNITY_RENDERER_VULKAN;
    UnityDeviceCallback device_callback = nullptr;
    std::map<int, UnityVulkanEventConfig> configured;
    void* event_function = nullptr;

private:
    static inline Unity* only;

    void make_frames() {
        for (int i = 0; i < frames_in_flight; ++i) {
            VkCommandPoolCreateInfo pool{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
            pool.queueFamilyIndex = vulkan_device_.family;
            vk(vkCreateCommandPool(device_, &pool, nullptr, &pools_[i]));
            VkFenceCreateInfo fence{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
            vk(vkCreateFence(device_, &fence, nullptr, &fences_[i]));
        }
        buffers_.reserve(64);  // pointers to them stay
    }

    void begin_commands() {
        VkCommandBufferAllocateInfo allocation{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
        allocation.commandPool = pools_[frame_ % frames_in_flight];
        allocation.commandBufferCount = 1;
        vk(vkAllocateCommandBuffers(device_, &allocation, &commands_));
        used_[frame_ % frames_in_flight].push_back(commands_);
        VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
        begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
        vk(vkBeginCommandBuffer(commands_, &begin));
    }

    void submit(VkFence fence) {
        // What Unity's own barriers do before a buffer is read.
        VkMemoryBarrier barrier{VK_STRUCTURE_TYPE_MEMORY_BARRIER};
        barrier.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
        barrier.dstAccessMask = VK_ACCESS_HOST_READ_BIT;
        vkCmdPipelineBarrier(commands_, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &barrier, 0, nullptr,
                             0, nullptr);
        vk(vkEndCommandBuffer(commands_));
        VkSubmitInfo submit{VK_STRUCTURE_TYPE_SUBMIT_INFO};
        submit.commandBufferCount = 1;
        submit.pCommandBuffers = &commands_;
        vk(vkQueueSubmit(queue_, 1, &submit, fence));
    }

    bool recording(UnityVulkanRecording* out, int queue) {
        if (!in_event_ || queue_event_ || queue != UNITY_QUEUE_NONE) return false;
        *out = {};
        out->command_buffer = commands_;
        out->subpass = -1;
        out->current_frame = frame_;
        out->safe_frame = safe_frame_;
        return true;
    }

    bool access_buffer(void* native, uint32_t stages, uint32_t access, int mode, UnityVulkanBuffer* out) {
        const auto found =
            std::find_if(buffers_.begin(), buffers_.end(), [&](const Buffer& buffer) { return &buffer == native; });
        if (!in_event_ || queue_event_ || found == buffers_.end()) return false;
        HOST_REQUIRE(stages == VK_PIPELINE_STAGE_TRANSFER_BIT);
        HOST_REQUIRE(access == VK_ACCESS_TRANSFER_WRITE_BIT);
        HOST_REQUIRE(mode == UNITY_ACCESS_BARRIER);
        // The barrier goes into a command buffer that ends here: what was asked for before is void.
        VkMemoryBarrier barrier{VK_STRUCTURE_TYPE_MEMORY_BARRIER};
        barrier.srcAccessMask = barrier.dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
        vkCmdPipelineBarrier(commands_, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 1, &barrier, 0,
                             nullptr, 0, nullptr);
        submit(VK_NULL_HANDLE);
        begin_commands();
        *out = {};
        out->buffer = reinterpret_cast<uint64_t>(found->buffer);
        out->size_bytes = found->size;
        return true;
    }

    UnityInterfaces interfaces_{};
    UnityGraphics graphics_{};
    UnityVulkan vulkan_{};
    const VulkanDevice vulkan_device_;
    const VkDevice device_ = vulkan_device_.device;
    const VkQueue queue_ = vulkan_device_.queue;
    VkCommandPool pools_[frames_in_flight];
    VkFence fences_[frames_in_flight];
    std::vector<VkCommandBuffer> used_[frames_in_flight];
    VkCommandBuffer commands_ = VK_NULL_HANDLE;
    uint64_t frame_ = 0, safe_frame_ = 0;
    bool in_event_ = false, queue_event_ = false;
    std::vector<Buffer> buffers_;
};

#endif
