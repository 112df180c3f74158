// Lanes as one 16-wide AVX-512 register (F, BW, DQ, VL). See lanes.h for the meaning.
#pragma once

#include <immintrin.h>

namespace snn::cpu::SNN_ISA {

struct F {
    __m512 v;
};
struct I {
    __m512i v;
};
struct M {
    __mmask16 v;
};

SNN_ALWAYS_INLINE F load(const float* p) { return {_mm512_loadu_ps(p)}; }
SNN_ALWAYS_INLINE I load(const int32_t* p) { return {_mm512_loadu_si512(p)}; }
SNN_ALWAYS_INLINE void store(float* p, F x) { _mm512_storeu_ps(p, x.v); }
SNN_ALWAYS_INLINE void store(int32_t* p, I x) { _mm512_storeu_si512(p, x.v); }
SNN_ALWAYS_INLINE __mmask16 lanes_below(uint32_t n) { return static_cast<__mmask16>((1u << n) - 1u); }
// The first n (1 to 16) lanes; the others read as zero and are not written.
SNN_ALWAYS_INLINE F load_partial(const float* p, uint32_t n) { return {_mm512_maskz_loadu_ps(lanes_below(n), p)}; }
SNN_ALWAYS_INLINE I load_partial(const int32_t* p, uint32_t n) { return {_mm512_maskz_loadu_epi32(lanes_below(n), p)}; }
SNN_ALWAYS_INLINE void store_partial(float* p, F x, uint32_t n) { _mm512_mask_storeu_ps(p, lanes_below(n), x.v); }

SNN_ALWAYS_INLINE F broadcast_f(float x) { return {_mm512_set1_ps(x)}; }
SNN_ALWAYS_INLINE I broadcast_i(int32_t x) { return {_mm512_set1_epi32(x)}; }

SNN_ALWAYS_INLINE F add(F a, F b) { return {_mm512_add_ps(a.v, b.v)}; }
SNN_ALWAYS_INLINE F sub(F a, F b) { return {_mm512_sub_ps(a.v, b.v)}; }
SNN_ALWAYS_INLINE F mul(F a, F b) { return {_mm512_mul_ps(a.v, b.v)}; }
SNN_ALWAYS_INLINE F div(F a, F b) { return {_mm512_div_ps(a.v, b.v)}; }
SNN_ALWAYS_INLINE F fma_(F a, F b, F c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
// Written in assembly, because compilers make one broadcast of a number that is used several times, and load `a` at each
// use. Such a broadcast occupies a unit that adds and multiplies, and such a load takes one of the few loads of 64 bytes
// (docs/performance-history.md).
#if defined(SNN_MUL_BROADCAST)
SNN_ALWAYS_INLINE F mul_by(F a, const float* p) {
    F product;
    SNN_MUL_BROADCAST(product.v, a.v, *p);
    return product;
}
SNN_ALWAYS_INLINE F fma_by(F a, const float* p, F c) {
    SNN_FMA_BROADCAST(c.v, a.v, *p);
    return c;
}
#else
SNN_ALWAYS_INLINE F mul_by(F a, const float* p) { return mul(a, broadcast_f(*p)); }
SNN_ALWAYS_INLINE F fma_by(F a, const float* p, F c) { return fma_(a, broadcast_f(*p), c); }
#endif
// The forms with a zeroing mask of all lanes: gcc 12 warns about the plain ones' undefined pass-through operand.
SNN_ALWAYS_INLINE F sqrt_(F a) { return {_mm512_maskz_sqrt_ps(0xffff, a.v)}; }
SNN_ALWAYS_INLINE F min_(F a, F b) { return {_mm512_maskz_min_ps(0xffff, a.v, b.v)}; }
SNN_ALWAYS_INLINE F max_(F a, F b) { return {_mm512_maskz_max_ps(0xffff, a.v, b.v)}; }

SNN_ALWAYS_INLINE I bits_of(F a) { return {_mm512_castps_si512(a.v)}; }
SNN_ALWAYS_INLINE F from_bits(I a) { return {_mm512_castsi512_ps(a.v)}; }

SNN_ALWAYS_INLINE I add(I a, I b) { return {_mm512_add_epi32(a.v, b.v)}; }
SNN_ALWAYS_INLINE I sub(I a, I b) { return {_mm512_sub_epi32(a.v, b.v)}; }
SNN_ALWAYS_INLINE I mul(I a, I b) { return {_mm512_mullo_epi32(a.v, b.v)}; }
SNN_ALWAYS_INLINE I min_(I a, I b) { return {_mm512_maskz_min_epi32(0xffff, a.v, b.v)}; }
SNN_ALWAYS_INLINE I max_(I a, I b) { return {_mm512_maskz_max_epi32(0xffff, a.v, b.v)}; }
SNN_ALWAYS_INLINE I bit_and(I a, I b) { return {_mm512_and_si512(a.v, b.v)}; }
SNN_ALWAYS_INLINE I bit_or(I a, I b) { return {_mm512_or_si512(a.v, b.v)}; }
SNN_ALWAYS_INLINE I bit_xor(I a, I b) { return {_mm512_xor_si512(a.v, b.v)}; }
SNN_ALWAYS_INLINE I bit_xor(I a, I b, I c) { return {_mm512_ternarylogic_epi32(a.v, b.v, c.v, 0x96)}; }
constexpr int philox_together = 2;       // calls of Philox that fit into the registers
constexpr uint32_t groups_together = 4;  // groups of neurons whose states fit into the registers, see kernels_spans.h
constexpr bool plastic_pairs = true;     // whether two groups of learning synapses fit, see kernels_plasticity.h
SNN_ALWAYS_INLINE void multiply_wide(I a, uint32_t m, I& high, I& low) {
    const __m512i factor = _mm512_set1_epi64(m);
    const __m512i even = _mm512_maskz_mul_epu32(0xff, a.v, factor);
    const __m512i odd = _mm512_maskz_mul_epu32(0xff, _mm512_maskz_srli_epi64(0xff, a.v, 32), factor);
    high = {_mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB)};
    low = {_mm512_mask_shuffle_epi32(even, 0xaaaa, odd, _MM_PERM_CCAA)};
}
template <int Count>
SNN_ALWAYS_INLINE I shift_left(I a) { return {_mm512_maskz_slli_epi32(0xffff, a.v, Count)}; }
template <int Count>
SNN_ALWAYS_INLINE I shift_right(I a) { return {_mm512_maskz_srai_epi32(0xffff, a.v, Count)}; }

SNN_ALWAYS_INLINE F neg(F a) { return from_bits({_mm512_xor_si512(bits_of(a).v, _mm512_set1_epi32(INT32_MIN))}); }
SNN_ALWAYS_INLINE F abs_(F a) { return from_bits({_mm512_and_si512(bits_of(a).v, _mm512_set1_epi32(0x7fffffff))}); }

SNN_ALWAYS_INLINE M lt(F a, F b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ)}; }
SNN_ALWAYS_INLINE M le(F a, F b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LE_OQ)}; }
SNN_ALWAYS_INLINE M eq(F a, F b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ)}; }
SNN_ALWAYS_INLINE M lt(I a, I b) { return {_mm512_cmplt_epi32_mask(a.v, b.v)}; }
SNN_ALWAYS_INLINE M le(I a, I b) { return {_mm512_cmple_epi32_mask(a.v, b.v)}; }
SNN_ALWAYS_INLINE M eq(I a, I b) { return {_mm512_cmpeq_epi32_mask(a.v, b.v)}; }
SNN_ALWAYS_INLINE M and_(M a, M b) { return {static_cast<__mmask16>(a.v & b.v)}; }
SNN_ALWAYS_INLINE M or_(M a, M b) { return {static_cast<__mmask16>(a.v | b.v)}; }
SNN_ALWAYS_INLINE M not_(M a) { return {static_cast<__mmask16>(~a.v)}; }
SNN_ALWAYS_INLINE F select(M c, F a, F b) { return {_mm512_mask_blend_ps(c.v, b.v, a.v)}; }
SNN_ALWAYS_INLINE I select(M c, I a, I b) { return {_mm512_mask_blend_epi32(c.v, b.v, a.v)}; }
SNN_ALWAYS_INLINE M select(M c, M a, M b) { return {static_cast<__mmask16>((c.v & a.v) | (~c.v & b.v))}; }
SNN_ALWAYS_INLINE uint16_t mask_bits(M a) { return a.v; }
SNN_ALWAYS_INLINE I count_where(I n, M m) { return {_mm512_mask_add_epi32(n.v, m.v, n.v, _mm512_set1_epi32(1))}; }
constexpr bool has_fast_lookup = true;  // faster than a gather
SNN_ALWAYS_INLINE F lookup32(const float* table, I i) {
    return {_mm512_permutex2var_ps(_mm512_loadu_ps(table), i.v, _mm512_loadu_ps(table + 16))};
}
SNN_ALWAYS_INLINE M mask_from_bits(uint16_t bits) { return {bits}; }
constexpr bool has_compress = true;
constexpr bool has_fast_products = true;
SNN_ALWAYS_INLINE uint32_t list_lanes(uint16_t bits, uint32_t first, uint32_t* out) {
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i places = _mm512_add_epi32(lanes, _mm512_set1_epi32(static_cast<int>(first)));
    _mm512_storeu_si512(out, _mm512_maskz_compress_epi32(bits, places));
    return static_cast<uint32_t>(_mm_popcnt_u32(bits));
}
SNN_ALWAYS_INLINE uint32_t list_pairs(uint16_t bits, I a, I b, int32_t* out) {
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    const __m512i first = _mm512_maskz_compress_epi32(bits, a.v), second = _mm512_maskz_compress_epi32(bits, b.v);
    _mm512_storeu_si512(out, _mm512_permutex2var_epi32(first, low, second));
    _mm512_storeu_si512(out + 16, _mm512_permutex2var_epi32(first, high, second));
    return static_cast<uint32_t>(_mm_popcnt_u32(bits));
}
// Masks in memory: one 32-bit word a lane, 0 or -1.
SNN_ALWAYS_INLINE M load_mask(const int32_t* p) { return {_mm512_movepi32_mask(_mm512_loadu_si512(p))}; }
SNN_ALWAYS_INLINE void store_mask(int32_t* p, M x) { _mm512_storeu_si512(p, _mm512_movm_epi32(x.v)); }

