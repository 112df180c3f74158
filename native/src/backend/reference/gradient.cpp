// The backward half of the reference: adjoints from the last step to the first, and the optimisers.
#include <algorithm>
#include <cmath>
#include <limits>

#include "backend/reference/executor.h"
#include "backend/reference/synapses.h"
#include "backend/slots.h"
#include "train/optimizer.h"

namespace snn::reference {

template <class Real>
void ReferenceExecutor<Real>::backward(std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs) {
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        PopulationState& state = populations_[p];
        if (!plan_->populations[p].needs_activity_gradient) continue;
        for (size_t k = 0; k < state.states.size(); ++k) state.state_gradients[k].assign(frame(p), Real{0});
        for (Values& gradient : state.sum_gradients) gradient.assign(frame(p), Real{0});
        state.credit.resize(state.states.size(), zeros(0));
        for (Values& credit : state.credit) credit.assign(frame(p), Real{0});
        state.passed_gradients = state.later_sum_gradients = state.sum_gradients;
        state.activity_gradients.assign(taped_steps_ * frame(p), Real{0});
        if (const auto& learning = plan_->populations[p].learning)
            state.constant_gradients.assign(learning->constants.size(),
                                            Values(frame(p), Real{0}, HostAllocator<Real>(allocator_)));
    }
    for (uint32_t q = 0; q < projections_.size(); ++q) {
        ProjectionState& projection = projections_[q];
        if (crosses_stages(network().projection(q)))
            projection.sum_gradients.assign(taped_steps_ * frame(network().projection(q).target), Real{0});
        std::fill(projection.weight_gradient.begin(), projection.weight_gradient.end(), Real{0});
        std::fill(projection.bias_gradient.begin(), projection.bias_gradient.end(), Real{0});
    }
    const uint32_t stage_count = 1 + *std::max_element(stages_.begin(), stages_.end());
    for (uint32_t stage = 0; stage < stage_count; ++stage) {
        for (uint32_t step = taped_steps_; step-- > 0;) {
            if (gradient_steps_ > 0 && (step + 1) % gradient_steps_ == 0) forget_later_steps(step);
            add_output_gradients(gradients, stage, step);
            for (const KernelCall& call : plan_->step_adjoint) {
                const bool deliver = call.kernel == Kernel::deliver_adjoint;
                if (stages_[deliver ? network().projection(call.index).source : call.index] != stage) continue;
                if (call.kernel == Kernel::neuron_adjoint) neuron_adjoint(call.index, step);
                if (deliver) deliver_adjoint(call.index, step);
            }
        }
        normalize_adjoint(stage);
    }
    for (const KernelCall& call : plan_->step_adjoint)
        if (traces_ && call.kernel == Kernel::deliver_adjoint && network().projection(call.index).trainable)
            add_eligibility(call.index);
    for (const InputGradient& input : inputs)
        for (uint32_t step = 0; step < taped_steps_; ++step)
            convert(real_type, populations_[input.population].activity_gradients.data() + step * frame(input.population),
                    input.dtype, static_cast<char*>(input.data) + step * input.step_stride * size_of(input.dtype),
                    frame(input.population));
}

// Clears what later steps have contributed to the gradients of the states after `step` and of activity up to `step`.
template <class Real>
void ReferenceExecutor<Real>::forget_later_steps(uint32_t step) {
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        PopulationState& state = populations_[p];
        if (!plan_->populations[p].needs_activity_gradient) continue;
        for (Values& gradient : state.state_gradients) std::fill(gradient.begin(), gradient.end(), Real{0});
        for (Values& gradient : state.later_sum_gradients) std::fill(gradient.begin(), gradient.end(), Real{0});
        std::fill_n(state.activity_gradients.begin(), (size_t{step} + 1) * frame(p), Real{0});
    }
}

