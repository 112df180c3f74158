// What a device is given to run: command buffers, their submission, and waiting for them.
#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

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
    wait_for_run();  // it may be running these
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
    if (is_lost_) check(VK_ERROR_DEVICE_LOST, "could not take work");
}

void Device::submit_locked(const VkSubmitInfo& info, VkFence fence) {
    check_not_lost();
    check(functions.vkResetFences(handle, 1, &fence), "could not reset a fence");
    if (host_.lock_queue) host_.lock_queue(host_.user);
    const VkResult submitted = heed(functions.vkQueueSubmit(queue_, 1, &info, fence));
    if (host_.unlock_queue) host_.unlock_queue(host_.user);
    check(submitted, "could not take work");
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
    if (!is_running_) return;
    wait_for(fence_);
    is_running_ = false;
}

// Without memory for waiting, by asking: what the device runs must not be destroyed. A device that is lost runs nothing.
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
    std::vector<VkSemaphore> waits, signals;
    std::vector<uint64_t> wait_values, signal_values;
    const auto take = [](const SNNVulkanSemaphore* given, uint32_t count, auto& semaphores, auto& values) {
        bool is_timeline = false;
        for (uint32_t i = 0; i < count; ++i) {
            semaphores.push_back((VkSemaphore)given[i].semaphore);  // a pointer or a number, as the platform has it
            values.push_back(given[i].value);
            is_timeline |= given[i].value != 0;
        }
        return is_timeline;
    };
    const bool timeline_waits = take(submission.waits, submission.wait_count, waits, wait_values);
    const bool timeline_signals = take(submission.signals, submission.signal_count, signals, signal_values);
    const std::vector<VkPipelineStageFlags> stages(
        waits.size(),
        VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT);
    auto values = made<VkTimelineSemaphoreSubmitInfo>(VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO);
    values.waitSemaphoreValueCount = submission.wait_count;
    values.pWaitSemaphoreValues = wait_values.data();
    values.signalSemaphoreValueCount = submission.signal_count;
    values.pSignalSemaphoreValues = signal_values.data();
    auto info = made<VkSubmitInfo>(VK_STRUCTURE_TYPE_SUBMIT_INFO);
    if (timeline_waits || timeline_signals) info.pNext = &values;
    info.waitSemaphoreCount = submission.wait_count;
    info.pWaitSemaphores = waits.data();
    info.pWaitDstStageMask = stages.data();
    info.commandBufferCount = 1;
    info.pCommandBuffers = &commands;
    info.signalSemaphoreCount = submission.signal_count;
    info.pSignalSemaphores = signals.data();
    Submission& mine = *std::find_if(submissions_.begin(), submissions_.end(),
                                     [&](const Submission& one) { return one.commands == commands; });
    submit_locked(info, mine.fence);
    mine.number = ++submission_count_;
}

void Device::end_submissions() {
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
    auto submission = made<VkSubmitInfo>(VK_STRUCTURE_TYPE_SUBMIT_INFO);
    submission.commandBufferCount = static_cast<uint32_t>(commands.size());
    submission.pCommandBuffers = commands.data();
    submit_locked(submission, fence_);
    is_running_ = true;
    ++run_count_;
    wait_for_run();
}

}  // namespace snn::vulkan
