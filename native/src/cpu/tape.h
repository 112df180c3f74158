// What a taped run keeps for later layers and for the backward pass: of every population that is trained through the model's
// tape entries, of all the activity. It holds a segment of the run, perhaps all of it, and before that as many steps of
// activity as delays look back. Steps are counted from the beginning of the run, modulo 2^32: those before it have rows too.
// Growing allocates, a run of the same length does not.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "cpu/executor.h"

namespace snn::cpu {

class Tape {
public:
    explicit Tape(const CpuContext& context);

    // Room for segments of a run with these inputs, `steps_before` steps after the last reset; `of_neurons`: for entries as
    // well.
    void begin(uint32_t segment_steps, uint64_t steps_before, std::span<const InputFrames> inputs, bool of_neurons);
    // From now on it holds the steps from `first` on, and those before that are in the frames of activity, the last at
    // `clock` - 1.
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
        return p.bits.data() + (step_row(population, step) * context_.batch + sample) * (p.row / 16);
    }
    // Value inputs. Null for the others.
    float* values(uint32_t population, uint32_t step, uint32_t sample) {
        return const_cast<float*>(std::as_const(*this).values(population, step, sample));
    }
    const float* values(uint32_t population, uint32_t step, uint32_t sample) const {
        const Population& p = populations_[population];
        if (p.values.empty()) return nullptr;
        return p.values.data() + ((p.held ? 0 : step_row(population, step)) * context_.batch + sample) * p.row;
    }
    // The first step that something reaches with this delay; nothing was before the last reset.
    uint32_t first_arrival(uint32_t delay) const {
        return static_cast<uint32_t>(delay - std::min<uint64_t>(delay, steps_before_));
    }
    // How much of a population is active decides whether rows of weights are added up or everything is multiplied. Spikes are
    // counted by step, because either way gives the same bits. Of analog and of held inputs gradients are summed up otherwise
    // in a product, so one share counts for all of a run: that of values other than 0.
    void set_share(uint32_t population, double share) { populations_[population].share = share; }
    // From any thread: of some neurons in some samples, of the segment at hand.
    void add_spikes(uint32_t population, uint32_t step, uint64_t count) {
        std::atomic_ref(populations_[population].spikes[step_row(population, step)])
            .fetch_add(count, std::memory_order_relaxed);
    }
    // In the steps [begin, end). Of a value input and of a held one these are of no account.
    bool is_dense(uint32_t population, uint32_t begin, uint32_t end) const;
    // In any of the steps that it has.
    bool is_ever_dense(uint32_t population) const;
    bool is_dense_count(uint32_t population, uint64_t spikes, uint64_t samples) const {
        const Population& p = populations_[population];
        return static_cast<double>(spikes) > dense_share_of_spikes_ * static_cast<double>(samples * p.size);
    }
    bool keeps_entries(uint32_t population) const { return keeps_entries_ && populations_[population].entry_count > 0; }
    // Not where the segment is run only for what comes after it.
    void keep_entries(bool keep) { keeps_entries_ = keep; }
    bool keeps_activity(uint32_t population) const { return populations_[population].keeps_activity; }
    bool is_held(uint32_t population) const { return populations_[population].held; }

private:
    static constexpr double dense_share_of_values = 0.3;

    struct Population {
        uint32_t size = 0, row = 0, entry_count = 0, lookback = 0;
        double share = 0;
        bool trains = false, keeps_activity = false, is_value_input = false, held = false;
        Buffer<uint32_t> entries;
        Buffer<uint16_t> bits;
        Buffer<float> values;
        Buffer<uint64_t> spikes;  // [step], of all samples
    };
    // Among the rows of activity: those of the steps before come first.
    size_t step_row(uint32_t population, uint32_t step) const { return step - first_ + populations_[population].lookback; }

    const CpuContext& context_;
    const double dense_share_of_spikes_;  // above 1: never
    uint32_t first_ = 0;
    uint64_t steps_before_ = 0;
    bool keeps_entries_ = true;
    std::vector<Population> populations_;
};

}  // namespace snn::cpu
