// What a taped run keeps for later layers and for the backward pass: of every population that is trained through the model's tape
// entries, of all the activity. Only whole runs are kept; growing allocates, a run of the same length does not.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cpu/executor.h"

namespace snn::cpu {

class Tape {
public:
    explicit Tape(const CpuContext& context);

    // Room for a run with these inputs.
    void begin(uint32_t step_count, std::span<const InputFrames> inputs);
    uint32_t step_count() const { return step_count_; }

    uint32_t* entry(uint32_t population, uint32_t entry, uint32_t step, uint32_t sample) {
        Population& p = populations_[population];
        return p.entries.data() +
               ((static_cast<size_t>(step) * p.entry_count + entry) * context_.batch + sample) * p.row;
    }
    uint16_t* bits(uint32_t population, uint32_t step, uint32_t sample) {
        Population& p = populations_[population];
        return p.bits.data() + (static_cast<size_t>(step) * context_.batch + sample) * (p.row / 16);
    }
    // Value inputs. Null for the others.
    float* values(uint32_t population, uint32_t step, uint32_t sample) {
        Population& p = populations_[population];
        if (p.values.empty()) return nullptr;
        return p.values.data() + (static_cast<size_t>(p.held ? 0 : step) * context_.batch + sample) * p.row;
    }
    // Of an input: the share of its values in this run that are not 0. Above `dense_share` products of whole rows are faster than
    // adding up the rows of the others.
    void set_share(uint32_t population, double share) { populations_[population].share = share; }
    bool is_dense(uint32_t population) const { return populations_[population].share > dense_share; }
    bool keeps_entries(uint32_t population) const { return populations_[population].entry_count > 0; }
    bool keeps_activity(uint32_t population) const { return populations_[population].keeps_activity; }
    bool is_held(uint32_t population) const { return populations_[population].held; }

private:
    static constexpr double dense_share = 0.3;

    struct Population {
        uint32_t row = 0, entry_count = 0;
        double share = 0;
        bool keeps_activity = false, is_value_input = false, held = false;
        Buffer<uint32_t> entries;
        Buffer<uint16_t> bits;
        Buffer<float> values;
    };
    const CpuContext& context_;
    uint32_t step_count_ = 0;
    std::vector<Population> populations_;
};

}  // namespace snn::cpu
