// The state from which training resumes: counters, the moments of the optimiser, and latent weights with their moments.
// snn_trainer_get_state returns it as numbers.
//
// Thread-safety: one thread at a time, with its trainer.
#pragma once

#include <snn/snn.h>

#include <cstdint>
#include <span>

#include "backend/trainable.h"
#include "train/latent_weights.h"
#include "train/learned_parameters.h"
#include "train/loss.h"

namespace snn {

class TrainerState {
public:
    // The arguments are saved with the counters of this object, and outlive it.
    TrainerState(OptimizerMemory& moments, LearnedParameters& parameters, LatentWeights& latent)
        : moments_(moments), parameters_(parameters), latent_(latent) {}

    uint64_t update_count() const { return update_; }
    // Counts an update after the forward that gave `result`. `runs_of_batch`: runs of this batch so far, this one included.
    void count_update(const LossResult& result, uint32_t runs_of_batch, bool ends_batch);
    void begin_batch() { batch_loss_ = 0; }
    // Totals of the batches that ended with an update since the last call. Forwards for evaluation do not count as training.
    SNNEpoch end_epoch();

    size_t count() const;
    void read(std::span<double> out_values) const;
    void write(std::span<const double> values);  // count() of them; if one is wrong, throws and changes nothing

private:
    template <class Use>
    void for_parts(Use&& use) const;

    OptimizerMemory& moments_;
    LearnedParameters& parameters_;
    LatentWeights& latent_;
    uint64_t update_ = 0, epoch_ = 0;
    uint64_t epoch_samples_ = 0, epoch_correct_ = 0;
    double epoch_loss_ = 0;
    double batch_loss_ = 0;  // sum over the runs of this batch that led to updates
};

}  // namespace snn
