// The backward pass goes through the steps in chunks, from the last to the first. Each chunk has two halves:
//
//   1  every thread takes its own samples back through the steps of the chunk:
//
//          dL/d(activity), dL/d(state)  --adjoint of the model-->  dL/d(sum)  --weights transposed-->  dL/d(activity)
//
//      and leaves dL/d(sum) of every step of the chunk in memory, one row for each (step, sample);
//   2  every thread takes its own weights (rows of source neurons) and adds up, over all rows of the chunk in order,
//
//          dL/dw[i] += dL/d(sum) of the rows in which source i was active
//
//      This is a sum over the active sources only or, if most are active, a product of matrices. The bits are the same, because
//      the others add 0.
//
// If projections are normalised, the pass goes through the steps once for each stage (network/stages.h). dL/d(sum) that crosses
// from one stage to the next is kept for all steps.
//
// Samples are independent in the first half, and every weight belongs to one thread in the second. The order of additions is
// fixed by (chunk, step, sample), so the gradients are the same bits for every number of threads. The few weights of a small
// convolution make too few tasks. Their gradients are summed up for parts of the samples, and the parts are added up in the
// end. The number of parts does not depend on the threads.
#include "cpu/backpropagation.h"

#include <algorithm>
#include <limits>

#include "common/values.h"
#include "cpu/spike_times.h"
#include "train/optimizer.h"

