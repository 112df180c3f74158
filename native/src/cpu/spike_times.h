// What EventProp keeps of a taped run instead of the neurons' tape: for every spike, by how much a higher membrane would have
// made it earlier, 1 / (rise of the membrane in the step in which it crossed the threshold). The values lie in stacks, in the
// order of steps and neurons. There is one stack for each sample and each part of a population that a task may step by itself.
// The backward pass takes them off in reverse:
//
//     forward   step 0: neurons 3, 7    step 1: neuron 5    ...        stack of a sample:  3  7  5 ...
//     backward                                                                             <---------
//
// The threads of a run cannot allocate. Spikes for which a stack has no room are therefore only counted; grow() then makes
// room, and the steps are run once more. Stacks keep their size, so this stops after a few batches.
//
// Thread-safety: different threads may use stacks of different samples or parts at once.
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

    // Begins a run in which each population is stepped in these parts, in several of them together, or as a whole.
    void begin(std::span<const LinearStep> linear, const std::vector<std::vector<NeuronRange>>& parts);
    void clear();  // begins a segment
    // Makes room for all that was counted. Returns false if there was enough.
    bool grow();

    bool keeps(uint32_t population) const { return populations_[population].crossing.membrane >= 0; }
    // Called before a step: sets where its tape goes. The task keeps that tape for this step only.
    void before_step(uint32_t population, NeuronRange part, void* const* states, TaskMemory& io_task, void** out_tape) const;
    // Called after the step, with the bits of the neurons that spiked.
    void after_step(uint32_t population, NeuronRange part, const uint16_t* bits, uint32_t sample, const TaskMemory& task);

    void restart();  // begins the backward pass, perhaps once more
    // Goes through the spikes of one step of one sample, neurons descending, and calls use(neuron, kept value). Steps must
    // descend.
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
        std::vector<uint32_t> part_of_word;  // [word of 16 neurons]
        uint32_t part_count = 0;
        uint32_t capacity = 0;               // of a stack
        Buffer<float> values;                // [sample][part][spike]
        std::vector<uint32_t> counts, left;  // [sample][part] spikes of the segment, stored or not; spikes not yet taken back
    };
    CpuContext& context_;
    std::vector<Population> populations_;
};

}  // namespace snn::cpu
