#include "cpu/instruction_set.h"

#include <snn/snn.h>

#include "common/error.h"
#include "common/machine.h"
#include "cpu/kernel_table.h"

namespace snn::cpu {

namespace {

struct InstructionSet {
    uint32_t number;  // SNN_ISA_*
    bool is_there;
    const KernelTable& kernels;
};

// The instruction sets of this build, the best last.
const InstructionSet sets[] = {
    {SNN_ISA_SCALAR, true, scalar::kernels},
#if defined(SNN_KERNELS_avx2)
    {SNN_ISA_AVX2, has_avx2(), avx2::kernels},
#endif
#if defined(SNN_KERNELS_avx512)
    {SNN_ISA_AVX512, has_avx512(), avx512::kernels},
#endif
#if defined(SNN_KERNELS_neon)
    {SNN_ISA_NEON, true, neon::kernels},  // part of the architecture
#endif
};

}  // namespace

const KernelTable& kernels_for(uint32_t instruction_set) {
    constexpr const char* names[] = {"", "", "AVX2 with FMA", "AVX-512 (F, BW, DQ, VL)", "NEON of 64-bit ARM"};
    if (instruction_set >= std::size(names))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "instruction_set is ", instruction_set, "; expected SNN_ISA_*");
    const KernelTable* found = nullptr;
    for (const InstructionSet& set : sets)
        if (set.is_there && (instruction_set == SNN_ISA_BEST || instruction_set == set.number)) found = &set.kernels;
    if (found) return *found;
    throw Error(SNN_ERROR_UNSUPPORTED, "this processor, operating system or build of libsnn has no ", names[instruction_set],
                "; it has: ", supported_instruction_sets());
}

std::string supported_instruction_sets() {
    std::string names;
    for (const InstructionSet& set : sets) {
        if (!set.is_there) continue;
        if (!names.empty()) names += ' ';
        names += set.kernels.name;
    }
    return names;
}

}  // namespace snn::cpu
