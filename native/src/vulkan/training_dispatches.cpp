// The dispatches of training: taped runs, backward passes and updates.
#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include "common/error.h"
#include "train/optimizer.h"
#include "vulkan/training.h"
#include "vulkan/workgroups.h"

namespace snn::vulkan {

namespace {

constexpr uint32_t groups_of_copies = 1024;  // workgroups of shaders that loop over arrays: more are not faster
constexpr uint32_t tile = 32;                // in train_source_dense, train_weights_dense and train_weights_window
constexpr uint32_t channels_at_once = 8;     // in train_deliver_convolution and train_source_convolution
constexpr uint32_t rows_of_values = 8;       // in train_deliver_values

uint32_t quotient_up(uint32_t value, uint32_t divisor) { return (value + divisor - 1) / divisor; }
uint32_t groups_of_array(uint32_t count) { return std::min(groups_for(count), groups_of_copies); }

// Workgroups of the convolution shaders that compute eight channels at a time. x: places of all samples; y: blocks of channels.
void set_convolution_groups(Dispatch& io_dispatch, uint32_t samples, uint32_t plane, uint32_t channels, uint32_t groups) {
    const uint64_t places = uint64_t{samples} * plane;
    io_dispatch.groups[0] =
        static_cast<uint32_t>(std::min<uint64_t>((places + shader::GROUP_SIZE - 1) / shader::GROUP_SIZE, most_groups));
    io_dispatch.groups[1] = std::min(groups * quotient_up(channels, channels_at_once), most_groups);
}

bool is_window(const Projection& projection) {
    return projection.kind == SNN_CONNECT_CONV2D || projection.kind == SNN_CONNECT_POOL2D;
}

// The constant MODE of the pooling shaders: 1 sum or average, 2 maximum.
uint32_t pooling_mode(const Projection& projection) { return projection.pool_mode == SNN_POOL_MAX ? 2 : 1; }

}  // namespace

Dispatch Training::dispatch_of(std::string_view shader, const Bindings& bindings, const std::vector<uint32_t>& constants) {
    Dispatch dispatch;
    dispatch.pipeline = place_.pipelines.get(shader, constants);
    dispatch.set = place_.pipelines.bind(bindings);
    return dispatch;
}

shader::TrainProjection Training::arguments_of(uint32_t q, uint32_t first, uint32_t count) const {
    const Projection& projection = network().projection(q);
    const TapedPopulation& source = populations_[projection.source];
    const TapedPopulation& target = populations_[projection.target];
    shader::TrainProjection arguments{};
    arguments.source = source.activity;
    arguments.samples = place_.batch_size;
    arguments.target_size = target.size;
    arguments.sums = sums_of_receptor(q).begin;
    arguments.delay = projection.delay_steps;
    arguments.first_step = first;
    arguments.step_count = count;
    arguments.gradient_steps = shape_.gradient_steps;
    arguments.weight_count = projections_[q].weight_count;
    arguments.bias_spread = projection.bias ? target.size / projections_[q].bias_count : 0;
    if (projection.is_fixed()) arguments.scale = std::bit_cast<uint32_t>(std::ldexp(1.0f, projection.fixed_exponent));
    if (!is_window(projection)) return arguments;
    const Shape& from = network().population(projection.source).shape;
    const Shape& onto = network().population(projection.target).shape;
    const Window& window = projection.window;
    arguments.pool_weight = std::bit_cast<uint32_t>(snn::pool_weight(projection));
    arguments.window = {.source_height = from.dims[1],
                        .source_width = from.dims[2],
                        .target_height = onto.dims[1],
                        .target_width = onto.dims[2],
                        .kernel_height = window.kernel[0],
                        .kernel_width = window.kernel[1],
                        .stride_height = window.stride[0],
                        .stride_width = window.stride[1],
                        .padding_height = window.padding[0],
                        .padding_width = window.padding[1],
                        .dilation_height = window.dilation[0],
                        .dilation_width = window.dilation[1],
                        .group_inputs = from.dims[0] / window.groups,
                        .group_outputs = onto.dims[0] / window.groups};
    return arguments;
}

// ---- A run

void Training::record_run(const RunRequest& request) {
    run_pass_.used = 0;
    Recorder recorder(place_.device, place_.pipelines.layout(), run_pass_.next());
    begin_traces(recorder);
    VkDeviceSize begin = 0;
    for (const InputFrames& input : request.inputs) {
        const TapedPopulation& population = populations_[input.population];
        const VkDeviceSize bytes = VkDeviceSize{population.frame_count()} * population.words_of_step() * 4;
        recorder.copy(*inputs_, begin, *population.own, VkDeviceSize{population.activity.data} * 4, bytes);
        begin += bytes;
    }
    for (const TapedPopulation& population : populations_) {
        const VkDeviceSize head = VkDeviceSize{population.head_words()} * 4;
        const VkDeviceSize history = VkDeviceSize{population.history} * population.words_of_step() * 4;
        if (shape_.goes_on) recorder.copy(*population.tail, 0, *population.own, head, history);
        else recorder.fill(*population.own, head, history);
        if (population.is_input) continue;
        recorder.fill(*population.own, VkDeviceSize{population.activity.data} * 4,
                      VkDeviceSize{shape_.steps} * population.words_of_step() * 4);
        const VkDeviceSize bytes = VkDeviceSize{population.receptors} * population.steps * population.frame * 4;
        recorder.fill(*population.sums, 0, bytes);
        if (population.keeps_whole_sums) recorder.fill(*population.whole_sums, 0, bytes);
    }
    for (const Group& group : groups_) {
        if (const std::vector<uint32_t> normalized = normalized_onto(group); !normalized.empty())
            add_own_sums(recorder, normalized);
        add_group(recorder, group);
    }
    add_traces(recorder);
    recorder.end_dispatches();
    begin = 0;
    counts_begin_.assign(populations_.size(), 0);
    const auto take = [&](const Range& from, VkDeviceSize from_word, VkDeviceSize words) {
        recorder.copy(from, from_word * 4, *readback_, begin * 4, words * 4);
        begin += words;
        return begin - words;
    };
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        const TapedPopulation& population = populations_[p];
        if (!population.is_input && population.is_binary)
            counts_begin_[p] = take(*population.tape, population.counts, population.frame);
    }
    for (const TapedPopulation& population : populations_)
        recorder.copy(*population.own,
                      (VkDeviceSize{population.head_words()} + VkDeviceSize{population.steps} * population.activity.stride) * 4,
                      *population.tail, 0, VkDeviceSize{population.history} * population.words_of_step() * 4);
    wanted_begin_.clear();
    for (const Wanted& wanted : shape_.wanted) {
        const TapedPopulation& population = populations_[wanted.population];
        const VkDeviceSize words = frames_words(wanted);
        wanted_begin_.push_back(
            wanted.state == all_spikes
                ? take(*population.own, population.activity.data, words)
                : take(*population.tape, population.records + population.place_of_record(wanted.state) * words, words));
    }
    recorder.end();
}

