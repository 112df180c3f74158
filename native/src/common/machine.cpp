#include "common/machine.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <thread>

#if defined(_MSC_VER)
#include <immintrin.h>
#include <intrin.h>
#elif defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#if !defined(NOMINMAX) /* libstdc++ has it for Windows */
#define NOMINMAX
#endif
#include <windows.h>
#elif defined(__linux__)
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif
#if defined(__GLIBC__)
#include <malloc.h>
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

namespace {

struct Support {
    bool avx2 = false, avx512 = false;
};

#if defined(__x86_64__) || defined(_M_X64)

#if defined(_MSC_VER)
void cpuid(uint32_t leaf, uint32_t registers[4]) { __cpuidex(reinterpret_cast<int*>(registers), static_cast<int>(leaf), 0); }

// The operating system must save the wide registers, too: see the bits of XCR0.
Support detect() {
    Support support;
    uint32_t r[4];
    cpuid(0, r);
    if (r[0] < 7) return support;
    cpuid(1, r);
    const bool fma = r[2] >> 12 & 1, saves_extended = r[2] >> 27 & 1, avx = r[2] >> 28 & 1;
    if (!saves_extended || !avx) return support;
    const uint64_t saved = _xgetbv(0);
    cpuid(7, r);
    const auto has = [&](int bit) { return (r[1] >> bit & 1) != 0; };
    support.avx2 = (saved & 0x06) == 0x06 && fma && has(5);
    support.avx512 = support.avx2 && (saved & 0xe6) == 0xe6 && has(16) && has(17) && has(30) && has(31);
    return support;
}
#else
// The builtin queries cpuid and xgetbv: it is true only if the operating system saves the registers.
Support detect() {
    __builtin_cpu_init();
    Support support;
    support.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    support.avx512 = support.avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                     __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    return support;
}
#endif

#else
Support detect() { return {}; }
#endif

const Support& support() {
    static const Support found = detect();
    return found;
}

}  // namespace

bool has_avx2() { return support().avx2; }
bool has_avx512() { return support().avx512; }

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

#if defined(__linux__)
namespace {

// The number after `key` in a file of the system, or the first number if there is no key. UINT64_MAX if there is none.
uint64_t number_in(const char* path, const char* key) {
    std::FILE* const file = std::fopen(path, "r");
    if (!file) return UINT64_MAX;
    char line[256];
    uint64_t number = UINT64_MAX;
    const size_t length = key ? std::strlen(key) : 0;
    while (number == UINT64_MAX && std::fgets(line, sizeof line, file)) {
        if (key && std::strncmp(line, key, length) != 0) continue;
        unsigned long long found = 0;
        if (std::sscanf(line + length, "%llu", &found) == 1) number = found;
        if (!key) break;
    }
    std::fclose(file);
    return number;
}

}  // namespace
#endif

uint64_t available_memory_bytes() {
#if defined(_WIN32)
    MEMORYSTATUSEX status{};
    status.dwLength = sizeof status;
    return GlobalMemoryStatusEx(&status) ? status.ullAvailPhys : 0;
#elif defined(__linux__)
    const uint64_t free = number_in("/proc/meminfo", "MemAvailable:");
    uint64_t available = free == UINT64_MAX ? UINT64_MAX : free * 1024;
    // In a container (cgroup 2): its limit minus its use, not counting cached files that can be dropped.
    const uint64_t limit = number_in("/sys/fs/cgroup/memory.max", nullptr);
    const uint64_t used = number_in("/sys/fs/cgroup/memory.current", nullptr);
    if (limit != UINT64_MAX && used != UINT64_MAX) {
        const uint64_t files = number_in("/sys/fs/cgroup/memory.stat", "inactive_file ");
        const uint64_t kept = used - std::min(used, files == UINT64_MAX ? 0 : files);
        available = std::min(available, limit - std::min(limit, kept));
    }
    return available == UINT64_MAX ? 0 : available;
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

void return_free_memory() {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}

}  // namespace snn
