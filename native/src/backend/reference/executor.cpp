#include "backend/reference/executor.h"

#include <algorithm>
#include <cmath>

#include "backend/reference/synapses.h"
#include "backend/slots.h"
#include "network/stages.h"

namespace snn::reference {

template <class Real>
ReferenceExecutor<Real>::ReferenceExecutor(std::shared_ptr<const Plan> plan, const ExecutorOptions& options)
    : plan_(std::move(plan)),
      plasticity_(plan_->plasticity),
      batch_size_(options.batch_size),
      seed_(options.seed),
      first_sample_(options.first_sample),
      smooth_(options.flags & SNN_FLAG_SMOOTH_SPIKES),
      allocator_(options.allocator),
      output_gradient_(zeros(0)) {
    const auto& populations = network().populations();
    populations_.resize(populations.size());
    for (uint32_t p = 0; p < populations.size(); ++p) {
        PopulationState& state = populations_[p];
        state.history.assign(plan_->populations[p].history_depth + 1, zeros(frame(p)));
        if (populations[p].is_input()) continue;
        const Model& model = *populations[p].model;
        state.states.resize(model.states.size());
        state.int_states.resize(model.states.size());
        for (size_t s = 0; s < model.states.size(); ++s) {
            if (model.states[s].type == ValueType::int_) state.int_states[s] = whole_zeros(frame(p));
            else state.states[s] = zeros(frame(p));
        }
        state.sums.assign(model.receptors.size(), zeros(frame(p)));
        state.fixed_sums.assign(model.receptors.size(), whole_zeros(frame(p)));
        state.tape.resize(plan_->populations[p].tape.size());
        for (TapeColumn& column : state.tape) column = {zeros(0), whole_zeros(0)};
        state.surrogate.surrogate = populations[p].surrogate.get();
        for (const double value : populations[p].surrogate_parameters)
            state.surrogate.parameters.push_back(static_cast<Real>(value));
    }
    for (PopulationState& state : populations_) {
        state.activities = zeros(0);
        state.delays_of_spike = zeros(0);
        state.activity_gradients = zeros(0);
        state.state_gradients.assign(state.states.size(), zeros(0));
        state.sum_gradients.assign(state.sums.size(), zeros(0));
    }
    const std::vector<float> weight_limits = fixed_weight_limits(network());
    for (const Projection& projection : network().projections()) {
        ProjectionState state;
        state.sums = zeros(0);
        state.sum_gradients = zeros(0);
        const auto copied = [&](const std::vector<float>& values) {
            Values all = zeros(0);
            for (uint32_t copy = 0; copy < (plan_->sample_weights ? batch_size_ : 1); ++copy)
                all.insert(all.end(), values.begin(), values.end());
            return all;
        };
        state.weights = copied(projection.weights());
        if (projection.bias) state.bias = copied(*projection.bias);
        if (projection.trainable) {
            state.weight_limit = static_cast<Real>(weight_limits[projections_.size()]);
            state.weight_gradient = zeros(state.weights.size());
            state.bias_gradient = zeros(state.bias.size());
        }
        if (projection.plasticity) {
            const PlasticityRule& rule = *projection.plasticity->rule;
            state.pre_traces.assign(rule.pre_traces.size(), std::vector<Trace>(state.weights.size()));
            state.post_traces.assign(rule.post_traces.size(), std::vector<Trace>(populations[projection.target].size));
            state.synapse_traces.assign(rule.synapse_traces.size(), std::vector<Trace>(state.weights.size()));
            state.target_states.resize(rule.target_states.size());
        }
        projections_.push_back(std::move(state));
    }
}

template <class Real>
void ReferenceExecutor<Real>::reset_state() {
    now_ = 0;
    counters_ = {};
    for (ProjectionState& state : projections_)
        for (auto* const traces : {&state.pre_traces, &state.post_traces, &state.synapse_traces})
            for (std::vector<Trace>& trace : *traces) std::fill(trace.begin(), trace.end(), Trace{});
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        PopulationState& state = populations_[p];
        for (Values& past : state.history) std::fill(past.begin(), past.end(), Real{0});
        const Population& population = network().population(p);
        for (size_t s = 0; s < population.initial_states.size(); ++s) {
            const std::vector<double>& initial = constants_of(p).initial_state(population, s);
            for (size_t i = 0; i < frame(p); ++i) {
                const double value = initial[initial.size() > 1 ? i % population.size : 0];
                if (state.states[s].empty()) state.int_states[s][i] = to_int_nearest_even(value);
                else state.states[s][i] = flush(static_cast<Real>(value));
            }
        }
    }
}

