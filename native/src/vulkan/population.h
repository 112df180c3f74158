// What a population has on the device: a ring of activity, sums and states, constants. The layouts are those of
// shaders/arguments.h; everything is in words of 4 bytes, samples one after the other as in canonical order.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/backend.h"
#include "vulkan/device.h"
#include "vulkan/model_shader.h"
#include "vulkan/shader_arguments.h"

namespace snn::vulkan {

struct PopulationMemory {
    // `keeps_list`: some projection is driven by the list of its spikes.
    PopulationMemory(Device& device, const Population& population, const PopulationPlan& plan, uint32_t samples, bool keeps_list);

    // Takes new constants; true where the shader or its bindings have changed.
    bool set_constants(Device& device, const Population& population, const PopulationConstants& constants);

    // The slot of the ring for the step `lag` before `now`: its offset in bytes.
    VkDeviceSize slot(uint64_t now, uint32_t lag) const {
        return VkDeviceSize{(static_cast<uint32_t>(now) - lag) & activity.ring_mask} * activity.slot_size * 4;
    }
    uint32_t data_words() const { return samples * activity.width; }  // of a slot: bits or values
    // Bits or values of a slot as floats [samples][size], and a whole slot made of such floats.
    void expand(const uint32_t* data, float* out_values) const;
    std::vector<uint32_t> make_slot(const float* values) const;

    const char* name;
    uint32_t samples, size, frame;  // frame: samples * size
    bool is_binary, has_activity;
    std::vector<std::vector<double>> initial_states;  // as PopulationConstants has them
    shader::Activity activity{};
    Range ring;
    // neurons only
    Range sums, fixed_sums;  // [receptor][frame]; float, int32 where a receptor is in fixed point
    Range states, constants;
    Range own_states;  // `states`, unless those are bound to a buffer of the host program
    VkDeviceSize states_bytes() const { return VkDeviceSize{state_count} * frame * 4; }
    uint32_t state_count = 0;
    uint32_t scales = 0, poisson = 0, shared_constants = 0, own_constants = 0;  // in `constants`
    ConstantPlaces places;  // of the constants, as the shader was made for them
    std::vector<uint32_t> shader;

private:
    std::vector<float> receptor_scales_;
};

}  // namespace snn::vulkan
