// Memory of the Vulkan backend: what is used again, and what goes back to the driver.
#include <doctest/doctest.h>

#include <cstdio>

#if defined(SNN_VULKAN)

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

#include "common/error.h"
#include "vulkan/pipelines.h"
#include "vulkan/training_memory.h"

using namespace snn::vulkan;

namespace {

constexpr VkDeviceSize mib = VkDeviceSize{1} << 20;

// What the driver is asked for, and what it gets back.
std::vector<VkDeviceSize> allocated;
size_t freed = 0;
PFN_vkAllocateMemory real_allocate = nullptr;
PFN_vkFreeMemory real_free = nullptr;

VKAPI_ATTR VkResult VKAPI_CALL allocate(VkDevice device, const VkMemoryAllocateInfo* info,
                                        const VkAllocationCallbacks* callbacks, VkDeviceMemory* memory) {
    allocated.push_back(info->allocationSize);
    return real_allocate(device, info, callbacks, memory);
}

VKAPI_ATTR void VKAPI_CALL free_memory(VkDevice device, VkDeviceMemory memory, const VkAllocationCallbacks* callbacks) {
    ++freed;
    real_free(device, memory, callbacks);
}

bool open(std::optional<Device>& out_device) {
    try {
        out_device.emplace("", nullptr);
    } catch (const snn::Error& error) {
        std::printf("skipped: %s\n", error.what());
        return false;
    }
    allocated.clear();
    freed = 0;
    real_allocate = std::exchange(out_device->functions.vkAllocateMemory, allocate);
    real_free = std::exchange(out_device->functions.vkFreeMemory, free_memory);
    return true;
}

VkDeviceSize all_allocated() { return std::accumulate(allocated.begin(), allocated.end(), VkDeviceSize{0}); }

}  // namespace

TEST_CASE("memory that is released is used again, side by side as one piece") {
    std::optional<Device> device;
    if (!open(device)) return;
    const VkDeviceSize size = 4096;
    std::vector<Range> ranges;
    for (int i = 0; i < 6; ++i) ranges.push_back(device->allocate(size, Memory::upload, "one of six"));
    for (int i = 1; i < 6; ++i) CHECK(ranges[i].offset == ranges[0].offset + i * size);
    CHECK(allocated.size() == 1);
    for (const int i : {1, 3, 2}) device->release(ranges[i]);  // with what is before it and behind it
    const Range whole = device->allocate(3 * size, Memory::upload, "three of them");
    CHECK(whole.offset == ranges[1].offset);
    CHECK(whole.mapped == ranges[1].mapped);
    device->release(ranges[4]);
    device->release(whole);
    CHECK(device->allocate(size, Memory::upload, "one").offset == ranges[1].offset);
    CHECK(device->allocate(3 * size, Memory::upload, "the rest").offset == ranges[2].offset);
    // A small gap is taken before a large one.
    device->release(ranges[0]);
    CHECK(device->allocate(size, Memory::upload, "as small").offset == ranges[0].offset);
    CHECK(allocated.size() == 1);
}

TEST_CASE("a large block goes back to the driver, with the descriptor sets that name its buffer") {
    std::optional<Device> device;
    if (!open(device)) return;
    Pipelines pipelines(*device);
    const Range small = device->allocate(64, Memory::device, "a small one");
    const Range large = device->allocate(100 * mib, Memory::device, "a large one");
    CHECK(large.buffer != small.buffer);
    pipelines.bind({small, large});
    CHECK(pipelines.sets().size() == 1);
    // A small request behind a large block does not take a large one itself.
    const Range more = device->allocate(mib, Memory::device, "more");
    CHECK(allocated.back() <= 2 * mib);
    device->release(more);
    CHECK(freed == 0);
    device->release(large);
    CHECK(freed == 1);
    CHECK(pipelines.sets().empty());
    device->release(small);
    CHECK(freed == 1);  // small blocks are used again
}

TEST_CASE("what lies in a room is not used by others") {
    std::optional<Device> device;
    if (!open(device)) return;
    Range inside;
    {
        Device::Room room(*device, 4096, "a room");
        inside = device->allocate(1024, Memory::device, "inside");
    }
    device->release(inside);
    CHECK(device->allocate(1024, Memory::device, "another").offset != inside.offset);
}