template <class Real>
auto ReferenceExecutor<Real>::activity(uint32_t population, uint32_t lag) const -> const Values& {
    const std::vector<Values>& ring = populations_[population].history;
    return ring[(now_ + ring.size() - lag % ring.size()) % ring.size()];
}

template <class Real>
auto ReferenceExecutor<Real>::present_activity(uint32_t population) -> Values& {
    std::vector<Values>& ring = populations_[population].history;
    return ring[now_ % ring.size()];
}

template <class Real>
void ReferenceExecutor<Real>::run(const RunRequest& request) {
    taping_ = request.tape;
    if (taping_) {
        begin_tape(request);
        begin_normalization(request);
        if (!request.normalization.empty()) run_for_statistics(request);
    }
    run_steps(request);
    taping_ = false;
}

template <class Real>
void ReferenceExecutor<Real>::run_steps(const RunRequest& request) {
    for (uint32_t step = 0; step < request.step_count; ++step) {
        ++now_;
        step_ = request.first_step + step;
        tape_step_ = step;
        load_inputs(request, step);
        for (const KernelCall& call : plan_->step) {
            switch (call.kernel) {
                case Kernel::clear_receptors:
                    for (Values& sum : populations_[call.index].sums) std::fill(sum.begin(), sum.end(), Real{0});
                    for (auto& sum : populations_[call.index].fixed_sums) std::fill(sum.begin(), sum.end(), 0);
                    break;
                case Kernel::deliver: deliver(call.index); break;
                case Kernel::learn: learn(call.index); break;
                case Kernel::finish_receptors: finish_receptors(call.index); break;
                case Kernel::neuron_step: neuron_step(call.index); break;
                case Kernel::neuron_adjoint:
                case Kernel::deliver_adjoint:
                case Kernel::input_gradient: break;  // only in step_adjoint
            }
        }
        if (taping_) tape_activities();
        if (taping_ && traces_) advance_eligibility();
        count_spikes();
        record(request, step);
        record_events(request, step);
    }
}

template <class Real>
void ReferenceExecutor<Real>::begin_normalization(const RunRequest& request) {
    std::vector<uint32_t> normalized;
    for (const NormalizedProjection& given : request.normalization) normalized.push_back(given.projection);
    stages_ = stages_of(network(), normalized);
    for (ProjectionState& state : projections_) {
        state.normalized.reset();
        state.has_statistics = false;
    }
    for (const NormalizedProjection& given : request.normalization) {
        const Projection& projection = network().projection(given.projection);
        ProjectionState& state = projections_[given.projection];
        NormalizedRows<Real>& rows = state.normalized.emplace();
        const uint32_t size = network().population(projection.target).size, channels = static_cast<uint32_t>(state.bias.size());
        rows.row = size;
        rows.plane = size / channels;
        rows.begin(given, channels, request.step_count, batch_size_);
        state.sums.resize(request.step_count * frame(projection.target));
    }
}

// The statistics of projections out of a stage need all of the stage's steps. So the whole run is repeated for each stage, from
// the first to the last but one, until all statistics are known.
template <class Real>
void ReferenceExecutor<Real>::run_for_statistics(const RunRequest& request) {
    RunRequest unseen = request;
    unseen.records = {};
    for (uint32_t stage = *std::max_element(stages_.begin(), stages_.end()); stage > 0; --stage) {
        run_steps(unseen);
        reset_state();
        for (const NormalizedProjection& given : request.normalization) {
            ProjectionState& state = projections_[given.projection];
            if (stages_[network().projection(given.projection).source] != stage) continue;
            NormalizedRows<Real>& rows = *state.normalized;
            rows.find_statistics(state.sums.data(), 0, rows.channel_count());
            state.has_statistics = true;
            std::copy(rows.mean.begin(), rows.mean.end(), given.out_mean);
            std::copy(rows.variance.begin(), rows.variance.end(), given.out_variance);
        }
    }
}

