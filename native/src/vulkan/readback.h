// Values that come back to the host without waiting: copies to memory that both see, one for each of the last frames, and the
// host says which frames are finished.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "vulkan/device.h"

namespace snn::vulkan {

class Readback {
public:
    // `sizes`: bytes of each value, multiples of 4. `memory` is used where it is large enough.
    Readback(Device& device, std::span<const VkDeviceSize> sizes, uint32_t frame_count, const Range& memory);
    const Range& memory() const { return memory_; }

    // Copies from these ranges, one for each value, in the place of the oldest frame. Frames ascend: throws where this one does
    // not.
    void record(VkCommandBuffer commands, uint64_t frame, std::span<const Range> sources);
    // A value of the newest frame up to `finished`; null: none is kept.
    const uint32_t* find(size_t place, uint64_t finished, uint64_t& out_frame) const;

private:
    Device& device_;
    std::vector<VkDeviceSize> begins_, sizes_;  // of each value, in a frame
    VkDeviceSize frame_bytes_ = 0;
    std::vector<uint64_t> frames_;              // 1 + number of the one that each place holds; 0: none
    size_t next_ = 0;                           // place
    Range memory_;
};

}  // namespace snn::vulkan
