#include "heap.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace {

std::atomic<uint64_t> news{0};
std::atomic<uint64_t> bytes{0};
std::atomic<uint64_t> last{UINT64_MAX};  // `news` up to which memory is given
std::atomic<size_t> most{SIZE_MAX};      // bytes of a block ...
std::atomic<uint64_t> larger_left{0};    // ... but for so many that are larger

std::size_t size_of_block([[maybe_unused]] void* memory) {
#ifdef __GLIBC__
    return malloc_usable_size(memory);
#else
    return 0;
#endif
}

void* give(std::size_t size) {
    if (news.fetch_add(1, std::memory_order_relaxed) >= last.load(std::memory_order_relaxed)) return nullptr;
    if (size > most.load(std::memory_order_relaxed)) {
        uint64_t left = larger_left.load();
        do
            if (left == 0) return nullptr;
        while (!larger_left.compare_exchange_weak(left, left - 1));
    }
    void* const memory = std::malloc(size ? size : 1);
    bytes.fetch_add(size_of_block(memory), std::memory_order_relaxed);
    return memory;
}

void take_back(void* memory) noexcept {
    bytes.fetch_sub(size_of_block(memory), std::memory_order_relaxed);
    std::free(memory);
}

}  // namespace

namespace snn::test {

uint64_t heap_calls() { return news.load(); }
uint64_t heap_bytes() { return bytes.load(); }
void fail_heap_after(uint64_t calls) { last.store(calls == UINT64_MAX ? calls : news.load() + calls); }
void limit_heap_blocks(size_t bytes, uint64_t given) {
    larger_left.store(given);
    most.store(bytes);
}

}  // namespace snn::test

// The alignment forms are not replaced, session buffers go through the host's allocator.
void* operator new(std::size_t size) {
    void* const memory = give(size);
    if (!memory) throw std::bad_alloc();
    return memory;
}
// std::stable_sort asks this way; without it the sanitizer sees its operator new freed by our operator delete.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return give(size);
}
void operator delete(void* memory) noexcept { take_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { take_back(memory); }
