#include "vulkan/training.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "backend/slots.h"
#include "common/error.h"
#include "train/optimizer.h"

namespace snn::vulkan {

namespace {

constexpr uint32_t most_steps = 65535;           // limit of workgroups in one direction of a dispatch
constexpr uint32_t most_rows = 32 * most_steps;  // a row is a step of a sample

// Writes a bit for each value, 1 if it is not zero. Returns the number of ones.
uint32_t pack_bits(const float* values, uint32_t size, uint32_t* out_words) {
    uint32_t count = 0;
    for (uint32_t begin = 0; begin < size; begin += 32) {
        const uint32_t end = std::min(size - begin, 32u);
        uint32_t word = 0;
        for (uint32_t i = 0; i < end; ++i) word |= uint32_t{values[begin + i] != 0.0f} << i;
        *out_words++ = word;
        count += static_cast<uint32_t>(std::popcount(word));
    }
    return count;
}

}  // namespace

// ---- Moments

Moments::Moments(Device& device, const std::vector<TapedProjection>& projections, uint32_t optimizer,
                 std::shared_ptr<Free> free)
    : device_(device), has_squares_(has_second_moment(optimizer)), free_(std::move(free)) {
    try {
        for (const TapedProjection& projection : projections) {
            const size_t count =
                projection.is_trained ? size_t{projection.parameter_count()} * (has_squares_ ? 2 : 1) : 0;
            counts_.push_back(count);
            count_ += count;
            ranges.emplace_back();
            if (count == 0) continue;
            const auto found = free_->lower_bound(count * 4);
            if (found != free_->end()) {
                ranges.back() = found->second;
                free_->erase(found);
            } else {
                ranges.back() = device.allocate(count * 4, Memory::device, "the moments of an optimiser");
            }
            device.fill(ranges.back(), 0);
        }
    } catch (...) {
        give_back();
        throw;
    }
}

Moments::~Moments() { give_back(); }

void Moments::give_back() {
    for (const Range& range : ranges) {
        if (!range.buffer) continue;
        try {
            free_->emplace(range.size, range);
        } catch (...) {
            // Without memory to note the range, it is not reused.
        }
    }
}

void Moments::read(std::span<double> out_values) const {
    size_t at = 0;
    std::vector<float> values;
    for (size_t q = 0; q < ranges.size(); ++q) {
        values.resize(counts_[q]);
        if (counts_[q]) device_.download(ranges[q], 0, values.data(), counts_[q] * 4);
        for (const float value : values) out_values[at++] = static_cast<double>(value);
    }
}

void Moments::write(std::span<const double> given) {
    size_t at = 0;
    std::vector<float> values;
    for (size_t q = 0; q < ranges.size(); ++q) {
        values.resize(counts_[q]);
        for (float& value : values) value = static_cast<float>(given[at++]);
        if (counts_[q]) device_.upload(ranges[q], 0, values.data(), counts_[q] * 4);
    }
}

void Moments::for_squares(const std::function<void(size_t begin, size_t end)>& use) const {
    size_t at = 0;
    for (const size_t count : counts_) {
        if (has_squares_) use(at + count / 2, at + count);
        at += count;
    }
}

// ---- Opening

Training::Training(TrainingPlace place) : place_(std::move(place)), weight_limits_(fixed_weight_limits(network())) {
    const auto& projections = network().projections();
    for (uint32_t p = 0; p < place_.populations.size(); ++p)
        populations_.emplace_back(network().population(p), place_.plan.populations[p], place_.populations[p]);
    for (const Projection& projection : projections) projections_.emplace_back(place_.device, network(), projection);
    incoming_.resize(populations_.size());
    for (const KernelCall& call : place_.plan.step)
        if (call.kernel == Kernel::deliver) incoming_[projections[call.index].target].push_back(call.index);
    has_adjoint_.resize(projections.size());
    for (const KernelCall& call : place_.plan.step_adjoint)
        if (call.kernel == Kernel::deliver_adjoint) has_adjoint_[call.index] = 1;
    not_finite_ =
        place_.device.allocate(std::max<size_t>(projections.size(), 1) * 4, Memory::readback, "what training reports");
    host_gradients_.resize(projections.size());
    normalized_.resize(projections.size());
    for (const Population& population : network().populations()) draws_ |= population.model && population.model->draws;
    make_groups();
    populations_changed();
}

void Training::make_groups() {
    std::vector<uint32_t> neurons;
    std::vector<size_t> position(populations_.size(), 0);  // in the order of evaluation, from 1; inputs: 0
    for (const uint32_t p : place_.plan.order) {
        if (populations_[p].is_input) continue;
        neurons.push_back(p);
        position[p] = neurons.size();
    }
    // By position of a target: the last position of a source that projects back to it.
    std::vector<size_t> last(neurons.size() + 1, 0);
    const auto goes_back = [&](const Projection& projection) {
        return position[projection.source] >= position[projection.target];
    };
    for (const Projection& projection : network().projections())
        if (goes_back(projection))
            last[position[projection.target]] = std::max(last[position[projection.target]], position[projection.source]);
    for (size_t begin = 1; begin <= neurons.size();) {
        size_t end = begin;
        for (size_t i = begin; i <= end; ++i) end = std::max(end, last[i]);
        Group group{{}, UINT32_MAX};
        for (size_t i = begin; i <= end; ++i) {
            group.populations.push_back(neurons[i - 1]);
            for (const uint32_t q : incoming_[neurons[i - 1]])
                if (goes_back(network().projection(q)))
                    group.window = std::min(group.window, network().projection(q).min_delay());
        }
        groups_.push_back(std::move(group));
        begin = end + 1;
    }
}

bool Training::is_inside(const Group& group, uint32_t population) const {
    return std::find(group.populations.begin(), group.populations.end(), population) != group.populations.end();
}

void Training::populations_changed() {
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        TapedPopulation& population = populations_[p];
        if (population.is_input) continue;
        const PopulationPlan& plan = place_.plan.populations[p];
        const ConstantPlaces& places = place_.populations[p].places;
        population.step_shader = make_taped_shader(network().population(p), plan, places);
        if (population.has_gradient) population.adjoint_shader = make_adjoint_shader(network().population(p), plan, places);
    }
    has_run_ = has_backward_ = false;
}

