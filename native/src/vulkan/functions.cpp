#include "vulkan/functions.h"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <vector>

#include "common/error.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#if !defined(NOMINMAX)
#define NOMINMAX
#endif
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace snn::vulkan {

namespace {

PFN_vkGetInstanceProcAddr open_loader() {
#if defined(_WIN32)
    // Search the program's folder and the system's folders, but never the current folder.
    const HMODULE library = LoadLibraryExA(loader_name, nullptr, LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
    const auto function = library ? GetProcAddress(library, "vkGetInstanceProcAddr") : nullptr;
    return reinterpret_cast<PFN_vkGetInstanceProcAddr>(reinterpret_cast<void (*)()>(function));
#else
    void* const library = dlopen(loader_name, RTLD_NOW | RTLD_LOCAL);
    return library ? reinterpret_cast<PFN_vkGetInstanceProcAddr>(dlsym(library, "vkGetInstanceProcAddr")) : nullptr;
#endif
}

}  // namespace

const Loader& loader() {
    static const Loader opened = [] {
        Loader found;
        found.vkGetInstanceProcAddr = open_loader();
        if (!found.vkGetInstanceProcAddr) return found;
        const auto load = [&](auto& function, const char* name) {
            function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(
                found.vkGetInstanceProcAddr(nullptr, name));
        };
        load(found.vkCreateInstance, "vkCreateInstance");
        load(found.vkEnumerateInstanceVersion, "vkEnumerateInstanceVersion");
        load(found.vkEnumerateInstanceExtensionProperties, "vkEnumerateInstanceExtensionProperties");
        load(found.vkEnumerateInstanceLayerProperties, "vkEnumerateInstanceLayerProperties");
        return found;
    }();
    return opened;
}

InstanceFunctions load_instance_functions(PFN_vkGetInstanceProcAddr get, VkInstance instance) {
    InstanceFunctions functions;
#define SNN_VULKAN_LOAD(name) functions.name = reinterpret_cast<PFN_##name>(get(instance, #name));
    SNN_VULKAN_INSTANCE_FUNCTIONS(SNN_VULKAN_LOAD)
    SNN_VULKAN_LOAD(vkGetPhysicalDeviceProperties2)
#define SNN_VULKAN_CHECK(name) \
    if (!functions.name) throw Error(SNN_ERROR_INVALID_ARGUMENT, "vkGetInstanceProcAddr does not know " #name);
    SNN_VULKAN_INSTANCE_FUNCTIONS(SNN_VULKAN_CHECK)
#undef SNN_VULKAN_CHECK
#undef SNN_VULKAN_LOAD
    return functions;
}

DebugFunctions load_debug_functions(PFN_vkGetInstanceProcAddr get, VkInstance instance) {
    DebugFunctions functions;
    functions.name = reinterpret_cast<PFN_vkSetDebugUtilsObjectNameEXT>(get(instance, "vkSetDebugUtilsObjectNameEXT"));
    functions.begin_label = reinterpret_cast<PFN_vkCmdBeginDebugUtilsLabelEXT>(get(instance, "vkCmdBeginDebugUtilsLabelEXT"));
    functions.end_label = reinterpret_cast<PFN_vkCmdEndDebugUtilsLabelEXT>(get(instance, "vkCmdEndDebugUtilsLabelEXT"));
    return functions.name && functions.begin_label && functions.end_label ? functions : DebugFunctions{};
}

DeviceFunctions load_device_functions(const InstanceFunctions& instance, VkDevice device) {
    DeviceFunctions functions;
#define SNN_VULKAN_LOAD(name)                                                                   \
    functions.name = reinterpret_cast<PFN_##name>(instance.vkGetDeviceProcAddr(device, #name)); \
    if (!functions.name) throw Error(SNN_ERROR_INVALID_ARGUMENT, "vkGetDeviceProcAddr does not know " #name);
    SNN_VULKAN_DEVICE_FUNCTIONS(SNN_VULKAN_LOAD)
#undef SNN_VULKAN_LOAD
    return functions;
}

namespace {

// Null `functions`: looks among instance extensions.
bool is_listed(const char* name, const InstanceFunctions* functions, VkPhysicalDevice device) {
    const auto enumerate = [&](uint32_t* io_count, VkExtensionProperties* out_extensions) {
        return functions ? functions->vkEnumerateDeviceExtensionProperties(device, nullptr, io_count, out_extensions)
                         : loader().vkEnumerateInstanceExtensionProperties(nullptr, io_count, out_extensions);
    };
    uint32_t count = 0;
    if (enumerate(&count, nullptr) < 0) return false;
    std::vector<VkExtensionProperties> extensions(count);
    if (enumerate(&count, extensions.data()) < 0) return false;
    return std::any_of(extensions.begin(), extensions.end(), [&](const VkExtensionProperties& extension) {
        return std::strcmp(extension.extensionName, name) == 0;
    });
}

}  // namespace

bool has_extension(const InstanceFunctions& functions, VkPhysicalDevice device, const char* name) {
    return is_listed(name, &functions, device);
}

bool has_instance_extension(const char* name) { return is_listed(name, nullptr, VK_NULL_HANDLE); }

namespace {

// The name in the specification, for errors that the functions used here may return.
std::string name_of(VkResult result) {
    switch (result) {
#define SNN_VULKAN_NAME(name) \
    case name: return text(#name " (", static_cast<int>(result), ")");
        SNN_VULKAN_NAME(VK_ERROR_INITIALIZATION_FAILED)
        SNN_VULKAN_NAME(VK_ERROR_MEMORY_MAP_FAILED)
        SNN_VULKAN_NAME(VK_ERROR_LAYER_NOT_PRESENT)
        SNN_VULKAN_NAME(VK_ERROR_EXTENSION_NOT_PRESENT)
        SNN_VULKAN_NAME(VK_ERROR_FEATURE_NOT_PRESENT)
        SNN_VULKAN_NAME(VK_ERROR_TOO_MANY_OBJECTS)
        SNN_VULKAN_NAME(VK_ERROR_FRAGMENTED_POOL)
        SNN_VULKAN_NAME(VK_ERROR_OUT_OF_POOL_MEMORY)
        SNN_VULKAN_NAME(VK_ERROR_FRAGMENTATION)
        SNN_VULKAN_NAME(VK_ERROR_INVALID_SHADER_NV)
        SNN_VULKAN_NAME(VK_ERROR_UNKNOWN)
#undef SNN_VULKAN_NAME
        default: return text(static_cast<int>(result));
    }
}

}  // namespace

void check(VkResult result, std::string_view what) {
    if (result >= 0) return;
    switch (result) {
        case VK_ERROR_OUT_OF_HOST_MEMORY:
        case VK_ERROR_OUT_OF_DEVICE_MEMORY:
            throw Error(SNN_ERROR_OUT_OF_MEMORY, "the Vulkan device ", what,
                        ": its memory is used up; a smaller network, a smaller batch or device \"cpu\" may fit");
        case VK_ERROR_DEVICE_LOST:
            throw Error(SNN_ERROR_DEVICE_LOST, "the Vulkan device ", what,
                        ": it was lost (a driver reset, or it was removed); open a new session and load the last saved state");
        default:
            throw Error(SNN_ERROR_UNSUPPORTED, "the Vulkan device ", what, ": its driver said ", name_of(result),
                        "; another version of the driver, another device (snn devices) or device \"cpu\" may do");
    }
}

}  // namespace snn::vulkan
