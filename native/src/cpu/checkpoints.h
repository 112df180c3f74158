// States of neurons and the activity that delays look back to, at moments of a taped run: before each segment of it, to run the
// segment once more, and after the last one.
#pragma once

#include <cstdint>
#include <vector>

#include "cpu/executor.h"

namespace snn::cpu {

class Checkpoints {
public:
    explicit Checkpoints(CpuContext& context) : context_(context), populations_(context.populations.size()) {}

    // Room for so many; `tape` knows which inputs are held. Growing allocates.
    void begin(uint32_t count, const Tape& tape);
    void save(uint32_t index);
    // As it was; the step to come is the one at `clock`.
    void restore(uint32_t index, uint64_t clock);

private:
    struct Population {
        bool keeps_values = false;
        std::vector<uint32_t> kept_states;  // not the counters that are at 0 all the time, see PopulationData::training
        Buffer<uint32_t> states;            // [checkpoint][kept state][sample][row]
        Buffer<uint16_t> bits;
        Buffer<float> values;
    };
    // Calls copy(words of the session, words of the checkpoint, how many) for the pieces of the kept states.
    template <class Copy>
    void for_states(uint32_t population, uint32_t index, Copy&& copy);

    CpuContext& context_;
    std::vector<Population> populations_;
};

}  // namespace snn::cpu
