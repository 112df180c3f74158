// Finds the devices of a machine, and enables the validation layer for tests.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "common/error.h"
#include "vulkan/device.h"

namespace snn::vulkan {

namespace {

constexpr const char* validation_layer = "VK_LAYER_KHRONOS_validation";
// These are newer than some Vulkan headers that we support.
constexpr const char* portability_enumeration = "VK_KHR_portability_enumeration";
constexpr VkInstanceCreateFlags enumerate_portability_bit = 1;

VKAPI_ATTR VkBool32 VKAPI_CALL write_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                             VkDebugUtilsMessageTypeFlagsEXT, const VkDebugUtilsMessengerCallbackDataEXT* data,
                                             void* path) {
    std::string line = data->pMessage;
    std::replace(line.begin(), line.end(), '\n', ' ');
    if (std::FILE* const file = std::fopen(static_cast<const char*>(path), "a")) {
        const bool informs = severity == VK_DEBUG_UTILS_MESSAGE_SEVERITY_INFO_BIT_EXT;
        std::fprintf(file, "%s: %s\n", informs ? "information" : "problem", line.c_str());
        std::fclose(file);
    }
    return VK_FALSE;
}

bool has_layer(const char* name) {
    uint32_t count = 0;
    loader().vkEnumerateInstanceLayerProperties(&count, nullptr);
    std::vector<VkLayerProperties> layers(count);
    loader().vkEnumerateInstanceLayerProperties(&count, layers.data());
    return std::any_of(layers.begin(), layers.end(),
                       [&](const VkLayerProperties& layer) { return std::strcmp(layer.layerName, name) == 0; });
}

int rank(VkPhysicalDeviceType type) {
    switch (type) {
        case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU: return 0;
        case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU: return 1;
        case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU: return 2;
        case VK_PHYSICAL_DEVICE_TYPE_CPU: return 3;
        default: return 4;
    }
}

std::string uuid_text(const uint8_t (&bytes)[VK_UUID_SIZE]) {
    std::string text;
    char digits[3];
    for (int i = 0; i < static_cast<int>(VK_UUID_SIZE); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        std::snprintf(digits, sizeof digits, "%02x", bytes[i]);
        text += digits;
    }
    return text;
}

std::string driver_identity_of(const VkPhysicalDeviceProperties& properties) {
    constexpr char digits[] = "0123456789abcdef";
    std::string identity = text(properties.vendorID, "-", properties.deviceID, "-");
    for (const uint8_t byte : properties.pipelineCacheUUID) {
        identity += digits[byte >> 4];
        identity += digits[byte & 15];
    }
    return identity;
}

}  // namespace

std::string validation_messages() {
    const char* const path = std::getenv("SNN_VULKAN_VALIDATION");
    return path ? path : "";
}

std::shared_ptr<const Instance> Instance::shared() {
    static std::mutex mutex;
    // Never destroyed: the driver's own cleanup at process exit may come first.
    static auto& instance = *new std::shared_ptr<const Instance>;
    const std::lock_guard lock(mutex);
    if (!instance || instance->messages_path_ != validation_messages()) instance = std::make_shared<const Instance>();
    return instance;
}

