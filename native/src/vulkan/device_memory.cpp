// Memory of a device, sub-allocated from blocks, and the transfers between it and the host.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <utility>

#include "common/error.h"
#include "vulkan/device.h"
#include "vulkan/steps.h"

namespace snn::vulkan {

namespace {

constexpr VkDeviceSize smallest_block = VkDeviceSize{1} << 20;
// The host fills this much over a bus in the time that a submission takes, some tens of microseconds. The device fills more
// than that faster than the host.
constexpr VkDeviceSize most_filled_over_a_bus = VkDeviceSize{256} << 10;

constexpr VkMemoryPropertyFlags local = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
constexpr VkMemoryPropertyFlags visible = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
constexpr VkMemoryPropertyFlags cached = visible | VK_MEMORY_PROPERTY_HOST_CACHED_BIT;

// For tests: treats memory for kernels as "hidden" from the host, or as visible to it but "uncached".
bool is_to_be(const char* what) {
    const char* const said = std::getenv("SNN_VULKAN_MEMORY");
    return said && std::strcmp(said, what) == 0;
}

}  // namespace

// The specification orders memory types so that the first match is the fastest for the device. Types with other flags come
// from extensions and need features.
uint32_t seen_memory_type(const VkPhysicalDeviceMemoryProperties& memory, uint32_t allowed) {
    VkDeviceSize largest = 0;
    for (uint32_t i = 0; i < memory.memoryHeapCount; ++i)
        if (memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
            largest = std::max(largest, memory.memoryHeaps[i].size);
    for (uint32_t i = 0; i < memory.memoryTypeCount; ++i) {
        const VkMemoryPropertyFlags flags = memory.memoryTypes[i].propertyFlags;
        if (allowed >> i & 1 && (flags == (local | visible) || flags == (local | cached)) &&
            memory.memoryHeaps[memory.memoryTypes[i].heapIndex].size >= largest)
            return i;
    }
    return no_memory_type;
}

// The memory types that a block may use, the best first. Memory for kernels that the host sees may run out while the device
// has other memory, so another type of device-local memory comes second.
std::vector<uint32_t> Device::memory_types(uint32_t allowed, Memory memory) const {
    std::vector<uint32_t> types;
    if (memory == Memory::device && !is_to_be("hidden"))
        if (const uint32_t seen = seen_memory_type(memory_properties_, allowed); seen != no_memory_type) types.push_back(seen);
    const auto add = [&](VkMemoryPropertyFlags flags) {
        for (uint32_t i = 0; i < memory_properties_.memoryTypeCount; ++i)
            if (allowed >> i & 1 && (memory_properties_.memoryTypes[i].propertyFlags & flags) == flags) {
                if (types.empty() || types[0] != i) types.push_back(i);
                return;
            }
    };
    add(memory == Memory::device ? local : memory == Memory::upload ? visible : cached);
    // Vulkan promises a type that is visible and coherent, and one that is local.
    if (types.empty()) add(memory == Memory::device ? 0 : visible);
    if (types.empty())
        throw Error(SNN_ERROR_UNSUPPORTED, "the Vulkan device '", description_.name,
                    "' has no memory of the kind that buffers need");
    return types;
}

void Device::make_block(VkDeviceSize bytes, Memory memory) {
    Block block{VK_NULL_HANDLE, VK_NULL_HANDLE, bytes, nullptr, {{0, bytes}}};
    auto buffer = made<VkBufferCreateInfo>(VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO);
    buffer.size = bytes;
    buffer.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT |
                   VK_BUFFER_USAGE_VERTEX_BUFFER_BIT | VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT;  // a host program may draw states
    check(functions.vkCreateBuffer(handle, &buffer, nullptr, &block.buffer), "could not make a buffer");
    try {
        VkMemoryRequirements needs;
        functions.vkGetBufferMemoryRequirements(handle, block.buffer, &needs);
        auto allocation = made<VkMemoryAllocateInfo>(VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO);
        allocation.allocationSize = needs.size;
        VkResult allocated = VK_ERROR_OUT_OF_DEVICE_MEMORY;
        for (const uint32_t type : memory_types(needs.memoryTypeBits, memory)) {
            allocation.memoryTypeIndex = type;
            allocated = functions.vkAllocateMemory(handle, &allocation, nullptr, &block.memory);
            if (allocated != VK_ERROR_OUT_OF_DEVICE_MEMORY) break;
        }
        check(allocated, "could not allocate memory");
        check(functions.vkBindBufferMemory(handle, block.buffer, block.memory, 0), "could not bind memory");
        const bool is_for_kernels = memory == Memory::device;
        const VkMemoryPropertyFlags flags = memory_properties_.memoryTypes[allocation.memoryTypeIndex].propertyFlags;
        if (!is_for_kernels || ((flags & visible) == visible && !is_to_be("hidden"))) {
            void* mapped = nullptr;
            const VkResult result = functions.vkMapMemory(handle, block.memory, 0, VK_WHOLE_SIZE, 0, &mapped);
            if (!is_for_kernels) check(result, "could not map memory");
            if (result == VK_SUCCESS) block.mapped = static_cast<char*>(mapped);  // memory for kernels also works unmapped
            if (is_for_kernels && block.mapped) {
                is_mapped_ = true;
                is_cached_ = (flags & cached) == cached && !is_to_be("uncached");
            }
        }
        const char* const what = memory == Memory::device   ? "memory"
                                 : memory == Memory::upload ? "uploads"
                                                            : "memory for the host";
        name(VK_OBJECT_TYPE_BUFFER, block.buffer, what);
        name(VK_OBJECT_TYPE_DEVICE_MEMORY, block.memory, what);
        blocks_[static_cast<size_t>(memory)].push_back(block);
    } catch (...) {
        functions.vkDestroyBuffer(handle, block.buffer, nullptr);
        if (block.memory) functions.vkFreeMemory(handle, block.memory, nullptr);
        throw;
    }
}

void Device::destroy(const Block& block) {
    functions.vkDestroyBuffer(handle, block.buffer, nullptr);
    functions.vkFreeMemory(handle, block.memory, nullptr);
}

void Device::check_reach(VkDeviceSize bytes, std::string_view what, std::string_view advice) const {
    if (bytes > storage_range_)
        throw Error(SNN_ERROR_UNSUPPORTED, what, " would take ", bytes, " bytes; a shader of the Vulkan device '",
                    description_.name, "' reaches ", storage_range_, advice);
}

Range Device::allocate(VkDeviceSize bytes, Memory memory, std::string_view what) {
    check_reach(bytes, what);
    return allocate_for_copies(bytes, memory);
}

Range Device::allocate_for_copies(VkDeviceSize bytes, Memory memory) {
    bytes = std::max<VkDeviceSize>((bytes + alignment_ - 1) / alignment_ * alignment_, alignment_);
    if (memory == Memory::device && bytes <= room_.size) {
        const Range range = room_.part(0, bytes);
        room_ = room_.part(bytes, room_.size - bytes);
        return range;
    }
    if (is_on_paper_) return paper_buffer_of_host(0, 0, bytes);
    std::vector<Block>& blocks = blocks_[static_cast<size_t>(memory)];
    Block* best = nullptr;  // with the smallest gap that is large enough
    VkDeviceSize begin = 0, gap = UINT64_MAX;
    for (Block& block : blocks)
        for (const auto& [at, size] : block.free)
            if (size >= bytes && size < gap) best = &block, begin = at, gap = size;
    if (!best) {
        VkDeviceSize& usual = next_block_bytes_[static_cast<size_t>(memory)];
        usual = std::max(usual, smallest_block);
        make_block(std::max(bytes, usual), memory);
        if (bytes <= largest_block) usual = std::min(2 * usual, largest_block);
        best = &blocks.back(), gap = best->size;
    }
    best->free.erase(begin);
    if (gap > bytes) best->free.emplace(begin + bytes, gap - bytes);
    const Range range{best->buffer, begin, bytes, best->mapped ? best->mapped + begin : nullptr};
    if (claims_ > 0) claimed_.push_back(range);
    return range;
}

Device::Claim::~Claim() {
    std::vector<Range>& claimed = device_.claimed_;
    while (!is_kept_ && claimed.size() > first_) {
        const Range range = claimed.back();
        try {
            device_.release(range);
        } catch (...) {
            // The block was not returned to the driver, but the range is free for reuse. Without memory to note the gap, the
            // range is lost.
        }
    }
    if (--device_.claims_ == 0) claimed.clear();
}

void Device::release(const Range& range) {
    if (!range.buffer || is_on_paper_) return;
    std::erase(claimed_, range);
    for (const Range& room : rooms_)  // memory in a Room is kept
        if (room.buffer == range.buffer && room.offset <= range.offset && range.offset < room.offset + room.size) return;
    for (std::vector<Block>& blocks : blocks_)
        for (auto block = blocks.begin(); block != blocks.end(); ++block) {
            if (block->buffer != range.buffer) continue;
            auto gap = block->free.emplace(range.offset, range.size).first;
            if (gap != block->free.begin())
                if (const auto before = std::prev(gap); before->first + before->second == gap->first) {
                    before->second += gap->second;
                    block->free.erase(gap);
                    gap = before;
                }
            if (const auto after = std::next(gap); after != block->free.end() && gap->first + gap->second == after->first) {
                gap->second += after->second;
                block->free.erase(after);
            }
            if (gap->second < block->size || block->size <= largest_block || is_transfer_open_) return;
            wait_for_submissions();
            if (forget_) forget_(block->buffer);
            destroy(*block);
            blocks.erase(block);
            return;
        }
}

void Device::check_foreign(const Range& range) const {
    for (const std::vector<Block>& blocks : blocks_)
        for (const Block& block : blocks)
            if (block.buffer == range.buffer)
                throw Error(SNN_ERROR_INVALID_ARGUMENT,
                            "buffer->buffer is memory of this session; a buffer of the program can be bound");
    if (range.offset % alignment_ != 0)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "buffer->offset_bytes is ", range.offset, "; on the Vulkan device '",
                    description_.name, "' it must be a multiple of ", alignment_);
    if (range.size > storage_range_)
        throw Error(SNN_ERROR_UNSUPPORTED, "buffer->size_bytes is ", range.size, "; a shader of the Vulkan device '",
                    description_.name, "' reaches ", storage_range_);
    if (is_on_paper_) {
        constexpr VkDeviceSize most = VkDeviceSize{1} << 32;  // a plan also contains the words of the host's buffers
        if (range.offset > most)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "buffer->offset_bytes is ", range.offset, "; in a plan it is at most ",
                        most);
        return;
    }
    VkMemoryRequirements needs;  // Vulkan does not report a buffer's size; needs.size is at least as large
    functions.vkGetBufferMemoryRequirements(handle, range.buffer, &needs);
    if (range.offset > needs.size || range.size > needs.size - range.offset)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "buffer->offset_bytes is ", range.offset, " and size_bytes ", range.size,
                    "; the VkBuffer has ", needs.size, " bytes at most");
}

