// What backends share about variables: the number of values in a slot, and conversion between the types of the interface.
#pragma once

#include <cstddef>

#include "backend/backend.h"

namespace snn {

// The number of values in a slot; 0 for the bias of a projection without one.
size_t slot_count(const Plan& plan, uint32_t batch_size, const Slot& slot);
// Helpers for slots of traces and ages. "Side" is the kind of slot that holds the traces: pre, post or synapse.
bool is_age(Slot::Kind kind);
Slot::Kind side_of(Slot::Kind age);     // pre_age -> pre_traces; a kind of traces is returned as it is
Slot::Kind age_of(Slot::Kind traces);   // pre_traces -> pre_age
const std::vector<TracePlan>& traces_of(const PlasticityPlan& plan, Slot::Kind kind);

// The activity of the last step, or of as many steps as delays reach back.
Slot activity_slot(const Plan& plan, uint32_t population);
// Calls use(slot, dtype) for the activity and the states of all populations, in order.
template <class Use>
void for_population_slots(const Plan& plan, Use&& use) {
    const auto& populations = plan.network->populations();
    for (uint32_t p = 0; p < populations.size(); ++p) {
        const Population& population = populations[p];
        if (population.is_input() || population.is_binary())
            use(activity_slot(plan, p), population.is_binary() ? DType::uint8 : DType::float32);
        if (population.is_input()) continue;
        for (uint32_t s = 0; s < population.model->states.size(); ++s)
            use(Slot{Slot::state, p, s}, population.model->states[s].type == ValueType::int_ ? DType::int32 : DType::float32);
    }
}
// The same for the traces and ages of a projection; no calls unless it is plastic.
template <class Use>
void for_trace_slots(const Plan& plan, uint32_t projection, Use&& use) {
    const PlasticityPlan* const plasticity = plan.plasticity[projection].get();
    if (!plasticity) return;
    const auto side = [&](Slot::Kind traces) {
        use(Slot{traces, projection}, DType::float32);
        use(Slot{age_of(traces), projection}, DType::int32);
    };
    side(Slot::pre_traces);
    side(Slot::post_traces);
    if (!plasticity->synapse_traces.empty()) side(Slot::synapse_traces);
}

// The copies of the weights that a slot of weights or a bias refers to, [first, last): one copy, or one for each sample.
struct WeightCopies {
    uint32_t first, last;
};
WeightCopies weight_copies(const Plan& plan, uint32_t batch_size, const Slot& slot);

// Copies `count` values between any two types. Floats become integers by rounding to the nearest, ties to even, within
// the range of the type.
void convert(DType from, const void* source, DType to, void* target, size_t count);

}  // namespace snn
