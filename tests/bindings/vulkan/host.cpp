// A program's Vulkan device as functions of C, for the tests of languages that have no Vulkan of their own: they attach sessions to
// it. One device at a time; what is wrong with Vulkan ends the process.
#include <snn/snn_vulkan.hpp>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>

#include "../vulkan_device.hpp"

namespace {

struct Host : VulkanDevice {
    Host() {
        VkCommandPoolCreateInfo pool_info{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
        pool_info.queueFamilyIndex = family;
        vk(vkCreateCommandPool(device, &pool_info, nullptr, &pool));
        VkFenceCreateInfo fence_info{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
        vk(vkCreateFence(device, &fence_info, nullptr, &fence));
    }
    ~Host() {
        for (const auto& [handle, one] : buffers) destroy(one);
        for (VkSemaphore one : semaphores) vkDestroySemaphore(device, one, nullptr);
        vkDestroyFence(device, fence, nullptr);
        vkDestroyCommandPool(device, pool, nullptr);
    }
    void submit_and_wait(const VkSubmitInfo& info) {
        vk(vkQueueSubmit(queue, 1, &info, fence));
        vk(vkWaitForFences(device, 1, &fence, VK_TRUE, UINT64_MAX));
        vk(vkResetFences(device, 1, &fence));
    }

    VkCommandPool pool;
    VkFence fence;
    std::map<uint64_t, Buffer> buffers;
    std::vector<VkSemaphore> semaphores;
};

std::unique_ptr<Host> host;

template <class Handle>
uint64_t number_of(Handle handle) {
    return reinterpret_cast<uint64_t>(handle);
}

// FNV-1a over words instead of bytes.
struct Hash {
    uint64_t value = 0xcbf29ce484222325u;
    void add(uint64_t word) { value = (value ^ word) * 0x100000001b3u; }
    void add_all(const uint32_t* words, uint64_t count) {
        for (uint64_t i = 0; i < count; ++i) add(words[i]);
    }
};

}  // namespace

extern "C" {

// Instance, physical device, device, queue, the queue's family, vkGetInstanceProcAddr.
void test_host_open(uint64_t out_handles[6]) {
    HOST_REQUIRE(!host);
    host = std::make_unique<Host>();
    out_handles[0] = number_of(host->instance);
    out_handles[1] = number_of(host->physical);
    out_handles[2] = number_of(host->device);
    out_handles[3] = number_of(host->queue);
    out_handles[4] = host->family;
    out_handles[5] = number_of(&vkGetInstanceProcAddr);
}

void test_host_close() { host.reset(); }

// A command buffer that is recording.
uint64_t test_host_begin() {
    VkCommandBufferAllocateInfo allocation{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
    allocation.commandPool = host->pool;
    allocation.commandBufferCount = 1;
    VkCommandBuffer commands;
    vk(vkAllocateCommandBuffers(host->device, &allocation, &commands));
    VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
    vk(vkBeginCommandBuffer(commands, &begin));
    return number_of(commands);
}

// Ends it, runs it, and waits for that.
void test_host_submit(uint64_t command_buffer) {
    const auto commands = reinterpret_cast<VkCommandBuffer>(command_buffer);
    vk(vkEndCommandBuffer(commands));
    VkSubmitInfo info{VK_STRUCTURE_TYPE_SUBMIT_INFO};
    info.commandBufferCount = 1;
    info.pCommandBuffers = &commands;
    host->submit_and_wait(info);
    vkFreeCommandBuffers(host->device, host->pool, 1, &commands);
}

// What a session that submits through its host calls.
int32_t test_host_queue_submit(const void* submit_info, uint64_t fence) {
    return vkQueueSubmit(host->queue, 1, static_cast<const VkSubmitInfo*>(submit_info), reinterpret_cast<VkFence>(fence));
}

uint64_t test_host_make_buffer(uint64_t size_bytes) {
    const Buffer made = host->make_buffer(size_bytes, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
    return host->buffers.emplace(number_of(made.buffer), made).first->first;
}
float test_host_get(uint64_t buffer, uint64_t index) { return static_cast<float*>(host->buffers.at(buffer).mapped)[index]; }
void test_host_set(uint64_t buffer, uint64_t index, float value) {
    static_cast<float*>(host->buffers.at(buffer).mapped)[index] = value;
}

uint64_t test_host_make_semaphore() {
    const VkSemaphoreCreateInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, nullptr, 0};
    VkSemaphore made;
    vk(vkCreateSemaphore(host->device, &info, nullptr, &made));
    host->semaphores.push_back(made);
    return number_of(made);
}
void test_host_signal(uint64_t semaphore) {
    const auto signalled = reinterpret_cast<VkSemaphore>(semaphore);
    VkSubmitInfo info{VK_STRUCTURE_TYPE_SUBMIT_INFO};
    info.signalSemaphoreCount = 1;
    info.pSignalSemaphores = &signalled;
    host->submit_and_wait(info);
}
void test_host_wait(uint64_t semaphore) {
    const auto waited = reinterpret_cast<VkSemaphore>(semaphore);
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    VkSubmitInfo info{VK_STRUCTURE_TYPE_SUBMIT_INFO};
    info.waitSemaphoreCount = 1;
    info.pWaitSemaphores = &waited;
    info.pWaitDstStageMask = &stage;
    host->submit_and_wait(info);
}

// A hash of everything in the plan of a .snn file whose input "in" is the host's buffer 7: what each language must come to.
uint64_t test_host_plan_hash(const char* path) {
    snn::SessionOptions options;
    options.device = "vulkan:plan";
    snn::Session session = snn::Session::open(path, options);
    snn::vulkan::bind_buffer(session, "in.input", snn::vulkan::buffer_of(7, 0, 8));
    const SNNVulkanPlan plan = snn::vulkan::plan(session);
    Hash hash;
    for (uint32_t i = 0; i < plan.shader_count; ++i) {
        hash.add_all(plan.shaders[i].spirv, plan.shaders[i].word_count);
        hash.add_all(plan.shaders[i].constants, plan.shaders[i].constant_count);
    }
    for (uint32_t i = 0; i < plan.buffer_count; ++i) {
        hash.add(plan.buffers[i].host_buffer);
        hash.add_all(static_cast<const uint32_t*>(plan.buffers[i].contents), plan.buffers[i].size_bytes / 4);
    }
    for (uint32_t i = 0; i < plan.dispatch_count; ++i) {
        const SNNVulkanPlanDispatch& dispatch = plan.dispatches[i];
        hash.add(dispatch.shader);
        hash.add(dispatch.barrier);
        hash.add_all(dispatch.groups, 3);
        hash.add(dispatch.indirect_buffer);
        hash.add_all(dispatch.push, dispatch.push_bytes / 4);
        for (const SNNVulkanPlanBinding& binding : dispatch.bindings) {
            hash.add(binding.buffer);
            hash.add(binding.offset_bytes);
            hash.add(binding.size_bytes);
        }
    }
    return hash.value;
}

}  // extern "C"
