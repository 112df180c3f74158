// Projections whose weights in the session follow from others, the latent ones, which the optimiser changes:
//
//   quantised:   the latent weights rounded to integers times a scale;
//   normalised:  with batch normalisation through time while a training step runs; outside, what the normalisation with the
//                running statistics does to weights and bias is folded into them, so the session is an ordinary network;
//   delayed:     weights and delays of pairs of neurons, spread over taps while a training step runs, outside at one tap each.
//
// While a trainer's forward or backward is under way the executor holds what training computes with, between the calls an
// ordinary network's weights. A projection may be normalised and one of the other two.
//
// Quantisation (symmetric, "fake" with a straight-through gradient: Jacob et al. 2018, arXiv 1712.05877):
// common/quantization.h, with a scale for the tensor or for each output channel.
//
// Normalisation (tdBN: Zheng et al. 2021, arXiv 2011.05280; Ioffe & Szegedy 2015): the formulas are in backend/normalization.h,
// with gamma = scale * lambda, lambda learned beside the weights, the bias of the projection as the shift. Running statistics
// m, v: those of the first update, then m += momentum (m of the batch - m), v alike with the sample variance. Folded:
// k = gamma / sqrt(v + epsilon),  w = k w',  bias = bias' - k m.
//
// Both: w' is quantised, in training as well, with a scale for each channel; folded, the integers stay and the scale is k s,
// rounded to 16 significant bits.
//
// Delays: delay_taps.h. Weights and positions of pairs are changed here; the executor's own update of their taps is
// overwritten.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "backend/trainable.h"
#include "network/plan.h"
#include "train/delay_taps.h"

namespace snn {

class LatentWeights {
public:
    LatentWeights(Executor& executor, Trainable& training, const Plan& plan, uint32_t batch_size, uint32_t step_count);

    // As the functions of the C interface. What the session holds now becomes the latent weights.
    void set_quantization(uint32_t projection, uint32_t bits, bool per_channel);
    void set_normalization(uint32_t projection, double scale, double momentum, double epsilon);
    void set_delay_learning(uint32_t projection, uint32_t kernel, double width, double rate_factor);

    // Before a run and before its backward pass: what training computes with into the executor.
    void begin() const;
    // For the run; `labels` as in SNNBatch, null: every sample counts.
    std::span<const NormalizedProjection> normalization(const int32_t* labels);
    // After them, and when they failed: what the session has between calls.
    void end() const;
    void take_gradients();  // after a backward pass, before end()
    // Of the projection's gradient: of what is learned in the place of its weights, or the executor's.
    double square_sum(uint32_t projection) const;
    double square_sum_of_scales() const;  // lambda
    void check_gradients_are_finite() const;
    // The executor's update, of the latent weights.
    void update(const OptimizerStep& step, OptimizerMemory& memory);

    size_t count() const;
    void read(std::span<double> out_values) const;
    void write(std::span<const double> values);
    // As OptimizerMemory's, of second moments and variances.
    void for_squares(const std::function<void(size_t begin, size_t end)>& use) const;

private:
    struct Latent {
        uint32_t projection;
        std::vector<double> weights, bias;  // bias: of a normalised projection
        // quantised
        uint32_t bits = 0;
        bool per_channel = false;
        // normalised
        double scale = 0, momentum = 0, epsilon = 0;
        bool has_statistics = false;
        std::vector<double> lambda, first, second, mean, variance;  // [channel]
        std::vector<double> gradient, gamma, gamma_gradient, batch_mean, batch_variance;
        // delayed: `weights` are those of pairs
        std::optional<DelayTaps> taps;
        DelayTaps::Kernel kernel{};
        double rate_factor = 1;
        std::vector<double> positions, weight_moments[2], position_moments[2];  // [pair]
        std::vector<double> weight_gradient, position_gradient;

        bool is_normalized() const { return scale > 0; }
        bool differs_in_training() const { return is_normalized() || taps; }
    };

    Latent* find(uint32_t projection);
    void check(uint32_t projection, const char* what) const;
    Latent settings_of(uint32_t projection);
    void restart(Latent latent);
    size_t channel_count(const Latent& latent) const;
    template <class Use>
    void for_weights(const Latent& latent, Use&& use) const;
    void write_latent(const Latent& latent) const;
    void read_latent(Latent& latent) const;
    enum class For { training, session };
    void write_derived(const Latent& latent, For purpose) const;
    void quantize(const Latent& latent) const;
    void update_delays(Latent& latent, const OptimizerStep& of_weights, OptimizerStep of_positions) const;
    void update_statistics(Latent& latent) const;
    template <class Some, class Use>
    static void for_values(Some& latent, Use&& use);

    Executor& executor_;
    Trainable& training_;  // the executor's
    const Plan& plan_;
    uint32_t step_count_;
    std::vector<uint8_t> counts_;  // [sample] of the last run
    std::vector<Latent> latents_;
    std::vector<NormalizedProjection> runs_;
    // of write_derived(), so that it allocates nothing
    mutable std::vector<double> derived_, derived_bias_, factors_, folding_;
};

}  // namespace snn