Instance::Instance() {
    if (!loader().vkCreateInstance)
        throw Error(SNN_ERROR_UNSUPPORTED, "there is no Vulkan on this machine: ", loader_name,
                    " was not found (it comes with the driver of a GPU; Debian and "
                    "Ubuntu: the package libvulkan1, and the GPU's driver or mesa-vulkan-drivers)");
    uint32_t version = VK_API_VERSION_1_0;
    if (loader().vkEnumerateInstanceVersion) loader().vkEnumerateInstanceVersion(&version);
    auto application = made<VkApplicationInfo>(VK_STRUCTURE_TYPE_APPLICATION_INFO);
    application.pEngineName = "snn-engine";
    // Version 1.1 reports a device's UUID and its largest allocation. We use nothing else of it.
    application.apiVersion = version >= VK_API_VERSION_1_1 ? VK_API_VERSION_1_1 : VK_API_VERSION_1_0;
    auto info = made<VkInstanceCreateInfo>(VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO);
    info.pApplicationInfo = &application;

    const char* extensions[2];
    info.ppEnabledExtensionNames = extensions;
    const auto enable = [&](const char* name) { extensions[info.enabledExtensionCount++] = name; };
    // Without this, newer loaders hide devices with only a subset of Vulkan, such as MoltenVK's (see open_own() in device.cpp).
    if (has_instance_extension(portability_enumeration)) {
        enable(portability_enumeration);
        info.flags = enumerate_portability_bit;
    }
    messages_path_ = validation_messages();
    // For names of objects in debuggers. If the loader lacks the extension, the validation layer provides it.
    if (!messages_path_.empty() || has_instance_extension(VK_EXT_DEBUG_UTILS_EXTENSION_NAME))
        enable(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
    auto messenger = made<VkDebugUtilsMessengerCreateInfoEXT>(VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT);
    const VkValidationFeatureEnableEXT synchronization = VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;
    auto features = made<VkValidationFeaturesEXT>(VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT);
    features.enabledValidationFeatureCount = 1;
    features.pEnabledValidationFeatures = &synchronization;
    features.pNext = &messenger;  // covers creation and destruction of the instance itself
    if (!messages_path_.empty()) {
        if (!has_layer(validation_layer))
            throw Error(SNN_ERROR_UNSUPPORTED, "SNN_VULKAN_VALIDATION is set, but the layer ", validation_layer,
                        " is not installed (Debian and Ubuntu: the package vulkan-validationlayers)");
        // The only message of severity INFO is that the layer is active.
        messenger.messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_INFO_BIT_EXT |
                                    VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
                                    VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
        messenger.messageType =
            VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT;
        messenger.pfnUserCallback = write_message;
        messenger.pUserData = messages_path_.data();
        info.enabledLayerCount = 1;
        info.ppEnabledLayerNames = &validation_layer;
        info.pNext = &features;
    }
    const VkResult result = loader().vkCreateInstance(&info, nullptr, &handle);
    if (result == VK_ERROR_INCOMPATIBLE_DRIVER)
        throw Error(SNN_ERROR_UNSUPPORTED,
                    "there is a Vulkan loader on this machine, but no driver: install the GPU's, or Debian's "
                    "mesa-vulkan-drivers");
    check(result, "could not be reached");
    functions = load_instance_functions(loader().vkGetInstanceProcAddr, handle);
    if (version < VK_API_VERSION_1_1) functions.vkGetPhysicalDeviceProperties2 = nullptr;
    if (messages_path_.empty()) return;
    const auto create = reinterpret_cast<PFN_vkCreateDebugUtilsMessengerEXT>(
        loader().vkGetInstanceProcAddr(handle, "vkCreateDebugUtilsMessengerEXT"));
    if (create) create(handle, &messenger, nullptr, &messenger_);
}

Instance::~Instance() {
    if (!handle) return;
    const auto destroy = reinterpret_cast<PFN_vkDestroyDebugUtilsMessengerEXT>(
        loader().vkGetInstanceProcAddr(handle, "vkDestroyDebugUtilsMessengerEXT"));
    if (messenger_ && destroy) destroy(handle, messenger_, nullptr);
    functions.vkDestroyInstance(handle, nullptr);
}

std::vector<VkQueueFamilyProperties> queue_families(const InstanceFunctions& functions, VkPhysicalDevice device) {
    uint32_t count = 0;
    functions.vkGetPhysicalDeviceQueueFamilyProperties(device, &count, nullptr);
    std::vector<VkQueueFamilyProperties> families(count);
    functions.vkGetPhysicalDeviceQueueFamilyProperties(device, &count, families.data());
    return families;
}

Candidate make_candidate(const InstanceFunctions& functions, VkPhysicalDevice device, uint32_t queue_family) {
    Candidate candidate{device, queue_family, {}, {}, UINT64_MAX, {}};
    functions.vkGetPhysicalDeviceProperties(device, &candidate.properties);
    functions.vkGetPhysicalDeviceMemoryProperties(device, &candidate.memory);
    DeviceDescription& description = candidate.description;
    description.name = candidate.properties.deviceName;
    description.driver_identity = driver_identity_of(candidate.properties);
    description.type = candidate.properties.deviceType;
    description.api_version = candidate.properties.apiVersion;
    description.driver_version = candidate.properties.driverVersion;
    if (functions.vkGetPhysicalDeviceProperties2 && description.api_version >= VK_API_VERSION_1_1) {
        auto memory =
            made<VkPhysicalDeviceMaintenance3Properties>(VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES);
        auto id = made<VkPhysicalDeviceIDProperties>(VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES);
        id.pNext = &memory;
        auto all = made<VkPhysicalDeviceProperties2>(VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2);
        all.pNext = &id;
        functions.vkGetPhysicalDeviceProperties2(device, &all);
        description.uuid = uuid_text(id.deviceUUID);
        candidate.most_bytes = memory.maxMemoryAllocationSize;
    }
    for (uint32_t i = 0; i < candidate.memory.memoryHeapCount; ++i)
        if (candidate.memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
            description.memory_bytes += candidate.memory.memoryHeaps[i].size;
    return candidate;
}

std::vector<Candidate> Instance::candidates() const {
    uint32_t count = 0;
    if (functions.vkEnumeratePhysicalDevices(handle, &count, nullptr) < 0) return {};
    std::vector<VkPhysicalDevice> physical(count);
    if (functions.vkEnumeratePhysicalDevices(handle, &count, physical.data()) < 0) return {};
    physical.resize(count);
    std::vector<Candidate> found;
    for (const VkPhysicalDevice device : physical) {
        const std::vector<VkQueueFamilyProperties> families = queue_families(functions, device);
        const auto family = std::find_if(families.begin(), families.end(), [](const VkQueueFamilyProperties& properties) {
            return properties.queueFlags & VK_QUEUE_COMPUTE_BIT && properties.queueCount > 0;
        });
        if (family != families.end())
            found.push_back(make_candidate(functions, device, static_cast<uint32_t>(family - families.begin())));
    }
    std::stable_sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) {
        return rank(a.description.type) < rank(b.description.type);
    });
    return found;
}

const std::vector<DeviceDescription>& devices() {
    static const std::vector<DeviceDescription> found = [] {
        std::vector<DeviceDescription> descriptions;
        try {
            for (Candidate& candidate : Instance::shared()->candidates())
                descriptions.push_back(std::move(candidate.description));
        } catch (const Error&) {
            // Without a loader or a driver there are no devices. Opening one reports why.
        }
        return descriptions;
    }();
    return found;
}

}  // namespace snn::vulkan
