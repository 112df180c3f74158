// The library's own exp and log: the same bits on every target (docs/model-format.md, "Software exp"). Every operation is
// rounded on its own; the build forbids contraction.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <initializer_list>

namespace snn {

inline float exp_f32(float x) {
    x = x > -87.0f ? x : -87.0f;
    x = x < 88.0f ? x : 88.0f;
    const float n = std::floor(x * 0x1.715476p+0f + 0.5f);
    const float r = (x - n * 0x1.62e400p-1f) - n * 0x1.7f7d1cp-20f;
    float p = 0x1.6d10fcp-10f;
    for (const float c : {0x1.120b62p-7f, 0x1.55551ap-5f, 0x1.5554dep-3f, 0x1p-1f, 1.0f, 1.0f}) p = p * r + c;
    return p * std::bit_cast<float>(static_cast<uint32_t>(static_cast<int32_t>(n) + 127) << 23);
}

double exp_f64(double x);
double log_f64(double x);
double log1p_f64(double x); // log(1 + x), accurate also where 1 + x is 1; x > -1

// Stored state is never denormal: tiny values become +0.
template <class Real>
inline Real flush(Real x) {
    const Real tiny = static_cast<Real>(0x1p-60);
    return (x < tiny && x > -tiny) ? Real{0} : x;
}

// Nearest whole number, ties to even, held to the range of int32; NaN becomes 0. Independent of the rounding mode.
inline int32_t to_int_nearest_even(double x) {
    if (!(x > -2147483648.0)) return x <= -2147483648.0 ? INT32_MIN : 0;
    if (x >= 2147483647.0) return INT32_MAX;
    const double below = std::floor(x), fraction = x - below;
    const bool up = fraction > 0.5 || (fraction == 0.5 && std::fmod(below, 2.0) != 0.0);
    return static_cast<int32_t>(up ? below + 1.0 : below);
}

}  // namespace snn
