// Command buffers of a device, their submission, and waiting for them.
#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "common/error.h"
#include "vulkan/device.h"

namespace snn::vulkan {

VkCommandBuffer Device::make_commands() {
    if (is_on_paper_) return VK_NULL_HANDLE;
    auto info = made<VkCommandBufferAllocateInfo>(VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO);
    info.commandPool = command_pool_;
    info.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
    info.commandBufferCount = 1;
    VkCommandBuffer commands = VK_NULL_HANDLE;
    check(functions.vkAllocateCommandBuffers(handle, &info, &commands), "could not make a command buffer");
    name(VK_OBJECT_TYPE_COMMAND_BUFFER, commands, "commands");
    return commands;
}

void Device::begin(VkCommandBuffer commands, bool again) {
    wait_for_run();  // the device may be running these commands
    auto info = made<VkCommandBufferBeginInfo>(VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO);
    info.flags = again ? VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT : VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
    check(functions.vkBeginCommandBuffer(commands, &info), "could not begin a command buffer");
}

void Device::end(VkCommandBuffer commands) {
    check(functions.vkEndCommandBuffer(commands), "could not record a command buffer");
}

VkFence Device::make_fence() {
    const auto info = made<VkFenceCreateInfo>(VK_STRUCTURE_TYPE_FENCE_CREATE_INFO);
    VkFence fence = VK_NULL_HANDLE;
    check(functions.vkCreateFence(handle, &info, nullptr, &fence), "could not make a fence");
    name(VK_OBJECT_TYPE_FENCE, fence, "fence");
    return fence;
}

VkResult Device::heed(VkResult result) {
    is_lost_ |= result == VK_ERROR_DEVICE_LOST;
    return result;
}

void Device::check_not_lost() const {
    if (answer_of_host_ > 0)
        throw Error(SNN_ERROR_DEVICE_LOST, "the session cannot go on: host->submit returned ", answer_of_host_,
                    " earlier, so nobody knows whether it submitted; open a new session and load the last saved state");
    if (is_lost_) check(VK_ERROR_DEVICE_LOST, "could not take work");
}

VkResult Device::queue_submit(const VkSubmitInfo& info, VkFence fence) {
    // A fence is a pointer or a number, as the platform has it.
    if (host_.submit) return static_cast<VkResult>(host_.submit(host_.user, &info, (uint64_t)fence));
    if (host_.lock_queue) host_.lock_queue(host_.user);
    const VkResult result = functions.vkQueueSubmit(static_cast<VkQueue>(host_.queue), 1, &info, fence);
    if (host_.unlock_queue) host_.unlock_queue(host_.user);
    return result;
}

// Submits commands with the semaphores of `submission`. Also signals the semaphore that counts submissions, if handles() has
// made it. Its value rises only when the queue has taken the work, so that nothing waits for a value that never comes.
void Device::give(std::span<const VkCommandBuffer> commands, const SNNVulkanSubmission& submission, VkFence fence) {
    check_not_lost();
    std::vector<VkSemaphore> waits, signals;
    std::vector<uint64_t> wait_values, signal_values;
    bool is_timeline = false;
    const auto take = [&](const SNNVulkanSemaphore* given, uint32_t count, auto& semaphores, auto& values) {
        for (uint32_t i = 0; i < count; ++i) {
            semaphores.push_back((VkSemaphore)given[i].semaphore);  // a pointer or a number, as the platform has it
            values.push_back(given[i].value);
            is_timeline |= given[i].value != 0;
        }
    };
    take(submission.waits, submission.wait_count, waits, wait_values);
    take(submission.signals, submission.signal_count, signals, signal_values);
    const SNNVulkanSemaphore next{submitted_.semaphore, submitted_.value + 1};
    take(&next, next.semaphore != 0, signals, signal_values);
    const std::vector<VkPipelineStageFlags> stages(
        waits.size(),
        VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT);
    auto values = made<VkTimelineSemaphoreSubmitInfo>(VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO);
    auto info = made<VkSubmitInfo>(VK_STRUCTURE_TYPE_SUBMIT_INFO);
    if (is_timeline) info.pNext = &values;
    values.waitSemaphoreValueCount = info.waitSemaphoreCount = static_cast<uint32_t>(waits.size());
    values.pWaitSemaphoreValues = wait_values.data();
    info.pWaitSemaphores = waits.data();
    info.pWaitDstStageMask = stages.data();
    info.commandBufferCount = static_cast<uint32_t>(commands.size());
    info.pCommandBuffers = commands.data();
    values.signalSemaphoreValueCount = info.signalSemaphoreCount = static_cast<uint32_t>(signals.size());
    values.pSignalSemaphoreValues = signal_values.data();
    info.pSignalSemaphores = signals.data();
    check(functions.vkResetFences(handle, 1, &fence), "could not reset a fence");
    const VkResult result = heed(queue_submit(info, fence));
    if (host_.submit && result == VK_ERROR_VALIDATION_FAILED_EXT)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "host->submit has not submitted, for a reason of the program's own");
    check(result, "could not take work");
    if (result != VK_SUCCESS) {  // the device may be running the commands, or may never run them
        doubtful_ = fence;
        answer_of_host_ = result;
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "host->submit returned ", answer_of_host_,
                    "; it must be what vkQueueSubmit returns: VK_SUCCESS (0) or an error, which is below 0");
    }
    if (next.semaphore) submitted_ = next;
}

