// The number of workgroups of a dispatch.
#pragma once

#include <cstdint>

#include "vulkan/shader_arguments.h"

namespace snn::vulkan {

// The most workgroups of a dispatch in each direction: the least value of maxComputeWorkGroupCount that Vulkan allows.
inline constexpr uint32_t most_groups = 65535;

// Spreads `count` workgroups over y and z, as one direction may be too short. The shader numbers them
// z * gl_NumWorkGroups.y + y and returns in the excess ones, which are fewer than z.
inline void set_y_and_z(uint32_t (&out_groups)[3], uint32_t count) {
    out_groups[2] = (count + most_groups - 1) / most_groups;
    out_groups[1] = (count + out_groups[2] - 1) / out_groups[2];
}

inline uint32_t groups_for(uint32_t invocations) { return (invocations + shader::GROUP_SIZE - 1) / shader::GROUP_SIZE; }

}  // namespace snn::vulkan
