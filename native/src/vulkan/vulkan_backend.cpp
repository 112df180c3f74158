#include "vulkan/vulkan_backend.h"

#include <cstdio>

#include "common/error.h"
#include "vulkan/executor.h"

namespace snn {

namespace {

const char* name_of(VkPhysicalDeviceType type) {
    switch (type) {
        case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU: return "discrete GPU";
        case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU: return "integrated GPU";
        case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU: return "virtual GPU";
        case VK_PHYSICAL_DEVICE_TYPE_CPU: return "on the CPU";
        default: return "other";
    }
}

uint32_t device_count() { return static_cast<uint32_t>(vulkan::devices().size()); }

void describe(uint32_t device, SNNDeviceInfo& out_info) {
    const vulkan::DeviceDescription& found = vulkan::devices()[device];
    std::snprintf(out_info.name, sizeof out_info.name, "vulkan:%u", device);
    std::snprintf(out_info.description, sizeof out_info.description, "%.96s (%s, Vulkan %u.%u%s%s)", found.name.c_str(),
                  name_of(found.type), VK_API_VERSION_MAJOR(found.api_version), VK_API_VERSION_MINOR(found.api_version),
                  found.uuid.empty() ? "" : ", ", found.uuid.c_str());
    out_info.core_count = 1;
    out_info.memory_bytes = found.memory_bytes;
    out_info.can_train = 0;
}

std::unique_ptr<Executor> open(std::shared_ptr<const Plan> plan, const ExecutorOptions& options) {
    if (options.flags & (SNN_FLAG_FLOAT64 | SNN_FLAG_SMOOTH_SPIKES))
        throw Error(SNN_ERROR_UNSUPPORTED,
                    "device 'vulkan' computes in float32 only; SNN_FLAG_FLOAT64 and SNN_FLAG_SMOOTH_SPIKES need 'reference'");
    if (options.instruction_set != SNN_ISA_BEST)
        throw Error(SNN_ERROR_UNSUPPORTED, "device 'vulkan' has no instruction sets to choose from; leave it at SNN_ISA_BEST");
    return std::make_unique<vulkan::VulkanExecutor>(std::move(plan), options);
}

}  // namespace

const Backend vulkan_backend{"vulkan", describe, open, nullptr, device_count};

}  // namespace snn
