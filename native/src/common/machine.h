// Facts about the machine, for device descriptions and thread counts.
#pragma once

#include <cstdint>
#include <string>

namespace snn {

std::string processor_name();    // as the processor reports it
uint32_t logical_processors();   // that this process may use, at least 1
// Whether both the processor and the operating system support AVX2 with FMA; AVX-512 F, BW, DQ and VL.
bool has_avx2();
bool has_avx512();
uint64_t total_memory_bytes();   // 0 if unknown
// Memory that this process can still take: memory that the system has free or can free at once, limited by what the container
// has left. 0 if unknown.
uint64_t available_memory_bytes();
// Asks the system to back the whole pages inside [memory, memory + size) with large pages. A hint: it may do nothing.
void use_large_pages(void* memory, size_t size_bytes);
// Returns free memory of the heap to the system. glibc by itself keeps up to 64 MB of it. Takes milliseconds.
void return_free_memory();

}  // namespace snn
