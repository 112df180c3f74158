#include "cpu/sparse_span.h"

#include <algorithm>

namespace snn::cpu {

namespace {

// Where more happens, steps one by one take less time.
constexpr uint32_t most_stretches = 4096;
constexpr uint32_t groups_per_synapse = 8;  // groups of 16 neurons and steps of a span, for each synapse that falls due
constexpr uint32_t steps_to_rest = 128;     // neurons come to rest in hundreds of steps
constexpr uint32_t steps_of_pause = 1024;   // looking at all neurons takes as long as some steps

}  // namespace

SparseSpan::SparseSpan(const std::vector<std::unique_ptr<PopulationData>>& populations, const std::vector<uint32_t>& stepped,
                       const SparseBundles& bundles, uint32_t range, uint32_t most_steps, const SNNAllocator& allocator)
    : bundles_(bundles), range_(range) {
    area_of_.assign(bundles.accumulator_count(range) / 16, 0);
    awake_.resize(populations.size());
    for (const uint32_t p : stepped) {
        PopulationData& data = *populations[p];
        if (range >= data.ranges.size()) continue;
        awake_[p] = std::make_unique<AwakeNeurons>(data, range, allocator);
        neuron_count_ += awake_[p]->size();
        const uint32_t groups = (data.ranges[range].end - data.ranges[range].begin) / 16;
        for (uint32_t r = 0; r < data.receptor_count; ++r) {
            if (!bundles.has_accumulators(p, r)) continue;
            const size_t first = bundles.accumulator_place(p, r, range);
            std::fill_n(area_of_.begin() + static_cast<ptrdiff_t>(first / 16), groups, static_cast<uint32_t>(areas_.size()));
            areas_.push_back({static_cast<uint32_t>(first), p, r});
        }
    }
    stretches_.allocate(allocator, most_stretches, false);
    synapses_.allocate(allocator, neuron_count_ / 16 * size_t{most_steps} / groups_per_synapse + 1, false);
}

bool SparseSpan::begin(uint64_t clock, uint32_t steps) {
    if (pause_ > 0) {
        pause_ -= std::min(pause_, steps);
        return false;
    }
    const uint64_t most = uint64_t{neuron_count_ / 16} * steps / groups_per_synapse;
    const uint32_t count = bundles_.list_span(range_, clock, steps, most, stretches_.data(), most_stretches);
    if (count > most_stretches || !(is_gathered_ || gather()) || !let_rest(steps)) {
        settle();
        pause_ = steps_of_pause;
        return false;
    }
    synapse_count_ = 0;
    for (uint32_t k = 0; k < count; ++k) list(stretches_[k]);
    steps_taken_ += steps;
    return true;
}

bool SparseSpan::gather() {
    is_gathered_ = true;  // some may be, so that all have to settle
    for (const auto& awake : awake_)
        if (awake && !awake->gather(awake->size() / 2)) return false;
    return true;
}

// False: too many stay awake.
bool SparseSpan::let_rest(uint32_t steps) {
    unchecked_ += steps;
    if (unchecked_ < steps_to_rest) return true;
    unchecked_ = 0;
    uint32_t count = 0;
    for (const auto& awake : awake_) {
        if (!awake) continue;
        awake->let_rest();
        count += awake->count();
    }
    return count < neuron_count_ / 4 * 3;
}

// In front of what is due later or at once: mostly that is the front, because the last step comes first.
void SparseSpan::list(const DueStretch& stretch) {
    for (uint32_t k = 0; k < stretch.count; ++k) {
        const uint32_t word = stretch.words[k], place = stretch.first_place + (word & 0xffff);
        const Area& area = areas_[area_of_[place / 16]];
        AwakeNeurons& awake = *awake_[area.population];
        const uint32_t slot = awake.slot_of(place - area.first);
        uint32_t* link = &awake.first_due(area.receptor, slot);
        while (*link != nothing_due && synapses_[*link].step < stretch.step) link = &synapses_[*link].next;
        synapses_[synapse_count_] = {*link, static_cast<uint8_t>(stretch.step), static_cast<uint8_t>(slot % 16),
                                     static_cast<int16_t>(word >> 16)};
        *link = synapse_count_++;
    }
}

void SparseSpan::settle() {
    if (!is_gathered_) return;
    for (const auto& awake : awake_)
        if (awake) awake->settle();
    is_gathered_ = false;
}

}  // namespace snn::cpu
