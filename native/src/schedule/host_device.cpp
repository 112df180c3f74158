#include "schedule/host_device.h"

#include <algorithm>
#include <utility>

#include "common/error.h"
#include "schedule/checks.h"

namespace snn {

namespace {

constexpr uint32_t most_readback_frames = 64;

constexpr std::pair<std::string_view, Port> ports[] = {
    {"input", Port::input}, {"states", Port::states}, {"spikes", Port::spikes}, {"spike_count", Port::spike_count}};

}  // namespace

SharedDevice& HostDevice::shared() const {
    if (SharedDevice* const shared = open_.executor().shared_device()) return *shared;
    throw Error(SNN_ERROR_UNSUPPORTED,
                "the session is not on a Vulkan device: it has no buffers there and records no commands");
}

void HostDevice::record(void* commands, uint32_t count) {
    record_steps(shared(), commands, count);
    count_recorded(count);
}

// What the device refuses has not been: the step count is as before, and spikes are still set for the step to come.
void HostDevice::submit(const SNNVulkanSubmission& submission, uint32_t count) {
    SharedDevice& device = shared();
    void* const commands = device.begin_submission();
    try {
        record_steps(device, commands, count);
        device.submit(commands, submission);
    } catch (...) {
        device.cancel_submission();
        throw;
    }
    count_recorded(count);
}

// Spikes that were set are there in the first step only. Nothing of the session changes.
void HostDevice::record_steps(SharedDevice& device, void* commands, uint32_t count) {
    if (count == 0) return;
    const bool pending = inputs_.first_pending().has_value();
    RunRequest request = state_.next_request(pending ? 1 : count);
    device.record(request, commands);
    if (!pending || count == 1) return;
    request.inputs = inputs_.held_without_spikes();
    ++request.first_step;
    request.step_count = count - 1;
    device.record(request, commands);
}

void HostDevice::count_recorded(uint32_t count) {
    state_.progress().steps += count;
    if (count > 0) inputs_.clear_spikes();
}

void HostDevice::set_readback(std::span<const char* const> paths, uint32_t frame_count) {
    if (!paths.empty() && (frame_count == 0 || frame_count > most_readback_frames))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "frame_count is ", frame_count, "; it is 1 to ", most_readback_frames);
    std::vector<Readable> values;
    std::vector<ReadbackValue> described;
    for (size_t i = 0; i < paths.size(); ++i) {
        if (!paths[i]) throw Error(SNN_ERROR_INVALID_ARGUMENT, "paths[", i, "] is null");
        values.push_back(find_readable(paths[i], text("paths[", i, "]")));
        const Slot& slot = values.back().slot;
        described.push_back({paths[i], size_t{open_.batch_size()} * network_.population(slot.index).size});
    }
    const std::string slower = shared().set_readback(values, frame_count);
    readback_values_ = std::move(described);
    if (!slower.empty()) listeners_.log(SNN_LOG_INFORMATION, text("spike counts are read back: ", slower).c_str());
}

Readable HostDevice::find_readable(std::string_view path, const std::string& place) const {
    const size_t dot = std::min(path.find('.'), path.size());
    const Network::Named* const named = network_.find(path.substr(0, dot));
    if (named && named->is_population && path.substr(dot) == ".spike_count") {
        const Population& population = network_.population(named->index);
        if (population.is_input())
            throw Error(SNN_ERROR_INVALID_ARGUMENT, place, " is '", path, "'; population '", population.name,
                        "' is an input, whose spikes are not counted");
        check_has_activity(population, text(place, " is '", path, "'"));
        for (const BoundBuffer& bound : bound_buffers_)
            if (bound.path == path)
                throw Error(SNN_ERROR_STATE, place, ": '", path, "' is bound to a buffer of the program, which has the count");
        return {{Slot::activity, named->index}, true};
    }
    const SessionVariable variable = variables_.find(path);
    if (variable.kind != SessionVariable::values || (variable.slot.kind != Slot::state && variable.slot.kind != Slot::activity))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, place, " is '", path,
                    "'; states (\"population.state\"), \"population.spikes\" ", "and \"population.spike_count\" are read back");
    return {variable.slot};
}

void HostDevice::record_readback(uint64_t frame, void* commands) {
    if (readback_values_.empty()) throw Error(SNN_ERROR_STATE, "nothing is read back; what is has to be set first");
    open_.check_state();
    shared().record_readback(frame, commands);
}

bool HostDevice::read_back(std::string_view path, uint64_t finished_frame, uint32_t dtype, void* out_data, size_t count,
                           uint64_t& out_frame) const {
    const auto found = std::find_if(readback_values_.begin(), readback_values_.end(),
                                    [&](const ReadbackValue& value) { return value.path == path; });
    if (found == readback_values_.end())
        throw Error(SNN_ERROR_NOT_FOUND, "'", path, "' is not read back; what is has to be set first");
    const DType type = checked_dtype(dtype);
    if (!out_data) throw Error(SNN_ERROR_INVALID_ARGUMENT, "out_data is null");
    if (count != found->count)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "'", path, "' has ", found->count, " values, count is ", count);
    return shared().read_back(static_cast<size_t>(found - readback_values_.begin()), finished_frame, type, out_data,
                                     out_frame);
}

