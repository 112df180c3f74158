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
inline F fma_(F a, F b, F c) { F r; LANES(std::fma(a.v[i], b.v[i], c.v[i])); }
inline M not_(M a) { M r; LANES(!a.v[i]); }
inline F neg(F a) { F r; LANES(-a.v[i]); }
inline F abs_(F a) { F r; LANES(std::fabs(a.v[i])); }
inline F floor_(F a) { F r; LANES(std::floor(a.v[i])); }
inline F sqrt_(F a) { F r; LANES(std::sqrt(a.v[i])); }
inline F select(M c, F a, F b) { F r; LANES(c.v[i] ? a.v[i] : b.v[i]); }
inline I select(M c, I a, I b) { I r; LANES(c.v[i] ? a.v[i] : b.v[i]); }
inline F to_float(I a) { F r; LANES(static_cast<float>(a.v[i])); }
inline I to_int(F a) { I r; LANES(static_cast<int32_t>(std::nearbyint(a.v[i]))); }
inline F flush(F a) { F r; LANES(std::fabs(a.v[i]) < 0x1p-63f ? 0.0f : a.v[i]); }
inline uint16_t mask_bits(M a) {
    unsigned bits = 0;
    for (unsigned i = 0; i < 16; ++i) bits |= (a.v[i] ? 1u : 0u) << i;
    return static_cast<uint16_t>(bits);
}

inline M mask_from_bits(uint16_t bits) { M r; LANES(bits >> i & 1); }
inline I bits_of(F a) { I r; std::memcpy(r.v, a.v, sizeof r.v); return r; }
constexpr uint32_t groups_together = 1;

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

// The library's log (docs/model-format.md, "Software log").
inline float log_one(float x) {
    x = x > 0x1p-126f ? x : 0x1p-126f;
    x = x < 0x1.fffffep+127f ? x : 0x1.fffffep+127f;
    uint32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    bits += 0x004afb0du;
    const float k = static_cast<float>(static_cast<int32_t>(bits >> 23) - 127);
    bits = (bits & 0x007fffffu) + 0x3f3504f3u;
    float m;
    std::memcpy(&m, &bits, sizeof m);
    const float r = m - 1.0f, z = r * r;
    float p = 0x1.14579ap-4f;
    for (float c : {-0x1.de3c12p-4f, 0x1.e6f06ep-4f, -0x1.fc2208p-4f, 0x1.233768p-3f, -0x1.555c4ep-3f, 0x1.99a4b6p-3f,
                    -0x1.000006p-2f, 0x1.555548p-2f})
        p = p * r + c;
    return k * 0x1.62e400p-1f + (r + ((z * r * p + k * 0x1.7f7d1cp-20f) - 0.5f * z));
}
inline F log_(F a) { F r; LANES(log_one(a.v[i])); }

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

// The random draws (docs/semantics.md), a neuron at a time.
#include "normal_table.h"

struct Words { uint32_t v[4]; };
inline Words philox_one(uint64_t key, Words c) {
    uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
        const uint64_t a = uint64_t{0xD2511F53u} * c.v[0], b = uint64_t{0xCD9E8D57u} * c.v[2];
        c = {{static_cast<uint32_t>(b >> 32) ^ c.v[1] ^ k0, static_cast<uint32_t>(b),
              static_cast<uint32_t>(a >> 32) ^ c.v[3] ^ k1, static_cast<uint32_t>(a)}};
    }
    return c;
}
inline Words draw_call(const snn::cpu::DrawArgs& args, uint32_t number, uint32_t tag, uint32_t call) {
    return philox_one(args.seed, {{tag + call, static_cast<uint32_t>(args.step),
                                   args.population + (static_cast<uint32_t>(args.step >> 32) << 20), args.sample + (number << 20)}});
}
inline I draw_words(const snn::cpu::DrawArgs& args, uint32_t number, uint32_t index) {
    I r;
    LANES(static_cast<int32_t>(draw_call(args, number, 0xD0000000u, index / 64 * 16 + i).v[index / 16 % 4]));
}
inline uint32_t draw_half(const snn::cpu::DrawArgs& args, uint32_t number, uint32_t tag, uint32_t neuron) {
    const Words drawn = draw_call(args, number, tag, neuron / 128 * 16 + neuron % 16);
    return neuron / 16 % 2 ? drawn.v[neuron / 32 % 4] >> 16 : drawn.v[neuron / 32 % 4] & 0xFFFFu;
}
inline I poisson_words(const snn::cpu::DrawArgs& args, uint32_t number, uint32_t index) {
    I r;
    LANES(static_cast<int32_t>((draw_half(args, number, 0xD0000000u, index + i) << 16) +
                               draw_half(args, number, 0xC0000000u, index + i)));
}
inline float normal_one(uint32_t word) {
    float half = static_cast<float>(word >> 1) + 0.5f;
    if (half > 2147483520.0f) half = 2147483520.0f;
    int exponent;
    const float t = std::frexp(half, &exponent) * 2.0f;  // half = t * 2^(exponent - 1), 1 <= t < 2
    float z = 0.0f;
    for (int k = 6; k >= 0; --k) z = k == 6 ? snn::normal_table[k][exponent] : z * (t - 1.5f) + snn::normal_table[k][exponent];
    return word & 1 ? -z : z;
}
inline F uniform_(I word) { F r; LANES(static_cast<float>(static_cast<uint32_t>(word.v[i]) >> 8) * 0x1p-24f); }
inline F normal_(I word) { F r; LANES(normal_one(static_cast<uint32_t>(word.v[i]))); }
inline F poisson_(const snn::cpu::PoissonTable& table, I word, uint32_t index) {
    F r;
    for (uint32_t i = 0; i < 16; ++i) {
        uint32_t count = 0;
        for (uint32_t k = 0; k < table.count; ++k) {
            const int32_t limit = table.limits[k * table.stride + ((index + i) & (table.mask | 15u))];
            count += (static_cast<uint32_t>(limit) ^ 0x80000000u) < static_cast<uint32_t>(word.v[i]);
        }
        r.v[i] = static_cast<float>(count);
    }
    return r;
}

// Draws for a chunk of neurons, as the printed code asks for them.
constexpr uint32_t draw_chunk = 512;
template <class Make>
void draw_each(uint32_t begin, uint32_t end, float* out, Make&& make) {
    for (uint32_t index = begin; index < end; index += 16) {
        const F made = make(index);
        for (uint32_t i = 0; i < 16; ++i) out[index - begin + i] = made.v[i];
    }
}
inline void draw_uniform(const snn::cpu::DrawArgs& args, uint32_t number, uint32_t begin, uint32_t end, float* out) {
    draw_each(begin, end, out, [&](uint32_t index) { return uniform_(draw_words(args, number, index)); });
}
inline void draw_normal(const snn::cpu::DrawArgs& args, uint32_t number, uint32_t begin, uint32_t end, float* out) {
    draw_each(begin, end, out, [&](uint32_t index) { return normal_(draw_words(args, number, index)); });
}
inline void draw_poisson(const snn::cpu::DrawArgs& args, uint32_t number, const snn::cpu::PoissonTable& table, uint32_t begin,
                         uint32_t end, float* out) {
    draw_each(begin, end, out, [&](uint32_t index) { return poisson_(table, poisson_words(args, number, index), index); });
}

#undef LANES
#undef FLOATS
#undef INTS
#undef TESTS
