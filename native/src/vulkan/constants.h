// The constants of a population as the words of a buffer; the places are those that shaders/arguments.h tells.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "network/plan.h"
#include "vulkan/model_shader.h"

namespace snn::vulkan {

struct PackedConstants {
    std::vector<uint32_t> words;  // scales of receptors, tables of means, shared constants, own ones, limits of the tables
    uint32_t poisson = 0, shared = 0, own = 0;  // where they begin
    ConstantPlaces places;
};
// `scales`: of receptors in fixed point; none where no receptor is.
PackedConstants pack_constants(const PopulationConstants& values, uint32_t size, std::span<const float> scales);

}  // namespace snn::vulkan