void Device::begin_transfer() {
    if (is_transfer_open_) return;
    begin(transfer_, false);
    auto barrier = made<VkMemoryBarrier>(VK_STRUCTURE_TYPE_MEMORY_BARRIER);
    barrier.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
    barrier.dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
    functions.vkCmdPipelineBarrier(transfer_, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
                                   VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 1, &barrier, 0, nullptr, 0, nullptr);
    is_transfer_open_ = true;
    staged_ = 0;
}

void Device::end_transfer() {
    if (collects_) return;
    is_transfer_open_ = false;
    host_barrier(*this, transfer_);
    end(transfer_);
    run({transfer_});
}

void Device::copy_now(VkBuffer source, VkDeviceSize from, VkBuffer target, VkDeviceSize to, VkDeviceSize bytes) {
    begin_transfer();
    const VkBufferCopy copy{from, to, bytes};
    functions.vkCmdCopyBuffer(transfer_, source, target, 1, &copy);
    end_transfer();
}

void Device::Batch::done() {
    device_.collects_ = false;
    if (device_.is_transfer_open_) device_.end_transfer();
}

// Makes the writes of commands that ended without a host barrier visible to the host: a fence alone does not.
void Device::see_writes() {
    if (!has_unseen_writes_) return;
    begin_transfer();
    end_transfer();
    has_unseen_writes_ = false;
}

