#include "vulkan/device.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>

#include "backend/backend.h"
#include "common/error.h"

namespace snn::vulkan {

namespace {

constexpr uint32_t needed_buffers = 7;  // binding_count of pipelines.h; Vulkan promises 4
constexpr const char* portability_subset = "VK_KHR_portability_subset";  // of vulkan_beta.h, which may not be installed
constexpr VkDeviceSize staging_bytes = VkDeviceSize{4} << 20;

std::string lower_case(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return result;
}

// What a binding reaches, rounded down so that sizes rounded up to the alignment do not exceed it. The environment variable is
// for tests: it simulates a smaller range, so that small networks are cut into segments too.
VkDeviceSize usable_range(VkDeviceSize range, VkDeviceSize alignment) {
    const char* const bytes = std::getenv("SNN_VULKAN_STORAGE_RANGE");
    if (bytes) range = std::min<VkDeviceSize>(range, std::strtoull(bytes, nullptr, 10));
    return range / alignment * alignment;
}

// Whether `choice` selects the device with this number: by number, by a part of the name or by UUID. An empty one selects any.
bool is_chosen(const DeviceDescription& description, uint32_t number, std::string_view choice) {
    if (choice.empty()) return true;
    if (is_device_number(choice)) {
        uint32_t index = 0;
        std::from_chars(choice.data(), choice.data() + choice.size(), index);
        return index == number;
    }
    const std::string wanted = lower_case(choice);
    return description.uuid == wanted || lower_case(description.name).find(wanted) != std::string::npos;
}

Candidate chosen(const Instance& instance, std::string_view choice) {
    std::vector<Candidate> candidates = instance.candidates();
    if (candidates.empty()) refuse_without_device();
    std::string known;
    for (uint32_t i = 0; i < candidates.size(); ++i) {
        const DeviceDescription& description = candidates[i].description;
        if (is_chosen(description, i, choice)) return candidates[i];
        known += text(i ? ", " : "", "vulkan:", i, " (", description.name, description.uuid.empty() ? "" : ", ",
                      description.uuid, ")");
    }
    throw Error(SNN_ERROR_NOT_FOUND, "there is no device 'vulkan:", choice, "'; there are: ", known);
}

InstanceFunctions functions_of(const SNNVulkanHost& host) {
    InstanceFunctions functions = load_instance_functions(
        reinterpret_cast<PFN_vkGetInstanceProcAddr>(host.get_instance_proc_addr), static_cast<VkInstance>(host.instance));
    functions.vkGetPhysicalDeviceProperties2 = nullptr;  // the host's instance may be Vulkan 1.0
    return functions;
}

}  // namespace

DeviceDescription description_of(const SNNVulkanHost& host) {
    return make_candidate(functions_of(host), static_cast<VkPhysicalDevice>(host.physical_device), host.queue_family)
        .description;
}

void refuse_without_device() {
    Instance::shared();  // throws if there is no loader or no driver
    throw Error(SNN_ERROR_UNSUPPORTED, "no Vulkan device of this machine has a compute queue, or no driver is installed "
                                       "(Debian and Ubuntu: the GPU's, or the package mesa-vulkan-drivers)");
}

const DeviceDescription* find_device(std::string_view choice) {
    const std::vector<DeviceDescription>& known = devices();
    for (uint32_t i = 0; i < known.size(); ++i)
        if (is_chosen(known[i], i, choice)) return &known[i];
    return nullptr;
}

Device::Device(std::string_view choice, const SNNVulkanHost* host) {
    try {
        if (host) open_of_host(*host);
        else if (choice == "plan") open_on_paper();
        else open_own(choice);
    } catch (...) {
        close();
        throw;
    }
}

Device::~Device() { close(); }

void Device::open_own(std::string_view choice) {
    instance_ = Instance::shared();
    const Candidate candidate = chosen(*instance_, choice);
    const float priority = 1.0f;
    auto queue = made<VkDeviceQueueCreateInfo>(VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO);
    queue.queueFamilyIndex = candidate.queue_family;
    queue.queueCount = 1;
    queue.pQueuePriorities = &priority;
    auto info = made<VkDeviceCreateInfo>(VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO);
    info.queueCreateInfoCount = 1;
    info.pQueueCreateInfos = &queue;
    const InstanceFunctions& vk = instance_->functions;
    float_controls_ = float_controls_of(vk, candidate.handle, candidate.properties.apiVersion);
    const char* extensions[3];
    info.ppEnabledExtensionNames = extensions;
    const auto enable = [&](const char* name) { extensions[info.enabledExtensionCount++] = name; };
    if (float_controls_ != FloatControls{}) enable(VK_KHR_SHADER_FLOAT_CONTROLS_EXTENSION_NAME);
    // A device with only a subset of Vulkan, such as MoltenVK's, must be opened with this. We use nothing that it lacks.
    if (has_extension(vk, candidate.handle, portability_subset)) enable(portability_subset);
    // A device with this extension always has its feature. A Vulkan 1.0 instance lacks what the extension builds on.
    has_timelines_ = vk.vkGetPhysicalDeviceProperties2 && candidate.properties.apiVersion >= VK_API_VERSION_1_1 &&
                     has_extension(vk, candidate.handle, VK_KHR_TIMELINE_SEMAPHORE_EXTENSION_NAME);
    auto timelines = made<VkPhysicalDeviceTimelineSemaphoreFeatures>(
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES);
    timelines.timelineSemaphore = VK_TRUE;
    if (has_timelines_) {
        enable(VK_KHR_TIMELINE_SEMAPHORE_EXTENSION_NAME);
        info.pNext = &timelines;
    }
    debug_ = load_debug_functions(loader().vkGetInstanceProcAddr, instance_->handle);
    check(vk.vkCreateDevice(candidate.handle, &info, nullptr, &handle), "could not be opened");
    functions.vkDestroyDevice = reinterpret_cast<PFN_vkDestroyDevice>(vk.vkGetDeviceProcAddr(handle, "vkDestroyDevice"));
    host_.queue_family = candidate.queue_family;
    host_.instance = instance_->handle;
    host_.physical_device = candidate.handle;
    host_.device = handle;
    host_.get_instance_proc_addr = reinterpret_cast<decltype(host_.get_instance_proc_addr)>(loader().vkGetInstanceProcAddr);
    take(candidate, vk);
}

// Takes the limits that every device supports.
void Device::open_on_paper() {
    is_on_paper_ = true;
    description_.name = "a plan";
    alignment_ = 256;
    storage_range_ = usable_range(VkDeviceSize{1} << 27, alignment_);
    shared_memory_bytes_ = 16384;
    workgroup_invocations_ = 128;
}

void Device::open_of_host(const SNNVulkanHost& host) {
    host_ = host;
    const auto instance = static_cast<VkInstance>(host.instance);
    const auto physical = static_cast<VkPhysicalDevice>(host.physical_device);
    const auto get = reinterpret_cast<PFN_vkGetInstanceProcAddr>(host.get_instance_proc_addr);
    const InstanceFunctions instance_functions = functions_of(host);
    debug_ = load_debug_functions(get, instance);
    const std::vector<VkQueueFamilyProperties> families = queue_families(instance_functions, physical);
    if (host.queue_family >= families.size())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "host->queue_family is ", host.queue_family, "; the device has ",
                    families.size() == 1 ? std::string("1 queue family (0)")
                                         : text(families.size(), " queue families (0 to ", families.size() - 1, ")"));
    if (!(families[host.queue_family].queueFlags & VK_QUEUE_COMPUTE_BIT))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "host->queue_family is ", host.queue_family, ", and its queues do not compute");
    handle = static_cast<VkDevice>(host.device);
    take(make_candidate(instance_functions, physical, host.queue_family), instance_functions);
}

