// Dispatches in an order that is right, with as few barriers as that takes: each comes as early as what it reads and changes
// allows, and those that come at the same time need no barrier between them.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "vulkan/pipelines.h"

namespace snn::vulkan {

struct Dispatch {
    VkPipeline pipeline = VK_NULL_HANDLE;
    VkDescriptorSet set = VK_NULL_HANDLE;
    uint32_t push[32] = {};
    uint32_t push_bytes = 0;
    uint32_t groups[3] = {1, 1, 1};

    template <class Arguments>
    void take(const Arguments& arguments) {
        static_assert(sizeof(Arguments) <= sizeof push);
        std::memcpy(push, &arguments, sizeof arguments);
        push_bytes = sizeof arguments;
    }
};

// What a dispatch does to something that others use as well, by a number of one's own.
struct Use {
    enum Kind : uint8_t {
        read,
        write,
        add,        // atomic sums of integers: any order among each other
        look_back,  // reads the activity of earlier steps, which no kernel of this step writes
    };
    uint32_t resource;
    Kind kind;
};

void record_dispatch(const Device& device, VkPipelineLayout layout, VkCommandBuffer commands, const Dispatch& dispatch);

class Steps {
public:
    // `is_strict`: atomic sums wait for each other too, and looking back for the activity of this step. Neither races: the layer
    // that validates synchronisation takes the ones for plain writes, and the others for reads of the whole ring.
    explicit Steps(bool is_strict) : is_strict_(is_strict) {}
    void add(const Dispatch& dispatch, const std::vector<Use>& uses);
    // In a level of its own, before all that comes later.
    void add_level(const Dispatch& dispatch);
    // A barrier comes before every level, the first one included: it also waits for the kernels that were submitted before.
    void record(const Device& device, VkPipelineLayout layout, VkCommandBuffer commands) const;
    const std::vector<std::vector<Dispatch>>& levels() const { return levels_; }

private:
    struct Last {
        uint32_t write = 0, read = 0, add = 0;  // 1 + level; 0: never
    };
    bool is_strict_;
    uint32_t first_level_ = 0;  // of what is added now
    std::vector<std::vector<Dispatch>> levels_;
    std::vector<Last> last_;  // by resource
};

// Makes what kernels wrote visible to kernels that follow; half the time of one for copies too.
void kernel_barrier(const Device& device, VkCommandBuffer commands);
// Makes what kernels and copies wrote visible to kernels that follow.
void copies_before_kernels_barrier(const Device& device, VkCommandBuffer commands);
// Makes what kernels and copies wrote visible to kernels and copies that follow.
void copy_barrier(const Device& device, VkCommandBuffer commands);
// The same, after all earlier commands of a host: they may draw from what follows writes, and its shaders may have written too.
void after_all_commands_barrier(const Device& device, VkCommandBuffer commands);
// Makes it visible to every later command of a host, which may draw from it, and to the host where it sees the memory.
void all_commands_barrier(const Device& device, VkCommandBuffer commands);
// Makes it visible to the host, which may write over it, once the submission is done.
void host_barrier(const Device& device, VkCommandBuffer commands);

}  // namespace snn::vulkan
