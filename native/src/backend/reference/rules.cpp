// Learning rules: OTTT and e-prop, which represent the past by traces, and EventProp. docs/semantics.md, "Learning rules".
#include "backend/reference/executor.h"
#include "backend/reference/synapses.h"

namespace snn::reference {

template <class Real>
bool ReferenceExecutor<Real>::passes_back(const Projection& projection, uint32_t delay) const {
    if (rule_ == LearningRule::ottt) return delay == 0;
    return rule_ != LearningRule::eprop || projection.target == readout_;
}

// Runs after the adjoint of one neuron of one sample, which has left this step's gradients of the sums and of the states
// before it.
template <class Real>
void ReferenceExecutor<Real>::add_credit(uint32_t population, size_t neuron) {
    PopulationState& state = populations_[population];
    const LinearStep& linear = linear_[population];
    for (size_t r = 0; r < state.sum_gradients.size(); ++r) {
        state.passed_gradients[r][neuron] = state.sum_gradients[r][neuron];
        for (size_t s = 0; s < linear.state_count; ++s)
            state.sum_gradients[r][neuron] += static_cast<Real>(linear.of_input(r, s)) * state.credit[s][neuron];
    }
    std::vector<Real> before(linear.state_count);
    for (size_t s = 0; s < linear.state_count; ++s) {
        before[s] = state.state_gradients[s][neuron];
        for (size_t after = 0; after < linear.state_count; ++after)
            before[s] += static_cast<Real>(linear.from(after, s)) * state.credit[after][neuron];
    }
    for (size_t s = 0; s < linear.state_count; ++s) {
        state.credit[s][neuron] = before[s];
        state.state_gradients[s][neuron] = Real{0};
    }
}

// Runs after the step of one neuron. If it has spiked, stores how the time of the spike depends on the membrane.
template <class Real>
void ReferenceExecutor<Real>::tape_crossing(uint32_t population, size_t neuron) {
    const Model& model = *network().population(population).model;
    const Crossing& crossing = linear_[population].crossing;
    // linear_ has no crossing for a population without trained projections upstream.
    if (crossing.membrane < 0 || registers_.real[static_cast<size_t>(model.step_spike)] == 0) return;
    const size_t before = model.constant_count() + model.receptors.size() + static_cast<size_t>(crossing.membrane);
    const bool was_below = registers_.real[before] <= static_cast<Real>(crossing.threshold);
    const Real rise = registers_.real[crossing.risen] + static_cast<Real>(crossing.offset) - registers_.real[before];
    // If the membrane was above the threshold already, there was no crossing, and nothing moves the spike.
    populations_[population].delays_of_spike[tape_step_ * frame(population) + neuron] =
        was_below && rise > 0 ? 1 / rise : Real{0};
}

template <class Real>
void ReferenceExecutor<Real>::event_adjoint(uint32_t population, uint32_t step) {
    PopulationState& state = populations_[population];
    const LinearStep& linear = linear_[population];
    const size_t states = linear.state_count;
    std::vector<Real> after(states);
    for (size_t i = 0; i < frame(population); ++i) {
        for (size_t s = 0; s < states; ++s) after[s] = state.state_gradients[s][i];
        if (const int32_t v = linear.crossing.membrane; v >= 0) {
            const size_t at = step * frame(population) + i;
            const Real moved = state.activities[at] == 0 ? Real{0} : state.activity_gradients[at];
            const Real spike = state.delays_of_spike[at];
            after[static_cast<size_t>(v)] +=
                spike * (static_cast<Real>(linear.crossing.steepening) * after[static_cast<size_t>(v)] - moved);
        }
        for (size_t r = 0; r < state.sum_gradients.size(); ++r) {
            Real sum{0};
            for (size_t s = 0; s < states; ++s) sum += static_cast<Real>(linear.of_input(r, s)) * after[s];
            state.sum_gradients[r][i] = sum;
            state.passed_gradients[r][i] = state.later_sum_gradients[r][i] - sum;
            state.later_sum_gradients[r][i] = sum;
        }
        for (size_t before = 0; before < states; ++before) {
            Real sum{0};
            for (size_t s = 0; s < states; ++s) sum += static_cast<Real>(linear.from(s, before)) * after[s];
            state.state_gradients[before][i] = sum;
        }
    }
}

template <class Real>
void ReferenceExecutor<Real>::begin_eligibility(const RunRequest& request) {
    for (const KernelCall& call : plan_->step_adjoint) {
        if (call.kernel != Kernel::deliver_adjoint || !network().projection(call.index).trainable) continue;
        const Projection& projection = network().projection(call.index);
        ProjectionState& state = projections_[call.index];
        const size_t states = linear_[projection.target].state_count;
        const size_t delays = projection.max_delay() - projection.delay_steps + 1;
        if (request.first_step == 0) {
            state.eligibility.assign(delays, std::vector<Values>(states, zeros(frame(projection.source))));
            state.eligibility.push_back(std::vector<Values>(states, zeros(1)));
        }
        state.eligibility_before = state.eligibility;
    }
}

// Runs after a step.
template <class Real>
void ReferenceExecutor<Real>::advance_eligibility() {
    for (uint32_t q = 0; q < projections_.size(); ++q) {
        const Projection& projection = network().projection(q);
        std::vector<std::vector<Values>>& all = projections_[q].eligibility;
        if (all.empty()) continue;
        const LinearStep& linear = linear_[projection.target];
        for (size_t at = 0; at < all.size(); ++at) {
            const bool bias = at + 1 == all.size();
            const std::vector<Values> old = all[at];
            for (size_t after = 0; after < linear.state_count; ++after)
                for (size_t i = 0; i < old[after].size(); ++i) {
                    const Real arrived =
                        bias ? Real{1} : activity(projection.source, projection.delay_steps + static_cast<uint32_t>(at))[i];
                    Real sum = static_cast<Real>(linear.of_input(projection.receptor, after)) * arrived;
                    for (size_t before = 0; before < linear.state_count; ++before)
                        sum += static_cast<Real>(linear.from(after, before)) * old[before][i];
                    all[at][after][i] = sum;
                }
        }
    }
}

// Multiplies the credit that is left at the beginning of the run with the eligibility from before it.
template <class Real>
void ReferenceExecutor<Real>::add_eligibility(uint32_t index) {
    const Projection& projection = network().projection(index);
    ProjectionState& state = projections_[index];
    const PopulationState& source = populations_[projection.source];
    const PopulationState& target = populations_[projection.target];
    const uint32_t source_size = network().population(projection.source).size;
    const uint32_t target_size = network().population(projection.target).size;
    const std::vector<std::vector<Values>>& before = state.eligibility_before;
    for (size_t s = 0; s < linear_[projection.target].state_count; ++s)
        for (uint32_t sample = 0; sample < batch_size_; ++sample) {
            const Real* const credit = target.credit[s].data() + size_t{sample} * target_size;
            for (uint32_t j = 0; projection.bias && j < target_size; ++j)
                state.bias_gradient[j / (target_size / static_cast<uint32_t>(state.bias.size()))] +=
                    credit[j] * before.back()[s][0];
            for (uint32_t i = 0; i < source_size; ++i)
                for_synapses(network(), projection, i, [&](const Synapse& synapse) {
                    state.weight_gradient[synapse.weight] +=
                        source.kept_scale * credit[synapse.target] *
                        before[synapse.delay - projection.delay_steps][s][size_t{sample} * source_size + i];
                });
        }
}

template class ReferenceExecutor<float>;
template class ReferenceExecutor<double>;

}  // namespace snn::reference
