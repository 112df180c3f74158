// Random numbers against published vectors, software exp and log against the C library's in double, the inverse normal against
// its definition.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "common/math.h"
#include "common/random.h"
#include "common/values.h"

using namespace snn;

TEST_CASE("philox gives the known answers of its authors (Random123, kat_vectors)") {
    using Words = std::array<uint32_t, 4>;
    CHECK(philox(0, {0, 0, 0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    CHECK(philox(~uint64_t{0}, {~0u, ~0u, ~0u, ~0u}) == Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    CHECK(philox(0x299f31d0a4093822, {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}) ==
          Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("software exp and log are within two units of the last place") {
    double worst_float = 0, worst_double = 0, worst_log = 0;
    for (double x = -86.5; x < 88.0; x += 0.0137) {
        const double expected = std::exp(static_cast<double>(static_cast<float>(x)));
        worst_float = std::max(worst_float, std::abs(exp_f32(static_cast<float>(x)) - expected) / (expected * 0x1p-23));
        const double wide = x * 8.0;
        if (wide > -700 && wide < 700)
            worst_double = std::max(worst_double, std::abs(exp_f64(wide) - std::exp(wide)) / (std::exp(wide) * 0x1p-52));
        const double positive = std::exp(x);
        worst_log = std::max(worst_log, std::abs(log_f64(positive) - std::log(positive)) / (std::abs(x) * 0x1p-52 + 1e-300));
    }
    CHECK(worst_float < 2.0);
    CHECK(worst_double < 2.0);
    CHECK(worst_log < 3.0);
    CHECK(exp_f32(0.0f) == 1.0f);
    CHECK(exp_f64(0.0) == 1.0);
    CHECK(log_f64(1.0) == 0.0);
}

TEST_CASE("software log in float32: within 0.85 units of the last place, never falling, and total") {
    double worst = 0;
    uint32_t falls = 0;
    float before = log_f32(0.5f);
    for (uint32_t bits = 0x3f000001u; bits < 0x40800000u; bits += 3) {  // 1/2 to 4, where the error is largest
        const float x = std::bit_cast<float>(bits), y = log_f32(x);
        const double exact = std::log(static_cast<double>(x));
        worst = std::max(worst, std::abs(static_cast<double>(y) - exact) / std::ldexp(1.0, std::ilogb(exact) - 23));
        falls += y < before;
        before = y;
    }
    CHECK(worst > 0.5);
    CHECK(worst < 0.85);
    CHECK(falls == 0);
    CHECK(std::bit_cast<uint32_t>(log_f32(1.0f)) == 0);
    const float infinity = std::numeric_limits<float>::infinity(), lowest = log_f32(0x1p-126f);
    CHECK(lowest == doctest::Approx(-126 * std::log(2.0)));
    for (const float x : {0.0f, -0.0f, 0x1p-149f, -1.0f, -infinity, std::nanf("")}) CHECK(log_f32(x) == lowest);
    CHECK(log_f32(infinity) == log_f32(0x1.fffffep127f));
}

TEST_CASE("software reciprocal: every mantissa within 1.16 units of the last place, and total") {
    double worst = 0;
    uint32_t wrong_scale = 0;
    for (uint32_t mantissa = 0; mantissa < 1u << 23; ++mantissa) {
        const float m = std::bit_cast<float>(0x3f800000u | mantissa), y = reciprocal_f32(m);
        worst = std::max(worst, std::abs(static_cast<double>(y) - 1.0 / static_cast<double>(m)) * 0x1p24);
        const int exponent = static_cast<int>(mantissa % 252) - 126;
        if (reciprocal_f32(-std::ldexp(m, exponent)) != -std::ldexp(y, -exponent)) ++wrong_scale;
    }
    CHECK(worst > 0.5);
    CHECK(worst < 1.16);
    CHECK(wrong_scale == 0);
    const float infinity = std::numeric_limits<float>::infinity();
    for (const float zero : {0.0f, -0.0f, 0x1p-149f, -0x1p-127f, std::nanf("")}) CHECK(reciprocal_f32(zero) == 0x1p126f);
    for (const float large : {0x1p126f, 0x1p127f, infinity}) {
        CHECK(reciprocal_f32(large) == 0x1p-126f);
        CHECK(reciprocal_f32(-large) == -0x1p-126f);
    }
    CHECK(reciprocal_f32(-0x1p-126f) == -0x1p126f);
    CHECK(reciprocal_f64(-3.0) == -1.0 / 3.0);
    for (const double zero : {0.0, -0.0, 5e-324, -0x1p-1023, std::nan("")}) CHECK(reciprocal_f64(zero) == 0x1p1022);
    CHECK(reciprocal_f64(-std::numeric_limits<double>::infinity()) == -0x1p-1022);
}

TEST_CASE("log1p is accurate from the smallest number to almost -1") {
    for (const double x : {-5e-324, -1e-300, -1e-17, 1e-17, -1.2e-16, -3e-10, -1e-3, -0.1, 0.1, 0.25, -0.5, -0.9, -1 + 0x1p-53,
                           1e10})
        CHECK(log1p_f64(x) == doctest::Approx(std::log1p(x)).epsilon(4e-16));
    CHECK(log1p_f64(0.0) == 0.0);
}

TEST_CASE("the inverse normal inverts the normal distribution") {
    for (const double p : {1e-9, 1e-4, 0.01, 0.02425, 0.3, 0.5, 0.7, 0.97575, 0.999, 1 - 1e-9}) {
        const double back = 0.5 * std::erfc(-inverse_normal(p) / std::sqrt(2.0));
        CHECK(back == doctest::Approx(p).epsilon(1e-7));
    }
}

TEST_CASE("a stream's numbers have the moments they should") {
    RandomStream stream(7, 1, 2);
    double sum = 0, squares = 0, uniform = 0;
    constexpr int count = 200000;
    for (int i = 0; i < count; ++i) {
        const double x = stream.normal();
        sum += x;
        squares += x * x;
        uniform += stream.uniform();
    }
    // Five standard errors.
    CHECK(std::abs(sum / count) < 5 / std::sqrt(count));
    CHECK(std::abs(squares / count - 1) < 5 * std::sqrt(2.0 / count));
    CHECK(std::abs(uniform / count - 0.5) < 5 * std::sqrt(1.0 / 12 / count));
    RandomStream small(7, 1, 3);
    int counts[3] = {0, 0, 0};
    for (int i = 0; i < 30000; ++i) ++counts[small.below(3)];
    for (const int n : counts) CHECK(std::abs(n - 10000) < 5 * std::sqrt(30000 * 2.0 / 9));
}

TEST_CASE("conversion to int rounds to the nearest, ties to even, and stays in range") {
    CHECK(to_int_nearest_even(2.5) == 2);
    CHECK(to_int_nearest_even(3.5) == 4);
    CHECK(to_int_nearest_even(-2.5) == -2);
    CHECK(to_int_nearest_even(-0.5) == 0);
    CHECK(to_int_nearest_even(1e300) == INT32_MAX);
    CHECK(to_int_nearest_even(-1e300) == INT32_MIN);
    CHECK(to_int_nearest_even(std::nan("")) == 0);
}

TEST_CASE("the first wrong value is found wherever it is") {
    const float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    for (const size_t count : {size_t{1}, size_t{17}, size_t{4096}, size_t{4097}, size_t{9000}}) {
        std::vector<float> values(count, 1.0f);
        for (size_t i = 0; i < count; i += 3) values[i] = i % 2 ? 0.0f : -0.0f;
        CHECK(first_no_spike(values.data(), count) == count);
        CHECK(first_not_finite(values.data(), count) == count);
        for (const size_t place : {size_t{0}, count / 2, count - 1})
            for (const float wrong : {0.5f, -1.0f, 1.0000001f, 1e-45f, infinity, nan}) {
                std::vector<float> spoiled = values;
                spoiled[place] = spoiled[count - 1] = wrong;
                CHECK(first_no_spike(spoiled.data(), count) == place);
                CHECK(first_not_finite(spoiled.data(), count) == (std::isfinite(wrong) ? count : place));
            }
    }
}
