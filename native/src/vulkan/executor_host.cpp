// Sharing with a host program: recording into its command buffers, binding its buffers, and the step as data.
#include <algorithm>
#include <map>
#include <utility>

#include "backend/slots.h"
#include "common/error.h"
#include "vulkan/executor.h"
#include "vulkan/shader_arguments.h"

namespace snn::vulkan {

void VulkanExecutor::check_not_on_paper() const {
    if (device_.is_on_paper())
        throw Error(SNN_ERROR_UNSUPPORTED,
                    "the device \"vulkan:plan\" runs nothing: a program asks for the plan of a step and runs it itself");
}

void VulkanExecutor::update(VkCommandBuffer commands, const Range& range, VkDeviceSize offset, const void* data,
                            VkDeviceSize bytes) {
    constexpr VkDeviceSize most = 65536;  // bytes of one vkCmdUpdateBuffer
    for (VkDeviceSize done = 0; done < bytes; done += most)
        device_.functions.vkCmdUpdateBuffer(commands, range.buffer, range.offset + offset + done, std::min(most, bytes - done),
                                            static_cast<const char*>(data) + done);
}

void VulkanExecutor::update_frames(const RunRequest& request, VkCommandBuffer commands) {
    for (const InputFrames& input : request.inputs)
        if (!host_buffers_[input.population].input.buffer)
            update(commands, frames_, VkDeviceSize{frames_begin_[input.population]} * 4, input.data,
                   VkDeviceSize{populations_[input.population].frame} * 4);
}

// Inputs and control words are copied into the command buffer. The memory that run() uses for them may still be read by steps
// that were recorded earlier and have not run yet.
void VulkanExecutor::record(const RunRequest& request, void* host_commands) {
    check_not_on_paper();
    const auto commands = static_cast<VkCommandBuffer>(host_commands);
    prepare_step();
    settle();
    const Device::Label label(device_, commands, "snn steps");
    pipelines_.count_recording();
    if (uses_brains_) return record_brains(request, commands);
    if (is_shared_) after_all_commands_barrier(device_, commands);
    else copy_barrier(device_, commands);
    words_.resize(normal_table_at_);
    fill_control(request, 0, words_.data());
    update(commands, run_[0], 0, words_.data(), words_.size() * 4);
    update_frames(request, commands);
    copy_barrier(device_, commands);
    for (uint32_t step = 0; step < request.step_count; ++step)
        dispatches_[step % 2].record(device_, pipelines_.layout(), commands);
    record_last_barrier(commands);
    now_ += request.step_count;
}

// Without sharing, no barrier is needed here: everything recorded or run later begins with its own barrier, and the device
// makes writes visible before the host reads in place (write_unseen()).
void VulkanExecutor::record_last_barrier(VkCommandBuffer commands) const {
    if (is_shared_) all_commands_barrier(device_, commands);
    else device_.write_unseen();
}

void* VulkanExecutor::begin_submission() {
    check_not_on_paper();
    now_before_submission_ = now_;
    return device_.begin_submission();
}

void VulkanExecutor::submit(void* commands, const SNNVulkanSubmission& submission) {
    device_.submit(static_cast<VkCommandBuffer>(commands), submission);
}

void VulkanExecutor::cancel_submission() {
    now_ = now_before_submission_;
    device_.cancel_submission();
}

void VulkanExecutor::handles(SNNVulkanDevice& out_device) {
    check_not_on_paper();
    out_device = device_.handles();
}

DeviceBuffer VulkanExecutor::state_buffer(uint32_t population, uint32_t state) const {
    const PopulationMemory& memory = populations_[population];
    const bool whole = network().population(population).model->states[state].type == ValueType::int_;
    const VkDeviceSize bytes = VkDeviceSize{memory.frame} * 4;
    is_shared_ = true;
    // A VkBuffer is a pointer or a number, as the platform has it.
    const uint64_t buffer = (uint64_t)memory.states.buffer - (device_.is_on_paper() ? 1 : 0);  // a plan's begin at 0
    const Range values = memory.states.part(state * bytes, bytes);
    return {whole ? DType::int32 : DType::float32, buffer, values.offset, bytes, values.mapped,
            values.mapped != nullptr && device_.is_cached()};
}

std::string VulkanExecutor::bind_buffer(uint32_t p, Port port, const DeviceBuffer* buffer) {
    PopulationMemory& population = populations_[p];
    // Commands that the program has recorded before may run after this call, so their writes stay unseen by the host.
    const struct Unseen {
        Device& device;
        bool is_any = device.has_unseen_writes();
        ~Unseen() {
            if (is_any) device.write_unseen();
        }
    } unseen{device_};
    const HostBuffers bound_before = host_buffers_[p];
    const Range states_before = population.states;
    Range range;
    if (buffer) {
        is_shared_ = true;
        // A VkBuffer is a pointer or a number, as the platform has it.
        range = {(VkBuffer)buffer->buffer, buffer->offset_bytes, buffer->size_bytes, nullptr};
        device_.check_foreign(range);
        if (device_.is_on_paper()) range = device_.paper_buffer_of_host(buffer->buffer, range.offset, range.size);
    } else if (port == Port::states) {
        range = population.own_states;
    }
    Range& bound = port == Port::input    ? host_buffers_[p].input
                   : port == Port::spikes ? host_buffers_[p].spikes
                   : port == Port::states ? population.states
                                          : host_buffers_[p].spike_count;
    if (range.buffer == bound.buffer && range.offset == bound.offset)
        return {};  // nothing changes: a bound buffer stays alive, so the same handle is the same buffer
    if (port == Port::states) {
        std::vector<uint32_t> words(population.states_bytes() / 4);
        device_.download(population.states, 0, words.data(), population.states_bytes());
        device_.upload(range, 0, words.data(), population.states_bytes());
    }
    const VkBuffer own = port == Port::states ? population.own_states.buffer : VK_NULL_HANDLE;
    for (const VkBuffer changed : {bound.buffer, range.buffer})
        if (changed != own) pipelines_.forget(changed);
    bound = range;
    const bool were_one_dispatch = uses_brains_;
    try {
        change_step();
    } catch (...) {  // samples with their own weights cannot run without brains
        host_buffers_[p] = bound_before;
        population.states = states_before;
        change_step();
        throw;
    }
    return why_several_dispatches(were_one_dispatch);
}

std::string VulkanExecutor::why_several_dispatches(bool were_one) const {
    if (!were_one || uses_brains_) return {};
    return text("steps are several dispatches from now on, where they were one: ", brains_->out_of_reach());
}

// ---- Reading back without waiting

std::string VulkanExecutor::set_readback(std::span<const Readable> values, uint32_t frame_count) {
    check_not_on_paper();
    std::vector<VkDeviceSize> sizes;
    for (const Readable& value : values) {
        const PopulationMemory& memory = populations_[value.slot.index];
        sizes.push_back(VkDeviceSize{value.counts || value.slot.kind == Slot::state ? memory.frame : memory.data_words()} * 4);
    }
    // Memory of the previous readback is reused if it is large enough.
    auto made = values.empty() ? nullptr : std::make_unique<Readback>(device_, sizes, frame_count, readback_memory_);
    std::vector<Readable> made_values(values.begin(), values.end());
    is_copied_ |= made != nullptr;
    std::string slower;
    try {
        slower = count_spikes(values);
    } catch (...) {
        if (made && made->memory() != readback_memory_) device_.release(made->memory());
        throw;
    }
    if (made && made->memory() != readback_memory_) device_.release(std::exchange(readback_memory_, made->memory()));
    readback_ = std::move(made);
    readback_values_ = std::move(made_values);
    return slower;
}

// Spike counts for a readback use the same mechanism as a host buffer bound to "spike_count". Populations that are counted here
// have no such buffer.
std::string VulkanExecutor::count_spikes(std::span<const Readable> values) {
    std::vector<uint32_t> counted;
    VkDeviceSize bytes = 0;
    const auto bytes_of = [&](uint32_t p) {
        return (VkDeviceSize{populations_[p].frame} * 4 + device_.alignment() - 1) / device_.alignment() * device_.alignment();
    };
    for (const Readable& value : values) {
        if (!value.counts || std::find(counted.begin(), counted.end(), value.slot.index) != counted.end()) continue;
        counted.push_back(value.slot.index);
        bytes += bytes_of(value.slot.index);
    }
    const Range counts_before = counts_;
    if (bytes > 0 && (!counts_.buffer || counts_.size < bytes))
        counts_ = device_.allocate(bytes, Memory::device, "counts of spikes");
    try {
        if (bytes > 0) device_.fill(counts_, 0);
    } catch (...) {
        if (counts_ != counts_before) device_.release(std::exchange(counts_, counts_before));
        throw;
    }
    if (counted.empty() && counted_.empty()) return {};
    const std::vector<HostBuffers> before = host_buffers_;
    for (const uint32_t p : counted_) host_buffers_[p].spike_count = {}, host_buffers_[p].counts_are_own = false;
    VkDeviceSize begin = 0;
    for (const uint32_t p : counted) {
        host_buffers_[p].spike_count = counts_.part(begin, VkDeviceSize{populations_[p].frame} * 4);
        host_buffers_[p].counts_are_own = true;
        begin += bytes_of(p);
    }
    const bool were_one_dispatch = uses_brains_;
    try {
        change_step();
    } catch (...) {  // as in bind_buffer()
        host_buffers_ = before;
        if (counts_ != counts_before) device_.release(std::exchange(counts_, counts_before));
        change_step();
        throw;
    }
    if (counts_ != counts_before) device_.release(counts_before);
    counted_ = std::move(counted);
    return why_several_dispatches(were_one_dispatch);
}

void VulkanExecutor::record_readback(uint64_t frame, void* host_commands) {
    device_.check_not_lost();
    check_whole();
    settle();
    if (!readback_) return;
    const auto commands = static_cast<VkCommandBuffer>(host_commands);
    const Device::Label label(device_, commands, "snn readback");
    std::vector<Range>& ranges = readback_ranges_;
    ranges.clear();
    for (const auto& [slot, counts] : readback_values_) {
        const PopulationMemory& memory = populations_[slot.index];
        const VkDeviceSize bytes = VkDeviceSize{memory.frame} * 4;
        ranges.push_back(counts ? host_buffers_[slot.index].spike_count
                         : slot.kind == Slot::state
                             ? memory.states.part(slot.sub * bytes, bytes)
                             : memory.ring.part(memory.slot(now_, 0) + VkDeviceSize{memory.activity.data} * 4,
                                                VkDeviceSize{memory.data_words()} * 4));
    }
    readback_->record(commands, frame, ranges);
    if (counted_.empty()) return;
    copy_barrier(device_, commands);
    device_.functions.vkCmdFillBuffer(commands, counts_.buffer, counts_.offset, counts_.size, 0);
    device_.write_unseen();  // if buffers are shared, this fill comes after the barrier at the end of the steps
}

bool VulkanExecutor::read_back(size_t place, uint64_t finished_frame, DType dtype, void* out_data, uint64_t& out_frame) const {
    const uint32_t* const words = readback_ ? readback_->find(place, finished_frame, out_frame) : nullptr;
    if (!words) return false;
    const auto& [slot, counts] = readback_values_[place];
    const PopulationMemory& memory = populations_[slot.index];
    if (counts || slot.kind == Slot::state) {
        const bool whole = !counts && network().population(slot.index).model->states[slot.sub].type == ValueType::int_;
        convert(whole ? DType::int32 : DType::float32, words, dtype, out_data, memory.frame);
        return true;
    }
    values_.resize(memory.frame);
    memory.expand(words, values_.data());
    convert(DType::float32, values_.data(), dtype, out_data, values_.size());
    return true;
}

// ---- The step as data

void VulkanExecutor::plan(const RunRequest& request, SNNVulkanPlan& out_plan) {
    if (!device_.is_on_paper())
        throw Error(SNN_ERROR_UNSUPPORTED, "the session is on a device; a plan is made of one whose device is \"vulkan:plan\"");
    prepare_step();
    if (uses_brains_) plan_brains(request);
    words_.resize(normal_table_at_);
    fill_control(request, 0, words_.data());
    device_.upload(run_[0], 0, words_.data(), words_.size() * 4);
    for (size_t k = 0; k < request.inputs.size(); ++k)
        device_.upload(frames_, VkDeviceSize{frames_begin_[request.inputs[k].population]} * 4, request.inputs[k].data,
                       VkDeviceSize{populations_[request.inputs[k].population].frame} * 4);
    std::vector<const Pipelines::ShaderAndConstants*> made_of(pipelines_.pipelines().size());
    for (const auto& [shader, pipeline] : pipelines_.pipelines()) made_of[(uint64_t)pipeline - 1] = &shader;
    plan_shaders_.clear();
    std::map<VkPipeline, uint32_t> shader_of;  // only pipelines that the present step uses
    plan_buffers_.clear();
    for (const Device::PaperBuffer& buffer : device_.paper_buffers())
        plan_buffers_.push_back({buffer.words.size() * 4, buffer.words.data(), buffer.host_buffer});
    std::vector<const Pipelines::BoundRanges*> sets(pipelines_.sets().size());
    for (const auto& [ranges, set] : pipelines_.sets()) sets[(uint64_t)set - 1] = &ranges;
    plan_dispatches_.clear();
    for (const std::vector<Dispatch>& level : dispatches_[0].levels())
        for (const Dispatch& dispatch : level) {
            SNNVulkanPlanDispatch out{};
            const auto [shader, is_new] = shader_of.try_emplace(dispatch.pipeline, static_cast<uint32_t>(plan_shaders_.size()));
            out.shader = shader->second;
            if (is_new) {
                const auto& [spirv, constants] = *made_of[(uint64_t)dispatch.pipeline - 1];
                plan_shaders_.push_back({spirv.data(), spirv.size(), constants.data(), constants.size()});
            }
            out.barrier = &dispatch == &level.front();
            std::copy(dispatch.groups, dispatch.groups + 3, out.groups);
            out.push_bytes = dispatch.push_bytes;
            std::copy(dispatch.push, dispatch.push + dispatch.push_bytes / 4, out.push);
            const Pipelines::BoundRanges& ranges = *sets[(uint64_t)dispatch.set - 1];
            for (uint32_t i = 0; i < binding_count; ++i)
                out.bindings[i] = {static_cast<uint32_t>(ranges[3 * i] - 1), 0, ranges[3 * i + 1], ranges[3 * i + 2]};
            out.indirect_buffer = SNN_VULKAN_NO_BUFFER;
            plan_dispatches_.push_back(out);
        }
    out_plan.shader_count = static_cast<uint32_t>(plan_shaders_.size());
    out_plan.buffer_count = static_cast<uint32_t>(plan_buffers_.size());
    out_plan.dispatch_count = static_cast<uint32_t>(plan_dispatches_.size());
    out_plan.shaders = plan_shaders_.data();
    out_plan.buffers = plan_buffers_.data();
    out_plan.dispatches = plan_dispatches_.data();
}

}  // namespace snn::vulkan
