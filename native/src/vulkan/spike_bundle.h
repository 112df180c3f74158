// The static synapses of one source that are added up in integers, those of all its projections together: a spike reads one row
// of each delay, whatever the targets, and one dispatch delivers all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "common/thread_pool.h"
#include "network/plan.h"
#include "vulkan/device.h"

namespace snn::vulkan {

constexpr uint32_t compact_sums = 1u << 16;  // that the 16 bits of a compact synapse reach

class SpikeBundle {
public:
    // A projection of the bundle and where its targets' sums are: that of target 0 and sample 0, in words of the buffer of
    // sums.
    struct Member {
        uint32_t projection;
        uint32_t first_sum;
        std::span<const float> own_weights;  // in canonical order, once they were written; empty: the network's
    };

    // `source`, `compact`: what all members have in common.
    SpikeBundle(uint32_t of_source, bool is_compact) : source(of_source), compact(is_compact) {}

    bool has_consecutive_delays() const { return delays.back() - delays.front() + 1 == delays.size(); }

    // Makes the rows and brings them to the device; again when weights of a member have changed: the connections stay.
    void load(Device& device, const Network& network, std::span<const Member> members, ThreadPool& threads);

    struct Segment {
        Range synapses, rows;
        uint32_t first, last;  // sources
    };

    uint32_t source;
    bool compact;
    std::vector<uint32_t> projections;
    std::vector<uint32_t> delays;  // total, ascending: those that synapses have, or all between where most have one
    std::vector<uint32_t> parts;   // where the ranges of sums begin that a synapse reaches, ascending
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

    uint32_t least_delay_ = 0, most_delay_ = 0;  // bounds
};

}  // namespace snn::vulkan
