// Eligibility traces of weights: for every trained projection, what its arrivals have left in the states of a target neuron
// that never spikes (network/linear_step.h). They are the same for all targets, so they take the memory of a state of the
// sources.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cpu/executor.h"

namespace snn::cpu {

class Traces {
public:
    explicit Traces(CpuContext& context) : context_(context), projections_(context.projections.size()) {}

    // Begins a run. The present traces become those before the run; after a reset, these are 0.
    void begin(bool from_reset, std::span<const LinearStep> linear);
    // Continues over steps that are on the tape.
    void advance(const Tape& tape, uint32_t begin, uint32_t end);

    // Traces before the run, of one state: [sample][row] of the sources, and the bits of those that are not 0. `slot`: index of
    // a sparse projection's delay.
    const float* values(uint32_t projection, uint32_t slot, uint32_t state, uint32_t sample) const;
    const uint16_t* bits(uint32_t projection, uint32_t slot, uint32_t state, uint32_t sample) const;
    double bias(uint32_t projection, uint32_t state) const { return projections_[projection].bias_before[state]; }

private:
    struct Traced {
        uint32_t states = 0, slots = 0, row = 0;
        int32_t only_state = -1;             // as in LinearStep
        std::vector<float> jacobian, input;  // [after][before], [after]
        Buffer<float> now, before;           // [slot][state][sample][row]
        Buffer<uint16_t> bits_before;
        std::vector<double> bias, bias_before;  // [state]
    };
    void advance_sample(const Tape& tape, uint32_t begin, uint32_t end, uint32_t sample);

    CpuContext& context_;
    std::vector<Traced> projections_;
};

}  // namespace snn::cpu
