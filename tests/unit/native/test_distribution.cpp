// Distributions of weights and delays against their distribution functions in double precision.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

#include "common/error.h"
#include "common/fill.h"
#include "common/random.h"
#include "network/distribution.h"

using namespace snn;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

std::vector<uint32_t> many_words(size_t count) {
    std::vector<uint32_t> words(count);
    fill_table().words(9, 1, 2, 0, words.data(), count / 4);
    return words;
}

// The largest distance between the found and the expected distribution function, times the root of their number
// (Kolmogorov and Smirnov): above 2.7 with a probability of 1e-6.
double kolmogorov(std::vector<float> values, const std::function<double(double)>& cdf) {
    std::sort(values.begin(), values.end());
    double largest = 0;
    const double n = static_cast<double>(values.size());
    for (size_t i = 0; i < values.size(); ++i) {
        const double expected = cdf(static_cast<double>(values[i]));
        largest = std::max({largest, std::abs(static_cast<double>(i) / n - expected),
                            std::abs(static_cast<double>(i + 1) / n - expected)});
    }
    return largest * std::sqrt(n);
}

}  // namespace

TEST_CASE("words are those of Philox, and all instruction sets fill alike") {
    std::vector<uint32_t> expected(4 * 77);
    for (uint32_t block = 0; block < 77; ++block) {
        const auto words = philox(0x123456789abcdefu, {5 + block, 0, 3, 0xfffffff0u});
        std::copy(words.begin(), words.end(), expected.begin() + 4 * block);
    }
    const NormalFill fill{1000, (uint64_t{1} << 32) - 5000, 0.5, 0.25, -0.2, 1.1};
    std::vector<float> values;
    int tables = 0;
    for (const uint32_t isa : {SNN_ISA_SCALAR, SNN_ISA_AVX2, SNN_ISA_AVX512, SNN_ISA_NEON}) {
        const FillTable* const table = fill_table(isa);
        if (!table) continue;
        ++tables;
        std::vector<uint32_t> words(expected.size(), 1);
        table->words(0x123456789abcdefu, 3, 0xfffffff0u, 5, words.data(), 77);
        CHECK(words == expected);
        std::vector<float> filled(words.size());
        table->normal(fill, words.data(), filled.data(), filled.size());
        if (values.empty()) values = filled;
        CHECK(values == filled);
    }
    CHECK(tables >= 1);
    for (size_t i = 0; i < values.size(); ++i) {
        const auto word = static_cast<uint32_t>(1000 + ((uint64_t{expected[i]} * fill.count) >> 32));
        const double drawn = 0.5 + 0.25 * static_cast<double>(normal_of_word(word));
        CHECK(values[i] == static_cast<float>(std::clamp(drawn, -0.2, 1.1)));
    }
}

TEST_CASE("a word gives the normal number of its probability") {
    const auto check = [](uint32_t word) {
        const double p = (word + 0.5) * 0x1p-32, z = static_cast<double>(normal_of_word(word));
        const double side = std::min(p, 1 - p), found = normal_cdf(-std::abs(z));
        CAPTURE(word);
        CHECK((z < 0) == (p < 0.5));
        CHECK(std::abs(found / side - 1.0) < 2e-5);
    };
    for (const uint32_t word : many_words(20000)) check(word);
    for (uint32_t word = 0; word < 100; ++word) {
        check(word);
        check(~word);
        check(0x7fffffffu - word);
        check(0x80000000u + word);
    }
    CHECK(normal_of_word(UINT32_MAX) < 6.34f);
    CHECK(normal_of_word(0) > -6.34f);
}

