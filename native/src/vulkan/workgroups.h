// How many workgroups a dispatch has.
#pragma once

#include <cstdint>

#include "vulkan/shader_arguments.h"

namespace snn::vulkan {

// Of a dispatch, in each direction, on every device: the least that Vulkan allows for maxComputeWorkGroupCount.
inline constexpr uint32_t most_groups = 65535;

// Lays more workgroups than one direction takes over y and z. Their shader numbers them z * gl_NumWorkGroups.y + y, and returns
// where there are too many: fewer than z are.
inline void set_y_and_z(uint32_t (&out_groups)[3], uint32_t count) {
    out_groups[2] = (count + most_groups - 1) / most_groups;
    out_groups[1] = (count + out_groups[2] - 1) / out_groups[2];
}

inline uint32_t groups_for(uint32_t invocations) { return (invocations + shader::GROUP_SIZE - 1) / shader::GROUP_SIZE; }

}  // namespace snn::vulkan
