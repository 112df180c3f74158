// A Vulkan device for the programs that stand in for engines, watched by the validation layer where that is installed.
//
// Who includes it may say what HOST_REQUIRE(condition) does when something is wrong; else the process ends.
#ifndef SNN_TESTS_VULKAN_DEVICE_HPP
#define SNN_TESTS_VULKAN_DEVICE_HPP

#include <vulkan/vulkan.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#ifndef HOST_REQUIRE
#define HOST_REQUIRE(condition)                                                    \
    do {                                                                           \
        if (!(condition)) {                                                        \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);   \
            std::abort();                                                          \
        }                                                                          \
    } while (0)
#endif

inline int problems = 0;  // of the validation layer

inline VkBool32 VKAPI_PTR say(VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT,
                       const VkDebugUtilsMessengerCallbackDataEXT* data, void*) {
    std::fprintf(stderr, "validation: %s\n", data->pMessage);
    ++problems;
    return VK_FALSE;
}

inline void vk(VkResult result) { HOST_REQUIRE(result == VK_SUCCESS); }

// Visible to the processor.
struct Buffer {
    VkBuffer buffer;
    VkDeviceMemory memory;
    std::size_t size;
    void* mapped;
};

// Of Vulkan 1.0, without features or extensions; one queue, which computes.
class VulkanDevice {
public:
    VulkanDevice() {
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
        vk(vkCreateInstance(&info, nullptr, &instance));
        if (validate) {
            VkDebugUtilsMessengerCreateInfoEXT messenger_info{VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT};
            messenger_info.messageSeverity =
                VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
            messenger_info.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
            messenger_info.pfnUserCallback = say;
            const auto create = reinterpret_cast<PFN_vkCreateDebugUtilsMessengerEXT>(
                vkGetInstanceProcAddr(instance, "vkCreateDebugUtilsMessengerEXT"));
            vk(create(instance, &messenger_info, nullptr, &messenger));
        }
        uint32_t count = 1;
        HOST_REQUIRE(vkEnumeratePhysicalDevices(instance, &count, &physical) >= 0);
        uint32_t family_count = 0;
        vkGetPhysicalDeviceQueueFamilyProperties(physical, &family_count, nullptr);
        std::vector<VkQueueFamilyProperties> families(family_count);
        vkGetPhysicalDeviceQueueFamilyProperties(physical, &family_count, families.data());
        while (!(families[family].queueFlags & VK_QUEUE_COMPUTE_BIT)) ++family;
        const float priority = 1;
        VkDeviceQueueCreateInfo queue_info{VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO};
        queue_info.queueFamilyIndex = family;
        queue_info.queueCount = 1;
        queue_info.pQueuePriorities = &priority;
        VkDeviceCreateInfo device_info{VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO};
        device_info.queueCreateInfoCount = 1;
        device_info.pQueueCreateInfos = &queue_info;
        vk(vkCreateDevice(physical, &device_info, nullptr, &device));
        vkGetDeviceQueue(device, family, 0, &queue);
    }
    ~VulkanDevice() {
        vkDestroyDevice(device, nullptr);
        if (messenger) {
            const auto destroy = reinterpret_cast<PFN_vkDestroyDebugUtilsMessengerEXT>(
                vkGetInstanceProcAddr(instance, "vkDestroyDebugUtilsMessengerEXT"));
            destroy(instance, messenger, nullptr);
        }
        vkDestroyInstance(instance, nullptr);
        HOST_REQUIRE(problems == 0);
    }
    VulkanDevice(const VulkanDevice&) = delete;
    VulkanDevice& operator=(const VulkanDevice&) = delete;

    Buffer make_buffer(std::size_t size, VkBufferUsageFlags usage) const {
        Buffer made{};
        made.size = size;
        VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
        info.size = size;
        info.usage = usage;
        vk(vkCreateBuffer(device, &info, nullptr, &made.buffer));
        VkMemoryRequirements needs;
        vkGetBufferMemoryRequirements(device, made.buffer, &needs);
        VkPhysicalDeviceMemoryProperties memory;
        vkGetPhysicalDeviceMemoryProperties(physical, &memory);
        VkMemoryAllocateInfo allocation{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
        allocation.allocationSize = needs.size;
        constexpr VkMemoryPropertyFlags wanted = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
        for (uint32_t i = 0; i < memory.memoryTypeCount; ++i)
            if ((needs.memoryTypeBits >> i & 1) && (memory.memoryTypes[i].propertyFlags & wanted) == wanted)
                allocation.memoryTypeIndex = i;
        vk(vkAllocateMemory(device, &allocation, nullptr, &made.memory));
        vk(vkBindBufferMemory(device, made.buffer, made.memory, 0));
        vk(vkMapMemory(device, made.memory, 0, VK_WHOLE_SIZE, 0, &made.mapped));
        return made;
    }
    void destroy(const Buffer& one) const {
        vkDestroyBuffer(device, one.buffer, nullptr);
        vkFreeMemory(device, one.memory, nullptr);
    }

    VkInstance instance;
    VkPhysicalDevice physical;
    uint32_t family = 0;
    VkDevice device;
    VkQueue queue;

private:
    VkDebugUtilsMessengerEXT messenger = VK_NULL_HANDLE;
};

#endif
