// The smallest lanes that model_kernels.inl needs: arrays of 16 and loops, written for the test of the C++ printer.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <initializer_list>

struct F { float v[16]; };
struct I { int32_t v[16]; };
struct M { bool v[16]; };

#define LANES(expression) for (int i = 0; i < 16; ++i) r.v[i] = (expression); return r
#define FLOATS(name, expression) inline F name(F a, F b) { F r; LANES(expression); }
#define INTS(name, expression) inline I name(I a, I b) { I r; LANES(expression); }
#define TESTS(name, T, expression) inline M name(T a, T b) { M r; LANES(expression); }

inline F load(const float* p) { F r; std::memcpy(r.v, p, sizeof r.v); return r; }
inline I load(const int32_t* p) { I r; std::memcpy(r.v, p, sizeof r.v); return r; }
inline void store(float* p, F x) { std::memcpy(p, x.v, sizeof x.v); }
inline void store(int32_t* p, I x) { std::memcpy(p, x.v, sizeof x.v); }
inline F broadcast_f(float x) { F r; LANES(x); }
inline I broadcast_i(int32_t x) { I r; LANES(x); }

FLOATS(add, a.v[i] + b.v[i])
FLOATS(sub, a.v[i] - b.v[i])
FLOATS(mul, a.v[i] * b.v[i])
FLOATS(div, a.v[i] / b.v[i])
FLOATS(min_, a.v[i] < b.v[i] ? a.v[i] : b.v[i])
FLOATS(max_, a.v[i] > b.v[i] ? a.v[i] : b.v[i])
INTS(add, a.v[i] + b.v[i])
INTS(sub, a.v[i] - b.v[i])
INTS(mul, a.v[i] * b.v[i])
INTS(min_, a.v[i] < b.v[i] ? a.v[i] : b.v[i])
INTS(max_, a.v[i] > b.v[i] ? a.v[i] : b.v[i])
TESTS(lt, F, a.v[i] < b.v[i])
TESTS(le, F, a.v[i] <= b.v[i])
TESTS(eq, F, a.v[i] == b.v[i])
TESTS(lt, I, a.v[i] < b.v[i])
TESTS(le, I, a.v[i] <= b.v[i])
TESTS(eq, I, a.v[i] == b.v[i])
TESTS(and_, M, a.v[i] && b.v[i])
TESTS(or_, M, a.v[i] || b.v[i])
inline M not_(M a) { M r; LANES(!a.v[i]); }
inline F neg(F a) { F r; LANES(-a.v[i]); }
inline F abs_(F a) { F r; LANES(std::fabs(a.v[i])); }
inline F floor_(F a) { F r; LANES(std::floor(a.v[i])); }
inline F sqrt_(F a) { F r; LANES(std::sqrt(a.v[i])); }
inline F select(M c, F a, F b) { F r; LANES(c.v[i] ? a.v[i] : b.v[i]); }
inline I select(M c, I a, I b) { I r; LANES(c.v[i] ? a.v[i] : b.v[i]); }
inline F to_float(I a) { F r; LANES(static_cast<float>(a.v[i])); }
inline I to_int(F a) { I r; LANES(static_cast<int32_t>(std::nearbyint(a.v[i]))); }
inline F flush(F a) { F r; LANES(std::fabs(a.v[i]) < 0x1p-60f ? 0.0f : a.v[i]); }
inline uint16_t mask_bits(M a) {
    unsigned bits = 0;
    for (unsigned i = 0; i < 16; ++i) bits |= (a.v[i] ? 1u : 0u) << i;
    return static_cast<uint16_t>(bits);
}

// The library's exp (docs/model-format.md, "Software exp").
inline float exp_one(float x) {
    x = x > -87.0f ? x : -87.0f;
    x = x < 88.0f ? x : 88.0f;
    const float n = std::floor(x * 0x1.715476p+0f + 0.5f);
    const float r = (x - n * 0x1.62e400p-1f) - n * 0x1.7f7d1cp-20f;
    float p = 0x1.6d10fcp-10f;
    for (float c : {0x1.120b62p-7f, 0x1.55551ap-5f, 0x1.5554dep-3f, 0x1p-1f, 1.0f, 1.0f}) p = p * r + c;
    const int32_t bits = (static_cast<int32_t>(n) + 127) << 23;
    float scale;
    std::memcpy(&scale, &bits, sizeof scale);
    return p * scale;
}
inline F exp_(F a) { F r; LANES(exp_one(a.v[i])); }

// The library's reciprocal (docs/model-format.md, "Software reciprocal").
inline float reciprocal_one(float x) {
    float magnitude = std::fabs(x);
    magnitude = magnitude > 0x1p-126f ? magnitude : 0x1p-126f;
    magnitude = magnitude < 0x1p+126f ? magnitude : 0x1p+126f;
    uint32_t bits;
    std::memcpy(&bits, &magnitude, sizeof bits);
    const uint32_t mantissa = (bits & 0x007fffffu) | 0x3f800000u, exponent = 0x7f000000u - (bits & 0x7f800000u);
    float m, scale;
    std::memcpy(&m, &mantissa, sizeof m);
    std::memcpy(&scale, &exponent, sizeof scale);
    float y = (0x1.4afd6ap-2f * m - 0x1.745d18p+0f) * m + 0x1.0f83e0p+1f;
    for (int round = 0; round < 2; ++round) y = y + y * (1.0f - m * y);
    y = y * scale;
    return x <= -0x1p-126f ? -y : y;
}
inline F reciprocal_(F a) { F r; LANES(reciprocal_one(a.v[i])); }

#undef LANES
#undef FLOATS
#undef INTS
#undef TESTS
