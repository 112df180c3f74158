// The device "vulkan": compute shaders on any GPU that has a Vulkan driver. The kernels are in shaders/.
#pragma once

#include "backend/backend.h"

namespace snn {

extern const Backend vulkan_backend;

}  // namespace snn
