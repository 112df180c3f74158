// The library's own exp, log and reciprocal on lanes, operation by operation as docs/model-format.md specifies them ("Software
// exp", "Software log", "Software reciprocal").
#pragma once

namespace snn::cpu::SNN_ISA {

// Scalar lanes pass through memory anyway, and inlining these functions in every place that calls them takes the compiler
// minutes.
#if defined(SNN_ISA_IS_scalar)
#define SNN_INLINE_MATH SNN_NO_INLINE static
#else
#define SNN_INLINE_MATH SNN_ALWAYS_INLINE
#endif

#if !defined(SNN_ISA_IS_avx512) && !defined(SNN_ISA_IS_avx2)  // those have shuffles for it
SNN_INLINE_MATH void turn(F rows[16]) {
    alignas(64) float in[16][16];
    for (int r = 0; r < 16; ++r) store(in[r], rows[r]);
    for (int r = 0; r < 16; ++r) {
        alignas(64) float column[16];
        for (int k = 0; k < 16; ++k) column[k] = in[k][r];
        rows[r] = load(column);
    }
}
#endif

SNN_INLINE_MATH F exp_(F x) {
    x = min_(max_(x, broadcast_f(-87.0f)), broadcast_f(88.0f));
    const F n = floor_(add(mul(x, broadcast_f(0x1.715476p+0f)), broadcast_f(0.5f)));
    const F r = sub(sub(x, mul(n, broadcast_f(0x1.62e400p-1f))), mul(n, broadcast_f(0x1.7f7d1cp-20f)));
    F p = broadcast_f(0x1.6d10fcp-10f);
    p = add(mul(p, r), broadcast_f(0x1.120b62p-7f));
    p = add(mul(p, r), broadcast_f(0x1.55551ap-5f));
    p = add(mul(p, r), broadcast_f(0x1.5554dep-3f));
    p = add(mul(p, r), broadcast_f(0.5f));
    p = add(mul(p, r), broadcast_f(1.0f));
    p = add(mul(p, r), broadcast_f(1.0f));
    return mul(p, from_bits(shift_left<23>(add(nearest(n), broadcast_i(127)))));
}

SNN_INLINE_MATH F log_(F x) {
    x = min_(max_(x, broadcast_f(0x1p-126f)), broadcast_f(0x1.fffffep+127f));
    const I bits = add(bits_of(x), broadcast_i(0x004afb0d));
    const F k = to_float(sub(shift_right<23>(bits), broadcast_i(127)));
    const F r = sub(from_bits(add(bit_and(bits, broadcast_i(0x007fffff)), broadcast_i(0x3f3504f3))), broadcast_f(1.0f));
    const F z = mul(r, r);
    F p = broadcast_f(0x1.14579ap-4f);
    p = add(mul(p, r), broadcast_f(-0x1.de3c12p-4f));
    p = add(mul(p, r), broadcast_f(0x1.e6f06ep-4f));
    p = add(mul(p, r), broadcast_f(-0x1.fc2208p-4f));
    p = add(mul(p, r), broadcast_f(0x1.233768p-3f));
    p = add(mul(p, r), broadcast_f(-0x1.555c4ep-3f));
    p = add(mul(p, r), broadcast_f(0x1.99a4b6p-3f));
    p = add(mul(p, r), broadcast_f(-0x1.000006p-2f));
    p = add(mul(p, r), broadcast_f(0x1.555548p-2f));
    const F tail = sub(add(mul(mul(z, r), p), mul(k, broadcast_f(0x1.7f7d1cp-20f))), mul(broadcast_f(0.5f), z));
    return add(mul(k, broadcast_f(0x1.62e400p-1f)), add(r, tail));
}

SNN_INLINE_MATH F reciprocal_(F x) {
    const F smallest = broadcast_f(0x1p-126f), one = broadcast_f(1.0f);
    const I bits = bits_of(min_(max_(abs_(x), smallest), broadcast_f(0x1p+126f)));
    const F m = from_bits(bit_or(bit_and(bits, broadcast_i(0x007fffff)), broadcast_i(0x3f800000)));
    F y = broadcast_f(0x1.4afd6ap-2f);
    y = add(mul(y, m), broadcast_f(-0x1.745d18p+0f));
    y = add(mul(y, m), broadcast_f(0x1.0f83e0p+1f));
    y = add(y, mul(y, sub(one, mul(m, y))));
    y = add(y, mul(y, sub(one, mul(m, y))));
    y = mul(y, from_bits(sub(broadcast_i(0x7f000000), bit_and(bits, broadcast_i(0x7f800000)))));
    return select(le(x, neg(smallest)), neg(y), y);
}

#undef SNN_INLINE_MATH

}  // namespace snn::cpu::SNN_ISA
