// What EventProp keeps of a taped run instead of the neurons' tape: for every spike, by how much a higher membrane would have
// made it earlier, 1 / (rise of the membrane in the step in which it crossed the threshold). They lie in stacks, one for each
// sample and each part of a population that a task may step by itself, in the order of steps and neurons; the way back takes
// them off in reverse:
//
//     forward   step 0: neurons 3, 7    step 1: neuron 5    ...        stack of a sample:  3  7  5 ...
//     backward                                                                             <---------
//
// The threads of a run cannot ask for memory, so what a stack has no room for is only counted: grow() then makes room, and the
// steps are run once more. Stacks stay as large as they were, so that this is over after a few batches.
//
// Thread-safety: stacks of different samples or parts by different threads at once.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "cpu/executor.h"

namespace snn::cpu {

class SpikeTimes {
public:
    explicit SpikeTimes(CpuContext& context) : context_(context), populations_(context.populations.size()) {}

    // A run begins, in which each population is stepped in these parts, or several at once, or as a whole.
    void begin(std::span<const LinearStep> linear, const std::vector<std::vector<NeuronRange>>& parts);
    void clear();  // a segment begins
    // Makes room for all that was counted; false where there was enough.
    bool grow();

    bool keeps(uint32_t population) const { return populations_[population].crossing.membrane >= 0; }
    // Before a step: where its tape goes, which the task keeps for this step alone.
    void before_step(uint32_t population, NeuronRange part, void* const* states, TaskMemory& io_task, void** out_tape) const;
    // After it, with the bits of who spiked.
    void after_step(uint32_t population, NeuronRange part, const uint16_t* bits, uint32_t sample, const TaskMemory& task);

    void restart();  // the way back begins, perhaps once more
    // Through the spikes of one step of one sample, neurons descending: use(neuron, what was kept). Steps descending.
    template <class Use>
    void take_back(uint32_t population, const uint16_t* bits, uint32_t sample, Use&& use) {
        Population& p = populations_[population];
        for (uint32_t word = context_.populations[population]->words; word-- > 0;)
            for (uint32_t left = bits[word]; left != 0;) {
                const uint32_t lane = 31u - static_cast<uint32_t>(std::countl_zero(left));
                left ^= 1u << lane;
                const size_t stack = size_t{sample} * p.part_count + p.part_of_word[word];
                use(word * 16 + lane, p.values[stack * p.capacity + --p.left[stack]]);
            }
    }

private:
    struct Population {
        Crossing crossing;
        uint32_t risen = 0;                  // tape entry
        std::vector<uint32_t> part_of_word;  // 16 neurons
        uint32_t part_count = 0;
        uint32_t capacity = 0;               // of a stack
        Buffer<float> values;                // [sample][part][spike]
        std::vector<uint32_t> counts, left;  // [sample][part] spikes of the segment, room or not; those not yet taken back
    };
    CpuContext& context_;
    std::vector<Population> populations_;
};

}  // namespace snn::cpu
