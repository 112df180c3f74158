#include "network/stages.h"

#include <algorithm>

#include "network/projections_by_source.h"

namespace snn {

bool lies_on_cycle(const Network& network, uint32_t projection) {
    const auto& projections = network.projections();
    const ProjectionsBySource from(network);
    std::vector<uint8_t> reached(network.populations().size(), 0);
    std::vector<uint32_t> open{projections[projection].target};
    while (!open.empty()) {
        const uint32_t population = open.back();
        open.pop_back();
        if (reached[population]) continue;
        reached[population] = 1;
        for (const uint32_t q : from[population]) open.push_back(projections[q].target);
    }
    return reached[projections[projection].source] != 0;
}

std::vector<uint32_t> stages_of(const Network& network, std::span<const uint32_t> normalized) {
    const auto& projections = network.projections();
    std::vector<uint32_t> stages(network.populations().size(), 0);
    // Every round settles at least one more stage.
    for (bool changed = !normalized.empty(); changed;) {
        changed = false;
        for (uint32_t q = 0; q < projections.size(); ++q) {
            const uint32_t cut = std::find(normalized.begin(), normalized.end(), q) != normalized.end();
            uint32_t& stage = stages[projections[q].source];
            const uint32_t least = stages[projections[q].target] + cut;
            if (stage < least) {
                stage = least;
                changed = true;
            }
        }
    }
    return stages;
}

}  // namespace snn
