// The library's own exp, log and reciprocal, with the same bits on every target (docs/model-format.md, "Software exp",
// "Software log" and "Software reciprocal"). Every operation is rounded separately; the build forbids contraction.
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

// log(x) for normal x > 0. Zero, negative and denormal numbers and NaN give log(2^-126).
inline float log_f32(float x) {
    x = x > 0x1p-126f ? x : 0x1p-126f;
    x = x < 0x1.fffffep+127f ? x : 0x1.fffffep+127f;
    const uint32_t bits = std::bit_cast<uint32_t>(x) + 0x004afb0du;
    const float k = static_cast<float>(static_cast<int32_t>(bits >> 23) - 127);
    const float r = std::bit_cast<float>((bits & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
    const float z = r * r;
    float p = 0x1.14579ap-4f;
    for (const float c : {-0x1.de3c12p-4f, 0x1.e6f06ep-4f, -0x1.fc2208p-4f, 0x1.233768p-3f, -0x1.555c4ep-3f, 0x1.99a4b6p-3f,
                          -0x1.000006p-2f, 0x1.555548p-2f})
        p = p * r + c;
    const float tail = (z * r * p + k * 0x1.7f7d1cp-20f) - 0.5f * z;
    return k * 0x1.62e400p-1f + (r + tail);
}

// 1 / x for 2^-126 <= |x| <= 2^126. Larger |x| count as 2^126; zeros, denormals and NaN give 2^126.
inline float reciprocal_f32(float x) {
    float magnitude = std::fabs(x);
    magnitude = magnitude > 0x1p-126f ? magnitude : 0x1p-126f;
    magnitude = magnitude < 0x1p+126f ? magnitude : 0x1p+126f;
    const uint32_t bits = std::bit_cast<uint32_t>(magnitude);
    const float m = std::bit_cast<float>((bits & 0x007fffffu) | 0x3f800000u);
    float y = 0x1.4afd6ap-2f;
    y = y * m + -0x1.745d18p+0f;
    y = y * m + 0x1.0f83e0p+1f;
    y = y + y * (1.0f - m * y);
    y = y + y * (1.0f - m * y);
    y = y * std::bit_cast<float>(0x7f000000u - (bits & 0x7f800000u));
    return x <= -0x1p-126f ? -y : y;
}

// The same in double, where division gives the same bits on every host.
inline double reciprocal_f64(double x) {
    double magnitude = std::fabs(x);
    magnitude = magnitude > 0x1p-1022 ? magnitude : 0x1p-1022;
    magnitude = magnitude < 0x1p+1022 ? magnitude : 0x1p+1022;
    return x <= -0x1p-1022 ? -1.0 / magnitude : 1.0 / magnitude;
}

double exp_f64(double x);
double log_f64(double x);
double log1p_f64(double x); // log(1 + x), accurate even if 1 + x rounds to 1; x > -1

// Stored state is never denormal: tiny values become +0.
template <class Real>
inline Real flush(Real x) {
    const Real tiny = static_cast<Real>(0x1p-63);
    return (x < tiny && x > -tiny) ? Real{0} : x;
}

// Nearest whole number, ties to even, clamped to the range of int32. NaN becomes 0. Independent of the rounding mode.
inline int32_t to_int_nearest_even(double x) {
    if (!(x > -2147483648.0)) return x <= -2147483648.0 ? INT32_MIN : 0;
    if (x >= 2147483647.0) return INT32_MAX;
    const double below = std::floor(x), fraction = x - below;
    const bool up = fraction > 0.5 || (fraction == 0.5 && std::fmod(below, 2.0) != 0.0);
    return static_cast<int32_t>(up ? below + 1.0 : below);
}

}  // namespace snn
