// Learning rules other than back-propagation: what they share, and the rules that know the past by traces, OTTT and e-prop.
// Between spikes, states follow each other linearly, in the same way in all neurons of a population (network/linear_step.h):
//
//     state(t) = J state(t - 1) + B sums(t)
//
// An arrival in step t leaves B in the state after it, J B a step later, and so on. This is a trace of the arrivals, the same
// for all targets. The gradient of the weights is a sum over steps of (dL/d(state) that step t itself contributes) times (the
// trace in step t). Inside a run, the sum is reordered. With the credit c(t), which is dL/d(state after step t) from later
// steps,
//
//     dL/d(sums(t)) = (contribution of step t) + B^T c(t)
//     c(t - 1) = (contribution of step t to the state before it) + J^T c(t)
//
// The weights get the product of dL/d(sums) with arrivals, which are few. Only the credit at the beginning of the run meets
// traces of what came before. Both are the same sum (docs/semantics.md, "Learning rules"), and the pass costs as much as
// back-propagation.
#include <algorithm>
#include <cstring>

#include "cpu/backpropagation.h"
#include "cpu/traces.h"

namespace snn::cpu {

void Backpropagation::prepare_rule() {
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        PopulationGradient& gradient = populations_[p];
        const PopulationData& data = *context_.populations[p];
        if (!gradient.runs) continue;
        const bool by_events = rule_.rule == LearningRule::eventprop;
        if (!by_events && gradient.credit.empty()) gradient.credit.allocate(context_.allocator, gradient.states.size());
        const size_t sums = static_cast<size_t>(data.receptor_count) * context_.batch * data.row;
        if (rule_.rule != LearningRule::eprop && gradient.instant.empty()) gradient.instant.allocate(context_.allocator, sums);
        bool asks = false;  // whether a source needs a gradient
        for (const uint32_t q : data.incoming) asks |= projections_[q].to_source;
        if (by_events && asks && gradient.later.empty()) gradient.later.allocate(context_.allocator, sums);
        if (by_events) prepare_events(p);
    }
    uint32_t widest = 0;  // widest source of a dense projection
    for (uint32_t q = 0; q < projections_.size(); ++q)
        if (projections_[q].to_source && context_.projections[q]->info.kind == SNN_CONNECT_DENSE)
            widest = std::max(widest, padded(context_.projections[q]->source_size));
    for (TaskScratch& scratch : scratch_)
        if (rule_.rule == LearningRule::eventprop && scratch.active.size() < widest)
            scratch.active.allocate(context_.allocator, widest, false);
    for (const WeightTask& task : weight_tasks_)
        if (rule_.traces && (task.kind == WeightTask::dense || task.kind == WeightTask::values)) make_room_for_products(task);
}

// OTTT passes errors through layers within a step. e-prop passes them from the output population to those that project onto it.
bool Backpropagation::passes_back(uint32_t projection) const {
    const Projection& info = context_.projections[projection]->info;
    if (!projections_[projection].to_source) return false;
    if (rule_.rule == LearningRule::ottt) return info.delay_steps == 0;
    return rule_.rule != LearningRule::eprop || info.target == rule_.readout;
}

// What goes back to sources: PopulationGradient::instant for OTTT and EventProp, otherwise dL/d(sum).
float* Backpropagation::passed_row(uint32_t population, uint32_t receptor, uint32_t chunk_step, uint32_t sample) {
    if (rule_.rule != LearningRule::ottt && rule_.rule != LearningRule::eventprop) return sums_row(population, receptor, chunk_step, sample);
    return populations_[population].instant.data() +
           (static_cast<size_t>(receptor) * context_.batch + sample) * context_.populations[population]->row;
}