TEST_CASE("values have their distribution, within their bounds") {
    const std::vector<uint32_t> words = many_words(200000);
    struct Case {
        SNNDistribution definition;
        std::function<double(double)> cdf;  // without bounds
    };
    const Case cases[] = {
        {{SNN_DISTRIBUTION_NORMAL, 0.5, 0.1, -infinity, infinity}, [](double x) { return normal_cdf((x - 0.5) / 0.1); }},
        {{SNN_DISTRIBUTION_NORMAL, 0.5, 0.5, 0.0, infinity}, [](double x) { return normal_cdf((x - 0.5) / 0.5); }},
        {{SNN_DISTRIBUTION_NORMAL, 0.0, 1.0, 3.0, 3.5}, [](double x) { return normal_cdf(x); }},
        {{SNN_DISTRIBUTION_UNIFORM, -2.0, 3.0, -infinity, infinity}, [](double x) { return (x + 2) / 5; }},
        {{SNN_DISTRIBUTION_UNIFORM, -2.0, 3.0, -1.0, 7.0}, [](double x) { return (x + 2) / 5; }},
        {{SNN_DISTRIBUTION_LOGNORMAL, 0.3, 0.8, -infinity, infinity},
         [](double x) { return normal_cdf((std::log(x) - 0.3) / 0.8); }},
        {{SNN_DISTRIBUTION_LOGNORMAL, 0.3, 0.8, 0.5, 4.0}, [](double x) { return normal_cdf((std::log(x) - 0.3) / 0.8); }},
        {{SNN_DISTRIBUTION_EXPONENTIAL, 1.7, 0, -infinity, infinity}, [](double x) { return -std::expm1(-x / 1.7); }},
        {{SNN_DISTRIBUTION_EXPONENTIAL, 1.7, 0, 0.5, 4.0}, [](double x) { return -std::expm1(-x / 1.7); }},
    };
    for (const Case& c : cases) {
        const Distribution distribution(c.definition, "w");
        std::vector<float> values(words.size());
        distribution.fill(words.data(), values.data(), values.size());
        const double least = std::max(distribution.least(), c.definition.low);
        const double most = std::min(distribution.most(), c.definition.high);
        for (const float value : values) {
            CHECK(value >= static_cast<float>(least));
            CHECK(value <= static_cast<float>(most));
            CHECK(std::abs(value) <= distribution.largest());
        }
        const double below = std::isinf(c.definition.low) ? 0.0 : std::max(0.0, c.cdf(std::max(c.definition.low, least)));
        const double above = std::isinf(c.definition.high) ? 1.0 : std::min(1.0, c.cdf(most));
        CHECK(kolmogorov(values, [&](double x) { return (c.cdf(x) - below) / (above - below); }) < 2.7);
    }
    // Moments, against what is known for the normal and the lognormal distribution.
    std::vector<float> values(words.size());
    Distribution({SNN_DISTRIBUTION_NORMAL, 2.0, 3.0, -infinity, infinity}, "w").fill(words.data(), values.data(), values.size());
    double sum = 0, square = 0;
    for (const float value : values) sum += value, square += (value - 2.0) * (value - 2.0);
    const double n = static_cast<double>(values.size());
    CHECK(std::abs(sum / n - 2.0) < 5 * 3.0 / std::sqrt(n));
    CHECK(std::abs(square / n / 9.0 - 1.0) < 5 * std::sqrt(2.0 / n));
    Distribution({SNN_DISTRIBUTION_EXPONENTIAL, 2.0, 0, -infinity, infinity}, "w")
        .fill(words.data(), values.data(), values.size());
    sum = square = 0;
    for (const float value : values) sum += value, square += (value - 2.0) * (value - 2.0);
    CHECK(std::abs(sum / n - 2.0) < 5 * 2.0 / std::sqrt(n));
    CHECK(std::abs(square / n / 4.0 - 1.0) < 5 * std::sqrt(8.0 / n));  // its fourth central moment is 9 a^4
}

