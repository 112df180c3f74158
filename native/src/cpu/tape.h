// What a taped run keeps for later layers and for the backward pass: of every population that is trained through the model's tape
// entries, of all the activity. It holds a segment of the run, perhaps all of it, and before that as many steps of activity as
// delays look back. Steps are counted from the beginning of the run, modulo 2^32: those before it have rows too. Growing
// allocates, a run of the same length does not.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "cpu/executor.h"

namespace snn::cpu {

class Tape {
public:
    explicit Tape(const CpuContext& context);

    // Room for segments of a run with these inputs, `steps_before` steps after the last reset; `of_neurons`: for entries as well.
    void begin(uint32_t segment_steps, uint64_t steps_before, std::span<const InputFrames> inputs, bool of_neurons);
    // From now on it holds the steps from `first` on, and those before that are in the frames of activity, the last at `clock` - 1.
    void begin_segment(uint32_t first, uint64_t clock);

    uint32_t* entry(uint32_t population, uint32_t entry, uint32_t step, uint32_t sample) {
        Population& p = populations_[population];
        return p.entries.data() +
               ((static_cast<size_t>(step - first_) * p.entry_count + entry) * context_.batch + sample) * p.row;
    }
    // The rows of all samples lie side by side, and those of the next step after them.
    uint16_t* bits(uint32_t population, uint32_t step, uint32_t sample) {
        return const_cast<uint16_t*>(std::as_const(*this).bits(population, step, sample));
    }
    const uint16_t* bits(uint32_t population, uint32_t step, uint32_t sample) const {
        const Population& p = populations_[population];
        return p.bits.data() + (static_cast<size_t>(step - first_ + p.lookback) * context_.batch + sample) * (p.row / 16);
    }
    // Value inputs. Null for the others.
    float* values(uint32_t population, uint32_t step, uint32_t sample) {
        return const_cast<float*>(std::as_const(*this).values(population, step, sample));
    }
    const float* values(uint32_t population, uint32_t step, uint32_t sample) const {
        const Population& p = populations_[population];
        if (p.values.empty()) return nullptr;
        return p.values.data() + (static_cast<size_t>(p.held ? 0 : step - first_ + p.lookback) * context_.batch + sample) * p.row;
    }
    // The first step that something reaches with this delay; nothing was before the last reset.
    uint32_t first_arrival(uint32_t delay) const {
        return static_cast<uint32_t>(delay - std::min<uint64_t>(delay, steps_before_));
    }
    // Of an input: the share of its values that are not 0. Above these shares products of whole rows are faster than adding up
    // the rows of the others. What neurons do is not counted: few spike in most steps.
    void set_share(uint32_t population, double share) { populations_[population].share = share; }
    bool is_dense(uint32_t population) const {
        const Population& p = populations_[population];
        return p.share > (p.is_value_input ? dense_share_of_values : dense_share_of_spikes);
    }
    bool keeps_entries(uint32_t population) const { return keeps_entries_ && populations_[population].entry_count > 0; }
    // Not where the segment is run only for what comes after it.
    void keep_entries(bool keep) { keeps_entries_ = keep; }
    bool keeps_activity(uint32_t population) const { return populations_[population].keeps_activity; }
    bool is_held(uint32_t population) const { return populations_[population].held; }

private:
    static constexpr double dense_share_of_values = 0.3, dense_share_of_spikes = 0.45;

    struct Population {
        uint32_t row = 0, entry_count = 0, lookback = 0;
        double share = 0;
        bool trains = false, keeps_activity = false, is_value_input = false, held = false;
        Buffer<uint32_t> entries;
        Buffer<uint16_t> bits;
        Buffer<float> values;
    };
    const CpuContext& context_;
    uint32_t first_ = 0;
    uint64_t steps_before_ = 0;
    bool keeps_entries_ = true;
    std::vector<Population> populations_;
};

}  // namespace snn::cpu