void Training::run_commands(const Commands& commands) {
    for (size_t k = 0; k < commands.used; ++k) place_.device.run({commands.buffers[k]});
}

// ---- A run

void Training::run(const RunRequest& request, uint64_t seed) {
    const uint64_t rows = uint64_t{request.step_count} * place_.batch_size;
    if (request.step_count > most_steps || rows > most_rows)
        throw Error(SNN_ERROR_UNSUPPORTED, "training of ", request.step_count, " steps with ", place_.batch_size,
                    " samples; the device \"vulkan\" takes at most ", most_steps, " steps and ", most_rows,
                    " steps of samples");
    ++run_count_;
    steps_ = 0;
    is_ahead_ = false;
    RunShape shape{.steps = request.step_count,
                   .gradient_steps = request.gradient_steps ? request.gradient_steps : UINT32_MAX,
                   .goes_on = request.first_step != 0,
                   .seed = seed,
                   .first_step = draws_ ? request.first_step : 0,
                   .held = {},
                   .normalized = {},
                   .rule = request.rule,
                   .readout = request.readout,
                   .traces = request.traces,
                   .wanted = {}};
    for (const InputFrames& input : request.inputs) shape.held.push_back(input.step_stride == 0);
    for (const NormalizedProjection& given : request.normalization) shape.normalized.push_back(given.projection);
    for (const RecordFrames& record : request.records) {
        if (record.kind == RecordFrames::activity_sum || populations_[record.population].is_input) continue;
        const Wanted wanted{record.population, record.kind == RecordFrames::state ? record.state_index : all_spikes};
        if (std::find(shape.wanted.begin(), shape.wanted.end(), wanted) == shape.wanted.end()) shape.wanted.push_back(wanted);
    }
    linear_ = request.linear;
    if (!has_run_ || shape != shape_) {
        has_run_ = has_backward_ = false;
        shape_ = std::move(shape);
        reserve(request);
        begin_normalization(request);
        reserve_traces();
        record_run(request);
        has_run_ = true;
    }
    try {
        Device::Batch batch(place_.device);
        upload_dropout(request);
        upload_parameters();
        if (!shape_.goes_on) upload_traces();
        batch.done();
    } catch (...) {  // it is unknown what has been uploaded
        for (TapedPopulation& population : populations_) population.drops = true;
        for (TapedProjection& projection : projections_) projection.is_stale = true;
        throw;
    }
    upload_inputs(request);
    for (const NormalizedProjection& given : request.normalization)
        normalized_[given.projection]->rows.begin(given, projections_[given.projection].bias_count, request.step_count,
                                                  place_.batch_size);
    for (size_t k = 0; k < run_pass_.used; ++k) {
        run_commands(run_pass_.parts[k].commands);
        find_statistics(request, run_pass_.parts[k].normalized);
    }
    steps_ = request.step_count;
    is_ahead_ = true;
    take_records(request);
}