namespace snn::cpu {

namespace {

constexpr uint32_t rows_of_chunk = 1024;              // (step, sample) pairs whose dL/d(sum) should stay in the L2 cache
constexpr size_t most_chunk_floats = size_t{1} << 24;  // for wide networks: at most 64 MiB of dL/d(sum) at once
constexpr size_t bytes_of_samples = 512 * 1024;        // memory of a step of samples that go back together: half of an L2 cache
constexpr uint32_t rows_of_product = 4;                // rows that add_product takes at a time
constexpr uint32_t most_parts = 4;
constexpr size_t most_floats_of_parts = size_t{1} << 18;  // 1 MiB for all parts, so that each stays in an L2 cache
constexpr uint32_t targets_of_bias_task = 1024;
constexpr size_t weights_of_update_task = 8192;

}  // namespace

Backpropagation::Backpropagation(CpuContext& context, Tape& tape)
    : context_(context), tape_(tape), populations_(context.populations.size()), projections_(context.projections.size()),
      weight_limits_(fixed_weight_limits(*context.plan->network)), scratch_(context.pool.width()) {
    const SNNAllocator& allocator = context.allocator;
    uint32_t widest = 0;
    size_t floats_of_sample = 1;
    for (const KernelCall& call : context.plan->step_adjoint) {
        if (call.kernel == Kernel::neuron_adjoint) {
            const PopulationData& data = *context.populations[call.index];
            floats_of_sample += (1 + data.state_count + data.receptor_count + data.plan.tape.size()) * data.row;
            PopulationGradient& gradient = populations_[call.index];
            gradient.runs = true;
            gradient.states.allocate(allocator, static_cast<size_t>(data.state_count) * context.batch * data.row);
            if (data.plan.learning)
                gradient.constants.allocate(allocator, data.plan.learning->constants.size() * context.batch * data.row);
            if (data.has_activity()) {
                gradient.frame_count = data.frame_count;
                gradient.activity.allocate(allocator, static_cast<size_t>(data.frame_count) * context.batch * data.row);
            } else {
                widest = std::max(widest, data.row);
            }
        } else if (call.kernel == Kernel::input_gradient) {
            const PopulationData& data = *context_.populations[call.index];
            PopulationGradient& gradient = populations_[call.index];
            gradient.frame_count = data.frame_count;
            gradient.activity.allocate(allocator, static_cast<size_t>(data.frame_count) * context_.batch * data.row);
        } else {
            const ProjectionData& data = *context.projections[call.index];
            ProjectionGradient& gradient = projections_[call.index];
            gradient.runs = true;
            gradient.to_source = context.plan->goes_back_to_source(data.info);
            if (data.info.trainable) {
                gradient.weights.allocate(allocator, data.weight_count);
                gradient.bias.allocate(allocator, data.bias_count);
                if (data.info.kind == SNN_CONNECT_CONV2D && !data.scatters) {
                    const size_t size = data.conv->packed_size(), most = std::min(most_parts, context.batch);
                    gradient.parts = static_cast<uint32_t>(std::clamp<size_t>(most_floats_of_parts / size, 1, most));
                    gradient.packed.allocate(allocator, gradient.parts * size);
                }
            }
            if (data.info.kind == SNN_CONNECT_DENSE && gradient.to_source)
                gradient.panels.allocate(allocator, panel_size(data));
            if (data.is_taps && gradient.to_source) {
                gradient.panels.allocate(allocator, data.segments->delays().size() * panel_size(data));
                gradient.tap.allocate(allocator, size_t{data.source_size} * data.target_size, false);
            }
            if (data.info.kind == SNN_CONNECT_CONV2D && !data.scatters && gradient.to_source)
                gradient.panels.allocate(allocator, data.conv->turned_size());
        }
    }
    zeros_.allocate(allocator, widest);
    samples_together_ = static_cast<uint32_t>(std::max<size_t>(bytes_of_samples / sizeof(float) / floats_of_sample, 1));
    if (samples_together_ > rows_of_product) samples_together_ -= samples_together_ % rows_of_product;
    make_weight_tasks();
}

void Backpropagation::make_weight_tasks() {
    for (uint32_t q = 0; q < projections_.size(); ++q) {
        const ProjectionData& data = *context_.projections[q];
        if (!projections_[q].runs || !data.info.trainable) continue;
        const auto add = [&](WeightTask::Kind kind, uint32_t count, uint32_t step) {
            for (uint32_t begin = 0; begin < count; begin += step)
                weight_tasks_.push_back({kind, q, begin, std::min(begin + step, count), 0, 0, 0});
        };
        switch (data.info.kind) {
            case SNN_CONNECT_DENSE:
                add(WeightTask::values, data.source_size,
                    std::clamp(padded(data.source_size / (2 * context_.pool.width())), fewest_value_sources, most_value_sources));
                if (!context_.populations[data.info.source]->is_value_input())
                    add(WeightTask::dense, data.source_size, sources_of_task);
                break;
            case SNN_CONNECT_ONE_TO_ONE: add(WeightTask::one_to_one, data.source_size, sources_of_task); break;
            case SNN_CONNECT_SPARSE: add(WeightTask::sparse, data.source_size, sources_of_task); break;
            case SNN_CONNECT_CONV2D:
                if (data.scatters) add(WeightTask::narrow, data.conv->shape().out_channels, 1);
                else make_conv_tasks(q);
                break;
            default: break;
        }
        if (data.bias_count > 0) {
            const bool by_channel = data.info.kind == SNN_CONNECT_CONV2D;
            add(WeightTask::bias, static_cast<uint32_t>(data.bias_count), by_channel ? 1 : targets_of_bias_task);
        }
    }
}

// Tasks for parts of the samples share no work. In contrast, each task for blocks walks over the sources, and each task for
// inputs transposes the gradient. Two tasks for each thread end at about the same time.
void Backpropagation::make_conv_tasks(uint32_t q) {
    const ConvLayout& conv = *context_.projections[q]->conv;
    const uint32_t blocks = conv.block_count(), parts = projections_[q].parts, width = context_.pool.width();
    const uint32_t wanted = parts > 1 ? (2 * width + parts - 1) / parts : width;  // tasks of a part
    const uint32_t inputs = conv.shape().group_inputs, cuts = std::clamp(wanted / blocks, 1u, inputs);
    const uint32_t together = std::max(blocks / wanted, 1u);
    const auto bound = [&](uint32_t i) { return static_cast<uint32_t>(uint64_t{inputs} * i / cuts); };
    for (uint32_t part = 0; part < parts; ++part)
        for (uint32_t block = 0; block < blocks; block += together)
            for (uint32_t i = 0; i < cuts; ++i)
                weight_tasks_.push_back(
                    {WeightTask::conv, q, block, std::min(block + together, blocks), bound(i), bound(i + 1), part});
}

uint32_t Backpropagation::steps_of_chunk(const CpuContext& context, uint32_t step_count) {
    size_t floats_of_step = 1;
    for (const KernelCall& call : context.plan->step_adjoint)
        if (call.kernel == Kernel::neuron_adjoint)
            floats_of_step +=
                static_cast<size_t>(context.populations[call.index]->receptor_count) * context.populations[call.index]->row;
    floats_of_step *= context.batch;
    uint32_t steps = std::max(1u, rows_of_chunk / context.batch);
    steps = static_cast<uint32_t>(std::clamp<size_t>(most_chunk_floats / floats_of_step, 1, steps));
    return std::min(steps, step_count);
}

// Allocates what depends on the number of steps. Does nothing if it fits already.
void Backpropagation::prepare(uint32_t step_count) {
    const uint32_t steps = steps_of_chunk(context_, step_count);
    if (steps <= chunk_steps_) return;
    chunk_steps_ = 0;  // until everything is allocated: an allocator may fail in the middle
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        const PopulationData& data = *context_.populations[p];
        if (populations_[p].runs)
            populations_[p].sums.allocate(context_.allocator, static_cast<size_t>(data.receptor_count) * steps *
                                                                  context_.batch * data.row);
    }
    bool any_dense = false, any_values = false;
    struct {
        size_t channels_last, image, padded, terms, term_begins, offsets, row_begins;
    } conv{};
    uint32_t widest_window_source = 0, most_windows = 0;
    uint32_t widest_sparse_source = 0, widest_sparse_target = 0;
    for (uint32_t q = 0; q < projections_.size(); ++q) {
        if (!projections_[q].runs) continue;
        const ProjectionData& data = *context_.projections[q];
        any_dense |= (data.info.kind == SNN_CONNECT_DENSE || data.is_taps) && data.info.trainable;
        any_values |= context_.populations[data.info.source]->is_value_input();
        if ((data.info.kind == SNN_CONNECT_CONV2D && data.info.trainable) || data.is_max_pool())
            widest_window_source = std::max(widest_window_source, padded(data.source_size));
        if (data.is_max_pool()) most_windows = std::max(most_windows, data.target_size);
        if (data.info.kind == SNN_CONNECT_SPARSE && projections_[q].to_source) {
            widest_sparse_source = std::max(widest_sparse_source, padded(data.source_size));
            widest_sparse_target = std::max(widest_sparse_target, padded(data.target_size));
        }
        if (data.info.kind != SNN_CONNECT_CONV2D || data.scatters) continue;
        const ConvShape& shape = data.conv->shape();
        const auto grow = [](size_t& io_size, size_t size) { io_size = std::max(io_size, size); };
        grow(conv.channels_last, size_t{data.conv->block_count()} * shape.out_plane() * 16);
        if (projections_[q].to_source) {
            grow(conv.image, size_t{shape.in_plane()} * shape.place_step + 16);
            grow(conv.terms, size_t{shape.out_plane()} * shape.group_outputs + 16);
            grow(conv.term_begins, size_t{shape.out_plane()} + 1);
        }
        if (data.info.trainable && shape.slides()) {
            grow(conv.padded, static_cast<size_t>(shape.padded_plane()) * 16);
            grow(conv.offsets, data.source_size);
            grow(conv.row_begins, size_t{shape.group_inputs} * shape.in_height + 1);
        }
    }
    const size_t rows = static_cast<size_t>(steps) * context_.batch;
    for (TaskScratch& scratch : scratch_) {
        if (any_dense) scratch.events.allocate(context_.allocator, sources_of_task * event_stride(rows), false);
        if (any_values) scratch.column.allocate(context_.allocator, rows);
        scratch.channels_last.allocate(context_.allocator, conv.channels_last, false);
        scratch.image.allocate(context_.allocator, conv.image, false);
        scratch.padded.allocate(context_.allocator, conv.padded, false);
        scratch.terms.allocate(context_.allocator, conv.terms, false);
        scratch.term_begins.allocate(context_.allocator, conv.term_begins, false);
        scratch.offsets.allocate(context_.allocator, conv.offsets, false);
        scratch.row_begins.allocate(context_.allocator, conv.row_begins, false);
        scratch.active.allocate(context_.allocator, widest_window_source, false);
        scratch.owners.allocate(context_.allocator, most_windows, false);
        const size_t samples = padded(std::min(samples_together_, context_.batch));
        scratch.turned.allocate(context_.allocator, samples * widest_sparse_target, false);
        scratch.turned_sums.allocate(context_.allocator, size_t{widest_sparse_source} * 16, false);
        scratch.segment_begins.allocate(context_.allocator, widest_sparse_source, false);
        scratch.segment_counts.allocate(context_.allocator, widest_sparse_source, false);
    }
    chunk_steps_ = steps;
}

