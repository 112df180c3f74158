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

    // Makes the rows and uploads them. Called again if weights of a member have changed; the connections must be the same.
    void load(Device& device, const Network& network, std::span<const Member> members, ThreadPool& threads);

    struct Segment {
        Range synapses, rows;
        uint32_t first, last;  // sources
    };

    uint32_t source;
    bool compact;
    std::vector<uint32_t> projections;
    std::vector<uint32_t> delays;  // total delays, ascending: those in use, or the whole range if most of it is in use
    std::vector<uint32_t> parts;   // first sums of the ranges that a synapse can address, ascending
    std::vector<Segment> segments;
    uint64_t synapse_count = 0;

private:
    struct Block;
    struct Scratch;
    struct Filling;
    size_t words_of_synapse() const { return compact ? 1 : 2; }
    void cut_into_parts(const Network& network, std::span<const Member> members);
    void make_rows(const Network& network, std::span<const Member> members, Block& out_block, Scratch& scratch) const;
    Filling begin_segment(uint32_t first) const;
    void end_segment(Device& device, const Network& network, Filling& filling, uint32_t last, size_t& io_number);
    void bring(Device& device, const Network& network, const std::vector<Block>& blocks);

    uint32_t least_delay_ = 0, most_delay_ = 0;  // bounds of the members' total delays
};

}  // namespace snn::vulkan
