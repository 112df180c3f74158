// Batch normalisation through time of one projection (NormalizedProjection in backend.h): its formulas, once for all backends
// that keep rows in memory. Sums in double, over steps, samples and neurons of a channel ascending, so they are the same bits however
// channels are dealt to threads.
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
    std::vector<double> gamma, mean, variance, inverse, gamma_gradient, bias_gradient;  // [channel]; inverse: 1 / sqrt(v + epsilon)

    // Of a run that begins.
    void begin(const NormalizedProjection& given, uint32_t channels, uint32_t step_count, uint32_t batch) {
        row_count = step_count * batch;
        batch_size = batch;
        epsilon = given.epsilon;
        counts.assign(given.counts, given.counts + batch);
        gamma.assign(given.gamma, given.gamma + channels);
        for (std::vector<double>* const values : {&mean, &variance, &inverse, &gamma_gradient, &bias_gradient})
            values->resize(channels);
    }
    uint32_t channel_count() const { return static_cast<uint32_t>(gamma.size()); }
    Real center(uint32_t channel) const { return static_cast<Real>(mean[channel]); }
    Real scale(uint32_t channel) const { return static_cast<Real>(gamma[channel] / std::sqrt(variance[channel] + epsilon)); }

    // Values of a channel that count.
    double value_count() const {
        uint64_t samples = 0;
        for (const uint8_t counts_here : counts) samples += counts_here != 0;
        return static_cast<double>(samples * (row_count / batch_size) * plane);
    }

    // Channels [begin, end) of mean and variance, from the rows of x.
    void find_statistics(const Real* x, uint32_t begin, uint32_t end) {
        const double n = value_count();
        const auto mean_of = [&](std::vector<double>& sums, auto&& term) {
            for (uint32_t c = begin; c < end; ++c) sums[c] = 0;
            each(begin, end, [&](uint32_t r, uint32_t c, size_t at) {
                if (counts[r % batch_size]) sums[c] += term(c, static_cast<double>(x[at]));
            });
            for (uint32_t c = begin; c < end; ++c) sums[c] = n > 0 ? sums[c] / n : 0;
        };
        mean_of(mean, [](uint32_t, double value) { return value; });
        mean_of(variance, [&](uint32_t c, double value) { return (value - mean[c]) * (value - mean[c]); });
    }

    // Makes dL/dx of dL/dy in place, and the gradients of gamma and bias, for channels [begin, end).
    void go_back(const Real* x, Real* io_gradient, uint32_t begin, uint32_t end) {
        const double n = value_count();
        for (uint32_t c = begin; c < end; ++c) {
            gamma_gradient[c] = bias_gradient[c] = 0;
            inverse[c] = 1.0 / std::sqrt(variance[c] + epsilon);
        }
        const auto h = [&](uint32_t c, size_t at) { return (static_cast<double>(x[at]) - mean[c]) * inverse[c]; };
        each(begin, end, [&](uint32_t, uint32_t c, size_t at) {
            const double g = static_cast<double>(io_gradient[at]);
            bias_gradient[c] += g;
            gamma_gradient[c] += g * h(c, at);
        });
        each(begin, end, [&](uint32_t r, uint32_t c, size_t at) {
            const double through_statistics = counts[r % batch_size] ? (bias_gradient[c] + h(c, at) * gamma_gradient[c]) / n : 0;
            io_gradient[at] = static_cast<Real>(gamma[c] * inverse[c] * (static_cast<double>(io_gradient[at]) - through_statistics));
        });
    }

private:
    // Calls visit(row, channel, place) for all values of channels [begin, end).
    template <class Visit>
    void each(uint32_t begin, uint32_t end, Visit&& visit) const {
        for (uint32_t r = 0; r < row_count; ++r) {
            const size_t first = r * row;
            if (plane == 1) {
                for (uint32_t c = begin; c < end; ++c) visit(r, c, first + c);
                continue;
            }
            for (uint32_t c = begin; c < end; ++c)
                for (uint32_t k = 0; k < plane; ++k) visit(r, c, first + size_t{c} * plane + k);
        }
    }
};

}  // namespace snn