float* Backpropagation::activity_row(uint32_t population, uint32_t step, uint32_t sample) {
    PopulationGradient& gradient = populations_[population];
    const PopulationData& data = *context_.populations[population];
    if (gradient.activity.empty()) return zeros_.data();
    return gradient.activity.data() +
           (static_cast<size_t>(step & (gradient.frame_count - 1)) * context_.batch + sample) * data.row;
}

float* Backpropagation::sums_row(uint32_t population, uint32_t receptor, uint32_t chunk_step, uint32_t sample) {
    return populations_[population].sums.data() +
           ((static_cast<size_t>(receptor) * chunk_steps_ + chunk_step) * context_.batch + sample) *
               context_.populations[population]->row;
}

const float* Backpropagation::given_row(uint32_t projection, uint32_t step, uint32_t chunk_begin, uint32_t sample) {
    const Projection& info = context_.projections[projection]->info;
    if (!crosses_stages(projection)) return sums_row(info.target, info.receptor, step - chunk_begin, sample);
    return projections_[projection].rows.data() +
           (static_cast<size_t>(step) * context_.batch + sample) * context_.populations[info.target]->row;
}

// Called when all steps of a stage are done: takes the normalised projections onto the stage back.
void Backpropagation::normalize_adjoint(uint32_t stage) {
    for (uint32_t q = 0; q < projections_.size(); ++q) {
        if (!context_.normalized[q] || context_.stages[context_.projections[q]->info.target] != stage) continue;
        NormalizedData& data = *context_.normalized[q];
        NormalizedRows<float>& rows = data.rows;
        context_.pool.deal((rows.channel_count() + channels_of_task - 1) / channels_of_task, [&](uint32_t task, uint32_t) {
            const uint32_t begin = task * channels_of_task, end = std::min(begin + channels_of_task, rows.channel_count());
            rows.go_back(data.sums.data(), projections_[q].rows.data(), begin, end);
            for (uint32_t c = begin; c < end; ++c) projections_[q].bias[c] = static_cast<float>(rows.bias_gradient[c]);
        });
    }
}

