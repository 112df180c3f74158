// Sixteen numbers at once, with the same names and the same bits on every instruction set.
//
//   F  16 float32        I  16 int32        M  16 truth values
//
// The kernels and the generated neuron models are written once on these types and compiled once per instruction set
// (SNN_ISA names the namespace, SNN_ISA_IS_<name> selects the implementation). Every function is the IEEE operation on
// each lane, rounded on its own:
//
//   min_(a, b)  a < b ? a : b     max_(a, b)  a > b ? a : b     so a NaN or a tie of zeros gives b, as SSE does
//   to_int(x)   nearest, ties to even, clamped to the range of int32; NaN gives 0
//   nearest(x)  the same for values known to lie within int32
//   flush(x)    |x| < 2^-63 ? +0 : x, as when a state is stored; NaN and infinity stay
//   fma_(a,b,c) a * b + c, contracted where the instruction set can: for gradients, and where the product is exact
//   mul_by(a,p), fma_by(a,p,c)      a * *p, a * *p + c as fma_
//   gather(p,i) p[i] of each lane
//   multiply_wide(a, m, high, low)   the two halves of the 64-bit products of unsigned numbers
//   broadcast_halves(x), sub_halves(a, b), lt_halves(a, b), eq_halves(a, b)   on signed 16-bit halves; -1 if true. Only on
//                               avx2 and neon, for lanes_half_limits.h
//   lookup32(table, i)   table[i] for i from 0 to 31; with has_fast_lookup, for the lowest five bits of i
//   count_where(n, m)    n + 1 where m holds, otherwise n
//   list_lanes(bits, first, out)     first + the index of each set bit, if has_compress; writes 16 words, returns how many are
//                                    valid
//   list_pairs(bits, a, b, out)      a and b of each lane with a set bit, if has_compress; writes 32 words, returns how many
//                                    pairs are valid
//   turn(rows)  16 rows of 16: rows[r][lane] becomes rows[lane][r]
//
// Integer arithmetic wraps. Comparisons with NaN are false. exp_, log_ and reciprocal_ are the library's own (lanes_math.h).
//
// Included by kernels_isa.cpp alone, so that nothing compiled for one instruction set can be linked for another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "common/compiler.h"

#if defined(SNN_ISA_IS_avx512)
#include "cpu/lanes_avx512.h"
#elif defined(SNN_ISA_IS_avx2)
#include "cpu/lanes_avx2.h"
#elif defined(SNN_ISA_IS_neon)
#include "cpu/lanes_neon.h"
#elif defined(SNN_ISA_IS_scalar)
#include "cpu/lanes_scalar.h"
#else
#error "define SNN_ISA and SNN_ISA_IS_<name>; see native/CMakeLists.txt"
#endif

#include "cpu/lanes_math.h"
#include "cpu/lanes_poisson.h"
#include "cpu/lanes_random.h"