SNNVulkanDevice Device::handles() {
    check_not_lost();
    if (has_timelines_ && !submitted_.semaphore) {
        wait_for_submissions();  // the semaphore does not count them
        auto kind = made<VkSemaphoreTypeCreateInfo>(VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO);
        kind.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE;
        kind.initialValue = 1;  // 0 would mean a binary semaphore
        auto info = made<VkSemaphoreCreateInfo>(VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO);
        info.pNext = &kind;
        VkSemaphore semaphore = VK_NULL_HANDLE;
        check(functions.vkCreateSemaphore(handle, &info, nullptr, &semaphore), "could not make a semaphore");
        name(VK_OBJECT_TYPE_SEMAPHORE, semaphore, "submissions");
        submitted_ = {(uint64_t)semaphore, kind.initialValue};
    }
    SNNVulkanDevice handles{};
    handles.queue_family = host_.queue_family;
    handles.instance = host_.instance;
    handles.physical_device = host_.physical_device;
    handles.device = host_.device;
    handles.queue = host_.queue;
    handles.get_instance_proc_addr = host_.get_instance_proc_addr;
    handles.submitted = submitted_;
    return handles;
}

void Device::wait_for(VkFence fence) {
    check_not_lost();
    check(heed(functions.vkWaitForFences(handle, 1, &fence, VK_TRUE, UINT64_MAX)), "could not finish its work");
}

void Device::wait_for(Submission& submission) {
    wait_for(submission.fence);
    submission.number = 0;
}

void Device::wait_for_run() {
    if (doubtful_) check_not_lost();
    if (!is_running_) return;
    wait_for(fence_);
    is_running_ = false;
}

// Never returns while the device may run the commands, as they must not be destroyed then. If waiting fails, for example
// without memory, polls the fence. A lost device runs nothing.
void Device::wait_to_the_end(VkFence fence) {
    VkResult result = functions.vkWaitForFences(handle, 1, &fence, VK_TRUE, UINT64_MAX);
    while (result != VK_SUCCESS && result != VK_ERROR_DEVICE_LOST) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        result = functions.vkGetFenceStatus(handle, fence);
    }
}

VkCommandBuffer Device::begin_submission() {
    check_not_lost();
    Submission* free = nullptr;
    for (Submission& submission : submissions_) {
        if (submission.number) {
            const VkResult status = heed(functions.vkGetFenceStatus(handle, submission.fence));
            check(status, "could not say whether its work is done");
            if (status == VK_SUCCESS) submission.number = 0;
        }
        if (!free || submission.number < free->number) free = &submission;
    }
    if (!free || (free->number && submissions_.size() < most_submissions)) {
        submissions_.push_back({make_commands(), make_fence(), 0});
        free = &submissions_.back();
    }
    if (free->number) wait_for(*free);
    begin(free->commands, false);
    return begun_ = free->commands;
}

void Device::cancel_submission() {
    if (begun_) functions.vkEndCommandBuffer(std::exchange(begun_, VkCommandBuffer{}));
}

void Device::submit(VkCommandBuffer commands, const SNNVulkanSubmission& submission) {
    begun_ = VK_NULL_HANDLE;
    end(commands);
    Submission& mine = *std::find_if(submissions_.begin(), submissions_.end(),
                                     [&](const Submission& one) { return one.commands == commands; });
    give({&commands, 1}, submission, mine.fence);
    mine.number = ++submission_count_;
}

void Device::end_submissions() {
    if (doubtful_) functions.vkWaitForFences(handle, 1, &doubtful_, VK_TRUE, longest_doubt_ns);
    doubtful_ = VK_NULL_HANDLE;
    if (std::exchange(is_running_, false)) wait_to_the_end(fence_);
    for (const Submission& submission : submissions_) {
        if (submission.number) wait_to_the_end(submission.fence);
        functions.vkDestroyFence(handle, submission.fence, nullptr);
    }
    submissions_.clear();
}

void Device::wait_for_submissions() {
    wait_for_run();
    for (Submission& submission : submissions_)
        if (submission.number) wait_for(submission);
}

void Device::run(const std::vector<VkCommandBuffer>& commands) {
    wait_for_submissions();
    give(commands, {}, fence_);
    is_running_ = true;
    ++change_count_;
    wait_for_run();
}

}  // namespace snn::vulkan