const float* Backpropagation::row_for_source(uint32_t projection, uint32_t step, uint32_t chunk_begin, uint32_t sample) {
    const Projection& info = context_.projections[projection]->info;
    return crosses_stages(projection) ? given_row(projection, step, chunk_begin, sample)
                                      : passed_row(info.target, info.receptor, step - chunk_begin, sample);
}

void Backpropagation::begin(uint32_t step_count, uint32_t window, const PassRule& rule) {
    prepare(step_count);
    window_ = window;
    rule_ = rule;
    if (rule_.rule != LearningRule::bptt) prepare_rule();
    forget_later_steps();
    for (PopulationGradient& gradient : populations_) gradient.constants.clear();
    context_.pool.deal(static_cast<uint32_t>(projections_.size()), [&](uint32_t q, uint32_t) {
        ProjectionGradient& gradient = projections_[q];
        gradient.weights.clear();
        gradient.bias.clear();
        gradient.packed.clear();
        if (gradient.panels.empty()) return;
        const ProjectionData& data = *context_.projections[q];
        if (data.conv) data.conv->turn(data.weights, gradient.panels.data());
        else if (rule_.rule != LearningRule::eventprop) transpose_weights(q);
    });
    for (uint32_t q = 0; q < projections_.size(); ++q) {
        if (!crosses_stages(q) || !projections_[q].runs) continue;
        const size_t values =
            size_t{step_count} * context_.batch * context_.populations[context_.projections[q]->info.target]->row;
        if (projections_[q].rows.size() < values) projections_[q].rows.allocate(context_.allocator, values);
    }
}

