// The variables that a session reads and writes, in canonical order.
#include "backend/reference/executor.h"
#include "backend/reference/synapses.h"
#include "backend/slots.h"

namespace snn::reference {

template <class Real>
std::span<const uint32_t> ReferenceExecutor<Real>::active(uint32_t population, uint32_t sample) const {
    const uint32_t size = network().population(population).size;
    const Values& values = activity(population, 0);
    std::vector<uint32_t>& list = populations_[population].active;
    list.clear();
    for (uint32_t i = 0; i < size; ++i)
        if (values[size_t{sample} * size + i] != Real{0}) list.push_back(i);
    return list;
}

template <class Real>
size_t ReferenceExecutor<Real>::count(const Slot& slot) const {
    return slot_count(*plan_, batch_size_, slot);
}

// Index of the first value in the copies of weights or bias that a slot refers to.
template <class Real>
size_t ReferenceExecutor<Real>::first_of(const Slot& slot) const {
    const Projection& projection = network().projection(slot.index);
    const size_t one = slot.kind == Slot::bias ? projection.bias_count() : projection.weight_count();
    return weight_copies(*plan_, batch_size_, slot).first * one;
}

template <class Real>
void ReferenceExecutor<Real>::read(const Slot& slot, DType dtype, void* out_data) const {
    const auto give = [&](const Values& values) { convert(real_type, values.data(), dtype, out_data, values.size()); };
    const auto give_copies = [&](const Values& values) {
        convert(real_type, values.data() + first_of(slot), dtype, out_data, count(slot));
    };
    switch (slot.kind) {
        case Slot::state: {
            const PopulationState& state = populations_[slot.index];
            if (state.states[slot.sub].empty())
                convert(DType::int32, state.int_states[slot.sub].data(), dtype, out_data,
                        state.int_states[slot.sub].size());
            else give(state.states[slot.sub]);
            return;
        }
        case Slot::activity: return give(activity(slot.index, 0));
        case Slot::history:
            for (uint32_t lag = 0; lag < plan_->populations[slot.index].history_depth; ++lag)
                convert(real_type, activity(slot.index, lag).data(), dtype,
                        static_cast<char*>(out_data) + lag * frame(slot.index) * size_of(dtype), frame(slot.index));
            return;
        case Slot::weight: return give_copies(projections_[slot.index].weights);
        case Slot::bias: return give_copies(projections_[slot.index].bias);
        case Slot::pre_traces:
        case Slot::pre_age:
        case Slot::post_traces:
        case Slot::post_age:
        case Slot::synapse_traces:
        case Slot::synapse_age: return read_traces(slot, dtype, out_data);
        case Slot::weight_gradient: return give(projections_[slot.index].weight_gradient);
        case Slot::bias_gradient: return give(projections_[slot.index].bias_gradient);
    }
}

template <class Real>
void ReferenceExecutor<Real>::write(const Slot& slot, DType dtype, const void* data) {
    const auto take = [&](Values& values) { convert(dtype, data, real_type, values.data(), values.size()); };
    const auto take_copies = [&](Values& values) {
        convert(dtype, data, real_type, values.data() + first_of(slot), count(slot));
    };
    switch (slot.kind) {
        case Slot::state: {
            PopulationState& state = populations_[slot.index];
            if (state.states[slot.sub].empty()) {
                convert(dtype, data, DType::int32, state.int_states[slot.sub].data(),
                        state.int_states[slot.sub].size());
                return;
            }
            take(state.states[slot.sub]);
            for (Real& value : state.states[slot.sub]) value = flush(value);
            return;
        }
        case Slot::history:
            for (uint32_t lag = 0; lag < plan_->populations[slot.index].history_depth; ++lag) {
                std::vector<Values>& ring = populations_[slot.index].history;
                convert(dtype, static_cast<const char*>(data) + lag * frame(slot.index) * size_of(dtype), real_type,
                        ring[(now_ + ring.size() - lag) % ring.size()].data(), frame(slot.index));
            }
            return;
        case Slot::weight: return take_copies(projections_[slot.index].weights);
        case Slot::bias: return take_copies(projections_[slot.index].bias);
        case Slot::activity: return take(populations_[slot.index].history[now_ % populations_[slot.index].history.size()]);
        case Slot::pre_traces:
        case Slot::pre_age:
        case Slot::post_traces:
        case Slot::post_age:
        case Slot::synapse_traces:
        case Slot::synapse_age: return write_traces(slot, dtype, data);
        case Slot::weight_gradient:
        case Slot::bias_gradient: return;  // read only; the session has refused the write
    }
}

// Calls use(traces, index in the slot, index in the traces) for everything that a slot of traces or ages holds. Pre traces are
// stored for each synapse; all synapses of one source and delay have the same.
template <class Real>
template <class State, class Use>
void ReferenceExecutor<Real>::for_traces(const Slot& slot, State& state, Use&& use) const {
    const Projection& projection = network().projection(slot.index);
    if (slot.kind == Slot::post_traces || slot.kind == Slot::post_age) {
        for (uint32_t j = 0; j < network().population(projection.target).size; ++j) use(state.post_traces, j, j);
        return;
    }
    const bool own = slot.kind == Slot::synapse_traces || slot.kind == Slot::synapse_age;
    const PlasticityPlan& plan = *plasticity_[slot.index];
    for (uint32_t i = 0; i < network().population(projection.source).size; ++i)
        for_synapses(network(), projection, i, [&](const Synapse& synapse) {
            if (own) use(state.synapse_traces, synapse.weight, synapse.weight);
            else
                use(state.pre_traces, i * plan.delays.size() + plan.delay_slot(synapse.delay - projection.delay_steps),
                    synapse.weight);
        });
}

template <class Real>
void ReferenceExecutor<Real>::read_traces(const Slot& slot, DType dtype, void* out_data) const {
    if (count(slot) == 0) return;
    const std::vector<TracePlan>& plans = traces_of(*plasticity_[slot.index], slot.kind);
    const size_t places = is_age(slot.kind) ? count(slot) : count(slot) / plans.size();
    std::vector<Real> values(plans.size() * places, Real{0});
    std::vector<int32_t> ages(places, oldest_event);
    for_traces(slot, projections_[slot.index],
               [&](const std::vector<std::vector<Trace>>& traces, uint64_t place, uint64_t at) {
                   for (size_t k = 0; k < plans.size(); ++k) values[k * places + place] = traces[k][at].value;
                   if (!plans.empty())
                       ages[place] = kept_traces(plans, now_ + 1 - traces[0][at].step, values.data() + place, places);
               });
    if (is_age(slot.kind)) convert(DType::int32, ages.data(), dtype, out_data, places);
    else convert(real_type, values.data(), dtype, out_data, values.size());
}

template <class Real>
void ReferenceExecutor<Real>::write_traces(const Slot& slot, DType dtype, const void* data) {
    const size_t size = count(slot);
    if (size == 0) return;
    const size_t places = is_age(slot.kind) ? size : size / traces_of(*plasticity_[slot.index], slot.kind).size();
    std::vector<Real> values(is_age(slot.kind) ? 0 : size);
    std::vector<int32_t> ages(is_age(slot.kind) ? size : 0);
    if (is_age(slot.kind)) convert(dtype, data, DType::int32, ages.data(), size);
    else convert(dtype, data, real_type, values.data(), size);
    for_traces(slot, projections_[slot.index], [&](std::vector<std::vector<Trace>>& traces, uint64_t place, uint64_t at) {
        for (size_t k = 0; k < traces.size(); ++k) {
            // A step before step 0 wraps around, and so do the differences.
            if (is_age(slot.kind)) traces[k][at].step = now_ + 1 - static_cast<uint64_t>(ages[place]);
            else traces[k][at].value = values[k * places + place];
        }
    });
}

template class ReferenceExecutor<float>;
template class ReferenceExecutor<double>;

}  // namespace snn::reference
