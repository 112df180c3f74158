// Finds the synapses of one source neuron in a sparse projection that have one delay and whose targets lie in one range of
// neurons. Rows are in canonical order (delay, then target), so these synapses always lie side by side:
//
//   row of source i:  | delay 1: range 0 | range 1 | range 2 | delay 4: range 0 | range 1 | range 2 |
//                       ^ table[i][0]      ...                 ^ table[i][3]                         ^ table[i][6]
//
// If the table would outweigh the synapses (long delays, few synapses), the row is searched instead.
#pragma once

#include <cstdint>
#include <vector>

#include "cpu/memory.h"
#include "cpu/population_data.h"
#include "network/network.h"

namespace snn::cpu {

class SparseSegments {
public:
    struct Segment {
        uint64_t begin;
        uint32_t count;
    };

    SparseSegments(const SparseIndex& index, const std::vector<NeuronRange>& ranges, const SNNAllocator& allocator);

    const std::vector<uint16_t>& delays() const { return delays_; }  // delays that occur, ascending

    Segment find(uint32_t source, uint32_t delay_slot, uint32_t range) const {
        const uint64_t row = index_.row_offsets[source];
        if (table_.empty()) return search(source, delay_slot, range);
        const uint32_t* const entry =
            table_.data() + static_cast<size_t>(source) * entries_ + delay_slot * ranges_.size() + range;
        return {row + entry[0], entry[1] - entry[0]};
    }
    // The same over all ranges.
    Segment find(uint32_t source, uint32_t delay_slot) const {
        const uint64_t row = index_.row_offsets[source];
        if (table_.empty()) return search_all(source, delay_slot);
        const uint32_t* const entry = table_.data() + static_cast<size_t>(source) * entries_ + delay_slot * ranges_.size();
        return {row + entry[0], entry[ranges_.size()] - entry[0]};
    }
    void prefetch(uint32_t source, uint32_t delay_slot, uint32_t range) const;

private:
    Segment search(uint32_t source, uint32_t delay_slot, uint32_t range) const;
    Segment search_all(uint32_t source, uint32_t delay_slot) const;
    uint64_t lower_bound(uint64_t begin, uint64_t end, uint16_t delay, uint32_t target) const;

    const SparseIndex& index_;
    std::vector<NeuronRange> ranges_;
    std::vector<uint16_t> delays_;
    size_t entries_ = 0;
    Buffer<uint32_t> table_;  // [source][delay slot * ranges + range], offsets from the start of the row, and the row's end
};

}  // namespace snn::cpu
