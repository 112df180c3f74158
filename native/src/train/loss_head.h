// A loss of one population in a trainer: the records it needs of a run, its value, and the gradients that it passes to the
// backward pass. The arrays are sized in the constructor and do not move.
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
    // `loss`: one of SNN_LOSS_*, without NONE. Throws SNN_ERROR_INVALID_ARGUMENT, with a sentence that begins with `what`, if
    // the population is an input or lacks what the loss needs.
    LossHead(const Network& network, uint32_t population, uint32_t loss, uint32_t batch_size, const SNNTrainerDef& def,
             const char* what);
    LossHead(const LossHead&) = delete;
    LossHead& operator=(const LossHead&) = delete;

    uint32_t population() const { return population_; }
    const LossKind& kind() const { return loss_kind(shape_.loss); }
    uint32_t output_count() const { return shape_.output_count; }

    // For cross-entropies, [output]; empty: 1 each. The array is read until the next call.
    void set_class_weights(std::span<const double> weights) { shape_.class_weights = weights; }
    // Adds no record if the loss needs only the spike counts, which the trainer records anyway.
    void add_records(std::vector<RecordFrames>& io_records);
    void add_gradients(std::vector<OutputGradient>& io_gradients) const;
    // Call after a run of `step_count` steps. `counts`: [batch][output] spikes of the run, if the population spikes. Labels and
    // targets are those of these steps. Loss and gradients are multiplied by `weight`.
    LossResult evaluate(uint32_t step_count, std::span<const double> counts, const int32_t* labels, const float* targets,
                        double weight);
    // The scores of the last evaluate(), [batch][output].
    std::span<const double> scores() const { return scores_; }
    // Mean of the losses that evaluate() has returned since begin_batch(). A batch has one evaluate() for each window.
    void begin_batch() { loss_sum_ = evaluations_ = 0; }
    double mean_loss() const { return evaluations_ > 0 ? loss_sum_ / evaluations_ : 0; }

private:
    uint32_t population_, state_;  // state_: for losses of the membrane
    bool of_spike_times_;          // EventProp needs dL/d(time of a spike)
    double rate_on_, rate_off_;
    LossShape shape_;
    std::vector<double> frames_;  // [step][batch][output] membrane or spikes, for losses that need them
    std::vector<double> scores_, score_gradient_, gradient_;
    std::vector<uint32_t> maximum_steps_;
    double loss_sum_ = 0, evaluations_ = 0;
};

}  // namespace snn
