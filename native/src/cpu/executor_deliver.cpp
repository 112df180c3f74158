// Delivery: binds one projection to its kernel for one sample and one piece of the target's neurons.
#include <algorithm>
#include <cstring>

#include "common/compiler.h"
#include "cpu/executor.h"
#include "cpu/tape.h"
#include "cpu/windows.h"

namespace snn::cpu {

// Sums that are the same in all steps of a run are computed in the first step and copied in later ones.
void CpuExecutor::deliver(uint32_t index, const Moment& at, NeuronRange part, uint32_t range, TaskMemory& memory) {
    if (!at.held_sums || !holds_[index]) return deliver_now(index, at, part, range, memory);
    const ProjectionData& projection = *context_.projections[index];
    float* const sums =
        memory.sums.data() + static_cast<size_t>(projection.info.receptor) * context_.row_capacity + part.begin;
    float* const held = at.held_sums + held_places_[index] + part.begin;
    const size_t bytes = (part.end - part.begin) * sizeof(float);
    if (at.fills_held_sums) {
        deliver_now(index, at, part, range, memory);
        std::memcpy(held, sums, bytes);
        return;
    }
    std::memcpy(sums, held, bytes);
    if (range == whole_row || range == 0)
        count_delivered(projection, *context_.populations[projection.info.source],
                        activity_of(projection.info.source, 0, at, memory), memory);
}

void CpuExecutor::deliver_now(uint32_t index, const Moment& at, NeuronRange part, uint32_t range, TaskMemory& memory) {
    const ProjectionData& projection = *context_.projections[index];
    const PopulationData& source = *context_.populations[projection.info.source];
    const size_t row = static_cast<size_t>(projection.info.receptor) * context_.row_capacity;
    float* const sums = memory.sums.data() + row;
    const uint32_t end = std::min(part.end, projection.target_size);
    const SampleWeights own = projection.weights_of(at.sample);
    if (projection.info.kind == SNN_CONNECT_SPARSE) {  // its synapses are counted where they are found
        if (own.bias) context_.kernels.add_bias(sums, own.bias, part.begin, end);
        if (projection.is_bundled) return;
        if (context_.plastic[index]) {
            PlasticProjection& plastic = *context_.plastic[index];
            const bool whole = range == whole_row;
            int32_t* const fixed =
                fixed_sums_of(projection.info.target, projection.info.receptor, range, memory) - part.begin;
            for (uint32_t r = whole ? 0 : range; r < (whole ? plastic.range_count() : range + 1); ++r)
                memory.counters.events +=
                    plastic.deliver(r, source, *context_.populations[projection.info.target], at.clock, fixed);
            return;
        }
        if (projection.is_taps) return deliver_taps(projection, source, at, {part.begin, end}, range, sums, memory);
        deliver_sparse(projection, source, at, range, sums,
                       projection.is_fixed
                           ? fixed_sums_of(projection.info.target, projection.info.receptor, range, memory) - part.begin
                           : nullptr,
                       memory);
        return;
    }

    const Activity activity = activity_of(projection.info.source, projection.info.delay_steps, at, memory);
    if (range == whole_row || range == 0) count_delivered(projection, source, activity, memory);
    switch (projection.info.kind) {
        case SNN_CONNECT_DENSE:
            context_.kernels.deliver_dense({
                .sums = sums,
                .weights = own.weights,
                .stride = projection.target_size,
                .active = activity.list,
                .active_count = activity.count,
                .values = activity.values,
                .bias = own.bias,
                .from_zero = from_zero_[index] != 0,
                .exact_end = false,
                .begin = part.begin,
                .end = end,
            });
            return;
        case SNN_CONNECT_ONE_TO_ONE:
            if (own.bias) context_.kernels.add_bias(sums, own.bias, part.begin, end);
            context_.kernels.deliver_one_to_one({
                .sums = sums,
                .weights = own.weights,
                .bits = activity.bits,
                .values = activity.values,
                .begin = part.begin,
                .end = end,
            });
            return;
        default:
            deliver_window(projection, own, activity, part, from_zero_[index] != 0, sums, memory);
    }
}

CpuExecutor::Activity CpuExecutor::activity_of(uint32_t source, uint32_t delay, const Moment& at, TaskMemory& memory) const {
    const PopulationData& data = *context_.populations[source];
    const float* const kept = at.taped && data.drops ? data.kept_values.data() : nullptr;
    if (at.group == no_group || (group_of_[source] == at.group && !groups_[at.group].by_tiles)) {
        const uint64_t then = at.clock - delay;
        return {data.list_at(then, at.sample), data.count_at(then, at.sample), data.bits_at(then, at.sample),
                data.is_value_input() ? data.values_at(then, at.sample) : kept};
    }
    const uint32_t step = at.run_step - delay;
    const uint16_t* const bits = tape_->bits(source, step, at.sample);
    const uint32_t count = context_.kernels.list_bits(bits, data.words, 0, memory.active.data());
    return {memory.active.data(), count, bits, data.is_value_input() ? tape_->values(source, step, at.sample) : kept};
}

// Called once the population's spikes of this step are known.
void CpuExecutor::learn(const PopulationData& population, const Moment& at, uint32_t range) {
    const bool whole = range == whole_row;
    for (const uint32_t q : population.incoming) {
        if (!context_.plastic[q]) continue;
        PlasticProjection& plastic = *context_.plastic[q];
        for (uint32_t r = whole ? 0 : range; r < (whole ? plastic.range_count() : range + 1); ++r)
            plastic.learn(r, at.clock, population.bits_at(at.clock, at.sample));
    }
}

// The integer sums of a receptor, from the first neuron of the range on. These are the accumulators of bundles, if there are
// any.
int32_t* CpuExecutor::fixed_sums_of(uint32_t population, uint32_t receptor, uint32_t range, TaskMemory& memory) const {
    const uint32_t owner = range == whole_row ? 0 : range;
    if (context_.bundles->has_accumulators(population, receptor))
        return memory.accumulators[owner].data() + memory.window.step * context_.bundles->window_stride(owner) +
               context_.bundles->accumulator_place(population, receptor, owner);
    return memory.fixed_sums.data() + static_cast<size_t>(receptor) * context_.row_capacity +
           context_.populations[population]->ranges[owner].begin;
}

void CpuExecutor::deliver_bundles(const Moment& at, uint32_t thread, TaskMemory& memory) {
    if (thread >= context_.bundles->thread_count()) return;
    memory.counters.events += context_.bundles->deliver(context_.kernels, thread, at.clock, at.sample, memory.window,
                                                        memory.accumulators[thread].data());
}

// Counts what a projection delivers to all its targets. The task with the first target calls it. The synapses of sparse
// projections are counted where they are found.
void CpuExecutor::count_delivered(const ProjectionData& projection, const PopulationData& source, const Activity& activity,
                                  TaskMemory& memory) const {
    uint64_t used = activity.count;
    if (projection.info.kind == SNN_CONNECT_DENSE) used *= projection.target_size;
    if (projection.conv) {
        used = 0;
        for (uint32_t a = 0; a < activity.count; ++a) used += projection.fan_out[activity.list[a]];
    }
    (source.is_value_input() ? memory.counters.value_operations : memory.counters.events) += used;
}

void CpuExecutor::deliver_window(const ProjectionData& projection, const SampleWeights& own, const Activity& activity,
                                 NeuronRange part, bool from_zero, float* sums, TaskMemory& memory) {
    const ConvShape& shape = projection.conv->shape();
    const uint32_t plane = shape.out_plane();
    // Pieces hold whole channels; the last one is padded behind the last neuron.
    const uint32_t first = part.begin / plane, end = std::min(part.end / plane, shape.out_channels);
    if (projection.is_max_pool()) {
        if (activity.values) deliver_max_pool(projection, sums, activity.values, first, end);
        else deliver_max_pool(projection, sums, activity.list, activity.count, activity.bits, first, end, memory.pooled.data());
        return;
    }
    if (projection.scatters) {
        for (uint32_t channel = first; own.bias && channel < end; ++channel)
            for (uint32_t k = 0; k < plane; ++k) sums[channel * plane + k] += own.bias[channel];
        context_.kernels.deliver_scatter({
            .shape = &shape,
            .sums = sums,
            .weights = projection.info.kind == SNN_CONNECT_POOL2D ? nullptr : own.weights,
            .weight = projection.pool_weight,
            .active = activity.list,
            .active_count = activity.count,
            .values = activity.values,
            .channel_begin = first,
            .channel_end = end,
        });
        return;
    }
    const ConvWay way = context_.kernels.has_fast_products ? projection.conv->way(activity.count, activity.values != nullptr)
                                                           : ConvWay::sources;
    context_.kernels.deliver_conv({
        .shape = &shape,
        .sums = sums,
        .weights = own.packed,
        .active = activity.list,
        .active_count = activity.count,
        .values = activity.values,
        .bias = own.bias,
        .from_zero = from_zero,
        .block_begin = projection.conv->block_from(first),
        .block_end = projection.conv->block_from(end),
        .scratch = memory.scratch.data(),
        .image = way == ConvWay::windows ? memory.image.data() : nullptr,
        .bits = way == ConvWay::words ? activity.bits : nullptr,
        .bit_words = padded(projection.source_size) / 16,
    });
}

// Delivers one dense projection after the other, delays ascending.
void CpuExecutor::deliver_taps(const ProjectionData& projection, const PopulationData& source, const Moment& at,
                               NeuronRange part, uint32_t range, float* sums, TaskMemory& memory) {
    const auto& delays = projection.segments->delays();
    const float* const weights = projection.weights_of(at.sample).weights;
    uint64_t used = 0;
    for (uint32_t slot = 0; slot < delays.size(); ++slot) {
        const Activity activity = activity_of(projection.info.source, projection.info.delay_steps + delays[slot], at, memory);
        used += uint64_t{activity.count} * projection.target_size;
        context_.kernels.deliver_dense({
            .sums = sums,
            .weights = weights + size_t{slot} * projection.target_size,
            .stride = projection.tap_stride(),
            .active = activity.list,
            .active_count = activity.count,
            .values = activity.values,
            .bias = nullptr,
            .from_zero = false,
            .exact_end = true,
            .begin = part.begin,
            .end = part.end,
        });
    }
    if (range == whole_row || range == 0)
        (source.is_value_input() ? memory.counters.value_operations : memory.counters.events) += used;
}

// Which stretches of synapses are due is known before any of them is read. A first pass collects and prefetches them, a second
// adds them up.
void CpuExecutor::deliver_sparse(const ProjectionData& projection, const PopulationData& source, const Moment& at,
                                 uint32_t range, float* sums, int32_t* fixed_sums, TaskMemory& memory) {
    constexpr uint32_t most_visits = 64, table_lookahead = 16;
    Visit visits[most_visits];
    uint32_t count = 0;
    uint64_t used = 0;
    const SparseSegments& segments = *projection.segments;
    const SampleWeights own = projection.weights_of(at.sample);
    const uint32_t* const targets = projection.info.synapses->index().targets.data();
    const bool binary = !source.is_value_input();
    const bool plain = binary && !(at.taped && source.drops);  // every active source delivers its weights as they are
    const auto deliver_collected = [&] {
        if (fixed_sums) context_.kernels.deliver_visits_fixed(fixed_sums, visits, count);
        else context_.kernels.deliver_visits(sums, visits, count, plain);
        count = 0;
    };
    for (uint32_t slot = 0; slot < segments.delays().size(); ++slot) {
        const uint32_t delay = projection.info.delay_steps + segments.delays()[slot];
        const Activity activity = activity_of(projection.info.source, delay, at, memory);
        const uint32_t* const active = activity.list;
        const uint32_t active_count = activity.count;
        const float* const values = activity.values;
        for (uint32_t a = 0; a < active_count; ++a) {
            if (a + table_lookahead < active_count) segments.prefetch(active[a + table_lookahead], slot, range);
            const SparseSegments::Segment found =
                range == whole_row ? segments.find(active[a], slot) : segments.find(active[a], slot, range);
            if (found.count == 0) continue;
            used += found.count;
            const void* const weights = fixed_sums ? static_cast<const void*>(own.fixed + found.begin)
                                                   : static_cast<const void*>(own.weights + found.begin);
            SNN_PREFETCH(targets + found.begin);
            SNN_PREFETCH(weights);
            visits[count++] = {targets + found.begin, weights, found.count, values ? values[active[a]] : 1.0f};
            if (count == most_visits) deliver_collected();
        }
    }
    if (count > 0) deliver_collected();
    (binary ? memory.counters.events : memory.counters.value_operations) += used;
}

}  // namespace snn::cpu
