// A plan as a graph: the network's state goes in, one or several steps are computed, the state after them comes out.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "npu/graph.h"

namespace snn::npu {

// What a session has now; it may differ from the network's.
struct SessionValues {
    std::function<const PopulationConstants&(uint32_t population)> constants;
    std::function<std::span<const float>(uint32_t projection)> weights, bias;
    // The value that all neurons have in this state, where it is one.
    std::function<std::optional<double>(uint32_t population, uint32_t state)> uniform_state;
};

// Of weights as the device has them. int8: of matrices and convolutions, with a float32 scale for each target neuron or channel
// (integer_weights.h); everything else is float32.
enum class WeightFormat : uint8_t { float32, float16, int8 };

struct LoweringOptions {
    uint32_t batch_size = 1;
    uint32_t step_count = 1;
    WeightFormat weights = WeightFormat::float32;
};

// The graph and what is behind its names and numbers. Values are [batch][size], float32, states of whole numbers int32.
struct Lowered {
    struct Activity {  // read: of a step before the graph's first (negative), or of an input in one of its steps
        uint32_t population;
        int32_t step;
        std::string name;
    };
    struct Spikes {  // written, 0 or 1, after each of its steps
        uint32_t population, step, result;
    };
    struct State {
        std::string name;             // read; "" where the steps do not look at it
        std::optional<uint32_t> result;  // written; none where the state stays as it is
        std::optional<double> stays;  // the graph counts on all neurons having this value
    };

    Graph graph;
    std::vector<Activity> activities;
    std::vector<Spikes> spikes;
    std::vector<std::vector<State>> states;  // by population and state
};

// By population, why no graph can be made of it and the projections onto it; empty where one can.
std::vector<std::string> cannot_lower(const Network& network);
// Throws SNN_ERROR_UNSUPPORTED with the population or projection that no graph can be made of.
void check_can_lower(const Plan& plan, std::string_view device);
Lowered lower(const Plan& plan, const SessionValues& values, const LoweringOptions& options);

// Targets that an active source delivers to, by source; one value where it is the same for all.
std::vector<uint32_t> fan_out(const Network& network, const Projection& projection);

}  // namespace snn::npu
