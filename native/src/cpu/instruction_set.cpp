#include "cpu/instruction_set.h"

#include <snn/snn.h>

#include "common/error.h"
#include "common/machine.h"
#include "cpu/kernel_table.h"

namespace snn::cpu {

const KernelTable& kernels_for(uint32_t instruction_set) {
    if (instruction_set > SNN_ISA_AVX512)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "instruction_set is ", instruction_set, "; expected SNN_ISA_*");
#if defined(SNN_X86_64)
    if (instruction_set == SNN_ISA_BEST)
        instruction_set = has_avx512() ? SNN_ISA_AVX512 : has_avx2() ? SNN_ISA_AVX2 : SNN_ISA_SCALAR;
    if (instruction_set == SNN_ISA_AVX512 && has_avx512()) return avx512::kernels;
    if (instruction_set == SNN_ISA_AVX2 && has_avx2()) return avx2::kernels;
#endif
    if (instruction_set == SNN_ISA_BEST || instruction_set == SNN_ISA_SCALAR) return scalar::kernels;
    throw Error(SNN_ERROR_UNSUPPORTED, "this processor or operating system has no ",
                instruction_set == SNN_ISA_AVX512 ? "AVX-512 (F, BW, DQ, VL)" : "AVX2 with FMA", "; it has: ",
                supported_instruction_sets());
}

std::string supported_instruction_sets() {
    std::string names = "scalar";
    if (has_avx2()) names += " avx2";
    if (has_avx512()) names += " avx512";
    return names;
}

}  // namespace snn::cpu
