// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). A
// number depends only on its key and counter, so results do not depend on threads, order or platform.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace snn {

std::array<uint32_t, 4> philox(uint64_t key, const std::array<uint32_t, 4>& counter);

// 53 random bits as a double in [0, 1).
double to_unit(uint32_t high, uint32_t low);
// The standard normal quantile of a number in (0, 1): Acklam's rational approximation of the inverse normal distribution,
// relative error below 1.2e-9. It uses the library's own log, so the bits are the same everywhere.
double inverse_normal(double p);

// A stream of numbers. The key is the seed; `stream` and `substream` identify its purpose.
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

// Identifies a draw: everything that its word depends on. Steps are counted since the last reset; only the low 44 bits count.
struct DrawPlace {
    uint64_t seed, step;
    uint32_t population, sample, neuron;
};
uint32_t draw_word(const DrawPlace& place, uint32_t number);
uint32_t poisson_word(const DrawPlace& place, uint32_t number);  // its two halves come from two calls
// A word as a number in [0, 1), and as a standard normal number by the table that engine/modelc prints.
float draw_uniform(uint32_t word);
float draw_normal(uint32_t word);

constexpr double largest_poisson_mean = 16.0;
// The limits of a Poisson distribution, ascending: the number of events is the number of limits that a word exceeds. Each limit
// is one less than a threshold. Thresholds are cumulative probabilities times 2^32, rounded. Those of 2^32 are left out, as no
// word reaches them. 0 <= mean <= largest_poisson_mean.
std::vector<uint32_t> poisson_limits(double mean);

// The implementation of snn_random_fill; checks its arguments.
void random_fill(uint64_t seed, uint64_t stream, uint32_t distribution, double a, double b, float* out_values, size_t count);

}  // namespace snn
