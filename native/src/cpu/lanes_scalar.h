// Lanes as plain arrays, for any processor; the compiler makes the best of the loops. See lanes.h for the meaning.
#pragma once

#include <cmath>

namespace snn::cpu::SNN_ISA {

struct F {
    float v[16];
};
struct I {
    int32_t v[16];
};
struct M {
    int32_t v[16];  // 0 or -1
};

#define SNN_EACH for (int i = 0; i < 16; ++i)

SNN_ALWAYS_INLINE F load(const float* p) { F r; std::memcpy(r.v, p, sizeof r.v); return r; }
SNN_ALWAYS_INLINE I load(const int32_t* p) { I r; std::memcpy(r.v, p, sizeof r.v); return r; }
SNN_ALWAYS_INLINE void store(float* p, F x) { std::memcpy(p, x.v, sizeof x.v); }
SNN_ALWAYS_INLINE void store(int32_t* p, I x) { std::memcpy(p, x.v, sizeof x.v); }
// The first n (1 to 16) lanes; the others read as zero and are not written.
SNN_ALWAYS_INLINE F load_partial(const float* p, uint32_t n) {
    F r;
    for (uint32_t i = 0; i < 16; ++i) r.v[i] = i < n ? p[i] : 0.0f;
    return r;
}
SNN_ALWAYS_INLINE I load_partial(const int32_t* p, uint32_t n) {
    I r;
    for (uint32_t i = 0; i < 16; ++i) r.v[i] = i < n ? p[i] : 0;
    return r;
}
SNN_ALWAYS_INLINE void store_partial(float* p, F x, uint32_t n) {
    for (uint32_t i = 0; i < n; ++i) p[i] = x.v[i];
}

SNN_ALWAYS_INLINE F broadcast_f(float x) { F r; SNN_EACH r.v[i] = x; return r; }
SNN_ALWAYS_INLINE I broadcast_i(int32_t x) { I r; SNN_EACH r.v[i] = x; return r; }

SNN_ALWAYS_INLINE F add(F a, F b) { F r; SNN_EACH r.v[i] = a.v[i] + b.v[i]; return r; }
SNN_ALWAYS_INLINE F sub(F a, F b) { F r; SNN_EACH r.v[i] = a.v[i] - b.v[i]; return r; }
SNN_ALWAYS_INLINE F mul(F a, F b) { F r; SNN_EACH r.v[i] = a.v[i] * b.v[i]; return r; }
SNN_ALWAYS_INLINE F div(F a, F b) { F r; SNN_EACH r.v[i] = a.v[i] / b.v[i]; return r; }
SNN_ALWAYS_INLINE F fma_(F a, F b, F c) { return add(mul(a, b), c); }
SNN_ALWAYS_INLINE F mul_by(F a, const float* p) { return mul(a, broadcast_f(*p)); }
SNN_ALWAYS_INLINE F fma_by(F a, const float* p, F c) { return fma_(a, broadcast_f(*p), c); }
SNN_ALWAYS_INLINE F sqrt_(F a) { F r; SNN_EACH r.v[i] = std::sqrt(a.v[i]); return r; }
SNN_ALWAYS_INLINE F min_(F a, F b) { F r; SNN_EACH r.v[i] = a.v[i] < b.v[i] ? a.v[i] : b.v[i]; return r; }
SNN_ALWAYS_INLINE F max_(F a, F b) { F r; SNN_EACH r.v[i] = a.v[i] > b.v[i] ? a.v[i] : b.v[i]; return r; }

SNN_ALWAYS_INLINE I bits_of(F a) { I r; std::memcpy(r.v, a.v, sizeof r.v); return r; }
SNN_ALWAYS_INLINE F from_bits(I a) { F r; std::memcpy(r.v, a.v, sizeof r.v); return r; }

SNN_ALWAYS_INLINE uint32_t unsigned_of(int32_t x) { return static_cast<uint32_t>(x); }
SNN_ALWAYS_INLINE int32_t wrapped(uint32_t x) { return static_cast<int32_t>(x); }
SNN_ALWAYS_INLINE I add(I a, I b) {
    I r;
    SNN_EACH r.v[i] = wrapped(unsigned_of(a.v[i]) + unsigned_of(b.v[i]));
    return r;
}
SNN_ALWAYS_INLINE I sub(I a, I b) {
    I r;
    SNN_EACH r.v[i] = wrapped(unsigned_of(a.v[i]) - unsigned_of(b.v[i]));
    return r;
}
SNN_ALWAYS_INLINE I mul(I a, I b) {
    I r;
    SNN_EACH r.v[i] = wrapped(unsigned_of(a.v[i]) * unsigned_of(b.v[i]));
    return r;
}
SNN_ALWAYS_INLINE I min_(I a, I b) { I r; SNN_EACH r.v[i] = a.v[i] < b.v[i] ? a.v[i] : b.v[i]; return r; }
SNN_ALWAYS_INLINE I max_(I a, I b) { I r; SNN_EACH r.v[i] = a.v[i] > b.v[i] ? a.v[i] : b.v[i]; return r; }
SNN_ALWAYS_INLINE I bit_and(I a, I b) { I r; SNN_EACH r.v[i] = a.v[i] & b.v[i]; return r; }
SNN_ALWAYS_INLINE I bit_or(I a, I b) { I r; SNN_EACH r.v[i] = a.v[i] | b.v[i]; return r; }
SNN_ALWAYS_INLINE I bit_xor(I a, I b) { I r; SNN_EACH r.v[i] = a.v[i] ^ b.v[i]; return r; }
SNN_ALWAYS_INLINE I bit_xor(I a, I b, I c) { return bit_xor(bit_xor(a, b), c); }
constexpr int philox_together = 1;       // calls of Philox that fit into the registers
constexpr uint32_t groups_together = 1;  // groups of neurons whose states fit into the registers, see kernels_spans.h
constexpr bool plastic_pairs = false;    // whether two groups of learning synapses fit, see kernels_plasticity.h
SNN_ALWAYS_INLINE void multiply_wide(I a, uint32_t m, I& high, I& low) {
    for (int i = 0; i < 16; ++i) {
        const uint64_t product = uint64_t{unsigned_of(a.v[i])} * m;
        high.v[i] = wrapped(static_cast<uint32_t>(product >> 32));
        low.v[i] = wrapped(static_cast<uint32_t>(product));
    }
}
template <int Count>
SNN_ALWAYS_INLINE I shift_left(I a) { I r; SNN_EACH r.v[i] = wrapped(unsigned_of(a.v[i]) << Count); return r; }
template <int Count>
SNN_ALWAYS_INLINE I shift_right(I a) { I r; SNN_EACH r.v[i] = a.v[i] >> Count; return r; }  // keeps the sign

SNN_ALWAYS_INLINE F neg(F a) { F r; SNN_EACH r.v[i] = -a.v[i]; return r; }
SNN_ALWAYS_INLINE F abs_(F a) { return from_bits(bit_and(bits_of(a), broadcast_i(0x7fffffff))); }

SNN_ALWAYS_INLINE M lt(F a, F b) { M r; SNN_EACH r.v[i] = a.v[i] < b.v[i] ? -1 : 0; return r; }
SNN_ALWAYS_INLINE M le(F a, F b) { M r; SNN_EACH r.v[i] = a.v[i] <= b.v[i] ? -1 : 0; return r; }
SNN_ALWAYS_INLINE M eq(F a, F b) { M r; SNN_EACH r.v[i] = a.v[i] == b.v[i] ? -1 : 0; return r; }
SNN_ALWAYS_INLINE M lt(I a, I b) { M r; SNN_EACH r.v[i] = a.v[i] < b.v[i] ? -1 : 0; return r; }
SNN_ALWAYS_INLINE M le(I a, I b) { M r; SNN_EACH r.v[i] = a.v[i] <= b.v[i] ? -1 : 0; return r; }
SNN_ALWAYS_INLINE M eq(I a, I b) { M r; SNN_EACH r.v[i] = a.v[i] == b.v[i] ? -1 : 0; return r; }
SNN_ALWAYS_INLINE M and_(M a, M b) { M r; SNN_EACH r.v[i] = a.v[i] & b.v[i]; return r; }
SNN_ALWAYS_INLINE M or_(M a, M b) { M r; SNN_EACH r.v[i] = a.v[i] | b.v[i]; return r; }
SNN_ALWAYS_INLINE M not_(M a) { M r; SNN_EACH r.v[i] = ~a.v[i]; return r; }
SNN_ALWAYS_INLINE I select(M c, I a, I b) {
    I r;
    SNN_EACH r.v[i] = (c.v[i] & a.v[i]) | (~c.v[i] & b.v[i]);
    return r;
}
SNN_ALWAYS_INLINE F select(M c, F a, F b) { return from_bits(select(c, bits_of(a), bits_of(b))); }
SNN_ALWAYS_INLINE M select(M c, M a, M b) {
    M r;
    SNN_EACH r.v[i] = (c.v[i] & a.v[i]) | (~c.v[i] & b.v[i]);
    return r;
}
SNN_ALWAYS_INLINE uint16_t mask_bits(M a) {
    uint32_t bits = 0;
    for (uint32_t i = 0; i < 16; ++i) bits |= (unsigned_of(a.v[i]) & 1u) << i;
    return static_cast<uint16_t>(bits);
}
SNN_ALWAYS_INLINE I count_where(I n, M m) { I r; SNN_EACH r.v[i] = n.v[i] - m.v[i]; return r; }
constexpr bool has_compress = false;
constexpr bool has_fast_products = false;  // rows of active sources are always faster
SNN_ALWAYS_INLINE uint32_t list_lanes(uint16_t, uint32_t, uint32_t*) { return 0; }
SNN_ALWAYS_INLINE uint32_t list_pairs(uint16_t, I, I, int32_t*) { return 0; }
constexpr bool has_fast_lookup = false;
SNN_ALWAYS_INLINE F lookup32(const float* table, I index) { F r; SNN_EACH r.v[i] = table[index.v[i]]; return r; }
SNN_ALWAYS_INLINE M mask_from_bits(uint16_t bits) {
    M r;
    SNN_EACH r.v[i] = -((bits >> i) & 1);
    return r;
}
// Masks in memory: one 32-bit word a lane, 0 or -1.
SNN_ALWAYS_INLINE M load_mask(const int32_t* p) { M r; std::memcpy(r.v, p, sizeof r.v); return r; }
SNN_ALWAYS_INLINE void store_mask(int32_t* p, M x) { std::memcpy(p, x.v, sizeof x.v); }

SNN_ALWAYS_INLINE bool any(M a) { return mask_bits(a) != 0; }
SNN_ALWAYS_INLINE I load_u16(const uint16_t* p) { I r; SNN_EACH r.v[i] = p[i]; return r; }
SNN_ALWAYS_INLINE F gather(const float* p, I at) { F r; SNN_EACH r.v[i] = p[at.v[i]]; return r; }
SNN_ALWAYS_INLINE I gather(const int32_t* p, I at) { I r; SNN_EACH r.v[i] = p[at.v[i]]; return r; }

SNN_ALWAYS_INLINE F to_float(I a) { F r; SNN_EACH r.v[i] = static_cast<float>(a.v[i]); return r; }
// Adding 2^23 rounds a smaller magnitude to an integer, ties to even; larger ones are integers already.
SNN_ALWAYS_INLINE F round_even(F a) {
    const F magnitude = abs_(a), shift = broadcast_f(8388608.0f);
    const F rounded = sub(add(magnitude, shift), shift);
    const I sign = bit_and(bits_of(a), broadcast_i(INT32_MIN));
    return select(lt(magnitude, shift), from_bits(bit_or(bits_of(rounded), sign)), a);
}
SNN_ALWAYS_INLINE I nearest(F a) {
    const F rounded = round_even(a);
    I r;
    SNN_EACH r.v[i] = static_cast<int32_t>(rounded.v[i]);
    return r;
}
SNN_ALWAYS_INLINE I to_int(F a) {
    const F low = broadcast_f(-2147483648.0f), high = broadcast_f(2147483648.0f);
    const M too_high = le(high, a);
    const F inside = select(and_(le(low, a), not_(too_high)), a, select(eq(a, a), low, broadcast_f(0.0f)));
    return select(too_high, broadcast_i(INT32_MAX), nearest(inside));
}
SNN_ALWAYS_INLINE F floor_(F a) {
    const F rounded = round_even(a);
    return select(lt(a, rounded), sub(rounded, broadcast_f(1.0f)), rounded);
}

SNN_ALWAYS_INLINE F flush(F a) { return select(lt(abs_(a), broadcast_f(0x1p-63f)), broadcast_f(0.0f), a); }

#undef SNN_EACH

}  // namespace snn::cpu::SNN_ISA
