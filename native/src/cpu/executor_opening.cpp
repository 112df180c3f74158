// What an executor decides when it is opened: where everything lies, in which order sums are added, what can run together.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "cpu/backpropagation.h"
#include "cpu/checkpoints.h"
#include "cpu/executor.h"
#include "cpu/instruction_set.h"
#include "cpu/spike_times.h"
#include "cpu/tape.h"
#include "cpu/traces.h"

namespace snn::cpu {

CpuContext::CpuContext(std::shared_ptr<const Plan> the_plan, const ExecutorOptions& options)
    : plan(std::move(the_plan)),
      allocator(options.allocator),
      kernels(kernels_for(options.instruction_set)),
      batch(options.batch_size),
      pool(options.thread_count, options.job_system),
      tasks(pool.width()) {
    const Network& network = *plan->network;
    const bool interpret = options.flags & SNN_FLAG_INTERPRET_MODELS;
    ProgramCache programs;
    const std::vector<uint64_t> granularities = piece_granularities(network);
    span_steps = cpu::span_steps(*plan);
    for (size_t p = 0; p < network.populations().size(); ++p) {
        populations.push_back(std::make_unique<PopulationData>(network.populations()[p], plan->populations[p], kernels,
                                                               allocator, batch, interpret, programs,
                                                               std::max(span_steps, 1u)));
        PopulationData& data = *populations.back();
        data.ranges = cut(data.row, granularities[p], pool.width());
    }
    bundles = std::make_unique<SparseBundles>(*plan, populations, pool, allocator);
    for (uint32_t q = 0; q < network.projections().size(); ++q) {
        const Projection& projection = network.projections()[q];
        projections.push_back(std::make_unique<ProjectionData>(projection, network, populations[projection.target]->ranges,
                                                               allocator, kernels, bundles->has(q),
                                                               plan->sample_weights ? batch : 1));
        plastic.emplace_back();
        if (projection.plasticity)
            plastic.back() = std::make_unique<PlasticProjection>(projection, network, plan->plasticity[q],
                                                                 populations[projection.target]->ranges, allocator, kernels,
                                                                 interpret);
    }
    normalized.resize(projections.size());
    stages.assign(populations.size(), 0);
    uint32_t receptors = 0, interpreter_words = 0;
    bool any_fixed = false;
    size_t scratch = 0, image = 0, pooled = 0;
    for (const auto& data : populations) {
        if (data->info.is_input()) continue;
        row_capacity = std::max(row_capacity, data->row);
        receptors = std::max(receptors, data->receptor_count);
        interpreter_words = std::max(interpreter_words, data->interpreter_words());
        for (const float scale : data->fixed_scales) any_fixed |= scale != 0.0f;
    }
    for (const auto& data : projections)
        if (data->is_max_pool())
            pooled = std::max<size_t>(pooled, data->target_size / 16 + 1);
        else if (data->info.kind == SNN_CONNECT_CONV2D && !data->scatters) {
            scratch = std::max(scratch, static_cast<size_t>(data->conv->shape().out_plane()) * 16 * conv_blocks_together);
            image = std::max(image, data->conv->shape().image_size);
        }
    no_input.allocate(allocator, row_capacity);
    for (uint32_t index = 0; index < tasks.size(); ++index) {
        TaskMemory& task = tasks[index];
        task.sums.allocate(allocator, static_cast<size_t>(receptors) * row_capacity);
        if (any_fixed) task.fixed_sums.allocate(allocator, static_cast<size_t>(receptors) * row_capacity);
        task.scratch.allocate(allocator, scratch);
        task.image.allocate(allocator, image, false);
        task.pooled.allocate(allocator, pooled);
        task.interpreter.allocate(allocator, interpreter_words);
        task.accumulators.resize(bundles->thread_count());
        for (uint32_t thread = 0; thread < bundles->thread_count(); ++thread)
            if (index < batch || index == thread)  // only `batch` tasks step whole populations
                task.accumulators[thread].allocate(allocator, bundles->window_steps() * bundles->window_stride(thread));
    }
    // A population whose activity is read other than through bundles and plastic synapses needs it in one list.
    std::vector<uint8_t> needs_one_list(populations.size(), 0);
    for (size_t q = 0; q < projections.size(); ++q)
        if (!projections[q]->is_bundled && !plastic[q]) needs_one_list[projections[q]->info.source] = 1;
    uint32_t longest = 0;
    for (size_t p = 0; p < populations.size(); ++p) {
        PopulationData& data = *populations[p];
        if (data.info.is_input() || !data.has_activity() || needs_one_list[p] || data.ranges.size() == 1) continue;
        data.list_by_range(allocator);
        longest = std::max(longest, data.row);
    }
    joined_list.allocate(allocator, longest, false);
}

CpuExecutor::CpuExecutor(std::shared_ptr<const Plan> plan, const ExecutorOptions& options)
    : context_(std::move(plan), options), clock_(first_clock), seed_(options.seed), first_sample_(options.first_sample) {
    const auto& populations = context_.populations;
    for (uint32_t p = 0; p < populations.size(); ++p)
        if (populations[p]->info.is_input()) inputs_.push_back(p);
    for (const uint32_t p : context_.plan->order)
        if (!populations[p]->info.is_input()) neurons_.push_back(p);

    from_zero_.assign(context_.projections.size(), 0);
    std::vector<std::vector<uint8_t>> reached(populations.size());  // [population][receptor]: by an earlier projection
    for (size_t p = 0; p < populations.size(); ++p) reached[p].assign(populations[p]->receptor_count, 0);
    for (uint32_t q = 0; q < context_.projections.size(); ++q) {
        const ProjectionData& projection = *context_.projections[q];
        PopulationData& target = *populations[projection.info.target];
        uint8_t& reached_before = reached[projection.info.target][projection.info.receptor];
        const bool can = projection.info.kind == SNN_CONNECT_DENSE ||
                         (projection.info.kind == SNN_CONNECT_CONV2D && !projection.scatters);
        from_zero_[q] = !reached_before && can;
        reached_before = 1;
        if (from_zero_[q]) target.starts_at_projection[projection.info.receptor] = 1;
        target.is_bundled |= projection.is_bundled;
        target.has_input[projection.info.receptor] = 1;
        target.is_plastic |= context_.plastic[q] != nullptr;
        target.incoming.push_back(q);
    }
    // If only bundles and plastic synapses reach a receptor, its sums need no clearing.
    for (uint32_t p = 0; p < populations.size(); ++p) {
        populations[p]->choose_step();
        populations[p]->only_integers = populations[p]->is_bundled || populations[p]->is_plastic;
        for (uint32_t r = 0; r < populations[p]->receptor_count; ++r) {
            const auto adds_floats = [&](uint32_t q) {
                const ProjectionData& projection = *context_.projections[q];
                const bool adds_integers = projection.is_bundled || context_.plastic[q];
                return projection.info.receptor == r && (!adds_integers || projection.bias);
            };
            const std::vector<uint32_t>& incoming = populations[p]->incoming;
            populations[p]->starts_at_integers[r] =
                populations[p]->has_input[r] && std::none_of(incoming.begin(), incoming.end(), adds_floats);
            populations[p]->only_integers &= !populations[p]->has_input[r] || populations[p]->starts_at_integers[r];
        }
    }
    // Accumulators and plastic synapses are stored by range. States are, too, so that threads keep out of each other's way.
    for (const auto& population : populations)
        if ((population->is_bundled || population->is_plastic) && population->ranges.size() > 1)
            population->separate_states(options.allocator);
    make_stages();
    make_spans(options.allocator);
    place_held_sums();
    size_t sample_bytes = 1 + held_words_ * sizeof(float);
    for (const auto& population : populations) {
        sample_bytes += static_cast<size_t>(population->state_count) * population->row * sizeof(uint32_t);
        sample_bytes += static_cast<size_t>(population->frame_count) * population->size / 8;
    }
    for (const auto& projection : context_.projections)
        if (projection->copies > 1) sample_bytes += (projection->weight_count + projection->bias_count) * sizeof(float);
    samples_together_ = static_cast<uint32_t>(std::clamp<size_t>(state_bytes_together / sample_bytes, 1, options.batch_size));
    for (TaskMemory& task : context_.tasks)
        task.held_sums_of_samples.allocate(options.allocator, size_t{samples_together_} * held_words_);
}

// Finds the sums that only undelayed inputs have reached so far in the order of addition.
void CpuExecutor::place_held_sums() {
    held_places_.assign(context_.projections.size(), no_place);
    holds_.assign(context_.projections.size(), 0);
    for (const uint32_t p : neurons_) {
        const PopulationData& data = *context_.populations[p];
        std::vector<uint8_t> may(data.receptor_count, 1);
        for (const uint32_t q : data.incoming) {
            const ProjectionData& projection = *context_.projections[q];
            uint8_t& so_far = may[projection.info.receptor];
            so_far = so_far && context_.populations[projection.info.source]->info.is_input() &&
                     projection.info.delay_steps == 0 && projection.info.kind != SNN_CONNECT_SPARSE;
            if (!so_far) continue;
            held_places_[q] = held_words_;
            held_words_ += data.row;
        }
    }
}

void CpuExecutor::make_stages() {
    // A population belongs to the stage after the latest of its undelayed sources.
    const auto& populations = context_.populations;
    std::vector<uint32_t> level(populations.size(), 0);
    for (const uint32_t p : neurons_) {
        PopulationData& data = *populations[p];
        work_ns_ += 5.0 + (data.only_integers && data.integer_step ? 0.6 : 1.5) * data.row;
        for (const uint32_t q : data.incoming) {
            const ProjectionData& projection = *context_.projections[q];
            const PopulationData& source = *populations[projection.info.source];
            if (projection.info.reaches_within_step() && !source.info.is_input())
                level[p] = std::max(level[p], level[projection.info.source] + 1);
            // Assumes that a tenth of the sources are active, one in fifty if connections are sparse, and fewer if they are
            // bundled.
            const double synapses = static_cast<double>(synapse_count(*context_.plan->network, projection.info));
            if (projection.is_bundled) work_ns_ += 0.002 * synapses;
            else work_ns_ += projection.info.kind == SNN_CONNECT_SPARSE ? 0.02 * synapses : 0.01 * synapses;
        }
        if (stages_.size() <= level[p]) stages_.resize(level[p] + 1);
        Stage& stage = stages_[level[p]];
        stage.populations.push_back(p);
        stage.joins_lists |= joins_list(p);
    }
}

CpuExecutor::~CpuExecutor() = default;

}  // namespace snn::cpu
