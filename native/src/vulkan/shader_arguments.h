// Makes shaders/arguments.h and train_arguments.h available to C++.
#pragma once

#include <cstdint>

namespace snn::vulkan::shader {

using uint = uint32_t;
#include "arguments.h"
#include "train_arguments.h"

}  // namespace snn::vulkan::shader
