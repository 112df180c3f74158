// The device "vulkan": SPIR-V compute on any GPU that has a Vulkan driver. shaders/ holds the kernels.
#pragma once

#include "backend/backend.h"

namespace snn {

extern const Backend vulkan_backend;

}  // namespace snn
