// EventProp. The way back between spikes is linear and the same for all neurons of a population (network/linear_step.h), so
// nothing of them is taped. Only at a spike does the gradient of the membrane jump. See docs/semantics.md, "Learning rules".
#include <cstring>

#include "cpu/backpropagation.h"
#include "cpu/spike_times.h"

namespace snn::cpu {

namespace {

constexpr uint32_t most_states = 32;

// Takes the gradients of at most `Most` states from after a step to before it.
template <uint32_t Most>
void go_back(float* const* states, const float (*jacobian)[most_states], uint32_t row, uint32_t count = Most) {
    for (uint32_t i = 0; i < row; ++i) {
        float after[Most];
        for (uint32_t s = 0; s < count; ++s) after[s] = states[s][i];
        for (uint32_t before = 0; before < count; ++before) {
            float sum = 0.0f;
            for (uint32_t s = 0; s < count; ++s) sum += jacobian[s][before] * after[s];
            states[before][i] = sum;
        }
    }
}

}  // namespace

// Finds the states whose gradients lead to receptors with input.
void Backpropagation::prepare_events(uint32_t population) {
    const PopulationData& data = *context_.populations[population];
    const LinearStep& linear = rule_.linear[population];
    std::vector<uint32_t>& states = populations_[population].event_states;
    states.clear();
    std::vector<uint8_t> leads(data.state_count, 0);
    for (uint32_t round = 0; round <= data.state_count; ++round)
        for (uint32_t s = 0; s < data.state_count; ++s) {
            for (uint32_t r = 0; r < data.receptor_count; ++r) leads[s] |= data.has_input[r] && linear.of_input(r, s) != 0;
            for (uint32_t before = 0; before < data.state_count; ++before) leads[s] |= leads[before] && linear.from(s, before) != 0;
        }
    for (uint32_t s = 0; s < data.state_count; ++s)
        if (leads[s]) states.push_back(s);
}

// Takes the place of the model's adjoint.
void Backpropagation::event_adjoint(uint32_t population, uint32_t step, uint32_t chunk_step, uint32_t sample) {
    PopulationGradient& gradient = populations_[population];
    const PopulationData& data = *context_.populations[population];
    const LinearStep& linear = rule_.linear[population];
    const uint32_t row = data.row, count = static_cast<uint32_t>(gradient.event_states.size());
    const auto state_row = [&](uint32_t s) {
        return gradient.states.data() + (static_cast<size_t>(s) * context_.batch + sample) * row;
    };
    if (const int32_t v = linear.crossing.membrane; v >= 0) {
        float* const membrane = state_row(static_cast<uint32_t>(v));
        const float steepening = static_cast<float>(linear.crossing.steepening);
        const float* const moved = activity_row(population, step, sample);  // dL/d(time of the spike)
        rule_.spike_times->take_back(population, tape_.bits(population, step, sample), sample, [&](uint32_t i, float earlier) {
            membrane[i] += earlier * (steepening * membrane[i] - moved[i]);
        });
    }
    float* states[most_states];
    float jacobian[most_states][most_states];  // [after][before]
    for (uint32_t after = 0; after < count; ++after) {
        states[after] = state_row(gradient.event_states[after]);
        for (uint32_t before = 0; before < count; ++before)
            jacobian[after][before] = static_cast<float>(linear.from(gradient.event_states[after], gradient.event_states[before]));
    }
    for (uint32_t r = 0; r < data.receptor_count; ++r) {
        if (!data.has_input[r]) continue;
        float* const sums = sums_row(population, r, chunk_step, sample);
        std::memset(sums, 0, row * sizeof(float));  // even if the input moves no state
        for (uint32_t s = 0; s < count; ++s) {
            const float input = static_cast<float>(linear.of_input(r, gradient.event_states[s]));
            for (uint32_t i = 0; input != 0 && i < row; ++i) sums[i] += input * states[s][i];
        }
        if (gradient.later.empty()) continue;  // no source needs a gradient
        // What an arrival one step later would have changed.
        float* const later = gradient.later.data() + (static_cast<size_t>(r) * context_.batch + sample) * row;
        float* const passed = passed_row(population, r, chunk_step, sample);
        for (uint32_t i = 0; i < row; ++i) passed[i] = later[i] - sums[i];
        std::memcpy(later, sums, row * sizeof(float));
    }
    switch (count) {
        case 1: go_back<1>(states, jacobian, row); break;
        case 2: go_back<2>(states, jacobian, row); break;
        case 3: go_back<3>(states, jacobian, row); break;
        default: go_back<most_states>(states, jacobian, row, count);
    }
    if (!gradient.activity.empty()) std::memset(activity_row(population, step, sample), 0, row * sizeof(float));
}

// For a dense projection. Only the times of spikes that occurred need a gradient.
void Backpropagation::event_source_gradient(uint32_t projection, uint32_t step, uint32_t chunk_begin, uint32_t sample, uint32_t task) {
    const ProjectionData& data = *context_.projections[projection];
    const PopulationData& source = *context_.populations[data.info.source];
    const uint32_t then = step - data.info.delay_steps;
    uint32_t* const active = scratch_[task].active.data();
    const uint32_t count = context_.kernels.list_bits(tape_.bits(data.info.source, then, sample), source.words, 0, active);
    context_.kernels.add_active_products({
        .out = activity_row(data.info.source, then, sample),
        .gradient = row_for_source(projection, step, chunk_begin, sample),
        .weights = data.weights,
        .inner = data.target_size,
        .active = active,
        .active_count = count,
    });
}

}  // namespace snn::cpu
