// Counts how many of some ascending limits each 16-bit half of the lanes is above. Not for scalar lanes, where whole words are
// faster.
//
//   HalfLimits(limits, count)         the first `count` of limits [half_limit_count], the rest 0xFFFF
//   count(halves, out_is_decided)     not decided if a half equals a limit, or is above the last limit that is looked at
#pragma once

#include "cpu/model_args.h"

namespace snn::cpu::SNN_ISA {

#if defined(SNN_ISA_IS_avx512)
// Binary search, with lookups.
class HalfLimits {
public:
    HalfLimits(const uint16_t* limits, uint32_t count)
        : eighth_(_mm512_set1_epi16(static_cast<short>(limits[7]))),
          sixteenth_(_mm512_set1_epi16(static_cast<short>(limits[15]))),
          is_long_(count > 15) {
        for (int s = 0; s < 4; ++s) rows_[s] = _mm512_loadu_si512(limits + (1 << s) - 1);
    }
    SNN_ALWAYS_INLINE I count(I halves, bool& out_is_decided) const {
        const auto passed = [&](__m512i limit) { return _mm512_cmplt_epu16_mask(limit, halves.v); };
        const auto at = [&](int s, __m512i n) { return _mm512_maskz_permutexvar_epi16(UINT32_MAX, n, rows_[s]); };
        const auto step = [&](__m512i n, __mmask32 mask, short by) {
            return _mm512_mask_add_epi16(n, mask, n, _mm512_set1_epi16(by));
        };
        __m512i n;
        if (is_long_) {
            n = _mm512_maskz_set1_epi16(passed(sixteenth_), 16);
            n = step(n, passed(at(3, n)), 8);
        } else {
            n = _mm512_maskz_set1_epi16(passed(eighth_), 8);
        }
        n = step(n, passed(at(2, n)), 4);
        n = step(n, passed(at(1, n)), 2);
        n = step(n, passed(at(0, n)), 1);
        out_is_decided = _mm512_cmple_epu16_mask(at(0, n), halves.v) == 0;
        return {n};
    }

private:
    __m512i rows_[4];  // limit i + 2^s - 1 in place i
    __m512i eighth_, sixteenth_;
    bool is_long_;
};
#elif !defined(SNN_ISA_IS_scalar)
// Looks at one limit after the other, as far as all but a few halves in 10,000 go.
class HalfLimits {
public:
    HalfLimits(const uint16_t* limits, uint32_t count) : limits_(limits) {
        while (looked_at_ < count && (looked_at_ == 0 || limits[looked_at_ - 1] < 0xFFF8)) ++looked_at_;
    }
    SNN_ALWAYS_INLINE I count(I halves, bool& out_is_decided) const {
        const I x = bit_xor(halves, broadcast_halves(INT16_MIN));  // comparisons are of signed numbers
        I n = broadcast_i(0), passed = n, equal = n;
        for (uint32_t k = 0; k < looked_at_; ++k) {
            const I limit = broadcast_halves(static_cast<int16_t>(limits_[k] ^ 0x8000));
            passed = lt_halves(limit, x);
            n = sub_halves(n, passed);
            equal = bit_or(equal, eq_halves(limit, x));
        }
        out_is_decided = mask_bits(eq(bit_or(equal, passed), broadcast_i(0))) == 0xFFFF;
        return n;
    }

private:
    const uint16_t* limits_;
    uint32_t looked_at_ = 0;
};
#endif

}  // namespace snn::cpu::SNN_ISA
