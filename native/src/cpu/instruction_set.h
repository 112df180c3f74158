// Which vector instructions this processor and operating system offer.
#pragma once

#include <cstdint>
#include <string>

namespace snn::cpu {

struct KernelTable;

// The kernels for SNN_ISA_*; SNN_ISA_BEST picks the widest. Throws SNN_ERROR_UNSUPPORTED if the machine or this build lacks
// them.
const KernelTable& kernels_for(uint32_t instruction_set);

std::string supported_instruction_sets();  // "scalar avx2 avx512", "scalar neon": best last
}  // namespace snn::cpu
