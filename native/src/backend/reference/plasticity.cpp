// Plasticity: weights that change while the network runs. docs/semantics.md, "Plasticity".
#include <algorithm>

#include "backend/reference/executor.h"
#include "backend/reference/synapses.h"

namespace snn::reference {

template <class Real>
Real ReferenceExecutor<Real>::now_of(const Trace& trace, const TracePlan& plan) const {
    return trace.value * static_cast<Real>(plan.table->after(now_ - trace.step));
}

template <class Real>
void ReferenceExecutor<Real>::add_event(Trace& trace, const TracePlan& plan) const {
    trace = {static_cast<Real>(plan.keep) * now_of(trace, plan) + Real{1}, now_};
}

template <class Real>
Real ReferenceExecutor<Real>::held(Real value, float minimum, float maximum) {
    const Real low = static_cast<Real>(minimum), high = static_cast<Real>(maximum);
    const Real raised = value > low ? value : low;
    return raised < high ? raised : high;
}

// A spike arrives at a synapse. Changes the synapse's weight and its pre traces, and returns what is delivered to the target.
// learn() updates the target's traces once for all its synapses.
template <class Real>
Real ReferenceExecutor<Real>::arrive(uint32_t index, uint64_t synapse, uint32_t target) {
    const PlasticityRule& rule = *network().projection(index).plasticity->rule;
    const PlasticityPlan& plan = *plasticity_[index];
    ProjectionState& state = projections_[index];
    happen(index, rule.on_pre, synapse, target);
    const Real amount = rule.on_pre.delivered < 0
                            ? state.weights[synapse]
                            : held(registers_.real[static_cast<size_t>(rule.on_pre.delivered)], plan.least_delivered(),
                                   plan.most_delivered());
    if (!rule.arrival_traces.empty()) {
        registers_.resize(rule.arrival.register_count());  // the inputs are still as happen() loaded them
        evaluate(rule.arrival, SurrogateInUse<Real>{}, false, registers_);
    }
    for (size_t k = 0; k < plan.pre_traces.size(); ++k) {
        Trace& trace = state.pre_traces[k][synapse];
        if (rule.arrival_traces.empty() || rule.arrival_traces[k] < 0) add_event(trace, plan.pre_traces[k]);
        else trace = {registers_.real[static_cast<size_t>(rule.arrival_traces[k])], now_};
    }
    return amount;
}

// Called before a step: the events of the step read the states of the target as they are now.
template <class Real>
void ReferenceExecutor<Real>::look_at_target(uint32_t index) {
    const std::vector<Values>& states = populations_[network().projection(index).target].states;
    ProjectionState& state = projections_[index];
    for (size_t k = 0; k < state.target_states.size(); ++k)
        state.target_states[k] = states[plasticity_[index]->target_states[k]];
}

// Applies an event to a synapse: changes its weight and its own traces.
template <class Real>
void ReferenceExecutor<Real>::happen(uint32_t index, const PlasticEvent& event, uint64_t synapse, uint32_t target,
                                     Real signal) {
    const PlasticityPlan& plan = *plasticity_[index];
    ProjectionState& state = projections_[index];
    registers_.resize(event.program.register_count());
    size_t at = 0;
    for (const PlasticConstant& constant : plan.constants) {
        registers_.real[at] = static_cast<Real>(constant.real);
        registers_.whole[at++] = constant.whole;
    }
    for (size_t k = 0; k < plan.pre_traces.size(); ++k)
        registers_.real[at++] = now_of(state.pre_traces[k][synapse], plan.pre_traces[k]);
    for (size_t k = 0; k < plan.post_traces.size(); ++k)
        registers_.real[at++] = now_of(state.post_traces[k][target], plan.post_traces[k]);
    for (size_t k = 0; k < plan.synapse_traces.size(); ++k)
        registers_.real[at++] = now_of(state.synapse_traces[k][synapse], plan.synapse_traces[k]);
    for (const Values& values : state.target_states) registers_.real[at++] = values[target];
    Real& weight = state.weights[synapse];
    registers_.real[at++] = weight;
    if (at < event.program.input_count) registers_.real[at] = signal;
    evaluate(event.program, SurrogateInUse<Real>{}, false, registers_);
    weight = flush(held(registers_.real[event.weight], plan.minimum, plan.maximum));
    for (size_t k = 0; k < plan.synapse_traces.size(); ++k)
        state.synapse_traces[k][synapse] = {flush(registers_.real[event.traces[k]]), now_};
}

template <class Real>
void ReferenceExecutor<Real>::signal(uint32_t index, float value) {
    const Projection& projection = network().projection(index);
    look_at_target(index);
    ++now_;  // a signal counts as part of the next step
    for (uint32_t i = 0; i < network().population(projection.source).size; ++i)
        for_synapses(network(), projection, i, [&](const Synapse& synapse) {
            happen(index, *projection.plasticity->rule->on_signal, synapse.weight, synapse.target, static_cast<Real>(value));
        });
    --now_;
}

// Runs after the target's neurons: their spikes of this step change the weights of all their incoming synapses.
template <class Real>
void ReferenceExecutor<Real>::learn(uint32_t index) {
    const Projection& projection = network().projection(index);
    const Values& spikes = activity(projection.target, 0);
    for (uint32_t i = 0; i < network().population(projection.source).size; ++i)
        for_synapses(network(), projection, i, [&](const Synapse& synapse) {
            if (spikes[synapse.target] != Real{0})
                happen(index, projection.plasticity->rule->on_post, synapse.weight, synapse.target);
        });
    const PlasticityPlan& plan = *plasticity_[index];
    for (size_t k = 0; k < plan.post_traces.size(); ++k)
        for (uint32_t j = 0; j < network().population(projection.target).size; ++j)
            if (spikes[j] != Real{0}) add_event(projections_[index].post_traces[k][j], plan.post_traces[k]);
}

template class ReferenceExecutor<float>;
template class ReferenceExecutor<double>;

}  // namespace snn::reference
