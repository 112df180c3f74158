// Distributions of weights and delays, made for rows of thousands: every value is a function of one 32-bit random word, the
// same bits on every machine (only + - * / and sqrt, and the library's own exp and log).
//
// A distribution is drawn through its inverse: word w of 2^32 stands for the probability u = (w + 1/2) / 2^32, and the value
// grows with u. So the values between `low` and `high` belong to a range of neighbouring words, and drawing again until a value
// lies inside is the same as drawing a word of that range: one word gives one value, none is thrown away.
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
    // Throws SNN_ERROR_INVALID_ARGUMENT that begins with `what` ("projection 'x': weight"): an unknown kind, numbers that are
    // not finite or out of order, bounds that hold less than 2^-16 of the distribution.
    Distribution(const SNNDistribution& definition, const std::string& what);

    bool is_constant() const { return definition_.kind == SNN_DISTRIBUTION_CONSTANT; }
    double value(uint32_t word) const;  // within least() and most()
    double least() const { return least_; }
    double most() const { return most_; }

    // One float for each word, rounded to nearest.
    void fill(const uint32_t* words, float* out_values, size_t count) const;
    // The largest |float| that fill() can give.
    float largest() const;

private:
    double unbounded(uint32_t word) const;
    uint32_t inside(uint32_t word) const {  // of the words between the bounds
        return first_ + static_cast<uint32_t>((uint64_t{word} * count_) >> 32);
    }

    SNNDistribution definition_;
    uint32_t first_ = 0;
    uint64_t count_ = uint64_t{1} << 32;
    double least_ = 0, most_ = 0;
};

// One number of the distribution for each of out_values; `what` as above.
void draw_values(const SNNDistribution& definition, uint64_t seed, uint64_t stream, double* out_values, size_t count,
                 const std::string& what);

// Delays in whole steps: the values of a distribution in milliseconds, divided by dt and rounded to the nearest step, halves
// up.
class DelayDistribution {
public:
    // As Distribution; also refused: values that may lie below dt (but 0 as a constant), and more than max_total_delay steps.
    DelayDistribution(const SNNDistribution& definition, double dt_ms, const std::string& what);

    uint16_t least() const { return least_; }
    uint16_t most() const { return most_; }
    void fill(const uint32_t* words, uint16_t* out_steps, size_t count) const;

private:
    uint16_t least_ = 0, most_ = 0;
    // Steps grow with the word: for the upper bits of a word the step of the first word with them, and for each step the last
    // word that gives it.
    std::vector<uint16_t> guide_;
    std::vector<uint32_t> last_word_;
};

}  // namespace snn
