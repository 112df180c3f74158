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
        Buffer<uint32_t> states;
        Buffer<uint16_t> bits;
        Buffer<float> values;
    };
    CpuContext& context_;
    std::vector<Population> populations_;
};

}  // namespace snn::cpu
