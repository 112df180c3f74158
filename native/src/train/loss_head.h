// A loss of one population in a trainer: what it records of a run, its value, and the gradients that it hands to the backward
// pass. The arrays are sized when it is made and stay where they are.
//
// Thread-safety: one thread at a time, with its trainer.
#pragma once

#include <snn/snn.h>

#include <cstdint>
#include <span>
#include <vector>

#include "backend/trainable.h"
#include "network/network.h"
#include "train/loss.h"

namespace snn {

class LossHead {
public:
    // `loss`: one of SNN_LOSS_*, without NONE. Throws SNN_ERROR_INVALID_ARGUMENT, beginning with `what`, where the population
    // is an input or does not have what the loss looks at.
    LossHead(const Network& network, uint32_t population, uint32_t loss, uint32_t batch_size, const SNNTrainerDef& def,
             const char* what);
    LossHead(const LossHead&) = delete;
    LossHead& operator=(const LossHead&) = delete;

    uint32_t population() const { return population_; }
    const LossKind& kind() const { return loss_kind(shape_.loss); }
    uint32_t output_count() const { return shape_.output_count; }

    // Of cross-entropies, [output]; empty: 1 each. Read until it is called again.
    void set_class_weights(std::span<const double> weights) { shape_.class_weights = weights; }
    // Nothing where the spike counts, which the trainer has, are enough.
    void add_records(std::vector<RecordFrames>& io_records);
    void add_gradients(std::vector<OutputGradient>& io_gradients) const;
    // After a run of `step_count` steps. `counts`: [batch][output] spikes of the run, where the population spikes. Labels and
    // targets are those of these steps. Loss and gradients are `weight` times the population's.
    LossResult evaluate(uint32_t step_count, std::span<const double> counts, const int32_t* labels, const float* targets,
                        double weight);
    // Of the last evaluate(), [batch][output].
    std::span<const double> scores() const { return scores_; }
    // Mean of what evaluate() gave since begin_batch(), which has one evaluate() for each window.
    void begin_batch() { loss_sum_ = evaluations_ = 0; }
    double mean_loss() const { return evaluations_ > 0 ? loss_sum_ / evaluations_ : 0; }

private:
    uint32_t population_, state_;  // state_: of losses over the membrane
    bool of_spike_times_;          // EventProp asks for dL/d(time of a spike)
    double rate_on_, rate_off_;
    LossShape shape_;
    std::vector<double> frames_;  // [step][batch][output] membrane or spikes, for losses that need them
    std::vector<double> scores_, score_gradient_, gradient_;
    std::vector<uint32_t> maximum_steps_;
    double loss_sum_ = 0, evaluations_ = 0;
};

}  // namespace snn
