// Stands in for Unity's side of its native plug-in interface: offers the tables on a Vulkan device of its own and runs render events
// in frames. It holds a plug-in to what Unity asks for: the recording state is void after a buffer access, events run under the
// preconditions that were configured, there is no command buffer in an event that may use the queue.
//
// Who includes it says what UNITY_REQUIRE(condition) does when the plug-in does something wrong.
#ifndef SNN_TESTS_UNITY_HPP
#define SNN_TESTS_UNITY_HPP

#include "unity_interface.h"

#include <vulkan/vulkan.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <map>
#include <vector>

inline int problems = 0;  // of the validation layer

inline VkBool32 VKAPI_PTR say(VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT,
                       const VkDebugUtilsMessengerCallbackDataEXT* data, void*) {
    std::fprintf(stderr, "validation: %s\n", data->pMessage);
    ++problems;
    return VK_FALSE;
}

inline void vk(VkResult result) { UNITY_REQUIRE(result == VK_SUCCESS); }

// A buffer as Unity has it behind a GraphicsBuffer, visible to the processor.
struct Buffer {
    VkBuffer buffer;
    VkDeviceMemory memory;
    std::size_t size;
    void* mapped;
};

class Unity {
public:
    static constexpr int frames_in_flight = 3;

    Unity() {
        only = this;
        make_device();
        graphics_.get_renderer = [] { return only->renderer; };
        graphics_.register_device_callback = [](UnityDeviceCallback callback) { only->device_callback = callback; };
        graphics_.unregister_device_callback = [](UnityDeviceCallback callback) {
            if (only->device_callback == callback) only->device_callback = nullptr;
        };
        graphics_.reserve_event_ids = [](int) { return 40; };
        vulkan_.configure_event = [](int id, const UnityVulkanEventConfig* config) { only->configured[id] = *config; };
        vulkan_.instance = [] {
            UnityVulkanInstance instance{};
            instance.instance = only->instance_;
            instance.physical_device = only->physical_;
            instance.device = only->device_;
            instance.queue = only->queue_;
            instance.queue_family = only->family_;
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
        for (const Buffer& one : buffers_) {
            vkDestroyBuffer(device_, one.buffer, nullptr);
            vkFreeMemory(device_, one.memory, nullptr);
        }
        for (VkFence fence : fences_) vkDestroyFence(device_, fence, nullptr);
        for (VkCommandPool pool : pools_) vkDestroyCommandPool(device_, pool, nullptr);
        vkDestroyDevice(device_, nullptr);
        if (messenger_) {
            const auto destroy = reinterpret_cast<PFN_vkDestroyDebugUtilsMessengerEXT>(
                vkGetInstanceProcAddr(instance_, "vkDestroyDebugUtilsMessengerEXT"));
            destroy(instance_, messenger_, nullptr);
        }
        vkDestroyInstance(instance_, nullptr);
        UNITY_REQUIRE(problems == 0);
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
        UNITY_REQUIRE(config != configured.end());
        UNITY_REQUIRE(config->second.render_pass == UNITY_RENDER_PASS_OUTSIDE);
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
        Buffer made{};
        made.size = size;
        VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
        info.size = size;
        info.usage = VK_BUFFER_USAGE_TRANSFER_DST_BIT | VK_BUFFER_USAGE_STORAGE_BUFFER_BIT;
        vk(vkCreateBuffer(device_, &info, nullptr, &made.buffer));
        VkMemoryRequirements needs;
        vkGetBufferMemoryRequirements(device_, made.buffer, &needs);
        VkPhysicalDeviceMemoryProperties memory;
        vkGetPhysicalDeviceMemoryProperties(physical_, &memory);
        VkMemoryAllocateInfo allocation{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
        allocation.allocationSize = needs.size;
        constexpr VkMemoryPropertyFlags wanted = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
        for (uint32_t i = 0; i < memory.memoryTypeCount; ++i)
            if ((needs.memoryTypeBits >> i & 1) && (memory.memoryTypes[i].propertyFlags & wanted) == wanted)
                allocation.memoryTypeIndex = i;
        vk(vkAllocateMemory(device_, &allocation, nullptr, &made.memory));
        vk(vkBindBufferMemory(device_, made.buffer, made.memory, 0));
        vk(vkMapMemory(device_, made.memory, 0, VK_WHOLE_SIZE, 0, &made.mapped));
        buffers_.push_back(made);
        return &buffers_.back();
    }

    int renderer = UNITY_RENDERER_VULKAN;
    UnityDeviceCallback device_callback = nullptr;
    std::map<int, UnityVulkanEventConfig> configured;
    void* event_function = nullptr;

private:
    static inline Unity* only;

    void make_device() {
        uint32_t layer_count = 0;
        vkEnumerateInstanceLayerProperties(&layer_count, nullptr);
        std::vector<VkLayerProperties> layers(layer_count);
        vkEnumerateInstanceLayerProperties(&layer_count, layers.data());
        const char* validation = "VK_LAYER_KHRONOS_validation";
        const char* debug = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
        const bool validate = std::any_of(layers.begin(), layers.end(), [&](const VkLayerProperties& layer) {
            return std::strcmp(layer.layerName, validation) == 0;
        });
        if (!validate) std::puts("without the validation layer, which is not installed");
        VkApplicationInfo application{VK_STRUCTURE_TYPE_APPLICATION_INFO};
        application.apiVersion = VK_API_VERSION_1_0;
        VkInstanceCreateInfo info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
        info.pApplicationInfo = &application;
        info.enabledLayerCount = info.enabledExtensionCount = validate;
        info.ppEnabledLayerNames = &validation;
        info.ppEnabledExtensionNames = &debug;
        vk(vkCreateInstance(&info, nullptr, &instance_));
        if (validate) {
            VkDebugUtilsMessengerCreateInfoEXT messenger{VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT};
            messenger.messageSeverity =
                VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
            messenger.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
            messenger.pfnUserCallback = say;
            const auto create = reinterpret_cast<PFN_vkCreateDebugUtilsMessengerEXT>(
                vkGetInstanceProcAddr(instance_, "vkCreateDebugUtilsMessengerEXT"));
            vk(create(instance_, &messenger, nullptr, &messenger_));
        }
        uint32_t count = 1;
        UNITY_REQUIRE(vkEnumeratePhysicalDevices(instance_, &count, &physical_) >= 0);
        uint32_t family_count = 0;
        vkGetPhysicalDeviceQueueFamilyProperties(physical_, &family_count, nullptr);
        std::vector<VkQueueFamilyProperties> families(family_count);
        vkGetPhysicalDeviceQueueFamilyProperties(physical_, &family_count, families.data());
        while (!(families[family_].queueFlags & VK_QUEUE_COMPUTE_BIT)) ++family_;
        const float priority = 1;
        VkDeviceQueueCreateInfo queue{VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO};
        queue.queueFamilyIndex = family_;
        queue.queueCount = 1;
        queue.pQueuePriorities = &priority;
        VkDeviceCreateInfo device{VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO};
        device.queueCreateInfoCount = 1;
        device.pQueueCreateInfos = &queue;
        vk(vkCreateDevice(physical_, &device, nullptr, &device_));
        vkGetDeviceQueue(device_, family_, 0, &queue_);
        for (int i = 0; i < frames_in_flight; ++i) {
            VkCommandPoolCreateInfo pool{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
            pool.queueFamilyIndex = family_;
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
        UNITY_REQUIRE(stages == VK_PIPELINE_STAGE_TRANSFER_BIT);
        UNITY_REQUIRE(access == VK_ACCESS_TRANSFER_WRITE_BIT);
        UNITY_REQUIRE(mode == UNITY_ACCESS_BARRIER);
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
    VkInstance instance_;
    VkDebugUtilsMessengerEXT messenger_ = VK_NULL_HANDLE;
    VkPhysicalDevice physical_;
    uint32_t family_ = 0;
    VkDevice device_;
    VkQueue queue_;
    VkCommandPool pools_[frames_in_flight];
    VkFence fences_[frames_in_flight];
    std::vector<VkCommandBuffer> used_[frames_in_flight];
    VkCommandBuffer commands_ = VK_NULL_HANDLE;
    uint64_t frame_ = 0, safe_frame_ = 0;
    bool in_event_ = false, queue_event_ = false;
    std::vector<Buffer> buffers_;
};

#endif