// Runs after the adjoint, which has left what this step contributes to sums and to the states before.
void Backpropagation::add_credit(uint32_t population, uint32_t chunk_step, uint32_t sample) {
    constexpr uint32_t most_states = 32;
    PopulationGradient& gradient = populations_[population];
    const PopulationData& data = *context_.populations[population];
    const LinearStep& linear = rule_.linear[population];
    const uint32_t row = data.row;
    float* states[most_states];
    float* credit[most_states];
    float jacobian[most_states][most_states];  // [after][before]
    for (uint32_t s = 0; s < data.state_count; ++s) {
        const size_t at = (static_cast<size_t>(s) * context_.batch + sample) * row;
        states[s] = gradient.states.data() + at;
        credit[s] = gradient.credit.data() + at;
        for (uint32_t before = 0; before < data.state_count; ++before)
            jacobian[s][before] = static_cast<float>(linear.from(s, before));
    }
    for (uint32_t r = 0; r < data.receptor_count; ++r) {
        float* const sums = sums_row(population, r, chunk_step, sample);
        if (rule_.rule == LearningRule::ottt) std::memcpy(passed_row(population, r, chunk_step, sample), sums, row * sizeof(float));
        for (uint32_t s = 0; s < data.state_count; ++s) {
            const float input = static_cast<float>(linear.of_input(r, s));
            for (uint32_t i = 0; input != 0 && i < row; ++i) sums[i] += input * credit[s][i];
        }
    }
    if (const int32_t only = linear.only_state(); only >= 0) {
        for (uint32_t i = 0; i < row; ++i) credit[only][i] = states[only][i] + jacobian[only][only] * credit[only][i];
        for (uint32_t s = 0; s < data.state_count; ++s) std::memset(states[s], 0, row * sizeof(float));
        return;
    }
    for (uint32_t i = 0; i < row; ++i) {
        float later[most_states];
        for (uint32_t s = 0; s < data.state_count; ++s) later[s] = credit[s][i];
        for (uint32_t before = 0; before < data.state_count; ++before) {
            float sum = states[before][i];
            for (uint32_t after = 0; after < data.state_count; ++after) sum += jacobian[after][before] * later[after];
            credit[before][i] = sum;
            states[before][i] = 0.0f;
        }
    }
}

Backpropagation::Arrivals Backpropagation::arrivals(uint32_t projection, uint32_t slot, uint32_t step, uint32_t delay,
                                                    uint32_t sample) const {
    if (trace_state_ >= 0) {
        const uint32_t state = static_cast<uint32_t>(trace_state_);
        return {rule_.traces->bits(projection, slot, state, sample), rule_.traces->values(projection, slot, state, sample)};
    }
    const uint32_t source = context_.projections[projection]->info.source;
    return {tape_.bits(source, step - delay, sample), tape_.values(source, step - delay, sample)};
}

// Treats the bias as the weight of a source that is always active.
void Backpropagation::trace_of_bias(const WeightTask& task) {
    const ProjectionData& data = *context_.projections[task.projection];
    const uint32_t row = context_.populations[data.info.target]->row;
    const uint32_t plane = data.info.kind == SNN_CONNECT_CONV2D ? data.conv->shape().out_plane() : 1;
    const float* const gradient = sums_row(data.info.target, data.info.receptor, 0, 0);
    const double trace = rule_.traces->bias(task.projection, static_cast<uint32_t>(trace_state_));
    for (uint32_t i = task.begin; i < task.end; ++i) {
        double sum = 0;
        for (uint32_t sample = 0; sample < context_.batch; ++sample)
            for (uint32_t k = 0; k < plane; ++k) sum += static_cast<double>(gradient[size_t{sample} * row + size_t{i} * plane + k]);
        projections_[task.projection].bias[i] += static_cast<float>(trace * sum);
    }
}

// Combines the credit that is left at the beginning of the run, as if it were one more step of sums, with the traces of each
// state.
void Backpropagation::add_traces() {
    uint32_t states = 0;
    for (uint32_t p = 0; p < populations_.size(); ++p)
        if (populations_[p].runs) states = std::max(states, context_.populations[p]->state_count);
    for (uint32_t state = 0; state < states; ++state) {
        for (uint32_t p = 0; p < populations_.size(); ++p) {
            const PopulationData& data = *context_.populations[p];
            if (!populations_[p].runs) continue;
            const size_t block = static_cast<size_t>(context_.batch) * data.row;
            for (uint32_t r = 0; r < data.receptor_count; ++r) {
                if (state < data.state_count)
                    std::memcpy(sums_row(p, r, 0, 0), populations_[p].credit.data() + state * block, block * sizeof(float));
                else std::memset(sums_row(p, r, 0, 0), 0, block * sizeof(float));
            }
        }
        trace_state_ = static_cast<int32_t>(state);
        context_.pool.deal(static_cast<uint32_t>(weight_tasks_.size()), [&](uint32_t index, uint32_t worker) {
            const WeightTask& task = weight_tasks_[index];
            const uint32_t target = context_.projections[task.projection]->info.target;
            const std::vector<uint8_t>& reached = rule_.linear[target].reached;
            if (state < reached.size() && reached[state]) weight_gradient(task, {0, 1}, scratch_[worker]);
        });
        trace_state_ = -1;
    }
}

}  // namespace snn::cpu
