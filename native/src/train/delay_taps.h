// Learned delays, as dilated convolutions with learnable spacings in time (Hammouamri, Khalfaoui-Hassani & Masquelier 2024,
// arXiv 2306.17670). Each pair of neurons has one weight w and one position p, a delay in steps that need not be whole. During
// training, the pair has a synapse (a tap) for each delay d from the first to the last, with the weights
//
//     w k(d),   k(d) = g(d - p) / sum over d' of g(d' - p),   g(x) = exp(-x^2 / (2 width^2))   gaussian
//                                                             g(x) = max(0, width - |x|)       triangle
//
// The gradients of the taps give those of w and p. With a small width the nearest tap has nearly all of the weight. After
// rounding it has all of it, and the projection delivers what an ordinary one does with a whole delay for each pair.
//
// The taps are the synapses of a sparse projection. Each row has the same targets at every delay, each target once.
//
// Thread-safety: one thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "network/network.h"

namespace snn {

class DelayTaps {
public:
    // Throws SNN_ERROR_INVALID_ARGUMENT if the synapses do not have the layout of taps.
    explicit DelayTaps(const Projection& projection);

    struct Kernel {
        uint32_t shape;  // SNN_DELAY_KERNEL_*
        double width;    // steps
    };

    size_t pair_count() const { return pair_count_; }
    double last() const { return count_ - 1; }  // position of the last tap; the first one's is 0
    double within(double position) const { return position > 0 ? std::min(position, last()) : 0.0; }  // NaN becomes 0

    // Computes taps from pairs. `rounded`: the tap nearest to the position gets the whole weight.
    void expand(const Kernel& kernel, bool rounded, std::span<const double> weights, std::span<const double> positions,
                std::span<double> out_taps) const;
    // Computes pairs from taps: the sum of a pair's taps, and their mean delay weighted by magnitude; the middle if all are 0.
    void collapse(std::span<const double> taps, std::span<double> out_weights, std::span<double> out_positions) const;
    // Computes the gradients of pairs from dL/d(tap).
    void gradients(const Kernel& kernel, std::span<const double> weights, std::span<const double> positions,
                   std::span<const double> of_taps, std::span<double> out_of_weights, std::span<double> out_of_positions) const;

private:
    // Computes the kernel at the taps for one position, and its derivatives by the position, into values_ and slopes_.
    void evaluate(const Kernel& kernel, double position) const;
    // Calls use(pair, index of its first tap, distance between its taps).
    template <class Use>
    void for_pairs(Use&& use) const;

    const SparseIndex* index_;  // of the projection, which outlives this object
    uint32_t count_ = 1;  // taps of a pair
    size_t pair_count_ = 0;
    mutable std::vector<double> values_, slopes_;
};

}  // namespace snn
