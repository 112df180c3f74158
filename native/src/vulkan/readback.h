// Values that return to the host without waiting. Commands copy them to memory that host and device share, which has a place
// for each of the last frames. The host program tells which frames have finished.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "vulkan/device.h"

namespace snn::vulkan {

class Readback {
public:
    // `sizes`: bytes of each value, multiples of 4. `memory` is reused if it is large enough.
    Readback(Device& device, std::span<const VkDeviceSize> sizes, uint32_t frame_count, const Range& memory);
    const Range& memory() const { return memory_; }

    // Records copies from these ranges, one for each value, over the oldest frame. Throws if `frame` is not greater than the
    // last one.
    void record(VkCommandBuffer commands, uint64_t frame, std::span<const Range> sources);
    // A value of the newest frame up to `finished`; null if no such frame is kept.
    const uint32_t* find(size_t place, uint64_t finished, uint64_t& out_frame) const;

private:
    Device& device_;
    std::vector<VkDeviceSize> begins_, sizes_;  // by value, in bytes: offset in a frame, and size
    VkDeviceSize frame_bytes_ = 0;
    std::vector<uint64_t> frames_;              // by place: 1 + number of the frame that it holds; 0: none
    size_t next_ = 0;                           // place of the next frame
    Range memory_;
};

}  // namespace snn::vulkan
