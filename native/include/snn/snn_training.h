/* snn_training.h - the part of snn.h that trains: losses, learning rules, optimisers, and trainers. Include <snn/snn.h>: it has
 * the terms and the rules that hold for every function. */
#ifndef SNN_TRAINING_H
#define SNN_TRAINING_H

#include <snn/snn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Losses, learning rules, optimisers -------------------------------------------------------------------------- */

enum { /* losses, averaged over the batch; T steps, class = argmax of the scores */
    /* Softmax cross-entropy; the score of an output is */
    SNN_LOSS_CROSS_ENTROPY_COUNT = 0,         /* its number of spikes */
    SNN_LOSS_CROSS_ENTROPY_MAX_MEMBRANE = 1,  /* its largest membrane value in time */
    SNN_LOSS_CROSS_ENTROPY_MEAN_MEMBRANE = 2, /* its mean membrane value in time */
    SNN_LOSS_CROSS_ENTROPY_RATE = 4,          /* its spikes per step */
    SNN_LOSS_CROSS_ENTROPY_LAST_MEMBRANE = 5, /* its membrane value after the last step */
    SNN_LOSS_CROSS_ENTROPY_LATENCY = 6,       /* minus the step of its first spike, T when there is none */
    /* Softmax cross-entropy of each step, averaged over the steps; the predicted class is that of the mean membranes or of the
       counts */
    SNN_LOSS_CROSS_ENTROPY_MEMBRANE = 14,     /* of the membranes after the step */
    SNN_LOSS_CROSS_ENTROPY_SPIKES = 15,       /* of the spikes, 0 or 1, of the step */
    /* Mean over outputs of (score - target)^2 */
    SNN_LOSS_MEAN_SQUARE_RATE = 3,
    SNN_LOSS_MEAN_SQUARE_COUNT = 7,
    SNN_LOSS_MEAN_SQUARE_MAX_MEMBRANE = 8,
    SNN_LOSS_MEAN_SQUARE_MEAN_MEMBRANE = 9,
    SNN_LOSS_MEAN_SQUARE_LAST_MEMBRANE = 10,
    SNN_LOSS_MEAN_SQUARE_LATENCY = 11,        /* latencies in steps; needs targets */
    /* These need targets for each step. Scores are mean membranes and spike counts. */
    SNN_LOSS_MEAN_SQUARE_MEMBRANE = 12,       /* mean over outputs and steps of (membrane after the step - target)^2 */
    SNN_LOSS_VAN_ROSSUM = 13,                 /* mean over outputs of the van Rossum distance (squared) to target trains */
    /* The caller computes the loss: snn_trainer_run and snn_trainer_run_backward; output_population is ignored. */
    SNN_LOSS_NONE = 255
};
/* How gradients are computed; docs/semantics.md. */
enum {
    SNN_LEARNING_BPTT = 0,  /* back-propagation through time */
    SNN_LEARNING_OTTT = 1,  /* online training through time (Xiao et al. 2022): at each step errors go back through the layers
                               and are combined with traces of what arrived before */
    SNN_LEARNING_EPROP = 2, /* e-prop (Bellec et al. 2020), symmetric feedback: errors go from the output population straight to
                               the populations that project onto it, and are combined with eligibility traces */
    SNN_LEARNING_EVENTPROP = 3 /* EventProp (Wunderlich and Pehle 2021), in steps: gradients of spike times, from 4 bytes per
                                  spike. Inputs may not make membranes jump. Losses: latency, membrane (no spikes) or
                                  VAN_ROSSUM */
};
enum { SNN_OPTIMIZER_SGD = 0, SNN_OPTIMIZER_ADAM = 1, SNN_OPTIMIZER_ADAMW = 2, SNN_OPTIMIZER_LION = 3 };

/* ---- Trainers and their batches ---------------------------------------------------------------------------------- */

