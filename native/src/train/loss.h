// Losses of the output population, with their gradients. All in double.
//
// Softmax cross-entropy of scores z with class y:  L = log sum_k exp(z_k) - z_y,  dL/dz_k = softmax(z)_k - [k = y].
// The losses in time apply it to the membranes, or the spikes, of each step and take the mean over the steps.
//
// With label smoothing e and weights w of K classes, as in PyTorch's CrossEntropyLoss:  q_k = w_k ((1 - e) [k = y] + e / K),
// L = sum_k q_k (log sum_j exp(z_j) - z_k),  dL/dz_k = softmax(z)_k sum_j q_j - q_k,  and the mean divides by the sum of w_y.
//
// Mean square of scores z with targets t, K outputs:  L = sum_k (z_k - t_k)^2 / K.
// The mean is over the samples that are not padding (label -1).
//
// Latency. With spikes s_t, the step of the first spike is  sum over t of (1 - s_0) ... (1 - s_t),  and T if there is none: the
// number of steps by which no spike has come. It is differentiated as this polynomial in the s_t. So an earlier spike
// has a gradient proportional to the steps that it would save, the first spike one proportional to the steps to the next, and
// later spikes none. A silent neuron has a gradient, too.
//
// Van Rossum distance (van Rossum 2001, doi 10.1162/089976601300014321). Trains are filtered,  f_t = d f_(t-1) + s_t,
// d = exp(-dt / tau).  With e the filtered difference of output and target,  L = dt / tau * sum over t of e_t^2:  the square
// of the paper's distance in steps of dt.
#pragma once

#include <snn/snn.h>

#include <cstdint>
#include <span>
#include <vector>

namespace snn {

// What a loss compares, by SNN_LOSS_*.
struct LossKind {
    enum Score : uint8_t { count, rate, max_membrane, mean_membrane, last_membrane, latency } score;
    enum Form : uint8_t { cross_entropy, mean_square, cross_entropy_in_time, membrane_in_time, van_rossum } form;

    bool of_membrane() const { return score == max_membrane || score == mean_membrane || score == last_membrane; }
    // The targets have values for every step.
    bool targets_in_time() const { return form == membrane_in_time || form == van_rossum; }
    // The comparison is made at every step.
    bool in_time() const { return targets_in_time() || form == cross_entropy_in_time; }
    // The loss needs the output of every step, not only the number of spikes.
    bool needs_frames() const { return of_membrane() || score == latency || in_time(); }
    // dL/d(output) differs from step to step.
    bool gradient_in_time() const { return needs_frames() && !(score == mean_membrane && !in_time()); }
    // The targets follow from labels alone.
    bool takes_labels_alone() const { return takes_no_targets() || (form == mean_square && score != latency); }
    bool takes_no_targets() const { return form == cross_entropy || form == cross_entropy_in_time; }
};
constexpr uint32_t loss_count = SNN_LOSS_CROSS_ENTROPY_SPIKES + 1;
const LossKind& loss_kind(uint32_t loss);  // below loss_count

struct LossShape {
    uint32_t loss;  // SNN_LOSS_*
    uint32_t step_count, batch_size, output_count;
    double dt_ms = 1, van_rossum_tau_ms = 10;  // for VAN_ROSSUM
    double label_smoothing = 0;                // for cross-entropies, like class_weights
    std::span<const double> class_weights = {};  // [output]; empty: 1 each
};

struct LossResult {
    double loss = 0;
    uint32_t sample_count = 0, correct_count = 0;
};

// Computes the values that the softmax takes, or that are compared with targets: [batch][output].
//   counts    [batch][output] spikes in the run
//   frames    [step][batch][output], if the loss needs them: membrane after the step, or spikes
//   out_steps [batch][output] first step that attains the maximum, for losses of the largest membrane
void loss_scores(const LossShape& shape, std::span<const double> counts, std::span<const double> frames,
                 std::span<double> out_scores, std::span<uint32_t> out_steps);

// For losses that are not in time. At least one of labels and targets is not null. With both, the labels mark padding and
// define which outputs are correct. `out_gradient`: dL/d(score), [batch][output].
LossResult evaluate_loss(const LossShape& shape, std::span<const double> scores, const int32_t* labels,
                         const float* targets, double target_on, double target_off, std::span<double> out_gradient);

// For losses in time: targets [step][batch][output], or labels alone for a cross-entropy. `out_gradient`: dL/d(frames).
LossResult evaluate_loss_in_time(const LossShape& shape, std::span<const double> scores, std::span<const double> frames,
                                 const int32_t* labels, const float* targets, std::span<double> out_gradient);

// Turns dL/d(score) into dL/d(spike) or dL/d(membrane): [step][batch][output] if it differs from step to step, else
// [batch][output], the same at every step.
void spread_gradient(const LossShape& shape, std::span<const double> score_gradient, std::span<const double> frames,
                     std::span<const uint32_t> steps, std::span<double> out_gradient);

// For EventProp and losses that depend on spike times: dL/d(time of the spike), in steps, of the spikes in `frames`,
// [step][batch][output]. For latency, only the first spike counts. For the van Rossum distance, `io_gradient` comes in as
// dL/d(frames), and the derivative is the central difference between a spike one step later and one step earlier.
void spike_time_gradient(const LossShape& shape, std::span<const double> score_gradient, std::span<const double> frames,
                         std::span<double> io_gradient);

}  // namespace snn
