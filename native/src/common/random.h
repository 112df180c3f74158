// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). A
// number depends on its key and counter only, so results do not depend on threads, order or platform.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace snn {

std::array<uint32_t, 4> philox(uint64_t key, const std::array<uint32_t, 4>& counter);

// The numbers of philox() one after the other, four for each block: out_words[4 * i + j] is word j of the counter
// {first_block + i, 0, stream, substream}. The same words that a RandomStream of that seed, stream and substream is made of,
// for those who need many.
void philox_fill(uint64_t key, uint32_t stream, uint32_t substream, uint32_t first_block, uint32_t* out_words, size_t block_count);

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

// How many of `trials` independent events of probability p happen. Exact up to the rounding of double: by the distances between
// events where few are expected, else by transformed rejection (BTRS; W. Hoermann, "The generation of binomial random
// variates", Journal of Statistical Computation and Simulation 46, 1993). trials below 2^53, 0 <= p <= 1.
uint64_t draw_binomial(RandomStream& io_stream, uint64_t trials, double p);

// The engine of snn_random_fill; checks its arguments.
void random_fill(uint64_t seed, uint64_t stream, uint32_t distribution, double a, double b, float* out_values, size_t count);

}  // namespace snn
