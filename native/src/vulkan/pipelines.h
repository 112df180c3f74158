// Shaders made ready for one device, and what they are bound to. All share one layout: seven storage buffers, which Device asks
// for, and 128 bytes of push constants, which every Vulkan device has.
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

// A compiled shader inside the library: shaders/NAME.comp as SPIR-V. The first call unpacks all of them, for as long as the
// library is loaded. Throws for a name that is not there.
std::span<const uint32_t> embedded_shader(std::string_view name);

constexpr uint32_t binding_count = 7;
// By binding; ranges without a buffer are bound to the first one, which every shader has.
using Bindings = std::array<Range, binding_count>;

class Pipelines {
public:
    explicit Pipelines(Device& device);
    ~Pipelines();
    Pipelines(const Pipelines&) = delete;
    Pipelines& operator=(const Pipelines&) = delete;

    // Made at the first call with these words and specialisation constants (constant_id 0, 1, ...); `name` is for debuggers.
    VkPipeline get(std::span<const uint32_t> spirv, const std::vector<uint32_t>& constants, std::string_view name);
    VkPipeline get(std::string_view embedded, const std::vector<uint32_t>& constants = {}) {
        return get(embedded_shader(embedded), constants, embedded);
    }
    // Made at the first call with these ranges, and kept: commands that were recorded may still use it.
    VkDescriptorSet bind(const Bindings& bindings);
    // The host program has let go of a buffer, or has bound one: its handle may be that of another buffer which was let go of
    // before. Sets with it are not found any more; they are used again when no command can wait that uses them.
    void forget(VkBuffer buffer);
    void count_recording() { ++recordings_; }                   // steps were recorded for the host
    void all_have_run() { recordings_ += most_recordings; }  // whatever was recorded
    VkPipelineLayout layout() const { return layout_; }
    // Keeps what the driver has compiled for the next process, where that is wanted and something is new.
    void save();

    // On paper, pipelines and sets are numbered from 1 on; here is what they are made of.
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
    VkPipelineCache cache_ = VK_NULL_HANDLE;  // the host's where it has one; null: none
    std::string cached_;                      // as it was read or written last
    bool has_new_ = false;                    // pipelines since then
    std::vector<VkDescriptorPool> pools_;
    uint32_t sets_left_ = 0;  // in the last pool
    std::map<BoundRanges, VkDescriptorSet> sets_;
    static constexpr uint64_t most_recordings = 512;  // that wait to run; snn_vulkan.h: 256, each of which may be two
    struct Forgotten {
        VkDescriptorSet set;
        uint64_t recordings;  // there were then
    };
    std::deque<Forgotten> forgotten_;
    uint64_t recordings_ = 0;
    std::map<ShaderAndConstants, VkPipeline> pipelines_;
};

}  // namespace snn::vulkan