TEST_CASE("what a claim does not keep is used again") {
    std::optional<Device> device;
    if (!open(device)) return;
    const Range before = device->allocate(4096, Memory::device, "one before");
    Range lost, kept, given_back;
    {
        Device::Claim outer(*device);
        kept = device->allocate(4096, Memory::device, "one that is kept");
        {
            const Device::Claim inner(*device);
            lost = device->allocate(8192, Memory::device, "one that is lost");
            device->allocate(100 * mib, Memory::device, "a large one");
            given_back = device->allocate(4096, Memory::device, "one that is given back");
            device->release(given_back);
        }
        CHECK(freed == 1);
        outer.keep();
    }
    const Range after = device->allocate(8192, Memory::device, "one after");
    CHECK(after == lost);
    CHECK(device->allocate(4096, Memory::device, "another").offset == after.offset + after.size);
    CHECK(kept.offset == before.offset + before.size);
}

TEST_CASE("what changes memory of the device is counted, in place as by commands") {
    std::optional<Device> device;
    if (!open(device)) return;
    const Range range = device->allocate(4096, Memory::device, "a range");
    const std::vector<uint32_t> words(1024, 7);
    uint64_t before = device->change_count();
    device->upload(range, 0, words.data(), 4096);
    CHECK(device->change_count() > before);
    before = device->change_count();
    device->fill(range, 5);
    CHECK(device->change_count() > before);
    uint32_t word = 0;
    device->download(range, 64, &word, 4);
    CHECK(word == 5);
}

TEST_CASE("memory is used in place where the host sees all of the device's") {
    constexpr VkMemoryPropertyFlags local = 1, visible = 2 | 4, cached = 8, uncached_of_amd = 64 | 128;
    struct Type {
        VkMemoryPropertyFlags flags;
        uint32_t heap;
    };
    struct Heap {
        VkDeviceSize mib;
        bool is_local;
    };
    const auto found = [](const std::vector<Heap>& heaps, const std::vector<Type>& types, uint32_t allowed = UINT32_MAX) {
        VkPhysicalDeviceMemoryProperties memory{};
        for (const Heap& heap : heaps) memory.memoryHeaps[memory.memoryHeapCount++] = {heap.mib * mib, heap.is_local};
        for (const Type& type : types) memory.memoryTypes[memory.memoryTypeCount++] = {type.flags, type.heap};
        return seen_memory_type(memory, allowed);
    };
    // A discrete GPU with a window of 246 MiB.
    CHECK(found({{8192, true}, {23890, false}, {246, true}}, {{0, 1}, {local, 0}, {visible, 1}, {visible | cached, 1},
                                                               {local | visible, 2}}) == no_memory_type);
    // The same with a resizable BAR; another that then has two heaps of one size.
    CHECK(found({{8192, true}, {23890, false}}, {{0, 1}, {local, 0}, {visible, 1}, {visible | cached, 1},
                                                  {local | visible, 0}}) == 4);
    CHECK(found({{8192, true}, {8192, true}, {23890, false}}, {{local, 0}, {visible, 2}, {local | visible, 1}}) == 2);
    // An integrated GPU with both kinds: the first; where that is not allowed, the other. And one that has extensions' too.
    const std::vector<Type> integrated{{local, 0}, {local | visible, 0}, {local | visible | cached, 0}};
    CHECK(found({{16384, true}}, integrated) == 1);
    CHECK(found({{16384, true}}, integrated, 0b101) == 2);
    CHECK(found({{16384, true}}, {{local | visible | uncached_of_amd, 0}, {local | visible, 0}}) == 1);
    // A processor, and memory that has to be flushed.
    CHECK(found({{32768, true}}, {{local | visible | cached, 0}}) == 0);
    CHECK(found({{32768, true}}, {{local | 2, 0}, {local | 2 | cached, 0}}) == no_memory_type);
}

TEST_CASE("a range that grows takes no more than a few times the longest") {
    std::optional<Device> device;
    if (!open(device)) return;
    GrowingRange small, large;
    size_t made = 0;
    for (VkDeviceSize kib = 300; kib <= 3000; kib += 10) {
        made += small.reserve(*device, kib * 1024, Memory::device, "a range");
        CHECK(small->size >= kib * 1024);
    }
    CHECK(made < 10);
    CHECK(all_allocated() < 16 * mib);
    allocated.clear();
    for (VkDeviceSize size = 70; size <= 120; size += 10) large.reserve(*device, size * mib, Memory::device, "a range");
    CHECK(large->size == 120 * mib);
    CHECK(allocated.size() == 6);
    CHECK(freed == 5);  // one at a time
}

#else

TEST_CASE("memory of a Vulkan device") { std::puts("skipped: built without Vulkan"); }

#endif
