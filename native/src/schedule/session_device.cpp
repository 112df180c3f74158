// What a session shares with a host program that owns its device: memory, and steps in the host's command buffers.
#include <algorithm>
#include <utility>

#include "common/error.h"
#include "schedule/checks.h"
#include "schedule/session.h"

namespace snn {

namespace {

constexpr std::pair<std::string_view, Port> ports[] = {
    {"input", Port::input}, {"states", Port::states}, {"spikes", Port::spikes}, {"spike_count", Port::spike_count}};

}  // namespace

void Session::record(void* commands, uint32_t count) {
    while (count > 0) {
        bool pending = false;
        for (const Input& input : inputs_) pending |= input.clears && input.filled;
        const uint32_t now = pending ? 1 : count;
        executor_->record(request_for(now), commands);
        steps_done_ += now;
        if (pending) clear_spike_inputs();
        count -= now;
    }
}

void Session::submit(const SNNVulkanSubmission& submission, uint32_t count) {
    void* const commands = executor_->begin_submission();
    record(commands, count);
    executor_->submit(commands, submission);
}

DeviceBuffer Session::device_buffer(std::string_view path) const {
    const Variable variable = find_variable(path);
    if (variable.slot.kind != Slot::state || variable.kind != Variable::values)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "'", path, "' is not a state; only states have a buffer to share");
    return executor_->state_buffer(variable.slot.index, variable.slot.sub);
}

void Session::plan(SNNVulkanPlan& out_plan) {
    for (const Input& input : inputs_)
        if (input.clears && input.filled)
            throw Error(SNN_ERROR_STATE, "input '", network_->population(input.population).name,
                        "' was set for one step, and a plan is run for any number; bind a buffer to it");
    executor_->plan(request_for(1), out_plan);
}

void Session::bind_buffer(std::string_view path, const DeviceBuffer* buffer) {
    const size_t dot = std::min(path.find('.'), path.size());
    const Network::Named* const found = network_->find(path.substr(0, dot));
    if (!found || !found->is_population)
        throw Error(SNN_ERROR_NOT_FOUND, "no population is named '", path.substr(0, dot), "' (path '", path, "')");
    const Population& population = network_->population(found->index);
    const std::string_view name = path.substr(std::min(dot + 1, path.size()));
    const auto* const port = std::find_if(std::begin(ports), std::end(ports), [&](const auto& one) { return one.first == name; });
    if (port == std::end(ports))
        throw Error(SNN_ERROR_NOT_FOUND, "path '", path, "' is not one of population.input, population.states, population.spikes "
                    "and population.spike_count");
    if (population.is_input() != (port->second == Port::input))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "'", path, "': population '", population.name, "' is ",
                    population.is_input() ? "an input; of those 'input' is bound" : "not an input");
    uint64_t frames = 1;
    if (port->second == Port::states) frames = population.model->states.size();
    if (frames == 0) throw Error(SNN_ERROR_INVALID_ARGUMENT, "'", path, "': population '", population.name, "' has no states");
    if (port->second == Port::spikes || port->second == Port::spike_count) check_has_activity(population, text("'", path, "'"));
    const uint64_t expected = frames * batch_size_ * population.size * sizeof(float);
    if (buffer && buffer->type != DType::float32)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "buffer->type is ", static_cast<uint32_t>(buffer->type),
                    "; it must be SNN_FLOAT32");
    if (buffer && buffer->size_bytes != expected)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "buffer->size_bytes is ", buffer->size_bytes, "; '", path, "' takes ", expected,
                    " (", port->second == Port::states ? text(frames, " states x ") : std::string(), "batch_size ", batch_size_,
                    " x size ", population.size, " x 4)");
    executor_->bind_buffer(found->index, port->second, buffer);
    if (port->second != Port::input) return;
    Input& input = input_of(found->index);
    input.on_device = buffer != nullptr;
    input.filled = false;
    std::fill(input.values.begin(), input.values.end(), 0.0f);
}

}  // namespace snn