typedef struct SNNTrainerDef {
    uint32_t struct_size;
    uint32_t output_population;
    uint32_t step_count;          /* T */
    uint32_t loss;                /* SNN_LOSS_* */
    uint32_t optimizer;           /* SNN_OPTIMIZER_*, default Adam */
    uint32_t rule;                /* SNN_LEARNING_*, default BPTT. The other rules need one of the library's losses, models that
                                     are linear between spikes with the same decays in a whole population, and no learnable
                                     parameters. With window_steps their memory does not grow with T. Traces of OTTT and e-prop
                                     carry over from window to window, so that their gradients are not truncated, except by
                                     e-prop's filter of the output's leak */
    float rate_on, rate_off;      /* MEAN_SQUARE losses with labels alone: target of the labelled class and of the others, for
                                     COUNT times T. Defaults 0.8 and 0 */
    double label_smoothing;       /* CROSS_ENTROPY losses, 0 to 1, default 0: with smoothing e and K outputs the target is
                                     1 - e + e / K for the labelled class and e / K for each other (Szegedy et al. 2016) */
    double van_rossum_tau_ms;     /* time constant of VAN_ROSSUM, default 10 */
    double learning_rate;         /* default 1e-3 */
    double parameter_rate_factor; /* factor on the learning rate of learnable neuron parameters; default 1. A parameter with a
                                     lower bound (a time constant) is stepped as the logarithm of its distance from it: it stays
                                     above, and steps are relative. Others are stepped as they are, within their limits. Neither
                                     weight decay nor L1 acts on them */
    double momentum;              /* SGD, default 0 */
    double beta1, beta2, epsilon; /* Adam: 0.9, 0.999, 1e-8; Lion (published with 0.9, 0.99) reads the betas too */
    double weight_decay;          /* SGD and Adam: added to the gradient, as of weight_decay / 2 * sum w^2 (L2); AdamW and Lion:
                                     decoupled. Default 0 */
    double l1_regularization;     /* strength s: s * sign(w) is added to the gradient of weights and biases; default 0. The
                                     reported loss includes neither this nor weight_decay */
    double gradient_clip_norm;    /* 0: none; else the gradient is scaled so that its global L2 norm is at most this. The norm
                                     includes learnable parameters, in the form in which they are stepped */
    double rate_regularization;   /* strength s of s * mean((rate - rate_target)^2) over all spiking populations, 0: none */
    double rate_target;           /* spikes per step */
    uint32_t checkpoint_steps;    /* 0 (default): all steps are kept for the backward pass. Else about so many steps at once,
                                     and the state before each such segment; the backward pass runs the segments again. The
                                     gradients have the same bits. Memory: one segment, and a state for each; time: a second
                                     forward pass. 0xFFFFFFFF: about the square root of T, which takes the least memory.
                                     snn_trainer_forward and snn_trainer_run then copy their inputs, snn_trainer_step does
                                     not */
    uint32_t window_steps;        /* 0 (default): gradients go back through all T steps. Else truncated back-propagation in
                                     windows of so many steps (the last may be shorter): states carry over from window to
                                     window, gradients do not go back */
    uint32_t window_updates;      /* 1 (default): snn_trainer_step treats each window as a run of its own, with the loss of its
                                     steps and an update after it; the result has the mean loss and the last window's
                                     correct_count. 0: one loss over T and one update; snn_trainer_forward and
                                     snn_trainer_backward always do that */
} SNNTrainerDef;
typedef struct SNNBatch {
    uint32_t struct_size;
    uint32_t input_count;
    uint32_t spike_input_count;
    const SNNInputArray *inputs;  /* counts as for the session's batch_size */
    const SNNSpikeInput *spike_inputs; /* inputs as spike events instead of frames of all steps, with the same results; all of
                                          one struct_size; an input is here or in `inputs`, once. Steps count from the batch's
                                          first */
    const int32_t *labels;        /* [batch_size] class of each sample; -1: the sample is padding and ignored */
    size_t label_count;
    const float *targets;         /* MEAN_SQUARE losses: [batch_size][outputs]; losses with targets for each step:
                                     [T][batch_size][outputs]. Labels may be given too: they then mark padding and decide what
                                     counts as correct */
    size_t target_count;
} SNNBatch;
typedef struct SNNTrainResult {
    uint32_t struct_size;
    uint32_t sample_count;        /* samples that were not padding */
    uint32_t correct_count;       /* argmax equal to the label; 0 without labels */
    double loss;                  /* mean over samples, rate regularisation included */
    double spike_count;           /* of all spiking populations and steps, without padding */
} SNNTrainResult;

