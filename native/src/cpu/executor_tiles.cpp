// A tile of a run by layers (executor_layers.cpp): some neurons of a population in some samples, through all steps.
//
//     each step        sums of all samples                                      neurons of all samples
//                      each projection: rows of weights of the active     -->   one sample after the other
//                      or, if many are active, everything multiplied
//
// Both ways read the tile's weights from a panel in the L2 cache, for several samples at a time, and give the same bits.
#include <algorithm>
#include <cstring>

#include "cpu/executor.h"
#include "cpu/spike_bits.h"
#include "cpu/spike_times.h"
#include "cpu/tape.h"

namespace snn::cpu {

namespace {

constexpr uint32_t fewest_samples_of_product = 4;  // with fewer, products take as long as rows of all sources
constexpr size_t fewest_rows_of_panel = 512;       // samples times steps from which on a copy of the weights pays

}  // namespace

struct CpuExecutor::Tile {
    uint32_t population;
    const std::vector<size_t>& panels;  // of its group
    NeuronRange neurons;
    uint32_t begin, end;  // samples
    TaskMemory& memory;
    bool has_panel;
    uint64_t last_spikes = 0;       // of these samples in the previous step
    uint32_t held_of = UINT32_MAX;  // the projection whose sums of held inputs are known

    uint32_t width() const { return neurons.end - neurons.begin; }
    uint32_t samples() const { return end - begin; }
    float* sums_of(uint32_t receptor, uint32_t sample) const {
        return memory.tile_sums.data() + (size_t{receptor} * samples() + (sample - begin)) * width();
    }
    // The weights of an incoming projection and what its sums begin with.
    float* panel(size_t incoming) const { return memory.panel.data() + panels[incoming]; }
    float* start(size_t incoming) const { return memory.start.data() + incoming * padded_panel(width()); }
    // The tile with the first neurons counts what all neurons get.
    bool counts() const { return neurons.begin == 0; }
};

void CpuExecutor::run_tile(const RunRequest& request, uint32_t group, NeuronRange neurons, uint32_t begin, uint32_t end,
                           TaskMemory& memory) {
    const uint32_t population = groups_[group].populations[0];
    const PopulationData& data = *context_.populations[population];
    Tile tile{population, groups_[group].panels, neurons, begin, end, memory,
              size_t{end - begin} * request.step_count >= fewest_rows_of_panel};
    if (memory.packed_group != group || memory.packed_begin != neurons.begin) {
        memory.packed_group = group;
        memory.packed_begin = neurons.begin;
        std::fill(memory.packed.begin(), memory.packed.end(), uint8_t{0});
    }
    for (uint32_t step = 0; step < request.step_count; ++step) {
        Moment at = moment(request, step, begin);
        at.group = group;
        for (uint32_t r = 0; r < data.receptor_count; ++r)
            if (data.has_input[r] && !data.starts_at_projection[r])
                std::memset(tile.sums_of(r, begin), 0, size_t{tile.samples()} * tile.width() * sizeof(float));
        for (size_t k = 0; k < data.incoming.size(); ++k) deliver_to_tile(tile, k, at);
        step_tile(tile, at);
        for (at.sample = begin; at.sample < end; ++at.sample)
            record_population(request, at, step, population, {neurons.begin, std::min(neurons.end, data.size)});
    }
}

void CpuExecutor::deliver_to_tile(Tile& tile, size_t incoming, Moment at) {
    const uint32_t index = context_.populations[tile.population]->incoming[incoming];
    const ProjectionData& projection = *context_.projections[index];
    const uint32_t source = projection.info.source, delay = projection.info.delay_steps, receptor = projection.info.receptor;
    const PopulationData& from = *context_.populations[source];
    TaskMemory& memory = tile.memory;
    if (context_.normalized[index]) {
        for (at.sample = tile.begin; at.sample < tile.end; ++at.sample)
            deliver_normalized(index, at, tile.neurons, tile.sums_of(receptor, at.sample) - tile.neurons.begin);
        return;
    }
    const bool product = [&] {
        if (at.run_step < tape_->first_arrival(delay)) return false;
        if (from.is_value_input()) return tape_->is_dense(source, 0, 0);
        if (tile.samples() < fewest_samples_of_product || memory.unpacked.empty()) return false;
        if (source == tile.population) return tape_->is_dense_count(source, tile.last_spikes, tile.samples());
        return tape_->is_dense(source, at.run_step - delay, at.run_step - delay + 1);
    }();
    if (!product && (from.is_value_input() || !tile.has_panel)) {
        for (at.sample = tile.begin; at.sample < tile.end; ++at.sample) {
            const Activity activity = activity_of(source, delay, at, memory);
            if (tile.counts()) count_delivered(projection, from, activity, memory);
            context_.kernels.deliver_dense({
                .sums = tile.sums_of(receptor, at.sample) - tile.neurons.begin,
                .weights = projection.weights,
                .stride = projection.target_size,
                .active = activity.list,
                .active_count = activity.count,
                .values = activity.values,
                .bias = projection.bias,
                .from_zero = from_zero_[index] != 0,
                .exact_end = false,
                .begin = tile.neurons.begin,
                .end = std::min(tile.neurons.end, projection.target_size),
            });
        }
        return;
    }
    if (tile.counts()) {
        uint64_t& counted = from.is_value_input() ? memory.counters.value_operations : memory.counters.events;
        const uint16_t* const bits = tape_->bits(source, at.run_step - delay, tile.begin);  // of all samples, side by side
        counted += context_.kernels.count_bits(bits, tile.samples() * (from.row / 16)) * projection.target_size;
    }
    float* const sums = tile.sums_of(receptor, tile.begin);
    const size_t bytes = size_t{tile.samples()} * tile.width() * sizeof(float);
    const bool repeats = tape_->is_held(source) && from_zero_[index];
    if (repeats && tile.held_of == index) {
        std::memcpy(sums, memory.held_sums.data(), bytes);
        return;
    }
    if (!memory.packed[incoming]) make_panel(tile, incoming);
    if (product) deliver_products(tile, incoming, at, sums);
    else deliver_samples(tile, incoming, at, sums);
    if (repeats && at.run_step >= tape_->first_arrival(delay)) {
        std::memcpy(memory.held_sums.data(), sums, bytes);
        tile.held_of = index;
    }
}

// Adds the rows of weights of active sources, for several samples at a time.
void CpuExecutor::deliver_samples(const Tile& tile, size_t incoming, Moment at, float* sums) {
    const uint32_t index = context_.populations[tile.population]->incoming[incoming];
    const ProjectionData& projection = *context_.projections[index];
    const PopulationData& from = *context_.populations[projection.info.source];
    TaskMemory& memory = tile.memory;
    uint32_t listed = 0;
    for (uint32_t k = 0; k < tile.samples(); ++k) {
        const uint16_t* const bits = tape_->bits(projection.info.source, at.run_step - projection.info.delay_steps, tile.begin + k);
        listed += context_.kernels.list_bits(bits, from.words, 0, memory.lists.data() + listed);
        memory.list_ends[k] = listed;
    }
    context_.kernels.deliver_dense_samples({
        .sums = sums,
        .sums_stride = tile.width(),
        .active = memory.lists.data(),
        .ends = memory.list_ends.data(),
        .samples = tile.samples(),
        .one = from.drops ? from.kept_values[0] : 1.0f,
        .panel = tile.panel(incoming),
        .inner = projection.source_size,
        .width = tile.width(),
        .start = tile.start(incoming),
        .from_zero = from_zero_[index] != 0,
    });
}

void CpuExecutor::deliver_products(const Tile& tile, size_t incoming, Moment at, float* sums) {
    const uint32_t index = context_.populations[tile.population]->incoming[incoming];
    const ProjectionData& projection = *context_.projections[index];
    const uint32_t source = projection.info.source, run_step = at.run_step - projection.info.delay_steps;
    const PopulationData& from = *context_.populations[source];
    TaskMemory& memory = tile.memory;
    const float* values = tape_->values(source, run_step, tile.begin);
    if (!values) {
        unpack_bits(tape_->bits(source, run_step, tile.begin), tile.samples() * (from.row / 16), memory.unpacked.data(),
                    from.drops ? from.kept_values[0] : 1.0f);
        values = memory.unpacked.data();
    }
    context_.kernels.deliver_values({
        .sums = sums,
        .sums_stride = tile.width(),
        .values = values,
        .values_stride = from.row,
        .rows = tile.samples(),
        .panel = tile.panel(incoming),
        .inner = projection.source_size,
        .width = tile.width(),
        .start = tile.start(incoming),
        .from_zero = from_zero_[index] != 0,
    });
}

void CpuExecutor::step_tile(Tile& tile, Moment at) {
    const uint32_t population = tile.population;
    PopulationData& data = *context_.populations[population];
    const Model& model = *data.info.model;
    const NeuronRange neurons = tile.neurons;
    TaskMemory& memory = tile.memory;
    const bool taped = tape_->keeps_entries(population), by_spikes = keeps_spike_times(population);
    constexpr uint32_t most_states = 32, most_tape = 64;
    for (at.sample = tile.begin; at.sample < tile.end; ++at.sample) {
        const float* receptors[most_receptors];
        void* states[most_states];
        void* tape[most_tape];
        for (uint32_t r = 0; r < data.receptor_count; ++r)
            receptors[r] = data.has_input[r] ? tile.sums_of(r, at.sample) - neurons.begin : context_.no_input.data();
        for (uint32_t s = 0; s < data.state_count; ++s) states[s] = data.state_at(s, at.sample, 0);
        for (uint32_t e = 0; taped && e < data.tape_places().size(); ++e) tape[e] = tape_->entry(population, e, at.run_step, at.sample);
        if (by_spikes) spike_times_->before_step(population, neurons, states, memory, tape);
        uint16_t* const bits = model.spiking ? tape_->bits(population, at.run_step, at.sample) : nullptr;
        step_neurons(data,
                     {
                         .constants = data.constants.data(),
                         .constant_masks = data.constant_masks.data(),
                         .receptors = receptors,
                         .states = states,
                         .spikes = bits,
                         .tape = taped || by_spikes ? tape : nullptr,
                         .draws = {seed_, at.step, population, first_sample_ + at.sample, data.info.first_neuron / 64},
                         .poisson = data.poisson.data(),
                     },
                     neurons, memory);
        if (!bits) continue;
        if (neurons.end == data.row && data.size % 16 != 0)
            bits[data.words - 1] = static_cast<uint16_t>(bits[data.words - 1] & ((1u << data.size % 16) - 1u));
        if (data.drops) data.silence(bits, at.sample, neurons);
        if (by_spikes) spike_times_->after_step(population, neurons, bits, at.sample, memory);
    }
    if (!model.spiking) return;
    // Counted only now, because what was just written in words of 16 bits is read in larger ones.
    tile.last_spikes = 0;
    for (uint32_t sample = tile.begin; sample < tile.end; ++sample) {
        const uint16_t* const bits = tape_->bits(population, at.run_step, sample) + neurons.begin / 16;
        tile.last_spikes += context_.kernels.count_bits(bits, tile.width() / 16);
    }
    memory.counters.spikes += tile.last_spikes;
    tape_->add_spikes(population, at.run_step, tile.last_spikes);
}

void CpuExecutor::make_panel(const Tile& tile, size_t incoming) {
    const ProjectionData& projection = *context_.projections[context_.populations[tile.population]->incoming[incoming]];
    pack_panel(projection, {tile.neurons.begin, std::min(tile.neurons.end, projection.target_size)}, padded_panel(tile.width()),
               tile.panel(incoming), tile.start(incoming));
    tile.memory.packed[incoming] = 1;
}

// Packs the columns of a tile into panels, and what its sums begin with into `out_start`.
void CpuExecutor::pack_panel(const ProjectionData& projection, NeuronRange targets, uint32_t width, float* out_panel,
                             float* out_start) const {
    const uint32_t count = targets.end - targets.begin;
    for (uint32_t block = 0; block < width; block += panel_columns) {
        const uint32_t used = count > block ? std::min(count - block, panel_columns) : 0;
        float* out = out_panel + size_t{block} * projection.source_size;
        for (uint32_t i = 0; i < projection.source_size; ++i, out += panel_columns) {
            std::memcpy(out, projection.weights + size_t{i} * projection.target_size + targets.begin + block, used * sizeof(float));
            std::memset(out + used, 0, (panel_columns - used) * sizeof(float));
        }
    }
    std::memset(out_start, 0, width * sizeof(float));
    if (projection.bias)
        for (uint32_t j = 0; j < count; ++j) out_start[j] = 0.0f + projection.bias[targets.begin + j];
}

}  // namespace snn::cpu
