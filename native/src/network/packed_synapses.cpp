#include "network/packed_synapses.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace snn {

namespace {

// A row's memory only grows, because it is reused for the next row.
template <class Value>
Value* room_for(std::vector<Value>& memory, size_t count) {
    if (memory.size() < count) memory.resize(count);
    return memory.data();
}

}  // namespace

PackedIndex::PackedIndex(std::vector<uint64_t> row_offsets, std::span<const uint32_t> targets, uint16_t min_delay,
                         uint16_t max_delay)
    : row_offsets_(std::move(row_offsets)),
      low_targets_(row_offsets_.back()),
      high_targets_(row_offsets_.back(), targets.empty() ? 0 : *std::max_element(targets.begin(), targets.end()) >> 16),
      delays_(row_offsets_.back(), static_cast<uint32_t>(max_delay - min_delay)),
      min_delay_(min_delay),
      max_delay_(max_delay) {}

void PackedIndex::set_row(uint32_t source, const SynapseRow& row) {
    const uint64_t begin = row_offsets_[source];
    for (size_t k = 0; k < row.targets.size(); ++k) {
        low_targets_[begin + k] = static_cast<uint16_t>(row.targets[k]);
        high_targets_.set(begin + k, row.targets[k] >> 16);
        if (!row.delays.empty()) delays_.set(begin + k, static_cast<uint32_t>(row.delays[k] - min_delay_));
    }
}

SynapseRow PackedIndex::row(uint32_t source, RowMemory& memory) const {
    const uint64_t begin = row_offsets_[source];
    const size_t count = row_offsets_[source + 1] - begin;
    SynapseRow row;
    uint32_t* const targets = room_for(memory.targets, count);
    for (size_t k = 0; k < count; ++k) targets[k] = low_targets_[begin + k];
    high_targets_.for_each(begin, count, [&](size_t k, uint32_t high) { targets[k] |= high << 16; });
    row.targets = {targets, count};
    if (max_delay_ == 0) return row;
    uint16_t* const delays = room_for(memory.delays, count);
    if (delays_.all_zero()) std::fill_n(delays, count, min_delay_);
    else delays_.for_each(begin, count, [&](size_t k, uint32_t more) { delays[k] = static_cast<uint16_t>(min_delay_ + more); });
    row.delays = {delays, count};
    return row;
}

uint64_t PackedIndex::memory_bytes() const {
    return row_offsets_.size() * sizeof(uint64_t) + low_targets_.size() * sizeof(uint16_t) + high_targets_.memory_bytes() +
           delays_.memory_bytes();
}

SynapseRow PackedSynapses::row(uint32_t source, RowMemory& memory) const {
    SynapseRow row = index_->row(source, memory);
    const size_t count = row.targets.size();
    const uint64_t begin = index_->row_begin(source);
    float* const weights = room_for(memory.weights, count);
    if (weights_) {
        std::copy_n(weights_->data() + begin, count, weights);
    } else {
        const float unit = std::ldexp(1.0f, -exponent_);
        for (size_t k = 0; k < count; ++k) weights[k] = static_cast<float>(units_[begin + k]) * unit;
    }
    row.weights = {weights, count};
    return row;
}

uint64_t PackedSynapses::memory_bytes() const {
    return index_->memory_bytes() + (weights_ ? weights_->size() * sizeof(float) : units_.size() * sizeof(int16_t));
}

std::vector<int16_t> weights_in_units(std::span<const float> weights, int32_t exponent) {
    constexpr float least = std::numeric_limits<int16_t>::min(), most = std::numeric_limits<int16_t>::max();
    const float scale = std::ldexp(1.0f, exponent);
    std::vector<int16_t> units(weights.size());
    bool fits = true;
    for (size_t k = 0; k < weights.size(); ++k) {
        const float rounded = std::nearbyint(weights[k] * scale);
        fits &= rounded >= least && rounded <= most;
        units[k] = static_cast<int16_t>(std::clamp(rounded, least, most));
    }
    if (!fits) units.clear();
    return units;
}

}  // namespace snn
