// The constants of a population as the words of a buffer, in the layout of shaders/arguments.h.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "network/plan.h"
#include "vulkan/model_shader.h"

namespace snn::vulkan {

struct PackedConstants {
    // In this order: receptor scales, Poisson tables, shared constants, constants per neuron, limits of the Poisson tables.
    std::vector<uint32_t> words;
    uint32_t poisson = 0, shared = 0, own = 0;  // where the tables, the shared constants and those per neuron begin
    ConstantPlaces places;
};
// `scales`: of fixed-point sums, by receptor; 0 for a receptor without them. May be empty if no receptor has any.
PackedConstants pack_constants(const PopulationConstants& values, uint32_t size, std::span<const float> scales);

}  // namespace snn::vulkan
