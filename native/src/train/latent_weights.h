// Projections whose weights in the session follow from others, the latent ones, which the optimiser changes:
//
//   quantised:   the latent weights rounded to integers times a scale;
//   normalised:  with batch normalisation through time while a training step runs; outside, what the normalisation with the
//                running statistics does to weights and bias is folded into them, so the session is an ordinary network.
//
// While a trainer's forward, backward or update is under way the executor holds the latent weights of normalised projections,
// between the calls those that follow from them.
//
// Quantisation (symmetric, "fake" with a straight-through gradient: Jacob et al. 2018, arXiv 1712.05877): common/quantization.h, with a
// scale for the tensor or for each output channel.
//
// Normalisation (tdBN: Zheng et al. 2021, arXiv 2011.05280; Ioffe & Szegedy 2015): the formulas are in backend/normalization.h, with
// gamma = scale * lambda, lambda learned beside the weights, the bias of the projection as the shift. Running statistics m, v:
// those of the first update, then m += momentum (m of the batch - m), v alike with the sample variance. Folded:
// k = gamma / sqrt(v + epsilon),  w = k w',  bias = bias' - k m.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "network/plan.h"

namespace snn {

class LatentWeights {
public:
    LatentWeights(Executor& executor, const Plan& plan, uint32_t batch_size, uint32_t step_count);

    // As snn_trainer_set_quantization and snn_trainer_set_normalization. What the session holds now becomes the latent weights.
    void set_quantization(uint32_t projection, uint32_t bits, bool per_channel);
    void set_normalization(uint32_t projection, double scale, double momentum, double epsilon);

    // Before a run and before its backward pass: latent weights of normalised projections into the executor.
    void begin() const;
    // For the run; `labels` as in SNNBatch, null: every sample counts.
    std::span<const NormalizedProjection> normalization(const int32_t* labels);
    // After them, and when they failed: what the session has between calls.
    void end() const;
    void take_gradients();  // after a backward pass, before end()
    double square_sum() const;  // of the gradients of lambda
    void check_gradients_are_finite() const;
    // The executor's update, of the latent weights.
    void update(const OptimizerStep& step, OptimizerMemory& memory);

    size_t count() const;
    void read(std::span<double> out_values) const;
    void write(std::span<const double> values);

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
        std::vector<double> gradient, gamma, batch_mean, batch_variance;
    };

    Latent new_latent(uint32_t projection) const;
    void check(uint32_t projection, const char* what) const;
    void forget(uint32_t projection);
    void prepare_runs();
    template <class Use>
    void for_weights(const Latent& latent, Use&& use) const;
    size_t channel_count(const Latent& latent) const;
    void write_latent(const Latent& latent) const;
    void read_latent(Latent& latent) const;
    void write_derived(const Latent& latent) const;
    void update_statistics(Latent& latent) const;
    template <class Self, class Use>
    static void for_state(Self& self, Use&& use);

    Executor& executor_;
    const Plan& plan_;
    uint32_t step_count_;
    std::vector<uint8_t> counts_;  // [sample] of the last run
    std::vector<Latent> latents_;
    std::vector<NormalizedProjection> runs_;
    mutable std::vector<double> derived_, derived_bias_, factors_;  // of write_derived(), so that it allocates nothing
};

}  // namespace snn
