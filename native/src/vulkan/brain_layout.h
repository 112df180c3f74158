// Where everything of a brain lies: of a sample that one workgroup has in its shared memory (brains.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "network/plan.h"

namespace snn::vulkan {

constexpr uint32_t nowhere = UINT32_MAX;

struct BrainLayout {
    struct OfPopulation {
        uint32_t entry = 0;                // in the table
        uint32_t slots = 0, width = 0;     // of the ring of activity; slots 0: it has none
        uint32_t ring = 0, states = 0;     // in shared memory
    };
    struct OfProjection {
        uint32_t entry = 0;
        uint32_t held = nowhere;           // in shared memory: room for a sum that may be the same in all steps
    };
    std::vector<OfPopulation> populations;           // by population
    std::vector<OfProjection> projections;           // by projection
    uint32_t first_projection = 0, table_words = 0;  // of the table
    uint64_t brain_words = 0;                        // of shared memory
    uint64_t step_weights = 0;                       // about how many a step reads
    std::string not_possible_because;                // set for networks of another kind; the rest is empty then
};

// A pure function of the plan; it knows no device.
BrainLayout make_brain_layout(const Plan& plan);

}  // namespace snn::vulkan
