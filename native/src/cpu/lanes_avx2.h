// Lanes as two 8-wide AVX2 registers. See lanes.h for the meaning.
#pragma once

#include <immintrin.h>

namespace snn::cpu::SNN_ISA {

struct F {
    __m256 lo, hi;
};
struct I {
    __m256i lo, hi;
};
struct M {
    __m256 lo, hi;  // all bits of a lane 0 or 1
};

SNN_ALWAYS_INLINE F load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
SNN_ALWAYS_INLINE I load(const int32_t* p) {
    return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)),
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 8))};
}
SNN_ALWAYS_INLINE void store(float* p, F x) {
    _mm256_storeu_ps(p, x.lo);
    _mm256_storeu_ps(p + 8, x.hi);
}
SNN_ALWAYS_INLINE void store(int32_t* p, I x) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x.lo);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p + 8), x.hi);
}
// Lanes below n of the eight that start at `first`.
SNN_ALWAYS_INLINE __m256i lanes_below(uint32_t n, int first) {
    const __m256i lane = _mm256_add_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_set1_epi32(first));
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), lane);
}
// The first n (1 to 16) lanes; the others read as zero and are not written.
SNN_ALWAYS_INLINE F load_partial(const float* p, uint32_t n) {
    return {_mm256_maskload_ps(p, lanes_below(n, 0)), _mm256_maskload_ps(p + 8, lanes_below(n, 8))};
}
SNN_ALWAYS_INLINE I load_partial(const int32_t* p, uint32_t n) {
    return {_mm256_maskload_epi32(p, lanes_below(n, 0)), _mm256_maskload_epi32(p + 8, lanes_below(n, 8))};
}
SNN_ALWAYS_INLINE void store_partial(float* p, F x, uint32_t n) {
    _mm256_maskstore_ps(p, lanes_below(n, 0), x.lo);
    _mm256_maskstore_ps(p + 8, lanes_below(n, 8), x.hi);
}

SNN_ALWAYS_INLINE F broadcast_f(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
SNN_ALWAYS_INLINE I broadcast_i(int32_t x) { return {_mm256_set1_epi32(x), _mm256_set1_epi32(x)}; }

SNN_ALWAYS_INLINE F add(F a, F b) { return {_mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi)}; }
SNN_ALWAYS_INLINE F sub(F a, F b) { return {_mm256_sub_ps(a.lo, b.lo), _mm256_sub_ps(a.hi, b.hi)}; }
SNN_ALWAYS_INLINE F mul(F a, F b) { return {_mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi)}; }
SNN_ALWAYS_INLINE F div(F a, F b) { return {_mm256_div_ps(a.lo, b.lo), _mm256_div_ps(a.hi, b.hi)}; }
SNN_ALWAYS_INLINE F fma_(F a, F b, F c) {
    return {_mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi)};
}
SNN_ALWAYS_INLINE F mul_by(F a, const float* p) { return mul(a, broadcast_f(*p)); }
SNN_ALWAYS_INLINE F fma_by(F a, const float* p, F c) { return fma_(a, broadcast_f(*p), c); }
SNN_ALWAYS_INLINE F sqrt_(F a) { return {_mm256_sqrt_ps(a.lo), _mm256_sqrt_ps(a.hi)}; }
SNN_ALWAYS_INLINE F min_(F a, F b) { return {_mm256_min_ps(a.lo, b.lo), _mm256_min_ps(a.hi, b.hi)}; }
SNN_ALWAYS_INLINE F max_(F a, F b) { return {_mm256_max_ps(a.lo, b.lo), _mm256_max_ps(a.hi, b.hi)}; }

SNN_ALWAYS_INLINE I bits_of(F a) { return {_mm256_castps_si256(a.lo), _mm256_castps_si256(a.hi)}; }
SNN_ALWAYS_INLINE F from_bits(I a) { return {_mm256_castsi256_ps(a.lo), _mm256_castsi256_ps(a.hi)}; }

