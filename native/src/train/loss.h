// Losses of the output population and firing-rate regularisation, with their gradients. All in double.
//
// Softmax cross-entropy of scores z with class y:  L = log sum_k exp(z_k) - z_y,  dL/dz_k = softmax(z)_k - [k = y].
// The mean is over the samples that are not padding (label -1).
#pragma once

#include <snn/snn.h>

#include <cstdint>
#include <span>
#include <vector>

namespace snn {

struct LossShape {
    uint32_t loss;  // SNN_LOSS_*
    uint32_t step_count, batch_size, output_count;
};

struct LossResult {
    double loss = 0;
    uint32_t sample_count = 0, correct_count = 0;
};

// What the softmax sees, or rates: [batch][output].
//   counts    [batch][output] spikes in the run, for CROSS_ENTROPY_COUNT and MEAN_SQUARE_RATE
//   membrane  [step][batch][output], for the two membrane losses
//   out_steps [batch][output] first step that attains the maximum, for MAX_MEMBRANE
void loss_scores(const LossShape& shape, std::span<const double> counts, std::span<const double> membrane,
                 std::span<double> out_scores, std::span<uint32_t> out_steps);

// At least one of labels and targets is not null; with both, the labels mark padding and say what is correct.
// `out_gradient`: dL/d(score), [batch][output].
LossResult evaluate_loss(const LossShape& shape, std::span<const double> scores, const int32_t* labels,
                         const float* targets, double rate_on, double rate_off, std::span<double> out_gradient);

}  // namespace snn