template <class Real>
void ReferenceExecutor<Real>::begin_tape(const RunRequest& request) {
    const uint32_t step_count = request.step_count;
    ++taped_runs_;
    gradient_steps_ = request.gradient_steps;
    rule_ = request.rule;
    linear_ = request.linear;
    readout_ = request.readout;
    traces_ = request.traces;
    if (traces_) begin_eligibility(request);
    for (PopulationState& state : populations_) {
        state.kept.clear();
        state.kept_scale = Real{1};
    }
    for (const DropoutMask& mask : request.dropout) {
        PopulationState& state = populations_[mask.population];
        state.kept.assign(mask.kept, mask.kept + frame(mask.population));
        state.kept_scale = static_cast<Real>(mask.scale);
    }
    taped_steps_ = step_count;
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        PopulationState& state = populations_[p];
        state.before.resize(plan_->populations[p].history_depth, zeros(0));
        for (uint32_t lag = 0; lag < plan_->populations[p].history_depth; ++lag) state.before[lag] = activity(p, lag);
        state.activities.resize(step_count * frame(p));
        if (rule_ == LearningRule::eventprop) state.delays_of_spike.assign(step_count * frame(p), Real{0});
        for (size_t k = 0; k < state.tape.size(); ++k) {
            if (plan_->populations[p].tape[k].type == ValueType::float_)
                state.tape[k].real.resize(step_count * frame(p));
            else state.tape[k].whole.resize(step_count * frame(p));
        }
    }
}

template <class Real>
void ReferenceExecutor<Real>::tape_activities() {
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        const Values& present = activity(p, 0);
        std::copy(present.begin(), present.end(),
                  populations_[p].activities.begin() + static_cast<std::ptrdiff_t>(tape_step_ * frame(p)));
    }
}

template <class Real>
void ReferenceExecutor<Real>::load_inputs(const RunRequest& request, uint32_t step) {
    for (const InputFrames& input : request.inputs) {
        const float* const data = input.data + step * input.step_stride;
        const bool binary = network().population(input.population).is_binary();
        Values& values = present_activity(input.population);
        for (size_t i = 0; i < values.size(); ++i)
            values[i] = binary ? (data[i] != 0.0f ? Real{1} : Real{0}) : static_cast<Real>(data[i]);
    }
}

template <class Real>
void ReferenceExecutor<Real>::count_spikes() {
    ++counters_.steps;
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        const Population& population = network().population(p);
        if (!population.is_binary()) continue;
        const Values& present = activity(p, 0);
        const auto silent = std::count(present.begin(), present.end(), Real{0});
        (population.is_input() ? counters_.input_spikes : counters_.spikes) += present.size() - static_cast<size_t>(silent);
    }
}

template <class Real>
void ReferenceExecutor<Real>::deliver(uint32_t index) {
    if (network().projection(index).plasticity) look_at_target(index);
    if (taping_ && projections_[index].normalized) deliver_normalized(index);
    else {
        const Projection& projection = network().projection(index);
        deliver_to(index, populations_[projection.target].sums[projection.receptor], true);
    }
}

template <class Real>
void ReferenceExecutor<Real>::deliver_normalized(uint32_t index) {
    const Projection& projection = network().projection(index);
    ProjectionState& state = projections_[index];
    Values x = zeros(frame(projection.target));
    deliver_to(index, x, false);
    std::copy(x.begin(), x.end(), state.sums.begin() + static_cast<std::ptrdiff_t>(tape_step_ * x.size()));
    if (!state.has_statistics) return;
    const NormalizedRows<Real>& rows = *state.normalized;
    Values& sums = populations_[projection.target].sums[projection.receptor];
    for (size_t i = 0; i < x.size(); ++i) {
        const uint32_t channel = static_cast<uint32_t>(i % rows.row) / rows.plane;
        sums[i] += (x[i] - rows.center(channel)) * rows.scale(channel) + state.bias[channel];
    }
}

