// This program's operator new counts, and can be told to fail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

namespace snn::test {

uint64_t heap_calls();  // calls of operator new so far, on every thread
// What operator new has given and operator delete has not had back, in whole blocks of the C runtime's; 0 on machines whose
// runtime tells no sizes of blocks.
uint64_t heap_bytes();
// The operator new of every thread throws std::bad_alloc from this many calls on; UINT64_MAX: never.
void fail_heap_after(uint64_t calls);
// It throws for more than so many bytes at once, after so many such blocks from now on; SIZE_MAX: never.
void limit_heap_blocks(size_t bytes, uint64_t given = 0);

// Runs function() while the heap gives memory `calls` times and then no more. True when that was not enough.
template <class Function>
bool out_of_memory_after(uint64_t calls, Function&& function) {
    fail_heap_after(calls);
    bool failed = false;
    try {
        function();
    } catch (const std::bad_alloc&) {
        failed = true;
    } catch (...) {
        fail_heap_after(UINT64_MAX);
        throw;
    }
    fail_heap_after(UINT64_MAX);
    return failed;
}

}  // namespace snn::test
