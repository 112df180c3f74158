// Runs small networks with brains: a workgroup computes all steps of a dispatch for one sample (brains.h).
#include <algorithm>
#include <utility>

#include "vulkan/executor.h"
#include "vulkan/shader_arguments.h"

namespace snn::vulkan {

namespace {

constexpr VkDeviceSize brain_records_bytes = VkDeviceSize{16} << 20;  // for spikes, and as much again for states

// The limit for spikes and for states each, so that one binding reaches both.
VkDeviceSize records_room(const Device& device) { return std::min(brain_records_bytes, device.storage_range() / 2); }

uint32_t held_flag(const RunRequest& request) {
    const bool held = std::all_of(request.inputs.begin(), request.inputs.end(),
                                  [](const InputFrames& input) { return input.step_stride == 0; });
    return held ? shader::BRAINS_HELD : 0;
}

}  // namespace

void VulkanExecutor::open_brains(BrainLayout layout, const Range& memory, const Range& weights) {
    brains_ = std::make_unique<Brains>(Brains::Place{.device = device_,
                                                     .pipelines = pipelines_,
                                                     .plan = *plan_,
                                                     .samples = batch_size_,
                                                     .first_sample = first_sample_,
                                                     .populations = populations_,
                                                     .projections = projections_,
                                                     .host_buffers = host_buffers_,
                                                     .frames = frames_,
                                                     .records = records_,
                                                     .frames_begin = frames_begin_,
                                                     .records_begin = brain_records_begin_},
                                       std::move(layout), memory, weights);
    brain_commands_ = device_.make_commands();
}

bool VulkanExecutor::load_brains() {
    // The spikes of all populations are copied to the host, or none: they take little space. Inputs are copied only if they are
    // read from host buffers; the caller has the others.
    const auto is_recorded = [&](uint32_t p) {
        return populations_[p].has_activity && (!network().population(p).is_input() || host_buffers_[p].input.buffer);
    };
    VkDeviceSize words = 0;
    for (uint32_t p = 0; p < populations_.size(); ++p)
        if (is_recorded(p)) words += populations_[p].data_words();
    const VkDeviceSize fitting = records_room(device_) / 4 / std::max<VkDeviceSize>(words, 1);
    brain_capacity_ = static_cast<uint32_t>(std::clamp<VkDeviceSize>(fitting, 1, most_steps));
    brain_records_begin_.assign(populations_.size(), shader::NOWHERE);
    brain_record_words_ = 0;
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        if (!is_recorded(p)) continue;
        brain_records_begin_[p] = brain_record_words_;
        brain_record_words_ += populations_[p].data_words() * brain_capacity_;
    }
    return brains_->load();
}

void VulkanExecutor::run_brains(const RunRequest& request) {
    const uint32_t rows = prepare_brain_records(request);
    const uint32_t held = held_flag(request), flags = held | (rows > 0 ? shader::BRAINS_RECORDS : 0);
    const uint32_t most = std::min({held ? most_steps : frame_capacity_, brain_capacity_, rows > 0 ? rows : most_steps});
    for (uint32_t done = 0; done < request.step_count;) {
        const uint32_t steps = std::min(most, request.step_count - done);
        load_frames(request, done, steps, !held);
        record_brains_run(request, done, steps, flags);
        submission_.assign(1, brain_commands_);
        run_on_state(submission_);
        is_torn_ = true;
        now_ += steps;
        take_records(request, done, steps);
        done += steps;
    }
    is_torn_ = false;
}