template <class Real>
void ReferenceExecutor<Real>::deliver_to(uint32_t index, Values& io_sums, bool with_bias) {
    const Projection& projection = network().projection(index);
    const bool of_spikes = network().population(projection.source).is_binary();
    const ProjectionState& state = projections_[index];
    PopulationState& target = populations_[projection.target];
    const uint32_t source_size = network().population(projection.source).size;
    const uint32_t target_size = network().population(projection.target).size;
    // In double, fixed-point rounding is left out: the function must be smooth.
    const bool fixed = projection.is_fixed() && sizeof(Real) == sizeof(float);
    const Real pool_weight = static_cast<Real>(snn::pool_weight(projection));
    const bool pooling = projection.kind == SNN_CONNECT_POOL2D;
    const Real scale = taping_ ? populations_[projection.source].kept_scale : Real{1};
    uint64_t used = 0;  // synapses that had something to deliver
    for (uint32_t sample = 0; sample < batch_size_; ++sample) {
        Real* const sums = io_sums.data() + size_t{sample} * target_size;
        int32_t* const fixed_sums = target.fixed_sums[projection.receptor].data() + size_t{sample} * target_size;
        const size_t copy = plan_->sample_weights ? sample : 0;
        const Real* const weights = state.weights.data() + copy * projection.weight_count();
        if (projection.bias && with_bias) {
            const Real* const bias = state.bias.data() + copy * projection.bias_count();
            const uint32_t spread =
                target_size / static_cast<uint32_t>(projection.bias_count());  // conv: neurons of a channel
            for (uint32_t j = 0; j < target_size; ++j) sums[j] += bias[j / spread];
        }
        if (pooling && projection.pool_mode == SNN_POOL_MAX) {
            const Real* const values =
                activity(projection.source, projection.delay_steps).data() + size_t{sample} * source_size;
            for_maxima(network(), projection, values, [&](uint32_t j, uint32_t i) { sums[j] += values[i]; });
            for (uint32_t i = 0; i < source_size; ++i)
                if (values[i] != Real{0}) for_synapses(network(), projection, i, [&](const Synapse&) { ++used; });
            continue;
        }
        for (uint32_t delay = projection.delay_steps; delay <= projection.max_delay(); ++delay) {
            const Real* const values = activity(projection.source, delay).data() + size_t{sample} * source_size;
            for (uint32_t i = 0; i < source_size; ++i) {
                if (values[i] == Real{0}) continue;
                for_synapses(network(), projection, i, [&](const Synapse& synapse) {
                    if (synapse.delay != delay) return;
                    ++used;
                    const Real amount = pooling                 ? pool_weight
                                        : projection.plasticity ? arrive(index, synapse.weight, synapse.target)
                                                                : weights[synapse.weight];
                    if (fixed)
                        fixed_sums[synapse.target] +=
                            to_int_nearest_even(std::ldexp(static_cast<double>(amount), projection.fixed_exponent));
                    else sums[synapse.target] += amount * (values[i] * scale);
                });
            }
        }
    }
    counters_.synaptic_operations += used;
    if (of_spikes) counters_.synaptic_events += used;
}

template <class Real>
void ReferenceExecutor<Real>::finish_receptors(uint32_t population) {
    const PopulationPlan& plan = plan_->populations[population];
    PopulationState& state = populations_[population];
    for (size_t r = 0; r < state.sums.size(); ++r) {
        if (!plan.receptor_is_fixed[r]) continue;
        const Real scale = static_cast<Real>(std::ldexp(1.0, -plan.receptor_exponent[r]));
        for (size_t i = 0; i < frame(population); ++i)
            state.sums[r][i] += static_cast<Real>(state.fixed_sums[r][i]) * scale;
    }
}

// Loads parameters, options and derived constants of one neuron, which are the first registers of step and adjoint.
template <class Real>
void ReferenceExecutor<Real>::load_constants(uint32_t population, uint32_t neuron, Registers<Real>& registers) const {
    const std::vector<Constant>& constants = constants_of(population).constants;
    for (size_t i = 0; i < constants.size(); ++i) {
        const size_t at = constants[i].per_neuron() ? neuron : 0;
        if (constants[i].type == ValueType::int_) registers.whole[i] = constants[i].ints[at];
        else
            registers.real[i] = sizeof(Real) == 8 ? static_cast<Real>(constants[i].doubles[at])
                                                  : static_cast<Real>(constants[i].floats[at]);
    }
}

