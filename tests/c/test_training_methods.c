/* Ways to train: learnable parameters, dropout, weights of few bits, normalisation, windows and other learning rules. */
#include <math.h>

#include "classification.h"

static void parameters_learn_and_reach_the_network(void) {
    Task task;
    SNNHandle fresh = open_learning_session();
    const char *path = temporary_path("learned.snn");
    SNNNetwork network;
    double tau, gradient, thresholds[24], in_network;
    size_t count = 1;
    double first_loss;
    make_task(&task, open_learning_session());
    start(&task);
    CHECK_ERROR(snn_session_read(task.handle, "hidden.tau_membrane.gradient", SNN_FLOAT64, &gradient, 1), SNN_ERROR_STATE,
                "no backward pass");
    first_loss = loss_after(&task, 1);
    CHECK_OK(snn_session_read(task.handle, "hidden.tau_membrane.gradient", SNN_FLOAT64, &gradient, 1));
    CHECK(gradient != 0);
    CHECK_ERROR(snn_session_write(task.handle, "hidden.tau_membrane.gradient", SNN_FLOAT64, &gradient, 1),
                SNN_ERROR_INVALID_ARGUMENT, "read only");
    CHECK_ERROR(snn_session_read(task.handle, "hidden.v_reset.gradient", SNN_FLOAT64, &gradient, 1), SNN_ERROR_NOT_FOUND,
                "not learnable");
    CHECK_OK(snn_session_read(task.handle, "hidden.tau_membrane", SNN_FLOAT64, &tau, 1));
    /* Adam's first step is the learning rate, here of log(tau). */
    CHECK(fabs(tau - 20.0 * 1.0202013) < 2e-3 || fabs(tau - 20.0 * 0.9801987) < 2e-3);
    CHECK(loss_after(&task, 40) < 0.7 * first_loss);
    CHECK_OK(snn_session_read(task.handle, "hidden.threshold", SNN_FLOAT64, thresholds, 24));
    CHECK(thresholds[23] - thresholds[0] != 0.23);
    CHECK_OK(snn_session_read(task.handle, "hidden.tau_membrane", SNN_FLOAT64, &tau, 1));
    CHECK_OK(snn_session_to_network(task.handle, &network));
    CHECK_OK(snn_network_get_parameter(network, 1, "tau_membrane", &in_network, &count));
    CHECK(in_network == tau);
    /* A session of the untrained network takes them from the file, with the weights. */
    CHECK_OK(snn_network_save(network, path));
    CHECK_OK(snn_load_weights(fresh, path));
    CHECK_OK(snn_session_read(fresh, "hidden.tau_membrane", SNN_FLOAT64, &in_network, 1));
    CHECK(in_network == tau);
    remove(path);
    snn_network_release(network);
    snn_destroy_network(fresh);
    snn_destroy_network(task.handle);
}

/* Nothing of it: not the moments of the parameters either, of which some stay within their range. */
static void an_update_that_is_refused_changes_nothing(void) {
    static double before[8192], after[8192];
    static float weights[2][PIXELS * 24];
    size_t count = COUNT(before);
    Task task;
    make_task(&task, open_learning_session());
    task.def.parameter_rate_factor = 1e300;
    start(&task);
    CHECK_OK(forward(&task));
    CHECK_OK(snn_trainer_backward(task.trainer));
    CHECK_OK(snn_trainer_get_state(task.trainer, before, &count));
    CHECK_OK(snn_session_read(task.handle, "pixels_to_hidden.weight", SNN_FLOAT32, weights[0], PIXELS * 24));
    CHECK_ERROR(snn_trainer_update(task.trainer), SNN_ERROR_DIVERGED, "were not updated");
    CHECK_OK(snn_trainer_get_state(task.trainer, after, &count));
    CHECK(memcmp(before, after, count * sizeof *before) == 0);
    CHECK_OK(snn_session_read(task.handle, "pixels_to_hidden.weight", SNN_FLOAT32, weights[1], PIXELS * 24));
    CHECK(memcmp(weights[0], weights[1], sizeof weights[0]) == 0);
    snn_destroy_network(task.handle);
}

