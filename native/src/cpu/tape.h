// What a taped run keeps for later layers and for the backward pass: the activity of every population, and the model's tape
// entries for each population that gradients pass through. The tape holds one segment of the run (perhaps all of it) and,
// before it, as many steps of activity as delays look back. Steps are counted from the beginning of the run, modulo 2^32, so
// steps before it have rows, too. Growing allocates; a run of the same length does not.
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

    // Makes room for segments of a run with these inputs. `steps_before`: steps since the last reset. `of_neurons`: for tape
    // entries, too.
    void begin(uint32_t segment_steps, uint64_t steps_before, std::span<const InputFrames> inputs, bool of_neurons);
    // From now on the tape holds the steps from `first` on. The steps before it are copied from the frames of activity, where
    // the last of them is at `clock` - 1.
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
    // The values of a value input; null for other populations.
    float* values(uint32_t population, uint32_t step, uint32_t sample) {
        return const_cast<float*>(std::as_const(*this).values(population, step, sample));
    }
    const float* values(uint32_t population, uint32_t step, uint32_t sample) const {
        const Population& p = populations_[population];
        if (p.values.empty()) return nullptr;
        return p.values.data() + ((p.held ? 0 : step_row(population, step)) * context_.batch + sample) * p.row;
    }
    // The first step in which activity can arrive with this delay. There was no activity before the last reset.
    uint32_t first_arrival(uint32_t delay) const {
        return static_cast<uint32_t>(delay - std::min<uint64_t>(delay, steps_before_));
    }
    // The share of active neurons decides whether rows of weights are added up or everything is multiplied. For spikes, both
    // ways give the same bits, so spikes are counted by step. For analog and held inputs, a product sums up gradients in
    // another order, so one share counts for the whole run: that of values other than 0.
    void set_share(uint32_t population, double share) { populations_[population].share = share; }
    // Counts spikes of some neurons in some samples of the current segment. Any thread may call it.
    void add_spikes(uint32_t population, uint32_t step, uint64_t count) {
        std::atomic_ref(populations_[population].spikes[step_row(population, step)])
            .fetch_add(count, std::memory_order_relaxed);
    }
    // Whether products are faster in steps [begin, end). For value inputs and held inputs, the steps do not matter.
    bool is_dense(uint32_t population, uint32_t begin, uint32_t end) const;
    // Whether they are in any step on the tape.
    bool is_ever_dense(uint32_t population) const;
    bool is_dense_count(uint32_t population, uint64_t spikes, uint64_t samples) const {
        const Population& p = populations_[population];
        return static_cast<double>(spikes) > dense_share_of_spikes_ * static_cast<double>(samples * p.size);
    }
    bool keeps_entries(uint32_t population) const { return keeps_entries_ && populations_[population].entry_count > 0; }
    // Off while a segment is run only for the steps after it.
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
    // Index of a step among the rows of activity, which begin with the steps before the segment.
    size_t step_row(uint32_t population, uint32_t step) const { return step - first_ + populations_[population].lookback; }

    const CpuContext& context_;
    const double dense_share_of_spikes_;  // above 1: never
    uint32_t first_ = 0;
    uint64_t steps_before_ = 0;
    bool keeps_entries_ = true;
    std::vector<Population> populations_;
};

}  // namespace snn::cpu
