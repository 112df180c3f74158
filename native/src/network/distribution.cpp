#include "network/distribution.h"

#include <algorithm>
#include <cmath>

#include "common/error.h"
#include "common/fill.h"
#include "common/math.h"
#include "network/network.h"

namespace snn {

namespace {

constexpr double largest_float = std::numeric_limits<float>::max();
constexpr uint64_t fewest_words = 1u << 16;  // minimum number of words between the bounds, of 2^32
constexpr uint32_t guide_bits = 10;

const char* name_of_distribution(uint32_t kind) {
    constexpr const char* names[] = {"constant", "normal", "uniform", "lognormal", "exponential"};
    return names[kind];
}

void check(const SNNDistribution& d, const std::string& what) {
    if (d.kind > SNN_DISTRIBUTION_EXPONENTIAL)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": distribution kind is ", d.kind, "; expected 0 to 4");
    const auto fits = [](double x) { return std::abs(x) <= largest_float; };
    if (!fits(d.a) || !fits(d.b))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": the ", name_of_distribution(d.kind), " distribution has a = ", d.a,
                    " and b = ", d.b, "; expected finite float32 numbers");
    if (std::isnan(d.low) || std::isnan(d.high) || d.low > d.high)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": low is ", d.low, " and high is ", d.high, "; expected low <= high");
    const bool is_scale = d.kind == SNN_DISTRIBUTION_NORMAL || d.kind == SNN_DISTRIBUTION_LOGNORMAL;
    if (is_scale && d.b < 0.0)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": the standard deviation is ", d.b, "; expected at least 0");
    if (d.kind == SNN_DISTRIBUTION_UNIFORM && d.b < d.a)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": uniform from ", d.a, " to ", d.b,
                    "; expected the smaller number first");
    if (d.kind == SNN_DISTRIBUTION_EXPONENTIAL && !(d.a > 0.0))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": the mean of the exponential distribution is ", d.a,
                    "; expected above 0");
}

// The first word for which `is_true`, 2^32 if there is none. Along the words, it must be false first and then true.
template <class Predicate>
uint64_t first_word(Predicate&& is_true) {
    uint64_t begin = 0, end = uint64_t{1} << 32;
    while (begin < end) {
        const uint64_t middle = begin + (end - begin) / 2;
        if (is_true(static_cast<uint32_t>(middle))) end = middle;
        else begin = middle + 1;
    }
    return begin;
}

}  // namespace

bool operator==(const SNNDistribution& a, const SNNDistribution& b) {
    return a.kind == b.kind && a.a == b.a && a.b == b.b && a.low == b.low && a.high == b.high;
}

Distribution::Distribution(const SNNDistribution& definition, const std::string& what) : definition_(definition) {
    SNNDistribution& d = definition_;
    check(d, what);
    const auto refuse = [&](const std::string& part) {
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": ", part, " the ", name_of_distribution(d.kind), " distribution (a = ",
                    d.a, ", b = ", d.b, ") lies between low = ", d.low, " and high = ", d.high);
    };
    const bool spread = d.kind == SNN_DISTRIBUTION_EXPONENTIAL || (d.kind == SNN_DISTRIBUTION_UNIFORM ? d.a < d.b : d.b > 0.0);
    if (d.kind == SNN_DISTRIBUTION_CONSTANT || !spread) {
        if (d.kind == SNN_DISTRIBUTION_LOGNORMAL) d.a = exp_f64(d.a);
        d.kind = SNN_DISTRIBUTION_CONSTANT;
        if (d.a < d.low || d.a > d.high) refuse("no value of");
        least_ = most_ = d.a;
    } else {
        least_ = unbounded(0);
        most_ = unbounded(UINT32_MAX);
        const uint64_t first = first_word([&](uint32_t word) { return unbounded(word) >= d.low; });
        const uint64_t end = first_word([&](uint32_t word) { return unbounded(word) > d.high; });
        if (end < first + fewest_words) refuse("less than 1 of 65536 values of");
        first_ = static_cast<uint32_t>(first);
        count_ = end - first;
        least_ = std::max(least_, d.low);
        most_ = std::min(most_, d.high);
    }
    if (!(std::abs(least_) <= largest_float) || !(std::abs(most_) <= largest_float))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": the ", name_of_distribution(definition.kind), " distribution (a = ",
                    definition.a, ", b = ", definition.b, ") reaches from ", least_, " to ", most_,
                    "; values must be float32 numbers");
}

