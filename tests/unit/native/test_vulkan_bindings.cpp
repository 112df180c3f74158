// Descriptor sets of the Vulkan backend: what is bound again, what is forgotten, and when that is used again.
#include <doctest/doctest.h>

#include <cstdio>

#if defined(SNN_VULKAN)

#include <optional>
#include <set>

#include "common/error.h"
#include "vulkan/pipelines.h"

using namespace snn::vulkan;

TEST_CASE("sets of a buffer that is forgotten come back when no recorded command can wait that has them") {
    std::optional<Device> device;
    try {
        device.emplace("", nullptr);
    } catch (const snn::Error& error) {
        std::printf("skipped: %s\n", error.what());
        return;
    }
    Pipelines pipelines(*device);
    const Range kept = device->allocate(64, Memory::device, "one"), changes = device->allocate(64, Memory::readback, "another");
    CHECK(kept.buffer != changes.buffer);
    const VkDescriptorSet of_kept = pipelines.bind({kept});
    std::vector<VkDescriptorSet> given;  // one for each binding of a buffer to be recorded, as a host does in every frame
    for (int frame = 0; frame < 2000; ++frame) {
        pipelines.forget(changes.buffer);
        given.push_back(pipelines.bind({kept, changes}));
        CHECK(pipelines.bind({kept, changes}) == given.back());
        pipelines.count_recording();
    }
    CHECK(pipelines.bind({kept}) == of_kept);
    const std::set<VkDescriptorSet> all(given.begin(), given.end()), last(given.end() - 256, given.end());
    CHECK(last.size() == 256);  // as many may wait to run
    CHECK(all.size() <= 513);   // and no more and more are made
    CHECK_FALSE(all.contains(of_kept));
    // A run that has waited for all of it frees the others at once.
    pipelines.all_have_run();
    pipelines.forget(changes.buffer);
    CHECK(all.contains(pipelines.bind({kept, changes})));
}

namespace {

template <uint32_t version>
VKAPI_ATTR void VKAPI_CALL tell(VkPhysicalDevice, VkPhysicalDeviceProperties* properties) {
    properties->apiVersion = version;
}
VKAPI_ATTR void VKAPI_CALL tell_memory(VkPhysicalDevice, VkPhysicalDeviceMemoryProperties*) {}
VKAPI_ATTR void VKAPI_CALL tell_more(VkPhysicalDevice, VkPhysicalDeviceProperties2* properties) {
    auto* next = static_cast<VkBaseOutStructure*>(properties->pNext);
    for (; next; next = next->pNext)
        if (next->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES)
            reinterpret_cast<VkPhysicalDeviceMaintenance3Properties*>(next)->maxMemoryAllocationSize = 1u << 30;
}

}  // namespace

TEST_CASE("a device is asked for the most bytes of an allocation where it can be") {
    InstanceFunctions functions;
    functions.vkGetPhysicalDeviceProperties = tell<VK_API_VERSION_1_1>;
    functions.vkGetPhysicalDeviceMemoryProperties = tell_memory;
    CHECK(make_candidate(functions, VK_NULL_HANDLE, 0).most_bytes == UINT64_MAX);  // the instance is of Vulkan 1.0
    functions.vkGetPhysicalDeviceProperties2 = tell_more;
    CHECK(make_candidate(functions, VK_NULL_HANDLE, 0).most_bytes == 1u << 30);
    functions.vkGetPhysicalDeviceProperties = tell<VK_API_VERSION_1_0>;
    CHECK(make_candidate(functions, VK_NULL_HANDLE, 0).most_bytes == UINT64_MAX);
}

#else

TEST_CASE("descriptor sets") { std::puts("skipped: built without Vulkan"); }

#endif