static void dropout_silences_neurons_for_a_whole_run(void) {
    Task task;
    SNNTrainResult all = new_result(), some = new_result(), again = new_result();
    make_task(&task, open_batch_session(1));
    start(&task);
    CHECK_ERROR(snn_trainer_set_dropout(task.trainer, 0, 0.5, 1), SNN_ERROR_INVALID_ARGUMENT, "'pixels' is an input");
    CHECK_ERROR(snn_trainer_set_dropout(task.trainer, 2, 0.5, 1), SNN_ERROR_INVALID_ARGUMENT, "'readout' does not spike");
    CHECK_ERROR(snn_trainer_set_dropout(task.trainer, 1, 1.0, 1), SNN_ERROR_INVALID_ARGUMENT, "probability is 1");
    CHECK_ERROR(snn_trainer_set_dropout(task.trainer, 7, 0.5, 1), SNN_ERROR_NOT_FOUND, "7");
    CHECK_OK(snn_trainer_forward(task.trainer, &task.batch, &all));
    CHECK_OK(snn_trainer_set_dropout(task.trainer, 1, 0.5, 1));
    CHECK_OK(snn_trainer_forward(task.trainer, &task.batch, &some));
    CHECK(some.spike_count > 0.2 * all.spike_count && some.spike_count < 0.8 * all.spike_count);
    CHECK_OK(snn_trainer_forward(task.trainer, &task.batch, &again));
    CHECK(again.loss == some.loss); /* until the next update */
    CHECK_OK(snn_trainer_set_dropout(task.trainer, 1, 0.0, 1));
    CHECK_OK(snn_trainer_forward(task.trainer, &task.batch, &again));
    CHECK(again.loss == all.loss);
    snn_destroy_network(task.handle);
}

static uint32_t different_values(const float *values, size_t count) {
    uint32_t different = 0;
    size_t i, k;
    for (i = 0; i < count; ++i) {
        for (k = 0; k < i && values[k] != values[i]; ++k) {}
        different += k == i;
    }
    return different;
}

static void weights_of_few_bits_are_trained_and_kept(void) {
    Task task;
    float weights[PIXELS * 24], again[PIXELS * 24];
    SNNNetwork network;
    SNNProjectionArrays kept;
    double first_loss;
    make_task(&task, open_batch_session(1));
    start(&task);
    CHECK_ERROR(snn_trainer_set_quantization(task.trainer, 0, 9, 0), SNN_ERROR_INVALID_ARGUMENT, "bits is 9");
    CHECK_ERROR(snn_trainer_set_quantization(task.trainer, 7, 8, 0), SNN_ERROR_NOT_FOUND, "7");
    CHECK_ERROR(snn_trainer_set_quantization(task.trainer, 0, 8, 2), SNN_ERROR_INVALID_ARGUMENT,
                "projection 0: per_channel is 2; expected 0 or 1");
    CHECK_OK(snn_trainer_set_quantization(task.trainer, 0, 3, 0));
    CHECK_OK(snn_session_read(task.handle, "pixels_to_hidden.weight", SNN_FLOAT32, weights, COUNT(weights)));
    CHECK(different_values(weights, COUNT(weights)) <= 7);
    first_loss = loss_after(&task, 1);
    CHECK(loss_after(&task, 80) < 0.5 * first_loss);
    CHECK_OK(snn_session_read(task.handle, "pixels_to_hidden.weight", SNN_FLOAT32, again, COUNT(again)));
    CHECK(different_values(again, COUNT(again)) <= 7);
    CHECK(memcmp(weights, again, sizeof weights) != 0);
    CHECK_OK(snn_session_to_network(task.handle, &network));
    memset(&kept, 0, sizeof kept);
    kept.struct_size = sizeof kept;
    CHECK_OK(snn_network_get_projection_arrays(network, 0, &kept));
    CHECK(kept.weight_count == COUNT(again) && memcmp(kept.weights, again, sizeof again) == 0);
    snn_network_release(network);
    snn_destroy_network(task.handle);
}

static void normalisation_is_folded_into_an_ordinary_network(void) {
    Task task;
    SNNTrainer plain;
    SNNTrainResult folded = new_result();
    double first_loss;
    make_task(&task, open_batch_session(1));
    start(&task);
    CHECK_OK(snn_trainer_create(task.handle, &task.def, &plain));
    CHECK_ERROR(snn_trainer_set_normalization(task.trainer, 0, 1.0, 0.1, 1e-5), SNN_ERROR_INVALID_ARGUMENT, "has no bias");
    CHECK_ERROR(snn_trainer_set_normalization(task.trainer, 1, 1.0, 0.0, 1e-5), SNN_ERROR_INVALID_ARGUMENT, "momentum is 0");
    CHECK_OK(snn_trainer_set_normalization(task.trainer, 1, 0.5, 0.5, 1e-5));
    first_loss = loss_after(&task, 1);
    CHECK(loss_after(&task, 80) < 0.5 * first_loss);
    /* The same samples in the network as it is now: statistics of the batches before are close to its own. */
    CHECK_OK(snn_trainer_forward(plain, &task.batch, &folded));
    CHECK(folded.correct_count >= BATCH - 1);
    CHECK(fabs(folded.loss - task.result.loss) < 0.2 * task.result.loss + 0.01);
    snn_destroy_network(task.handle);
}

