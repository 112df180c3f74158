// A bundle holds the static synapses of one source that are summed as integers, for several of its projections together. A
// spike reads one row for each delay, whatever the targets, and one dispatch delivers the whole bundle.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "common/thread_pool.h"
#include "network/plan.h"
#include "vulkan/device.h"

namespace snn::vulkan {

constexpr uint32_t compact_sums = 1u << 16;  // the number of sums that the 16 bits of a compact synapse can address

// The table that finds the synapses of a source and delay. In most networks it is small beside the synapses. Where there are
// many delays or parts for few synapses, it would be the larger of the two.
struct RowTable {
    bool has_part_bytes = false;  // a byte of each synapse names its part; otherwise each part has its own list
    uint32_t entry_bits = 32;     // 8, 16 or 32

    // `delays`, `parts`: upper bounds.
    static RowTable chosen(uint64_t synapses, uint64_t sources, uint64_t delays, uint64_t parts);
    // To be called when the rows are known. `lists`: of a source. `longest_row`: synapses of one source.
    void choose_entries(uint64_t synapses, uint64_t sources, uint64_t lists, uint64_t longest_row);
    uint64_t words(uint64_t sources, uint64_t lists) const;
};

class SpikeBundle {
public:
    // A projection of the bundle.
    struct Member {
        uint32_t projection;
        uint32_t first_sum;  // the sum of target 0 in sample 0: offset in the buffer of sums, in words
        std::span<const float> own_weights;  // weights that were written, in canonical order; empty: the network's
    };

    // All members have this source, and either all are compact or none.
    SpikeBundle(uint32_t of_source, bool is_compact) : source(of_source), compact(is_compact) {}

    bool has_consecutive_delays() const { return delays.back() - delays.front() + 1 == delays.size(); }
    uint32_t lists_of_delay() const { return table.has_part_bytes ? 1 : static_cast<uint32_t>(parts.size()); }

    // Makes the rows and uploads them. Called again if weights of a member have changed; the connections must be the same.
    void load(Device& device, const Network& network, std::span<const Member> members, ThreadPool& threads);

    struct Segment {
        Range synapses, rows;
        uint32_t first, last;  // sources
        uint32_t ends;         // where in `rows` short entries begin
        uint32_t part_bytes;   // where in `synapses` the parts begin
    };

    uint32_t source;
    bool compact;
    std::vector<uint32_t> projections;
    std::vector<uint32_t> delays;  // total delays, ascending: those in use, or the whole range if most of it is in use
    std::vector<uint32_t> parts;   // first sums of the ranges that a synapse can address, ascending
    RowTable table;
    std::vector<Segment> segments;
    uint64_t synapse_count = 0;

private:
    struct Block;
    struct Scratch;
    struct Filling;
    size_t words_of_synapse() const { return compact ? 1 : 2; }
    uint64_t part_words(uint64_t synapses) const { return table.has_part_bytes ? (synapses + 3) / 4 : 0; }
    void cut_into_parts(const Network& network, std::span<const Member> members);
    void make_rows(const Network& network, std::span<const Member> members, Block& out_block, Scratch& scratch) const;
    std::vector<uint32_t> rows_of(const Filling& filling, uint32_t& out_ends) const;
    void end_segment(Device& device, const Network& network, const Filling& filling, uint32_t last, size_t& io_number);
    void bring(Device& device, const Network& network, const std::vector<Block>& blocks);

    uint32_t least_delay_ = 0, most_delay_ = 0;  // bounds of the members' total delays
};

}  // namespace snn::vulkan
