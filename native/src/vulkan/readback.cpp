#include "vulkan/readback.h"

#include <algorithm>

#include "common/error.h"
#include "vulkan/steps.h"

namespace snn::vulkan {

Readback::Readback(Device& device, std::span<const VkDeviceSize> sizes, uint32_t frame_count, const Range& memory)
    : device_(device), sizes_(sizes.begin(), sizes.end()), frames_(frame_count, 0), memory_(memory) {
    for (const VkDeviceSize bytes : sizes_) {
        begins_.push_back(frame_bytes_);
        frame_bytes_ += bytes;
    }
    if (const VkDeviceSize bytes = frame_bytes_ * frame_count; !memory_.buffer || memory_.size < bytes)
        memory_ = device.allocate_for_copies(bytes, Memory::readback);
}

void Readback::record(VkCommandBuffer commands, uint64_t frame, std::span<const Range> sources) {
    const uint64_t last = *std::max_element(frames_.begin(), frames_.end());
    if (frame < last || frame == UINT64_MAX)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "frame is ", frame,
                    last > 0 ? text("; the one before was ", last - 1) : std::string(), ", and frames ascend");
    const VkDeviceSize begin = memory_.offset + next_ * frame_bytes_;
    frames_[next_] = frame + 1;
    next_ = (next_ + 1) % frames_.size();
    copy_barrier(device_, commands);
    for (size_t i = 0; i < sources.size(); ++i) {
        const VkBufferCopy copy{sources[i].offset, begin + begins_[i], sizes_[i]};
        device_.functions.vkCmdCopyBuffer(commands, sources[i].buffer, memory_.buffer, 1, &copy);
    }
    host_barrier(device_, commands);
}

const uint32_t* Readback::find(size_t place, uint64_t finished, uint64_t& out_frame) const {
    size_t best = frames_.size();
    for (size_t i = 0; i < frames_.size(); ++i)
        if (frames_[i] > 0 && frames_[i] - 1 <= finished && (best == frames_.size() || frames_[i] > frames_[best])) best = i;
    if (best == frames_.size()) return nullptr;
    out_frame = frames_[best] - 1;
    return reinterpret_cast<const uint32_t*>(memory_.as<char>() + best * frame_bytes_ + begins_[place]);
}

}  // namespace snn::vulkan
