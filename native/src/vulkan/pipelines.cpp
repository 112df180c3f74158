#include "vulkan/pipelines.h"

#include "common/error.h"
#include "vulkan_shaders.h"

namespace snn::vulkan {

namespace {

constexpr uint32_t push_constant_bytes = 128;
constexpr uint32_t sets_of_a_pool = 256;

}  // namespace

std::span<const uint32_t> embedded_shader(std::string_view name) {
    for (const EmbeddedShader& shader : embedded_shaders)
        if (name == shader.name) return {shader.words, shader.count};
    throw Error(SNN_ERROR_INTERNAL, "there is no shader '", name, "'");
}

Pipelines::Pipelines(Device& device) : device_(device) {
    if (device.is_on_paper()) return;
    try {
        make_layout();
    } catch (...) {
        close();
        throw;
    }
}

Pipelines::~Pipelines() { close(); }

void Pipelines::make_layout() {
    std::array<VkDescriptorSetLayoutBinding, binding_count> bindings{};
    for (uint32_t i = 0; i < binding_count; ++i)
        bindings[i] = {i, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, nullptr};
    auto set = made<VkDescriptorSetLayoutCreateInfo>(VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO);
    set.bindingCount = binding_count;
    set.pBindings = bindings.data();
    check(device_.functions.vkCreateDescriptorSetLayout(device_.handle, &set, nullptr, &set_layout_),
          "could not make a descriptor set layout");
    const VkPushConstantRange range{VK_SHADER_STAGE_COMPUTE_BIT, 0, push_constant_bytes};
    auto info = made<VkPipelineLayoutCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO);
    info.setLayoutCount = 1;
    info.pSetLayouts = &set_layout_;
    info.pushConstantRangeCount = 1;
    info.pPushConstantRanges = &range;
    check(device_.functions.vkCreatePipelineLayout(device_.handle, &info, nullptr, &layout_), "could not make a pipeline layout");
}

void Pipelines::close() {
    if (device_.is_on_paper()) return;
    const DeviceFunctions& vk = device_.functions;
    for (const auto& [key, pipeline] : pipelines_) vk.vkDestroyPipeline(device_.handle, pipeline, nullptr);
    for (const VkDescriptorPool pool : pools_) vk.vkDestroyDescriptorPool(device_.handle, pool, nullptr);
    if (layout_) vk.vkDestroyPipelineLayout(device_.handle, layout_, nullptr);
    if (set_layout_) vk.vkDestroyDescriptorSetLayout(device_.handle, set_layout_, nullptr);
}

VkPipeline Pipelines::get(std::span<const uint32_t> spirv, const std::vector<uint32_t>& constants) {
    auto key = std::make_pair(std::vector<uint32_t>(spirv.begin(), spirv.end()), constants);
    if (const auto found = pipelines_.find(key); found != pipelines_.end()) return found->second;
    const uint64_t number = pipelines_.size() + 1;
    return pipelines_.emplace(std::move(key), device_.is_on_paper() ? (VkPipeline)number : make(spirv, constants)).first->second;
}

VkPipeline Pipelines::make(std::span<const uint32_t> spirv, const std::vector<uint32_t>& constants) {
    const DeviceFunctions& vk = device_.functions;
    auto module_info = made<VkShaderModuleCreateInfo>(VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO);
    module_info.codeSize = spirv.size_bytes();
    module_info.pCode = spirv.data();
    VkShaderModule module = VK_NULL_HANDLE;
    check(vk.vkCreateShaderModule(device_.handle, &module_info, nullptr, &module), "could not take a shader");
    std::vector<VkSpecializationMapEntry> entries;
    for (uint32_t i = 0; i < constants.size(); ++i)
        entries.push_back({i, i * static_cast<uint32_t>(sizeof(uint32_t)), sizeof(uint32_t)});
    const VkSpecializationInfo specialization{static_cast<uint32_t>(entries.size()), entries.data(),
                                              constants.size() * sizeof(uint32_t), constants.data()};
    auto info = made<VkComputePipelineCreateInfo>(VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO);
    info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
    info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
    info.stage.module = module;
    info.stage.pName = "main";
    info.stage.pSpecializationInfo = constants.empty() ? nullptr : &specialization;
    info.layout = layout_;
    VkPipeline pipeline = VK_NULL_HANDLE;
    const VkResult result = vk.vkCreateComputePipelines(device_.handle, VK_NULL_HANDLE, 1, &info, nullptr, &pipeline);
    vk.vkDestroyShaderModule(device_.handle, module, nullptr);
    check(result, "could not compile a shader");
    return pipeline;
}

VkDescriptorSet Pipelines::bind(const Bindings& bindings) {
    const DeviceFunctions& vk = device_.functions;
    BoundRanges key;
    for (uint32_t i = 0; i < binding_count; ++i) {
        const Range& range = bindings[i].buffer ? bindings[i] : bindings[0];
        key[3 * i] = (uint64_t)range.buffer;  // a pointer or a number, as the platform has it
        key[3 * i + 1] = range.offset;
        key[3 * i + 2] = range.size;
    }
    if (const auto found = sets_.find(key); found != sets_.end()) return found->second;
    if (device_.is_on_paper()) {
        const uint64_t number = sets_.size() + 1;
        return sets_.emplace(key, (VkDescriptorSet)number).first->second;
    }
    if (sets_left_ == 0) {
        const VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, sets_of_a_pool * binding_count};
        auto info = made<VkDescriptorPoolCreateInfo>(VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO);
        info.maxSets = sets_of_a_pool;
        info.poolSizeCount = 1;
        info.pPoolSizes = &size;
        VkDescriptorPool pool = VK_NULL_HANDLE;
        check(vk.vkCreateDescriptorPool(device_.handle, &info, nullptr, &pool), "could not make a descriptor pool");
        pools_.push_back(pool);
        sets_left_ = sets_of_a_pool;
    }
    auto info = made<VkDescriptorSetAllocateInfo>(VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO);
    info.descriptorPool = pools_.back();
    info.descriptorSetCount = 1;
    info.pSetLayouts = &set_layout_;
    VkDescriptorSet set = VK_NULL_HANDLE;
    check(vk.vkAllocateDescriptorSets(device_.handle, &info, &set), "could not make a descriptor set");
    --sets_left_;
    std::array<VkDescriptorBufferInfo, binding_count> buffers;
    std::array<VkWriteDescriptorSet, binding_count> writes{};
    for (uint32_t i = 0; i < binding_count; ++i) {
        const Range& range = bindings[i].buffer ? bindings[i] : bindings[0];
        buffers[i] = {range.buffer, range.offset, range.size};
        writes[i].sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
        writes[i].dstSet = set;
        writes[i].dstBinding = i;
        writes[i].descriptorCount = 1;
        writes[i].descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
        writes[i].pBufferInfo = &buffers[i];
    }
    vk.vkUpdateDescriptorSets(device_.handle, binding_count, writes.data(), 0, nullptr);
    sets_.emplace(key, set);
    return set;
}

}  // namespace snn::vulkan
