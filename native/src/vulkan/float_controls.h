// What shaders ask of a device's float32 arithmetic where Vulkan leaves it room, with the extension
// VK_KHR_shader_float_controls: some drivers flush denormals, or take no notice of signs of zeros and of NaN, unless they are
// asked.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "vulkan/functions.h"

namespace snn::vulkan {

struct FloatControls {
    bool keeps_denormals = false, rounds_to_nearest = false, keeps_zeros_and_nan = false;
    bool operator==(const FloatControls&) const = default;
};

// What the device can be asked for.
FloatControls float_controls_of(const InstanceFunctions& functions, VkPhysicalDevice device, uint32_t api_version);

// The module with its entry point asking for it.
std::vector<uint32_t> with_float_controls(std::span<const uint32_t> spirv, const FloatControls& controls);

}  // namespace snn::vulkan
