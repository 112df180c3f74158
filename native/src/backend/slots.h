// What backends share about variables: how many values a slot has, and converting between the types of the interface.
#pragma once

#include <cstddef>

#include "backend/backend.h"

namespace snn {

// Values of a slot in canonical order; 0 for a bias that is not there.
size_t slot_count(const Plan& plan, uint32_t batch_size, const Slot& slot);
// What slots of traces and ages are about.
bool is_age(Slot::Kind kind);
Slot::Kind side_of(Slot::Kind age);     // pre_age: pre_traces; traces are their own side
Slot::Kind age_of(Slot::Kind traces);   // pre_traces: pre_age
const std::vector<TracePlan>& traces_of(const PlasticityPlan& plan, Slot::Kind kind);

// What was active in the last step, or as far back as delays look.
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
// The same for what a projection remembers of spikes: nothing, unless it is plastic.
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

// Which copies of the weights a slot of weights or a bias is about, [first, last): one copy, or one for each sample.
struct WeightCopies {
    uint32_t first, last;
};
WeightCopies weight_copies(const Plan& plan, uint32_t batch_size, const Slot& slot);

// Copies `count` values between any two types. Floats become integers by rounding to the nearest, ties to even, within
// the range of the type.
void convert(DType from, const void* source, DType to, void* target, size_t count);

}  // namespace snn
