// The formulas of batch normalisation through time of one projection (NormalizedProjection in backend.h), for all backends
// that keep rows in memory. Sums are in double, over ascending steps, samples and neurons of a channel, so the bits do not
// depend on how channels are divided among threads.
//
// Forward, over the n values of a channel that count:  y = (x - m) s + bias,  m = sum x / n,  v = sum (x - m)^2 / n,
// s = gamma / sqrt(v + epsilon).  Backward, with g = dL/dy and h = (x - m) / sqrt(v + epsilon) of all values:
//   dL/dbias = sum g,  dL/dgamma = sum g h,  dL/dx = s (g - [x counts] (sum g + h sum g h) / n)      (Ioffe & Szegedy 2015)
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "backend/backend.h"

namespace snn {

template <class Real>
struct NormalizedRows {
    uint32_t row_count = 0;  // steps x samples
    uint32_t batch_size = 0;
    size_t row = 0;      // values from one row to the next
    uint32_t plane = 1;  // neurons of a channel, side by side
    double epsilon = 0;
    std::vector<uint8_t> counts;  // [sample]
    std::vector<double> gamma, mean, variance, bias_gradient;  // [channel]
    double* out_gamma_gradient = nullptr;                      // [channel], NormalizedProjection's

    // Prepares for a run.
    void begin(const NormalizedProjection& given, uint32_t channels, uint32_t step_count, uint32_t batch) {
        row_count = step_count * batch;
        batch_size = batch;
        epsilon = given.epsilon;
        counts.assign(given.counts, given.counts + batch);
        gamma.assign(given.gamma, given.gamma + channels);
        out_gamma_gradient = given.out_gamma_gradient;
        for (std::vector<double>* const values : {&mean, &variance, &bias_gradient}) values->resize(channels);
    }
    uint32_t channel_count() const { return static_cast<uint32_t>(gamma.size()); }
    Real center(uint32_t channel) const { return static_cast<Real>(mean[channel]); }
    Real scale(uint32_t channel) const { return static_cast<Real>(gamma[channel] / std::sqrt(variance[channel] + epsilon)); }

    // Computes mean and variance of channels [begin, end) from the rows of x.
    void find_statistics(const Real* x, uint32_t begin, uint32_t end);
    // Turns dL/dy into dL/dx in place, and computes the gradients of gamma and bias, for channels [begin, end).
    void go_back(const Real* x, Real* io_gradient, uint32_t begin, uint32_t end);

private:
    double value_count() const;  // values of a channel in samples that count
    template <class Visit>
    void for_blocks(uint32_t begin, uint32_t end, Visit&& visit) const;
    template <uint32_t width, class Visit>
    void for_rows(uint32_t first, Visit&& visit) const;
};

}  // namespace snn