SNN_API void SNN_CALL snn_trainer_def_init(SNNTrainerDef *out_def, uint32_t struct_size);
SNN_INLINE void snn_trainer_def_default(SNNTrainerDef *out_def) { snn_trainer_def_init(out_def, sizeof *out_def); }
/* Creates a trainer of a session, which gets its own copy of the weights. The trainer ends with its session; release it all the
 * same. */
SNN_API SNNStatus SNN_CALL snn_trainer_create(SNNHandle handle, const SNNTrainerDef *def, SNNTrainer *out_trainer);
SNN_API void SNN_CALL snn_trainer_release(SNNTrainer trainer);
/* Forward, backward and update on one batch, or on each of its windows. The session is reset before, as by snn_session_reset;
 * afterwards its state is that of the last step. */
SNN_API SNNStatus SNN_CALL snn_trainer_step(SNNTrainer trainer, const SNNBatch *batch, SNNTrainResult *io_result);
/* The three parts of snn_trainer_step. backward needs a forward before it, update a backward; no other trainer of the session
 * may run forward in between. If the loss or a gradient is not finite, or a learned parameter would leave its range, update
 * returns SNN_ERROR_DIVERGED and leaves weights and parameters unchanged. */
SNN_API SNNStatus SNN_CALL snn_trainer_forward(SNNTrainer trainer, const SNNBatch *batch, SNNTrainResult *io_result);
SNN_API SNNStatus SNN_CALL snn_trainer_backward(SNNTrainer trainer);
SNN_API SNNStatus SNN_CALL snn_trainer_update(SNNTrainer trainer);
/* Training with a loss that the caller computes; the trainer has SNN_LOSS_NONE. These two replace forward and backward.
 * snn_trainer_run runs a batch and records what the loss needs, `records` as for snn_session_run (every step). Labels may be
 * null; they only mark padding, for the regularisation and the result. The result's loss is the regularisation alone, its
 * correct_count 0.
 * snn_trainer_run_backward computes the gradients of the weights (snn_session_read, "NAME.weight.gradient") for
 * snn_trainer_update. `loss` is for the check before an update and the mean of an epoch. `gradients` are dL/d(variable) of the
 * last run, [step][batch_size][size] in SNN_FLOAT32 or SNN_FLOAT64: `variable` is "spikes" or a state that is not an integer,
 * `data` is only read; what is not given counts as 0. `input_gradients` receive dL/d(input) of input populations: variable
 * "spikes", the same shape, also where the input was held; they need SNN_FLAG_INPUT_GRADIENTS. It may be called again for the
 * same run until the update. */
SNN_API SNNStatus SNN_CALL snn_trainer_run(SNNTrainer trainer, const SNNBatch *batch, const SNNRecordArray *records,
                                           uint32_t record_count, SNNTrainResult *io_result);
SNN_API SNNStatus SNN_CALL snn_trainer_run_backward(SNNTrainer trainer, double loss, const SNNRecordArray *gradients,
                                                    uint32_t gradient_count, const SNNRecordArray *input_gradients,
                                                    uint32_t input_gradient_count);
/* The scores that the loss used in the last forward: [batch_size][outputs]. */
SNN_API SNNStatus SNN_CALL snn_trainer_scores(SNNTrainer trainer, float *out_scores, size_t count);
/* The part of the last step's or forward's loss that comes from one population, output_population or one with an auxiliary
 * loss, its weight included; 0 before the first. The rest of the loss is the rate regularisation. SNN_ERROR_INVALID_ARGUMENT:
 * the population has no loss in this trainer. */
SNN_API SNNStatus SNN_CALL snn_trainer_loss_of(SNNTrainer trainer, uint32_t population, double *out_loss);
/* What a trainer keeps from update to update, above all the optimiser's moments. Save it together with the weights and
 * parameters of the session: training that continues from all of them gives the same bits as training that was never
 * interrupted. Valid for trainers of the same network and optimiser. *io_count: capacity in, number out; with out_values null
 * only the number is returned. */
SNN_API SNNStatus SNN_CALL snn_trainer_get_state(SNNTrainer trainer, double *out_values, size_t *io_count);
/* Sets such a state; a forward and backward that wait for their update are discarded. SNN_ERROR_INVALID_ARGUMENT: another
 * number of values, or a value that is not finite. */
SNN_API SNNStatus SNN_CALL snn_trainer_set_state(SNNTrainer trainer, const double *values, size_t count);

/* ---- Options of a trainer ---------------------------------------------------------------------------------------- */

