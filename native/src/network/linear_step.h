// How the float states of a model follow each other while nothing spikes, where that is linear:
//
//     state(t) = J state(t - 1) + B sums(t) + constant
//
// What learning rules without a backward pass in time know of the past (OTTT, e-prop), and how EventProp goes back between
// spikes (docs/semantics.md, "Learning rules").
#pragma once

#include <cstdint>
#include <vector>

#include "network/plan.h"

namespace snn {

// A spike of a neuron that is linear between spikes: its membrane crosses the threshold and is set back, nothing else happens.
struct Crossing {
    int32_t membrane = -1;      // the state; -1: the model does not spike
    uint32_t risen = 0;         // a register of the step that is taped: the membrane before the reset - `offset`
    double offset = 0;
    double threshold = 0;
    double steepening = 0;      // how much more the membrane rises in a step after the reset than it would have before
};

struct LinearStep {
    size_t state_count = 0;
    std::vector<double> jacobian;  // [state after][state before], of states that input reaches, else 0
    std::vector<double> input;     // [receptor][state after]
    std::vector<uint8_t> reached;  // [state]: by input, at once or later
    Crossing crossing;             // of event_step()

    double from(size_t after, size_t before) const { return jacobian[after * state_count + before]; }
    // The only state that input reaches; -1 when there are several, or none.
    int32_t only_state() const;
    double of_input(size_t receptor, size_t after) const { return input[receptor * state_count + after]; }
};

// From the model's adjoint, with surrogates of 0. Throws SNN_ERROR_UNSUPPORTED where the step is not linear, spikes at rest, or
// is not the same for all neurons of the population.
LinearStep linear_step(const Population& population, const PopulationConstants& constants);
// The same with the crossing of neurons that spike. Throws as well where the time of a spike is no smooth function of its
// inputs, or a spike is more than a crossing: the membrane jumps with an input, the reset changes other states, comes later or
// not at all, or the membrane is held after it. `has_input`: by receptor, whether a projection reaches it.
LinearStep event_step(const Population& population, const PopulationConstants& constants,
                      const std::vector<uint8_t>& has_input);

}  // namespace snn
