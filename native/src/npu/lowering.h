// Translates a plan to a graph: its inputs are the network's state, it computes one or several steps, and its outputs are the
// state after them.
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

// The present values of a session, which may differ from the network's.
struct SessionValues {
    std::function<const PopulationConstants&(uint32_t population)> constants;
    std::function<std::span<const float>(uint32_t projection)> weights, bias;
    // The value of a state, if it is the same for all neurons.
    std::function<std::optional<double>(uint32_t population, uint32_t state)> uniform_state;
};

// The format of weights on the device. int8 is for matrices and convolutions, with a float32 scale for each target neuron or
// channel (integer_weights.h); everything else is float32 then.
enum class WeightFormat : uint8_t { float32, float16, int8 };

struct LoweringOptions {
    uint32_t batch_size = 1;
    uint32_t step_count = 1;
    WeightFormat weights = WeightFormat::float32;
};

// A graph, and the meaning of its inputs and outputs. All are [batch][size], float32, or int32 for integer states.
struct Lowered {
    struct Activity {  // an input: activity of a step before the graph's first (negative), or of an input population
        uint32_t population;
        int32_t step;
        std::string name;
    };
    struct Spikes {  // an output for each step: 0 or 1
        uint32_t population, step, result;
    };
    struct State {
        std::string name;             // of the input; "" if the steps do not read the state
        std::optional<uint32_t> result;  // number of the output; none if the steps do not change the state
        std::optional<double> stays;  // the constant value that the graph assumes for all neurons
    };

    Graph graph;
    std::vector<Activity> activities;
    std::vector<Spikes> spikes;
    std::vector<std::vector<State>> states;  // by population and state
};

// By population: why it or a projection onto it cannot be translated; empty if they can.
std::vector<std::string> cannot_lower(const Network& network);
// Throws SNN_ERROR_UNSUPPORTED, naming the population or projection that cannot be translated.
void check_can_lower(const Plan& plan, std::string_view device);
Lowered lower(const Plan& plan, const SessionValues& values, const LoweringOptions& options);

// By source: the number of synapses through which it delivers; a single value if it is the same for all sources.
std::vector<uint32_t> fan_out(const Network& network, const Projection& projection);

}  // namespace snn::npu