/* The state has the weights that are folded: they are the session's from then on, for a network and a file as well. */
static void a_state_that_is_taken_over_brings_its_folded_weights(void) {
    Task task, resumed;
    SNNNetwork network;
    float weights[24 * CLASSES], loaded[24 * CLASSES];
    static double state[8192];
    double variance;
    size_t count = COUNT(state);
    const char *path = temporary_path("folded.state");
    SNNHandle fresh = open_batch_session(1);
    make_task(&task, open_batch_session(1));
    make_task(&resumed, open_batch_session(1));
    start(&task);
    start(&resumed);
    CHECK_OK(snn_trainer_set_normalization(task.trainer, 1, 0.5, 0.5, 1e-5));
    CHECK_OK(snn_trainer_set_normalization(resumed.trainer, 1, 0.5, 0.5, 1e-5));
    loss_after(&task, 3);
    CHECK_OK(snn_trainer_get_state(task.trainer, state, &count));
    variance = state[count - 2]; /* of the last channel; the last value says that there are statistics */
    state[count - 2] = -0.5;
    CHECK_ERROR(snn_trainer_set_state(resumed.trainer, state, count), SNN_ERROR_INVALID_ARGUMENT, "variances are at least 0");
    state[count - 2] = variance;
    CHECK_OK(snn_trainer_set_state(resumed.trainer, state, count));
    CHECK_OK(snn_session_read(resumed.handle, "hidden_to_readout.weight", SNN_FLOAT32, weights, COUNT(weights)));
    CHECK_OK(snn_session_read(fresh, "hidden_to_readout.weight", SNN_FLOAT32, loaded, COUNT(loaded)));
    CHECK(memcmp(weights, loaded, sizeof weights) != 0);
    CHECK_OK(snn_session_to_network(resumed.handle, &network));
    CHECK(memcmp(arrays_of(network, 1).weights, weights, sizeof weights) == 0);
    CHECK_OK(snn_save_state(resumed.handle, path));
    CHECK_OK(snn_load_state(fresh, path));
    CHECK_OK(snn_session_read(fresh, "hidden_to_readout.weight", SNN_FLOAT32, loaded, COUNT(loaded)));
    CHECK(memcmp(weights, loaded, sizeof weights) == 0);
    remove(path);
    snn_network_release(network);
    snn_destroy_network(fresh);
    snn_destroy_network(resumed.handle);
    snn_destroy_network(task.handle);
}

/* Windows of 3 of 10 steps: four updates a batch, by each rule. */
static void windows_and_rules_lower_the_loss(void) {
    static const uint32_t rules[] = {SNN_LEARNING_BPTT, SNN_LEARNING_OTTT, SNN_LEARNING_EPROP};
    size_t i;
    for (i = 0; i < COUNT(rules); ++i) {
        Task task;
        double first_loss, state[8192];
        size_t count = COUNT(state);
        uint64_t steps;
        make_task(&task, open_batch_session(1));
        task.def.rule = rules[i];
        task.def.window_steps = 3;
        task.def.checkpoint_steps = 4;
        task.def.learning_rate = 0.01;
        start(&task);
        first_loss = loss_after(&task, 1);
        CHECK_EQUAL(task.result.sample_count, BATCH);
        CHECK_OK(snn_trainer_get_state(task.trainer, state, &count));
        CHECK(state[0] == 4); /* updates */
        CHECK_OK(snn_session_step_count(task.handle, &steps));
        CHECK_EQUAL(steps, T);
        CHECK(loss_after(&task, 30) < 0.7 * first_loss);
        CHECK_EQUAL(task.result.correct_count, BATCH);
        snn_destroy_network(task.handle);
    }
}

static const CheckCase cases[] = {
    CASE(parameters_learn_and_reach_the_network),
    CASE(dropout_silences_neurons_for_a_whole_run),
    CASE(weights_of_few_bits_are_trained_and_kept),
    CASE(normalisation_is_folded_into_an_ordinary_network),
    CASE(an_update_that_is_refused_changes_nothing),
    CASE(a_state_that_is_taken_over_brings_its_folded_weights),
    CASE(windows_and_rules_lower_the_loss),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
