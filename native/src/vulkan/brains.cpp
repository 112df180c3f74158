// Opening, running and recording of brains. Reading and writing: brains_variables.cpp.
#include "vulkan/brains.h"

#include <algorithm>
#include <bit>

#include "backend/slots.h"
#include "common/error.h"
#include "normal_table.h"
#include "vulkan/constants.h"
#include "vulkan/model_shader.h"
#include "vulkan/shader_arguments.h"
#include "vulkan/steps.h"

namespace snn::vulkan {

namespace {

// Below, a device has too few workgroups to be worth it, and one population is better spread over several. A guess: see
// docs/decisions/0022.
constexpr uint32_t fewest_brains = 16;
constexpr uint32_t most_groups = 65535;  // of a dispatch, on every device
constexpr uint32_t most_steps = 256;     // of a submission: some systems reset a device that is busy for seconds
constexpr VkDeviceSize buffer_bytes = VkDeviceSize{16} << 20;  // of inputs, and of records, that wait

bool may_be_brains(const Plan& plan, const ExecutorOptions& options) {
    return (plan.sample_weights || (options.batch_size >= fewest_brains && !options.trains)) && !options.vulkan_host &&
           options.device != "plan";
}

uint64_t all_weights(const Plan& plan, const BrainLayout& layout, uint32_t samples) {
    return layout.weight_words * (plan.sample_weights ? samples : 1);
}

std::string why_not(const Plan& plan, const ExecutorOptions& options, const BrainLayout& layout) {
    if (!may_be_brains(plan, options)) return "the device is not the program's own";
    if (options.batch_size > most_groups) return text("batch_size is ", options.batch_size, " and may be ", most_groups);
    return layout.not_possible_because;
}

std::string why_not(const Plan& plan, const BrainLayout& layout, const Device& device, uint32_t samples) {
    const std::string& name = device.description().name;
    if (const uint64_t bytes = (layout.brain_words + layout.table_words) * 4; bytes > device.shared_memory_bytes())
        return text("a sample takes ", bytes, " bytes, and a workgroup of '", name, "' has ", device.shared_memory_bytes());
    const uint64_t bytes = std::max(all_weights(plan, layout, samples), layout.memory_words) * 4;
    if (bytes > device.storage_range())
        return text("all samples take ", bytes, " bytes, and a shader of '", name, "' reaches ", device.storage_range());
    return {};
}

// Invocations for each neuron of the largest population, as far as every device goes.
uint32_t group_size(const Network& network) {
    uint32_t largest = 1;
    for (const Population& population : network.populations())
        if (!population.is_input()) largest = std::max(largest, population.size);
    return std::min((largest + 31) / 32 * 32, shader::GROUP_SIZE);
}

}  // namespace

std::unique_ptr<Executor> open_brains(const std::shared_ptr<const Plan>& plan, const ExecutorOptions& options) {
    const auto no = [&](const std::string& why) -> std::unique_ptr<Executor> {
        if (!plan->sample_weights) return nullptr;
        throw Error(SNN_ERROR_UNSUPPORTED, "device 'vulkan' has weights for each sample (SNN_FLAG_SAMPLE_WEIGHTS) where a workgroup holds ",
                    "the sample: ", why, "; \"cpu\" has them always");
    };
    if (!may_be_brains(*plan, options) && !plan->sample_weights) return nullptr;
    BrainLayout layout = make_brain_layout(*plan, options.batch_size);
    if (const std::string why = why_not(*plan, options, layout); !why.empty()) return no(why);
    auto device = std::make_unique<Device>(options.device, nullptr);
    if (const std::string why = why_not(*plan, layout, *device, options.batch_size); !why.empty()) return no(why);
    return std::make_unique<BrainsExecutor>(plan, options, std::move(layout), std::move(device));
}

std::optional<ExecutorMemory> brains_memory(const Plan& plan, const ExecutorOptions& options) {
    if (!may_be_brains(plan, options)) return {};
    const BrainLayout layout = make_brain_layout(plan, options.batch_size);
    if (!why_not(plan, options, layout).empty()) return {};
    ExecutorMemory need;
    need.state_bytes = (layout.memory_words + layout.frame_words + layout.record_words) * 4;
    for (const Projection& projection : plan.network->projections()) {
        const uint64_t copies = plan.sample_weights ? options.batch_size : 1;
        need.projection_bytes.push_back(copies * (projection.weight_count() + projection.bias_count()) * 4);
        need.needs_arrays.push_back(0);
    }
    return need;
}

BrainsExecutor::BrainsExecutor(std::shared_ptr<const Plan> plan, const ExecutorOptions& options, BrainLayout layout,
                               std::unique_ptr<Device> device)
    : plan_(std::move(plan)),
      samples_(options.batch_size),
      first_sample_(options.first_sample),
      seed_(options.seed),
      layout_(std::move(layout)),
      device_(std::move(device)),
      pipelines_(*device_),
      held_(network().populations().size(), 0) {
    constants_.assign(plan_->populations.begin(), plan_->populations.end());
    const VkDeviceSize words = std::min(buffer_bytes, device_->storage_range()) / 4;
    const uint64_t largest = std::max<uint64_t>({layout_.frame_words, layout_.record_words, 1});
    capacity_ = static_cast<uint32_t>(std::clamp<uint64_t>(words / largest, 1, most_steps));
    memory_ = device_->allocate(layout_.memory_words * 4, Memory::device, "the states of all samples");
    weights_ = device_->allocate(all_weights(*plan_, layout_, samples_) * 4, Memory::device, "the weights");
    frames_ = device_->allocate(layout_.frame_words * capacity_ * 4, Memory::upload, "the inputs of a step");
    records_ = device_->allocate(layout_.record_words * capacity_ * 4, Memory::readback, "the spikes of a step");
    counters_ = device_->allocate(VkDeviceSize{samples_} * shader::BRAIN_COUNTERS * 8, Memory::device, "the counters");
    commands_ = device_->make_commands();
    submission_ = {commands_};
    load_weights();
    load_shader();
    load_table();
}

void BrainsExecutor::load_weights() {
    std::vector<float> all(layout_.weight_words);
    for (uint32_t q = 0; q < network().projections().size(); ++q) {
        const Projection& projection = network().projection(q);
        std::copy(projection.weights().begin(), projection.weights().end(), all.begin() + layout_.projections[q].weights);
        if (projection.bias) std::copy(projection.bias->begin(), projection.bias->end(), all.begin() + layout_.projections[q].bias);
    }
    const uint64_t copies = all_weights(*plan_, layout_, samples_) / std::max<uint64_t>(layout_.weight_words, 1);
    std::vector<float> copied;
    for (uint64_t copy = 0; copy < copies; ++copy) copied.insert(copied.end(), all.begin(), all.end());
    if (!copied.empty()) device_->upload(weights_, 0, copied.data(), copied.size() * 4);
}

// The shader, and which of its programs each population has.
void BrainsExecutor::load_shader() {
    std::vector<ModelProgram> programs;
    program_of_.assign(constants_.size(), 0);
    for (uint32_t p = 0; p < constants_.size(); ++p) {
        if (population(p).is_input()) continue;
        const ModelProgram program{population(p).model.get(), &constants_[p].constants};
        const auto known = std::find_if(programs.begin(), programs.end(), [&](const ModelProgram& other) { return same_program(other, program); });
        program_of_[p] = static_cast<uint32_t>(known - programs.begin());
        if (known == programs.end()) programs.push_back(program);
    }
    pipeline_ = pipelines_.get(make_brains_shader(programs),
                               {layout_.table_words, static_cast<uint32_t>(layout_.brain_words), group_size(network())});
}

// The table, with the constants behind it.
void BrainsExecutor::load_table() {
    const size_t count = constants_.size();
    std::vector<uint32_t> words, begins(count, 0);
    for (const auto& row : normal_table)
        for (const float coefficient : row) words.push_back(std::bit_cast<uint32_t>(coefficient));
    std::vector<PackedConstants> packed(count);
    for (uint32_t p = 0; p < count; ++p) {
        if (population(p).is_input()) continue;
        packed[p] = pack_constants(constants_[p], population(p).size, {});
        begins[p] = layout_.table_words + static_cast<uint32_t>(words.size());
        words.insert(words.end(), packed[p].words.begin(), packed[p].words.end());
    }
    std::vector<uint32_t> table(layout_.table_words, 0);
    for (uint32_t p = 0; p < count; ++p) {
        const BrainLayout::OfPopulation& of = layout_.populations[p];
        uint32_t* const entry = &table[of.entry];
        const Population& info = population(p);
        entry[shader::BRAIN_SIZE] = info.size;
        entry[shader::BRAIN_WIDTH] = of.width;
        entry[shader::BRAIN_IS_BINARY] = info.is_binary();
        entry[shader::BRAIN_IS_INPUT] = info.is_input();
        entry[shader::BRAIN_RING] = of.ring;
        entry[shader::BRAIN_RING_MASK] = of.slots > 0 ? of.slots - 1 : 0;
        entry[shader::BRAIN_RING_IN_MEMORY] = static_cast<uint32_t>(of.ring_in_memory);
        entry[shader::BRAIN_FRAMES] = static_cast<uint32_t>(of.frames * capacity_);
        entry[shader::BRAIN_FRAME_STRIDE] = held_[p] ? 0 : frame(p);
        entry[shader::BRAIN_STATE_COUNT] = info.is_input() ? 0 : static_cast<uint32_t>(info.model->states.size());
        entry[shader::BRAIN_STATES] = of.states;
        entry[shader::BRAIN_STATES_IN_MEMORY] = static_cast<uint32_t>(of.states_in_memory);
        entry[shader::BRAIN_RECORDS] =
            info.is_input() || of.slots == 0 ? shader::NOWHERE : static_cast<uint32_t>(of.records * capacity_);
        entry[shader::BRAIN_NUMBER] = p;
        entry[shader::BRAIN_FIRST_NEURON] = info.first_neuron;
        entry[shader::BRAIN_PROGRAM] = program_of_[p];
        entry[shader::BRAIN_CONSTANTS] = begins[p];
        entry[shader::BRAIN_SHARED_CONSTANTS] = packed[p].shared;
        entry[shader::BRAIN_OWN_CONSTANTS] = packed[p].own;
        entry[shader::BRAIN_POISSON] = packed[p].poisson;
        entry[shader::BRAIN_FIRST_PROJECTION] = entry[shader::BRAIN_LAST_PROJECTION] = 0;
        std::vector<uint8_t> held(info.is_input() ? 0 : info.model->receptors.size(), 1);  // by receptor: all before it are
        for (uint32_t q = 0; q < network().projections().size(); ++q) {
            const Projection& projection = network().projection(q);
            if (projection.target != p) continue;
            const BrainLayout::OfProjection& place = layout_.projections[q];
            uint32_t& last = entry[shader::BRAIN_LAST_PROJECTION];
            if (last == 0) entry[shader::BRAIN_FIRST_PROJECTION] = place.entry;
            last = place.entry + shader::BRAIN_PROJECTION_WORDS;
            held[projection.receptor] = held[projection.receptor] && place.held != nowhere && held_[projection.source];
            uint32_t* const own = &table[place.entry];
            own[shader::BRAIN_IS_DENSE] = projection.kind == SNN_CONNECT_DENSE;
            own[shader::BRAIN_RECEPTOR] = projection.receptor;
            own[shader::BRAIN_SOURCE] = layout_.populations[projection.source].entry;
            own[shader::BRAIN_LAG] = projection.delay_steps;
            own[shader::BRAIN_WEIGHTS] = place.weights;
            own[shader::BRAIN_BIAS] = projection.bias ? place.bias : shader::NOWHERE;
            own[shader::BRAIN_FAN_OUT] = projection.kind == SNN_CONNECT_DENSE ? info.size : 1;
            own[shader::BRAIN_HELD] = held[projection.receptor] ? place.held : shader::NOWHERE;
        }
    }
    words.insert(words.begin(), table.begin(), table.end());
    if (words.size() * 4 > table_.size) table_ = device_->allocate(words.size() * 4, Memory::device, "the constants");
    device_->upload(table_, 0, words.data(), words.size() * 4);
    set_ = pipelines_.bind({table_, memory_, weights_, frames_, counters_, records_});
}

void BrainsExecutor::set_constants(uint32_t index, const PopulationConstants& constants) {
    constants_[index] = constants;
    load_shader();
    load_table();
}

// ---- Running

void BrainsExecutor::run(const RunRequest& request) {
    bool changes = false;
    for (const InputFrames& input : request.inputs) {
        const bool held = input.step_stride == 0;
        changes |= held != (held_[input.population] != 0);
        held_[input.population] = held;
    }
    if (changes) load_table();
    const uint32_t most = prepare_records(request);
    for (uint32_t done = 0; done < request.step_count;) {
        const uint32_t steps = std::min(most, request.step_count - done);
        load_frames(request, done, steps);
        record_steps(request, done, steps);
        device_->run(submission_);
        now_ += steps;
        take_records(request, done, steps);
        done += steps;
    }
}

// What comes to the host; gives the most steps of a submission.
uint32_t BrainsExecutor::prepare_records(const RunRequest& request) {
    recorded_states_.clear();
    state_row_words_ = 0;
    records_spikes_ = !request.events.empty();
    for (const RecordFrames& record : request.records) {
        if (record.kind != RecordFrames::state) {
            records_spikes_ = true;
            continue;
        }
        recorded_states_.push_back({record.population, record.state_index, state_row_words_});
        state_row_words_ += frame(record.population);
    }
    if (recorded_states_.empty()) return capacity_;
    const VkDeviceSize row_bytes = VkDeviceSize{state_row_words_} * 4;
    const VkDeviceSize wanted = std::max(row_bytes, std::min(buffer_bytes, device_->storage_range()) / row_bytes * row_bytes);
    if (state_records_.size < wanted) state_records_ = device_->allocate(wanted, Memory::readback, "the records of a step");
    return static_cast<uint32_t>(std::min<VkDeviceSize>(capacity_, state_records_.size / row_bytes));
}

void BrainsExecutor::load_frames(const RunRequest& request, uint32_t done, uint32_t steps) {
    for (const InputFrames& input : request.inputs) {
        const size_t words = frame(input.population);
        float* const to = frames_.as<float>() + layout_.populations[input.population].frames * capacity_;
        for (uint32_t step = 0; step < (held_[input.population] ? 1 : steps); ++step) {
            const float* const from = input.data + (done + step) * input.step_stride;
            std::copy(from, from + words, to + step * words);
        }
    }
}

void BrainsExecutor::record_steps(const RunRequest& request, uint32_t done, uint32_t steps) {
    const DeviceFunctions& vk = device_->functions;
    device_->begin(commands_, false);
    vk.vkCmdBindPipeline(commands_, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline_);
    vk.vkCmdBindDescriptorSets(commands_, VK_PIPELINE_BIND_POINT_COMPUTE, pipelines_.layout(), 0, 1, &set_, 0, nullptr);
    VkDeviceSize row = 0;
    for (uint32_t at = 0; at < steps;) {
        uint32_t together = steps - at;
        if (!recorded_states_.empty())  // up to the next row
            for (together = 1; at + together < steps && !request.records_after(done + at + together - 1);) ++together;
        const uint64_t step = request.first_step + done + at;
        const shader::Brains arguments{.now = static_cast<uint32_t>(now_ + 1 + at),
                                       .step_low = static_cast<uint32_t>(step),
                                       .step_high = static_cast<uint32_t>(step >> 32),
                                       .seed_low = static_cast<uint32_t>(seed_),
                                       .seed_high = static_cast<uint32_t>(seed_ >> 32),
                                       .steps = together,
                                       .frame = at,
                                       .records = records_spikes_,
                                       .samples = samples_,
                                       .first_sample = first_sample_,
                                       .projections = layout_.first_projection,
                                       .table_end = layout_.table_words,
                                       .weight_stride = plan_->sample_weights ? static_cast<uint32_t>(layout_.weight_words) : 0};
        copy_barrier(*device_, commands_);
        vk.vkCmdPushConstants(commands_, pipelines_.layout(), VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof arguments, &arguments);
        vk.vkCmdDispatch(commands_, samples_, 1, 1);
        at += together;
        if (recorded_states_.empty() || !request.records_after(done + at - 1)) continue;
        copy_barrier(*device_, commands_);
        for (const RecordedState& recorded : recorded_states_) {
            const Range from = state_range(recorded.population, recorded.state);
            const VkBufferCopy copy{from.offset, state_records_.offset + (row * state_row_words_ + recorded.place) * 4, from.size};
            vk.vkCmdCopyBuffer(commands_, from.buffer, state_records_.buffer, 1, &copy);
        }
        ++row;
    }
    host_barrier(*device_, commands_);
    device_->end(commands_);
}

// Calls use(place in the frame, value) for what was active after a step of the submission that began at `done`.
template <class Use>
void BrainsExecutor::for_active(const RunRequest& request, uint32_t index, uint32_t done, uint32_t step, Use&& use) const {
    const uint32_t size = population(index).size, width = layout_.populations[index].width;
    if (population(index).is_input()) {
        for (const InputFrames& input : request.inputs) {
            if (input.population != index) continue;
            const float* const given = input.data + (done + step) * input.step_stride;
            for (uint32_t i = 0; i < frame(index); ++i)
                if (given[i] != 0.0f) use(i, population(index).is_binary() ? 1.0f : given[i]);
        }
        return;
    }
    const uint32_t* bits = records_.as<uint32_t>() + layout_.populations[index].records * capacity_ + size_t{step} * samples_ * width;
    for (uint32_t sample = 0; sample < samples_; ++sample)
        for (uint32_t word = 0; word < width; ++word)
            for (uint32_t left = *bits++, i = sample * size + word * 32; left != 0; left &= left - 1)
                use(i + static_cast<uint32_t>(std::countr_zero(left)), 1.0f);
}

void BrainsExecutor::take_records(const RunRequest& request, uint32_t done, uint32_t steps) const {
    size_t row = 0;
    for (uint32_t step = 0; step < steps; ++step) {
        const bool has_row = request.records_after(done + step);
        auto state = recorded_states_.begin();
        for (const RecordFrames& record : request.records) {
            const uint32_t words = frame(record.population);
            if (record.kind == RecordFrames::activity_sum) {
                for_active(request, record.population, done, step, [&](uint32_t i, float value) {
                    if (record.dtype == DType::float64) static_cast<double*>(record.data)[i] += static_cast<double>(value);
                    else static_cast<float*>(record.data)[i] += value;
                });
                continue;
            }
            const RecordedState* const recorded = record.kind == RecordFrames::state ? &*state++ : nullptr;
            if (!has_row) continue;
            void* const out = static_cast<char*>(record.data) +
                              request.record_row(done + step) * record.step_stride * size_of(record.dtype);
            if (recorded) {
                const uint32_t* const from = state_records_.as<uint32_t>() + row * state_row_words_ + recorded->place;
                convert(type_of(recorded->population, recorded->state), from, record.dtype, out, words);
                continue;
            }
            values_.assign(words, 0.0f);
            for_active(request, record.population, done, step, [&](uint32_t i, float value) { values_[i] = value; });
            convert(DType::float32, values_.data(), record.dtype, out, words);
        }
        for (EventRecord& record : request.events) {
            const uint32_t size = population(record.population).size;
            for_active(request, record.population, done, step, [&](uint32_t i, float) {
                record.steps[record.count] = record.first_step + done + step;
                record.neurons[record.count] = i % size;
                if (record.samples) record.samples[record.count] = i / size;
                ++record.count;
            });
        }
        row += has_row;
    }
}

}  // namespace snn::vulkan