/* Adds a loss of a population other than output_population (local learning, as in DECOLLE: Kaiser et al. 2020): `weight` times
 * it is added to the loss, and its gradients to the others. For local learning give each hidden layer a readout with a loss of
 * its own, and make the projections between the layers `detached`.
 * It uses the same labels or targets as the main loss. The population therefore has as many neurons as the outputs, and its
 * loss has targets for each step if the main loss has. Another call for the population replaces its loss; weight 0 removes it.
 * Results and epochs include it in the loss; correct_count and scores are those of output_population alone.
 * SNN_ERROR_INVALID_ARGUMENT: an input, output_population itself, another number of neurons, a loss that does not fit the
 * population or the main loss, a negative weight. SNN_ERROR_UNSUPPORTED: the rule does not support it (SNN_LEARNING_EPROP has
 * one output, SNN_LEARNING_EVENTPROP uses spike times). SNN_ERROR_STATE: the trainer has SNN_LOSS_NONE. */
SNN_API SNNStatus SNN_CALL snn_trainer_set_auxiliary_loss(SNNTrainer trainer, uint32_t population, uint32_t loss,
                                                         double weight);
/* Sets the class weights of CROSS_ENTROPY losses, auxiliary ones too: [outputs], each at least 0, copied. count 0: none, which
 * is 1 each. The cross-entropy of a sample of class y is multiplied by w_y; with label_smoothing the term of output k is
 * multiplied by w_k. The mean divides by the sum of the w_y instead of the number of samples (as PyTorch's CrossEntropyLoss);
 * where that sum is 0 the batch has the loss 0.
 * SNN_ERROR_INVALID_ARGUMENT: another count, or a weight that is negative or not finite. SNN_ERROR_STATE: SNN_LOSS_NONE. */
SNN_API SNNStatus SNN_CALL snn_trainer_set_class_weights(SNNTrainer trainer, const float *weights, size_t count);
/* Sets dropout (Srivastava et al. 2014) of a population that spikes, fixed over time. In every forward and step of this trainer
 * each neuron of each sample is silent in all steps with `probability` (0: none, the default); what the others send is scaled
 * by 1 / (1 - probability). Which neurons are silent follows from seed, population, sample and number of updates. Evaluate with
 * a trainer without dropout. SNN_ERROR_UNSUPPORTED: a projection from the population sums in fixed point or is maximum
 * pooling. */
SNN_API SNNStatus SNN_CALL snn_trainer_set_dropout(SNNTrainer trainer, uint32_t population, double probability, uint64_t seed);
/* Quantisation-aware training of a projection's weights to `bits` bits, 2 to 8 (0: no longer; the session keeps its weights).
 * From now on the session has rounded weights: each an integer of at most 2^(bits - 1) - 1 in magnitude times a float32 scale.
 * With per_channel 0 all weights share one scale, with 1 each output channel (conv2d) or target neuron has its own; the
 * products are exact. Biases stay float32.
 * The trainer keeps the unrounded weights, beginning with the session's, and updates them with the gradients of the rounded
 * ones (straight-through: Jacob et al. 2018). Weights written to the session later are overwritten by the next update. A
 * projection that is normalised needs per_channel: the normalisation is folded into the scales, and the integers stay.
 * SNN_ERROR_INVALID_ARGUMENT: the projection is not trained, is normalised without per_channel, or its delays are learned.
 * SNN_ERROR_UNSUPPORTED: it sums in fixed point. */
SNN_API SNNStatus SNN_CALL snn_trainer_set_quantization(SNNTrainer trainer, uint32_t projection, uint32_t bits,
                                                        uint32_t per_channel);
/* Batch normalisation through time (tdBN: Zheng et al. 2021) of a projection. In every forward and step of this trainer it
 * delivers (x - mean) * scale * lambda / sqrt(variance + epsilon) + bias. x is its sum without the bias. Mean and variance are
 * taken over all steps, the samples that are not padding and, for conv2d, the neurons of a channel. lambda is learned, one for
 * each channel or target neuron, beginning at 1; so is the bias, which the projection must have. tdBN's scale is alpha times
 * the threshold.
 * After an update the session has ordinary weights and biases, with the running statistics folded in, so it can be run, read
 * and saved at any time. The running statistics begin with the first batch and move towards those of each batch by the fraction
 * `momentum` (usual: momentum 0.1, epsilon 1e-5). Weights written to the session later are overwritten by the next update.
 * Changed settings start the projection's normalisation over. scale 0: no longer; the session keeps what it has.
 * SNN_ERROR_INVALID_ARGUMENT: the projection is not trained, has no bias, or is quantised without per_channel; or a number is
 * out of range. SNN_ERROR_UNSUPPORTED: it lies on a cycle, where what it delivers depends on what it has delivered; it sums in
 * fixed point; the trainer has window_steps, checkpoint_steps or a rule other than SNN_LEARNING_BPTT; the device cannot do
 * it. */