DeviceBuffer HostDevice::buffer(std::string_view path) const {
    const SessionVariable variable = variables_.find(path);
    if (variable.slot.kind != Slot::state || variable.kind != SessionVariable::values)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "'", path, "' is not a state; only states have a buffer to share");
    return shared().state_buffer(variable.slot.index, variable.slot.sub);
}

void HostDevice::plan(SNNVulkanPlan& out_plan) {
    if (const std::optional<uint32_t> input = inputs_.first_pending())
        throw Error(SNN_ERROR_STATE, "input '", network_.population(*input).name,
                    "' was set for one step, and a plan is run for any number; bind a buffer to it");
    shared().plan(state_.next_request(1), out_plan);
}

// What two names share, two kernels of a step would read and write side by side.
void HostDevice::check_is_free(const DeviceBuffer& buffer, std::string_view path) const {
    for (const auto& [name, bound] : bound_buffers_) {
        if (name == path || bound.buffer != buffer.buffer) continue;
        const bool is_before = bound.offset_bytes < buffer.offset_bytes;
        const DeviceBuffer &first = is_before ? bound : buffer, &second = is_before ? buffer : bound;
        if (second.offset_bytes - first.offset_bytes < first.size_bytes)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "'", path, "': bytes ", bound.offset_bytes, " to ",
                        bound.offset_bytes + bound.size_bytes, " of this VkBuffer are bound to '", name,
                        "' already; a range is bound to one name");
    }
}

void HostDevice::bind_buffer(std::string_view path, const DeviceBuffer* buffer) {
    const size_t dot = std::min(path.find('.'), path.size());
    const Network::Named* const found = network_.find(path.substr(0, dot));
    if (!found || !found->is_population)
        throw Error(SNN_ERROR_NOT_FOUND, "no population is named '", path.substr(0, dot), "' (path '", path, "')");
    const Population& population = network_.population(found->index);
    const std::string_view name = path.substr(std::min(dot + 1, path.size()));
    const auto* const port =
        std::find_if(std::begin(ports), std::end(ports), [&](const auto& one) { return one.first == name; });
    if (port == std::end(ports))
        throw Error(SNN_ERROR_NOT_FOUND, "path '", path,
                    "' is not one of population.input, population.states, population.spikes "
                    "and population.spike_count");
    if (population.is_input() != (port->second == Port::input))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "'", path, "': population '", population.name, "' is ",
                    population.is_input() ? "an input; of those 'input' is bound" : "not an input");
    uint64_t frames = 1;
    if (port->second == Port::states) frames = population.model->states.size();
    if (frames == 0) throw Error(SNN_ERROR_INVALID_ARGUMENT, "'", path, "': population '", population.name, "' has no states");
    if (port->second == Port::spikes || port->second == Port::spike_count) check_has_activity(population, text("'", path, "'"));
    const uint64_t expected = frames * open_.batch_size() * population.size * sizeof(float);
    if (buffer && buffer->type != DType::float32)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "buffer->type is ", static_cast<uint32_t>(buffer->type),
                    "; it must be SNN_FLOAT32");
    if (buffer && buffer->size_bytes != expected)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "buffer->size_bytes is ", buffer->size_bytes, "; '", path, "' takes ", expected,
                    " (", port->second == Port::states ? text(frames, " states x ") : std::string(), "batch_size ",
                    open_.batch_size(), " x size ", population.size, " x 4)");
    if (buffer) check_is_free(*buffer, path);
    const auto is_read_back = [&](const ReadbackValue& value) { return value.path == path; };
    if (port->second == Port::spike_count && std::any_of(readback_values_.begin(), readback_values_.end(), is_read_back))
        throw Error(SNN_ERROR_STATE, "'", path, "' is read back; it is counted in one place");
    // Nothing may throw between the device's binding and the session's.
    std::string own_path(path);
    bound_buffers_.reserve(bound_buffers_.size() + 1);
    const std::string slower = shared().bind_buffer(found->index, port->second, buffer);
    const auto known = std::find_if(bound_buffers_.begin(), bound_buffers_.end(),
                                    [&](const BoundBuffer& bound) { return bound.path == path; });
    if (known == bound_buffers_.end() && buffer) bound_buffers_.push_back({std::move(own_path), *buffer});
    else if (buffer) known->buffer = *buffer;
    else if (known != bound_buffers_.end()) bound_buffers_.erase(known);
    if (port->second == Port::input) inputs_.set_on_device(found->index, buffer != nullptr);
    if (!slower.empty())
        listeners_.log(SNN_LOG_INFORMATION, text("'", path, "' was ", buffer ? "bound" : "let go of", ": ", slower).c_str());
}

}  // namespace snn
