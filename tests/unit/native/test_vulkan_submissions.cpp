// What the Vulkan backend does with submissions that a host program makes for it.
#include <doctest/doctest.h>

#include <cstdio>

#if defined(SNN_VULKAN)

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/error.h"
#include "vulkan/device.h"

using namespace snn::vulkan;

namespace {

// A program that has a device and submits for others; its next submission gets `answer`.
struct Program {
    Device device{"", nullptr};
    int32_t answer = VK_SUCCESS;
    size_t submissions = 0;

    static int32_t SNN_CALL submit(void* user, const void* info, uint64_t fence) {
        auto& self = *static_cast<Program*>(user);
        const auto queue = static_cast<VkQueue>(self.device.handles().queue);
        // A fence is a pointer or a number, as the platform has it.
        CHECK(self.device.functions.vkQueueSubmit(queue, 1, static_cast<const VkSubmitInfo*>(info), (VkFence)fence) ==
              VK_SUCCESS);
        ++self.submissions;
        return std::exchange(self.answer, VK_SUCCESS);
    }

    SNNVulkanHost host() {
        const SNNVulkanDevice handles = device.handles();
        SNNVulkanHost host{};
        host.queue_family = handles.queue_family;
        host.instance = handles.instance;
        host.physical_device = handles.physical_device;
        host.device = handles.device;
        host.get_instance_proc_addr = handles.get_instance_proc_addr;
        host.user = this;
        host.submit = submit;
        return host;
    }
};

bool open(std::optional<Program>& out_program) {
    try {
        out_program.emplace();
        return true;
    } catch (const snn::Error& error) {
        std::printf("skipped: %s\n", error.what());
        return false;
    }
}

// The order of calls: waits with their limits in nanoseconds, 0 for a fence that is destroyed.
std::vector<uint64_t> called;
PFN_vkWaitForFences real_wait = nullptr;
PFN_vkDestroyFence real_destroy = nullptr;

VKAPI_ATTR VkResult VKAPI_CALL wait_for_fences(VkDevice device, uint32_t count, const VkFence* fences, VkBool32 all,
                                               uint64_t limit) {
    called.push_back(limit);
    return real_wait(device, count, fences, all, limit);
}

VKAPI_ATTR void VKAPI_CALL destroy_fence(VkDevice device, VkFence fence, const VkAllocationCallbacks* callbacks) {
    called.push_back(0);
    real_destroy(device, fence, callbacks);
}

SNNStatus status_of(const auto& call, std::string& out_sentence) {
    try {
        call();
    } catch (const snn::Error& error) {
        out_sentence = error.what();
        return error.status();
    }
    return SNN_OK;
}

}  // namespace

TEST_CASE("what a host may have submitted is waited for before anything is freed") {
    for (const bool in_background : {false, true}) {
        CAPTURE(in_background);
        std::optional<Program> program;
        if (!open(program)) return;
        const SNNVulkanHost host = program->host();
        {
            Device device("", &host);
            const VkCommandBuffer whole = device.make_commands();
            const auto give = [&] {
                if (in_background) {
                    device.submit(device.begin_submission(), {});
                } else {
                    device.begin(whole, false);
                    device.end(whole);
                    device.run({whole});
                }
            };
            std::string sentence;
            CHECK(status_of(give, sentence) == SNN_OK);
            device.wait_for_submissions();
            program->answer = VK_TIMEOUT;
            CHECK(status_of(give, sentence) == SNN_ERROR_INVALID_ARGUMENT);
            CHECK(sentence == "host->submit returned 2; it must be what vkQueueSubmit returns: VK_SUCCESS (0) or an error, "
                              "which is below 0");
            CHECK(program->submissions == 2);
            for (int attempt = 0; attempt < 2; ++attempt) {
                CHECK(status_of(give, sentence) == SNN_ERROR_DEVICE_LOST);
                CHECK(sentence.find("host->submit returned 2 earlier, so nobody knows whether it submitted") !=
                      std::string::npos);
                CHECK(status_of([&] { device.wait_for_submissions(); }, sentence) == SNN_ERROR_DEVICE_LOST);
            }
            CHECK(program->submissions == 2);
            called.clear();
            real_wait = std::exchange(device.functions.vkWaitForFences, wait_for_fences);
            real_destroy = std::exchange(device.functions.vkDestroyFence, destroy_fence);
        }
        REQUIRE(called.size() >= 2);
        CHECK(called[0] == 5'000'000'000);  // not for ever: the host may not have submitted at all
        for (size_t i = 1; i < called.size(); ++i) CHECK(called[i] == 0);
    }
}

TEST_CASE("a submission that a host refuses can be made again") {
    std::optional<Program> program;
    if (!open(program)) return;
    SNNVulkanHost host = program->host();
    static int refusals;
    refusals = 1;
    host.submit = [](void* user, const void* info, uint64_t fence) -> int32_t {
        return refusals-- > 0 ? VK_ERROR_OUT_OF_HOST_MEMORY : Program::submit(user, info, fence);
    };
    Device device("", &host);
    std::string sentence;
    CHECK(status_of([&] { device.submit(device.begin_submission(), {}); }, sentence) == SNN_ERROR_OUT_OF_MEMORY);
    CHECK(status_of([&] { device.submit(device.begin_submission(), {}); }, sentence) == SNN_OK);
    device.wait_for_submissions();
    CHECK(program->submissions == 1);
}

#else

TEST_CASE("submissions of a Vulkan host") { std::puts("skipped: built without Vulkan"); }

#endif
