// Vulkan leaves parts of float32 arithmetic to the device. With the extension VK_KHR_shader_float_controls, shaders can request
// what we need: without a request, some drivers flush denormals, or ignore the signs of zeros and NaN.
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

// What shaders can request on this device.
FloatControls float_controls_of(const InstanceFunctions& functions, VkPhysicalDevice device, uint32_t api_version);

// A copy of the module whose entry point requests `controls`.
std::vector<uint32_t> with_float_controls(std::span<const uint32_t> spirv, const FloatControls& controls);

}  // namespace snn::vulkan