TEST_CASE("a word gives the exponential number of its probability, with the same bits everywhere") {
    const Distribution one({SNN_DISTRIBUTION_EXPONENTIAL, 1.0, 0, -infinity, infinity}, "w");
    const auto expected = [](uint32_t word) { return -std::log1p(-(word + 0.5) * 0x1p-32); };
    uint64_t hash = 14695981039346656037u;
    double before = 0;
    for (uint64_t i = 0; i < 4096; ++i) {
        const auto word = static_cast<uint32_t>(i * i * 256);  // 0 to nearly 2^32
        const double value = one.value(word);
        CHECK(std::abs(value / expected(word) - 1) < 1e-15);
        CHECK((i == 0 || value > before));
        before = value;
        hash = (hash ^ std::bit_cast<uint64_t>(value)) * 1099511628211u;
    }
    CHECK(hash == 0x6fa82795e657bee4u);
    CHECK(one.least() == one.value(0));
    CHECK(one.most() == one.value(UINT32_MAX));
    CHECK(std::abs(one.least() * 0x1p33 - 1) < 1e-10);
    CHECK(std::abs(one.most() / (33 * std::log(2.0)) - 1) < 1e-12);
    CHECK(Distribution({SNN_DISTRIBUTION_EXPONENTIAL, 3.0, 0, -infinity, 5.0}, "w").largest() == 5.0f);
}

TEST_CASE("one value is one value") {
    for (const SNNDistribution& d : {SNNDistribution{SNN_DISTRIBUTION_CONSTANT, 0.1, 0, -infinity, infinity},
                                     SNNDistribution{SNN_DISTRIBUTION_NORMAL, 0.1, 0, -infinity, infinity},
                                     SNNDistribution{SNN_DISTRIBUTION_UNIFORM, 0.1, 0.1, 0, 1}}) {
        const Distribution distribution(d, "w");
        CHECK(distribution.is_constant());
        CHECK(distribution.largest() == 0.1f);
    }
    CHECK(Distribution({SNN_DISTRIBUTION_LOGNORMAL, 0, 0, -infinity, infinity}, "w").largest() == 1.0f);
}

TEST_CASE("distributions that cannot be drawn are refused") {
    const auto refuses = [](SNNDistribution d, const char* words) {
        CHECK_THROWS_WITH_AS(Distribution(d, "w"), doctest::Contains(words), Error);
    };
    const double nan = std::nan("");
    refuses({5, 0, 0, -infinity, infinity}, "kind is 5; expected 0 to 4");
    refuses({SNN_DISTRIBUTION_CONSTANT, nan, 0, -infinity, infinity}, "a = nan");
    refuses({SNN_DISTRIBUTION_CONSTANT, 1e39, 0, -infinity, infinity}, "a = 1e+39");
    refuses({SNN_DISTRIBUTION_CONSTANT, 1, 0, 2, 3}, "no value");
    refuses({SNN_DISTRIBUTION_NORMAL, 0, -1, -infinity, infinity}, "standard deviation is -1");
    refuses({SNN_DISTRIBUTION_NORMAL, 0, infinity, -infinity, infinity}, "b = inf");
    refuses({SNN_DISTRIBUTION_NORMAL, 0, 1, nan, 1}, "low is nan");
    refuses({SNN_DISTRIBUTION_NORMAL, 0, 1, 2, 1}, "low is 2 and high is 1");
    refuses({SNN_DISTRIBUTION_NORMAL, 0, 1, 4.5, infinity}, "less than 1 of 65536");
    refuses({SNN_DISTRIBUTION_NORMAL, 0, 1, 0.5, 0.50001}, "less than 1 of 65536");
    refuses({SNN_DISTRIBUTION_NORMAL, 0, 1e38, -infinity, infinity}, "float32 numbers");
    refuses({SNN_DISTRIBUTION_UNIFORM, 2, 1, -infinity, infinity}, "uniform from 2 to 1");
    refuses({SNN_DISTRIBUTION_UNIFORM, 0, 1, 1.5, 2}, "less than 1 of 65536");
    refuses({SNN_DISTRIBUTION_LOGNORMAL, 90, 1, -infinity, infinity}, "float32 numbers");
    refuses({SNN_DISTRIBUTION_EXPONENTIAL, 0, 0, -infinity, infinity}, "the mean of the exponential distribution is 0");
    refuses({SNN_DISTRIBUTION_EXPONENTIAL, -2, 0, -infinity, infinity}, "the mean of the exponential distribution is -2");
    refuses({SNN_DISTRIBUTION_EXPONENTIAL, 1e38, 0, -infinity, infinity}, "float32 numbers");
    refuses({SNN_DISTRIBUTION_EXPONENTIAL, 1, 0, -2, 0}, "less than 1 of 65536");
    refuses({SNN_DISTRIBUTION_EXPONENTIAL, 1, 0, 12, infinity}, "less than 1 of 65536");
}

