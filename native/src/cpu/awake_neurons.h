// Neurons that need not be stepped. A neuron is at rest when a step without input would leave its states as they are, to the
// bit, and without a spike: it is then left out until something arrives at it, with the same bits.
//
// Here are the other ones of one range of a population, the awake: their states lie side by side in slots, so that steps take
// whole registers of them (kernels_spans.h). The states of those at rest are where PopulationData has them.
//
//     neuron    0  1  2  3  4  5  6  7  8 ...      states of the population, some out of date
//     awake        x        x  x        x
//     slot         0        1  2        3          states of the slots
//
// Thread-safety: one thread at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "common/compiler.h"
#include "cpu/kernel_table.h"
#include "cpu/memory.h"
#include "cpu/population_data.h"

namespace snn::cpu {

class AwakeNeurons {
public:
    // Of a population with ranges, one sample and a model whose states stay in registers (print_cpp.py).
    AwakeNeurons(PopulationData& data, uint32_t range, const SNNAllocator& allocator);

    uint32_t count() const { return count_; }
    uint32_t size() const { return size_; }  // of the range
    // Wakes all that are not at rest, where those are `most` at most; nobody is awake before.
    bool gather(uint32_t most);
    // Lets those go that have come to rest.
    void let_rest();
    // All states are the population's again, and nobody is awake.
    void settle();

    // Whose list something that arrives at a neuron belongs to: wakes it if need be. `neuron` counts from the range's begin.
    uint32_t slot_of(uint32_t neuron) {
        return slots_[neuron] != asleep ? slots_[neuron] : wake(neuron);
    }
    void prefetch_slot(uint32_t neuron) const { SNN_PREFETCH(slots_.data() + neuron); }
    uint32_t& first_due(uint32_t receptor, uint32_t slot) { return due_[receptor * (capacity_ / 16) + slot / 16]; }

    // Makes the steps of a span. Lists are empty afterwards. `spikes`: [step] bits of the population.
    void step_span(uint32_t step_count, uint16_t* const* spikes, const DueSynapse* synapses);

private:
    static constexpr uint32_t asleep = UINT32_MAX;

    uint32_t wake(uint32_t neuron);
    void put_back(uint32_t slot);
    NeuronStepArgs args_of_slots();

    PopulationData& data_;
    uint32_t range_, begin_, size_, capacity_;
    uint32_t count_ = 0;
    Buffer<uint32_t> neurons_;    // [slot] index within the population
    Buffer<uint32_t> slots_;      // [neuron of the range]
    Buffer<uint32_t> states_;     // [state][slot]
    Buffer<uint32_t> constants_;  // [place in own_constants_][slot]
    Buffer<uint32_t> due_;        // [receptor][slot / 16]
    Buffer<uint16_t> resting_;    // scratch, a bit for each slot or neuron
    std::vector<uint32_t> own_constants_;  // that may differ from neuron to neuron: whole numbers
    std::vector<const void*> constant_places_;
    std::vector<void*> state_places_;
    std::vector<uint32_t*> due_places_;
};

}  // namespace snn::cpu
