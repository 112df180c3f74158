#include "vulkan/pipelines.h"

#include <cstdlib>
#include <cstring>
#include <utility>

#include "common/cache_file.h"
#include "common/error.h"
#include "common/inflate.h"
#include "vulkan_shaders.h"

namespace snn::vulkan {

namespace {

constexpr uint32_t push_constant_bytes = 128;
constexpr uint32_t sets_of_a_pool = 256;

}  // namespace

namespace {

// The words of all shaders (packed() in shaders/build.py).
std::vector<uint32_t> unpacked_shaders() {
    size_t count = 0;
    for (const EmbeddedShader& shader : embedded_shaders) count += shader.count;
    const std::vector<uint8_t> bytes = inflate(packed_shaders, count * 4);
    std::vector<uint32_t> words(count);
    for (size_t i = 0; i < count; ++i)
        for (size_t byte = 0; byte < 4; ++byte) words[i] |= uint32_t{bytes[byte * count + i]} << (8 * byte);
    return words;
}

}  // namespace

std::span<const uint32_t> embedded_shader(std::string_view name) {
    static const std::vector<uint32_t> words = unpacked_shaders();
    size_t first = 0;
    for (const EmbeddedShader& shader : embedded_shaders) {
        if (name == shader.name) return std::span(words).subspan(first, shader.count);
        first += shader.count;
    }
    throw Error(SNN_ERROR_INTERNAL, "there is no shader '", name, "'");
}

Pipelines::Pipelines(Device& device) : device_(device) {
    if (device.is_on_paper()) return;
    device.when_destroyed([this](VkBuffer buffer) { forget(buffer); });
    try {
        make_layout();
        if (device.is_of_host()) cache_ = device.pipeline_cache_of_host();
        else make_cache();
    } catch (...) {
        close();
        throw;
    }
}

Pipelines::~Pipelines() {
    try {
        save();
    } catch (const std::exception&) {  // without memory to save them, the next process compiles them again
    }
    device_.when_destroyed({});
    close();
}

void Pipelines::make_layout() {
    std::array<VkDescriptorSetLayoutBinding, binding_count> bindings{};
    for (uint32_t i = 0; i < binding_count; ++i)
        bindings[i] = {i, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, nullptr};
    auto set = made<VkDescriptorSetLayoutCreateInfo>(VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO);
    set.bindingCount = binding_count;
    set.pBindings = bindings.data();
    check(device_.functions.vkCreateDescriptorSetLayout(device_.handle, &set, nullptr, &set_layout_),
          "could not make a descriptor set layout");
    device_.name(VK_OBJECT_TYPE_DESCRIPTOR_SET_LAYOUT, set_layout_, "bindings");
    const VkPushConstantRange range{VK_SHADER_STAGE_COMPUTE_BIT, 0, push_constant_bytes};
    auto info = made<VkPipelineLayoutCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO);
    info.setLayoutCount = 1;
    info.pSetLayouts = &set_layout_;
    info.pushConstantRangeCount = 1;
    info.pPushConstantRanges = &range;
    check(device_.functions.vkCreatePipelineLayout(device_.handle, &info, nullptr, &layout_),
          "could not make a pipeline layout");
    device_.name(VK_OBJECT_TYPE_PIPELINE_LAYOUT, layout_, "bindings and push constants");
}

// ---- The cache on disk

namespace {

constexpr size_t most_cache_bytes = size_t{32} << 20;
constexpr char cache_mark[] = "snn pipelines 1\n";
constexpr size_t mark_bytes = sizeof cache_mark - 1, sum_bytes = sizeof(uint64_t);

std::string cache_name(const Device& device) { return text("vulkan-", device.pipeline_identity(), ".pipelines"); }

bool keeps_pipelines() {
    const char* const wanted = std::getenv("SNN_VULKAN_PIPELINE_CACHE");
    return !wanted || std::strcmp(wanted, "0") != 0;
}

// FNV-1a. Drivers check that the data is their own, but not all of them check that it is complete.
uint64_t sum_of(std::string_view data) {
    uint64_t sum = 14695981039346656037ull;
    for (const char byte : data) sum = (sum ^ static_cast<unsigned char>(byte)) * 1099511628211ull;
    return sum;
}

// Empty if the file is missing, damaged or of another kind.
std::string read_cache(const Device& device) {
    const std::string file = read_cache_file(cache_name(device), most_cache_bytes);
    if (file.size() < mark_bytes + sum_bytes || file.compare(0, mark_bytes, cache_mark) != 0) return {};
    std::string data = file.substr(mark_bytes + sum_bytes);
    uint64_t sum = 0;
    std::memcpy(&sum, file.data() + mark_bytes, sum_bytes);
    return sum == sum_of(data) ? data : std::string();
}

}  // namespace

void Pipelines::make_cache() {
    if (!keeps_pipelines()) return;
    cached_ = read_cache(device_);
    auto info = made<VkPipelineCacheCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO);
    info.initialDataSize = cached_.size();
    info.pInitialData = cached_.data();
    const DeviceFunctions& vk = device_.functions;
    if (vk.vkCreatePipelineCache(device_.handle, &info, nullptr, &cache_) == VK_SUCCESS) return;
    cached_.clear();  // the driver refused the data: try an empty cache
    info.initialDataSize = 0;
    if (vk.vkCreatePipelineCache(device_.handle, &info, nullptr, &cache_) != VK_SUCCESS) cache_ = VK_NULL_HANDLE;
}

