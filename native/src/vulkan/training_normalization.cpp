// Batch normalisation through time in training. A normalised projection has its own sums, which are computed for all steps. The
// host finds their mean and variance, with code that all backends share and in the same order, because spikes depend on every
// bit of them. Then a shader adds the normalised sums to those of the receptor. In the backward pass, the gradient takes the
// same way in the opposite direction.
#include <algorithm>

#include "common/error.h"
#include "vulkan/training.h"
#include "vulkan/workgroups.h"

namespace snn::vulkan {

namespace {

constexpr uint32_t channels_of_task = 8;  // a multiple of the channels that backend/normalization.cpp sums up at once

}  // namespace

Commands& Training::Pass::next() {
    if (used == parts.size()) parts.emplace_back();
    parts[used].normalized.clear();
    return parts[used++].commands;
}

// Reserves memory for normalisation, before a run is recorded.
void Training::begin_normalization(const RunRequest& request) {
    std::vector<std::unique_ptr<NormalizedSums>> before = std::move(normalized_);
    before.resize(projections_.size());
    normalized_.clear();
    normalized_.resize(projections_.size());
    if (!request.normalization.empty() && !threads_)
        threads_ = std::make_unique<ThreadPool>(place_.thread_count, place_.job_system);
    for (const NormalizedProjection& given : request.normalization) {
        const uint32_t q = given.projection;
        const Projection& projection = network().projection(q);
        for (const Group& group : groups_)
            if (is_inside(group, projection.target) && is_inside(group, projection.source))
                throw Error(SNN_ERROR_UNSUPPORTED, "projection '", projection.name,
                            "' cannot be normalised: its source is evaluated ",
                            "between populations that reach back to each other; add it to the network before them");
        normalized_[q] = before[q] ? std::move(before[q]) : std::make_unique<NormalizedSums>();
        NormalizedSums& own = *normalized_[q];
        const TapedPopulation& target = populations_[projection.target];
        own.rows.row = target.size;
        own.rows.plane = target.size / projections_[q].bias_count;
        const std::string what = text("the sums of ", target.steps, " steps of projection '", projection.name, "'");
        const VkDeviceSize bytes = bytes_of_rows(projection.target);
        own.sums.reserve(place_.device, bytes, Memory::device, what);
        own.x.reserve(place_.device, bytes, Memory::readback, what);
        own.gradient.reserve(place_.device, bytes, Memory::readback, what);
        own.factors.reserve(place_.device, VkDeviceSize{projections_[q].bias_count} * 8, Memory::upload, what);
    }
}

std::vector<uint32_t> Training::normalized_onto(const Group& group) const {
    std::vector<uint32_t> found;
    for (const uint32_t q : shape_.normalized)
        if (is_inside(group, network().projection(q).target)) found.push_back(q);
    return found;
}

Training::OwnSums Training::own_sums(uint32_t q) const {
    return normalized_[q] ? OwnSums{*normalized_[q]->sums, 0, normalized_resource(q)} : sums_of_receptor(q);
}

void Training::add_own_sums(Recorder& recorder, const std::vector<uint32_t>& normalized) {
    for (const uint32_t q : normalized) {
        recorder.fill(*normalized_[q]->sums, 0, bytes_of_rows(network().projection(q).target));
        add_sums(recorder, q, 0, populations_[network().projection(q).target].steps, own_sums(q), false);
    }
    recorder.end_dispatches();
    for (const uint32_t q : normalized)
        recorder.copy(*normalized_[q]->sums, 0, *normalized_[q]->x, 0, bytes_of_rows(network().projection(q).target));
    recorder.end();
    run_pass_.parts[run_pass_.used - 1].normalized = normalized;
    recorder.go_on(run_pass_.next());
}

void Training::add_normalized(Recorder& recorder, uint32_t q, uint32_t first, uint32_t count) {
    const Projection& projection = network().projection(q);
    const NormalizedSums& own = *normalized_[q];
    const OwnSums target = sums_of_receptor(q);
    Dispatch dispatch = dispatch_of("train_normalize", {*populations_[projection.source].own,
                                                        projections_[q].parameters,
                                                        target.range,
                                                        *own.sums,
                                                        *own.factors,
                                                        {},
                                                        place_.projection_counters[q]});
    dispatch.take(arguments_of(q, first, count));
    dispatch.groups[0] = groups_for(populations_[projection.target].size);
    dispatch.groups[1] = place_.batch_size;
    dispatch.groups[2] = count;
    recorder.add(dispatch, {{normalized_resource(q), Use::read}, {target.resource, Use::write}});
}

// Called when all steps of the group have gradients. The gradient of a receptor's sums is also that of the normalised sums that
// were added to them.
void Training::take_own_gradients(Recorder& recorder, const std::vector<uint32_t>& normalized) {
    recorder.end_dispatches();
    for (const uint32_t q : normalized) {
        const OwnSums of_receptor = sums_of_receptor(q);
        recorder.copy(of_receptor.range, VkDeviceSize{of_receptor.begin} * 4, *normalized_[q]->gradient, 0,
                      bytes_of_rows(network().projection(q).target));
    }
    recorder.end();
    backward_pass_.parts[backward_pass_.used - 1].normalized = normalized;
    recorder.go_on(backward_pass_.next());
    for (const uint32_t q : normalized)
        recorder.copy(*normalized_[q]->gradient, 0, *normalized_[q]->sums, 0, bytes_of_rows(network().projection(q).target));
}

// ---- On the host

template <class Function>
void Training::for_channels(const NormalizedRows<float>& rows, const Function& function) {
    const uint32_t channels = rows.channel_count();
    threads_->deal((channels + channels_of_task - 1) / channels_of_task, [&](uint32_t task, uint32_t) {
        function(task * channels_of_task, std::min((task + 1) * channels_of_task, channels));
    });
}

void Training::find_statistics(const RunRequest& request, const std::vector<uint32_t>& normalized) {
    for (const NormalizedProjection& given : request.normalization) {
        if (std::find(normalized.begin(), normalized.end(), given.projection) == normalized.end()) continue;
        NormalizedSums& own = *normalized_[given.projection];
        NormalizedRows<float>& rows = own.rows;
        float* const factors = own.factors->as<float>();
        for_channels(rows, [&](uint32_t begin, uint32_t end) {
            rows.find_statistics(own.x->as<float>(), begin, end);
            for (uint32_t c = begin; c < end; ++c) {
                factors[c] = rows.center(c);
                factors[rows.channel_count() + c] = rows.scale(c);
            }
        });
        std::copy(rows.mean.begin(), rows.mean.end(), given.out_mean);
        std::copy(rows.variance.begin(), rows.variance.end(), given.out_variance);
    }
}

void Training::go_back(const std::vector<uint32_t>& normalized) {
    for (const uint32_t q : normalized) {
        NormalizedSums& own = *normalized_[q];
        for_channels(own.rows, [&](uint32_t begin, uint32_t end) {
            own.rows.go_back(own.x->as<float>(), own.gradient->as<float>(), begin, end);
        });
    }
}

}  // namespace snn::vulkan