// Called before the host reads or writes memory of kernels.
void Device::wait_for_writes() {
    check_not_lost();
    wait_for_submissions();
    if (!collects_) see_writes();  // a Batch has already done this
}

// Without done(), after an exception, drops what was collected.
Device::Batch::~Batch() {
    device_.collects_ = false;
    if (std::exchange(device_.is_transfer_open_, false)) device_.functions.vkEndCommandBuffer(device_.transfer_);
}

// The same `host_buffer` always gives the same buffer, which grows to the part that is used.
Range Device::paper_buffer_of_host(uint64_t host_buffer, VkDeviceSize offset, VkDeviceSize bytes) {
    auto found = std::find_if(paper_buffers_.begin(), paper_buffers_.end(), [&](const PaperBuffer& buffer) {
        return host_buffer != 0 && buffer.host_buffer == host_buffer;
    });
    if (found == paper_buffers_.end()) found = paper_buffers_.insert(found, {{}, host_buffer});
    const size_t words = static_cast<size_t>((offset + bytes) / 4);
    if (found->words.size() < words) found->words.resize(words);
    const auto number = static_cast<uint64_t>(found - paper_buffers_.begin()) + 1;
    return {(VkBuffer)number, offset, bytes, nullptr};
}

char* Device::on_paper(const Range& range) {
    return reinterpret_cast<char*>(paper_buffers_[(uint64_t)range.buffer - 1].words.data()) + range.offset;
}