void Training::reserve(const RunRequest& request) {
    std::vector<uint8_t> held(populations_.size(), 0);
    for (size_t k = 0; k < request.inputs.size(); ++k) held[request.inputs[k].population] = shape_.held[k];
    VkDeviceSize input_words = 0, readback_words = 0;
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        uint32_t recorded = 0;
        for (const Wanted& wanted : shape_.wanted)
            if (wanted.population == p && wanted.state != all_spikes) recorded |= 1u << wanted.state;
        TapedPopulation& population = populations_[p];
        const bool is_event = shape_.rule == LearningRule::eventprop;
        population.reserve(place_.device, shape_.steps, held[p], recorded, shape_.rule,
                           is_event ? linear_[p].crossing : Crossing{});
        if (population.is_input) input_words += VkDeviceSize{population.frame_count()} * population.words_of_step();
        else if (population.is_binary) readback_words += population.frame;
    }
    for (const Wanted& wanted : shape_.wanted) readback_words += frames_words(wanted);
    inputs_.reserve(place_.device, input_words * 4, Memory::upload, "the inputs of a training run");
    readback_.reserve(place_.device, readback_words * 4, Memory::readback, "the records of a training run");
    VkDeviceSize part_words = 0, most_traces = 0;  // traces add a slice for each state of a target
    for (const TapedPopulation& population : populations_)
        if (shape_.traces) most_traces = std::max<VkDeviceSize>(most_traces, population.states);
    for (const TapedProjection& projection : projections_)
        if (projection.is_trained)
            part_words = std::max(part_words, VkDeviceSize{projection.slices(shape_.steps * place_.batch_size) + most_traces} *
                                                  projection.parameter_count());
    parts_.reserve(place_.device, part_words * 4, Memory::device, "the gradients of slices");
}

VkDeviceSize Training::frames_words(const Wanted& wanted) const {
    const TapedPopulation& population = populations_[wanted.population];
    return VkDeviceSize{population.steps} * (wanted.state == all_spikes ? population.words_of_step() : population.frame);
}

void Training::upload_dropout(const RunRequest& request) {
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        const auto mask = std::find_if(request.dropout.begin(), request.dropout.end(),
                                       [&](const DropoutMask& one) { return one.population == p; });
        if (mask != request.dropout.end()) populations_[p].set_dropout(place_.device, &*mask);
        else if (populations_[p].drops) populations_[p].set_dropout(place_.device, nullptr);
    }
}

void Training::upload_parameters() {
    for (uint32_t q = 0; q < projections_.size(); ++q) {
        TapedProjection& projection = projections_[q];
        if (!projection.is_stale) continue;
        const std::span<const float> weights = place_.projections[q].weights(network().projection(q));
        const std::span<const float> bias = place_.projections[q].bias(network().projection(q));
        if (!weights.empty()) place_.device.upload(projection.parameters, 0, weights.data(), weights.size_bytes());
        if (!bias.empty()) place_.device.upload(projection.parameters, weights.size_bytes(), bias.data(), bias.size_bytes());
        projection.is_stale = false;
    }
}

void Training::upload_inputs(const RunRequest& request) {
    uint32_t* out = inputs_->as<uint32_t>();
    for (const InputFrames& input : request.inputs) {
        const TapedPopulation& population = populations_[input.population];
        const uint32_t frames = population.frame_count();
        for (uint32_t step = 0; step < frames; ++step) {
            const float* const frame = input.data + step * input.step_stride;
            if (!population.is_binary) {
                std::copy_n(frame, population.frame, reinterpret_cast<float*>(out));
                out += population.frame;
                continue;
            }
            uint64_t spikes = 0;
            for (uint32_t sample = 0; sample < population.samples; ++sample, out += population.activity.width)
                spikes += pack_bits(frame + size_t{sample} * population.size, population.size, out);
            input_spikes_ += spikes * (request.step_count / frames);
        }
    }
}