SNN_API SNNStatus SNN_CALL snn_trainer_set_normalization(SNNTrainer trainer, uint32_t projection, double scale, double momentum,
                                                         double epsilon);
/* Learns delays along with weights (dilated convolutions with learnable spacings: Hammouamri et al. 2024, arXiv 2306.17670).
 * The projection is sparse, in float arithmetic, and each source has the same targets, once each, at every delay from the
 * shortest to the longest: each pair of neurons has one synapse, a tap, per delay.
 * In every forward and step of this trainer the weight w of a pair is spread over its taps: the tap at the delay d gets
 * w g(d - p) / sum of g(d' - p) over its taps d'. p is the pair's delay, a real number that is learned together with w. g(x) =
 * exp(-x^2 / (2 width^2)) or max(0, width - |x|), x and width in steps. At first w is the sum of a pair's weights and p their
 * mean delay. Between calls the session has all of w at the tap next to p and 0 at the others: what an ordinary projection with
 * one synapse per pair delivers.
 * Another call changes only kernel, width and rate_factor: begin wide, to search far, and end narrow, so that rounding changes
 * little. width 0: no longer; the session keeps what it has. rate_factor multiplies the learning rate for p, whose gradient is
 * in steps; 100 is usual with Adam. Neither weight decay nor L1 acts on p. Gradient norms and clipping use the gradients of w
 * and p. Weights written to the session later are overwritten by the next update.
 * SNN_ERROR_INVALID_ARGUMENT: the projection is not trained, not sparse or quantised; its synapses are not such taps; a width
 * below 0.2 (Gaussian) or 1 (triangle) or above 1e6; a negative factor. SNN_ERROR_UNSUPPORTED: it sums in fixed point. */
enum { SNN_DELAY_KERNEL_GAUSSIAN = 0, SNN_DELAY_KERNEL_TRIANGLE = 1 };
SNN_API SNNStatus SNN_CALL snn_trainer_set_delay_learning(SNNTrainer trainer, uint32_t projection, uint32_t kernel,
                                                          double width, double rate_factor);
SNN_API SNNStatus SNN_CALL snn_trainer_set_learning_rate(SNNTrainer trainer, double learning_rate);

/* ---- Epochs and callbacks ---------------------------------------------------------------------------------------- */

typedef struct SNNWeightUpdate {
    uint32_t struct_size;
    uint32_t projection;
    uint64_t update;       /* 1 = the first */
    double gradient_norm;  /* L2, before clipping */
} SNNWeightUpdate;
/* Called after each update, for each trained projection. */
typedef void(SNN_CALL *SNNWeightCallback)(SNNHandle handle, const SNNWeightUpdate *update, void *user);
SNN_API SNNStatus SNN_CALL snn_register_weight_callback(SNNHandle handle, SNNWeightCallback callback, void *user);

typedef struct SNNEpoch {
    uint32_t struct_size;
    uint64_t epoch;        /* 1 = the first */
    uint64_t sample_count, correct_count;
    double mean_loss;
} SNNEpoch;
typedef void(SNN_CALL *SNNEpochCallback)(SNNHandle handle, const SNNEpoch *epoch, void *user);
SNN_API SNNStatus SNN_CALL snn_register_epoch_callback(SNNHandle handle, SNNEpochCallback callback, void *user);
/* Ends an epoch: sums up the updates since the last call, calls the epoch callback, and returns the same in io_epoch (may be
 * null). */
SNN_API SNNStatus SNN_CALL snn_trainer_end_epoch(SNNTrainer trainer, SNNEpoch *io_epoch);

#ifdef __cplusplus
}
#endif
#endif /* SNN_TRAINING_H */