void Device::upload(const Range& target, VkDeviceSize offset, const void* data, VkDeviceSize bytes) {
    if (is_on_paper_) {
        std::memcpy(on_paper(target) + offset, data, bytes);
        return;
    }
    if (target.mapped) {
        wait_for_writes();
        ++change_count_;
        std::memcpy(target.as<char>() + offset, data, bytes);
        return;
    }
    wait_for_run();  // the last transfer may still read the staging buffer
    for (VkDeviceSize done = 0; done < bytes;) {
        if (is_transfer_open_ && staged_ == staging_.size) {  // the staging buffer is full: submit what was collected
            const bool collected = std::exchange(collects_, false);
            end_transfer();
            collects_ = collected;
        }
        const VkDeviceSize at = is_transfer_open_ ? staged_ : 0, now = std::min(bytes - done, staging_.size - at);
        std::memcpy(static_cast<char*>(staging_.mapped) + at, static_cast<const char*>(data) + done, now);
        copy_now(staging_.buffer, staging_.offset + at, target.buffer, target.offset + offset + done, now);
        staged_ = at + now;
        done += now;
    }
}

void Device::download(const Range& source, VkDeviceSize offset, void* out_data, VkDeviceSize bytes) {
    if (is_on_paper_) {
        std::memcpy(out_data, on_paper(source) + offset, bytes);
        return;
    }
    if (source.mapped && is_cached_) {
        wait_for_writes();
        std::memcpy(out_data, source.as<char>() + offset, bytes);
        // Memory of a lost device can be read, but may hold anything. This asks whether the driver has noticed the loss.
        check(heed(functions.vkGetFenceStatus(handle, fence_)), "could not say whether it is there");
        return;
    }
    for (VkDeviceSize done = 0; done < bytes; done += staging_.size) {
        const VkDeviceSize now = std::min(bytes - done, staging_.size);
        copy_now(source.buffer, source.offset + offset + done, staging_.buffer, staging_.offset, now);
        std::memcpy(static_cast<char*>(out_data) + done, staging_.mapped, now);
    }
}

void Device::fill(const Range& target, uint32_t word) {
    if (is_on_paper_) {
        uint32_t* const words = reinterpret_cast<uint32_t*>(on_paper(target));
        std::fill(words, words + target.size / 4, word);
        return;
    }
    if (target.mapped && (is_cached_ || target.size <= most_filled_over_a_bus)) {
        wait_for_writes();
        ++change_count_;
        std::fill_n(target.as<uint32_t>(), target.size / 4, word);
        return;
    }
    begin_transfer();
    functions.vkCmdFillBuffer(transfer_, target.buffer, target.offset, target.size, word);
    end_transfer();
}

}  // namespace snn::vulkan
