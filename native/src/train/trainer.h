// Surrogate-gradient training of one executor: forward with tape, loss, backward, update. A trainer owns the buffers between
// these phases and the optimiser's memory, which are sized when it is created. Several trainers may take turns on one executor,
// after a complete forward, backward and update.
//
// Thread-safety: one thread at a time, with its executor.
#pragma once

#include <snn/snn.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "backend/trainable.h"
#include "network/plan.h"
#include "train/dropout.h"
#include "train/latent_weights.h"
#include "train/learned_parameters.h"
#include "train/spike_counts.h"
#include "train/trainer_losses.h"
#include "train/trainer_state.h"
#include "train/windowed_run.h"

namespace snn {

struct ForwardResult {
    LossResult loss;         // regularisation included in loss.loss
    double spike_count = 0;  // of the samples that are not padding
};

class Trainer {
public:
    // Checks the definition against the network; errors name the field and its value. `session`: the owner of the executor. It
    // is required if a parameter is learnable, and must outlive the trainer.
    Trainer(Executor& executor, const Plan& plan, uint32_t batch_size, const SNNTrainerDef& def,
            TrainedSession* session = nullptr);
    Trainer(const Trainer&) = delete;
    Trainer& operator=(const Trainer&) = delete;

    uint32_t step_count() const { return def_.step_count; }
    bool keeps_all_steps() const { return run_.keeps_all_steps(); }
    // See TrainerLosses::check_targets.
    void check_targets(const int32_t* labels, size_t label_count, const float* targets, size_t target_count) const {
        losses_.check_targets(labels, label_count, targets, target_count);
    }

    ForwardResult forward(std::span<const InputFrames> inputs, const int32_t* labels, const float* targets);
    // For a run that is cut into windows with updates: call forward_window, backward and update for each window in turn. The
    // arrays are those of the whole run.
    uint32_t window_count() const { return run_.window_count(); }  // 1: runs are not cut
    ForwardResult forward_window(uint32_t window, std::span<const InputFrames> inputs, const int32_t* labels,
                                 const float* targets);
    // Throws SNN_ERROR_STATE unless a forward of this trainer comes just before it.
    void backward();
    // The same for the caller's own loss, SNN_LOSS_NONE: the caller gets the records and passes in the loss and its gradients.
    ForwardResult run(std::span<const InputFrames> inputs, const int32_t* labels, std::span<const RecordFrames> records);
    void run_backward(double loss, std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs);
    // Throws SNN_ERROR_STATE unless a backward of this trainer comes just before it, and SNN_ERROR_DIVERGED if the loss or a
    // gradient is not finite or a parameter would leave its range. In these cases weights and parameters are unchanged.
    void update();

    std::span<const double> scores() const;  // throws SNN_ERROR_STATE before the first forward
    // The part of the last loss that comes from a population's own loss, as the mean over the windows of a batch.
    double loss_of(uint32_t population) const { return losses_.mean_of(population); }
    void set_learning_rate(double learning_rate);
    // See the functions of the C interface.
    void set_auxiliary_loss(uint32_t population, uint32_t loss, double weight);
    void set_class_weights(std::span<const float> weights);
    void set_dropout(uint32_t population, double probability, uint64_t seed);
    void set_quantization(uint32_t projection, uint32_t bits, bool per_channel);
    void set_normalization(uint32_t projection, double scale, double momentum, double epsilon);
    void set_delay_learning(uint32_t projection, uint32_t kernel, double width, double rate_factor);
    uint64_t update_count() const { return state_.update_count(); }
    // L2 norm of the last gradient, before clipping.
    double gradient_norm(uint32_t projection) const;

    // The values of snn_trainer_get_state.
    size_t state_count() const { return state_.count(); }
    void read_state(std::span<double> out_values) const { state_.read(out_values); }
    void write_state(std::span<const double> values);  // state_count() of them; throws if one is wrong

    // Totals since the last call, over the forwards that led to an update. Forwards for evaluation do not count as training.
    SNNEpoch end_epoch() { return state_.end_epoch(); }

private:
    enum class Phase { idle, forward_done, backward_done };

    void prepare_rule();
    void collect_outputs();
    ForwardResult forward_run(const int32_t* labels, const float* targets);
    void run_taped(const int32_t* labels, std::span<const RecordFrames> records);
    void finish_forward(const int32_t* labels, ForwardResult& io_result);
    template <class Use>
    void with_latent_weights(Use&& use);
    void go_back(std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs);
    // The executor has only one tape and one gradient, which belong to the trainer that ran forward last.
    void check_run_is_the_last(const char* what) const;
    void check_gradients_are_finite() const;
    double clipping() const;

    Executor& executor_;
    Trainable& training_;  // the executor's
    const Plan& plan_;
    SNNTrainerDef def_;
    uint32_t batch_size_;
    std::vector<LinearStep> linear_;  // by population, for rules other than bptt
    TrainerLosses losses_;
    SpikeCounts spikes_;
    Dropout dropout_;
    WindowedRun run_;  // the last forward, or the one in progress
    std::unique_ptr<OptimizerMemory> optimizer_memory_;
    LearnedParameters learned_;
    LatentWeights latent_;
    TrainerState state_;
    TrainedSession* session_;  // null: the trainer has the executor to itself
    Phase phase_ = Phase::idle;
    uint64_t taped_run_ = 0;  // taped_run_count() after the last forward
    bool scored_ = false;
    LossResult last_;
    double regularization_ = 0;  // the part of the last loss that is not the caller's own
    std::vector<RecordFrames> records_;
    std::vector<OutputGradient> gradients_;
};

}  // namespace snn
