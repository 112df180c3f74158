// How the float states of a model develop from step to step while nothing spikes, if that is linear:
//
//     state(t) = J state(t - 1) + B sums(t) + constant
//
// Learning rules without a backward pass in time (OTTT, e-prop) represent the past by it, and EventProp goes back between
// spikes with it (docs/semantics.md, "Learning rules").
#pragma once

#include <cstdint>
#include <vector>

#include "network/plan.h"

namespace snn {

// The spike of a neuron that is linear between spikes: its membrane crosses the threshold and is reset; nothing else happens.
struct Crossing {
    int32_t membrane = -1;      // index of the state; -1: the model does not spike
    uint32_t risen = 0;         // a taped register of the step: the membrane before the reset, minus `offset`
    double offset = 0;
    double threshold = 0;
    double steepening = 0;      // how much more the membrane rises in the step after a reset than it would without the reset
};

struct LinearStep {
    size_t state_count = 0;
    std::vector<double> jacobian;  // [state after][state before]; 0 for states that input does not reach
    std::vector<double> input;     // [receptor][state after]
    std::vector<uint8_t> reached;  // [state]: whether input reaches it, at once or later
    Crossing crossing;             // set by event_step()

    double from(size_t after, size_t before) const { return jacobian[after * state_count + before]; }
    // The only state that input reaches; -1 if there are several or none.
    int32_t only_state() const;
    double of_input(size_t receptor, size_t after) const { return input[receptor * state_count + after]; }
};

// Derived from the model's adjoint, with surrogates of 0. Throws SNN_ERROR_UNSUPPORTED if the step is not linear, if it spikes
// at rest, or if it differs between neurons of the population.
LinearStep linear_step(const Population& population, const PopulationConstants& constants);
// The same, with the crossing of spiking neurons. Also throws if the time of a spike is no smooth function of the inputs,
// because the membrane jumps with an input, or if a spike is more than a crossing: the reset changes other states, comes later
// or not at all, or the membrane is clamped after it. `has_input`: by receptor, whether a projection targets it.
LinearStep event_step(const Population& population, const PopulationConstants& constants,
                      const std::vector<uint8_t>& has_input);

}  // namespace snn
