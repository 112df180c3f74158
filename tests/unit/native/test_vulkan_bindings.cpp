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

#else

TEST_CASE("descriptor sets") { std::puts("skipped: built without Vulkan"); }

#endif
