#include "cpu/memory_need.h"

#include <algorithm>
#include <bit>
#include <map>
#include <utility>

#include "cpu/executor.h"
#include "cpu/memory.h"
#include "cpu/projection_data.h"
#include "cpu/sparse_bundles.h"

namespace snn::cpu {

namespace {

constexpr uint64_t part_neurons = uint64_t{1} << 16;  // accumulators that a 16-bit place reaches
constexpr uint64_t table_entries_per_synapse = 4;     // SparseSegments searches rows if its table would be larger

ConvLayout layout_of(const Network& network, const Projection& projection) {
    return {projection, network.population(projection.source).shape, network.population(projection.target).shape};
}

// The size of the table of SparseSegments; 0 if there is none.
uint64_t segment_table(const Network& network, const Projection& projection, uint64_t threads) {
    const uint64_t rows = network.population(projection.source).size;
    const uint64_t delays = projection.max_delay() - projection.min_delay() + 1;
    const uint64_t entries = delays * threads + 1;
    if (rows * entries > table_entries_per_synapse * (projection.synapses->count() + rows)) return 0;
    return rows * entries * sizeof(uint32_t);
}

// Follows the layout of PlasticProjection: weights and targets, rows of every part, what is remembered of each target.
uint64_t plastic_bytes(const Network& network, const Projection& projection, const PlasticityPlan& plan, uint64_t threads) {
    const uint64_t sources = network.population(projection.source).size, targets = network.population(projection.target).size;
    const uint64_t parts = std::max(threads, (targets + part_neurons - 1) / part_neurons);
    const uint64_t row = sizeof(uint64_t) + sizeof(int32_t) + plan.pre_traces.size() * sizeof(float);
    const uint64_t lists = remembered_spikes * (1 + plan.post_traces.size() + plan.target_states.size()) + 1 +
                           2 * plan.post_traces.size() + plan.target_states.size();
    const uint64_t own = plan.synapse_traces.empty() ? 0 : (1 + plan.synapse_traces.size()) * sizeof(float);
    return projection.weight_count() * (sizeof(float) + sizeof(uint16_t) + own) + sources * plan.delays.size() * parts * row +
           (padded(static_cast<uint32_t>(targets)) + 32 * parts) * lists * sizeof(float);
}

void add_population(const Population& population, const PopulationPlan& plan, const ExecutorOptions& options,
                    uint32_t steps_ahead, uint64_t& io_bytes) {
    const uint64_t row = padded(population.size), batch = options.batch_size;
    if (population.is_input() || population.is_binary()) {
        const uint64_t rows = std::bit_ceil(uint64_t{plan.history_depth} + steps_ahead) * batch;
        // Bits and a list of the active neurons; for value inputs, values, which the session has once more.
        io_bytes += rows * (row / 8 + row * sizeof(uint32_t) + sizeof(uint32_t));
        if (population.kind == SNN_POPULATION_VALUE_INPUT) io_bytes += rows * row * sizeof(float);
        if (population.is_input()) io_bytes += batch * population.size * sizeof(float);
    }
    if (population.is_input()) return;
    io_bytes += population.model->states.size() * batch * row * sizeof(uint32_t);
    for (const Constant& constant : plan.constants)
        io_bytes += (constant.per_neuron() ? row : 16) * sizeof(uint32_t);
    for (const std::vector<double>& values : plan.initial_states) io_bytes += values.size() * sizeof(double);
    for (const PoissonLimits& limits : plan.poisson) {
        const uint64_t groups = (limits.count + poisson_group - 1) / poisson_group;
        io_bytes += groups * poisson_group * (limits.per_neuron ? row : 16) * sizeof(uint32_t);
    }
}

// Awake neurons in slots of their own (awake_neurons.h), and what falls due for them. This is an upper bound: it assumes that
// all neurons could be at rest.
uint64_t awake_bytes(const Population& population, uint32_t span) {
    const Model& model = *population.model;
    if (model.draws || !model.built_in) return 0;
    uint64_t words = 2 + model.states.size();  // numbers of slots and neurons
    for (uint32_t c = 0; c < model.constant_count(); ++c) words += model.constant_type(c) == ValueType::int_;
    const uint64_t row = padded(population.size);
    return row * words * sizeof(uint32_t) +
           row / 16 * (model.receptors.size() * sizeof(uint32_t) + span * sizeof(DueSynapse) / 8);
}

// Sums of inputs that stay the same for all steps of a run, for the samples that a task steps together:
// CpuExecutor::place_held_sums.
uint64_t held_bytes(const Network& network, uint64_t batch) {
    std::map<std::pair<uint32_t, uint32_t>, bool> may;  // by population and receptor: only undelayed inputs came before
    uint64_t bytes = 0, sample_bytes = 1;
    for (const Population& population : network.populations())
        if (!population.is_input())
            sample_bytes += population.model->states.size() * padded(population.size) * sizeof(uint32_t);
    for (const Projection& projection : network.projections()) {
        bool& so_far = may.try_emplace({projection.target, projection.receptor}, true).first->second;
        so_far =
            so_far && network.population(projection.source).is_input() && projection.delay_steps == 0 && !projection.synapses;
        if (so_far) bytes += padded(network.population(projection.target).size) * sizeof(float);
    }
    return bytes * std::clamp<uint64_t>(state_bytes_together / (sample_bytes + bytes), 1, batch);
}

// Memory for one population or projection at a time: for each task and, once for all tasks, a row of zeros and a list of the
// active neurons.
uint64_t working_bytes(const Network& network, uint64_t threads) {
    uint64_t largest_row = 0, receptors = 0, scratch = 0, image = 0;
    for (const Population& population : network.populations()) {
        if (population.is_input()) continue;
        largest_row = std::max<uint64_t>(largest_row, padded(population.size));
        receptors = std::max<uint64_t>(receptors, population.model->receptors.size());
    }
    bool any_fixed = false;
    for (const Projection& projection : network.projections()) {
        any_fixed |= projection.is_fixed();
        if (projection.kind != SNN_CONNECT_CONV2D) continue;
        const ConvLayout layout = layout_of(network, projection);
        if (layout.scatters()) continue;
        scratch = std::max(scratch, uint64_t{layout.shape().out_plane()} * 16 * conv_blocks_together);
        image = std::max<uint64_t>(image, layout.shape().image_size);
    }
    const uint64_t of_task = receptors * largest_row * (any_fixed ? 2 : 1) + scratch + image;
    return (threads * of_task + largest_row * (threads > 1 ? 2 : 1)) * sizeof(float);
}

}  // namespace

ExecutorMemory memory_need(const Plan& plan, const ExecutorOptions& options) {
    const Network& network = *plan.network;
    const uint64_t threads = options.job_system.parallel_for ? options.job_system.worker_count : options.thread_count;
    const uint32_t span = span_steps(plan), steps_ahead = std::max(span, 1u);
    const auto is_plastic = [](const Projection& projection) { return projection.plasticity != nullptr; };
    const auto& projections = network.projections();
    const bool may_rest =
        span > 0 && options.batch_size == 1 && std::none_of(projections.begin(), projections.end(), is_plastic);
    ExecutorMemory need;
    for (size_t p = 0; p < network.populations().size(); ++p) {
        const Population& population = network.populations()[p];
        add_population(population, plan.populations[p], options, steps_ahead, need.state_bytes);
        if (may_rest && !population.is_input()) need.state_bytes += awake_bytes(population, span);
    }
    need.state_bytes += working_bytes(network, threads) + threads * held_bytes(network, options.batch_size);

    need.projection_bytes.assign(network.projections().size(), 0);
    need.needs_arrays.assign(network.projections().size(), 1);
    need.keeps_rows.assign(network.projections().size(), 0);
    std::vector<uint8_t> has_accumulators(network.populations().size(), 0);
    const uint64_t window = window_steps(plan, options.batch_size, threads);
    for (const BundleGroup& group : bundle_groups(plan)) {
        const uint64_t sources = network.population(group.source).size;
        uint64_t neurons = 0;
        for (const uint32_t q : group.members)
            neurons = std::max<uint64_t>(neurons, network.population(network.projections()[q].target).size);
        const uint64_t parts = std::max(threads, (neurons + part_neurons - 1) / part_neurons);
        // Offsets of 16 bits if no row has more than 65,535 synapses in a part.
        const uint64_t offset = group.synapses / sources / parts < 60000 ? sizeof(uint16_t) : sizeof(uint32_t);
        const uint64_t tables = sources * parts * (offset * (uint64_t{group.delays} + 1) + sizeof(void*));
        const bool gives_back = gives_rows_back(group.members, network, options.allocator);
        for (const uint32_t q : group.members) {
            const Projection& projection = network.projections()[q];
            need.keeps_rows[q] = gives_back && projection.synapses->has_rows_only();
            need.projection_bytes[q] = projection.synapses->count() * sizeof(uint32_t) + tables / group.members.size();
            need.needs_arrays[q] = 0;
            has_accumulators[projection.target] = 1;
        }
    }
    for (size_t p = 0; p < network.populations().size(); ++p)
        if (has_accumulators[p])
            need.state_bytes += network.population(static_cast<uint32_t>(p)).model->receptors.size() *
                                padded(network.population(static_cast<uint32_t>(p)).size) * window * sizeof(int32_t);
    for (size_t q = 0; q < network.projections().size(); ++q) {
        const Projection& projection = network.projections()[q];
        if (!need.needs_arrays[q]) continue;
        if (projection.plasticity) {
            need.needs_arrays[q] = 0;
            need.projection_bytes[q] = plastic_bytes(network, projection, *plan.plasticity[q], threads);
            continue;
        }
        if (projection.synapses) need.projection_bytes[q] += segment_table(network, projection, threads);
        const uint64_t copies = plan.sample_weights ? options.batch_size : 1;
        if (copies > 1)
            need.projection_bytes[q] += copies * (projection.weight_count() + projection.bias_count()) * sizeof(float);
        if (projection.is_fixed()) need.projection_bytes[q] += copies * projection.weight_count() * sizeof(int32_t);
        if (projection.kind == SNN_CONNECT_CONV2D) {
            const ConvLayout layout = layout_of(network, projection);
            if (!layout.scatters()) need.projection_bytes[q] += copies * layout.packed_size() * sizeof(float);
        }
        if (projection.kind == SNN_CONNECT_CONV2D || projection.kind == SNN_CONNECT_POOL2D)  // fan-outs
            need.projection_bytes[q] += network.population(projection.source).size * sizeof(uint32_t);
    }
    return need;
}

}  // namespace snn::cpu