void Backpropagation::transpose_weights(uint32_t projection) {
    const ProjectionData& data = *context_.projections[projection];
    ProjectionGradient& gradient = projections_[projection];
    if (!data.is_taps) {
        context_.kernels.transpose_panels(data.weights, data.source_size, data.target_size, gradient.panels.data());
        return;
    }
    for (uint32_t slot = 0; slot < data.segments->delays().size(); ++slot) {
        for (uint32_t i = 0; i < data.source_size; ++i)
            std::copy_n(data.weights + i * data.tap_stride() + size_t{slot} * data.target_size, data.target_size,
                        gradient.tap.data() + size_t{i} * data.target_size);
        context_.kernels.transpose_panels(gradient.tap.data(), data.source_size, data.target_size,
                                          gradient.panels.data() + slot * panel_size(data));
    }
}

void Backpropagation::forget_later_steps() {
    const uint32_t parts = context_.pool.width();
    context_.pool.run(parts, [&](uint32_t part) {
        for (PopulationGradient& gradient : populations_)
            for (Buffer<float>* const buffer : {&gradient.activity, &gradient.states, &gradient.credit, &gradient.later})
                buffer->clear(part, parts);
    });
}

void Backpropagation::take_back(uint32_t begin_step, uint32_t end_step, std::span<const OutputGradient> outputs,
                                std::span<const InputGradient> inputs) {
    const uint32_t batch = context_.batch, groups = std::min(context_.pool.width(), batch);
    const auto bound = [&](uint32_t group) { return static_cast<uint32_t>(uint64_t{batch} * group / groups); };
    if (rule_.spike_times) rule_.spike_times->restart();
    const uint32_t last_stage = *std::max_element(context_.stages.begin(), context_.stages.end());
    for (uint32_t stage = 0; stage <= last_stage; ++stage) {
        for (uint32_t end = end_step; end > begin_step;) {
            const uint32_t first = window_ > 0 ? std::max(begin_step, (end - 1) / window_ * window_) : begin_step;
            const Chunk chunk{end - first > chunk_steps_ ? end - chunk_steps_ : first, end, stage};
            if (window_ > 0 && end % window_ == 0) forget_later_steps();
            context_.pool.run(groups, [&](uint32_t group) {
                adjoint_steps(chunk, bound(group), bound(group + 1), {outputs, inputs}, group);
            });
            make_room_for_products(chunk);
            context_.pool.deal(static_cast<uint32_t>(weight_tasks_.size()),
                 [&](uint32_t task, uint32_t worker) { weight_gradient(weight_tasks_[task], chunk, scratch_[worker]); });
            end = chunk.begin;
        }
        normalize_adjoint(stage);
    }
}

void Backpropagation::end() {
    if (rule_.traces) add_traces();
    for (uint32_t q = 0; q < projections_.size(); ++q)
        if (float* const packed = projections_[q].packed.data()) {
            const ConvLayout& conv = *context_.projections[q]->conv;
            const size_t size = conv.packed_size();
            for (uint32_t part = 1; part < projections_[q].parts; ++part)
                for (size_t i = 0; i < size; ++i) packed[i] += packed[part * size + i];
            conv.unpack(packed, projections_[q].weights.data());
        }
    for (uint32_t q = 0; q < projections_.size(); ++q) {
        const PopulationData& source = *context_.populations[context_.projections[q]->info.source];
        Buffer<float>& weights = projections_[q].weights;
        for (size_t i = 0; source.drops && i < weights.size(); ++i) weights[i] *= source.kept_values[0];
    }
}

const float* Backpropagation::gradient(uint32_t projection, bool of_bias) const {
    const ProjectionGradient& gradient = projections_[projection];
    return of_bias ? gradient.bias.data() : gradient.weights.data();
}

double Backpropagation::square_sum(uint32_t projection) const {
    double sum = 0;
    for (const Buffer<float>* part : {&projections_[projection].weights, &projections_[projection].bias})
        for (size_t i = 0; i < part->size(); ++i) sum += static_cast<double>((*part)[i]) * static_cast<double>((*part)[i]);
    return sum;
}

bool Backpropagation::is_finite(uint32_t projection) const {
    const ProjectionGradient& gradient = projections_[projection];
    return first_not_finite(gradient.weights.data(), gradient.weights.size()) == gradient.weights.size() &&
           first_not_finite(gradient.bias.data(), gradient.bias.size()) == gradient.bias.size();
}

void Backpropagation::sum_over_samples(uint32_t population, const float* values, double* out_values) const {
    const PopulationData& data = *context_.populations[population];
    std::fill_n(out_values, data.size, 0.0);
    for (uint32_t sample = 0; sample < context_.batch; ++sample, values += data.row)
        for (uint32_t i = 0; i < data.size; ++i) out_values[i] += static_cast<double>(values[i]);
}