// Decides what is copied to the host and where. Returns the most steps of a submission, 0 if nothing is copied.
uint32_t VulkanExecutor::prepare_brain_records(const RunRequest& request) {
    summed_.clear();  // the host adds up spikes for records of kind activity_sum
    recorded_.clear();
    if (request.records.empty() && request.events.empty()) return 0;
    for (uint32_t p = 0; p < populations_.size(); ++p)
        if (brain_records_begin_[p] != shader::NOWHERE)
            recorded_.push_back(
                {p, all_spikes, populations_[p].data_words(), VkDeviceSize{brain_records_begin_[p]} * 4});
    const size_t first_state = recorded_.size();
    VkDeviceSize row_bytes = 0;
    for (const RecordFrames& record : request.records) {
        if (record.kind != RecordFrames::state) continue;
        recorded_.push_back({record.population, record.state_index, populations_[record.population].frame, row_bytes});
        row_bytes += VkDeviceSize{recorded_.back().words} * 4;
    }
    const VkDeviceSize spike_bytes = VkDeviceSize{brain_record_words_} * 4;
    uint32_t rows = most_steps;
    if (row_bytes > 0) rows = static_cast<uint32_t>(std::clamp<VkDeviceSize>(records_room(device_) / row_bytes, 1, most_steps));
    for (size_t k = first_state; k < recorded_.size(); ++k) recorded_[k].begin = spike_bytes + recorded_[k].begin * rows;
    const VkDeviceSize bytes = spike_bytes + row_bytes * rows;
    if (!records_.buffer || records_.size < bytes) {
        device_.release(std::exchange(records_, {}));
        records_ = device_.allocate(bytes, Memory::readback, "the records of a step");
    }
    return rows;
}

// Records one dispatch, or one for each recorded row of states.
void VulkanExecutor::record_brains_run(const RunRequest& request, uint32_t done, uint32_t steps, uint32_t flags) {
    const bool has_states = !recorded_.empty() && recorded_.back().state != all_spikes;
    VkDeviceSize row = 0;
    device_.begin(brain_commands_, false);
    for (uint32_t at = 0; at < steps;) {
        uint32_t together = steps - at;
        if (has_states)  // up to the next row
            for (together = 1; at + together < steps && !request.records_after(done + at + together - 1);) ++together;
        Dispatch dispatch = brains_->steps(together, flags, request.first_step + done + at, now_ + 1 + at, seed_, at);
        if (flags & shader::BRAINS_HELD && brains_->can_push()) brains_->push(dispatch, request.inputs);
        copy_barrier(device_, brain_commands_);
        record_dispatch(device_, pipelines_.layout(), brain_commands_, dispatch);
        at += together;
        if (!has_states || !request.records_after(done + at - 1)) continue;
        copy_barrier(device_, brain_commands_);
        for (const Recorded& recorded : recorded_) {
            if (recorded.state == all_spikes) continue;
            const VkDeviceSize bytes = VkDeviceSize{recorded.words} * 4;
            const Range& states = populations_[recorded.population].states;
            const VkBufferCopy copy{states.offset + recorded.state * bytes, records_.offset + recorded.begin + row * bytes,
                                    bytes};
            device_.functions.vkCmdCopyBuffer(brain_commands_, states.buffer, records_.buffer, 1, &copy);
        }
        ++row;
    }
    host_barrier(device_, brain_commands_);
    device_.end(brain_commands_);
}

// Small inputs go into the command buffer as push constants. Updating a buffer instead would need two more barriers and take
// longer than the steps themselves.
void VulkanExecutor::record_brains(const RunRequest& request, VkCommandBuffer commands) {
    const bool pushes = brains_->can_push();
    if (is_shared_) after_all_commands_barrier(device_, commands);
    else if (pushes && !is_copied_) kernel_barrier(device_, commands);
    else if (pushes) copies_before_kernels_barrier(device_, commands);
    else copy_barrier(device_, commands);
    if (!pushes) {
        update_frames(request, commands);
        copy_barrier(device_, commands);
    }
    for (uint32_t done = 0; done < request.step_count; done += most_steps) {
        if (done > 0) kernel_barrier(device_, commands);
        Dispatch dispatch = brains_->steps(std::min(most_steps, request.step_count - done), shader::BRAINS_HELD,
                                           request.first_step + done, now_ + 1 + done, seed_);
        if (pushes) brains_->push(dispatch, request.inputs);
        record_dispatch(device_, pipelines_.layout(), commands, dispatch);
    }
    record_last_barrier(commands);
    now_ += request.step_count;
}

// The plan is one step that is the same every time: the shader continues where it stopped last.
void VulkanExecutor::plan_brains(const RunRequest& request) {
    brains_->start_at(now_ + 1, request.first_step);
    dispatches_[0] = Steps(device_.is_strict());
    dispatches_[0].add_level(brains_->steps(1, shader::BRAINS_HELD | shader::BRAINS_GO_ON, 0, 0, seed_));
}

}  // namespace snn::vulkan
