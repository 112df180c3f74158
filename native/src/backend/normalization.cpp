#include "backend/normalization.h"

#include <type_traits>

namespace snn {

namespace {

constexpr uint32_t block = 8;  // channels whose sums are kept in registers

}  // namespace

template <class Real>
double NormalizedRows<Real>::value_count() const {
    uint64_t samples = 0;
    for (const uint8_t counts_here : counts) samples += counts_here != 0;
    return static_cast<double>(samples * (row_count / batch_size) * plane);
}

// Calls visit(first channel, number of channels as a constant). Channels of one neuron each come in blocks, others singly.
template <class Real>
template <class Visit>
void NormalizedRows<Real>::for_blocks(uint32_t begin, uint32_t end, Visit&& visit) const {
    uint32_t c = begin;
    for (; plane == 1 && c + block <= end; c += block) visit(c, std::integral_constant<uint32_t, block>());
    for (; c < end; ++c) visit(c, std::integral_constant<uint32_t, 1>());
}

// Calls visit(whether the sample counts, index of a value) for all neurons of the `width` channels from `first` on. With
// width > 1, the index is that of the first channel's value.
template <class Real>
template <uint32_t width, class Visit>
void NormalizedRows<Real>::for_rows(uint32_t first, Visit&& visit) const {
    for (uint32_t r = 0; r < row_count; r += batch_size)
        for (uint32_t sample = 0; sample < batch_size; ++sample) {
            const size_t at = (size_t{r} + sample) * row + size_t{first} * plane;
            const bool counts_here = counts[sample] != 0;
            for (uint32_t k = 0; k < (width > 1 ? 1 : plane); ++k) visit(counts_here, at + k);
        }
}

template <class Real>
void NormalizedRows<Real>::find_statistics(const Real* x, uint32_t begin, uint32_t end) {
    const double n = value_count();
    for_blocks(begin, end, [&](uint32_t first, auto width) {
        double sum[width] = {}, square[width] = {}, center[width];
        for_rows<width>(first, [&](bool counts_here, size_t at) {
            for (uint32_t c = 0; counts_here && c < width; ++c) sum[c] += static_cast<double>(x[at + c]);
        });
        for (uint32_t c = 0; c < width; ++c) center[c] = n > 0 ? sum[c] / n : 0;
        for_rows<width>(first, [&](bool counts_here, size_t at) {
            for (uint32_t c = 0; counts_here && c < width; ++c) {
                const double distance = static_cast<double>(x[at + c]) - center[c];
                square[c] += distance * distance;
            }
        });
        for (uint32_t c = 0; c < width; ++c) {
            mean[first + c] = center[c];
            variance[first + c] = n > 0 ? square[c] / n : 0;
        }
    });
}

template <class Real>
void NormalizedRows<Real>::go_back(const Real* x, Real* io_gradient, uint32_t begin, uint32_t end) {
    const double n = value_count();
    for_blocks(begin, end, [&](uint32_t first, auto width) {
        double of_bias[width] = {}, of_gamma[width] = {}, center[width], to_one[width];
        for (uint32_t c = 0; c < width; ++c) {
            center[c] = mean[first + c];
            to_one[c] = 1.0 / std::sqrt(variance[first + c] + epsilon);
        }
        for_rows<width>(first, [&](bool, size_t at) {
            for (uint32_t c = 0; c < width; ++c) {
                const double g = static_cast<double>(io_gradient[at + c]);
                of_bias[c] += g;
                of_gamma[c] += g * ((static_cast<double>(x[at + c]) - center[c]) * to_one[c]);
            }
        });
        double factor[width], shift[width], slope[width];
        for (uint32_t c = 0; c < width; ++c) {
            bias_gradient[first + c] = of_bias[c];
            out_gamma_gradient[first + c] = of_gamma[c];
            factor[c] = gamma[first + c] * to_one[c];
            shift[c] = n > 0 ? of_bias[c] / n : 0;
            slope[c] = n > 0 ? of_gamma[c] / n * to_one[c] : 0;
        }
        for_rows<width>(first, [&](bool counts_here, size_t at) {
            for (uint32_t c = 0; c < width; ++c) {
                const double g = static_cast<double>(io_gradient[at + c]);
                const double through_statistics = shift[c] + (static_cast<double>(x[at + c]) - center[c]) * slope[c];
                io_gradient[at + c] = static_cast<Real>(factor[c] * (counts_here ? g - through_statistics : g));
            }
        });
    });
}

template struct NormalizedRows<float>;
template struct NormalizedRows<double>;

}  // namespace snn
