// Leaves out neurons that are at rest. A neuron is at rest if a step without input would change no bit of its states and would
// not make it spike. It is left out until an input arrives at it, and the results are the same bits.
//
// AwakeNeurons holds the other neurons of one range of a population: those that are awake. Their states lie side by side in
// slots, so that a step processes full registers of them (kernels_spans.h). The states of neurons at rest stay in
// PopulationData.
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
    // The population must have ranges and one sample, and its model must keep its states in registers (print_cpp.py).
    AwakeNeurons(PopulationData& data, uint32_t range, const SNNAllocator& allocator);

    uint32_t count() const { return count_; }
    uint32_t size() const { return size_; }  // neurons of the range
    // Wakes all neurons that are not at rest, if there are at most `most` of them; returns whether it did. No neuron may be
    // awake before the call.
    bool gather(uint32_t most);
    // Puts neurons that have come to rest back into the population.
    void let_rest();
    // Puts all states back into the population. No neuron is awake afterwards.
    void settle();

    // Returns the slot of a neuron and wakes it first if need be. `neuron` counts from the beginning of the range.
    uint32_t slot_of(uint32_t neuron) {
        return slots_[neuron] != asleep ? slots_[neuron] : wake(neuron);
    }
    void prefetch_slot(uint32_t neuron) const { SNN_PREFETCH(slots_.data() + neuron); }
    uint32_t& first_due(uint32_t receptor, uint32_t slot) { return due_[receptor * (capacity_ / 16) + slot / 16]; }

    // Runs the steps of a span and empties the lists of due synapses. `spikes`: [step] spike bits of the population.
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
    std::vector<uint32_t> own_constants_;  // indices of integer constants, which may differ between neurons
    std::vector<const void*> constant_places_;
    std::vector<void*> state_places_;
    std::vector<uint32_t*> due_places_;
};

}  // namespace snn::cpu
