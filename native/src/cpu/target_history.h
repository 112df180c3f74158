// What the spikes of a part's targets leave for synapses that learn them late (plastic_projection.h). For each target, these
// are its last spikes, the newest first, its traces and states just before each of them, and its traces after the last.
//
// The k-th last spikes of all targets lie together, `width()` words from the next ones, so that sixteen targets are read at
// once. Steps are counted from 1; 0 means never.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "cpu/kernel_table.h"
#include "cpu/memory.h"
#include "network/plan.h"

namespace snn::cpu {

// The value of a trace `steps` steps after an event that left it at `value`.
inline float decayed(const TracePlan& trace, float value, int32_t steps) {
    return value * trace.table->after(static_cast<uint64_t>(steps));
}

class TargetHistory {
public:
    // Whether an event at a spike reads the traces and the states that the target had before it.
    struct Keeps {
        bool post_before = false, target_before = false;
    };
    // `target_count`: a multiple of 16.
    void allocate(const SNNAllocator& allocator, const PlasticityPlan& plan, uint32_t target_count, Keeps keeps);
    // Sets where the lists are; they do not move.
    void fill(PlasticArgs& out_args) const;

    // Called before the step of the targets. `states`: one row for each target state of the plan.
    void keep_states(const float* const* states);
    // Room for the traces as they are now, [trace][target].
    float* post_now() { return post_now_.data(); }

    // The spikes of a step, a bit for each target. `any`: there are spikes. `full`: there is no room for one of them, because
    // some row has yet to learn the oldest spike of its target.
    struct Seen {
        bool any, full;
    };
    Seen see(const uint16_t* bits) const;
    // Adds the spikes of a step. There must be room for them.
    void add(const PlasticityPlan& plan, const uint16_t* bits, int32_t now);

    // Whether rows have spikes to learn.
    bool is_behind() const { return is_behind_; }
    // A row whose last arrival was in step `last_arrival` has learned the spikes before the step returned here.
    int32_t learned_by(int32_t last_arrival) const { return last_arrival < caught_up_ ? caught_up_at_ : last_arrival; }
    // All lists have room once every row whose last arrival is older than this step has learned its spikes.
    int32_t step_that_makes_room() const;
    void rows_caught_up(int32_t until, int32_t now) { caught_up_ = until, caught_up_at_ = now; }
    void all_caught_up();

    // For each target: the step of its last spike, and its traces just after it, width() apart.
    Buffer<int32_t>& last_spikes() { return last_spike_; }
    float* post_after(uint32_t target) { return post_after_.data() + target; }
    size_t width() const { return width_; }
    void forget();  // forgets all spikes of targets; all rows must have caught up

private:
    template <class Use>
    void for_spikes(const uint16_t* bits, Use&& use) const;

    uint32_t target_count_ = 0, state_count_ = 0;
    size_t width_ = 0;
    Buffer<int32_t> spikes_, last_spike_;
    Buffer<float> post_before_, post_after_, post_now_;
    Buffer<float> target_now_, target_before_;  // empty if no event at a spike reads states
    bool is_behind_ = false;
    int32_t caught_up_ = 0, caught_up_at_ = 0;  // rows whose last arrival was before caught_up_ caught up in step caught_up_at_
};

}  // namespace snn::cpu
