// Records a pass of training: first copies and fills, then dispatches in as few levels as their uses allow, then copies. A long
// pass is split into several command buffers, because some systems reset a device that is busy with one for seconds.
#pragma once

#include <utility>
#include <vector>

#include "vulkan/steps.h"

namespace snn::vulkan {

// Command buffers that run one after the other. They are reused if they are recorded again.
struct Commands {
    std::vector<VkCommandBuffer> buffers;
    size_t used = 0;
};

class Recorder {
public:
    Recorder(Device& device, VkPipelineLayout layout, Commands& commands)
        : device_(device), layout_(layout), commands_(&commands), steps_(device.is_strict()) {
        commands_->used = 0;
        begin();
    }
    // Continues with other commands; end() must have been called for the previous ones.
    void go_on(Commands& commands) {
        commands_ = &commands;
        commands_->used = 0;
        begin();
    }

    // Copies and fills come before dispatches.
    void fill(const Range& range, VkDeviceSize begin, VkDeviceSize bytes) {
        has_copies_ |= bytes > 0;
        if (bytes > 0) device_.functions.vkCmdFillBuffer(now(), range.buffer, range.offset + begin, bytes, 0);
    }
    void copy(const Range& from, VkDeviceSize from_offset, const Range& to, VkDeviceSize to_offset, VkDeviceSize bytes) {
        const VkBufferCopy region{from.offset + from_offset, to.offset + to_offset, bytes};
        has_copies_ |= bytes > 0;
        if (bytes > 0) device_.functions.vkCmdCopyBuffer(now(), from.buffer, to.buffer, 1, &region);
    }
    void add(const Dispatch& dispatch, const std::vector<Use>& uses) {
        steps_.add(dispatch, uses);
        if (++count_ < most_dispatches) return;
        flush();
        device_.end(now());
        ++commands_->used;
        begin();
    }
    // Ends the dispatches. Copies may follow.
    void end_dispatches() {
        flush();
        copy_barrier(device_, now());
    }
    void end() {
        host_barrier(device_, now());
        device_.end(now());
        ++commands_->used;
    }

private:
    static constexpr uint32_t most_dispatches = 4096;  // in a command buffer

    VkCommandBuffer now() const { return commands_->buffers[commands_->used]; }
    void begin() {
        if (commands_->used == commands_->buffers.size()) commands_->buffers.push_back(device_.make_commands());
        device_.begin(now(), true);
        copy_barrier(device_, now());
    }
    void flush() {
        if (std::exchange(has_copies_, false)) copy_barrier(device_, now());
        steps_.record(device_, layout_, now());
        steps_ = Steps(device_.is_strict());
        count_ = 0;
    }

    Device& device_;
    VkPipelineLayout layout_;
    Commands* commands_;
    Steps steps_;
    uint32_t count_ = 0;
    bool has_copies_ = false;  // there are copies or fills without a barrier after them
};

}  // namespace snn::vulkan
