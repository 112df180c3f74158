#include "backend/slots.h"

#include <algorithm>
#include <type_traits>

#include "common/math.h"

namespace snn {

size_t size_of(DType type) {
    switch (type) {
        case DType::float32: return sizeof(float);
        case DType::float64: return sizeof(double);
        case DType::int32: return sizeof(int32_t);
        case DType::uint8: return sizeof(uint8_t);
    }
    return 0;
}

Slot activity_slot(const Plan& plan, uint32_t population) {
    return {plan.populations[population].history_depth > 0 ? Slot::history : Slot::activity, population};
}

size_t slot_count(const Plan& plan, uint32_t batch_size, const Slot& slot) {
    const Network& network = *plan.network;
    const auto copies = [&] {
        const WeightCopies found = weight_copies(plan, batch_size, slot);
        return size_t{found.last - found.first};
    };
    switch (slot.kind) {
        case Slot::state:
        case Slot::activity: return size_t{batch_size} * network.population(slot.index).size;
        case Slot::history:
            return size_t{plan.populations[slot.index].history_depth} * batch_size *
                   network.population(slot.index).size;
        case Slot::weight: return copies() * network.projection(slot.index).weight_count();
        case Slot::weight_gradient: return network.projection(slot.index).weight_count();
        case Slot::pre_traces:
        case Slot::pre_age:
        case Slot::post_traces:
        case Slot::post_age:
        case Slot::synapse_traces:
        case Slot::synapse_age: {
            const PlasticityPlan* const plasticity = plan.plasticity[slot.index].get();
            if (!plasticity) return 0;
            const Projection& projection = network.projection(slot.index);
            const size_t arrivals = network.population(projection.source).size * plasticity->delays.size();
            const size_t spikes = network.population(projection.target).size;
            if (slot.kind == Slot::synapse_traces) return plasticity->synapse_traces.size() * projection.weight_count();
            if (slot.kind == Slot::synapse_age) return plasticity->synapse_traces.empty() ? 0 : projection.weight_count();
            if (slot.kind == Slot::pre_traces) return plasticity->pre_traces.size() * arrivals;
            if (slot.kind == Slot::post_traces) return plasticity->post_traces.size() * spikes;
            return slot.kind == Slot::pre_age ? arrivals : spikes;
        }
        case Slot::bias: return copies() * network.projection(slot.index).bias_count();
        case Slot::bias_gradient: return network.projection(slot.index).bias_count();
    }
    return 0;
}

WeightCopies weight_copies(const Plan& plan, uint32_t batch_size, const Slot& slot) {
    if (!plan.sample_weights) return {0, 1};
    return slot.sample == Slot::all_samples ? WeightCopies{0, batch_size} : WeightCopies{slot.sample, slot.sample + 1};
}

bool is_age(Slot::Kind kind) {
    return kind == Slot::pre_age || kind == Slot::post_age || kind == Slot::synapse_age;
}

Slot::Kind side_of(Slot::Kind age) {
    return age == Slot::pre_age    ? Slot::pre_traces
           : age == Slot::post_age ? Slot::post_traces
           : age == Slot::synapse_age ? Slot::synapse_traces
                                      : age;
}

Slot::Kind age_of(Slot::Kind traces) {
    return traces == Slot::pre_traces ? Slot::pre_age : traces == Slot::post_traces ? Slot::post_age : Slot::synapse_age;
}

const std::vector<TracePlan>& traces_of(const PlasticityPlan& plan, Slot::Kind kind) {
    const Slot::Kind side = side_of(kind);
    return side == Slot::pre_traces ? plan.pre_traces : side == Slot::post_traces ? plan.post_traces : plan.synapse_traces;
}

namespace {

template <class From, class To>
To converted(From value) {
    if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
        const int32_t whole = to_int_nearest_even(static_cast<double>(value));
        return static_cast<To>(sizeof(To) == 1 ? std::clamp(whole, 0, 255) : whole);
    } else if constexpr (std::is_same_v<To, uint8_t> && std::is_same_v<From, int32_t>) {
        return static_cast<uint8_t>(std::clamp(value, 0, 255));
    } else {
        return static_cast<To>(value);
    }
}

template <class From, class To>
void convert_all(const void* source, void* target, size_t count) {
    const From* const from = static_cast<const From*>(source);
    To* const to = static_cast<To*>(target);
    for (size_t i = 0; i < count; ++i) to[i] = converted<From, To>(from[i]);
}

template <class From>
void convert_from(const void* source, DType to, void* target, size_t count) {
    switch (to) {
        case DType::float32: return convert_all<From, float>(source, target, count);
        case DType::float64: return convert_all<From, double>(source, target, count);
        case DType::int32: return convert_all<From, int32_t>(source, target, count);
        case DType::uint8: return convert_all<From, uint8_t>(source, target, count);
    }
}

}  // namespace

void convert(DType from, const void* source, DType to, void* target, size_t count) {
    switch (from) {
        case DType::float32: return convert_from<float>(source, to, target, count);
        case DType::float64: return convert_from<double>(source, to, target, count);
        case DType::int32: return convert_from<int32_t>(source, to, target, count);
        case DType::uint8: return convert_from<uint8_t>(source, to, target, count);
    }
}

}  // namespace snn