void Training::add_group(Recorder& recorder, const Group& group) {
    const uint32_t steps = populations_[group.populations[0]].steps;
    // Projections from outside the group are delivered for all steps at once. A float sum keeps its order, so a projection must
    // wait if an earlier one onto the same receptor comes from inside the group.
    std::vector<uint8_t> is_early(projections_.size(), 0);
    std::set<std::pair<uint32_t, uint32_t>> late;  // target and receptor
    for (const uint32_t p : group.populations)
        for (const uint32_t q : incoming_[p]) {
            const Projection& projection = network().projection(q);
            const std::pair receptor(p, projection.receptor);
            is_early[q] = !is_inside(group, projection.source) && !late.contains(receptor);
            if (is_early[q]) add_delivery(recorder, q, 0, steps);
            else late.insert(receptor);
        }
    for (uint32_t first = 0; first < steps; first += std::min(group.window, steps)) {
        const uint32_t count = std::min(group.window, steps - first);
        for (const uint32_t p : group.populations) {
            for (const uint32_t q : incoming_[p])
                if (!is_early[q]) add_delivery(recorder, q, first, count);
            add_neurons(recorder, p, first, count);
        }
    }
}

Training::OwnSums Training::sums_of_receptor(uint32_t q) const {
    const Projection& projection = network().projection(q);
    const TapedPopulation& target = populations_[projection.target];
    return {*target.sums, projection.receptor * target.steps * target.frame, resource(projection.target, of_sums)};
}

void Training::add_delivery(Recorder& recorder, uint32_t q, uint32_t first, uint32_t count) {
    if (normalized_[q]) add_normalized(recorder, q, first, count);
    else add_sums(recorder, q, first, count, sums_of_receptor(q), true);
}