SNN_ALWAYS_INLINE I add(I a, I b) { return {_mm256_add_epi32(a.lo, b.lo), _mm256_add_epi32(a.hi, b.hi)}; }
SNN_ALWAYS_INLINE I sub(I a, I b) { return {_mm256_sub_epi32(a.lo, b.lo), _mm256_sub_epi32(a.hi, b.hi)}; }
SNN_ALWAYS_INLINE I mul(I a, I b) { return {_mm256_mullo_epi32(a.lo, b.lo), _mm256_mullo_epi32(a.hi, b.hi)}; }
SNN_ALWAYS_INLINE I min_(I a, I b) { return {_mm256_min_epi32(a.lo, b.lo), _mm256_min_epi32(a.hi, b.hi)}; }
SNN_ALWAYS_INLINE I max_(I a, I b) { return {_mm256_max_epi32(a.lo, b.lo), _mm256_max_epi32(a.hi, b.hi)}; }
SNN_ALWAYS_INLINE I bit_and(I a, I b) { return {_mm256_and_si256(a.lo, b.lo), _mm256_and_si256(a.hi, b.hi)}; }
SNN_ALWAYS_INLINE I bit_or(I a, I b) { return {_mm256_or_si256(a.lo, b.lo), _mm256_or_si256(a.hi, b.hi)}; }
SNN_ALWAYS_INLINE I bit_xor(I a, I b) { return {_mm256_xor_si256(a.lo, b.lo), _mm256_xor_si256(a.hi, b.hi)}; }
SNN_ALWAYS_INLINE I bit_xor(I a, I b, I c) { return bit_xor(bit_xor(a, b), c); }
SNN_ALWAYS_INLINE void multiply_wide(__m256i a, __m256i factor, __m256i& high, __m256i& low) {
    const __m256i even = _mm256_mul_epu32(a, factor), odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), factor);
    high = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
    low = _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
}
constexpr int philox_together = 1;       // calls of Philox that fit into the registers
constexpr uint32_t groups_together = 1;  // groups of neurons whose states fit into the registers, see kernels_spans.h
constexpr bool plastic_pairs = false;    // whether two groups of learning synapses fit, see kernels_plasticity.h
SNN_ALWAYS_INLINE void multiply_wide(I a, uint32_t m, I& high, I& low) {
    const __m256i factor = _mm256_set1_epi64x(m);
    multiply_wide(a.lo, factor, high.lo, low.lo);
    multiply_wide(a.hi, factor, high.hi, low.hi);
}
SNN_ALWAYS_INLINE I broadcast_halves(int16_t x) { return {_mm256_set1_epi16(x), _mm256_set1_epi16(x)}; }
SNN_ALWAYS_INLINE I sub_halves(I a, I b) { return {_mm256_sub_epi16(a.lo, b.lo), _mm256_sub_epi16(a.hi, b.hi)}; }
SNN_ALWAYS_INLINE I lt_halves(I a, I b) { return {_mm256_cmpgt_epi16(b.lo, a.lo), _mm256_cmpgt_epi16(b.hi, a.hi)}; }
SNN_ALWAYS_INLINE I eq_halves(I a, I b) { return {_mm256_cmpeq_epi16(a.lo, b.lo), _mm256_cmpeq_epi16(a.hi, b.hi)}; }
template <int Count>
SNN_ALWAYS_INLINE I shift_left(I a) { return {_mm256_slli_epi32(a.lo, Count), _mm256_slli_epi32(a.hi, Count)}; }
template <int Count>
SNN_ALWAYS_INLINE I shift_right(I a) { return {_mm256_srai_epi32(a.lo, Count), _mm256_srai_epi32(a.hi, Count)}; }

SNN_ALWAYS_INLINE F neg(F a) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    return {_mm256_xor_ps(a.lo, sign), _mm256_xor_ps(a.hi, sign)};
}
SNN_ALWAYS_INLINE F abs_(F a) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    return {_mm256_andnot_ps(sign, a.lo), _mm256_andnot_ps(sign, a.hi)};
}

