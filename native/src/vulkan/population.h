// What a population has on the device: a ring of activity, sums and states, constants. The layouts are those of
// shaders/arguments.h; everything is in words of 4 bytes, samples one after the other as in canonical order.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "backend/backend.h"
#include "vulkan/device.h"
#include "vulkan/model_shader.h"
#include "vulkan/shader_arguments.h"

namespace snn::vulkan {

struct PopulationMemory {
    // `keeps_list`: some projection is driven by the list of its spikes.
    PopulationMemory(Device& device, const Population& population, const PopulationPlan& plan, uint32_t samples,
                     bool keeps_list);

    // What one takes on the device.
    static VkDeviceSize bytes(const Device& device, const Population& population, const PopulationPlan& plan, uint32_t samples);

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
    // Calls function(place) for each spike among the bits of a slot; places count samples and neurons together, ascending.
    template <class Function>
    void for_spikes(const uint32_t* bits, const Function& function) const {
        for (uint32_t sample = 0; sample < samples; ++sample)
            for (uint32_t word = 0; word < activity.width; ++word)
                for (uint32_t left = *bits++; left != 0; left &= left - 1)
                    function(size_t{sample} * size + word * 32 + static_cast<uint32_t>(std::countr_zero(left)));
    }

    const char* name;
    uint32_t samples, size, frame;  // frame: samples * size
    bool is_binary, has_activity;
    std::vector<std::vector<double>> initial_states;  // as PopulationConstants has them
    shader::Activity activity{};
    Range ring;
    // neurons only
    Range sums;              // [receptor][frame], floats
    // Integer sums of several populations, [sample][receptor][population][size], so that those of one receptor lie close
    // together: where this one's begin, and from one receptor and from one sample to the next. The executor lays them out.
    Range fixed_sums;
    uint32_t fixed_receptors = 0;  // 0: there are none
    uint32_t first_fixed_sum = 0, fixed_receptor_stride = 0, fixed_stride = 0;
    uint32_t float_sums = 0;                                          // bit k: receptor k has float sums
    Range states, constants;
    Range own_states;  // `states`, unless those are bound to a buffer of the host program
    bool states_are_of_host() const { return states.buffer != own_states.buffer || states.offset != own_states.offset; }
    VkDeviceSize states_bytes() const { return VkDeviceSize{state_count} * frame * 4; }
    uint32_t state_count = 0;
    uint32_t scales = 0, poisson = 0, shared_constants = 0, own_constants = 0;  // in `constants`
    ConstantPlaces places;  // of the constants, as the shader was made for them
    std::vector<uint32_t> shader;

private:
    std::vector<float> receptor_scales_;
};

}  // namespace snn::vulkan