void Training::add_sums(Recorder& recorder, uint32_t q, uint32_t first, uint32_t count, const OwnSums& sums, bool with_bias) {
    const Projection& projection = network().projection(q);
    const TapedPopulation& source = populations_[projection.source];
    const TapedPopulation& target = populations_[projection.target];
    const TapedProjection& memory = projections_[q];
    const Bindings bindings{*source.own,
                            memory.parameters,
                            sums.range,
                            memory.target_rows,
                            memory.target_synapses,
                            projection.is_fixed() ? *target.whole_sums : sums.range,
                            place_.projection_counters[q]};
    Dispatch dispatch;
    if (projection.kind == SNN_CONNECT_DENSE) {
        dispatch = dispatch_of(source.is_binary ? "train_deliver_dense" : "train_deliver_values", bindings, {source.is_binary});
    } else if (projection.kind == SNN_CONNECT_CONV2D) {
        dispatch = dispatch_of("train_deliver_convolution", bindings, {source.is_binary});
    } else if (projection.kind == SNN_CONNECT_POOL2D) {
        dispatch = dispatch_of("train_deliver_window", bindings, {source.is_binary, pooling_mode(projection)});
    } else {
        // The shader's constant KIND: 0 sums of floats, 1 sums of integers, 2 one-to-one.
        const uint32_t kind = projection.kind == SNN_CONNECT_ONE_TO_ONE ? 2 : projection.is_fixed() ? 1 : 0;
        dispatch = dispatch_of("train_deliver_sparse", bindings, {source.is_binary, kind});
    }
    shader::TrainProjection arguments = arguments_of(q, first, count);
    arguments.sums = sums.begin;
    if (!with_bias) arguments.bias_spread = 0;
    dispatch.take(arguments);
    dispatch.groups[0] = groups_for(target.size);
    dispatch.groups[1] = place_.batch_size;
    dispatch.groups[2] = count;
    if (projection.kind == SNN_CONNECT_CONV2D) {
        const shader::TrainWindow& window = arguments.window;
        set_convolution_groups(dispatch, place_.batch_size, window.target_height * window.target_width, window.group_outputs,
                               projection.window.groups);
    }
    if (projection.kind == SNN_CONNECT_DENSE && !source.is_binary)
        set_y_and_z(dispatch.groups, quotient_up(place_.batch_size * count, rows_of_values));
    recorder.add(dispatch, {{resource(projection.source, of_activity), Use::read}, {sums.resource, Use::write}});
}

void Training::add_neurons(Recorder& recorder, uint32_t p, uint32_t first, uint32_t count) {
    const TapedPopulation& population = populations_[p];
    const PopulationMemory& memory = place_.populations[p];
    const PopulationPlan& plan = place_.plan.populations[p];
    for (uint32_t r = 0; r < population.receptors; ++r) {
        if (!plan.receptor_is_fixed[r]) continue;
        Dispatch finish = dispatch_of("train_finish", {*population.sums, *population.whole_sums});
        const uint32_t values = count * population.frame;
        finish.take(shader::TrainFinish{(r * population.steps + first) * population.frame, values,
                                        std::bit_cast<uint32_t>(std::ldexp(1.0f, -plan.receptor_exponent[r]))});
        finish.groups[0] = groups_of_array(values);
        recorder.add(finish, {{resource(p, of_sums), Use::write}});
    }
    Dispatch dispatch;
    dispatch.pipeline =
        place_.pipelines.get(population.step_shader, {}, text("train_step of ", network().population(p).model->name));
    dispatch.set = place_.pipelines.bind(
        {place_.run, *population.sums, memory.states, memory.constants, *population.tape, *population.own});
    dispatch.take(shader::TrainStep{.own = population.activity,
                                    .frame = population.frame,
                                    .first_sample = place_.first_sample,
                                    .first_step = first,
                                    .step_count = count,
                                    .all_steps = population.steps,
                                    .recorded = population.recorded,
                                    .records = population.records,
                                    .counts = population.counts,
                                    .seed_low = static_cast<uint32_t>(shape_.seed),
                                    .seed_high = static_cast<uint32_t>(shape_.seed >> 32),
                                    .number_low = static_cast<uint32_t>(shape_.first_step),
                                    .number_high = static_cast<uint32_t>(shape_.first_step >> 32),
                                    .poisson = memory.poisson,
                                    .shared_constants = memory.shared_constants,
                                    .own_constants = memory.own_constants,
                                    .population = p,
                                    .normal_table = place_.normal_table,
                                    .before_of = population.before_of,
                                    .befores = population.befores});
    dispatch.groups[0] = groups_for(population.size);
    dispatch.groups[1] = place_.batch_size;
    recorder.add(
        dispatch,
        {{resource(p, of_sums), Use::read}, {resource(p, of_neurons), Use::write}, {resource(p, of_activity), Use::write}});
}