void Pipelines::save() {
    if (device_.is_of_host() || !cache_ || !std::exchange(has_new_, false)) return;
    size_t bytes = 0;
    const DeviceFunctions& vk = device_.functions;
    if (vk.vkGetPipelineCacheData(device_.handle, cache_, &bytes, nullptr) != VK_SUCCESS || bytes > most_cache_bytes / 2)
        return;
    std::string data(bytes, '\0');
    if (vk.vkGetPipelineCacheData(device_.handle, cache_, &bytes, data.data()) != VK_SUCCESS) return;
    data.resize(bytes);
    if (data == cached_) return;
    const uint64_t sum = sum_of(data);
    std::string file = cache_mark;
    file.append(reinterpret_cast<const char*>(&sum), sum_bytes);
    write_cache_file(cache_name(device_), file + data);
    cached_ = std::move(data);
}

void Pipelines::close() {
    if (device_.is_on_paper()) return;
    device_.end_submissions();  // after a failed wait, they may still run
    const DeviceFunctions& vk = device_.functions;
    for (const auto& [key, pipeline] : pipelines_) vk.vkDestroyPipeline(device_.handle, pipeline, nullptr);
    for (const VkDescriptorPool pool : pools_) vk.vkDestroyDescriptorPool(device_.handle, pool, nullptr);
    if (cache_ && !device_.is_of_host()) vk.vkDestroyPipelineCache(device_.handle, cache_, nullptr);
    if (layout_) vk.vkDestroyPipelineLayout(device_.handle, layout_, nullptr);
    if (set_layout_) vk.vkDestroyDescriptorSetLayout(device_.handle, set_layout_, nullptr);
}

VkPipeline Pipelines::get(std::span<const uint32_t> spirv, const std::vector<uint32_t>& constants, std::string_view name) {
    auto key = std::make_pair(std::vector<uint32_t>(spirv.begin(), spirv.end()), constants);
    if (const auto found = pipelines_.find(key); found != pipelines_.end()) return found->second;
    const uint64_t number = pipelines_.size() + 1;
    const VkPipeline pipeline = device_.is_on_paper() ? (VkPipeline)number : make(spirv, constants, name);
    device_.name(VK_OBJECT_TYPE_PIPELINE, pipeline, name);
    return pipelines_.emplace(std::move(key), pipeline).first->second;
}

VkPipeline Pipelines::make(std::span<const uint32_t> spirv, const std::vector<uint32_t>& constants, std::string_view name) {
    const DeviceFunctions& vk = device_.functions;
    const std::vector<uint32_t> words = with_float_controls(spirv, device_.float_controls());
    auto module_info = made<VkShaderModuleCreateInfo>(VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO);
    module_info.codeSize = words.size() * sizeof(uint32_t);
    module_info.pCode = words.data();
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
    const VkResult result = vk.vkCreateComputePipelines(device_.handle, cache_, 1, &info, nullptr, &pipeline);
    vk.vkDestroyShaderModule(device_.handle, module, nullptr);
    check(result, text("'", device_.description().name, "' could not compile the shader '", name, "'"));
    has_new_ = true;
    return pipeline;
}

VkDescriptorSet Pipelines::new_set() {
    if (!forgotten_.empty() && recordings_ - forgotten_.front().recordings >= most_recordings) {
        const VkDescriptorSet set = forgotten_.front().set;
        forgotten_.pop_front();
        return set;
    }
    const DeviceFunctions& vk = device_.functions;
    if (sets_left_ == 0) {
        const VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, sets_of_a_pool * binding_count};
        auto info = made<VkDescriptorPoolCreateInfo>(VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO);
        info.maxSets = sets_of_a_pool;
        info.poolSizeCount = 1;
        info.pPoolSizes = &size;
        VkDescriptorPool pool = VK_NULL_HANDLE;
        check(vk.vkCreateDescriptorPool(device_.handle, &info, nullptr, &pool), "could not make a descriptor pool");
        device_.name(VK_OBJECT_TYPE_DESCRIPTOR_POOL, pool, "descriptor sets");
        pools_.push_back(pool);
        sets_left_ = sets_of_a_pool;
    }
    auto info = made<VkDescriptorSetAllocateInfo>(VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO);
    info.descriptorPool = pools_.back();
    info.descriptorSetCount = 1;
    info.pSetLayouts = &set_layout_;
    VkDescriptorSet set = VK_NULL_HANDLE;
    check(vk.vkAllocateDescriptorSets(device_.handle, &info, &set), "could not make a descriptor set");
    device_.name(VK_OBJECT_TYPE_DESCRIPTOR_SET, set, "descriptor set");
    --sets_left_;
    return set;
}

void Pipelines::forget(VkBuffer buffer) {
    if (device_.is_on_paper()) return;  // sets are only numbers there
    const auto names_it = [&](const BoundRanges& ranges) {
        for (uint32_t i = 0; i < binding_count; ++i)
            if (ranges[3 * i] == (uint64_t)buffer) return true;  // a pointer or a number, as the platform has it
        return false;
    };
    for (auto set = sets_.begin(); set != sets_.end();) {
        if (names_it(set->first)) {
            forgotten_.push_back({set->second, recordings_});
            set = sets_.erase(set);
        } else {
            ++set;
        }
    }
}

VkDescriptorSet Pipelines::bind(const Bindings& bindings) {
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
    const VkDescriptorSet set = new_set();
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
    device_.functions.vkUpdateDescriptorSets(device_.handle, binding_count, writes.data(), 0, nullptr);
    sets_.emplace(key, set);
    return set;
}

}  // namespace snn::vulkan
