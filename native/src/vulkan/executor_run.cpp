// Runs steps: uploads inputs, submits many steps at once, and copies records back.
#include <algorithm>
#include <bit>
#include <utility>

#include "backend/slots.h"
#include "vulkan/executor.h"
#include "vulkan/shader_arguments.h"

namespace snn::vulkan {

namespace {

constexpr VkDeviceSize records_bytes = VkDeviceSize{4} << 20;
constexpr uint32_t record_groups = 1024;  // more workgroups do not copy faster
constexpr uint32_t steps_to_sum_up = 16;  // for shorter runs, copying the spikes to the host is faster

}  // namespace

void VulkanExecutor::run(const RunRequest& request) {
    check_not_on_paper();
    device_.check_not_lost();
    device_.wait_for_submissions();  // they read the memory that inputs are about to be written to
    pipelines_.all_have_run();       // the host program must wait for recorded steps before it calls run()
    prepare_step();
    if (request.tape) return run_taped(request);
    settle();
    if (uses_brains_) return run_brains(request);
    prepare_sums(request);
    const uint32_t most = prepare_records(request, std::min(frame_capacity_, request.step_count));
    for (uint32_t done = 0; done < request.step_count;) {
        const uint32_t steps = std::min(most, request.step_count - done);
        load_frames(request, done, steps, false);
        submission_.clear();
        submission_.push_back(begin_);
        const auto records = [&](bool of_spikes) {
            return std::any_of(recorded_.begin(), recorded_.end(),
                               [&](const Recorded& recorded) { return (recorded.state == all_spikes) == of_spikes; });
        };
        const bool has_spikes = records(true) || !summed_.empty(), has_states = records(false);
        for (uint32_t step = 0; step < steps; ++step) {
            const uint32_t parity = step % 2;
            submission_.push_back(has_spikes && step > 0 ? recorded_step_[parity] : step_[parity]);
            if (has_states && request.records_after(done + step)) submission_.push_back(states_[parity]);
        }
        if (has_spikes) submission_.push_back(last_spikes_[steps % 2]);
        submission_.push_back(end_);
        run_on_state(submission_);
        is_torn_ = true;
        now_ += steps;
        take_records(request, done, steps);
        done += steps;
    }
    take_sums(request);
    is_torn_ = false;
}

void VulkanExecutor::fill_control(const RunRequest& request, uint32_t done, uint32_t* control) const {
    const uint32_t ahead = device_.is_on_paper() ? 0 : 1;  // a plan's step begins by advancing to itself
    const uint64_t step = request.first_step + done + ahead - 1;  // wraps at step 0
    control[shader::RUN_NOW] = static_cast<uint32_t>(now_) + ahead;
    control[shader::RUN_STEP_LOW] = static_cast<uint32_t>(step);
    control[shader::RUN_STEP_HIGH] = static_cast<uint32_t>(step >> 32);
    control[shader::RUN_SEED_LOW] = static_cast<uint32_t>(seed_);
    control[shader::RUN_SEED_HIGH] = static_cast<uint32_t>(seed_ >> 32);
    control[shader::RUN_FRAME] = ahead - 1;
    control[shader::RUN_ROW] = 0;
    for (size_t k = 0; k < request.inputs.size(); ++k) {
        const InputFrames& input = request.inputs[k];
        const bool held = input.step_stride == 0 || host_buffers_[input.population].input.buffer;
        control[shader::RUN_INPUTS + k] = held ? 0 : populations_[input.population].frame;
    }
}

// Writes the spikes of one step of an input that is given as lists, as floats 0 and 1.
void VulkanExecutor::fill_frame(const InputFrames& input, size_t step, float* out_frame) const {
    const PopulationMemory& memory = populations_[input.population];
    std::fill_n(out_frame, memory.frame, 0.0f);
    for (size_t sample = 0; sample < batch_size_; ++sample)
        for (uint32_t i = input.offsets[step * batch_size_ + sample]; i < input.offsets[step * batch_size_ + sample + 1]; ++i)
            out_frame[sample * memory.size + input.neurons[i]] = 1.0f;
}

void VulkanExecutor::load_frames(const RunRequest& request, uint32_t done, uint32_t steps, bool repeats) {
    fill_control(request, done, control_.as<uint32_t>());
    for (size_t k = 0; k < request.inputs.size(); ++k) {
        const InputFrames& input = request.inputs[k];
        if (host_buffers_[input.population].input.buffer) continue;
        const size_t frame = populations_[input.population].frame;
        if (input.offsets) {
            for (uint32_t step = 0; step < steps; ++step)
                fill_frame(input, done + step, frames_.as<float>() + frames_begin_[input.population] + step * frame);
            continue;
        }
        for (uint32_t step = 0; step < (input.step_stride == 0 && !repeats ? 1 : steps); ++step) {
            const float* const from = input.data + (done + step) * input.step_stride;
            std::copy(from, from + frame, frames_.as<float>() + frames_begin_[input.population] + step * frame);
        }
    }
}

// ---- Records

bool VulkanExecutor::sums_up(uint32_t population) const {
    return std::find(summed_.begin(), summed_.end(), population) != summed_.end();
}

// Records of kind activity_sum do not need the spikes of single steps, so in a long run the device adds them up.
void VulkanExecutor::prepare_sums(const RunRequest& request) {
    summed_.clear();
    if (request.step_count < steps_to_sum_up) return;
    for (const RecordFrames& record : request.records) {
        if (record.kind != RecordFrames::activity_sum || sums_up(record.population)) continue;
        const PopulationMemory& memory = populations_[record.population];
        if (!memory.is_binary || network().population(record.population).is_input()) continue;
        Range& sums = activity_sums_[record.population];
        if (!sums.buffer) sums = device_.allocate(VkDeviceSize{memory.frame} * 4, Memory::device, "the sums of spikes");
        device_.fill(sums, 0);
        summed_.push_back(record.population);
    }
}

void VulkanExecutor::take_sums(const RunRequest& request) {
    for (const RecordFrames& record : request.records) {
        if (record.kind != RecordFrames::activity_sum || !sums_up(record.population)) continue;
        values_.resize(populations_[record.population].frame);
        device_.download(activity_sums_[record.population], 0, values_.data(), values_.size() * 4);
        for (size_t i = 0; i < values_.size(); ++i) {
            if (record.dtype == DType::float64) static_cast<double*>(record.data)[i] += static_cast<double>(values_[i]);
            else static_cast<float*>(record.data)[i] += values_[i];
        }
    }
}

// Decides what is copied to the host after each step, and records the copies again if that has changed. Returns the most steps
// of a submission.
uint32_t VulkanExecutor::prepare_records(const RunRequest& request, uint32_t steps) {
    wanted_.clear();
    const auto want = [&](uint32_t population, uint32_t state) {
        const PopulationMemory& memory = populations_[population];
        if (network().population(population).is_input() && !host_buffers_[population].input.buffer)
            return;  // the caller has its own inputs
        const uint32_t words = state == all_spikes ? memory.data_words() : memory.frame;
        for (const Recorded& other : wanted_)
            if (other.population == population && other.state == state) return;
        wanted_.push_back({population, state, words, 0});
    };
    for (const RecordFrames& record : request.records) {
        if (record.kind == RecordFrames::activity_sum && sums_up(record.population)) continue;
        want(record.population, record.kind == RecordFrames::state ? record.state_index : all_spikes);
    }
    for (const EventRecord& record : request.events) want(record.population, all_spikes);
    // Both are cleared: commands recorded for one of them do not fit a later run that needs only the other.
    if (wanted_.empty() && summed_.empty()) return recorded_.clear(), summed_before_.clear(), steps;
    VkDeviceSize row_bytes = 0;
    for (const Recorded& recorded : wanted_) row_bytes += VkDeviceSize{recorded.words} * 4;
    const VkDeviceSize gaps = wanted_.size() * device_.alignment();
    if (!wanted_.empty() && (records_.size < row_bytes + gaps || !records_.buffer)) {
        recorded_.clear(), summed_before_.clear();
        device_.release(std::exchange(records_, {}));
        records_ = device_.allocate(std::max(row_bytes + gaps, std::min(records_bytes, device_.storage_range())),
                                    Memory::readback, "the records of a step");
    }
    const auto capacity = static_cast<uint32_t>(
        wanted_.empty() ? most_steps : std::min<VkDeviceSize>((records_.size - gaps) / row_bytes, most_steps));
    VkDeviceSize begin = 0;
    for (Recorded& recorded : wanted_) {
        recorded.begin = begin;
        begin += VkDeviceSize{recorded.words} * capacity * 4;
        begin = (begin + device_.alignment() - 1) / device_.alignment() * device_.alignment();
    }
    record_capacity_ = capacity;
    if (wanted_ != recorded_ || summed_ != summed_before_) {
        recorded_.clear(), summed_before_.clear();  // so that after an error both are recorded again
        for (uint32_t parity = 0; parity < 2; ++parity) record_copies(parity);
        recorded_ = wanted_;
        summed_before_ = summed_;
    }
    return std::min(steps, capacity);
}

Dispatch VulkanExecutor::copy_of(const Recorded& recorded, uint32_t parity) {
    const PopulationMemory& population = populations_[recorded.population];
    const bool of_spikes = recorded.state == all_spikes;
    shader::Record arguments{};
    if (of_spikes) arguments.from = population.activity;
    arguments.begin = of_spikes ? population.activity.data : recorded.state * population.frame;
    arguments.count = recorded.words;
    arguments.position = of_spikes ? shader::RUN_FRAME : shader::RUN_ROW;
    arguments.lag = of_spikes ? 1 : 0;
    Dispatch dispatch;
    dispatch.pipeline = pipelines_.get("record");
    dispatch.set = pipelines_.bind({run_[parity], of_spikes ? population.ring : population.states, {}, {}, {},
                                   records_.part(recorded.begin, VkDeviceSize{recorded.words} * record_capacity_ * 4)});
    dispatch.take(arguments);
    dispatch.groups[0] = std::min((recorded.words + shader::GROUP_SIZE - 1) / shader::GROUP_SIZE, record_groups);
    return dispatch;
}

// Copies the spikes of the step before the one that `run_[parity]` describes. Within a step, the copies run beside its first
// kernels. That saves the barrier that they would need at the end of their own step.
void VulkanExecutor::add_spike_records(Steps& steps, uint32_t parity) {
    for (const Recorded& recorded : wanted_)
        if (recorded.state == all_spikes)
            steps.add(copy_of(recorded, parity), {{resource(recorded.population, of_activity), Use::look_back}});
    for (const uint32_t p : summed_)
        steps.add(spike_copy(run_[parity], p, activity_sums_[p], true, 1), {{resource(p, of_activity), Use::look_back}});
}

void VulkanExecutor::record_copies(uint32_t parity) {
    Steps step = dispatches_[parity];
    Steps last_spikes(device_.is_strict()), states(device_.is_strict());
    add_spike_records(step, parity);
    add_spike_records(last_spikes, parity);
    for (const Recorded& recorded : wanted_)
        if (recorded.state != all_spikes) states.add(copy_of(recorded, parity), {});
    Dispatch advance;
    advance.pipeline = pipelines_.get("advance", {false});
    advance.set = pipelines_.bind({run_[parity], run_[1 - parity]});  // `next` is the position of the step that follows
    advance.take(shader::Advance{0, 0});
    states.add(advance, {});
    const auto record = [&](VkCommandBuffer commands, const Steps& steps) {
        device_.begin(commands, true);
        steps.record(device_, pipelines_.layout(), commands);
        device_.end(commands);
    };
    record(recorded_step_[parity], step);
    record(last_spikes_[parity], last_spikes);
    record(states_[parity], states);
}

void VulkanExecutor::take_records(const RunRequest& request, uint32_t done, uint32_t steps) {
    const auto frame_of = [&](uint32_t population, uint32_t state, uint32_t row) {
        for (const Recorded& recorded : recorded_)
            if (recorded.population == population && recorded.state == state)
                return records_.part(recorded.begin, 0).as<uint32_t>() + size_t{row} * recorded.words;
        return static_cast<uint32_t*>(nullptr);
    };
    // The activity after one step as floats [samples][size]; of inputs, as the caller gave it.
    const auto activity = [&](uint32_t population, uint32_t step) {
        const PopulationMemory& memory = populations_[population];
        values_.resize(memory.frame);
        if (const uint32_t* const bits = frame_of(population, all_spikes, step)) return memory.expand(bits, values_.data());
        for (const InputFrames& input : request.inputs) {
            if (input.population != population) continue;
            if (input.offsets) return fill_frame(input, done + step, values_.data());
            const float* const given = input.data + (done + step) * input.step_stride;
            for (size_t i = 0; i < memory.frame; ++i)
                values_[i] = memory.is_binary ? (given[i] != 0.0f ? 1.0f : 0.0f) : given[i];
        }
    };
    // Calls function(place, value) for the active neurons after one step. Usually few neurons spike, so words without a spike
    // are skipped.
    const auto for_active = [&](uint32_t population, uint32_t step, const auto& function) {
        const PopulationMemory& memory = populations_[population];
        const uint32_t* const bits = frame_of(population, all_spikes, step);
        if (bits && memory.is_binary) return memory.for_spikes(bits, [&](size_t i) { function(i, 1.0f); });
        activity(population, step);
        for (size_t i = 0; i < values_.size(); ++i)
            if (values_[i] != 0.0f) function(i, values_[i]);
    };
    uint32_t row = 0;
    for (uint32_t step = 0; step < steps; ++step) {
        const bool has_row = request.records_after(done + step);
        for (const RecordFrames& record : request.records) {
            if (record.kind == RecordFrames::activity_sum ? sums_up(record.population) : !has_row) continue;
            const size_t frame = populations_[record.population].frame;
            char* const out = static_cast<char*>(record.data) +
                              request.record_row(done + step) * record.step_stride * size_of(record.dtype);
            if (record.kind == RecordFrames::state) {
                const Model& model = *network().population(record.population).model;
                const DType type = model.states[record.state_index].type == ValueType::int_ ? DType::int32 : DType::float32;
                convert(type, frame_of(record.population, record.state_index, row), record.dtype, out, frame);
                continue;
            }
            if (record.kind == RecordFrames::activity) {
                activity(record.population, step);
                convert(DType::float32, values_.data(), record.dtype, out, frame);
                continue;
            }
            for_active(record.population, step, [&](size_t i, float value) {
                if (record.dtype == DType::float64) static_cast<double*>(record.data)[i] += static_cast<double>(value);
                else static_cast<float*>(record.data)[i] += value;
            });
        }
        for (EventRecord& record : request.events) {
            const uint32_t size = populations_[record.population].size;
            for_active(record.population, step, [&](size_t i, float) {
                record.steps[record.count] = record.first_step + done + step;
                record.neurons[record.count] = static_cast<uint32_t>(i % size);
                if (record.samples) record.samples[record.count] = static_cast<uint32_t>(i / size);
                ++record.count;
            });
        }
        row += has_row;
    }
}

}  // namespace snn::vulkan
