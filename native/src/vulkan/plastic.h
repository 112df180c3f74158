// What a plastic projection has on the device beside its synapses: traces, the synapses onto each target, the rule's shaders.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "network/plan.h"
#include "vulkan/device.h"
#include "vulkan/shader_arguments.h"

namespace snn::vulkan {

class PlasticMemory {
public:
    // `delays`: of the projection's synapses, its own included, ascending.
    PlasticMemory(Device& device, const Network& network, const Projection& projection, const PlasticityPlan& plan,
                  std::span<const uint16_t> delays);

    void reset_traces(Device& device);
    // As Slot::pre_traces and its kin have them, at the step that `now` counts; `pre`: of the source's side.
    void read_traces(Device& device, uint64_t now, bool pre, std::vector<float>& out_values, std::vector<int32_t>& out_ages) const;
    void write_values(Device& device, bool pre, std::span<const float> values);
    void write_ages(Device& device, uint64_t now, bool pre, std::span<const int32_t> ages);

    Range traces, incoming;
    bool learns_from_targets;
    shader::Plastic arguments{};  // but `from` and `sums`
    std::vector<uint32_t> arrival_shader, learning_shader;

private:
    VkDeviceSize begin(bool pre) const { return pre ? 0 : VkDeviceSize{arguments.post} * 4; }
    size_t places(bool pre) const { return pre ? arguments.pre_size : arguments.post_size; }

    const PlasticityPlan* plan_;
};

}  // namespace snn::vulkan
