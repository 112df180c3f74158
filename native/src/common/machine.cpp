#include "common/machine.h"

#include <algorithm>
#include <cstring>
#include <thread>

#if defined(_MSC_VER)
#include <intrin.h>
#elif defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
#elif defined(__linux__)
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace snn {

#if defined(__x86_64__) || defined(_M_X64)
std::string processor_name() {
    char brand[49] = {};
    for (uint32_t part = 0; part < 3; ++part) {
        uint32_t registers[4] = {};
#if defined(_MSC_VER)
        __cpuid(reinterpret_cast<int*>(registers), static_cast<int>(0x80000002u + part));
#else
        if (!__get_cpuid(0x80000002u + part, &registers[0], &registers[1], &registers[2], &registers[3])) break;
#endif
        std::memcpy(brand + 16 * part, registers, sizeof registers);
    }
    const std::string name = brand;
    const size_t first = name.find_first_not_of(' ');
    if (first == std::string::npos) return "x86-64 processor";
    return name.substr(first, name.find_last_not_of(' ') - first + 1);
}
#elif defined(__aarch64__) || defined(_M_ARM64)
std::string processor_name() { return "arm64 processor"; }
#else
std::string processor_name() { return "processor"; }
#endif

uint32_t logical_processors() {
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<uint32_t>(std::max(1, CPU_COUNT(&set)));
#endif
    return std::max(1u, std::thread::hardware_concurrency());
}

uint64_t total_memory_bytes() {
#if defined(_WIN32)
    MEMORYSTATUSEX status{};
    status.dwLength = sizeof status;
    return GlobalMemoryStatusEx(&status) ? status.ullTotalPhys : 0;
#elif defined(__linux__)
    const long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGE_SIZE);
    return pages > 0 && page_bytes > 0 ? static_cast<uint64_t>(pages) * static_cast<uint64_t>(page_bytes) : 0;
#elif defined(__APPLE__)
    uint64_t bytes = 0;
    size_t size = sizeof bytes;
    return sysctlbyname("hw.memsize", &bytes, &size, nullptr, 0) == 0 ? bytes : 0;
#else
    return 0;
#endif
}

void use_large_pages([[maybe_unused]] void* memory, [[maybe_unused]] size_t size_bytes) {
#if defined(__linux__)
    constexpr uintptr_t page = uintptr_t{1} << 21;
    const uintptr_t begin = (reinterpret_cast<uintptr_t>(memory) + page - 1) & ~(page - 1);
    const uintptr_t end = (reinterpret_cast<uintptr_t>(memory) + size_bytes) & ~(page - 1);
    if (memory && begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

}  // namespace snn
