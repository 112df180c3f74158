// Runs by spans. If every projection is bundled or plastic and nothing comes from outside, what a neuron does within as many
// steps as the shortest delay has reaches other neurons only after these steps. Threads meet once for each such span.
//
//     span of 18 steps        neurons without input     all 18 steps       (their spikes may arrive within the span)
//                             ---- threads meet ----
//                             all others                step by step or, if little happens, only those that are not at rest,
//                                                       all 18 steps of 16 neurons at once (sparse_span.h)
//                             ---- threads meet ----
#include <algorithm>

#include "cpu/executor.h"
#include "cpu/executor_team.h"

namespace snn::cpu {

namespace {

constexpr uint32_t worth_gathering_steps = 64;  // shorter runs do not make up for the search for neurons at rest

std::vector<uint8_t> have_input(const Network& network) {
    std::vector<uint8_t> found(network.populations().size(), 0);
    for (const Projection& projection : network.projections()) found[projection.target] = 1;
    return found;
}

}  // namespace

uint32_t span_steps(const Plan& plan) {
    const Network& network = *plan.network;
    const auto is_input = [](const Population& population) { return population.is_input(); };
    if (std::any_of(network.populations().begin(), network.populations().end(), is_input)) return 0;
    // For both kinds, a thread has the synapses of its own neurons to itself and reads the sources' spikes from a list for each
    // range.
    size_t by_range = 0;
    for (const BundleGroup& group : bundle_groups(plan)) by_range += group.members.size();
    for (const Projection& projection : network.projections()) by_range += projection.plasticity != nullptr;
    if (by_range == 0 || by_range < network.projections().size()) return 0;
    const std::vector<uint8_t> follows = have_input(network);
    uint32_t steps = most_span_steps;  // more saves nothing and costs frames of activity
    for (const Projection& projection : network.projections())
        if (follows[projection.source]) steps = std::min(steps, projection.min_delay());
    return steps;
}

void CpuExecutor::make_spans(const SNNAllocator& allocator) {
    if (context_.span_steps == 0) return;
    const std::vector<uint8_t> follows = have_input(*context_.plan->network);
    for (const uint32_t p : neurons_) (follows[p] ? following_ : leading_).push_back(p);
    const auto can = [&](uint32_t p) {
        const PopulationData& data = *context_.populations[p];
        return data.step_span && data.only_integers && !data.is_plastic;
    };
    if (context_.batch > 1 || !std::all_of(following_.begin(), following_.end(), can)) return;
    for (uint32_t range = 0; range < context_.bundles->thread_count(); ++range)
        sparse_spans_.push_back(std::make_unique<SparseSpan>(context_.populations, following_, *context_.bundles, range,
                                                             context_.span_steps, allocator));
}

bool CpuExecutor::leaves_out_resting(const RunRequest& request) const {
    const auto is_state = [](const RecordFrames& frames) { return frames.kind == RecordFrames::state; };
    // If parameters of the session were set for single neurons, there is no step for spans.
    const auto can = [&](uint32_t p) { return context_.populations[p]->step_span != nullptr; };
    return !sparse_spans_.empty() && request.step_count >= worth_gathering_steps && !request.tape &&
           std::none_of(request.records.begin(), request.records.end(), is_state) &&
           std::all_of(following_.begin(), following_.end(), can);
}

// Runs the steps of one thread, which owns some of the ranges. All threads come to the same meetings.
void CpuExecutor::run_spans(const RunRequest& request, uint32_t first_step, RangeList ranges, TaskMemory& memory, Team& team) {
    uint32_t end = team.end.load(std::memory_order_relaxed);
    const StepRange all{first_step, end};
    for (StepRange span{first_step, first_step}; span.begin < end; span.begin = span.end) {
        span.end = std::min(span.begin + context_.span_steps, end);
        for (const uint32_t p : leading_)
            for (uint32_t step = span.begin; step < span.end; ++step)
                for (uint32_t sample = 0; sample < context_.batch; ++sample)
                    for (uint32_t range = ranges.begin;
                         range < std::min<size_t>(ranges.end, context_.populations[p]->ranges.size()); ++range) {
                        const Moment at = moment(request, step, sample);
                        update_range(p, at, range, memory);
                        record_range(request, at, step, p, range);
                    }
        if (!leading_.empty()) team.barrier.wait();
        for (uint32_t range = ranges.begin; range < ranges.end; ++range)
            run_span(request, span, team.may_be_late() ? span : all, range, memory);
        // Written before the meeting and read after it, so that all threads end with the same step. No thread gets further
        // ahead of another than the frames of activity allow.
        if (ranges.begin == 0 && span.end < end && team.is_late()) team.end.store(span.end, std::memory_order_relaxed);
        team.barrier.wait();
        end = team.end.load(std::memory_order_relaxed);
    }
}

// Runs one range of the populations with input.
void CpuExecutor::run_span(const RunRequest& request, StepRange span, StepRange sure, uint32_t range, TaskMemory& memory) {
    const uint32_t steps = span.end - span.begin;
    if (leaves_out_resting_ && range < sparse_spans_.size() && sparse_spans_[range]->begin(clock_ + span.begin, steps)) {
        SparseSpan& sparse = *sparse_spans_[range];
        memory.counters.events += sparse.synapses();
        for (const uint32_t p : following_) {
            PopulationData& data = *context_.populations[p];
            if (range >= data.ranges.size()) continue;
            const NeuronRange& part = data.ranges[range];
            uint16_t* spikes[most_span_steps];
            for (uint32_t k = 0; k < steps; ++k) {
                spikes[k] = data.bits_at(clock_ + span.begin + k, 0);
                std::fill(spikes[k] + part.begin / 16, spikes[k] + part.end / 16, uint16_t{0});
            }
            sparse.step(p, steps, spikes);
            for (uint32_t step = span.begin; step < span.end; ++step) {
                const Moment at = moment(request, step, 0);
                list_updated(p, at, range, memory);
                record_range(request, at, step, p, range);
            }
        }
        return;
    }
    for (uint32_t step = span.begin; step < span.end; ++step)
        for (uint32_t sample = 0; sample < context_.batch; ++sample) {
            const Moment at = moment(request, step, sample);
            memory.window = window_place(step, sure);
            deliver_bundles(at, range, memory);
            for (const uint32_t p : following_) {
                if (range >= context_.populations[p]->ranges.size()) continue;
                update_range(p, at, range, memory);
                record_range(request, at, step, p, range);
            }
        }
}

uint64_t CpuExecutor::steps_without_resting() const {
    uint64_t steps = 0;
    for (const auto& span : sparse_spans_) steps += span->steps_taken();
    return steps;
}

void CpuExecutor::settle() {
    if (std::none_of(sparse_spans_.begin(), sparse_spans_.end(), [](const auto& span) { return span->is_gathered(); })) return;
    context_.pool.run(static_cast<uint32_t>(sparse_spans_.size()), [&](uint32_t range) { sparse_spans_[range]->settle(); });
}

}  // namespace snn::cpu