TEST_CASE("delays are the nearest steps of their distribution") {
    const std::vector<uint32_t> words = many_words(200000);
    std::vector<uint16_t> steps(words.size());
    struct Case {
        SNNDistribution definition;
        double dt;
    };
    for (const auto& [definition, dt] : {Case{{SNN_DISTRIBUTION_NORMAL, 1.5, 0.75, 0.1, infinity}, 0.1},
                                         Case{{SNN_DISTRIBUTION_NORMAL, 100, 30, 1, 400}, 0.1},
                                         Case{{SNN_DISTRIBUTION_UNIFORM, 1, 20, -infinity, infinity}, 1.0},
                                         Case{{SNN_DISTRIBUTION_LOGNORMAL, 0.5, 0.5, 0.5, 10}, 0.5},
                                         Case{{SNN_DISTRIBUTION_EXPONENTIAL, 15, 0, 0.1, infinity}, 0.1},
                                         Case{{SNN_DISTRIBUTION_EXPONENTIAL, 5, 0, 1, 30}, 0.1}}) {
        const DelayDistribution delays(definition, dt, "d");
        const Distribution values(definition, "d");
        delays.fill(words.data(), steps.data(), steps.size());
        for (size_t i = 0; i < words.size(); ++i) {
            const double expected = std::floor(values.value(words[i]) / dt + 0.5);
            CHECK(steps[i] == expected);
            CHECK(steps[i] >= delays.least());
            CHECK(steps[i] <= delays.most());
        }
    }
    CHECK(DelayDistribution({SNN_DISTRIBUTION_CONSTANT, 0, 0, -infinity, infinity}, 0.1, "d").most() == 0);
    CHECK(DelayDistribution({SNN_DISTRIBUTION_CONSTANT, 0.3, 0, -infinity, infinity}, 0.1, "d").most() == 3);
    CHECK(DelayDistribution({SNN_DISTRIBUTION_CONSTANT, 4096, 0, -infinity, infinity}, 1.0, "d").least() == 4096);
    const auto refuses = [](SNNDistribution d, const char* part) {
        CHECK_THROWS_WITH_AS(DelayDistribution(d, 0.1, "d"), doctest::Contains(part), Error);
    };
    refuses({SNN_DISTRIBUTION_CONSTANT, 0.05, 0, -infinity, infinity}, "below the time step");
    refuses({SNN_DISTRIBUTION_NORMAL, 1.5, 0.75, -infinity, infinity}, "below the time step of 0.1 ms; give it low = 0.1");
    refuses({SNN_DISTRIBUTION_CONSTANT, 409.7, 0, -infinity, infinity}, "4097 steps; at most 4096");
    refuses({SNN_DISTRIBUTION_UNIFORM, 1, 1e30, -infinity, infinity}, "at most 4096");
    refuses({SNN_DISTRIBUTION_EXPONENTIAL, 1.5, 0, -infinity, infinity}, "below the time step");
    refuses({SNN_DISTRIBUTION_EXPONENTIAL, 18, 0, 0.1, infinity}, "4117 steps; at most 4096");
}
