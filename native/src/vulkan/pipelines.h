// Compute pipelines and descriptor sets of one device. All share one layout: seven storage buffers, which Device requires, and
// 128 bytes of push constants, which every Vulkan device supports.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vulkan/device.h"

namespace snn::vulkan {

// A shader that is embedded in the library: shaders/NAME.comp as SPIR-V. The first call unpacks all of them, and they stay
// until the library is unloaded. Throws if there is no such shader.
std::span<const uint32_t> embedded_shader(std::string_view name);

constexpr uint32_t binding_count = 7;
// By binding. A range without a buffer stands for the first range, which every shader has.
using Bindings = std::array<Range, binding_count>;

class Pipelines {
public:
    explicit Pipelines(Device& device);
    ~Pipelines();
    Pipelines(const Pipelines&) = delete;
    Pipelines& operator=(const Pipelines&) = delete;

    // The pipeline for these words and specialisation constants (constant_id 0, 1, ...), made by the first call. `name` is for
    // debuggers.
    VkPipeline get(std::span<const uint32_t> spirv, const std::vector<uint32_t>& constants, std::string_view name);
    VkPipeline get(std::string_view embedded, const std::vector<uint32_t>& constants = {}) {
        return get(embedded_shader(embedded), constants, embedded);
    }
    // The descriptor set for these ranges, made by the first call. It is kept because recorded commands may still use it.
    VkDescriptorSet bind(const Bindings& bindings);
    // Called when the host program binds or unbinds a buffer, because a new buffer may have the handle of an old one. bind() no
    // longer returns sets with this handle. They are reused when no recorded command that uses them can still be waiting.
    void forget(VkBuffer buffer);
    void count_recording() { ++recordings_; }                   // steps were recorded for the host
    void all_have_run() { recordings_ += most_recordings; }  // no recorded command is still waiting
    VkPipelineLayout layout() const { return layout_; }
    // Saves what the driver has compiled for later processes, unless the user disabled that or nothing is new.
    void save();

    // On paper, pipelines and sets are numbered from 1; these maps tell what they are made from.
    using ShaderAndConstants = std::pair<std::vector<uint32_t>, std::vector<uint32_t>>;
    using BoundRanges = std::array<uint64_t, 3 * binding_count>;  // buffer, offset and size of each binding
    const std::map<ShaderAndConstants, VkPipeline>& pipelines() const { return pipelines_; }
    const std::map<BoundRanges, VkDescriptorSet>& sets() const { return sets_; }

private:
    void make_layout();
    void make_cache();
    void close();
    VkPipeline make(std::span<const uint32_t> spirv, const std::vector<uint32_t>& constants, std::string_view name);
    VkDescriptorSet new_set();

    Device& device_;
    VkDescriptorSetLayout set_layout_ = VK_NULL_HANDLE;
    VkPipelineLayout layout_ = VK_NULL_HANDLE;
    VkPipelineCache cache_ = VK_NULL_HANDLE;  // on a host's device, the host's; may be null
    std::string cached_;                      // data of the cache when it was last read or written
    bool has_new_ = false;                    // pipelines were made since then
    std::vector<VkDescriptorPool> pools_;
    uint32_t sets_left_ = 0;  // in the last pool
    std::map<BoundRanges, VkDescriptorSet> sets_;
    static constexpr uint64_t most_recordings = 512;  // that may wait to run: 256 by snn_vulkan.h, and each may count twice
    struct Forgotten {
        VkDescriptorSet set;
        uint64_t recordings;  // value of recordings_ when it was forgotten
    };
    std::deque<Forgotten> forgotten_;
    uint64_t recordings_ = 0;
    std::map<ShaderAndConstants, VkPipeline> pipelines_;
};

}  // namespace snn::vulkan
