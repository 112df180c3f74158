// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). A
// number depends on its key and counter only, so results do not depend on threads, order or platform.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace snn {

std::array<uint32_t, 4> philox(uint64_t key, const std::array<uint32_t, 4>& counter);

// 53 random bits as a double in [0, 1).
double to_unit(uint32_t high, uint32_t low);
// Standard normal of a number in (0, 1): Acklam's rational approximation of the inverse normal distribution, relative error
// below 1.2e-9, with the library's own log, so that the bits are the same everywhere.
double inverse_normal(double p);

// A stream of numbers: the key is the seed; `stream` and `substream` say what it is for.
class RandomStream {
public:
    RandomStream(uint64_t seed, uint32_t stream, uint32_t substream) : seed_(seed), stream_(stream), substream_(substream) {}
    double uniform();             // [0, 1)
    double normal();              // mean 0, standard deviation 1
    uint64_t below(uint64_t n);   // 0 to n-1, n > 0, without bias

private:
    uint64_t bits();
    uint64_t seed_;
    uint32_t stream_, substream_;
    uint64_t block_ = 0;
    std::array<uint32_t, 4> words_{};
    uint32_t left_ = 0;
};

// ---- The draws of a step: docs/semantics.md, "Random draws".

// Which draw: everything that a word depends on. Steps are counted since the last reset; bits from 44 on are left out.
struct DrawPlace {
    uint64_t seed, step;
    uint32_t population, sample, neuron;
};
uint32_t draw_word(const DrawPlace& place, uint32_t number);
uint32_t poisson_word(const DrawPlace& place, uint32_t number);  // its halves are of two calls
// A word as a number in [0, 1), and as a standard normal one by the table that engine/modelc prints.
float draw_uniform(uint32_t word);
float draw_normal(uint32_t word);

constexpr double largest_poisson_mean = 16.0;
// The largest words that do not pass the thresholds of a Poisson distribution, ascending: a word gives as many events as it is
// larger than. Thresholds are cumulative probabilities times 2^32, rounded; those of 2^32 are left out, as no word passes them.
// 0 <= mean <= largest_poisson_mean.
std::vector<uint32_t> poisson_limits(double mean);

// The engine of snn_random_fill; checks its arguments.
void random_fill(uint64_t seed, uint64_t stream, uint32_t distribution, double a, double b, float* out_values, size_t count);

}  // namespace snn