void Device::take(const Candidate& candidate, const InstanceFunctions& instance_functions) {
    functions = load_device_functions(instance_functions, handle);
    description_ = candidate.description;
    memory_properties_ = candidate.memory;
    const VkPhysicalDeviceLimits& limits = candidate.properties.limits;
    if (limits.maxPerStageDescriptorStorageBuffers < needed_buffers)
        throw Error(SNN_ERROR_UNSUPPORTED, "a shader of the Vulkan device '", description_.name, "' has ",
                    limits.maxPerStageDescriptorStorageBuffers, " storage buffers, and ", needed_buffers,
                    " are needed; another device may do (snn devices)");
    shared_memory_bytes_ = limits.maxComputeSharedMemorySize;
    workgroup_invocations_ = std::min(limits.maxComputeWorkGroupInvocations, limits.maxComputeWorkGroupSize[0]);
    alignment_ = std::max<VkDeviceSize>(16, limits.minStorageBufferOffsetAlignment);
    storage_range_ = usable_range(std::min<VkDeviceSize>(limits.maxStorageBufferRange, candidate.most_bytes), alignment_);
    if (instance_) {
        VkQueue queue;
        functions.vkGetDeviceQueue(handle, candidate.queue_family, 0, &queue);
        host_.queue = queue;
    }
    auto pool = made<VkCommandPoolCreateInfo>(VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO);
    pool.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT;
    pool.queueFamilyIndex = candidate.queue_family;
    check(functions.vkCreateCommandPool(handle, &pool, nullptr, &command_pool_), "could not make a command pool");
    name(VK_OBJECT_TYPE_COMMAND_POOL, command_pool_, "command pool");
    fence_ = make_fence();
    transfer_ = make_commands();
    staging_ = allocate_for_copies(staging_bytes, Memory::readback);
}

void Device::name_object(VkObjectType type, uint64_t object, std::string_view what) const {
    const std::string name = text("snn ", what);
    auto info = made<VkDebugUtilsObjectNameInfoEXT>(VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT);
    info.objectType = type;
    info.objectHandle = object;
    info.pObjectName = name.c_str();
    debug_.name(handle, &info);  // on an error, the object has no name
}

Device::Label::Label(const Device& device, VkCommandBuffer commands, const char* what) : device_(device), commands_(commands) {
    if (!device.debug_.begin_label) return;
    auto info = made<VkDebugUtilsLabelEXT>(VK_STRUCTURE_TYPE_DEBUG_UTILS_LABEL_EXT);
    info.pLabelName = what;
    device.debug_.begin_label(commands, &info);
}

void Device::close() {
    if (!handle) return;
    end_submissions();
    if (submitted_.semaphore) functions.vkDestroySemaphore(handle, (VkSemaphore)submitted_.semaphore, nullptr);
    for (std::vector<Block>& blocks : blocks_)
        for (const Block& block : blocks) destroy(block);
    if (fence_) functions.vkDestroyFence(handle, fence_, nullptr);
    if (command_pool_) functions.vkDestroyCommandPool(handle, command_pool_, nullptr);
    if (instance_ && functions.vkDestroyDevice) functions.vkDestroyDevice(handle, nullptr);
}

}  // namespace snn::vulkan
