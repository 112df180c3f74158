// The device memory of a population: ring of activity, sums, states and constants. shaders/arguments.h defines the layouts.
// Everything is in words of 4 bytes, and samples follow each other as in canonical order.
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
    // `keeps_list`: each slot also has a list of spikes, for deliveries that go through spikes instead of sources.
    PopulationMemory(Device& device, const Population& population, const PopulationPlan& plan, uint32_t samples,
                     bool keeps_list);

    // Device memory that a population without integer sums and lists takes, with alignment.
    static VkDeviceSize bytes(const Device& device, const Population& population, const PopulationPlan& plan, uint32_t samples);

    // Sets new constants. Returns whether the shader or its bindings have changed.
    bool set_constants(Device& device, const Population& population, const PopulationConstants& constants);

    // The slot of the ring for the step `lag` before `now`: its offset in bytes.
    VkDeviceSize slot(uint64_t now, uint32_t lag) const {
        return VkDeviceSize{(static_cast<uint32_t>(now) - lag) & activity.ring_mask} * activity.slot_size * 4;
    }
    uint32_t data_words() const { return samples * activity.width; }  // bits or values of a slot
    // Converts bits or values of a slot to floats [samples][size]; make_slot() makes a whole slot from such floats.
    void expand(const uint32_t* data, float* out_values) const;
    std::vector<uint32_t> make_slot(const float* values) const;
    // Calls function(place) for each spike in the bits of a slot, in ascending order. A place is sample * size + neuron.
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
    std::vector<std::vector<double>> initial_states;  // as in PopulationConstants
    shader::Activity activity{};
    Range ring;
    // neurons only
    Range sums;              // [receptor][frame], floats
    // Integer sums of several populations, [sample][receptor][population][size], so that the sums of one receptor lie close
    // together. The executor lays them out and sets this population's offset and strides.
    Range fixed_sums;
    uint32_t fixed_receptors = 0;  // 0: the population has no integer sums
    uint32_t first_fixed_sum = 0, fixed_receptor_stride = 0, fixed_stride = 0;
    uint32_t float_sums = 0;                                          // bit k: receptor k has float sums
    Range states, constants;
    Range own_states;  // the session's memory; `states` differs if a buffer of the host program is bound
    bool states_are_of_host() const { return states.buffer != own_states.buffer || states.offset != own_states.offset; }
    VkDeviceSize states_bytes() const { return VkDeviceSize{state_count} * frame * 4; }
    uint32_t state_count = 0;
    uint32_t scales = 0, poisson = 0, shared_constants = 0, own_constants = 0;  // offsets in `constants`, in words
    ConstantPlaces places;  // for which `shader` was made
    std::vector<uint32_t> shader;

private:
    std::vector<float> receptor_scales_;
};

}  // namespace snn::vulkan
