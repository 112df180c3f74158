#include "vulkan/population.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "common/error.h"
#include "vulkan/constants.h"

namespace snn::vulkan {

PopulationMemory::PopulationMemory(Device& device, const Population& population, const PopulationPlan& plan,
                                   uint32_t sample_count, bool keeps_list)
    : name(population.name.c_str()),
      samples(sample_count),
      size(population.size),
      frame(0),
      is_binary(population.is_binary()),
      has_activity(population.is_input() || population.is_binary()) {
    const uint64_t values = uint64_t{samples} * size;
    if (values > UINT32_MAX / 64)
        throw Error(SNN_ERROR_UNSUPPORTED, "population '", name, "' has ", size, " neurons in ", samples,
                    " samples; the device \"vulkan\" takes at most ", UINT32_MAX / 64, " together");
    frame = static_cast<uint32_t>(values);
    activity.size = size;
    if (has_activity) {
        // Two slots more than delays look back: one for the present step, and one for the next step's spike count.
        const uint32_t slots = std::bit_ceil(plan.history_depth + 2);
        activity.ring_mask = slots - 1;
        activity.data = samples;
        activity.width = is_binary ? (size + 31) / 32 : size;
        activity.list = keeps_list ? samples + samples * activity.width : shader::NOWHERE;
        activity.slot_size = samples + samples * activity.width + (keeps_list ? frame : 0);
        ring = device.allocate(VkDeviceSize{slots} * activity.slot_size * 4, Memory::device,
                               text("the activity of population '", name, "'"));
    }
    if (!population.model) return;
    const Model& model = *population.model;
    const auto receptors = static_cast<uint32_t>(model.receptors.size());
    bool any_fixed = false;
    for (uint32_t r = 0; r < receptors; ++r) {
        any_fixed |= plan.receptor_is_fixed[r] != 0;
        receptor_scales_.push_back(plan.receptor_is_fixed[r] ? std::ldexp(1.0f, -plan.receptor_exponent[r]) : 0.0f);
    }
    const auto allocate = [&](size_t frames, const char* what) {
        return device.allocate(VkDeviceSize{frames} * frame * 4, Memory::device,
                               text("the ", what, " of population '", name, "'"));
    };
    sums = allocate(receptors, "sums");
    if (any_fixed) fixed_receptors = receptors;
    state_count = static_cast<uint32_t>(model.states.size());
    states = own_states = allocate(state_count, "states");
    set_constants(device, population, plan);
}

VkDeviceSize PopulationMemory::bytes(const Device& device, const Population& population, const PopulationPlan& plan,
                                     uint32_t samples) {
    const auto aligned = [&](VkDeviceSize words) {
        return std::max<VkDeviceSize>((words * 4 + device.alignment() - 1) / device.alignment(), 1) * device.alignment();
    };
    const VkDeviceSize frame = VkDeviceSize{samples} * population.size;
    VkDeviceSize bytes = 0;
    if (population.is_input() || population.is_binary()) {
        const VkDeviceSize width = population.is_binary() ? (population.size + 31) / 32 : population.size;
        bytes += aligned(std::bit_ceil(plan.history_depth + 2) * samples * (1 + width));
    }
    if (!population.model) return bytes;
    const Model& model = *population.model;
    const std::vector<float> scales(model.receptors.size(), 0.0f);
    return bytes + aligned(model.receptors.size() * frame) + aligned(model.states.size() * frame) +
           aligned(pack_constants(plan, population.size, scales).words.size());
}

bool PopulationMemory::set_constants(Device& device, const Population& population, const PopulationConstants& values) {
    PackedConstants packed = pack_constants(values, size, receptor_scales_);
    const bool changes = shader.empty() || places.per_neuron != packed.places.per_neuron;
    const std::vector<uint32_t>& words = packed.words;
    const bool grows = words.size() * 4 > constants.size || !constants.buffer;
    Device::Claim claim(device);
    const Range there =
        grows ? device.allocate(words.size() * 4, Memory::device, text("the parameters of population '", name, "'"))
              : constants;
    std::vector<uint32_t> made;
    if (changes) made = make_model_shader(*population.model, values.constants);
    std::vector<std::vector<double>> initial = values.initial_states;
    device.upload(there, 0, words.data(), words.size() * 4);
    claim.keep();
    if (changes) shader = std::move(made);
    initial_states = std::move(initial);
    places = std::move(packed.places);
    poisson = packed.poisson, shared_constants = packed.shared, own_constants = packed.own;
    if (grows) device.release(std::exchange(constants, there));
    return grows || changes;
}

void PopulationMemory::expand(const uint32_t* data, float* out_values) const {
    if (!is_binary) {
        for (size_t i = 0; i < frame; ++i) out_values[i] = std::bit_cast<float>(data[i]);
        return;
    }
    for (uint32_t sample = 0; sample < samples; ++sample)
        for (uint32_t i = 0; i < size; ++i)
            out_values[size_t{sample} * size + i] =
                static_cast<float>(data[size_t{sample} * activity.width + i / 32] >> (i % 32) & 1);
}

std::vector<uint32_t> PopulationMemory::make_slot(const float* values) const {
    std::vector<uint32_t> slot(activity.slot_size, 0);
    for (uint32_t sample = 0; sample < samples; ++sample)
        for (uint32_t i = 0; i < size; ++i) {
            const float value = values[size_t{sample} * size + i];
            uint32_t* const data = &slot[activity.data + size_t{sample} * activity.width];
            if (!is_binary) {
                data[i] = std::bit_cast<uint32_t>(value);
            } else if (value != 0.0f) {
                data[i / 32] |= 1u << (i % 32);
                if (activity.list != shader::NOWHERE) slot[activity.list + size_t{sample} * size + slot[sample]] = i;
                ++slot[sample];
            }
        }
    return slot;
}

}  // namespace snn::vulkan
