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
        uint32_t entry = 0;                      // in the table
        uint32_t slots = 0, width = 0;           // of the ring of activity; slots 0: it has none
        uint32_t ring = 0, states = 0;           // in shared memory
        uint64_t ring_in_memory = 0, states_in_memory = 0;
        uint64_t frames = 0, records = 0;        // of inputs, of other spikes: words that a step has before its own
    };
    struct OfProjection {
        uint32_t entry = 0;
        uint32_t weights = 0, bias = 0;          // among the weights of a brain
        uint32_t held = nowhere;                 // in shared memory: room for a sum that may be the same in all steps
    };
    std::vector<OfPopulation> populations;       // by population
    std::vector<OfProjection> projections;       // by projection
    uint32_t first_projection = 0, table_words = 0;  // of the table
    uint64_t brain_words = 0;                    // of shared memory
    uint64_t memory_words = 0;                   // states and rings of all samples
    uint64_t weight_words = 0;                   // of one brain
    uint64_t frame_words = 0, record_words = 0;  // of a step, all samples
    std::string not_possible_because;            // set for networks of another kind; the rest is empty then
};

// A pure function of the plan and the number of samples; it knows no device.
BrainLayout make_brain_layout(const Plan& plan, uint32_t sample_count);

}  // namespace snn::vulkan