// ---- The backward pass

void Training::record_backward() {
    std::vector<VkDeviceSize> words(populations_.size(), 0);  // by population: gradients from the loss, and linear steps
    VkDeviceSize all_words = 0;
    for (const OutputShape& output : outputs_)
        words[output.population] +=
            shader::OUTPUT_WORDS + VkDeviceSize{output.in_time ? steps_ : 1} * populations_[output.population].frame;
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        words[p] += linear_words(p);
        all_words += words[p];
        populations_[p].outputs.reserve(place_.device, words[p] * 4, Memory::device, "the gradients of outputs");
    }
    output_gradients_.reserve(place_.device, all_words * 4, Memory::upload, "the gradients of outputs");
    backward_pass_.used = 0;
    Recorder recorder(place_.device, place_.pipelines.layout(), backward_pass_.next());
    recorder.fill(not_finite_, 0, not_finite_.size);
    VkDeviceSize begin = 0;
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        const TapedPopulation& population = populations_[p];
        recorder.copy(*output_gradients_, begin, *population.outputs, 0, words[p] * 4);
        begin += words[p] * 4;
        if (!population.has_gradient) continue;
        if (population.activity.width)
            recorder.fill(*population.activity_gradient, 0, VkDeviceSize{steps_} * population.frame * 4);
        recorder.fill(*population.gradients, 0, population.gradients->size);
    }
    for (auto group = groups_.rbegin(); group != groups_.rend(); ++group) add_group_adjoint(recorder, *group);
    recorder.end_dispatches();
    recorder.end();
}

void Training::add_group_adjoint(Recorder& recorder, const Group& group) {
    const uint32_t window = std::min(group.window, steps_);
    for (uint32_t k = quotient_up(steps_, window); k > 0; --k) {
        const uint32_t first = (k - 1) * window, count = std::min(window, steps_ - first);
        for (auto p = group.populations.rbegin(); p != group.populations.rend(); ++p) {
            if (!populations_[*p].has_gradient) continue;
            add_adjoint(recorder, *p, first, count);
            for (const uint32_t q : incoming_[*p])
                if (goes_to_source(q) && is_inside(group, network().projection(q).source))
                    add_source_gradient(recorder, q, first, count);
        }
    }
    if (const std::vector<uint32_t> normalized = normalized_onto(group); !normalized.empty())
        take_own_gradients(recorder, normalized);
    for (const uint32_t p : group.populations)
        for (const uint32_t q : incoming_[p]) {
            if (goes_to_source(q) && !is_inside(group, network().projection(q).source))
                add_source_gradient(recorder, q, 0, steps_);
            if (projections_[q].is_trained) add_weight_gradient(recorder, q);
        }
}

void Training::add_adjoint(Recorder& recorder, uint32_t p, uint32_t first, uint32_t count) {
    const TapedPopulation& population = populations_[p];
    const PopulationMemory& memory = place_.populations[p];
    Dispatch dispatch;
    dispatch.pipeline = place_.pipelines.get(population.adjoint_shader, {},
                                             text("train_adjoint of ", network().population(p).model->name));
    dispatch.set = place_.pipelines.bind({population.activity.width ? *population.activity_gradient : *population.tape,
                                          *population.sums, *population.gradients, memory.constants, *population.tape,
                                          *population.outputs, *population.own});
    const auto outputs =
        std::count_if(outputs_.begin(), outputs_.end(), [&](const OutputShape& one) { return one.population == p; });
    shader::TrainAdjoint arguments{};
    arguments.own = population.activity;
    arguments.frame = population.frame;
    arguments.first_step = first;
    arguments.step_count = count;
    arguments.all_steps = population.steps;
    arguments.gradient_steps = shape_.gradient_steps;
    arguments.constant_gradients = population.states * population.frame;
    arguments.shared_constants = memory.shared_constants;
    arguments.own_constants = memory.own_constants;
    arguments.outputs = static_cast<uint32_t>(outputs);
    if (has_rule()) set_rule(p, arguments);
    dispatch.take(arguments);
    dispatch.groups[0] = groups_for(population.size);
    dispatch.groups[1] = place_.batch_size;
    recorder.add(dispatch, {{resource(p, of_activity_gradient), Use::read},
                            {resource(p, of_sums), Use::write},
                            {resource(p, of_neurons), Use::write}});
}

