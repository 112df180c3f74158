#include "common/fill.h"

#include <snn/snn.h>

#include "common/machine.h"
#include "common/random.h"

namespace snn {

const FillTable* fill_table(uint32_t instruction_set) {
    if (instruction_set == SNN_ISA_SCALAR) return &scalar::fill;
#if defined(SNN_KERNELS_avx2)
    if (instruction_set == SNN_ISA_AVX2 && has_avx2()) return &avx2::fill;
#endif
#if defined(SNN_KERNELS_avx512)
    if (instruction_set == SNN_ISA_AVX512 && has_avx512()) return &avx512::fill;
#endif
#if defined(SNN_KERNELS_neon)
    if (instruction_set == SNN_ISA_NEON) return &neon::fill;
#endif
    return nullptr;
}

const FillTable& fill_table() {
    static const FillTable* const best = [] {
        for (const uint32_t isa : {SNN_ISA_NEON, SNN_ISA_AVX512, SNN_ISA_AVX2})
            if (const FillTable* const found = fill_table(isa)) return found;
        return &scalar::fill;
    }();
    return *best;
}

float normal_of_word(uint32_t word) {
    // draw_normal() takes the sign from the lowest bit and the probability within that half from the others.
    const bool above = word >> 31;
    return draw_normal((above ? ~word : word) << 1 | (above ? 1u : 0u));
}

}  // namespace snn
