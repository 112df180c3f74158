#include "cpu/instruction_set.h"

#include <snn/snn.h>

#include "common/error.h"
#include "cpu/kernel_table.h"

#if defined(SNN_X86_64) && defined(_MSC_VER)
#include <immintrin.h>
#include <intrin.h>
#endif

namespace snn::cpu {

namespace {

struct Support {
    bool avx2 = false, avx512 = false;
};

#if defined(SNN_X86_64)

#if defined(_MSC_VER)
void cpuid(uint32_t leaf, uint32_t registers[4]) { __cpuidex(reinterpret_cast<int*>(registers), static_cast<int>(leaf), 0); }

// The operating system must save the wide registers too: bits of XCR0.
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
// The builtin asks cpuid and xgetbv: it is true only if the operating system saves the registers.
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

const KernelTable& kernels_for(uint32_t instruction_set) {
    if (instruction_set > SNN_ISA_AVX512)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "instruction_set is ", instruction_set, "; expected SNN_ISA_*");
#if defined(SNN_X86_64)
    if (instruction_set == SNN_ISA_BEST)
        instruction_set = support().avx512 ? SNN_ISA_AVX512 : support().avx2 ? SNN_ISA_AVX2 : SNN_ISA_SCALAR;
    if (instruction_set == SNN_ISA_AVX512 && support().avx512) return avx512::kernels;
    if (instruction_set == SNN_ISA_AVX2 && support().avx2) return avx2::kernels;
#endif
    if (instruction_set == SNN_ISA_BEST || instruction_set == SNN_ISA_SCALAR) return scalar::kernels;
    throw Error(SNN_ERROR_UNSUPPORTED, "this processor or operating system has no ",
                instruction_set == SNN_ISA_AVX512 ? "AVX-512 (F, BW, DQ, VL)" : "AVX2 with FMA", "; it has: ",
                supported_instruction_sets());
}

std::string supported_instruction_sets() {
    std::string names = "scalar";
    if (support().avx2) names += " avx2";
    if (support().avx512) names += " avx512";
    return names;
}

}  // namespace snn::cpu
