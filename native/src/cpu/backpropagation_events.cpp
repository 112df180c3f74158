// EventProp: the way back between spikes is linear and the same for all neurons of a population (network/linear_step.h), so nothing is
// taped of them; only where a neuron has spiked its membrane's gradient jumps. docs/semantics.md, "Learning rules".
#include <cstring>

#include "cpu/backpropagation.h"
#include "cpu/spike_times.h"

namespace snn::cpu {

// Instead of the model's adjoint.
void Backpropagation::event_adjoint(uint32_t population, uint32_t step, uint32_t chunk_step, uint32_t sample) {
    constexpr uint32_t most_states = 32;
    PopulationGradient& gradient = populations_[population];
    const PopulationData& data = *context_.populations[population];
    const LinearStep& linear = rule_.linear[population];
    const uint32_t row = data.row;
    float* states[most_states];  // of states that input reaches
    float jacobian[most_states][most_states];  // [after][before]
    uint32_t reached[most_states], reached_count = 0;
    for (uint32_t s = 0; s < data.state_count; ++s) {
        if (!linear.reached[s]) continue;
        states[reached_count] = gradient.states.data() + (static_cast<size_t>(s) * context_.batch + sample) * row;
        reached[reached_count++] = s;
    }
    for (uint32_t after = 0; after < reached_count; ++after)
        for (uint32_t before = 0; before < reached_count; ++before)
            jacobian[after][before] = static_cast<float>(linear.from(reached[after], reached[before]));

    if (const int32_t v = linear.crossing.membrane; v >= 0) {
        float* const membrane = gradient.states.data() + (static_cast<size_t>(v) * context_.batch + sample) * row;
        const float steepening = static_cast<float>(linear.crossing.steepening);
        const float* const moved = activity_row(population, step, sample);  // dL/d(time of the spike)
        rule_.spike_times->take_back(population, tape_.bits(population, step, sample), sample, [&](uint32_t i, float earlier) {
            membrane[i] += earlier * (steepening * membrane[i] - moved[i]);
        });
    }
    for (uint32_t r = 0; r < data.receptor_count; ++r) {
        float* const sums = sums_row(population, r, chunk_step, sample);
        std::memset(sums, 0, row * sizeof(float));
        for (uint32_t s = 0; s < reached_count; ++s) {
            const float input = static_cast<float>(linear.of_input(r, reached[s]));
            for (uint32_t i = 0; input != 0 && i < row; ++i) sums[i] += input * states[s][i];
        }
        // What an arrival a step later would have changed.
        float* const passed = passed_row(population, r, chunk_step, sample);
        float* const later = gradient.later.data() + (static_cast<size_t>(r) * context_.batch + sample) * row;
        for (uint32_t i = 0; i < row; ++i) passed[i] = later[i] - sums[i];
        std::memcpy(later, sums, row * sizeof(float));
    }
    for (uint32_t i = 0; i < row; ++i) {
        float after[most_states];
        for (uint32_t s = 0; s < reached_count; ++s) after[s] = states[s][i];
        for (uint32_t before = 0; before < reached_count; ++before) {
            float sum = 0.0f;
            for (uint32_t s = 0; s < reached_count; ++s) sum += jacobian[s][before] * after[s];
            states[before][i] = sum;
        }
    }
    if (!gradient.activity.empty()) std::memset(activity_row(population, step, sample), 0, row * sizeof(float));
}

// Of a dense projection: only the times of spikes that there were are asked for.
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