void Training::take_records(const RunRequest& request) {
    const uint32_t* const words = readback_->as<uint32_t>();
    for (uint32_t p = 0; p < populations_.size(); ++p)
        if (!populations_[p].is_input && populations_[p].is_binary)
            for (uint32_t i = 0; i < populations_[p].frame; ++i) spikes_ += words[counts_begin_[p] + i];
    // Adds to a record of kind activity_sum.
    const auto add = [&](const RecordFrames& record, const auto& values) {
        for (size_t i = 0; i < populations_[record.population].frame; ++i) {
            if (record.dtype == DType::float64) static_cast<double*>(record.data)[i] += static_cast<double>(values[i]);
            else static_cast<float*>(record.data)[i] += static_cast<float>(values[i]);
        }
    };
    for (const RecordFrames& record : request.records) {
        const TapedPopulation& population = populations_[record.population];
        const bool is_sum = record.kind == RecordFrames::activity_sum;
        values_.resize(population.frame);
        if (is_sum && !population.is_input) {
            add(record, words + counts_begin_[record.population]);
            continue;
        }
        const uint32_t* frames = nullptr;
        for (size_t k = 0; k < shape_.wanted.size(); ++k)
            if (shape_.wanted[k] ==
                Wanted{record.population, record.kind == RecordFrames::state ? record.state_index : all_spikes})
                frames = words + wanted_begin_[k];
        const InputFrames* input = nullptr;
        for (const InputFrames& one : request.inputs)
            if (one.population == record.population) input = &one;
        for (uint32_t step = 0; step < request.step_count; ++step) {
            if (!is_sum && !request.records_after(step)) continue;
            char* const out = static_cast<char*>(record.data) +
                              (is_sum ? 0 : request.record_row(step) * record.step_stride * size_of(record.dtype));
            if (record.kind == RecordFrames::state) {
                const Model& model = *network().population(record.population).model;
                const DType type = model.states[record.state_index].type == ValueType::int_ ? DType::int32 : DType::float32;
                convert(type, frames + size_t{step} * population.frame, record.dtype, out, population.frame);
                continue;
            }
            if (input) {
                const float* const given = input->data + step * input->step_stride;
                for (size_t i = 0; i < population.frame; ++i)
                    values_[i] = population.is_binary ? (given[i] != 0.0f ? 1.0f : 0.0f) : given[i];
            } else {
                place_.populations[record.population].expand(frames + size_t{step} * population.words_of_step(),
                                                             values_.data());
            }
            if (is_sum) add(record, values_);
            else convert(DType::float32, values_.data(), record.dtype, out, population.frame);
        }
    }
}

void Training::settle(uint64_t now) {
    Device& device = place_.device;
    for (uint32_t q = 0; q < projections_.size(); ++q) {
        TapedProjection& projection = projections_[q];
        if (!projection.is_ahead) continue;
        std::vector<float> weights(projection.weight_count), bias(projection.bias_count);
        device.download(projection.parameters, 0, weights.data(), weights.size() * 4);
        if (!bias.empty()) device.download(projection.parameters, weights.size() * 4, bias.data(), bias.size() * 4);
        place_.load_weights(q, std::move(weights));
        place_.projections[q].set_bias(device, std::move(bias));
        projection.is_ahead = false;
    }
    if (!is_ahead_) return;
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        const TapedPopulation& population = populations_[p];
        const PopulationMemory& memory = place_.populations[p];
        if (!memory.has_activity) continue;
        std::vector<uint32_t> words(population.words_of_step());
        values_.resize(population.frame);
        for (uint32_t lag = 0; lag < std::max(population.history, 1u); ++lag) {
            const uint32_t at =
                population.activity.data + (steps_ - 1 - lag) * population.activity.stride;  // may be a step before 0
            device.download(*population.own, VkDeviceSize{at} * 4, words.data(), words.size() * 4);
            memory.expand(words.data(), values_.data());
            const std::vector<uint32_t> slot = memory.make_slot(values_.data());
            device.upload(memory.ring, memory.slot(now, lag), slot.data(), slot.size() * 4);
        }
    }
    is_ahead_ = false;  // set last, so that after an error the next settle() repeats this
}

// ---- The backward pass

