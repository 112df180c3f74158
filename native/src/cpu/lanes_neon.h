// Lanes as four 4-wide NEON registers of 64-bit ARM, where every processor has them. See lanes.h for the meaning.
#pragma once

#include <arm_neon.h>

namespace snn::cpu::SNN_ISA {

struct F {
    float32x4_t a, b, c, d;
};
struct I {
    int32x4_t a, b, c, d;
};
struct M {
    uint32x4_t a, b, c, d;  // all bits of a lane 0 or 1
};

// Applies a function to each quarter. These are members, not an array: compilers keep members in registers before they unroll
// loops.
#define SNN_EACH(function, x) {function(x.a), function(x.b), function(x.c), function(x.d)}
#define SNN_EACH_2(function, x, y) {function(x.a, y.a), function(x.b, y.b), function(x.c, y.c), function(x.d, y.d)}
#define SNN_EACH_3(function, x, y, z) \
    {function(x.a, y.a, z.a), function(x.b, y.b, z.b), function(x.c, y.c, z.c), function(x.d, y.d, z.d)}

SNN_ALWAYS_INLINE F load(const float* p) { return {vld1q_f32(p), vld1q_f32(p + 4), vld1q_f32(p + 8), vld1q_f32(p + 12)}; }
SNN_ALWAYS_INLINE I load(const int32_t* p) { return {vld1q_s32(p), vld1q_s32(p + 4), vld1q_s32(p + 8), vld1q_s32(p + 12)}; }
SNN_ALWAYS_INLINE void store(float* p, F x) {
    vst1q_f32(p, x.a);
    vst1q_f32(p + 4, x.b);
    vst1q_f32(p + 8, x.c);
    vst1q_f32(p + 12, x.d);
}
SNN_ALWAYS_INLINE void store(int32_t* p, I x) {
    vst1q_s32(p, x.a);
    vst1q_s32(p + 4, x.b);
    vst1q_s32(p + 8, x.c);
    vst1q_s32(p + 12, x.d);
}
// The first n (1 to 16) lanes; the others read as zero and are not written. There are no masked loads: a partial tile goes
// through memory, once for a row.
template <class Lanes, class Word>
SNN_NO_INLINE static Lanes load_copied(const Word* p, uint32_t n) {
    Word copy[16] = {};
    for (uint32_t i = 0; i < n; ++i) copy[i] = p[i];
    return load(copy);
}
SNN_NO_INLINE static void store_copied(float* p, F x, uint32_t n) {
    float copy[16];
    store(copy, x);
    for (uint32_t i = 0; i < n; ++i) p[i] = copy[i];
}
SNN_ALWAYS_INLINE F load_partial(const float* p, uint32_t n) { return n < 16 ? load_copied<F>(p, n) : load(p); }
SNN_ALWAYS_INLINE I load_partial(const int32_t* p, uint32_t n) { return n < 16 ? load_copied<I>(p, n) : load(p); }
SNN_ALWAYS_INLINE void store_partial(float* p, F x, uint32_t n) {
    if (n < 16) store_copied(p, x, n);
    else store(p, x);
}

SNN_ALWAYS_INLINE F all(float32x4_t x) { return {x, x, x, x}; }
SNN_ALWAYS_INLINE I all(int32x4_t x) { return {x, x, x, x}; }
SNN_ALWAYS_INLINE F broadcast_f(float x) { return all(vdupq_n_f32(x)); }
SNN_ALWAYS_INLINE I broadcast_i(int32_t x) { return all(vdupq_n_s32(x)); }

SNN_ALWAYS_INLINE F add(F x, F y) { return SNN_EACH_2(vaddq_f32, x, y); }
SNN_ALWAYS_INLINE F sub(F x, F y) { return SNN_EACH_2(vsubq_f32, x, y); }
SNN_ALWAYS_INLINE F mul(F x, F y) { return SNN_EACH_2(vmulq_f32, x, y); }
SNN_ALWAYS_INLINE F div(F x, F y) { return SNN_EACH_2(vdivq_f32, x, y); }
SNN_ALWAYS_INLINE F fma_(F x, F y, F z) { return SNN_EACH_3(vfmaq_f32, z, x, y); }
SNN_ALWAYS_INLINE F mul_by(F a, const float* p) { return mul(a, broadcast_f(*p)); }
SNN_ALWAYS_INLINE F fma_by(F a, const float* p, F c) { return fma_(a, broadcast_f(*p), c); }
SNN_ALWAYS_INLINE F sqrt_(F x) { return SNN_EACH(vsqrtq_f32, x); }

SNN_ALWAYS_INLINE I bits_of(F x) { return SNN_EACH(vreinterpretq_s32_f32, x); }
SNN_ALWAYS_INLINE F from_bits(I x) { return SNN_EACH(vreinterpretq_f32_s32, x); }

SNN_ALWAYS_INLINE I add(I x, I y) { return SNN_EACH_2(vaddq_s32, x, y); }
SNN_ALWAYS_INLINE I sub(I x, I y) { return SNN_EACH_2(vsubq_s32, x, y); }
SNN_ALWAYS_INLINE I mul(I x, I y) { return SNN_EACH_2(vmulq_s32, x, y); }
SNN_ALWAYS_INLINE I min_(I x, I y) { return SNN_EACH_2(vminq_s32, x, y); }
SNN_ALWAYS_INLINE I max_(I x, I y) { return SNN_EACH_2(vmaxq_s32, x, y); }
SNN_ALWAYS_INLINE I bit_and(I x, I y) { return SNN_EACH_2(vandq_s32, x, y); }
SNN_ALWAYS_INLINE I bit_or(I x, I y) { return SNN_EACH_2(vorrq_s32, x, y); }
SNN_ALWAYS_INLINE I bit_xor(I x, I y) { return SNN_EACH_2(veorq_s32, x, y); }
SNN_ALWAYS_INLINE I bit_xor(I x, I y, I z) { return bit_xor(bit_xor(x, y), z); }
SNN_ALWAYS_INLINE void multiply_wide(int32x4_t x, uint32x4_t factor, int32x4_t& high, int32x4_t& low) {
    const uint32x4_t words = vreinterpretq_u32_s32(x);
    const int32x4_t first = vreinterpretq_s32_u64(vmull_u32(vget_low_u32(words), vget_low_u32(factor)));
    const int32x4_t second = vreinterpretq_s32_u64(vmull_high_u32(words, factor));
    high = vuzp2q_s32(first, second);
    low = vuzp1q_s32(first, second);
}
constexpr int philox_together = 1;       // calls of Philox that fit into the registers
constexpr uint32_t groups_together = 1;  // groups of neurons whose states fit into the registers, see kernels_spans.h
constexpr bool plastic_pairs = false;    // whether two groups of learning synapses fit, see kernels_plasticity.h
SNN_ALWAYS_INLINE void multiply_wide(I x, uint32_t m, I& high, I& low) {
    const uint32x4_t factor = vdupq_n_u32(m);
    multiply_wide(x.a, factor, high.a, low.a);
    multiply_wide(x.b, factor, high.b, low.b);
    multiply_wide(x.c, factor, high.c, low.c);
    multiply_wide(x.d, factor, high.d, low.d);
}
SNN_ALWAYS_INLINE I broadcast_halves(int16_t x) { return all(vreinterpretq_s32_s16(vdupq_n_s16(x))); }
SNN_ALWAYS_INLINE int32x4_t sub_halves(int32x4_t x, int32x4_t y) {
    return vreinterpretq_s32_s16(vsubq_s16(vreinterpretq_s16_s32(x), vreinterpretq_s16_s32(y)));
}
SNN_ALWAYS_INLINE int32x4_t lt_halves(int32x4_t x, int32x4_t y) {
    return vreinterpretq_s32_u16(vcltq_s16(vreinterpretq_s16_s32(x), vreinterpretq_s16_s32(y)));
}
SNN_ALWAYS_INLINE int32x4_t eq_halves(int32x4_t x, int32x4_t y) {
    return vreinterpretq_s32_u16(vceqq_s16(vreinterpretq_s16_s32(x), vreinterpretq_s16_s32(y)));
}
SNN_ALWAYS_INLINE I sub_halves(I x, I y) { return SNN_EACH_2(sub_halves, x, y); }
SNN_ALWAYS_INLINE I lt_halves(I x, I y) { return SNN_EACH_2(lt_halves, x, y); }
SNN_ALWAYS_INLINE I eq_halves(I x, I y) { return SNN_EACH_2(eq_halves, x, y); }
template <int Count>
SNN_ALWAYS_INLINE I shift_left(I x) {
    return {vshlq_n_s32(x.a, Count), vshlq_n_s32(x.b, Count), vshlq_n_s32(x.c, Count), vshlq_n_s32(x.d, Count)};
}
template <int Count>
SNN_ALWAYS_INLINE I shift_right(I x) {
    return {vshrq_n_s32(x.a, Count), vshrq_n_s32(x.b, Count), vshrq_n_s32(x.c, Count), vshrq_n_s32(x.d, Count)};
}

SNN_ALWAYS_INLINE F neg(F x) { return SNN_EACH(vnegq_f32, x); }
SNN_ALWAYS_INLINE F abs_(F x) { return SNN_EACH(vabsq_f32, x); }

SNN_ALWAYS_INLINE M lt(F x, F y) { return SNN_EACH_2(vcltq_f32, x, y); }
SNN_ALWAYS_INLINE M le(F x, F y) { return SNN_EACH_2(vcleq_f32, x, y); }
SNN_ALWAYS_INLINE M eq(F x, F y) { return SNN_EACH_2(vceqq_f32, x, y); }
SNN_ALWAYS_INLINE M lt(I x, I y) { return SNN_EACH_2(vcltq_s32, x, y); }
SNN_ALWAYS_INLINE M le(I x, I y) { return SNN_EACH_2(vcleq_s32, x, y); }
SNN_ALWAYS_INLINE M eq(I x, I y) { return SNN_EACH_2(vceqq_s32, x, y); }
SNN_ALWAYS_INLINE M and_(M x, M y) { return SNN_EACH_2(vandq_u32, x, y); }
SNN_ALWAYS_INLINE M or_(M x, M y) { return SNN_EACH_2(vorrq_u32, x, y); }
SNN_ALWAYS_INLINE M not_(M x) { return SNN_EACH(vmvnq_u32, x); }
SNN_ALWAYS_INLINE F select(M c, F x, F y) { return SNN_EACH_3(vbslq_f32, c, x, y); }
SNN_ALWAYS_INLINE I select(M c, I x, I y) { return SNN_EACH_3(vbslq_s32, c, x, y); }
SNN_ALWAYS_INLINE M select(M c, M x, M y) { return SNN_EACH_3(vbslq_u32, c, x, y); }
// Not the instructions of that name: they give NaN for a NaN and distinguish -0 from +0.
SNN_ALWAYS_INLINE F min_(F x, F y) { return select(lt(x, y), x, y); }
SNN_ALWAYS_INLINE F max_(F x, F y) { return select(lt(y, x), x, y); }

// Bit i for lane i.
SNN_ALWAYS_INLINE M lane_bits() {
    alignas(16) static constexpr uint32_t first[4] = {1, 2, 4, 8};
    const uint32x4_t bits = vld1q_u32(first);
    return {bits, vshlq_n_u32(bits, 4), vshlq_n_u32(bits, 8), vshlq_n_u32(bits, 12)};
}
SNN_ALWAYS_INLINE uint32x4_t joined(M x) { return vorrq_u32(vorrq_u32(x.a, x.b), vorrq_u32(x.c, x.d)); }
SNN_ALWAYS_INLINE uint16_t mask_bits(M x) { return static_cast<uint16_t>(vaddvq_u32(joined(and_(x, lane_bits())))); }
SNN_ALWAYS_INLINE M mask_from_bits(uint16_t bits) {
    const uint32x4_t all_bits = vdupq_n_u32(bits);
    const M lane = lane_bits();
    return {vtstq_u32(all_bits, lane.a), vtstq_u32(all_bits, lane.b), vtstq_u32(all_bits, lane.c), vtstq_u32(all_bits, lane.d)};
}
SNN_ALWAYS_INLINE bool any(M x) { return vmaxvq_u32(joined(x)) != 0; }
SNN_ALWAYS_INLINE I words_of(M x) { return SNN_EACH(vreinterpretq_s32_u32, x); }
SNN_ALWAYS_INLINE I count_where(I n, M m) { return sub(n, words_of(m)); }  // a mask is -1
// Masks in memory: one 32-bit word a lane, 0 or -1.
SNN_ALWAYS_INLINE M load_mask(const int32_t* p) {
    const I words = load(p);
    return SNN_EACH(vreinterpretq_u32_s32, words);
}
SNN_ALWAYS_INLINE void store_mask(int32_t* p, M x) { store(p, words_of(x)); }

constexpr bool has_compress = false;
constexpr bool has_fast_products = true;
SNN_ALWAYS_INLINE uint32_t list_lanes(uint16_t, uint32_t, uint32_t*) { return 0; }
SNN_ALWAYS_INLINE uint32_t list_pairs(uint16_t, I, I, int32_t*) { return 0; }
constexpr bool has_fast_lookup = true;  // fewer instructions than a gather
// Bytes are looked up in 64 at once. An index past the end gives 0 in the first half and leaves the result as it is in the
// second.
SNN_ALWAYS_INLINE float32x4_t lookup32(const uint8x16x4_t& low, const uint8x16x4_t& high, int32x4_t i) {
    const uint32x4_t index = vandq_u32(vreinterpretq_u32_s32(i), vdupq_n_u32(31));
    const uint8x16_t bytes = vreinterpretq_u8_u32(vmlaq_n_u32(vdupq_n_u32(0x03020100), index, 0x04040404));
    return vreinterpretq_f32_u8(vqtbx4q_u8(vqtbl4q_u8(low, bytes), high, vsubq_u8(bytes, vdupq_n_u8(64))));
}
SNN_ALWAYS_INLINE F lookup32(const float* table, I i) {
    const uint8_t* const bytes = reinterpret_cast<const uint8_t*>(table);
    const uint8x16x4_t low = vld1q_u8_x4(bytes), high = vld1q_u8_x4(bytes + 64);
    return {lookup32(low, high, i.a), lookup32(low, high, i.b), lookup32(low, high, i.c), lookup32(low, high, i.d)};
}
SNN_ALWAYS_INLINE I load_u16(const uint16_t* p) {
    const uint16x8_t low = vld1q_u16(p), high = vld1q_u16(p + 8);
    const M words{vmovl_u16(vget_low_u16(low)), vmovl_high_u16(low), vmovl_u16(vget_low_u16(high)), vmovl_high_u16(high)};
    return words_of(words);
}
SNN_ALWAYS_INLINE int32x4_t gather(const int32_t* p, int32x4_t at) {
    int32x4_t words = vdupq_n_s32(p[vgetq_lane_s32(at, 0)]);
    words = vld1q_lane_s32(p + vgetq_lane_s32(at, 1), words, 1);
    words = vld1q_lane_s32(p + vgetq_lane_s32(at, 2), words, 2);
    return vld1q_lane_s32(p + vgetq_lane_s32(at, 3), words, 3);
}
SNN_ALWAYS_INLINE float32x4_t gather(const float* p, int32x4_t at) {
    float32x4_t values = vdupq_n_f32(p[vgetq_lane_s32(at, 0)]);
    values = vld1q_lane_f32(p + vgetq_lane_s32(at, 1), values, 1);
    values = vld1q_lane_f32(p + vgetq_lane_s32(at, 2), values, 2);
    return vld1q_lane_f32(p + vgetq_lane_s32(at, 3), values, 3);
}
SNN_ALWAYS_INLINE F gather(const float* p, I at) {
    return {gather(p, at.a), gather(p, at.b), gather(p, at.c), gather(p, at.d)};
}
SNN_ALWAYS_INLINE I gather(const int32_t* p, I at) {
    return {gather(p, at.a), gather(p, at.b), gather(p, at.c), gather(p, at.d)};
}

SNN_ALWAYS_INLINE F to_float(I x) { return SNN_EACH(vcvtq_f32_s32, x); }
SNN_ALWAYS_INLINE I nearest(F x) { return SNN_EACH(vcvtnq_s32_f32, x); }
SNN_ALWAYS_INLINE I to_int(F x) { return nearest(x); }  // the conversion clamps to the range and turns NaN into 0
SNN_ALWAYS_INLINE F round_even(F x) { return SNN_EACH(vrndnq_f32, x); }
SNN_ALWAYS_INLINE F floor_(F x) { return SNN_EACH(vrndmq_f32, x); }

SNN_ALWAYS_INLINE F flush(F x) { return select(lt(abs_(x), broadcast_f(0x1p-63f)), broadcast_f(0.0f), x); }

#undef SNN_EACH
#undef SNN_EACH_2
#undef SNN_EACH_3

}  // namespace snn::cpu::SNN_ISA