SNN_ALWAYS_INLINE M lt(F a, F b) {
    return {_mm256_cmp_ps(a.lo, b.lo, _CMP_LT_OQ), _mm256_cmp_ps(a.hi, b.hi, _CMP_LT_OQ)};
}
SNN_ALWAYS_INLINE M le(F a, F b) {
    return {_mm256_cmp_ps(a.lo, b.lo, _CMP_LE_OQ), _mm256_cmp_ps(a.hi, b.hi, _CMP_LE_OQ)};
}
SNN_ALWAYS_INLINE M eq(F a, F b) {
    return {_mm256_cmp_ps(a.lo, b.lo, _CMP_EQ_OQ), _mm256_cmp_ps(a.hi, b.hi, _CMP_EQ_OQ)};
}
SNN_ALWAYS_INLINE M not_(M a) {
    const __m256 ones = _mm256_castsi256_ps(_mm256_set1_epi32(-1));
    return {_mm256_xor_ps(a.lo, ones), _mm256_xor_ps(a.hi, ones)};
}
SNN_ALWAYS_INLINE M lt(I a, I b) {
    return {_mm256_castsi256_ps(_mm256_cmpgt_epi32(b.lo, a.lo)), _mm256_castsi256_ps(_mm256_cmpgt_epi32(b.hi, a.hi))};
}
SNN_ALWAYS_INLINE M le(I a, I b) { return not_(lt(b, a)); }
SNN_ALWAYS_INLINE M eq(I a, I b) {
    return {_mm256_castsi256_ps(_mm256_cmpeq_epi32(a.lo, b.lo)), _mm256_castsi256_ps(_mm256_cmpeq_epi32(a.hi, b.hi))};
}
SNN_ALWAYS_INLINE M and_(M a, M b) { return {_mm256_and_ps(a.lo, b.lo), _mm256_and_ps(a.hi, b.hi)}; }
SNN_ALWAYS_INLINE M or_(M a, M b) { return {_mm256_or_ps(a.lo, b.lo), _mm256_or_ps(a.hi, b.hi)}; }
SNN_ALWAYS_INLINE F select(M c, F a, F b) {
    return {_mm256_blendv_ps(b.lo, a.lo, c.lo), _mm256_blendv_ps(b.hi, a.hi, c.hi)};
}
SNN_ALWAYS_INLINE I select(M c, I a, I b) { return bits_of(select(c, from_bits(a), from_bits(b))); }
SNN_ALWAYS_INLINE M select(M c, M a, M b) {
    return {_mm256_blendv_ps(b.lo, a.lo, c.lo), _mm256_blendv_ps(b.hi, a.hi, c.hi)};
}
SNN_ALWAYS_INLINE uint16_t mask_bits(M a) {
    const int lo = _mm256_movemask_ps(a.lo), hi = _mm256_movemask_ps(a.hi);
    return static_cast<uint16_t>(lo | (hi << 8));
}
SNN_ALWAYS_INLINE I count_where(I n, M m) { return sub(n, bits_of(F{m.lo, m.hi})); }  // a mask is -1
constexpr bool has_compress = false;
constexpr bool has_fast_products = true;
SNN_ALWAYS_INLINE uint32_t list_lanes(uint16_t, uint32_t, uint32_t*) { return 0; }
SNN_ALWAYS_INLINE uint32_t list_pairs(uint16_t, I, I, int32_t*) { return 0; }
constexpr bool has_fast_lookup = false;
// Permutations use the lowest three bits of an index. Bits 3 and 4, moved to the sign, choose among four results.
SNN_ALWAYS_INLINE __m256 lookup32(const float* table, __m256i i) {
    const auto part = [&](int k) { return _mm256_permutevar8x32_ps(_mm256_loadu_ps(table + 8 * k), i); };
    const __m256 bit3 = _mm256_castsi256_ps(_mm256_slli_epi32(i, 28)), bit4 = _mm256_castsi256_ps(_mm256_slli_epi32(i, 27));
    return _mm256_blendv_ps(_mm256_blendv_ps(part(0), part(1), bit3), _mm256_blendv_ps(part(2), part(3), bit3), bit4);
}
SNN_ALWAYS_INLINE F lookup32(const float* table, I i) { return {lookup32(table, i.lo), lookup32(table, i.hi)}; }
SNN_ALWAYS_INLINE M mask_from_bits(uint16_t bits) {
    const __m256i all = _mm256_set1_epi32(bits);
    const __m256i lo = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128), hi = _mm256_slli_epi32(lo, 8);
    return {_mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_and_si256(all, lo), lo)),
            _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_and_si256(all, hi), hi))};
}
// Masks in memory: one 32-bit word a lane, 0 or -1.
SNN_ALWAYS_INLINE M load_mask(const int32_t* p) {
    const F words = from_bits(load(p));
    return {words.lo, words.hi};
}
SNN_ALWAYS_INLINE void store_mask(int32_t* p, M x) { store(p, bits_of(F{x.lo, x.hi})); }

