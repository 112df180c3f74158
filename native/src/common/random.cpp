#include "common/random.h"

#include <cmath>

#include "common/error.h"
#include "common/math.h"

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

void philox_fill(uint64_t key, uint32_t stream, uint32_t substream, uint32_t first_block, uint32_t* out_words,
                 size_t block_count) {
    constexpr size_t lanes = 16;  // blocks side by side, so that compilers use the vector unit
    uint32_t c0[lanes], c1[lanes], c2[lanes], c3[lanes];
    for (size_t done = 0; done < block_count; done += lanes) {
        for (size_t i = 0; i < lanes; ++i) {
            c0[i] = first_block + static_cast<uint32_t>(done + i);
            c1[i] = 0;
            c2[i] = stream;
            c3[i] = substream;
        }
        uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
        for (int round = 0; round < 10; ++round) {
            for (size_t i = 0; i < lanes; ++i) {
                const uint64_t p0 = uint64_t{0xD2511F53u} * c0[i], p1 = uint64_t{0xCD9E8D57u} * c2[i];
                c0[i] = static_cast<uint32_t>(p1 >> 32) ^ c1[i] ^ k0;
                c1[i] = static_cast<uint32_t>(p1);
                c2[i] = static_cast<uint32_t>(p0 >> 32) ^ c3[i] ^ k1;
                c3[i] = static_cast<uint32_t>(p0);
            }
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        const size_t last = block_count - done < lanes ? block_count - done : lanes;
        for (size_t i = 0; i < last; ++i) {
            uint32_t* const out = out_words + 4 * (done + i);
            out[0] = c0[i];
            out[1] = c1[i];
            out[2] = c2[i];
            out[3] = c3[i];
        }
    }
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
    const uint64_t limit = UINT64_MAX - UINT64_MAX % n;  // the largest multiple of n that fits
    uint64_t drawn;
    do drawn = bits();
    while (drawn >= limit);
    return drawn % n;
}

namespace {

// log(k!) less its Stirling approximation.
double stirling_error(double k) {
    static constexpr double small[] = {0.08106146679532726,  0.04134069595540929,  0.02767792568499834,  0.02079067210376509,
                                       0.01664469118982119,  0.01387612882307075,  0.01189670994589177,  0.01041126526197209,
                                       0.009255462182712733, 0.008330563433362871};
    if (k < 10.0) return small[static_cast<size_t>(k)];
    const double n = k + 1.0, square = n * n;
    return (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / 1260.0 / square) / square) / n;
}

// For p <= 1/2 and an expected number of at least 10.
double binomial_by_rejection(RandomStream& io_stream, double n, double p) {
    const double deviation = std::sqrt(n * p * (1.0 - p));
    const double b = 1.15 + 2.53 * deviation, a = -0.0873 + 0.0248 * b + 0.01 * p, c = n * p + 0.5;
    const double squeeze = 0.92 - 4.2 / b, ratio = p / (1.0 - p), alpha = (2.83 + 5.1 / b) * deviation;
    const double mode = std::floor((n + 1.0) * p);
    for (;;) {
        const double u = io_stream.uniform() - 0.5, v = io_stream.uniform(), side = 0.5 - std::abs(u);
        const double k = std::floor((2.0 * a / side + b) * u + c);
        if (!(k >= 0.0 && k <= n)) continue;
        if (side >= 0.07 && v <= squeeze) return k;
        const double height = log_f64(v * alpha / (a / (side * side) + b));
        const double density = (mode + 0.5) * log_f64((mode + 1.0) / (ratio * (n - mode + 1.0))) +
                               (n + 1.0) * log_f64((n - mode + 1.0) / (n - k + 1.0)) +
                               (k + 0.5) * log_f64(ratio * (n - k + 1.0) / (k + 1.0)) + stirling_error(mode) +
                               stirling_error(n - mode) - stirling_error(k) - stirling_error(n - k);
        if (height <= density) return k;
    }
}

}  // namespace

uint64_t draw_binomial(RandomStream& io_stream, uint64_t trials, double p) {
    if (trials == 0 || !(p > 0.0)) return 0;
    if (p >= 1.0) return trials;
    if (p > 0.5) return trials - draw_binomial(io_stream, trials, 1.0 - p);
    const double n = static_cast<double>(trials);
    if (n * p >= 10.0) return static_cast<uint64_t>(binomial_by_rejection(io_stream, n, p));
    const double log_miss = log1p_f64(-p);
    uint64_t happened = 0;
    for (double at = 0.0;;) {
        at += 1.0 + std::floor(log_f64(1.0 - io_stream.uniform()) / log_miss);
        if (!(at <= n)) return happened;
        ++happened;
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
            // Rounding to float may reach b, which the interval leaves out.
            if (distribution == SNN_RANDOM_UNIFORM && a < b && rounded >= static_cast<float>(b))
                rounded = std::nextafter(static_cast<float>(b), static_cast<float>(a));
            out_values[block * 2 + half] = rounded;
        }
    }
}

}  // namespace snn
