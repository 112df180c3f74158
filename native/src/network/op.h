// The operations of an op list; their meaning is docs/model-format.md. By itself, so that kernels compiled for one
// instruction set see nothing else.
#pragma once

#include <cstdint>

namespace snn {

enum class Op : uint8_t {
    const_, iconst,
    add, sub, mul, div, min, max, neg, abs, floor, exp, reciprocal, log, sqrt, atan, tanh,
    iadd, isub, imul, imin, imax,
    lt, le, eq, ilt, ile, ieq,
    and_, or_, not_,
    select, to_float, to_int, spike, surrogate,
    uniform, normal, poisson,
};

constexpr bool is_draw(Op op) { return op == Op::uniform || op == Op::normal || op == Op::poisson; }

}  // namespace snn