SNN_ALWAYS_INLINE bool any(M a) { return _mm256_movemask_ps(_mm256_or_ps(a.lo, a.hi)) != 0; }
SNN_ALWAYS_INLINE I load_u16(const uint16_t* p) {
    const __m128i* const words = reinterpret_cast<const __m128i*>(p);
    return {_mm256_cvtepu16_epi32(_mm_loadu_si128(words)), _mm256_cvtepu16_epi32(_mm_loadu_si128(words + 1))};
}
SNN_ALWAYS_INLINE F gather(const float* p, I at) {
    return {_mm256_i32gather_ps(p, at.lo, 4), _mm256_i32gather_ps(p, at.hi, 4)};
}
SNN_ALWAYS_INLINE I gather(const int32_t* p, I at) {
    return {_mm256_i32gather_epi32(p, at.lo, 4), _mm256_i32gather_epi32(p, at.hi, 4)};
}

SNN_ALWAYS_INLINE F to_float(I a) { return {_mm256_cvtepi32_ps(a.lo), _mm256_cvtepi32_ps(a.hi)}; }
SNN_ALWAYS_INLINE I nearest(F a) { return {_mm256_cvtps_epi32(a.lo), _mm256_cvtps_epi32(a.hi)}; }
// The conversion gives INT32_MIN for whatever does not fit.
SNN_ALWAYS_INLINE I to_int(F a) {
    const I held = select(le(broadcast_f(2147483648.0f), a), broadcast_i(INT32_MAX), nearest(a));
    return select(eq(a, a), held, broadcast_i(0));
}
SNN_ALWAYS_INLINE F round_even(F a) {
    constexpr int mode = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    return {_mm256_round_ps(a.lo, mode), _mm256_round_ps(a.hi, mode)};
}
SNN_ALWAYS_INLINE F floor_(F a) { return {_mm256_floor_ps(a.lo), _mm256_floor_ps(a.hi)}; }

SNN_ALWAYS_INLINE F flush(F a) {
    const M small = lt(abs_(a), broadcast_f(0x1p-63f));
    return {_mm256_andnot_ps(small.lo, a.lo), _mm256_andnot_ps(small.hi, a.hi)};
}

// Transposes 8 rows of 8.
SNN_ALWAYS_INLINE void turn_eight(__m256 rows[8]) {
    __m256 pairs[8], fours[8];
    for (int r = 0; r < 8; r += 2) {
        pairs[r] = _mm256_unpacklo_ps(rows[r], rows[r + 1]);
        pairs[r + 1] = _mm256_unpackhi_ps(rows[r], rows[r + 1]);
    }
    for (int r = 0; r < 8; r += 4)
        for (int half = 0; half < 2; ++half) {
            fours[r + 2 * half] = _mm256_shuffle_ps(pairs[r + half], pairs[r + 2 + half], 0x44);
            fours[r + 2 * half + 1] = _mm256_shuffle_ps(pairs[r + half], pairs[r + 2 + half], 0xee);
        }
    for (int k = 0; k < 4; ++k) {
        rows[k] = _mm256_permute2f128_ps(fours[k], fours[4 + k], 0x20);
        rows[4 + k] = _mm256_permute2f128_ps(fours[k], fours[4 + k], 0x31);
    }
}
SNN_ALWAYS_INLINE void turn(F rows[16]) {
    __m256 quarter[2][2][8];  // [rows 0-7, 8-15][columns 0-7, 8-15]
    for (int r = 0; r < 16; ++r) {
        quarter[r / 8][0][r % 8] = rows[r].lo;
        quarter[r / 8][1][r % 8] = rows[r].hi;
    }
    for (auto& half : quarter)
        for (auto& eight : half) turn_eight(eight);
    for (int k = 0; k < 16; ++k) rows[k] = {quarter[0][k / 8][k % 8], quarter[1][k / 8][k % 8]};
}

}  // namespace snn::cpu::SNN_ISA
