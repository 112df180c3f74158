// How many workgroups a dispatch has.
#pragma once

#include <cstdint>

#include "vulkan/shader_arguments.h"

namespace snn::vulkan {

// Of a dispatch, in each direction, on every device: the least that Vulkan allows for maxComputeWorkGroupCount.
inline constexpr uint32_t most_groups = 65535;

inline uint32_t groups_for(uint32_t invocations) { return (invocations + shader::GROUP_SIZE - 1) / shader::GROUP_SIZE; }

}  // namespace snn::vulkan
