// What the first word of Philox's counter has above the number of the call: docs/semantics.md, "Random draws". By itself, so
// that kernels compiled for one instruction set see nothing else.
#pragma once

#include <cstdint>

namespace snn {

constexpr uint32_t draw_tag = 0xD0000000u;
constexpr uint32_t lower_half_tag = 0xC0000000u;  // of the lower halves of the words of `poisson`

}  // namespace snn
