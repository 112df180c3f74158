#include "vulkan/float_controls.h"

#include <cstring>

namespace snn::vulkan {

namespace {

// Opcodes of SPIR-V, and for each request its capability and its execution mode.
constexpr uint32_t op_extension = 10, op_entry_point = 15, op_execution_mode = 16, op_capability = 17;
constexpr size_t first_instruction = 5;
constexpr uint32_t denorm_preserve[2] = {4464, 4459}, signed_zero_inf_nan_preserve[2] = {4466, 4461},
                   rounding_mode_rte[2] = {4467, 4462};

uint32_t first_word(uint32_t op, size_t operands) { return static_cast<uint32_t>(operands + 1) << 16 | op; }

}  // namespace

FloatControls float_controls_of(const InstanceFunctions& functions, VkPhysicalDevice device, uint32_t api_version) {
    if (!functions.vkGetPhysicalDeviceProperties2 || api_version < VK_API_VERSION_1_1 ||
        !has_extension(functions, device, VK_KHR_SHADER_FLOAT_CONTROLS_EXTENSION_NAME))
        return {};
    auto properties =
        made<VkPhysicalDeviceFloatControlsProperties>(VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FLOAT_CONTROLS_PROPERTIES);
    auto all = made<VkPhysicalDeviceProperties2>(VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2);
    all.pNext = &properties;
    functions.vkGetPhysicalDeviceProperties2(device, &all);
    // Without independence, the same would have to be requested for float16 and float64.
    const bool denormals = properties.denormBehaviorIndependence != VK_SHADER_FLOAT_CONTROLS_INDEPENDENCE_NONE;
    const bool rounding = properties.roundingModeIndependence != VK_SHADER_FLOAT_CONTROLS_INDEPENDENCE_NONE;
    return {.keeps_denormals = denormals && properties.shaderDenormPreserveFloat32,
            .rounds_to_nearest = rounding && properties.shaderRoundingModeRTEFloat32,
            .keeps_zeros_and_nan = properties.shaderSignedZeroInfNanPreserveFloat32 != VK_FALSE};
}

std::vector<uint32_t> with_float_controls(std::span<const uint32_t> spirv, const FloatControls& controls) {
    std::vector<const uint32_t*> wishes;
    if (controls.keeps_denormals) wishes.push_back(denorm_preserve);
    if (controls.rounds_to_nearest) wishes.push_back(rounding_mode_rte);
    if (controls.keeps_zeros_and_nan) wishes.push_back(signed_zero_inf_nan_preserve);
    if (wishes.empty()) return {spirv.begin(), spirv.end()};
    std::vector<uint32_t> words(spirv.begin(), spirv.begin() + first_instruction);
    // In a module, capabilities come first, then extensions; entry points and their execution modes come much later.
    bool in_capabilities = true;
    for (size_t at = first_instruction, next = 0; at < spirv.size(); at = next) {
        next = at + (spirv[at] >> 16);
        const uint32_t op = spirv[at] & 0xFFFF;
        if (in_capabilities && op != op_capability) {
            in_capabilities = false;
            for (const uint32_t* const wish : wishes) words.insert(words.end(), {first_word(op_capability, 1), wish[0]});
            uint32_t name[6] = {};  // the name has 22 characters
            std::memcpy(name, "SPV_KHR_float_controls", 22);
            words.push_back(first_word(op_extension, std::size(name)));
            words.insert(words.end(), std::begin(name), std::end(name));
        }
        words.insert(words.end(), spirv.begin() + static_cast<std::ptrdiff_t>(at),
                     spirv.begin() + static_cast<std::ptrdiff_t>(next));
        if (op != op_entry_point) continue;
        for (const uint32_t* const wish : wishes)
            words.insert(words.end(), {first_word(op_execution_mode, 3), spirv[at + 2], wish[1], 32});
    }
    return words;
}

}  // namespace snn::vulkan