// When all steps of a stage are done, the backward pass continues through the normalised projections onto it.
template <class Real>
void ReferenceExecutor<Real>::normalize_adjoint(uint32_t stage) {
    for (uint32_t q = 0; q < projections_.size(); ++q) {
        ProjectionState& state = projections_[q];
        if (!state.normalized || stages_[network().projection(q).target] != stage) continue;
        NormalizedRows<Real>& rows = *state.normalized;
        rows.go_back(state.sums.data(), state.sum_gradients.data(), 0, rows.channel_count());
        for (uint32_t c = 0; c < rows.channel_count(); ++c) state.bias_gradient[c] = static_cast<Real>(rows.bias_gradient[c]);
    }
}

template <class Real>
void ReferenceExecutor<Real>::add_output_gradients(std::span<const OutputGradient> gradients, uint32_t stage, uint32_t step) {
    for (const OutputGradient& gradient : gradients) {
        if (stages_[gradient.population] != stage) continue;
        if (!plan_->populations[gradient.population].needs_activity_gradient) continue;
        PopulationState& state = populations_[gradient.population];
        const size_t values = frame(gradient.population);
        output_gradient_.resize(values);
        convert(gradient.dtype,
                static_cast<const char*>(gradient.data) + step * gradient.step_stride * size_of(gradient.dtype),
                real_type, output_gradient_.data(), values);
        Real* const sum = gradient.kind == OutputGradient::activity
                              ? state.activity_gradients.data() + step * values
                              : state.state_gradients[gradient.state_index].data();
        for (size_t i = 0; i < values; ++i) sum[i] += output_gradient_[i];
    }
}

template <class Real>
void ReferenceExecutor<Real>::neuron_adjoint(uint32_t index, uint32_t step) {
    if (rule_ == LearningRule::eventprop) return event_adjoint(index, step);
    const Population& population = network().population(index);
    const Model& model = *population.model;
    const PopulationPlan& plan = plan_->populations[index];
    const Program& adjoint = plan.adjoint(model);
    PopulationState& state = populations_[index];
    const size_t step_frame = step * frame(index);
    const size_t tape_base = model.constant_count(), state_base = tape_base + plan.tape_input_count(model);
    registers_.resize(adjoint.register_count());
    for (size_t i = 0; i < frame(index); ++i) {
        load_constants(index, static_cast<uint32_t>(i % population.size), registers_);
        for (size_t k = 0; k < plan.tape.size(); ++k) {
            const size_t place = tape_base + plan.tape_places[k];
            if (plan.tape[k].type == ValueType::float_) registers_.real[place] = state.tape[k].real[step_frame + i];
            else registers_.whole[place] = state.tape[k].whole[step_frame + i];
        }
        for (size_t s = 0; s < model.states.size(); ++s)
            registers_.real[state_base + s] =
                model.states[s].type == ValueType::int_ ? Real{0} : state.state_gradients[s][i];
        const bool silenced = !state.kept.empty() && !state.kept[i];
        registers_.real[state_base + model.states.size()] = silenced ? Real{0} : state.activity_gradients[step_frame + i];
        evaluate(adjoint, state.surrogate, smooth_, registers_);
        for (size_t s = 0; s < model.states.size(); ++s)
            if (model.states[s].type == ValueType::float_)
                state.state_gradients[s][i] = registers_.real[plan.adjoint_states(model)[s]];
        for (size_t r = 0; r < model.receptors.size(); ++r)
            state.sum_gradients[r][i] = registers_.real[plan.adjoint_receptors(model)[r]];
        if (rule_ != LearningRule::bptt) add_credit(index, i);
        for (size_t k = 0; plan.learning && k < plan.learning->constants.size(); ++k)
            state.constant_gradients[k][i] +=
                registers_.real[static_cast<size_t>(model.learning->constants[plan.learning->constants[k]])];
    }
    for (uint32_t q = 0; q < projections_.size(); ++q) {
        const Projection& projection = network().projection(q);
        if (projection.target != index || !crosses_stages(projection)) continue;
        const Values& given = state.sum_gradients[projection.receptor];
        std::copy(given.begin(), given.end(), projections_[q].sum_gradients.begin() + static_cast<std::ptrdiff_t>(step_frame));
    }
}

