#include "common/random.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "common/draw_tags.h"
#include "common/error.h"
#include "common/math.h"
#include "normal_table.h"

namespace snn {

std::array<uint32_t, 4> philox(uint64_t key, const std::array<uint32_t, 4>& counter) {
    std::array<uint32_t, 4> c = counter;
    uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round) {
        const uint64_t p0 = uint64_t{0xD2511F53u} * c[0], p1 = uint64_t{0xCD9E8D57u} * c[2];
        c = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(p1),
             static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<uint32_t>(p0)};
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return c;
}

double to_unit(uint32_t high, uint32_t low) {
    return static_cast<double>((uint64_t{high} << 32 | low) >> 11) * 0x1p-53;
}

double inverse_normal(double p) {
    const auto central = [](double q, double r) {
        return (((((-3.969683028665376e+01 * r + 2.209460984245205e+02) * r - 2.759285104469687e+02) * r +
                  1.383577518672690e+02) * r - 3.066479806614716e+01) * r + 2.506628277459239e+00) * q /
               (((((-5.447609879822406e+01 * r + 1.615858368580409e+02) * r - 1.556989798598866e+02) * r +
                  6.680131188771972e+01) * r - 1.328068155288572e+01) * r + 1.0);
    };
    const auto tail = [](double q) {
        return (((((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838e+00) * q -
                  2.549732539343734e+00) * q + 4.374664141464968e+00) * q + 2.938163982698783e+00) /
               ((((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996e+00) * q +
                 3.754408661907416e+00) * q + 1.0);
    };
    constexpr double low = 0.02425;
    if (p < low) return tail(std::sqrt(-2.0 * log_f64(p)));
    if (p > 1.0 - low) return -tail(std::sqrt(-2.0 * log_f64(1.0 - p)));
    const double q = p - 0.5;
    return central(q, q * q);
}

uint64_t RandomStream::bits() {
    if (left_ == 0) {
        words_ = philox(seed_, {static_cast<uint32_t>(block_), static_cast<uint32_t>(block_ >> 32), stream_, substream_});
        ++block_;
        left_ = 4;
    }
    left_ -= 2;
    return uint64_t{words_[left_]} << 32 | words_[left_ + 1];
}

double RandomStream::uniform() {
    const uint64_t drawn = bits();
    return to_unit(static_cast<uint32_t>(drawn >> 32), static_cast<uint32_t>(drawn));
}

double RandomStream::normal() { return inverse_normal(uniform() + 0x1p-54); }

uint64_t RandomStream::below(uint64_t n) {
    const uint64_t limit = UINT64_MAX - UINT64_MAX % n;  // the largest multiple of n; numbers from there on are rejected
    uint64_t drawn;
    do drawn = bits();
    while (drawn >= limit);
    return drawn % n;
}

namespace {

std::array<uint32_t, 4> draw_call(const DrawPlace& place, uint32_t number, uint32_t tag, uint32_t call) {
    return philox(place.seed, {tag | call, static_cast<uint32_t>(place.step),
                               place.population | static_cast<uint32_t>(place.step >> 32) << 20, place.sample | number << 20});
}

}  // namespace

uint32_t draw_word(const DrawPlace& place, uint32_t number) {
    // Neuron 64 b + 16 w + l uses word w of call 16 b + l.
    const uint32_t call = place.neuron / 64 * 16 + place.neuron % 16;
    return draw_call(place, number, draw_tag, call)[place.neuron / 16 % 4];
}

uint32_t poisson_word(const DrawPlace& place, uint32_t number) {
    // Neuron 128 b + 32 w + 16 h + l uses half h of word w of call 16 b + l.
    const uint32_t call = place.neuron / 128 * 16 + place.neuron % 16, word = place.neuron / 32 % 4;
    const uint32_t shift = place.neuron / 16 % 2 * 16;
    const auto half = [&](uint32_t tag) { return draw_call(place, number, tag, call)[word] >> shift & 0xFFFF; };
    return half(draw_tag) << 16 | half(lower_half_tag);
}

float draw_uniform(uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24f; }

float draw_normal(uint32_t word) {
    const float half = std::min(static_cast<float>(word >> 1) + 0.5f, 2147483520.0f);
    const uint32_t bits = std::bit_cast<uint32_t>(half), octave = (bits >> 23) - 126;
    const float x = std::bit_cast<float>((bits & 0x007FFFFFu) | 0x3F800000u) - 1.5f;
    float z = normal_table[6][octave];
    for (int k = 5; k >= 0; --k) z = z * x + normal_table[k][octave];
    return std::bit_cast<float>(std::bit_cast<uint32_t>(z) ^ word << 31);
}

std::vector<uint32_t> poisson_limits(double mean) {
    std::vector<uint32_t> limits;
    double probability = exp_f64(-mean), cumulative = probability;
    for (;;) {
        const double threshold = std::floor(cumulative * 0x1p32 + 0.5);
        if (threshold >= 0x1p32) return limits;
        limits.push_back(static_cast<uint32_t>(threshold - 1.0));  // the mean is small enough that no threshold is 0
        probability = probability * mean / static_cast<double>(limits.size());
        cumulative = cumulative + probability;
    }
}

void random_fill(uint64_t seed, uint64_t stream, uint32_t distribution, double a, double b, float* out_values, size_t count) {
    if (distribution > SNN_RANDOM_NORMAL)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "distribution is ", distribution, "; expected SNN_RANDOM_UNIFORM or _NORMAL");
    constexpr double largest = 1e38;
    if (!(std::abs(a) <= largest) || !(std::abs(b) <= largest) || (distribution == SNN_RANDOM_UNIFORM ? b < a : b < 0))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "a is ", a, " and b is ", b,
                    distribution == SNN_RANDOM_UNIFORM ? "; expected finite a <= b" : "; expected a finite mean and b >= 0");
    if (count > 0 && !out_values) throw Error(SNN_ERROR_INVALID_ARGUMENT, "out_values is null");
    for (size_t block = 0; block * 2 < count; ++block) {
        const std::array<uint32_t, 4> words =
            philox(seed, {static_cast<uint32_t>(block), static_cast<uint32_t>(uint64_t{block} >> 32),
                          static_cast<uint32_t>(stream), static_cast<uint32_t>(stream >> 32)});
        for (size_t half = 0; half < 2 && block * 2 + half < count; ++half) {
            const double unit = to_unit(words[half * 2], words[half * 2 + 1]);
            const double value = distribution == SNN_RANDOM_UNIFORM ? a + (b - a) * unit
                                                                    : a + b * inverse_normal(unit + 0x1p-54);
            float rounded = static_cast<float>(value);
            // Rounding to float may reach b, which the interval excludes.
            if (distribution == SNN_RANDOM_UNIFORM && a < b && rounded >= static_cast<float>(b))
                rounded = std::nextafter(static_cast<float>(b), static_cast<float>(a));
            out_values[block * 2 + half] = rounded;
        }
    }
}

}  // namespace snn
