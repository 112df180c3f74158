// Checkpoints of a taped run: the states of neurons and the activity that delays look back to. One is saved before each
// segment, so that the segment can be run again, and one after the last segment.
#pragma once

#include <cstdint>
#include <vector>

#include "cpu/executor.h"

namespace snn::cpu {

class Checkpoints {
public:
    explicit Checkpoints(CpuContext& context) : context_(context), populations_(context.populations.size()) {}

    // Makes room for `count` checkpoints; `tape` knows which inputs are held. Allocates only to grow.
    void begin(uint32_t count, const Tape& tape);
    void save(uint32_t index);
    // Restores the state as it was saved. The next step is the one at `clock`.
    void restore(uint32_t index, uint64_t clock);

private:
    struct Population {
        bool keeps_values = false;
        std::vector<uint32_t> kept_states;  // without the counters that stay at 0, see PopulationData::training
        Buffer<uint32_t> states;            // [checkpoint][kept state][sample][row]
        Buffer<uint16_t> bits;
        Buffer<float> values;
    };
    // Calls copy(words of the session, words of the checkpoint, count) for each piece of the kept states.
    template <class Copy>
    void for_states(uint32_t population, uint32_t index, Copy&& copy);

    CpuContext& context_;
    std::vector<Population> populations_;
};

}  // namespace snn::cpu