void Training::backward(std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs) {
    std::vector<OutputShape> outputs;
    std::vector<const OutputGradient*> given;
    for (uint32_t p = 0; p < populations_.size(); ++p)
        for (const OutputGradient& gradient : gradients) {
            if (gradient.population != p || !populations_[p].has_gradient) continue;
            const uint32_t what = gradient.kind == OutputGradient::activity ? shader::OF_ACTIVITY : 1 + gradient.state_index;
            outputs.push_back({p, what, gradient.step_stride != 0});
            given.push_back(&gradient);
        }
    if (!has_backward_ || outputs != outputs_) {
        has_backward_ = false;
        outputs_ = std::move(outputs);
        record_backward();
        has_backward_ = true;
    }
    uint32_t* out = output_gradients_->as<uint32_t>();
    size_t end = 0;
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        const size_t begin = end;
        while (end < outputs_.size() && outputs_[end].population == p) ++end;
        auto values_at = static_cast<uint32_t>(shader::OUTPUT_WORDS * (end - begin));
        const size_t frame = populations_[p].frame;
        uint32_t* const block = out;
        out += values_at;
        for (size_t k = begin; k < end; ++k) {
            const OutputGradient& gradient = *given[k];
            const uint32_t frames = outputs_[k].in_time ? steps_ : 1;
            const uint32_t header[shader::OUTPUT_WORDS] = {outputs_[k].what, values_at,
                                                           outputs_[k].in_time ? static_cast<uint32_t>(frame) : 0, 0};
            std::copy_n(header, shader::OUTPUT_WORDS, block + shader::OUTPUT_WORDS * (k - begin));
            for (uint32_t step = 0; step < frames; ++step, out += frame)
                convert(gradient.dtype,
                        static_cast<const char*>(gradient.data) + step * gradient.step_stride * size_of(gradient.dtype),
                        DType::float32, out, frame);
            values_at += static_cast<uint32_t>(frames * frame);
        }
        write_linear(p, out);
        out += linear_words(p);
    }
    for (std::vector<float>& values : host_gradients_) values.clear();
    has_gradients_ = false;
    for (size_t k = 0; k < backward_pass_.used; ++k) {
        run_commands(backward_pass_.parts[k].commands);
        go_back(backward_pass_.parts[k].normalized);
    }
    has_gradients_ = true;
    for (const InputGradient& input : inputs) {
        const TapedPopulation& population = populations_[input.population];
        values_.resize(size_t{steps_} * population.frame);
        place_.device.download(*population.activity_gradient, 0, values_.data(), values_.size() * 4);
        for (uint32_t step = 0; step < steps_; ++step)
            convert(DType::float32, values_.data() + size_t{step} * population.frame, input.dtype,
                    static_cast<char*>(input.data) + step * input.step_stride * size_of(input.dtype), population.frame);
    }
}

std::span<const float> Training::gradient(uint32_t q) const {
    std::vector<float>& values = host_gradients_[q];
    const TapedProjection& projection = projections_[q];
    if (values.empty() && projection.is_trained) {
        values.resize(projection.parameter_count());
        if (has_gradients_) place_.device.download(projection.gradient, 0, values.data(), values.size() * 4);
    }
    return values;
}

std::span<const float> Training::weight_gradient(uint32_t q) const {
    return gradient(q).first(projections_[q].is_trained ? projections_[q].weight_count : 0);
}
std::span<const float> Training::bias_gradient(uint32_t q) const {
    return gradient(q).last(projections_[q].is_trained ? projections_[q].bias_count : 0);
}

double Training::square_sum(uint32_t q) const {
    double sum = 0;
    for (const float value : gradient(q)) sum += static_cast<double>(value) * static_cast<double>(value);
    return sum;
}

bool Training::is_finite(uint32_t q) const { return not_finite_.as<uint32_t>()[q] == 0; }

// Sums row `row` of the gradients over the samples, for each neuron.
void Training::sum_over_samples(uint32_t p, uint32_t row, double* out_values) const {
    const TapedPopulation& population = populations_[p];
    std::vector<float> values(population.frame);
    place_.device.download(*population.gradients, VkDeviceSize{row} * population.frame * 4, values.data(), values.size() * 4);
    std::fill_n(out_values, population.size, 0.0);
    for (size_t i = 0; i < values.size(); ++i) out_values[i % population.size] += static_cast<double>(values[i]);
}

void Training::read_constant(uint32_t p, uint32_t place, double* out_values) const {
    sum_over_samples(p, populations_[p].states + place, out_values);
}

void Training::read_initial(uint32_t p, uint32_t state, double* out_values) const {
    sum_over_samples(p, state, out_values);
}

std::unique_ptr<OptimizerMemory> Training::make_optimizer_memory(uint32_t optimizer) {
    return std::make_unique<Moments>(place_.device, projections_, optimizer, free_moments_);
}

}  // namespace snn::vulkan
