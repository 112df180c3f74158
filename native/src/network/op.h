// The operations of an op list, defined in docs/model-format.md. They have their own header so that kernels compiled for one
// instruction set include nothing else.
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

// The number of registers that an operation reads.
constexpr uint32_t operand_count(Op op) {
    switch (op) {
        case Op::const_:
        case Op::iconst:
        case Op::uniform:
        case Op::normal:
        case Op::poisson: return 0;
        case Op::neg:
        case Op::abs:
        case Op::floor:
        case Op::exp:
        case Op::reciprocal:
        case Op::log:
        case Op::sqrt:
        case Op::atan:
        case Op::tanh:
        case Op::not_:
        case Op::to_float:
        case Op::to_int:
        case Op::surrogate: return 1;
        case Op::select: return 3;
        default: return 2;
    }
}

constexpr bool is_draw(Op op) { return op == Op::uniform || op == Op::normal || op == Op::poisson; }

}  // namespace snn
