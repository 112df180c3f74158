// The projections out of each population, found once. Searching all projections for every population would take time
// proportional to the product of both numbers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "network/network.h"

namespace snn {

class ProjectionsBySource {
public:
    explicit ProjectionsBySource(const Network& network)
        : begins_(network.populations().size() + 1, 0), projections_(network.projections().size()) {
        for (const Projection& projection : network.projections()) ++begins_[projection.source + 1];
        for (size_t p = 1; p < begins_.size(); ++p) begins_[p] += begins_[p - 1];
        std::vector<uint32_t> ends(begins_.begin(), begins_.end() - 1);
        for (uint32_t q = 0; q < projections_.size(); ++q) projections_[ends[network.projections()[q].source]++] = q;
    }

    // The projections out of a population, ascending.
    std::span<const uint32_t> operator[](uint32_t population) const {
        return {projections_.data() + begins_[population], begins_[population + 1] - begins_[population]};
    }

private:
    std::vector<uint32_t> begins_, projections_;
};

}  // namespace snn
