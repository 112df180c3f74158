#include "network/network.h"

namespace snn {

std::shared_ptr<const Network> Network::part(const std::vector<uint8_t>& here, uint32_t lag_steps) const {
    auto made = std::make_shared<Network>(dt_ms_);
    std::vector<uint8_t> is_read(populations_.size(), 0);
    for (const Projection& projection : projections_)
        if (here[projection.target]) is_read[projection.source] = 1;
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        const Population& population = populations_[p];
        if (here[p] || (is_read[p] && population.is_input())) {
            made->append(made->populations_, population, true);
            continue;
        }
        Population input;
        input.kind = SNN_POPULATION_SPIKE_INPUT;
        input.name = population.name;
        input.shape = is_read[p] ? population.shape : Shape{1, {1, 1, 1}};
        input.size = input.shape.size();
        made->append(made->populations_, std::move(input), true);
    }
    for (const Projection& projection : projections_) {
        if (!here[projection.target]) continue;
        Projection copy = projection;
        copy.trainable = false;
        if (!here[copy.source] && !populations_[copy.source].is_input()) {
            const uint32_t shorter = std::min(lag_steps, copy.min_delay());  // the second only where there are no synapses
            const uint32_t of_axon = std::min(shorter, copy.delay_steps);
            copy.delay_steps -= of_axon;
            if (shorter > of_axon) copy.synapses = copy.synapses->earlier(static_cast<uint16_t>(shorter - of_axon));
        }
        made->append(made->projections_, std::move(copy), false);
    }
    made->finished_ = true;
    return made;
}

}  // namespace snn
