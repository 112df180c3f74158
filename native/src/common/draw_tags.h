// Tags in the first word of Philox's counter, above the number of the call: docs/semantics.md, "Random draws". They have their
// own header so that kernels compiled for one instruction set include nothing else.
#pragma once

#include <cstdint>

namespace snn {

constexpr uint32_t draw_tag = 0xD0000000u;
constexpr uint32_t lower_half_tag = 0xC0000000u;  // lower halves of the words of `poisson`

}  // namespace snn
