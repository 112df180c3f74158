#include "vulkan/functions.h"

#include <dlfcn.h>

#include <type_traits>

#include "common/error.h"

namespace snn::vulkan {

const Loader& loader() {
    static const Loader opened = [] {
        Loader found;
        void* const library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
        if (!library) return found;
        found.vkGetInstanceProcAddr =
            reinterpret_cast<PFN_vkGetInstanceProcAddr>(dlsym(library, "vkGetInstanceProcAddr"));
        if (!found.vkGetInstanceProcAddr) return found;
        const auto load = [&](auto& function, const char* name) {
            function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(
                found.vkGetInstanceProcAddr(nullptr, name));
        };
        load(found.vkCreateInstance, "vkCreateInstance");
        load(found.vkEnumerateInstanceVersion, "vkEnumerateInstanceVersion");
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

DeviceFunctions load_device_functions(const InstanceFunctions& instance, VkDevice device) {
    DeviceFunctions functions;
#define SNN_VULKAN_LOAD(name)                                                                   \
    functions.name = reinterpret_cast<PFN_##name>(instance.vkGetDeviceProcAddr(device, #name)); \
    if (!functions.name) throw Error(SNN_ERROR_INVALID_ARGUMENT, "vkGetDeviceProcAddr does not know " #name);
    SNN_VULKAN_DEVICE_FUNCTIONS(SNN_VULKAN_LOAD)
#undef SNN_VULKAN_LOAD
    return functions;
}

void check(VkResult result, const char* what) {
    if (result >= 0) return;
    switch (result) {
        case VK_ERROR_OUT_OF_HOST_MEMORY:
        case VK_ERROR_OUT_OF_DEVICE_MEMORY:
            throw Error(SNN_ERROR_OUT_OF_MEMORY, "the Vulkan device ", what,
                        ": its memory is used up; a smaller network, a smaller batch or device \"cpu\" may fit");
        case VK_ERROR_DEVICE_LOST:
            throw Error(SNN_ERROR_DEVICE_LOST, "the Vulkan device ", what,
                        ": it was lost (a driver reset, or it was removed); open a new session and load the last saved state");
        default: throw Error(SNN_ERROR_UNSUPPORTED, "the Vulkan device ", what, ": its driver said ", static_cast<int>(result));
    }
}

}  // namespace snn::vulkan
