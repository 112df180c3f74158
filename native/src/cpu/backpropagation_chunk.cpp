// The two halves of a chunk of the backward pass; see backpropagation.cpp.
#include <algorithm>
#include <bit>
#include <cstring>

#include "cpu/backpropagation.h"
#include "cpu/spike_bits.h"
#include "cpu/windows.h"

namespace snn::cpu {

// ---- First half: back through the steps ---------------------------------------------------------------------------------

// A few samples go back through all steps of the chunk before the next ones, so that their gradients stay in the L2 cache.
void Backpropagation::adjoint_steps(const Chunk& chunk, uint32_t begin, uint32_t end, const Ends& ends, uint32_t task) {
    for (; begin < end; begin += samples_together_)
        adjoint_steps_of_few(chunk, begin, std::min(begin + samples_together_, end), ends, task);
}

void Backpropagation::adjoint_steps_of_few(const Chunk& chunk, uint32_t begin, uint32_t end, const Ends& ends, uint32_t task) {
    for (uint32_t step = chunk.end; step-- > chunk.begin;)
        for (const KernelCall& call : context_.plan->step_adjoint) {
            const bool delivers = call.kernel == Kernel::deliver_adjoint;
            if (context_.stages[delivers ? context_.projections[call.index]->info.source : call.index] != chunk.stage) continue;
            if (call.kernel == Kernel::neuron_adjoint) {
                const PopulationData& data = *context_.populations[call.index];
                for (uint32_t sample = begin; sample < end; ++sample) {
                    // Gradients from targets are scaled as the activity was. A silenced neuron gets no gradient at all.
                    float* const row = activity_row(call.index, step, sample);
                    for (uint32_t i = 0; data.drops && i < data.size; ++i) row[i] *= data.kept_values[i];
                    add_outputs(call.index, step, sample, ends.outputs);
                    for (uint32_t i = 0; data.drops && i < data.size; ++i)
                        if (!(data.kept[size_t{sample} * data.words + i / 16] >> i % 16 & 1u)) row[i] = 0.0f;
                    neuron_adjoint(call.index, step, step - chunk.begin, sample, task);
                }
            } else if (call.kernel == Kernel::input_gradient) {
                for (uint32_t sample = begin; sample < end; ++sample) input_gradient(call.index, step, sample, ends.inputs);
            } else if (passes_back(call.index)) {
                source_gradient(call.index, step, chunk.begin, begin, end, task);
            }
        }
}

namespace {

template <class T>
void add_values(const void* values, uint32_t count, float* io_row) {
    const T* const from = static_cast<const T*>(values);
    for (uint32_t i = 0; i < count; ++i) io_row[i] += static_cast<float>(from[i]);
}

}  // namespace

void Backpropagation::add_outputs(uint32_t population, uint32_t step, uint32_t sample,
                                  std::span<const OutputGradient> outputs) {
    const PopulationData& data = *context_.populations[population];
    for (const OutputGradient& output : outputs) {
        if (output.population != population) continue;
        if (output.kind == OutputGradient::activity && populations_[population].activity.empty()) continue;
        float* const row =
            output.kind == OutputGradient::activity
                ? activity_row(population, step, sample)
                : populations_[population].states.data() +
                      (static_cast<size_t>(output.state_index) * context_.batch + sample) * data.row;
        const size_t at = step * output.step_stride + static_cast<size_t>(sample) * data.size;
        const void* const values = static_cast<const char*>(output.data) + at * size_of(output.dtype);
        if (output.dtype == DType::float64) add_values<double>(values, data.size, row);
        else add_values<float>(values, data.size, row);
    }
}

// Called when every projection from the input has been handled for this step.
void Backpropagation::input_gradient(uint32_t population, uint32_t step, uint32_t sample, std::span<const InputGradient> inputs) {
    const PopulationData& data = *context_.populations[population];
    float* const activity = activity_row(population, step, sample);
    for (const InputGradient& input : inputs) {
        if (input.population != population) continue;
        const size_t at = step * input.step_stride + static_cast<size_t>(sample) * data.size;
        if (input.dtype == DType::float64) std::copy_n(activity, data.size, static_cast<double*>(input.data) + at);
        else std::copy_n(activity, data.size, static_cast<float*>(input.data) + at);
    }
    std::memset(activity, 0, data.row * sizeof(float));
}

void Backpropagation::neuron_adjoint(uint32_t population, uint32_t step, uint32_t chunk_step, uint32_t sample,
                                     uint32_t task) {
    if (rule_.rule == LearningRule::eventprop) return event_adjoint(population, step, chunk_step, sample);
    const PopulationData& data = *context_.populations[population];
    PopulationGradient& gradient = populations_[population];
    const void* tape[64] = {};
    float* states[32];
    float* sums[16];
    float* constants[192];  // parameters and derived constants: the limits of docs/model-format.md
    const std::span<const uint32_t> places = data.tape_places();
    for (uint32_t e = 0; e < places.size(); ++e) tape[places[e]] = tape_.entry(population, e, step, sample);
    for (uint32_t s = 0; s < data.state_count; ++s)
        states[s] = gradient.states.data() + (static_cast<size_t>(s) * context_.batch + sample) * data.row;
    for (uint32_t r = 0; r < data.receptor_count; ++r) sums[r] = sums_row(population, r, chunk_step, sample);
    const auto sums_of_constant = [&](size_t place) {
        return gradient.constants.data() + (place * context_.batch + sample) * data.row;
    };
    const size_t learned = data.plan.learning && !data.training ? data.plan.learning->constants.size() : 0;
    for (size_t k = 0; k < learned; ++k) constants[k] = sums_of_constant(k);
    for (size_t k = 0; data.training && k < data.training_constants().size(); ++k) {
        const uint32_t place = data.training_constants()[k];
        constants[k] = place == PopulationData::not_learned ? nullptr : sums_of_constant(place);
    }
    float* const activity = activity_row(population, step, sample);
    const NeuronAdjointArgs args{
        .constants = data.constants.data(),
        .constant_masks = data.constant_masks.data(),
        .tape = tape,
        .state_gradients = states,
        .spike_gradient = activity,
        .receptor_gradients = sums,
        .surrogate = data.surrogate,
        .constant_gradients = constants,
    };
    if (data.training) data.training->adjoint(args, 0, data.row);
    else if (!data.adjoint_program) data.compiled->adjoint(args, 0, data.row);
    else
        context_.kernels.interpret_adjoint(data.adjoint_program->view(), args, context_.tasks[task].interpreter.data(), 0,
                                           data.row);
    // Lanes behind the last neuron stay zero, whatever the model computes for them.
    for (uint32_t i = data.size; i < data.row; ++i) {
        for (uint32_t s = 0; s < data.state_count; ++s) states[s][i] = 0.0f;
        for (uint32_t r = 0; r < data.receptor_count; ++r) sums[r][i] = 0.0f;
    }
    if (rule_.rule != LearningRule::bptt) add_credit(population, chunk_step, sample);
    for (const uint32_t q : data.incoming)
        if (!projections_[q].rows.empty() && crosses_stages(q))
            std::memcpy(projections_[q].rows.data() + (static_cast<size_t>(step) * context_.batch + sample) * data.row,
                        sums[context_.projections[q]->info.receptor], data.row * sizeof(float));
    // The frame is used again for the step that is one ring earlier.
    if (!gradient.activity.empty()) std::memset(activity, 0, data.row * sizeof(float));
}

void Backpropagation::source_gradient(uint32_t projection, uint32_t step, uint32_t chunk_begin, uint32_t begin, uint32_t end,
                                      uint32_t task) {
    const ProjectionData& data = *context_.projections[projection];
    const uint32_t source = data.info.source, target = data.info.target;
    if (step < data.info.delay_steps) return;
    // EventProp goes back only at spikes and transposes no weights, so it treats taps like any other synapses.
    if (data.is_taps && rule_.rule != LearningRule::eventprop)
        return tap_source_gradient(projection, step, chunk_begin, begin, end);
    const uint32_t then = step - data.info.delay_steps;
    const uint32_t source_row = context_.populations[source]->row, target_row = context_.populations[target]->row;
    if (data.info.kind == SNN_CONNECT_DENSE && rule_.rule == LearningRule::eventprop) {
        for (uint32_t sample = begin; sample < end; ++sample) event_source_gradient(projection, step, chunk_begin, sample, task);
        return;
    }
    if (data.info.kind == SNN_CONNECT_DENSE) {
        context_.kernels.add_product({
            .out = activity_row(source, then, begin),
            .out_stride = source_row,
            .gradient = row_for_source(projection, step, chunk_begin, begin),
            .gradient_stride = target_row,
            .rows = end - begin,
            .panels = projections_[projection].panels.data(),
            .inner = data.target_size,
            .columns = data.source_size,
        });
        return;
    }
    if (data.info.kind == SNN_CONNECT_SPARSE)
        return sparse_source_gradient(projection, step, chunk_begin, begin, end, scratch_[task]);
    for (uint32_t sample = begin; sample < end; ++sample) {
        const float* const gradient = row_for_source(projection, step, chunk_begin, sample);
        float* const out = activity_row(source, then, sample);
        if (data.info.kind == SNN_CONNECT_ONE_TO_ONE) {
            for (uint32_t i = 0; i < data.source_size; ++i) out[i] += data.weights[i] * gradient[i];
        } else if (data.is_max_pool()) {
            TaskScratch& scratch = scratch_[task];
            if (const float* const values = tape_.values(source, then, sample)) {
                max_pool_adjoint(data, gradient, values, out);
                continue;
            }
            const uint32_t count = context_.kernels.list_bits(tape_.bits(source, then, sample),
                                                              context_.populations[source]->words, 0, scratch.active.data());
            max_pool_adjoint(data, gradient, scratch.active.data(), count, scratch.owners.data(), out);
        } else if (data.scatters) {
            narrow_source_gradient(data, gradient, out);
        } else {
            TaskScratch& scratch = scratch_[task];
            ConvAdjointArgs args{};
            args.shape = &data.conv->shape();
            args.gradient = gradient;
            args.channels_last = scratch.channels_last.data();
            args.block_end = data.conv->block_count();
            args.weights = projections_[projection].panels.data();
            args.source_gradient = out;
            args.image = scratch.image.data();
            args.terms = scratch.terms.data();
            args.term_begins = scratch.term_begins.data();
            context_.kernels.turn_channels(args);
            context_.kernels.conv_source_gradient(args);
        }
    }
}

void Backpropagation::tap_source_gradient(uint32_t projection, uint32_t step, uint32_t chunk_begin, uint32_t begin,
                                          uint32_t end) {
    const ProjectionData& data = *context_.projections[projection];
    const auto& delays = data.segments->delays();
    for (uint32_t slot = 0; slot < delays.size(); ++slot) {
        const uint32_t delay = data.info.delay_steps + delays[slot];
        if (step < delay || (delay > 0 && rule_.rule == LearningRule::ottt)) return;
        context_.kernels.add_product({
            .out = activity_row(data.info.source, step - delay, begin),
            .out_stride = context_.populations[data.info.source]->row,
            .gradient = row_for_source(projection, step, chunk_begin, begin),
            .gradient_stride = context_.populations[data.info.target]->row,
            .rows = end - begin,
            .panels = projections_[projection].panels.data() + slot * panel_size(data),
            .inner = data.target_size,
            .columns = data.source_size,
        });
    }
}

// Several samples are the lanes of a vector, so a synapse multiplies one weight with a row of them. The bits are those of one
// sample alone.
void Backpropagation::sparse_source_gradient(uint32_t projection, uint32_t step, uint32_t chunk_begin, uint32_t begin, uint32_t end,
                                             TaskScratch& scratch) {
    constexpr uint32_t lanes = 16, fewest_samples = 4;  // with fewer, most lanes are idle
    const ProjectionData& data = *context_.projections[projection];
    const uint32_t source_row = context_.populations[data.info.source]->row;
    const uint32_t target_row = context_.populations[data.info.target]->row;
    const uint32_t* const targets = data.info.synapses->index().targets.data();
    const auto& delays = data.segments->delays();
    const bool by_lanes = end - begin >= fewest_samples;
    const auto turned = [&](uint32_t sample) { return scratch.turned.data() + size_t{sample - begin} * target_row; };
    for (uint32_t sample = begin; by_lanes && sample < end; sample += lanes)
        context_.kernels.turn_rows(row_for_source(projection, step, chunk_begin, sample), target_row,
                                   std::min(lanes, end - sample), turned(sample));
    for (uint32_t slot = 0; slot < delays.size(); ++slot) {
        const uint32_t delay = data.info.delay_steps + delays[slot];
        if (step < delay || (delay > 0 && rule_.rule == LearningRule::ottt)) return;
        if (by_lanes) {
            for (uint32_t i = 0; i < data.source_size; ++i) {
                const SparseSegments::Segment found = data.segments->find(i, slot);
                scratch.segment_begins[i] = found.begin;
                scratch.segment_counts[i] = found.count;
            }
            for (uint32_t sample = begin; sample < end; sample += lanes)
                context_.kernels.add_segment_products({
                    .out = activity_row(data.info.source, step - delay, sample),
                    .out_stride = source_row,
                    .rows = std::min(lanes, end - sample),
                    .gradient = turned(sample),
                    .weights = data.weights,
                    .targets = targets,
                    .begins = scratch.segment_begins.data(),
                    .counts = scratch.segment_counts.data(),
                    .sources = data.source_size,
                    .sums = scratch.turned_sums.data(),
                });
            continue;
        }
        for (uint32_t sample = begin; sample < end; ++sample) {
            const float* const gradient = row_for_source(projection, step, chunk_begin, sample);
            float* const out = activity_row(data.info.source, step - delay, sample);
            for (uint32_t i = 0; i < data.source_size; ++i) {
                const SparseSegments::Segment found = data.segments->find(i, slot);
                float sum = 0.0f;
                for (uint64_t k = found.begin; k < found.begin + found.count; ++k) sum += data.weights[k] * gradient[targets[k]];
                out[i] += sum;
            }
        }
    }
}

// ---- Second half: weights ---------------------------------------------------------------------------------------------

// Whether most of the sources of a dense projection were active in what arrives during a chunk.
bool Backpropagation::by_products(uint32_t projection, const Chunk& chunk) const {
    const Projection& info = context_.projections[projection]->info;
    const uint32_t first = std::max(chunk.begin, tape_.first_arrival(info.delay_steps));
    return trace_state_ < 0 && first < chunk.end &&
           tape_.is_dense(info.source, first - info.delay_steps, chunk.end - info.delay_steps);
}

void Backpropagation::make_room_for_products(const WeightTask& task) {
    const size_t panel = size_t{rows_of_outer} * outer_columns, values = rows_of_outer * values_stride(task.end - task.begin);
    for (TaskScratch& scratch : scratch_) {
        if (scratch.panel.size() < panel) scratch.panel.allocate(context_.allocator, panel);
        if (scratch.values.size() < values) scratch.values.allocate(context_.allocator, values);
    }
}

// For products with spikes, which are rarely dense enough to need it.
void Backpropagation::make_room_for_products(const Chunk& chunk) {
    for (const WeightTask& task : weight_tasks_)
        if (task.kind == WeightTask::values && by_products(task.projection, chunk)) make_room_for_products(task);
}

void Backpropagation::weight_gradient(const WeightTask& task, const Chunk& chunk, TaskScratch& scratch) {
    const uint32_t source = context_.projections[task.projection]->info.source;
    if (context_.stages[source] != chunk.stage) return;
    const bool of_values = context_.populations[source]->is_value_input();
    switch (task.kind) {
        case WeightTask::dense:
            if (by_products(task.projection, chunk)) return;
            return trace_state_ < 0 ? dense_weights(task, chunk, scratch) : value_weights(task, chunk, scratch);
        case WeightTask::values:
            if (by_products(task.projection, chunk) || (of_values && trace_state_ >= 0)) return value_weights(task, chunk, scratch);
            if (!of_values) return;
            for (WeightTask part = task; part.begin < task.end; part.begin += sources_of_task) {
                part.end = std::min(part.begin + sources_of_task, task.end);
                dense_weights(part, chunk, scratch);
            }
            return;
        case WeightTask::one_to_one:
        case WeightTask::sparse: {
            const ProjectionData& data = *context_.projections[task.projection];
            if (!data.is_taps || trace_state_ >= 0) return sparse_weights(task, chunk);
            for (uint32_t slot = 0; slot < data.segments->delays().size(); ++slot) dense_weights(task, chunk, scratch, slot);
            return;
        }
        case WeightTask::conv:
        case WeightTask::narrow: return window_weights(task, chunk, scratch);
        case WeightTask::bias:
            if (!context_.normalized[task.projection]) bias_gradient(task, chunk);
            return;
    }
}

namespace {

constexpr size_t gradient_bytes_of_tile = 512 * 1024;
constexpr uint32_t rows_of_list = 64;  // rows whose active sources are listed before they are sorted by source

// Calls visit(source) for the set bits of sources [begin, end), ascending; begin is a multiple of 16.
template <class Visitor>
void for_active(const uint16_t* bits, uint32_t begin, uint32_t end, Visitor&& visit) {
    for (uint32_t word = begin / 16; word * 16 < end; ++word)
        for (uint32_t left = bits[word]; left != 0; left &= left - 1)
            visit(word * 16 + static_cast<uint32_t>(std::countr_zero(left)));
}

}  // namespace

// `slot`: index of the delay of taps, whose rows lie apart.
void Backpropagation::dense_weights(const WeightTask& task, const Chunk& chunk, TaskScratch& scratch, uint32_t slot) {
    const ProjectionData& data = *context_.projections[task.projection];
    const uint32_t source = data.info.source, batch = context_.batch;
    const uint32_t delay = data.info.delay_steps + (data.is_taps ? data.segments->delays()[slot] : 0u);
    const size_t out_stride = data.is_taps ? data.tap_stride() : data.target_size;
    float* const out = projections_[task.projection].weights.data() + size_t{slot} * data.target_size;
    const size_t stride = event_stride(chunk_steps_ * batch);
    uint32_t counts[sources_of_task] = {};
    const uint32_t first = std::max(chunk.begin, tape_.first_arrival(delay));
    const uint32_t end = first < chunk.end ? chunk.count() * batch : 0;
    uint32_t listed[rows_of_list * sources_of_task + 16];
    for (uint32_t row = (first - chunk.begin) * batch; row < end; row += rows_of_list) {
        const uint32_t count = context_.kernels.list_rows(
            tape_.bits(source, chunk.begin - delay, row) + task.begin / 16, context_.populations[source]->words,
            (task.end - task.begin + 15) / 16, std::min(rows_of_list, end - row), sources_of_task, listed);
        for (uint32_t k = 0; k < count; ++k) {
            const uint32_t place = listed[k] % sources_of_task;
            scratch.events[place * stride + counts[place]++] = row + listed[k] / sources_of_task;
        }
    }
    const bool has_values = context_.populations[source]->is_value_input();
    // Every source reads its rows of the gradient. In tiles of targets, these stay in the L2 cache.
    const size_t rows = size_t{chunk.count()} * batch;
    const uint32_t tile = std::max<uint32_t>(static_cast<uint32_t>(gradient_bytes_of_tile / sizeof(float) / rows / 128 * 128), 128);
    for (uint32_t column = 0; column < data.target_size; column += tile)
        for (uint32_t i = task.begin; i < task.end; ++i) {
            const uint32_t count = counts[i - task.begin];
            const uint32_t* const events = scratch.events.data() + (i - task.begin) * stride;
            for (uint32_t k = 0; has_values && k < count; ++k)
                scratch.column[events[k]] =
                    tape_.values(source, chunk.begin + events[k] / batch - delay, events[k] % batch)[i];
            context_.kernels.deliver_dense({
                .sums = out + i * out_stride,
                .weights = given_row(task.projection, chunk.begin, chunk.begin, 0),
                .stride = context_.populations[data.info.target]->row,
                .active = events,
                .active_count = count,
                .values = has_values ? scratch.column.data() : nullptr,
                .bias = nullptr,
                .from_zero = false,
                .exact_end = true,
                .begin = column,
                .end = std::min(data.target_size, column + tile),
            });
        }
}

// Analog inputs: a product of matrices. If the inputs are held, the gradients of all steps are added up first.
void Backpropagation::value_weights(const WeightTask& task, const Chunk& chunk, TaskScratch& scratch) {
    const ProjectionData& data = *context_.projections[task.projection];
    const uint32_t source = data.info.source, batch = context_.batch, delay = data.info.delay_steps;
    const uint32_t first = std::max(chunk.begin, tape_.first_arrival(delay));
    if (first >= chunk.end) return;
    const bool held = trace_state_ < 0 && tape_.is_held(source);
    const uint32_t rows = (chunk.end - first) * batch, count = held ? batch : rows;
    const size_t stride = context_.populations[data.info.target]->row, source_row = context_.populations[source]->row;
    const float* const gradient = given_row(task.projection, first, chunk.begin, 0);
    const auto [bits, all_values] = arrivals(task.projection, 0, first, delay, 0);
    const uint32_t sources = task.end - task.begin, words = (sources + 15) / 16;
    float* const panel = scratch.panel.data();
    for (uint32_t row = 0; row < count; row += rows_of_outer) {
        const uint32_t together = std::min(rows_of_outer, count - row);
        for (uint32_t r = 0; r < together; ++r) {
            float* const values = scratch.values.data() + r * values_stride(sources);
            const size_t at = (size_t{row} + r) * source_row + task.begin;
            if (all_values) std::memcpy(values, all_values + at, sources * sizeof(float));
            else unpack_bits(bits + at / 16, words, values);
        }
        for (uint32_t column = 0; column < data.target_size; column += outer_columns) {
            const uint32_t columns = std::min(outer_columns, data.target_size - column), padded_columns = padded(columns);
            for (uint32_t r = 0; r < together; ++r) {
                float* const sum = panel + size_t{r} * outer_columns;
                const float* from = gradient + (size_t{row} + r) * stride + column;
                std::memcpy(sum, from, padded_columns * sizeof(float));
                for (uint32_t later = row + r + batch; held && later < rows; later += batch) {
                    from += size_t{batch} * stride;
                    for (uint32_t j = 0; j < padded_columns; ++j) sum[j] += from[j];
                }
            }
            context_.kernels.add_outer({
                .out = projections_[task.projection].weights.data() + size_t{task.begin} * data.target_size + column,
                .out_stride = data.target_size,
                .values = scratch.values.data(),
                .values_stride = values_stride(sources),
                .gradient = panel,
                .rows = together,
                .sources = sources,
                .columns = columns,
            });
        }
    }
}

// Also handles one-to-one projections, as rows of one synapse.
void Backpropagation::sparse_weights(const WeightTask& task, const Chunk& chunk) {
    const ProjectionData& data = *context_.projections[task.projection];
    const uint32_t batch = context_.batch;
    float* const out = projections_[task.projection].weights.data();
    const bool one_to_one = task.kind == WeightTask::one_to_one;
    const uint32_t slots = one_to_one ? 1 : static_cast<uint32_t>(data.segments->delays().size());
    for (uint32_t slot = 0; slot < slots; ++slot) {
        const uint32_t delay = data.info.delay_steps + (one_to_one ? 0u : data.segments->delays()[slot]);
        for (uint32_t step = std::max(chunk.begin, tape_.first_arrival(delay)); step < chunk.end; ++step)
            for (uint32_t sample = 0; sample < batch; ++sample) {
                const float* const gradient = given_row(task.projection, step, chunk.begin, sample);
                const auto [bits, values] = arrivals(task.projection, slot, step, delay, sample);
                for_active(bits, task.begin, task.end, [&](uint32_t i) {
                    const float value = values ? values[i] : 1.0f;
                    if (one_to_one) {
                        out[i] += value * gradient[i];
                        return;
                    }
                    const uint32_t* const targets = data.info.synapses->index().targets.data();
                    const SparseSegments::Segment found = data.segments->find(i, slot);
                    for (uint64_t k = found.begin; k < found.begin + found.count; ++k) out[k] += value * gradient[targets[k]];
                });
            }
    }
}

void Backpropagation::window_weights(const WeightTask& task, const Chunk& chunk, TaskScratch& scratch) {
    const ProjectionData& data = *context_.projections[task.projection];
    ProjectionGradient& result = projections_[task.projection];
    const uint32_t source = data.info.source, delay = data.info.delay_steps;
    const PopulationData& source_data = *context_.populations[source];
    const bool narrow = task.kind == WeightTask::narrow;
    const auto bound = [&](uint32_t part) { return static_cast<uint32_t>(uint64_t{context_.batch} * part / result.parts); };
    const uint32_t first = narrow ? 0 : bound(task.part), last = narrow ? context_.batch : bound(task.part + 1);
    for (uint32_t step = std::max(chunk.begin, tape_.first_arrival(delay)); step < chunk.end; ++step)
        for (uint32_t sample = first; sample < last; ++sample) {
            const float* const gradient = given_row(task.projection, step, chunk.begin, sample);
            const auto [bits, values] = arrivals(task.projection, 0, step, delay, sample);
            const uint32_t count = context_.kernels.list_bits(bits, source_data.words, 0, scratch.active.data());
            if (narrow) {
                narrow_weight_gradient(data, gradient, scratch.active.data(), count, values, task.begin, task.end,
                                       result.weights.data());
                continue;
            }
            ConvAdjointArgs args{};
            args.shape = &data.conv->shape();
            args.gradient = gradient;
            args.channels_last = scratch.channels_last.data();
            args.weight_gradient = result.packed.data() + task.part * data.conv->packed_size();
            args.active = scratch.active.data();
            args.active_count = count;
            args.values = values;
            args.block_begin = task.begin;
            args.block_end = task.end;
            args.input_begin = task.input_begin;
            args.input_end = task.input_end;
            args.padded = scratch.padded.data();
            args.offsets = scratch.offsets.data();
            args.row_begins = scratch.row_begins.data();
            context_.kernels.turn_channels(args);
            context_.kernels.conv_weight_gradient(args);
        }
}

void Backpropagation::bias_gradient(const WeightTask& task, const Chunk& chunk) {
    if (trace_state_ >= 0) return trace_of_bias(task);
    const ProjectionData& data = *context_.projections[task.projection];
    const uint32_t row = context_.populations[data.info.target]->row, rows = chunk.count() * context_.batch;
    const float* const gradient = given_row(task.projection, chunk.begin, chunk.begin, 0);
    float* const out = projections_[task.projection].bias.data();
    if (data.info.kind != SNN_CONNECT_CONV2D) {
        context_.kernels.add_rows(out + task.begin, gradient + task.begin, row, rows, task.end - task.begin);
        return;
    }
    const uint32_t plane = data.conv->shape().out_plane();
    for (uint32_t channel = task.begin; channel < task.end; ++channel) {
        float sum = out[channel];
        for (uint32_t r = 0; r < rows; ++r) {
            const float* const values = gradient + static_cast<size_t>(r) * row + channel * plane;
            for (uint32_t k = 0; k < plane; ++k) sum += values[k];
        }
        out[channel] = sum;
    }
}

}  // namespace snn::cpu
