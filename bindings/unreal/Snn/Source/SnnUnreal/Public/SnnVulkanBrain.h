// SnnVulkanBrain.h - a network on a Vulkan device that is there, without a word of Unreal: its steps go into the host's own command
// buffers, or are submitted between the host's semaphores. SnnVulkanRHI.h takes the device from Unreal.
#pragma once

#include "SnnBrain.h"

#include <functional>

namespace SnnUnreal
{
/** A device of the host. VkInstance, VkPhysicalDevice, VkDevice, VkQueue; all of it outlives the brain. */
struct VulkanHost
{
    void* Instance = nullptr;
    void* PhysicalDevice = nullptr;
    void* Device = nullptr;
    void* Queue = nullptr;               // used while a brain is opened, read or submits; never by Record
    uint32_t QueueFamily = 0;            // of Queue and of the command buffers
    void* GetInstanceProcAddr = nullptr; // vkGetInstanceProcAddr
    /** Called around each submission, both or neither. Neither: nobody else submits to Queue meanwhile, or Submit is set. */
    std::function<void()> LockQueue, UnlockQueue;
    /** Called in place of vkQueueSubmit, instead of a lock; Queue may be null then. Submits the VkSubmitInfo, which is valid during the
     *  call, with the VkFence, on any thread, and returns the VkResult after that: SNNVulkanHost.submit in snn_vulkan.h. */
    std::function<int32_t(const void* SubmitInfo, uint64_t Fence)> Submit;
};

/** A VkSemaphore; Value is that of a timeline semaphore, 0 for a binary one. */
struct VulkanSemaphore
{
    uint64_t Semaphore;
    uint64_t Value;
};

/** A part of a VkBuffer. */
struct VulkanBuffer
{
    uint64_t Buffer;
    uint64_t OffsetBytes, SizeBytes;
};

/** Runs a network on a device of the host. There are no spike events. One thread at a time. No function throws: those that return
 *  bool leave a sentence in Error(). Its states are what the device will hold when all that was recorded has run. */
class SNNUNREAL_API VulkanBrain
{
public:
    VulkanBrain();
    ~VulkanBrain();
    VulkanBrain(const VulkanBrain&) = delete;
    VulkanBrain& operator=(const VulkanBrain&) = delete;

    /** Ends what ran before. `Seed`: of the random draws of models that have some. */
    bool Open(const NetworkPtr& Opened, const VulkanHost& Host, uint64_t Seed = 0);
    /** When what was recorded has run. */
    void Close();
    bool IsOpen() const;

    /** -1, and a sentence, when there is none. */
    int FindPopulation(const std::string& Name);
    /** For the steps that come next. Spikes, 0 or 1, hold for one step; values stay. */
    bool SetInput(int Population, const float* Values, std::size_t Count);

    /** Appends steps to a VkCommandBuffer that is recorded, outside a render pass, and is submitted once. Uses no queue. */
    bool Record(void* CommandBuffer, uint32_t StepCount);
    /** Steps in a submission of the brain's own. Does not wait for the device, but for the oldest when 8 are on their way. */
    bool Submit(const std::vector<VulkanSemaphore>& Waits, const std::vector<VulkanSemaphore>& Signals, uint32_t StepCount);

    /** Where a state lies on the device, "output.v": float32, or int32 where it is whole numbers. */
    bool StateBuffer(const std::string& Path, VulkanBuffer& OutBuffer);
    /** Puts "population.input", "population.spikes" or "population.spike_count" into a buffer of the host, float32, from the next
     *  steps on; null ends it. */
    bool BindBuffer(const std::string& Path, const VulkanBuffer* Buffer);
    /** A state on the processor. Waits for what this brain submitted; what was recorded has run before. */
    bool State(const std::string& Path, std::vector<float>& OutValues);

    uint64_t StepCount() const;
    /** What the last call that failed had to say. */
    const std::string& Error() const;

private:
    struct Implementation;
    std::unique_ptr<Implementation> It;
};
}