template <class Real>
void ReferenceExecutor<Real>::deliver_adjoint(uint32_t index, uint32_t step) {
    const Projection& projection = network().projection(index);
    ProjectionState& state = projections_[index];
    PopulationState& source = populations_[projection.source];
    const PopulationState& target = populations_[projection.target];
    const Real* const gradient = crosses_stages(projection) ? state.sum_gradients.data() + step * frame(projection.target)
                                                            : target.sum_gradients[projection.receptor].data();
    const bool passes_other = rule_ == LearningRule::ottt || rule_ == LearningRule::eventprop;
    const Real* const passed = passes_other ? target.passed_gradients[projection.receptor].data() : gradient;
    const uint32_t source_size = network().population(projection.source).size;
    const uint32_t target_size = network().population(projection.target).size;
    const bool pooling = projection.kind == SNN_CONNECT_POOL2D;
    const Real pool_weight = static_cast<Real>(snn::pool_weight(projection));
    const bool to_source = plan_->goes_back_to_source(projection);
    for (uint32_t sample = 0; sample < batch_size_; ++sample) {
        const Real* const g = gradient + size_t{sample} * target_size;
        const Real* const back = passed + size_t{sample} * target_size;
        // Index of this sample's activities and dL/d(activity) of the source at a step.
        const auto place = [&](uint32_t then) {
            return then * frame(projection.source) + size_t{sample} * source_size;
        };
        if (projection.trainable && projection.bias && !state.normalized) {
            const uint32_t spread = target_size / static_cast<uint32_t>(state.bias.size());
            for (uint32_t j = 0; j < target_size; ++j) state.bias_gradient[j / spread] += g[j];
        }
        if (pooling && projection.pool_mode == SNN_POOL_MAX) {
            if (step < projection.delay_steps || !to_source || !passes_back(projection, projection.delay_steps)) continue;
            const size_t then = place(step - projection.delay_steps);
            for_maxima(network(), projection, source.activities.data() + then,
                       [&](uint32_t j, uint32_t i) { source.activity_gradients[then + i] += back[j]; });
            continue;
        }
        for (uint32_t i = 0; i < source_size; ++i)
            for_synapses(network(), projection, i, [&](const Synapse& synapse) {
                const Real given = source.kept_scale * g[synapse.target];
                if (step < synapse.delay) {
                    if (projection.trainable)
                        state.weight_gradient[synapse.weight] += source.before[synapse.delay - step - 1][place(0) + i] * given;
                    return;
                }
                const size_t then = place(step - synapse.delay) + i;
                if (projection.trainable) state.weight_gradient[synapse.weight] += source.activities[then] * given;
                if (to_source && passes_back(projection, synapse.delay))
                    source.activity_gradients[then] += (pooling ? pool_weight : state.weights[synapse.weight]) *
                                                       (source.kept_scale * back[synapse.target]);
            });
    }
}

template <class Real>
double ReferenceExecutor<Real>::square_sum(uint32_t projection) const {
    double sum = 0;
    for (const Real g : projections_[projection].weight_gradient)
        sum += static_cast<double>(g) * static_cast<double>(g);
    for (const Real g : projections_[projection].bias_gradient) sum += static_cast<double>(g) * static_cast<double>(g);
    return sum;
}

template <class Real>
bool ReferenceExecutor<Real>::is_finite(uint32_t projection) const {
    const auto finite = [](Real g) { return std::isfinite(g); };
    const ProjectionState& state = projections_[projection];
    return std::all_of(state.weight_gradient.begin(), state.weight_gradient.end(), finite) &&
           std::all_of(state.bias_gradient.begin(), state.bias_gradient.end(), finite);
}

