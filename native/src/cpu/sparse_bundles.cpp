// Finds what falls due in a step and adds it up. sparse_bundles_building.cpp makes the bundles.
#include "cpu/sparse_bundles.h"

#include <algorithm>

#include "common/compiler.h"

namespace snn::cpu {

// Stretches that are due, handled in three stages: collect where to look them up, find where they lie, add them up.
class DueList {
public:
    DueList(const KernelTable& kernels, int32_t* accumulators, size_t stride)
        : kernels_(kernels), accumulators_(accumulators), stride_(static_cast<uint32_t>(stride)) {}

    // Adds `steps` stretches that lie side by side and are due in steps of the window from `first_step` on. `offsets`: begin of
    // the first stretch within the row, then the end of each. What the pointers point to is read later.
    template <class Offset>
    void add(const Offset* offsets, const uint32_t* const* row, uint32_t first_step, uint32_t steps) {
        SNN_PREFETCH(offsets);
        SNN_PREFETCH(row);
        lookups_[count_++] = {offsets, row, first_step, steps};
        if (count_ == capacity) add_up<Offset>();
    }
    template <class Offset>
    void add_up() {
        uint32_t visit_count = 0;
        for (uint32_t k = 0; k < count_; ++k) {
            const Lookup& lookup = lookups_[k];
            const Offset* const offsets = static_cast<const Offset*>(lookup.offsets);
            const uint32_t* const row = *lookup.row;
            uint32_t begin = offsets[0];
            for (uint32_t step = 0; step < lookup.steps; ++step) {
                const uint32_t end = offsets[step + 1];
                visits_[visit_count] = {row + begin, end - begin, (lookup.first_step + step) * stride_};
                visit_count += end != begin;
                synapses_ += end - begin;
                begin = end;
            }
        }
        if (visit_count > 0) kernels_.deliver_entries(accumulators_, visits_, visit_count);
        count_ = 0;
    }

    uint64_t synapses() const { return synapses_; }

private:
    static constexpr uint32_t capacity = 128;
    struct Lookup {
        const void* offsets;
        const uint32_t* const* row;
        uint32_t first_step, steps;
    };
    Lookup lookups_[capacity];
    EntryVisit visits_[capacity * most_window_steps];
    uint32_t count_ = 0;
    uint64_t synapses_ = 0;
    const KernelTable& kernels_;
    int32_t* accumulators_;
    uint32_t stride_;
};

template <class Offset>
void SparseBundles::list_due(const Group& group, const BundlePart& rows, uint64_t clock, uint32_t sample, WindowPlace window,
                             DueList& due) const {
    const PopulationData& source = *populations_[group.source];
    const size_t entries = group.delays + size_t{1};
    const Offset* const offsets = rows.offsets<Offset>();
    // Later steps of a window only look at spikes that arrive now for the first time. All others were known when the window
    // began.
    const uint32_t looked_at = window.step == 0 ? group.delays : 1, to_come = window.steps - window.step;
    for (uint32_t delay = 0; delay < looked_at; ++delay) {
        const uint32_t steps = std::min(to_come, group.delays - delay);
        source.for_lists(clock - group.min_delay - delay, sample, [&](const uint32_t* active, uint32_t count) {
            for (uint32_t a = 0; a < count; ++a)
                due.add(offsets + active[a] * entries + delay, rows.rows.data() + active[a], window.step, steps);
        });
    }
}

uint64_t SparseBundles::deliver(const KernelTable& kernels, uint32_t thread, uint64_t clock, uint32_t sample,
                                WindowPlace window, int32_t* accumulators) const {
    if (thread >= threads_.size()) return 0;
    uint64_t synapses = 0;
    const Thread& owner = threads_[thread];
    for (uint32_t k = 0; k < owner.part_count; ++k) {
        DueList due(kernels, accumulators + k * bundle_part_size, window_stride(thread));
        for (const bool wide : {false, true}) {
            for (const Group& group : groups_) {
                if (group.is_wide() != wide) continue;
                const BundlePart& rows = group.parts[owner.first_part + k];
                if (rows.rows.empty()) continue;
                if (wide) list_due<uint32_t>(group, rows, clock, sample, window, due);
                else list_due<uint16_t>(group, rows, clock, sample, window, due);
            }
            if (wide) due.add_up<uint32_t>();
            else due.add_up<uint16_t>();
        }
        synapses += due.synapses();
    }
    return synapses;
}

uint32_t SparseBundles::list_span(uint32_t thread, uint64_t clock, uint32_t steps, uint64_t most, DueStretch* out_stretches,
                                  uint32_t capacity) const {
    uint32_t count = 0;
    uint64_t synapses = 0;
    if (thread >= threads_.size()) return 0;
    const Thread& owner = threads_[thread];
    for (uint32_t step = steps; step-- > 0;)
        for (uint32_t k = 0; k < owner.part_count; ++k)
            for (const Group& group : groups_) {
                const BundlePart& rows = group.parts[owner.first_part + k];
                if (rows.rows.empty()) continue;
                const size_t entries = group.delays + size_t{1};
                for (uint32_t delay = 0; delay < group.delays; ++delay)
                    populations_[group.source]->for_lists(
                        clock + step - group.min_delay - delay, 0, [&](const uint32_t* active, uint32_t active_count) {
                            for (uint32_t a = 0; a < active_count; ++a) {
                                const size_t at = active[a] * entries + delay;
                                const uint32_t begin = rows.offset(at), length = rows.offset(at + 1) - begin;
                                if (length == 0) continue;
                                synapses += length;
                                if (count >= capacity || synapses > most) {
                                    count = capacity + 1;
                                    return;
                                }
                                const uint32_t* const words = rows.rows[active[a]] + begin;
                                SNN_PREFETCH(words);
                                out_stretches[count++] = {words, length, static_cast<uint32_t>(k * bundle_part_size), step};
                            }
                        });
                if (count > capacity) return count;
            }
    return count;
}

}  // namespace snn::cpu