double Distribution::unbounded(uint32_t word) const {
    const SNNDistribution& d = definition_;
    switch (d.kind) {
        case SNN_DISTRIBUTION_NORMAL: return d.a + d.b * static_cast<double>(normal_of_word(word));
        case SNN_DISTRIBUTION_UNIFORM: return d.a + (d.b - d.a) * ((static_cast<double>(word) + 0.5) * 0x1p-32);
        case SNN_DISTRIBUTION_LOGNORMAL: return exp_f64(d.a + d.b * static_cast<double>(normal_of_word(word)));
        // 1 - u has no rounding error: it is the u of the word counted from the end. The last one gives 33 ln 2 = 22.87 means.
        case SNN_DISTRIBUTION_EXPONENTIAL: return -d.a * log_f64((static_cast<double>(~word) + 0.5) * 0x1p-32);
        default: return d.a;
    }
}

double Distribution::value(uint32_t word) const { return std::clamp(unbounded(inside(word)), least_, most_); }

void Distribution::fill(const uint32_t* words, float* out_values, size_t count) const {
    if (is_constant()) {
        std::fill_n(out_values, count, static_cast<float>(definition_.a));
        return;
    }
    if (definition_.kind != SNN_DISTRIBUTION_NORMAL) {
        for (size_t i = 0; i < count; ++i) out_values[i] = static_cast<float>(value(words[i]));
        return;
    }
    const NormalFill fill{first_, count_, definition_.a, definition_.b, least_, most_};
    fill_table().normal(fill, words, out_values, count);
}

float Distribution::largest() const {
    return std::max(std::abs(static_cast<float>(least_)), std::abs(static_cast<float>(most_)));
}

void draw_values(const SNNDistribution& definition, uint64_t seed, uint64_t stream, double* out_values, size_t count,
                 const std::string& what) {
    const Distribution distribution(definition, what);
    constexpr size_t together = 256;
    uint32_t words[together];
    for (size_t done = 0; done < count; done += together) {
        fill_table().words(seed, static_cast<uint32_t>(stream), static_cast<uint32_t>(stream >> 32),
                           static_cast<uint32_t>(done / 4), words, together / 4);
        for (size_t i = 0; i < std::min(together, count - done); ++i) out_values[done + i] = distribution.value(words[i]);
    }
}

DelayDistribution::DelayDistribution(const SNNDistribution& definition, double dt_ms, const std::string& what) {
    const Distribution values(definition, what);
    const auto in_steps = [&](double milliseconds) { return std::floor(milliseconds / dt_ms + 0.5); };
    const bool none = values.is_constant() && values.least() == 0.0;
    // A value a hair below dt counts as dt: 0.3 is written for three steps of 0.1, although the doubles differ slightly.
    if (!none && !(values.least() >= dt_ms * (1.0 - 1e-9)))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": delays reach down to ", values.least(), " ms, below the time step of ",
                    dt_ms, " ms; ",
                    values.is_constant() ? text("give at least ", dt_ms, " ms, or 0") : text("give it low = ", dt_ms));
    const double most = in_steps(values.most());
    if (!(most <= max_total_delay))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": delays reach up to ", values.most(), " ms, that is ", most,
                    " steps; at most ", max_total_delay, " are allowed");
    least_ = static_cast<uint16_t>(in_steps(values.least()));
    most_ = static_cast<uint16_t>(most);
    if (least_ == most_) return;
    for (uint32_t step = least_; step < most_; ++step) {
        const uint64_t next = first_word([&](uint32_t word) { return in_steps(values.value(word)) > step; });
        last_word_.push_back(static_cast<uint32_t>(next - 1));  // wraps if no word gives the step; see the next line
        if (next == 0) last_word_.back() = 0;
    }
    last_word_.push_back(UINT32_MAX);
    guide_.resize(size_t{1} << guide_bits);
    for (uint32_t i = 0; i < guide_.size(); ++i)
        guide_[i] = static_cast<uint16_t>(
            std::lower_bound(last_word_.begin(), last_word_.end(), i << (32 - guide_bits)) - last_word_.begin());
}

void DelayDistribution::fill(const uint32_t* words, uint16_t* out_steps, size_t count) const {
    if (least_ == most_) {
        std::fill_n(out_steps, count, least_);
        return;
    }
    const uint32_t* const last = last_word_.data();
    for (size_t i = 0; i < count; ++i) {
        uint32_t slot = guide_[words[i] >> (32 - guide_bits)];
        while (words[i] > last[slot]) ++slot;
        out_steps[i] = static_cast<uint16_t>(least_ + slot);
    }
}

}  // namespace snn
