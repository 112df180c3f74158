// The losses of a trainer: the output population's, and auxiliary losses of other populations, which use the same labels or
// targets.
//
// Thread-safety: one thread at a time, with its trainer.
#pragma once

#include <snn/snn.h>

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "train/loss_head.h"
#include "train/spike_counts.h"

namespace snn {

class TrainerLosses {
public:
    // `def` must outlive this object.
    TrainerLosses(const Network& network, uint32_t batch_size, const SNNTrainerDef& def);

    // The loss of the output population. Null: SNN_LOSS_NONE; the loss is the caller's own, and there are no others.
    const LossHead* main() const { return main_.get(); }
    // See the functions of the C interface.
    void set_auxiliary(uint32_t population, uint32_t loss, double weight);
    void set_class_weights(std::span<const float> weights);
    // Labels and targets as in SNNBatch. Throws SNN_ERROR_INVALID_ARGUMENT with the place and the value.
    void check_targets(const int32_t* labels, size_t label_count, const float* targets, size_t target_count) const;

    // The records that a run must make, and the gradients for its backward pass.
    void add_records(std::vector<RecordFrames>& io_records);
    void add_gradients(std::vector<OutputGradient>& io_gradients) const;
    void begin_batch();
    // Call after a run of `step_count` steps from `first_step` on. Labels and targets are those of the whole batch.
    LossResult evaluate(uint32_t first_step, uint32_t step_count, const SpikeCounts& spikes, const int32_t* labels,
                        const float* targets);
    // The part of the last loss that comes from a population's own loss, as the mean over the windows of a batch.
    double mean_of(uint32_t population) const;

private:
    struct Auxiliary {
        std::unique_ptr<LossHead> head;
        double weight;
    };
    void check_targets_of(const LossHead& head, bool with_targets) const;
    template <class Use>
    void for_heads(Use&& use) const;  // the output population's first

    const Network& network_;
    uint32_t batch_size_;
    const SNNTrainerDef& def_;
    std::unique_ptr<LossHead> main_;
    std::map<uint32_t, Auxiliary> auxiliary_;  // by population
    std::vector<double> class_weights_;        // [output]; empty: 1 each
};

}  // namespace snn