// Adds the gradient of steps [first, first + count) of the target to the steps of the source whose activity arrived in them.
void Training::add_source_gradient(Recorder& recorder, uint32_t q, uint32_t first, uint32_t count) {
    const Projection& projection = network().projection(q);
    const TapedPopulation& source = populations_[projection.source];
    const TapedProjection& memory = projections_[q];
    const uint32_t least = projection.min_delay(), most = projection.max_delay();
    if (first + count <= least) return;  // all of it arrived from steps before the run
    const OwnSums sums = sums_for_source(q);
    shader::TrainProjection arguments = arguments_of(q, first, count);
    arguments.sums = sums.begin;
    if (shape_.rule == LearningRule::ottt) arguments.gradient_steps = 1;  // no gradient goes back to earlier steps
    arguments.source_first = first > most ? first - most : 0;
    const Bindings bindings{
        *source.own,        memory.parameters,     sums.range, *source.activity_gradient,
        memory.source_rows, memory.source_synapses};
    Dispatch dispatch;
    if (projection.kind == SNN_CONNECT_DENSE) {
        dispatch = dispatch_of("train_source_dense", bindings, {source.is_binary});
        dispatch.groups[0] = quotient_up(source.size, tile);
        dispatch.groups[1] = quotient_up(count * place_.batch_size, tile);
    } else {
        if (projection.kind == SNN_CONNECT_CONV2D)
            dispatch = dispatch_of("train_source_convolution", bindings, {source.is_binary});
        else if (projection.kind == SNN_CONNECT_POOL2D)
            dispatch = dispatch_of("train_source_window", bindings, {source.is_binary, pooling_mode(projection)});
        else
            dispatch = dispatch_of("train_source_sparse", bindings,
                                   {source.is_binary, projection.kind == SNN_CONNECT_ONE_TO_ONE});
        dispatch.groups[0] = groups_for(source.size);
        dispatch.groups[1] = place_.batch_size;
        dispatch.groups[2] = first + count - least - arguments.source_first;
        if (projection.kind == SNN_CONNECT_CONV2D) {
            const shader::TrainWindow& window = arguments.window;
            set_convolution_groups(dispatch, place_.batch_size, window.source_height * window.source_width, window.group_inputs,
                                   projection.window.groups);
        }
    }
    dispatch.take(arguments);
    recorder.add(dispatch, {{resource(projection.source, of_activity), Use::read},
                            {sums.resource, Use::read},
                            {resource(projection.source, of_activity_gradient), Use::write}});
}

void Training::add_weight_gradient(Recorder& recorder, uint32_t q) {
    const Projection& projection = network().projection(q);
    const TapedPopulation& source = populations_[projection.source];
    const TapedProjection& memory = projections_[q];
    if (memory.parameter_count() == 0) return;
    const uint32_t rows = steps_ * place_.batch_size;
    uint32_t slices = memory.slices(rows);
    shader::TrainProjection arguments = arguments_of(q, 0, steps_);
    arguments.slice_rows = quotient_up(rows, slices);
    add_gradient_parts(recorder, q, arguments, {*source.own, resource(projection.source, of_activity), source.is_binary, false},
                       own_sums(q), sums_of_receptor(q), slices);
    slices += add_trace_gradient(recorder, q, slices);
    Dispatch reduce = dispatch_of("train_reduce", {*source.own, *parts_, memory.gradient, not_finite_});
    reduce.take(shader::TrainReduce{memory.parameter_count(), memory.weight_count, slices, q});
    reduce.groups[0] = groups_of_array(memory.parameter_count());
    recorder.add(reduce, {{parts_resource(), Use::read}, {gradient_resource(q), Use::write}});
}

