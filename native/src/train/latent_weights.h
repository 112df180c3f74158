// Projections whose weights in the session are derived from latent weights, which the optimiser changes:
//
//   quantised:   the latent weights, rounded to integers times a scale;
//   normalised:  batch normalisation through time during a training step. At other times, the effect of normalising with the
//                running statistics is folded into weights and biases, so the session is an ordinary network;
//   delayed:     weights and delays of pairs of neurons, spread over taps during a training step, at one tap each otherwise.
//
// During a trainer's forward or backward, the executor holds the weights that training computes with. Between these calls, it
// holds the weights of an ordinary network. A projection may be normalised and in addition quantised or delayed.
//
// Quantisation (symmetric, "fake" with a straight-through gradient: Jacob et al. 2018, arXiv 1712.05877) is defined in
// common/quantization.h, with one scale for the tensor or one for each output channel.
//
// Normalisation (tdBN: Zheng et al. 2021, arXiv 2011.05280; Ioffe & Szegedy 2015): the formulas are in backend/normalization.h.
// gamma = scale * lambda, where lambda is learned beside the weights; the projection's bias is the shift. Running statistics
// m, v: those of the first update, then m += momentum (m of the batch - m), and v likewise with the sample variance. Folding:
// k = gamma / sqrt(v + epsilon),  w = k w',  bias = bias' - k m.
//
// Normalised and quantised: w' is quantised, in training as well, with a scale s for each channel. Folding keeps the integers,
// and the scale becomes k s, rounded to 16 significant bits.
//
// Delays: see delay_taps.h. This class updates weights and positions of pairs; the executor's own update of their taps is
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

    // See the functions of the C interface. The session's present weights become the latent weights.
    void set_quantization(uint32_t projection, uint32_t bits, bool per_channel);
    void set_normalization(uint32_t projection, double scale, double momentum, double epsilon);
    void set_delay_learning(uint32_t projection, uint32_t kernel, double width, double rate_factor);

    // Call before a run and before its backward pass: writes the weights that training computes with to the executor.
    void begin() const;
    // The projections that the run normalises. `labels` as in SNNBatch; null: every sample counts.
    std::span<const NormalizedProjection> normalization(const int32_t* labels);
    // Call after the run or the backward pass, even if it has failed: writes the session's own weights to the executor.
    void end() const;
    void take_gradients();  // call after a backward pass, before end()
    // The squared norm of the projection's gradient: that of pairs if its delays are learned, else the executor's.
    double square_sum(uint32_t projection) const;
    double square_sum_of_scales() const;  // lambda
    void check_gradients_are_finite() const;
    // Calls the executor's update on the latent weights.
    void update(const OptimizerStep& step, OptimizerMemory& memory);

    size_t count() const;
    void read(std::span<double> out_values) const;
    void write(std::span<const double> values);
    // Like OptimizerMemory::for_squares(), for second moments and variances.
    void for_squares(const std::function<void(size_t begin, size_t end)>& use) const;

private:
    struct Latent {
        uint32_t projection;
        std::vector<double> weights, bias;  // bias: only if normalised
        // quantised
        uint32_t bits = 0;
        bool per_channel = false;
        // normalised
        double scale = 0, momentum = 0, epsilon = 0;
        bool has_statistics = false;
        std::vector<double> lambda, first, second, mean, variance;  // [channel]
        std::vector<double> gradient, gamma, gamma_gradient, batch_mean, batch_variance;
        // delayed: `weights` has one value for each pair
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
    // scratch memory of write_derived(), so that it allocates nothing
    mutable std::vector<double> derived_, derived_bias_, factors_, folding_;
};

}  // namespace snn
