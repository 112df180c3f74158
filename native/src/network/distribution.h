// Distributions of weights and delays, for rows of thousands of values. Every value is a function of one 32-bit random word and
// has the same bits on every machine (only + - * / and sqrt, and the library's own exp and log are used).
//
// A distribution is drawn through its inverse: word w of 2^32 stands for the probability u = (w + 1/2) / 2^32, and the value
// increases with u. So the values between `low` and `high` belong to a range of consecutive words. Drawing a word from this
// range is the same as drawing again until a value lies inside: each word gives one value, and none is thrown away.
//
// Thread-safety: const functions may be called from several threads.
#pragma once

#include <snn/snn.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace snn {

bool operator==(const SNNDistribution& a, const SNNDistribution& b);

class Distribution {
public:
    // Throws SNN_ERROR_INVALID_ARGUMENT, with a sentence that begins with `what` ("projection 'x': weight"), for an unknown
    // kind, numbers that are not finite or out of order, and bounds that hold less than 2^-16 of the distribution.
    Distribution(const SNNDistribution& definition, const std::string& what);

    bool is_constant() const { return definition_.kind == SNN_DISTRIBUTION_CONSTANT; }
    double value(uint32_t word) const;  // least() to most()
    double least() const { return least_; }
    double most() const { return most_; }

    // One float for each word, rounded to the nearest.
    void fill(const uint32_t* words, float* out_values, size_t count) const;
    // The largest |float| that fill() can return.
    float largest() const;

private:
    double unbounded(uint32_t word) const;
    uint32_t inside(uint32_t word) const {  // maps a word to the words between the bounds
        return first_ + static_cast<uint32_t>((uint64_t{word} * count_) >> 32);
    }

    SNNDistribution definition_;
    uint32_t first_ = 0;
    uint64_t count_ = uint64_t{1} << 32;
    double least_ = 0, most_ = 0;
};

// Draws out_values from the distribution; `what` as for Distribution.
void draw_values(const SNNDistribution& definition, uint64_t seed, uint64_t stream, double* out_values, size_t count,
                 const std::string& what);

// Delays in whole steps: the values of a distribution in milliseconds, divided by dt and rounded to the nearest step, halves
// up.
class DelayDistribution {
public:
    // As for Distribution. Also refuses values that may lie below dt (except the constant 0) or above max_total_delay steps.
    DelayDistribution(const SNNDistribution& definition, double dt_ms, const std::string& what);

    uint16_t least() const { return least_; }
    uint16_t most() const { return most_; }
    void fill(const uint32_t* words, uint16_t* out_steps, size_t count) const;

private:
    uint16_t least_ = 0, most_ = 0;
    // Steps increase with the word. last_word_: for each step, the last word that gives it. guide_: for each value of a word's
    // upper bits, the step of the first word with these bits.
    std::vector<uint16_t> guide_;
    std::vector<uint32_t> last_word_;
};

}  // namespace snn
