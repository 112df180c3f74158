// The memory layout of a brain, which is one sample that a workgroup keeps in its shared memory (brains.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "network/plan.h"

namespace snn::vulkan {

constexpr uint32_t nowhere = UINT32_MAX;

struct BrainLayout {
    struct OfPopulation {
        uint32_t entry = 0;                // offset in the table
        uint32_t slots = 0, width = 0;     // size of the activity ring; slots 0: the population has no ring
        uint32_t ring = 0, states = 0;     // offsets in shared memory
    };
    struct OfProjection {
        uint32_t entry = 0;                // offset in the table
        uint32_t held = nowhere;           // offset in shared memory of a sum that is constant while inputs are held
    };
    std::vector<OfPopulation> populations;           // by population
    std::vector<OfProjection> projections;           // by projection
    uint32_t first_projection = 0, table_words = 0;  // offset in the table; length of the table
    uint64_t brain_words = 0;                        // shared memory of one brain
    uint64_t step_weights = 0;                       // estimate of the weights that a step reads
    std::string not_possible_because;                // set if the network cannot run as brains; the rest is then empty
};

// A pure function of the plan; it knows no device.
BrainLayout make_brain_layout(const Plan& plan);

}  // namespace snn::vulkan
