// Orders dispatches correctly with few barriers. Dispatches are put into levels: each in the earliest level that what it reads
// and writes allows. Dispatches of a level need no barrier between them.
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

// What a dispatch does to a resource that other dispatches use as well. The caller numbers its resources.
struct Use {
    enum Kind : uint8_t {
        read,
        write,
        add,        // atomic sums of integers, which may come in any order
        look_back,  // reads the activity of earlier steps, which no kernel of this step writes
    };
    uint32_t resource;
    Kind kind;
};

void record_dispatch(const Device& device, VkPipelineLayout layout, VkCommandBuffer commands, const Dispatch& dispatch);

class Steps {
public:
    // `is_strict`: treats Use::add as Use::write and Use::look_back as Use::read. Neither is a race, but the validation of
    // synchronisation takes atomic sums for plain writes, and looking back for a read of the whole ring.
    explicit Steps(bool is_strict) : is_strict_(is_strict) {}
    void add(const Dispatch& dispatch, const std::vector<Use>& uses);
    // Adds a level with this dispatch alone. All later dispatches come after it.
    void add_level(const Dispatch& dispatch);
    // A barrier comes before every level. The barrier before the first level waits for kernels that were submitted earlier.
    void record(const Device& device, VkPipelineLayout layout, VkCommandBuffer commands) const;
    const std::vector<std::vector<Dispatch>>& levels() const { return levels_; }

private:
    struct Last {
        uint32_t write = 0, read = 0, add = 0;  // 1 + level; 0: never
    };
    bool is_strict_;
    uint32_t first_level_ = 0;  // the earliest level for new dispatches
    std::vector<std::vector<Dispatch>> levels_;
    std::vector<Last> last_;  // by resource
};

// Makes what kernels wrote visible to kernels that follow. Takes half the time of a barrier for copies.
void kernel_barrier(const Device& device, VkCommandBuffer commands);
// Makes what kernels and copies wrote visible to kernels that follow.
void copies_before_kernels_barrier(const Device& device, VkCommandBuffer commands);
// Makes what kernels and copies wrote visible to kernels and copies that follow.
void copy_barrier(const Device& device, VkCommandBuffer commands);
// The same, but waits for all earlier commands of a host program: its shaders may have written our inputs, and its draw calls
// may still read what is about to be overwritten.
void after_all_commands_barrier(const Device& device, VkCommandBuffer commands);
// Makes what kernels and copies wrote visible to all later commands of a host program, such as draw calls, and to the CPU if it
// sees the memory.
void all_commands_barrier(const Device& device, VkCommandBuffer commands);
// Makes what kernels and copies wrote visible to the CPU, which may overwrite it, once the submission is done.
void host_barrier(const Device& device, VkCommandBuffer commands);

}  // namespace snn::vulkan
