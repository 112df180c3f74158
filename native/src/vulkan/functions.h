// The Vulkan loader and the functions that we use. The loader is opened when a device is first needed. Nothing links it, so
// libsnn also runs on machines without it.
#pragma once

#include <string_view>

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan_core.h>

namespace snn::vulkan {

#define SNN_VULKAN_INSTANCE_FUNCTIONS(F)                                                                            \
    F(vkDestroyInstance) F(vkEnumeratePhysicalDevices) F(vkGetPhysicalDeviceProperties)                             \
    F(vkGetPhysicalDeviceQueueFamilyProperties) F(vkGetPhysicalDeviceMemoryProperties) F(vkCreateDevice)            \
    F(vkEnumerateDeviceExtensionProperties) F(vkGetDeviceProcAddr)

#define SNN_VULKAN_DEVICE_FUNCTIONS(F)                                                                              \
    F(vkDestroyDevice) F(vkGetDeviceQueue) F(vkAllocateMemory) F(vkFreeMemory) F(vkMapMemory) F(vkCreateBuffer)     \
    F(vkDestroyBuffer) F(vkGetBufferMemoryRequirements) F(vkBindBufferMemory) F(vkCreateShaderModule)               \
    F(vkDestroyShaderModule) F(vkCreateComputePipelines) F(vkDestroyPipeline) F(vkCreatePipelineLayout)             \
    F(vkCreatePipelineCache) F(vkDestroyPipelineCache) F(vkGetPipelineCacheData)                                    \
    F(vkDestroyPipelineLayout) F(vkCreateDescriptorSetLayout) F(vkDestroyDescriptorSetLayout)                       \
    F(vkCreateDescriptorPool) F(vkDestroyDescriptorPool) F(vkAllocateDescriptorSets) F(vkUpdateDescriptorSets)      \
    F(vkCreateCommandPool) F(vkDestroyCommandPool) F(vkAllocateCommandBuffers) F(vkFreeCommandBuffers)              \
    F(vkBeginCommandBuffer) F(vkEndCommandBuffer) F(vkCmdBindPipeline) F(vkCmdBindDescriptorSets)                   \
    F(vkCmdPushConstants) F(vkCmdDispatch) F(vkCmdPipelineBarrier) F(vkCmdCopyBuffer)      \
    F(vkCmdFillBuffer) F(vkCmdUpdateBuffer) F(vkQueueSubmit) F(vkGetFenceStatus) F(vkCreateFence) F(vkDestroyFence) \
    F(vkWaitForFences) F(vkResetFences) F(vkCreateSemaphore) F(vkDestroySemaphore)

// The functions that need no instance. Without a loader, all members are null.
struct Loader {
    PFN_vkGetInstanceProcAddr vkGetInstanceProcAddr = nullptr;
    PFN_vkCreateInstance vkCreateInstance = nullptr;
    PFN_vkEnumerateInstanceVersion vkEnumerateInstanceVersion = nullptr;  // null: Vulkan 1.0
    PFN_vkEnumerateInstanceExtensionProperties vkEnumerateInstanceExtensionProperties = nullptr;
    PFN_vkEnumerateInstanceLayerProperties vkEnumerateInstanceLayerProperties = nullptr;
};
#if defined(_WIN32)
constexpr const char* loader_name = "vulkan-1.dll";
#elif defined(__APPLE__)
constexpr const char* loader_name = "libvulkan.1.dylib";
#else
constexpr const char* loader_name = "libvulkan.so.1";
#endif
// Opened at the first call and kept until the process ends, because some drivers do not survive being unloaded. Thread-safe.
const Loader& loader();

#define SNN_VULKAN_MEMBER(name) PFN_##name name = nullptr;
struct InstanceFunctions {
    SNN_VULKAN_INSTANCE_FUNCTIONS(SNN_VULKAN_MEMBER)
    PFN_vkGetPhysicalDeviceProperties2 vkGetPhysicalDeviceProperties2 = nullptr;  // null: Vulkan 1.0
};
struct DeviceFunctions {
    SNN_VULKAN_DEVICE_FUNCTIONS(SNN_VULKAN_MEMBER)
};
#undef SNN_VULKAN_MEMBER

// Names and labels for validation messages and debuggers. The members are null if the instance has not enabled
// VK_EXT_debug_utils: by the specification, vkGetInstanceProcAddr then returns null, whoever made the instance.
struct DebugFunctions {
    PFN_vkSetDebugUtilsObjectNameEXT name = nullptr;
    PFN_vkCmdBeginDebugUtilsLabelEXT begin_label = nullptr;
    PFN_vkCmdEndDebugUtilsLabelEXT end_label = nullptr;
};
DebugFunctions load_debug_functions(PFN_vkGetInstanceProcAddr get, VkInstance instance);

// Throw SNN_ERROR_INVALID_ARGUMENT if a function is missing.
InstanceFunctions load_instance_functions(PFN_vkGetInstanceProcAddr get, VkInstance instance);
DeviceFunctions load_device_functions(const InstanceFunctions& instance, VkDevice device);

bool has_extension(const InstanceFunctions& functions, VkPhysicalDevice device, const char* name);
bool has_instance_extension(const char* name);  // from the loader or a driver; those from layers do not count

// A Vulkan struct with its type set and the rest zero.
template <class Struct>
Struct made(VkStructureType type) {
    Struct value{};
    value.sType = type;
    return value;
}

// Throws if `result` is an error. `what` completes the sentence "the Vulkan device ...", for example "could not ...", perhaps
// after the device's name.
void check(VkResult result, std::string_view what);

}  // namespace snn::vulkan
