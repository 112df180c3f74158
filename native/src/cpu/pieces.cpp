#include "cpu/pieces.h"

#include <algorithm>

#include "cpu/memory.h"

namespace snn::cpu {

namespace {

constexpr uint64_t smallest_piece = 64;  // neurons: a cache line of bits is shared by two tasks at most

}  // namespace

// Needs 64 bits: 16 channels of a population with up to 2^30 neurons do not fit into 32.
std::vector<uint64_t> piece_granularities(const Network& network) {
    std::vector<uint64_t> granularities(network.populations().size(), 0);
    for (const Projection& projection : network.projections()) {
        if (projection.kind != SNN_CONNECT_CONV2D && projection.kind != SNN_CONNECT_POOL2D) continue;
        const Population& target = network.populations()[projection.target];
        // Windows fill whole channels, in blocks of 16. Channels of several groups are not cut at all.
        const uint64_t blocks = uint64_t{16} * target.shape.dims[1] * target.shape.dims[2];
        uint64_t& granularity = granularities[projection.target];
        granularity = std::max(granularity, projection.window.groups > 1 ? padded(target.size) : blocks);
    }
    for (uint64_t& granularity : granularities)
        if (granularity == 0) granularity = smallest_piece;
    return granularities;
}

std::vector<NeuronRange> cut(uint32_t row, uint64_t granularity, uint32_t pieces) {
    const uint64_t units = (row + granularity - 1) / granularity;
    const uint64_t units_per_piece = (units + pieces - 1) / pieces;
    std::vector<NeuronRange> ranges;
    for (uint64_t unit = 0; unit < units; unit += units_per_piece)
        ranges.push_back({static_cast<uint32_t>(unit * granularity),
                          static_cast<uint32_t>(std::min(uint64_t{row}, (unit + units_per_piece) * granularity))});
    return ranges;
}

}  // namespace snn::cpu
