#include "cpu/sparse_span.h"

#include <algorithm>

namespace snn::cpu {

namespace {

// If more than this happens, steps one by one take less time.
constexpr uint32_t most_stretches = 4096;
constexpr uint32_t groups_per_synapse = 8;  // (16 neurons, step) pairs of a full span, for each synapse that falls due
constexpr uint32_t steps_to_rest = 128;     // neurons come to rest in hundreds of steps
constexpr uint32_t steps_of_pause = 1024;   // checking all neurons takes as long as some steps

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
    // The limit also holds for a shorter span at the end of a run: what one spike of many targets brings does not shrink with
    // it.
    most_synapses_ = uint64_t{neuron_count_ / 16} * most_steps / groups_per_synapse;
    synapses_.allocate(allocator, most_synapses_ + 1, false);
}

bool SparseSpan::begin(uint64_t clock, uint32_t steps) {
    if (pause_ > 0) {
        pause_ -= std::min(pause_, steps);
        return false;
    }
    const uint32_t count = bundles_.list_span(range_, clock, steps, most_synapses_, stretches_.data(), most_stretches);
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
    is_gathered_ = true;  // set first: even if gathering fails, some neurons may be awake and have to settle
    for (const auto& awake : awake_)
        if (awake && !awake->gather(awake->size() / 2)) return false;
    return true;
}

// Returns false if too many stay awake.
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

void SparseSpan::list(const DueStretch& stretch) {
    constexpr uint32_t ahead = 16;  // synapses to prefetch ahead, because their neurons' slots may lie anywhere
    const auto look_up = [&](uint32_t k, const auto& use) {
        const uint32_t place = stretch.first_place + (stretch.words[k] & 0xffff);
        const Area& area = areas_[area_of_[place / 16]];
        use(*awake_[area.population], area.receptor, place - area.first);
    };
    const auto prefetch = [](AwakeNeurons& awake, uint32_t, uint32_t neuron) { awake.prefetch_slot(neuron); };
    for (uint32_t k = 0; k < std::min(ahead, stretch.count); ++k) look_up(k, prefetch);
    for (uint32_t k = 0; k < stretch.count; ++k) {
        if (k + ahead < stretch.count) look_up(k + ahead, prefetch);
        look_up(k, [&](AwakeNeurons& awake, uint32_t receptor, uint32_t neuron) {
            const uint32_t slot = awake.slot_of(neuron);
            uint32_t& first = awake.first_due(receptor, slot);
            synapses_[synapse_count_] = {first, static_cast<uint8_t>(stretch.step), static_cast<uint8_t>(slot % 16),
                                         static_cast<int16_t>(stretch.words[k] >> 16)};
            first = synapse_count_++;
        });
    }
}

void SparseSpan::settle() {
    if (!is_gathered_) return;
    for (const auto& awake : awake_)
        if (awake) awake->settle();
    is_gathered_ = false;
}

}  // namespace snn::cpu