void Backpropagation::read_constant(uint32_t population, uint32_t place, double* out_values) const {
    const size_t block = static_cast<size_t>(context_.batch) * context_.populations[population]->row;
    sum_over_samples(population, populations_[population].constants.data() + place * block, out_values);
}

void Backpropagation::read_initial(uint32_t population, uint32_t state, double* out_values) const {
    const size_t block = static_cast<size_t>(context_.batch) * context_.populations[population]->row;
    sum_over_samples(population, populations_[population].states.data() + state * block, out_values);
}

Moments::Moments(const CpuContext& context, bool two_moments)
    : weights(context.projections.size()), bias(context.projections.size()) {
    for (size_t q = 0; q < context.projections.size(); ++q) {
        const ProjectionData& data = *context.projections[q];
        if (!data.info.trainable) continue;
        weights[q].first.allocate(context.allocator, data.weight_count);
        bias[q].first.allocate(context.allocator, data.bias_count);
        if (!two_moments) continue;
        weights[q].second.allocate(context.allocator, data.weight_count);
        bias[q].second.allocate(context.allocator, data.bias_count);
    }
}

template <class Use>
void Moments::for_each(Use&& use) const {
    for (size_t q = 0; q < weights.size(); ++q)
        for (const Pair* const pair : {&weights[q], &bias[q]}) {
            use(pair->first);
            use(pair->second);
        }
}

size_t Moments::count() const {
    size_t count = 0;
    for_each([&](const Buffer<float>& moment) { count += moment.size(); });
    return count;
}

void Moments::read(std::span<double> out_values) const {
    double* out = out_values.data();
    for_each([&](const Buffer<float>& moment) { out = std::copy_n(moment.data(), moment.size(), out); });
}

void Moments::write(std::span<const double> values) {
    const double* from = values.data();
    for_each([&](const Buffer<float>& moment) {
        float* const to = const_cast<float*>(moment.data());
        for (size_t i = 0; i < moment.size(); ++i) to[i] = static_cast<float>(*from++);
    });
}

void Moments::for_squares(const std::function<void(size_t begin, size_t end)>& use) const {
    size_t at = 0;
    bool is_second = false;
    for_each([&](const Buffer<float>& moment) {
        if (is_second) use(at, at + moment.size());
        at += moment.size();
        is_second = !is_second;
    });
}

void Backpropagation::update(const OptimizerStep& step, Moments& io_moments) {
    const OptimizerConstants<float> constants = optimizer_constants<float>(step);
    const auto update_all = [&](float* weights, const Buffer<float>& gradient, Moments::Pair& moments, float limit) {
        const size_t count = gradient.size();
        const uint32_t pieces = static_cast<uint32_t>((count + weights_of_update_task - 1) / weights_of_update_task);
        context_.pool.deal(pieces, [&](uint32_t piece, uint32_t) {
            const size_t begin = piece * weights_of_update_task;
            context_.kernels.update_weights({
                .optimizer = step.optimizer,
                .constants = &constants,
                .weights = weights + begin,
                .gradient = gradient.data() + begin,
                .first_moment = moments.first.data() + begin,
                .second_moment = moments.second.empty() ? nullptr : moments.second.data() + begin,
                .count = std::min(weights_of_update_task, count - begin),
                .limit = limit,
            });
        });
    };
    const auto each_trained = [&](auto&& function) {
        for (uint32_t q = 0; q < projections_.size(); ++q)
            if (projections_[q].runs && context_.projections[q]->info.trainable) function(q, *context_.projections[q]);
    };
    // Memory for copies is allocated before the first weight changes, so an update happens completely or not at all.
    each_trained([](uint32_t, ProjectionData& data) {
        data.own_weights();
        data.own_bias();
    });
    each_trained([&](uint32_t q, ProjectionData& data) {
        update_all(data.own_weights(), projections_[q].weights, io_moments.weights[q],
                   weight_limits_[q]);
        update_all(data.own_bias(), projections_[q].bias, io_moments.bias[q], std::numeric_limits<float>::max());
        data.weights_changed();
    });
}

}  // namespace snn::cpu
