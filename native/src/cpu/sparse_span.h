// Steps the neurons of one thread through a span of steps in which little happens. The synapses that fall due are kept in
// lists, one for each 16 awake neurons (awake_neurons.h). If too much happens, begin() says so, and steps are made one after
// the other.
//
// Thread-safety: one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cpu/awake_neurons.h"
#include "cpu/memory.h"
#include "cpu/population_data.h"
#include "cpu/sparse_bundles.h"

namespace snn::cpu {

class SparseSpan {
public:
    // `stepped`: the populations to step, which must all have a step for spans. `most_steps`: longest span.
    SparseSpan(const std::vector<std::unique_ptr<PopulationData>>& populations, const std::vector<uint32_t>& stepped,
               const SparseBundles& bundles, uint32_t range, uint32_t most_steps, const SNNAllocator& allocator);

    // Lists what falls due in the span. Returns false if that is not worthwhile; then all states are in the populations.
    bool begin(uint64_t clock, uint32_t steps);
    uint64_t synapses() const { return synapse_count_; }  // that fall due in the span
    // Runs the steps of one population. `spikes`: [step] bits.
    void step(uint32_t population, uint32_t steps, uint16_t* const* spikes) {
        if (awake_[population]) awake_[population]->step_span(steps, spikes, synapses_.data());
    }
    // Puts all states back into the populations.
    void settle();
    bool is_gathered() const { return is_gathered_; }      // some states are not in the populations
    uint64_t steps_taken() const { return steps_taken_; }  // steps made here so far

private:
    struct Area {  // accumulators of one receptor of a population
        uint32_t first, population, receptor;
    };
    bool gather();
    bool let_rest(uint32_t steps);
    void list(const DueStretch& stretch);

    const SparseBundles& bundles_;
    uint32_t range_, neuron_count_ = 0;
    std::vector<std::unique_ptr<AwakeNeurons>> awake_;  // [population]; null: not stepped here
    std::vector<Area> areas_;
    std::vector<uint32_t> area_of_;  // [accumulator / 16]
    Buffer<DueStretch> stretches_;
    Buffer<DueSynapse> synapses_;
    uint64_t most_synapses_ = 0;  // limit for a span that is worthwhile
    uint32_t synapse_count_ = 0;
    bool is_gathered_ = false;
    uint64_t steps_taken_ = 0;
    uint32_t pause_ = 0;      // steps until the next try
    uint32_t unchecked_ = 0;  // steps since neurons were last checked for rest
};

}  // namespace snn::cpu