SNN_ALWAYS_INLINE bool any(M a) { return a.v != 0; }
SNN_ALWAYS_INLINE I load_u16(const uint16_t* p) {
    return {_mm512_maskz_cvtepu16_epi32(0xffff, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))};
}
SNN_ALWAYS_INLINE F gather(const float* p, I at) {
    return {_mm512_mask_i32gather_ps(_mm512_setzero_ps(), 0xffff, at.v, p, 4)};
}
SNN_ALWAYS_INLINE I gather(const int32_t* p, I at) {
    return {_mm512_mask_i32gather_epi32(_mm512_setzero_si512(), 0xffff, at.v, p, 4)};
}

SNN_ALWAYS_INLINE F to_float(I a) { return {_mm512_maskz_cvtepi32_ps(0xffff, a.v)}; }
SNN_ALWAYS_INLINE I nearest(F a) { return {_mm512_maskz_cvtps_epi32(0xffff, a.v)}; }
// The conversion gives INT32_MIN for whatever does not fit.
SNN_ALWAYS_INLINE I to_int(F a) {
    const I held = select(le(broadcast_f(2147483648.0f), a), broadcast_i(INT32_MAX), nearest(a));
    return select(eq(a, a), held, broadcast_i(0));
}
SNN_ALWAYS_INLINE F round_even(F a) {
    return {_mm512_maskz_roundscale_ps(0xffff, a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
SNN_ALWAYS_INLINE F floor_(F a) {
    return {_mm512_maskz_roundscale_ps(0xffff, a.v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)};
}

SNN_ALWAYS_INLINE F flush(F a) {
    // Exactly for |x| >= 2^-63, one of the two highest bits of the exponent is set.
    const __mmask16 large = _mm512_test_epi32_mask(bits_of(a).v, _mm512_set1_epi32(0x60000000));
    return {_mm512_maskz_mov_ps(large, a.v)};
}

SNN_ALWAYS_INLINE void turn(F rows[16]) {
    __m512 pairs[16], fours[16], eights[16];
    for (int r = 0; r < 16; r += 2) {
        pairs[r] = _mm512_maskz_unpacklo_ps(0xffff, rows[r].v, rows[r + 1].v);
        pairs[r + 1] = _mm512_maskz_unpackhi_ps(0xffff, rows[r].v, rows[r + 1].v);
    }
    for (int r = 0; r < 16; r += 4)
        for (int half = 0; half < 2; ++half) {
            fours[r + 2 * half] = _mm512_maskz_shuffle_ps(0xffff, pairs[r + half], pairs[r + 2 + half], 0x44);
            fours[r + 2 * half + 1] = _mm512_maskz_shuffle_ps(0xffff, pairs[r + half], pairs[r + 2 + half], 0xee);
        }
    for (int r = 0; r < 16; r += 8)
        for (int k = 0; k < 4; ++k) {
            eights[r + k] = _mm512_maskz_shuffle_f32x4(0xffff, fours[r + k], fours[r + 4 + k], 0x88);
            eights[r + 4 + k] = _mm512_maskz_shuffle_f32x4(0xffff, fours[r + k], fours[r + 4 + k], 0xdd);
        }
    for (int k = 0; k < 8; ++k) {
        rows[k] = {_mm512_maskz_shuffle_f32x4(0xffff, eights[k], eights[8 + k], 0x88)};
        rows[8 + k] = {_mm512_maskz_shuffle_f32x4(0xffff, eights[k], eights[8 + k], 0xdd)};
    }
}

}  // namespace snn::cpu::SNN_ISA
