// Plays the doors to Vulkan without Unreal: steps in the command buffers and between the semaphores of a host with a device of its own.
//
// Environment: SNN_CONTENT  a folder with creature.snn    SNN_EXPECTED  the line that the game prints
#define DOCTEST_CONFIG_IMPLEMENT
#include "SnnVulkanRHI.h"

#include "../creature.hpp"

#include <doctest/doctest.h>

#define HOST_REQUIRE(condition) REQUIRE(condition)
#include "../vulkan_device.hpp"

#include <condition_variable>
#include <fstream>
#include <functional>
#include <iterator>
#include <mutex>
#include <thread>

namespace {

SnnUnreal::NetworkPtr creature() {
    std::ifstream file(std::string(std::getenv("SNN_CONTENT")) + "/creature.snn", std::ios::binary);
    const std::vector<char> bytes(std::istreambuf_iterator<char>(file), {});
    std::string error;
    const SnnUnreal::NetworkPtr network = SnnUnreal::LoadNetwork(bytes.data(), bytes.size(), error);
    REQUIRE_MESSAGE(static_cast<bool>(network), error);
    return network;
}

// Unreal's renderer: a device, and a command buffer that is submitted with each frame.
class Rhi : public IVulkanDynamicRHI {
public:
    Rhi() {
        GDynamicRHI = this;
        VkCommandPoolCreateInfo pool{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
        pool.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT;
        pool.queueFamilyIndex = vulkan.family;
        vk(vkCreateCommandPool(vulkan.device, &pool, nullptr, &pool_));
        VkCommandBufferAllocateInfo allocation{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
        allocation.commandPool = pool_;
        allocation.commandBufferCount = 1;
        vk(vkAllocateCommandBuffers(vulkan.device, &allocation, &commands_));
        VkSemaphoreCreateInfo semaphore{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO};
        for (VkSemaphore& one : semaphores) vk(vkCreateSemaphore(vulkan.device, &semaphore, nullptr, &one));
    }
    ~Rhi() override {
        vk(vkQueueWaitIdle(vulkan.queue));
        for (VkSemaphore one : semaphores) vkDestroySemaphore(vulkan.device, one, nullptr);
        vkDestroyCommandPool(vulkan.device, pool_, nullptr);
        GDynamicRHI = nullptr;
    }

    VkInstance RHIGetVkInstance() const override { return vulkan.instance; }
    VkDevice RHIGetVkDevice() const override { return vulkan.device; }
    VkPhysicalDevice RHIGetVkPhysicalDevice() const override { return vulkan.physical; }
    uint32_t RHIGetGraphicsQueueFamilyIndex() const override { return vulkan.family; }
    VkQueue RHIGetGraphicsVkQueue() const override { return vulkan.queue; }
    void* RHIGetVkInstanceProcAddr(const char* name) const override {
        return std::string(name) == "vkGetInstanceProcAddr" ? reinterpret_cast<void*>(vkGetInstanceProcAddr) : nullptr;
    }
    VkCommandBuffer RHIGetActiveVkCommandBuffer() override { return commands_; }
    void RHIFinishExternalComputeWork(VkCommandBuffer commands) override {
        CHECK(commands == commands_);
        ++finished;
    }
    void RHIRegisterWork(uint32_t count) override { CHECK(count == 1); }

    void begin_frame() {
        VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
        begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
        vk(vkBeginCommandBuffer(commands_, &begin));
    }
    void end_frame() {
        vk(vkEndCommandBuffer(commands_));
        submit(VK_NULL_HANDLE, VK_NULL_HANDLE, &commands_);
        vk(vkQueueWaitIdle(vulkan.queue));
    }
    void submit(VkSemaphore wait, VkSemaphore signal, const VkCommandBuffer* commands = nullptr) {
        const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
        VkSubmitInfo info{VK_STRUCTURE_TYPE_SUBMIT_INFO};
        info.waitSemaphoreCount = wait != VK_NULL_HANDLE;
        info.pWaitSemaphores = &wait;
        info.pWaitDstStageMask = &stage;
        info.signalSemaphoreCount = signal != VK_NULL_HANDLE;
        info.pSignalSemaphores = &signal;
        info.commandBufferCount = commands != nullptr;
        info.pCommandBuffers = commands;
        vk(vkQueueSubmit(vulkan.queue, 1, &info, VK_NULL_HANDLE));
    }

    const VulkanDevice vulkan;
    VkSemaphore semaphores[2];
    int finished = 0;

private:
    VkCommandPool pool_;
    VkCommandBuffer commands_;
};

// The game: `step` runs so many steps of the brain, and they are done when it returns.
template <class Step>
std::string play(SnnUnreal::VulkanBrain& brain, Rhi& rhi, Step step) {
    const Buffer count = rhi.vulkan.make_buffer(3 * sizeof(float), VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT |
                                                                       VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
    const SnnUnreal::VulkanBuffer bound{reinterpret_cast<uint64_t>(count.buffer), 0, count.size};
    REQUIRE_MESSAGE(brain.BindBuffer("output.spike_count", &bound), brain.Error());
    const int input = brain.FindPopulation("input");
    SnnUnreal::Brain cpu;
    REQUIRE(cpu.Open(creature(), {}));
    std::vector<float> voltages;
    uint64_t done = 0;
    const std::string line = play_creature([&](CreatureFrame& frame) {
        REQUIRE(cpu.Step(1.0f / 60.0f));  // how many steps a frame has
        const uint32_t steps = static_cast<uint32_t>(cpu.StepCount() - done);
        done += steps;
        REQUIRE(brain.SetInput(input, frame.seen.data(), 3));
        std::memset(count.mapped, 0, count.size);
        step(steps);
        for (std::size_t i = 0; i < 3; ++i) frame.spikes[i] = static_cast<int>(static_cast<const float*>(count.mapped)[i]);
        REQUIRE(brain.State("output.v", voltages));
        std::copy(voltages.begin(), voltages.end(), frame.voltages.begin());
    });
    CHECK(brain.StepCount() == done);
    REQUIRE(brain.BindBuffer("output.spike_count", nullptr));
    brain.Close();
    rhi.vulkan.destroy(count);
    return line;
}

}  // namespace

TEST_CASE("the game is the same in Unreal's command lists") {
    Rhi rhi;
    SnnUnreal::VulkanHost host;
    REQUIRE(SnnUnreal::VulkanHostOfRHI(host));
    const auto brain = std::make_shared<SnnUnreal::VulkanBrain>();
    REQUIRE_MESSAGE(brain->Open(creature(), host), brain->Error());
    FRHICommandListImmediate list;
    const std::string line = play(*brain, rhi, [&](uint32_t steps) {
        rhi.begin_frame();
        SnnUnreal::EnqueueSteps(list, brain, steps);
        rhi.end_frame();
    });
    CHECK(line == std::getenv("SNN_EXPECTED"));
    CHECK(rhi.finished == 600);
}

TEST_CASE("the game is the same between the semaphores of a host") {
    Rhi rhi;
    SnnUnreal::VulkanHost host;
    REQUIRE(SnnUnreal::VulkanHostOfRHI(host));
    int locked = 0, locks = 0;
    host.LockQueue = [&] {
        CHECK(locked++ == 0);
        ++locks;
    };
    host.UnlockQueue = [&] { CHECK(--locked == 0); };
    SnnUnreal::VulkanBrain brain;
    REQUIRE_MESSAGE(brain.Open(creature(), host), brain.Error());
    const SnnUnreal::VulkanSemaphore before{reinterpret_cast<uint64_t>(rhi.semaphores[0]), 0},
        after{reinterpret_cast<uint64_t>(rhi.semaphores[1]), 0};
    const std::string line = play(brain, rhi, [&](uint32_t steps) {
        rhi.submit(VK_NULL_HANDLE, rhi.semaphores[0]);
        REQUIRE_MESSAGE(brain.Submit({before}, {after}, steps), brain.Error());
        rhi.submit(rhi.semaphores[1], VK_NULL_HANDLE);
        vk(vkQueueWaitIdle(rhi.vulkan.queue));
    });
    CHECK(line == std::getenv("SNN_EXPECTED"));
    CHECK(locks >= 600);
    CHECK(locked == 0);
}

// One thread submits, as Unreal's does; RHIRunOnQueue(..., true) waits for it.
class SubmissionThread {
public:
    int32_t run(std::function<int32_t()> job) {
        std::unique_lock lock(mutex_);
        job_ = std::move(job);
        changed_.notify_all();
        changed_.wait(lock, [&] { return !job_; });
        return result_;
    }
    ~SubmissionThread() {
        run([&] {
            ends_ = true;
            return 0;
        });
        thread_.join();
    }
    const std::thread::id& id() const { return id_; }

private:
    void loop() {
        std::unique_lock lock(mutex_);
        while (!ends_) {
            changed_.wait(lock, [&] { return static_cast<bool>(job_); });
            result_ = job_();
            job_ = nullptr;
            changed_.notify_all();
        }
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    std::function<int32_t()> job_;
    int32_t result_ = 0;
    bool ends_ = false;
    std::thread thread_{[this] { loop(); }};
    const std::thread::id id_ = thread_.get_id();
};

TEST_CASE("the game is the same when the host submits on a thread of its own") {
    Rhi rhi;
    SubmissionThread submissions;
    SnnUnreal::VulkanHost host;
    REQUIRE(SnnUnreal::VulkanHostOfRHI(host));
    host.Queue = nullptr;
    int count = 0;
    host.Submit = [&](const void* info, uint64_t fence) {
        return submissions.run([&] {
            CHECK(std::this_thread::get_id() == submissions.id());
            ++count;
            return vkQueueSubmit(rhi.vulkan.queue, 1, static_cast<const VkSubmitInfo*>(info), reinterpret_cast<VkFence>(fence));
        });
    };
    SnnUnreal::VulkanBrain brain;
    REQUIRE_MESSAGE(brain.Open(creature(), host), brain.Error());
    const SnnUnreal::VulkanSemaphore before{reinterpret_cast<uint64_t>(rhi.semaphores[0]), 0},
        after{reinterpret_cast<uint64_t>(rhi.semaphores[1]), 0};
    const std::string line = play(brain, rhi, [&](uint32_t steps) {
        submissions.run([&] {
            rhi.submit(VK_NULL_HANDLE, rhi.semaphores[0]);
            return 0;
        });
        REQUIRE_MESSAGE(brain.Submit({before}, {after}, steps), brain.Error());
        submissions.run([&] {
            rhi.submit(rhi.semaphores[1], VK_NULL_HANDLE);
            vk(vkQueueWaitIdle(rhi.vulkan.queue));
            return 0;
        });
    });
    CHECK(line == std::getenv("SNN_EXPECTED"));
    CHECK(count >= 600);
}

TEST_CASE("a state is a buffer on Unreal's device") {
    Rhi rhi;
    SnnUnreal::VulkanHost host;
    REQUIRE(SnnUnreal::VulkanHostOfRHI(host));
    SnnUnreal::VulkanBrain brain;
    REQUIRE(brain.Open(creature(), host));
    SnnUnreal::VulkanBuffer voltages{};
    REQUIRE(brain.StateBuffer("output.v", voltages));
    CHECK(voltages.Buffer != 0);
    CHECK(voltages.SizeBytes == 12);
}

TEST_CASE("a brain on a device says what is wrong and goes on") {
    SnnUnreal::VulkanHost host;
    CHECK(!SnnUnreal::VulkanHostOfRHI(host));  // nothing renders
    Rhi rhi;
    REQUIRE(SnnUnreal::VulkanHostOfRHI(host));
    SnnUnreal::VulkanBrain brain;
    const auto says = [&](const char* words) {
        INFO(brain.Error());
        return brain.Error().find(words) != std::string::npos;
    };
    CHECK(!brain.Submit({}, {}, 1));
    CHECK(says("Open it first"));
    CHECK(!brain.Open(nullptr, host));
    CHECK(says("null"));
    CHECK(!brain.Open(creature(), {}));
    CHECK(says("host->"));
    SnnUnreal::VulkanHost half = host;
    half.LockQueue = [] {};
    CHECK(!brain.Open(creature(), half));
    CHECK(says("both or neither"));
    REQUIRE(brain.Open(creature(), host));
    const float two[2] = {};
    CHECK(!brain.SetInput(brain.FindPopulation("input"), two, 2));
    CHECK(says("3"));
    CHECK(brain.FindPopulation("cells") == -1);
    CHECK(says("cells"));
    SnnUnreal::VulkanBuffer found{};
    CHECK(!brain.StateBuffer("output.w", found));
    CHECK(says("w"));
    const SnnUnreal::VulkanBuffer small{1, 0, 4};
    CHECK(!brain.BindBuffer("output.spikes", &small));
    CHECK(says("size_bytes"));
    CHECK(!brain.Submit({{0, 0}}, {}, 1));
    CHECK(says("semaphore"));
    CHECK(brain.IsOpen());
    CHECK(brain.Submit({}, {}, 3));
    CHECK(brain.StepCount() == 3);
    std::vector<float> values;
    CHECK(brain.State("output.v", values));
    CHECK(values.size() == 3);
}

int main(int argc, char** argv) { return doctest::Context(argc, argv).run(); }
