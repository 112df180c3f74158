// How the float states of a model follow each other while nothing spikes, where that is linear:
//
//     state(t) = J state(t - 1) + B sums(t) + constant
//
// What learning rules without a backward pass in time know of the past (OTTT, e-prop: docs/semantics.md).
#pragma once

#include <cstdint>
#include <vector>

#include "network/plan.h"

namespace snn {

struct LinearStep {
    size_t state_count = 0;
    std::vector<double> jacobian;  // [state after][state before], of states that input reaches, else 0
    std::vector<double> input;     // [receptor][state after]
    std::vector<uint8_t> reached;  // [state]: by input, at once or later

    double from(size_t after, size_t before) const { return jacobian[after * state_count + before]; }
    // The only state that input reaches; -1 when there are several, or none.
    int32_t only_state() const;
    double of_input(size_t receptor, size_t after) const { return input[receptor * state_count + after]; }
};

// From the model's adjoint, with surrogates of 0. Throws SNN_ERROR_UNSUPPORTED where the step is not linear, spikes at rest, or is not
// the same for all neurons of the population.
LinearStep linear_step(const Population& population, const PopulationConstants& constants);

}  // namespace snn