template <class Real>
void ReferenceExecutor<Real>::neuron_step(uint32_t index) {
    const Population& population = network().population(index);
    const Model& model = *population.model;
    PopulationState& state = populations_[index];
    Values& activity = present_activity(index);
    const size_t receptor_base = model.constant_count(), state_base = receptor_base + model.receptors.size();
    registers_.resize(model.step.register_count());
    const size_t tape_frame = tape_step_ * frame(index);
    for (size_t i = 0; i < frame(index); ++i) {
        load_constants(index, static_cast<uint32_t>(i % population.size), registers_);
        for (size_t r = 0; r < model.receptors.size(); ++r) registers_.real[receptor_base + r] = state.sums[r][i];
        for (size_t s = 0; s < model.states.size(); ++s) {
            if (model.states[s].type == ValueType::int_) registers_.whole[state_base + s] = state.int_states[s][i];
            else registers_.real[state_base + s] = state.states[s][i];
        }
        const auto neuron = static_cast<uint32_t>(i % population.size);
        const Draws draws{{seed_, step_, index, first_sample_ + static_cast<uint32_t>(i / population.size),
                           population.first_neuron + neuron},
                          neuron,
                          constants_of(index).poisson};
        evaluate(model.step, state.surrogate, smooth_, registers_, &draws);
        for (size_t s = 0; s < model.states.size(); ++s) {
            if (model.states[s].type == ValueType::int_)
                state.int_states[s][i] = registers_.whole[model.step_states[s]];
            else state.states[s][i] = flush(registers_.real[model.step_states[s]]);
        }
        if (model.spiking) {
            const bool silenced = taping_ && !state.kept.empty() && !state.kept[i];
            activity[i] = silenced ? Real{0} : registers_.real[static_cast<size_t>(model.step_spike)];
        }
        if (taping_ && rule_ == LearningRule::eventprop && model.spiking) tape_crossing(index, i);
        const std::vector<TapeInfo>& tape = plan_->populations[index].tape;
        for (size_t k = 0; taping_ && k < tape.size(); ++k) {
            const uint32_t from = tape[k].step_register;
            if (tape[k].type == ValueType::float_) state.tape[k].real[tape_frame + i] = registers_.real[from];
            else state.tape[k].whole[tape_frame + i] = registers_.whole[from];
        }
    }
}

template <class Real>
void ReferenceExecutor<Real>::record(const RunRequest& request, uint32_t step) const {
    for (const RecordFrames& record : request.records) {
        if (record.kind != RecordFrames::activity_sum && !request.records_after(step)) continue;
        const size_t values = frame(record.population);
        char* const out =
            static_cast<char*>(record.data) + request.record_row(step) * record.step_stride * size_of(record.dtype);
        if (record.kind == RecordFrames::activity_sum) {
            const Values& present = activity(record.population, 0);
            for (size_t i = 0; i < values; ++i) {
                if (record.dtype == DType::float64)
                    static_cast<double*>(record.data)[i] += static_cast<double>(present[i]);
                else static_cast<float*>(record.data)[i] += static_cast<float>(present[i]);
            }
        } else if (record.kind == RecordFrames::activity) {
            convert(real_type, activity(record.population, 0).data(), record.dtype, out, values);
        } else {
            read({Slot::state, record.population, record.state_index}, record.dtype, out);
        }
    }
}

template <class Real>
void ReferenceExecutor<Real>::record_events(const RunRequest& request, uint32_t step) const {
    for (EventRecord& record : request.events) {
        const Values& present = activity(record.population, 0);
        const size_t size = network().population(record.population).size;
        for (size_t i = 0; i < present.size(); ++i) {
            if (present[i] == Real{0}) continue;
            record.steps[record.count] = record.first_step + step;
            record.neurons[record.count] = static_cast<uint32_t>(i % size);
            if (record.samples) record.samples[record.count] = static_cast<uint32_t>(i / size);
            ++record.count;
        }
    }
}

template class ReferenceExecutor<float>;
template class ReferenceExecutor<double>;

}  // namespace snn::reference
