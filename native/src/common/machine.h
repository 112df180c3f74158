// Facts about the machine, for device descriptions and thread counts.
#pragma once

#include <cstdint>
#include <string>

namespace snn {

std::string processor_name();    // as the processor calls itself
uint32_t logical_processors();   // that this process may use, at least 1
uint64_t total_memory_bytes();   // 0 if unknown
// Asks the system to back what lies inside [memory, memory + size) by large pages. A hint: it may do nothing.
void use_large_pages(void* memory, size_t size_bytes);

}  // namespace snn
