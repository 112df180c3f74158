// What one thread has to step its neurons through a span of steps in which little happens: the synapses that fall due, as lists
// for 16 awake neurons each (awake_neurons.h). Where too much happens it says so, and steps are made one after the other.
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
    // `stepped`: the populations that it is for, all with a step for spans; `most_steps`: of a span.
    SparseSpan(const std::vector<std::unique_ptr<PopulationData>>& populations, const std::vector<uint32_t>& stepped,
               const SparseBundles& bundles, uint32_t range, uint32_t most_steps, const SNNAllocator& allocator);

    // Lists what falls due in the span. False: it is not worth it, and the states are all with the populations.
    bool begin(uint64_t clock, uint32_t steps);
    uint64_t synapses() const { return synapse_count_; }  // that fall due in the span
    // Makes the steps of one population. `spikes`: [step] bits.
    void step(uint32_t population, uint32_t steps, uint16_t* const* spikes) {
        if (awake_[population]) awake_[population]->step_span(steps, spikes, synapses_.data());
    }
    // The states are all with the populations afterwards.
    void settle();
    bool is_gathered() const { return is_gathered_; }  // they are not
    uint64_t steps_taken() const { return steps_taken_; }  // so far

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
    uint64_t most_synapses_ = 0;  // of a span that is worth it
    uint32_t synapse_count_ = 0;
    bool is_gathered_ = false;
    uint64_t steps_taken_ = 0;
    uint32_t pause_ = 0;      // steps until it is tried again
    uint32_t unchecked_ = 0;  // steps since neurons could come to rest
};

}  // namespace snn::cpu
