// What a plastic projection has on the device beside its synapses: traces, the synapses onto each target, the rule's shaders
// and constants.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "network/plan.h"
#include "vulkan/device.h"
#include "vulkan/projection.h"
#include "vulkan/shader_arguments.h"

namespace snn::vulkan {

class PlasticMemory {
public:
    PlasticMemory(Device& device, const Network& network, const Projection& projection,
                  std::shared_ptr<const PlasticityPlan> plan, const ProjectionMemory& memory);

    // Parameters from now on. Gives whether `traces` or `arguments` are others than before.
    bool set_plan(Device& device, std::shared_ptr<const PlasticityPlan> plan);
    void reset_traces(Device& device);
    // As the backend's slots have them, at the step that `now` counts; `side`: Slot::pre_traces, post_traces or synapse_traces.
    void read_traces(Device& device, uint64_t now, Slot::Kind side, std::vector<float>& out_values,
                     std::vector<int32_t>& out_ages) const;
    void write_values(Device& device, Slot::Kind side, std::span<const float> values);
    void write_ages(Device& device, uint64_t now, Slot::Kind side, std::span<const int32_t> ages);

    Range traces, incoming;
    bool learns_from_targets;
    uint32_t target_state_count;  // that its events read
    shader::PlasticTarget target_arguments{};
    shader::Plastic arguments{};  // but `from`, `first_sum` and `signal`
    std::vector<uint32_t> arrival_shader, learning_shader, signal_shader;

private:
    // Steps of the last events, then the values.
    struct Side {
        Range steps, values;
        size_t places;
    };
    Side side_of(Slot::Kind side) const;
    void index_targets(Device& device, const Network& network, const Projection& projection, std::span<const uint16_t> delays);

    std::shared_ptr<const PlasticityPlan> plan_;
    std::string name_;  // of the projection
    Range own_;         // traces of synapses
};

}  // namespace snn::vulkan