// Adds dispatches that sum up slices: for weights, products of what arrived and `of_weights`; for the bias, `of_bias`.
void Training::add_gradient_parts(Recorder& recorder, uint32_t q, shader::TrainProjection arguments, const Arrivals& arrivals,
                                  const OwnSums& of_weights, const OwnSums& of_bias, uint32_t slices) {
    const Projection& projection = network().projection(q);
    const TapedProjection& memory = projections_[q];
    const auto bindings_with = [&](const OwnSums& sums) {
        return Bindings{arrivals.range, memory.parameters, sums.range, *parts_, {}, memory.source_synapses};
    };
    const Bindings bindings = bindings_with(of_weights);
    const auto add = [&](Dispatch dispatch, const OwnSums& sums) {
        arguments.sums = sums.begin;
        dispatch.take(arguments);
        dispatch.groups[2] = slices;
        recorder.add(dispatch, {{arrivals.resource, Use::read}, {sums.resource, Use::read}, {parts_resource(), Use::add}});
    };
    if (memory.weight_count > 0) {
        Dispatch dispatch;
        if (projection.kind == SNN_CONNECT_DENSE) {
            dispatch = dispatch_of("train_weights_dense", bindings, {arrivals.is_binary});
            dispatch.groups[0] = groups_for(populations_[projection.target].size);
            dispatch.groups[1] = quotient_up(populations_[projection.source].size, tile);
        } else if (projection.kind == SNN_CONNECT_CONV2D) {
            dispatch = dispatch_of("train_weights_window", bindings, {arrivals.is_binary});
            const uint32_t outputs = arguments.window.group_outputs,
                           taps = memory.weight_count / (projection.window.groups * outputs);
            dispatch.groups[0] =
                std::min(projection.window.groups * quotient_up(outputs, tile) * quotient_up(taps, tile), most_groups);
        } else {
            dispatch =
                dispatch_of("train_weights_sparse", bindings, {arrivals.is_binary, projection.kind == SNN_CONNECT_ONE_TO_ONE});
            dispatch.groups[0] = std::min(groups_for(memory.weight_count), most_groups);
        }
        add(dispatch, of_weights);
    }
    if (memory.bias_count > 0) {
        Dispatch dispatch = dispatch_of("train_bias", bindings_with(of_bias), {arrivals.is_binary, arrivals.are_traces});
        dispatch.groups[0] = std::min(memory.bias_count, most_groups);
        add(dispatch, of_bias);
    }
}

// ---- Updates

void Training::record_update(const OptimizerStep& step, Moments& io_moments) {
    upload_parameters();
    const OptimizerConstants<float> constants = optimizer_constants<float>(step);
    const auto bits = [](float value) { return std::bit_cast<uint32_t>(value); };
    Recorder recorder(place_.device, place_.pipelines.layout(), update_commands_);
    for (uint32_t q = 0; q < projections_.size(); ++q) {
        const TapedProjection& projection = projections_[q];
        if (!is_trained(q)) continue;
        Dispatch dispatch =
            dispatch_of("train_update", {projection.parameters, projection.gradient, io_moments.ranges[q]}, {step.optimizer});
        dispatch.take(shader::TrainUpdate{.count = projection.parameter_count(),
                                          .weight_count = projection.weight_count,
                                          .rate = bits(constants.rate),
                                          .momentum = bits(constants.momentum),
                                          .beta1 = bits(constants.beta1),
                                          .beta2 = bits(constants.beta2),
                                          .one_minus_beta1 = bits(constants.one_minus_beta1),
                                          .one_minus_beta2 = bits(constants.one_minus_beta2),
                                          .epsilon = bits(constants.epsilon),
                                          .decay = bits(constants.decay),
                                          .l1 = bits(constants.l1),
                                          .gradient_scale = bits(constants.gradient_scale),
                                          .first_correction = bits(constants.first_correction),
                                          .second_correction = bits(constants.second_correction),
                                          .limit = bits(weight_limits_[q])});
        dispatch.groups[0] = groups_of_array(projection.parameter_count());
        recorder.add(dispatch, {{gradient_resource(q), Use::write}});
    }
    recorder.end_dispatches();
    recorder.end();
}

void Training::run_update() {
    for (uint32_t q = 0; q < projections_.size(); ++q) projections_[q].is_ahead |= is_trained(q);
    run_commands(update_commands_);
}

}  // namespace snn::vulkan
