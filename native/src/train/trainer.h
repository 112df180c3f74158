// Surrogate-gradient training of one executor: forward with tape, loss, backward, update. It owns the buffers between
// them and the optimiser's memory, all sized when it is created, so a training step allocates nothing after the first.
// Several trainers may take turns on one executor, a whole forward, backward and update at a time.
//
// Thread-safety: one thread at a time, with its executor.
#pragma once

#include <snn/snn.h>

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "backend/trainable.h"
#include "network/plan.h"
#include "train/latent_weights.h"
#include "train/learned_parameters.h"
#include "train/loss_head.h"

namespace snn {

struct ForwardResult {
    LossResult loss;         // regularisation included in loss.loss
    double spike_count = 0;  // of the samples that are not padding
};

class Trainer {
public:
    // Checks the definition against the network; errors name the field and its value. `parameters`: who holds them, needed
    // where one is learnable; must outlive the trainer.
    Trainer(Executor& executor, const Plan& plan, uint32_t batch_size, const SNNTrainerDef& def,
            ParameterStore* parameters = nullptr);

    uint32_t step_count() const { return def_.step_count; }
    // Whether a batch's steps are on the tape together: no checkpoints, no windows that are trained one by one.
    bool keeps_all_steps() const { return tape_steps({0, def_.step_count}) == 0; }
    // Labels and targets as in SNNBatch. Throws SNN_ERROR_INVALID_ARGUMENT with the place and the value.
    void check_targets(const int32_t* labels, size_t label_count, const float* targets, size_t target_count) const;

    ForwardResult forward(std::span<const InputFrames> inputs, const int32_t* labels, const float* targets);
    // Of a run that is cut into windows with updates: forward for each of them in turn, followed by its backward and update.
    // Arrays are those of the whole run.
    uint32_t window_count() const;  // 1: such runs are not cut
    uint32_t window_end(uint32_t window) const;
    ForwardResult forward_window(uint32_t window, std::span<const InputFrames> inputs, const int32_t* labels,
                                 const float* targets);
    // Throws SNN_ERROR_STATE without a forward of this trainer just before it.
    void backward();
    // The same for a loss of the caller's, SNN_LOSS_NONE: it sees the records and says how it changes with them.
    ForwardResult run(std::span<const InputFrames> inputs, const int32_t* labels, std::span<const RecordFrames> records);
    void run_backward(double loss, std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs);
    // Throws SNN_ERROR_STATE without a backward of this trainer just before it, when the loss or a gradient is not finite,
    // and when a parameter would leave its range; weights and parameters are then as they were.
    void update();

    std::span<const double> scores() const;  // throws SNN_ERROR_STATE without a forward
    // The part of the last loss, over the windows of a batch the mean, that is of a population's own loss.
    double loss_of(uint32_t population) const;
    void set_learning_rate(double learning_rate);
    // As the functions of the C interface.
    void set_auxiliary_loss(uint32_t population, uint32_t loss, double weight);
    void set_class_weights(std::span<const float> weights);
    void set_dropout(uint32_t population, double probability, uint64_t seed);
    void set_quantization(uint32_t projection, uint32_t bits, bool per_channel);
    void set_normalization(uint32_t projection, double scale, double momentum, double epsilon);
    void set_delay_learning(uint32_t projection, uint32_t kernel, double width, double rate_factor);
    uint64_t update_count() const { return update_; }
    // L2 norm of the last gradient, before clipping.
    double gradient_norm(uint32_t projection) const;

    // What snn_trainer_get_state gives: updates, epochs and their sums, moments of the optimiser, latent weights.
    size_t state_count() const;
    void read_state(std::span<double> out_values) const;
    void write_state(std::span<const double> values);  // as many; throws SNN_ERROR_INVALID_ARGUMENT when one is not finite

    // Totals of the forwards that led to an update since the last call; forwards for evaluation alone are not training.
    SNNEpoch end_epoch();

private:
    enum class Phase { idle, forward_done, backward_done };

    struct Steps {
        uint32_t begin, count;
    };
    void run_taped(Steps steps, std::span<const InputFrames> inputs, const int32_t* labels,
                   std::span<const RecordFrames> records);
    void go_back(std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs);
    uint32_t tape_steps(Steps steps) const;
    std::span<const InputFrames> kept(std::span<const InputFrames> inputs);
    ForwardResult forward_steps(Steps steps, std::span<const InputFrames> inputs, const int32_t* labels, const float* targets);
    void begin_window(uint32_t window, uint32_t count);
    void finish_forward(const int32_t* labels, ForwardResult& io_result);
    void check_gradients_are_finite() const;
    // The executor has one tape and one gradient: those of the last trainer that ran forward.
    void check_run_is_the_last(const char* what) const;

    void check_rule() const;
    void check_spike_times(const LossHead& head) const;
    void prepare_rule();
    bool has_traces() const { return def_.rule == SNN_LEARNING_OTTT || def_.rule == SNN_LEARNING_EPROP; }
    void prepare_spike_counts();
    void collect_outputs();
    LossResult evaluate(LossHead& io_head, Steps steps, const int32_t* labels, const float* targets, double weight);
    void check_targets_of(const LossHead& head, bool with_targets) const;
    void draw_dropout();
    void add_regularization(const int32_t* labels, ForwardResult& io_result);

    Executor& executor_;
    Trainable& training_;  // the executor's
    const Plan& plan_;
    SNNTrainerDef def_;
    uint32_t batch_size_, steps_;  // steps_: of the last forward
    std::vector<LinearStep> linear_;  // by population, of rules other than bptt
    std::unique_ptr<LossHead> head_;  // null: the loss is the caller's
    struct AuxiliaryLoss {
        std::unique_ptr<LossHead> head;
        double weight;
    };
    std::map<uint32_t, AuxiliaryLoss> auxiliary_;  // by population
    std::vector<double> class_weights_;  // [output]; empty: 1 each
    std::vector<InputFrames> window_inputs_, kept_inputs_;
    struct SpikeCopy {
        std::vector<uint32_t> neurons, offsets;
    };
    std::vector<std::vector<float>> input_copies_;  // of kept_inputs_
    std::vector<SpikeCopy> spike_copies_;           // the same, of those that are lists
    uint32_t window_ = 0;     // of the last forward
    bool ends_batch_ = true;  // it is the last one of its batch
    Phase phase_ = Phase::idle;
    uint64_t run_ = 0;  // the executor's number of the last forward
    std::unique_ptr<OptimizerMemory> optimizer_memory_;
    LearnedParameters learned_;
    LatentWeights latent_;
    ParameterStore* parameters_;
    bool scored_ = false;
    LossResult last_;
    double windows_loss_ = 0;    // of the windows of this batch that led to updates
    double regularization_ = 0;  // the part of the last loss that is not the caller's
    uint64_t update_ = 0, epoch_ = 0;
    uint64_t epoch_samples_ = 0, epoch_correct_ = 0;
    double epoch_loss_ = 0;

    struct Spiking {
        uint32_t population;
        std::vector<double> counts;    // [batch][size] spikes of the run
        std::vector<double> gradient;  // of the regularisation, [batch][size]
    };
    std::vector<Spiking> spiking_;
    struct Dropout {
        double probability;
        uint64_t seed;
        std::vector<uint8_t> kept;  // [batch][size]
    };
    std::map<uint32_t, Dropout> dropout_;  // by population
    std::vector<DropoutMask> masks_;
    std::vector<RecordFrames> records_;
    std::vector<OutputGradient> gradients_;
};

}  // namespace snn
