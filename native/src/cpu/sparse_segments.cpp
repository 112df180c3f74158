#include "cpu/sparse_segments.h"

#include <algorithm>

#include "common/compiler.h"

namespace snn::cpu {

namespace {

constexpr size_t table_entries_per_synapse = 4;  // more than that and searching costs less than the memory

}  // namespace

SparseSegments::SparseSegments(const SparseIndex& index, const std::vector<NeuronRange>& ranges,
                               const SNNAllocator& allocator)
    : index_(index), ranges_(ranges) {
    if (index.delays.empty()) {
        delays_ = {0};
    } else {
        std::vector<uint8_t> occurs(static_cast<size_t>(index.max_delay) + 1, 0);
        for (const uint16_t delay : index.delays) occurs[delay] = 1;
        for (uint32_t delay = 0; delay <= index.max_delay; ++delay)
            if (occurs[delay]) delays_.push_back(static_cast<uint16_t>(delay));
    }
    const size_t rows = index.row_offsets.size() - 1;
    entries_ = delays_.size() * ranges_.size() + 1;
    if (rows * entries_ > table_entries_per_synapse * (index.targets.size() + rows)) return;
    table_.allocate(allocator, rows * entries_, false);
    for (size_t row = 0; row < rows; ++row) {
        const uint64_t begin = index.row_offsets[row], end = index.row_offsets[row + 1];
        uint32_t* entry = table_.data() + row * entries_;
        uint64_t at = begin;
        for (const uint16_t delay : delays_)
            for (const NeuronRange& range : ranges_) {
                *entry++ = static_cast<uint32_t>(at - begin);
                while (at < end && (index.delays.empty() || index.delays[at] == delay) && index.targets[at] < range.end) ++at;
            }
        *entry = static_cast<uint32_t>(end - begin);
    }
}

uint64_t SparseSegments::lower_bound(uint64_t begin, uint64_t end, uint16_t delay, uint32_t target) const {
    while (begin < end) {
        const uint64_t middle = begin + (end - begin) / 2;
        const uint16_t found = index_.delays.empty() ? uint16_t{0} : index_.delays[middle];
        if (found < delay || (found == delay && index_.targets[middle] < target)) begin = middle + 1;
        else end = middle;
    }
    return begin;
}

SparseSegments::Segment SparseSegments::search(uint32_t source, uint32_t delay_slot, uint32_t range) const {
    const uint64_t row = index_.row_offsets[source], end = index_.row_offsets[source + 1];
    const uint64_t first = lower_bound(row, end, delays_[delay_slot], ranges_[range].begin);
    const uint64_t last = lower_bound(first, end, delays_[delay_slot], ranges_[range].end);
    return {first, static_cast<uint32_t>(last - first)};
}

SparseSegments::Segment SparseSegments::search_all(uint32_t source, uint32_t delay_slot) const {
    const uint64_t row = index_.row_offsets[source], end = index_.row_offsets[source + 1];
    const uint64_t first = lower_bound(row, end, delays_[delay_slot], 0);
    const uint64_t last = lower_bound(first, end, delays_[delay_slot], UINT32_MAX);
    return {first, static_cast<uint32_t>(last - first)};
}

void SparseSegments::prefetch(uint32_t source, uint32_t delay_slot, uint32_t range) const {
    if (table_.empty()) SNN_PREFETCH(index_.row_offsets.data() + source);
    else
        SNN_PREFETCH(table_.data() + static_cast<size_t>(source) * entries_ + delay_slot * ranges_.size() +
                     (range < ranges_.size() ? range : 0));
}

}  // namespace snn::cpu