template <class Real>
void ReferenceExecutor<Real>::sum_over_samples(uint32_t population, const Values& values, double* out_values) const {
    const uint32_t size = network().population(population).size;
    std::fill_n(out_values, size, 0.0);
    for (size_t i = 0; i < values.size(); ++i) out_values[i % size] += static_cast<double>(values[i]);
}

template <class Real>
void ReferenceExecutor<Real>::read_constant(uint32_t population, uint32_t place, double* out_values) const {
    sum_over_samples(population, populations_[population].constant_gradients[place], out_values);
}

template <class Real>
void ReferenceExecutor<Real>::read_initial(uint32_t population, uint32_t state, double* out_values) const {
    sum_over_samples(population, populations_[population].state_gradients[state], out_values);
}

template <class Real>
void ReferenceExecutor<Real>::update_values(const OptimizerStep& step, Values& values, const Values& gradient,
                                            Values (&moments)[2], Real limit) {
    const OptimizerConstants<Real> constants = optimizer_constants<Real>(step);
    for (size_t i = 0; i < values.size(); ++i) {
        update_value(step.optimizer, constants, gradient[i], values[i], moments[0][i], moments[1][i]);
        values[i] = std::clamp(values[i], -limit, limit);
    }
}

template <class Real>
void ReferenceExecutor<Real>::Moments::exchange(bool writing, std::span<double> values) {
    size_t at = 0;
    for (OfProjection& projection : projections)
        for (Values(*const pair)[2] : {&projection.weight, &projection.bias})
            for (Values& moment : *pair)
                for (Real& value : moment) {
                    if (writing) value = static_cast<Real>(values[at++]);
                    else values[at++] = static_cast<double>(value);
                }
}

template <class Real>
void ReferenceExecutor<Real>::Moments::for_squares(const std::function<void(size_t begin, size_t end)>& use) const {
    size_t at = 0;
    for (const OfProjection& projection : projections)
        for (const Values(*const pair)[2] : {&projection.weight, &projection.bias}) {
            at += (*pair)[0].size();
            use(at, at + (*pair)[1].size());
            at += (*pair)[1].size();
        }
}

template <class Real>
size_t ReferenceExecutor<Real>::Moments::count() const {
    size_t count = 0;
    for (const OfProjection& projection : projections)
        for (const Values(*const pair)[2] : {&projection.weight, &projection.bias})
            for (const Values& moment : *pair) count += moment.size();
    return count;
}

template <class Real>
std::unique_ptr<OptimizerMemory> ReferenceExecutor<Real>::make_optimizer_memory(uint32_t) {
    auto moments = std::make_unique<Moments>();
    for (uint32_t p = 0; p < projections_.size(); ++p) {
        const bool trainable = network().projection(p).trainable;
        const size_t weights = trainable ? projections_[p].weights.size() : 0;
        const size_t biases = trainable ? projections_[p].bias.size() : 0;
        moments->projections.push_back({{zeros(weights), zeros(weights)}, {zeros(biases), zeros(biases)}});
    }
    return moments;
}

template <class Real>
void ReferenceExecutor<Real>::update(const OptimizerStep& step, OptimizerMemory& memory) {
    Moments& moments = static_cast<Moments&>(memory);
    const auto& projections = network().projections();
    for (uint32_t p = 0; p < projections.size(); ++p) {
        if (!projections[p].trainable) continue;
        ProjectionState& state = projections_[p];
        auto& [weight_moments, bias_moments] = moments.projections[p];
        update_values(step, state.weights, state.weight_gradient, weight_moments, state.weight_limit);
        update_values(step, state.bias, state.bias_gradient, bias_moments, std::numeric_limits<Real>::max());
    }
}

template class ReferenceExecutor<float>;
template class ReferenceExecutor<double>;

}  // namespace snn::reference
