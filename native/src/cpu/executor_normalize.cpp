// Batch normalisation through time in a run by layers (executor_layers.cpp). Statistics need the sums that a normalised
// projection delivers in all steps and samples, so these sums are made before the first step of the target. The steps then read
// them from memory.
#include <algorithm>
#include <cstring>
#include <utility>

#include "common/error.h"
#include "cpu/executor.h"
#include "cpu/tape.h"
#include "network/stages.h"

namespace snn::cpu {

void CpuExecutor::begin_normalization(const RunRequest& request) {
    const auto same = [](uint32_t q, const NormalizedProjection& given) { return q == given.projection; };
    if (!std::equal(normalized_.begin(), normalized_.end(), request.normalization.begin(), request.normalization.end(), same)) {
        normalized_.clear();
        groups_.clear();  // which projections are normalised decides whether a population is cut into tiles
        for (auto& data : context_.normalized) data.reset();
        for (const NormalizedProjection& given : request.normalization) {
            normalized_.push_back(given.projection);
            context_.normalized[given.projection] = std::make_unique<NormalizedData>();
        }
        context_.stages = stages_of(*context_.plan->network, normalized_);
    }
    for (const NormalizedProjection& given : request.normalization) {
        const ProjectionData& projection = *context_.projections[given.projection];
        const PopulationData& target = *context_.populations[projection.info.target];
        NormalizedData& data = *context_.normalized[given.projection];
        const uint32_t channels = static_cast<uint32_t>(projection.bias_count);
        data.rows.row = target.row;
        data.rows.plane = target.size / channels;
        data.rows.begin(given, channels, request.step_count, context_.batch);
        const size_t values = size_t{data.rows.row_count} * target.row;
        if (data.sums.size() < values) data.sums.allocate(context_.allocator, values);
    }
}

// Makes the sums and statistics of the normalised projections onto the populations of a group.
void CpuExecutor::find_normalized_sums(const RunRequest& request, uint32_t group) {
    for (const NormalizedProjection& given : request.normalization) {
        ProjectionData& projection = *context_.projections[given.projection];
        if (group_of_[projection.info.target] != group) continue;
        if (group_of_[projection.info.source] == group)
            throw Error(SNN_ERROR_UNSUPPORTED, "projection '", projection.info.name,
                        "' cannot be normalised: its source is evaluated ",
                        "between populations that reach back to each other; add it to the network before them");
        NormalizedData& data = *context_.normalized[given.projection];
        const PopulationData& target = *context_.populations[projection.info.target];
        const bool repeats = tape_->is_held(projection.info.source) && projection.info.kind != SNN_CONNECT_SPARSE;
        const float* const bias = std::exchange(projection.bias, nullptr);
        const uint32_t parts = std::min(context_.pool.width(), context_.batch);
        context_.pool.run(parts, [&](uint32_t part) {
            TaskMemory& memory = context_.tasks[part];
            float* const sums = memory.sums.data() + size_t{projection.info.receptor} * context_.row_capacity;
            const auto bound = [&](uint32_t k) { return static_cast<uint32_t>(uint64_t{context_.batch} * k / parts); };
            for (uint32_t sample = bound(part); sample < bound(part + 1); ++sample)
                for (uint32_t step = 0; step < request.step_count; ++step) {
                    Moment at = moment(request, step, sample);
                    at.group = group;
                    float* const row = data.sums.data() + (size_t{step} * context_.batch + sample) * target.row;
                    if (repeats && step > projection.info.delay_steps) {  // the input is held: the same sums again
                        const Activity activity = activity_of(projection.info.source, projection.info.delay_steps, at, memory);
                        count_delivered(projection, *context_.populations[projection.info.source], activity, memory);
                        std::memcpy(row, row - size_t{context_.batch} * target.row, target.row * sizeof(float));
                        continue;
                    }
                    std::memset(sums, 0, target.row * sizeof(float));
                    deliver(given.projection, at, {0, target.row}, whole_row, memory);
                    std::memcpy(row, sums, target.row * sizeof(float));
                }
        });
        projection.bias = bias;
        NormalizedRows<float>& rows = data.rows;
        data.center.resize(rows.channel_count());
        data.scale.resize(rows.channel_count());
        const uint32_t tasks = (rows.channel_count() + channels_of_task - 1) / channels_of_task;
        context_.pool.deal(tasks, [&](uint32_t task, uint32_t) {
            const uint32_t begin = task * channels_of_task, end = std::min(begin + channels_of_task, rows.channel_count());
            rows.find_statistics(data.sums.data(), begin, end);
            for (uint32_t c = begin; c < end; ++c) {
                data.center[c] = rows.center(c);
                data.scale[c] = rows.scale(c);
            }
        });
        std::copy(rows.mean.begin(), rows.mean.end(), given.out_mean);
        std::copy(rows.variance.begin(), rows.variance.end(), given.out_variance);
    }
}

// `sums`: of the receptor, as if they began with the first neuron.
void CpuExecutor::deliver_normalized(uint32_t index, const Moment& at, NeuronRange part, float* sums) {
    const ProjectionData& projection = *context_.projections[index];
    const NormalizedData& data = *context_.normalized[index];
    const uint32_t plane = data.rows.plane, end = std::min(part.end, projection.target_size);
    const float* const x = data.sums.data() + (size_t{at.run_step} * context_.batch + at.sample) * data.rows.row;
    if (from_zero_[index]) std::memset(sums + part.begin, 0, (part.end - part.begin) * sizeof(float));
    if (plane == 1) {
        const float *const center = data.center.data(), *const scale = data.scale.data(), *const bias = projection.bias;
        for (uint32_t j = part.begin; j < end; ++j) sums[j] += (x[j] - center[j]) * scale[j] + bias[j];
        return;
    }
    for (uint32_t j = part.begin; j < end; ++j) {
        const uint32_t c = j / plane;
        sums[j] += (x[j] - data.center[c]) * data.scale[c] + projection.bias[c];
    }
}

}  // namespace snn::cpu
