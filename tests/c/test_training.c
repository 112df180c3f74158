/* Training through the C interface: a step lowers the loss, its parts, its callbacks. */
#include <math.h>

#include "classification.h"

static void trains_with(uint32_t optimizer, double learning_rate, double weight_decay) {
    Task task;
    double first_loss;
    make_task(&task, open_batch_session(1));
    task.def.optimizer = optimizer;
    task.def.learning_rate = learning_rate;
    task.def.weight_decay = weight_decay;
    start(&task);
    first_loss = loss_after(&task, 1);
    CHECK(isfinite(first_loss) && first_loss > 0.1);
    CHECK_EQUAL(task.result.sample_count, BATCH);
    CHECK(task.result.spike_count > 0);
    if (!(loss_after(&task, 80) < 0.5 * first_loss))
        check_fail(__FILE__, __LINE__, "optimizer %u: the loss went from %g to %g", optimizer, first_loss, task.result.loss);
    CHECK(task.result.correct_count >= BATCH - 1);
    snn_trainer_release(task.trainer);
    snn_destroy_network(task.handle);
}

static void adam_lowers_the_loss(void) { trains_with(SNN_OPTIMIZER_ADAM, 0.02, 0.0); }
static void adamw_lowers_the_loss(void) { trains_with(SNN_OPTIMIZER_ADAMW, 0.02, 0.001); }
static void sgd_lowers_the_loss(void) { trains_with(SNN_OPTIMIZER_SGD, 0.3, 0.0); }
static void lion_lowers_the_loss(void) { trains_with(SNN_OPTIMIZER_LION, 0.01, 0.001); }

/* Weights, parameters and the trainer's state, moved into another session, go on with the same bits. */
static void a_trainer_goes_on_from_its_state(void) {
    static const char *const paths[] = {"pixels_to_hidden.weight", "hidden_to_readout.weight", "hidden.threshold",
                                        "hidden.tau_membrane"};
    Task task, resumed;
    double state[3 * (2 * (PIXELS * 24 + 24 * CLASSES + 25) + 8)], values[PIXELS * 24], others[PIXELS * 24];
    size_t count = 0, capacity, i, k, squares[2];
    make_task(&task, open_learning_session());
    make_task(&resumed, open_learning_session());
    start(&task);
    start(&resumed);
    loss_after(&task, 3);
    CHECK_OK(snn_trainer_get_state(task.trainer, NULL, &count));
    CHECK(count > 2 * (PIXELS * 24 + 24 * CLASSES + 25) && count <= COUNT(state));
    capacity = count - 1;
    CHECK_ERROR(snn_trainer_get_state(task.trainer, state, &capacity), SNN_ERROR_INVALID_ARGUMENT, "io_count");
    capacity = COUNT(state);
    CHECK_OK(snn_trainer_get_state(task.trainer, state, &capacity));
    CHECK_EQUAL(capacity, count);
    for (i = 0; i < COUNT(paths); ++i) {
        size_t n;
        CHECK_OK(snn_session_value_count(task.handle, paths[i], &n));
        CHECK_OK(snn_session_read(task.handle, paths[i], SNN_FLOAT64, values, n));
        CHECK_OK(snn_session_write(resumed.handle, paths[i], SNN_FLOAT64, values, n));
    }
    CHECK_ERROR(snn_trainer_set_state(resumed.trainer, state, count - 1), SNN_ERROR_INVALID_ARGUMENT,
                "the state of this trainer has");
    state[count] = state[7];
    state[7] = NAN;
    CHECK_ERROR(snn_trainer_set_state(resumed.trainer, state, count), SNN_ERROR_INVALID_ARGUMENT, "values[7]");
    state[7] = state[count];
    /* Second moments of weights, behind 5 counters and the first ones, and of the last learnable parameter. */
    squares[0] = 5 + PIXELS * 24;
    squares[1] = count - 1;
    for (i = 0; i < COUNT(squares); ++i) {
        state[count] = state[squares[i]];
        CHECK(state[count] >= 0);
        state[squares[i]] = -1e-9;
        CHECK_ERROR(snn_trainer_set_state(resumed.trainer, state, count), SNN_ERROR_INVALID_ARGUMENT, "second moments");
        state[squares[i]] = state[count];
    }
    CHECK_OK(snn_trainer_set_state(resumed.trainer, state, count));
    CHECK(loss_after(&task, 3) == loss_after(&resumed, 3));
    for (i = 0; i < COUNT(paths); ++i) {
        size_t n;
        CHECK_OK(snn_session_value_count(task.handle, paths[i], &n));
        CHECK_OK(snn_session_read(task.handle, paths[i], SNN_FLOAT64, values, n));
        CHECK_OK(snn_session_read(resumed.handle, paths[i], SNN_FLOAT64, others, n));
        for (k = 0; k < n; ++k) CHECK(values[k] == others[k]);
    }
    snn_destroy_network(task.handle);
    snn_destroy_network(resumed.handle);
}

/* A spike train that is its own target has the distance 0; targets of each step are counted and needed. */
static void losses_in_time_take_targets_for_each_step(void) {
    Task task;
    float targets[T * BATCH * 24], few[BATCH * 24];
    SNNRecordArray record;
    SNNRunDef run;
    make_task(&task, open_batch_session(1));
    memset(&record, 0, sizeof record);
    record.population = 1;
    record.dtype = SNN_FLOAT32;
    record.variable = "spikes";
    record.data = targets;
    record.count = COUNT(targets);
    snn_run_def_default(&run);
    run.step_count = T;
    run.inputs = &task.input;
    run.input_count = 1;
    run.records = &record;
    run.record_count = 1;
    CHECK_OK(snn_session_run(task.handle, &run));
    task.def.output_population = 1;
    task.def.loss = SNN_LOSS_VAN_ROSSUM;
    start(&task);
    CHECK_ERROR(forward(&task), SNN_ERROR_INVALID_ARGUMENT, "targets is null");
    task.batch.labels = NULL;
    task.batch.label_count = 0;
    memset(few, 0, sizeof few);
    task.batch.targets = few;
    task.batch.target_count = COUNT(few);
    CHECK_ERROR(forward(&task), SNN_ERROR_INVALID_ARGUMENT, "steps 10 x batch_size 12");
    task.batch.targets = targets;
    task.batch.target_count = COUNT(targets);
    CHECK_OK(forward(&task));
    CHECK(task.result.spike_count > 0);
    CHECK(task.result.loss == 0);
    targets[0] = 1.0f - targets[0];
    CHECK_OK(forward(&task));
    CHECK(task.result.loss > 0);
    snn_destroy_network(task.handle);
}

static void the_parts_make_the_step(void) {
    float weights[2][PIXELS * 24], before[PIXELS * 24], gradient[PIXELS * 24];
    int way;
    size_t i;
    for (way = 0; way < 2; ++way) {
        Task task;
        double sum = 0;
        make_task(&task, open_batch_session(1));
        start(&task);
        CHECK_OK(snn_session_read(task.handle, "pixels_to_hidden.weight", SNN_FLOAT32, before, COUNT(before)));
        if (way == 0) {
            CHECK_OK(step(&task));
        } else {
            float scores[BATCH * CLASSES];
            CHECK_OK(forward(&task));
            CHECK_OK(snn_trainer_scores(task.trainer, scores, COUNT(scores)));
            CHECK_ERROR(snn_trainer_scores(task.trainer, scores, 5), SNN_ERROR_INVALID_ARGUMENT, "5");
            CHECK_OK(snn_trainer_backward(task.trainer));
            CHECK_OK(snn_session_read(task.handle, "pixels_to_hidden.weight.gradient", SNN_FLOAT32, gradient, COUNT(gradient)));
            for (i = 0; i < COUNT(gradient); ++i) sum += fabs(gradient[i]);
            CHECK(sum > 0);
            CHECK_OK(snn_trainer_update(task.trainer));
        }
        CHECK_OK(snn_session_read(task.handle, "pixels_to_hidden.weight", SNN_FLOAT32, weights[way], COUNT(weights[0])));
        CHECK(memcmp(weights[way], before, sizeof before) != 0);
        snn_destroy_network(task.handle);
    }
    CHECK(memcmp(weights[0], weights[1], sizeof weights[0]) == 0);
}

static void training_gives_the_same_bits_for_every_thread_count(void) {
    float first[PIXELS * 24], weights[PIXELS * 24];
    uint32_t threads;
    for (threads = 1; threads <= 4; ++threads) {
        Task task;
        make_task(&task, open_batch_session(threads));
        start(&task);
        loss_after(&task, 5);
        CHECK_OK(snn_session_read(task.handle, "pixels_to_hidden.weight", SNN_FLOAT32, weights, COUNT(weights)));
        if (threads == 1) memcpy(first, weights, sizeof first);
        CHECK(memcmp(first, weights, sizeof first) == 0);
        snn_destroy_network(task.handle);
    }
}

static void padding_is_ignored(void) {
    Task task;
    double loss;
    int i;
    make_task(&task, open_batch_session(1));
    for (i = 6; i < BATCH; ++i) task.labels[i] = -1;
    start(&task);
    CHECK_OK(forward(&task));
    CHECK_EQUAL(task.result.sample_count, 6);
    loss = task.result.loss;
    for (i = 6; i < BATCH; ++i) memset(task.pixels[i], 0, sizeof task.pixels[i]);
    CHECK_OK(forward(&task));
    CHECK_NEAR(task.result.loss, loss, 0);
    snn_destroy_network(task.handle);
}

typedef struct Told {
    uint64_t weight_calls, last_update, epoch_calls, epoch_samples, right_sizes;
    double norm_sum;
} Told;

static void SNN_CALL tell_weights(SNNHandle handle, const SNNWeightUpdate *update, void *user) {
    Told *told = user;
    (void)handle;
    told->right_sizes += update->struct_size == sizeof *update;
    ++told->weight_calls;
    told->last_update = update->update;
    told->norm_sum += update->gradient_norm;
}

static void SNN_CALL tell_epoch(SNNHandle handle, const SNNEpoch *epoch, void *user) {
    Told *told = user;
    (void)handle;
    told->right_sizes += epoch->struct_size == sizeof *epoch;
    ++told->epoch_calls;
    told->epoch_samples = epoch->sample_count;
}

static void updates_and_epochs_are_told(void) {
    Task task;
    SNNEpoch epoch;
    Told told;
    epoch.struct_size = sizeof epoch;
    memset(&told, 0, sizeof told);
    make_task(&task, open_batch_session(1));
    CHECK_OK(snn_register_weight_callback(task.handle, tell_weights, &told));
    CHECK_OK(snn_register_epoch_callback(task.handle, tell_epoch, &told));
    start(&task);
    CHECK_OK(step(&task));
    CHECK_OK(step(&task));
    CHECK_EQUAL(told.weight_calls, 4); /* two updates of two projections */
    CHECK_EQUAL(told.last_update, 2);
    CHECK(told.norm_sum > 0 && isfinite(told.norm_sum));
    epoch.struct_size -= 8;
    CHECK_ERROR(snn_trainer_end_epoch(task.trainer, &epoch), SNN_ERROR_VERSION, "io_epoch->struct_size");
    CHECK_EQUAL(told.epoch_calls, 0); /* an error ends nothing */
    epoch.struct_size = sizeof epoch;
    CHECK_OK(snn_trainer_end_epoch(task.trainer, &epoch));
    CHECK_EQUAL(epoch.struct_size, sizeof epoch);
    CHECK_EQUAL(told.epoch_calls, 1);
    CHECK_EQUAL(told.epoch_samples, 2 * BATCH);
    CHECK_EQUAL(epoch.epoch, 1);
    CHECK_EQUAL(epoch.sample_count, 2 * BATCH);
    CHECK(epoch.mean_loss > 0);
    CHECK_OK(step(&task));
    CHECK_OK(snn_trainer_end_epoch(task.trainer, NULL));
    CHECK_EQUAL(told.epoch_calls, 2);
    CHECK_EQUAL(told.right_sizes, told.weight_calls + told.epoch_calls);
    CHECK_EQUAL(told.epoch_samples, BATCH);
    snn_destroy_network(task.handle);
}

static void trained_weights_reach_the_file_and_come_back(void) {
    Task task;
    float trained[PIXELS * 24], loaded[PIXELS * 24];
    SNNHandle fresh = open_batch_session(1);
    SNNNetwork network = NULL;
    const char *path = temporary_path("trained.snn");
    uint64_t steps;
    make_task(&task, open_batch_session(1));
    start(&task);
    CHECK_OK(snn_session_step(task.handle, 3));
    CHECK_OK(step(&task));
    CHECK_OK(snn_session_step_count(task.handle, &steps)); /* reset, then the steps of the forward */
    CHECK_EQUAL(steps, T);
    CHECK_OK(snn_session_read(task.handle, "pixels_to_hidden.weight", SNN_FLOAT32, trained, COUNT(trained)));
    CHECK_OK(snn_session_to_network(task.handle, &network));
    CHECK_OK(snn_network_save(network, path));
    snn_network_release(network);
    CHECK_OK(snn_session_read(fresh, "pixels_to_hidden.weight", SNN_FLOAT32, loaded, COUNT(loaded)));
    CHECK(memcmp(trained, loaded, sizeof trained) != 0);
    CHECK_OK(snn_load_weights(fresh, path));
    CHECK_OK(snn_session_read(fresh, "pixels_to_hidden.weight", SNN_FLOAT32, loaded, COUNT(loaded)));
    CHECK(memcmp(trained, loaded, sizeof trained) == 0);
    remove(path);
    snn_destroy_network(task.handle);
    snn_destroy_network(fresh);
}

enum { OUTPUTS = T * BATCH * CLASSES };

static SNNRecordArray floats_of(uint32_t population, const char *variable, float *data, size_t count) {
    SNNRecordArray array;
    memset(&array, 0, sizeof array);
    array.population = population;
    array.dtype = SNN_FLOAT32;
    array.variable = variable;
    array.data = data;
    array.count = count;
    return array;
}

/* The loss of the library over the mean membrane, computed by hand from what a run gives: the same gradients. */
static void a_loss_of_ones_own_gives_the_gradients_of_the_librarys(void) {
    static float v[T][BATCH][CLASSES], slopes[T][BATCH][CLASSES], of_inputs[T * BATCH * PIXELS];
    float gradients[2][PIXELS * 24];
    Task task;
    SNNConfig config;
    SNNNetwork network = make_classifier();
    SNNHandle handle = NULL;
    SNNTrainer own = NULL;
    SNNRecordArray record, gradient, of_input;
    SNNEpoch epoch;
    double loss = 0, sum = 0, library_loss;
    int t, sample, k;
    size_t i;
    snn_config_default(&config);
    config.network = network;
    config.batch_size = BATCH;
    config.flags = SNN_FLAG_INPUT_GRADIENTS;
    CHECK_OK(snn_create_network(&config, &handle));
    snn_network_release(network);
    make_task(&task, handle);
    task.def.loss = SNN_LOSS_CROSS_ENTROPY_MEAN_MEMBRANE;
    start(&task);
    CHECK_OK(forward(&task));
    CHECK_OK(snn_trainer_backward(task.trainer));
    library_loss = task.result.loss;
    CHECK_OK(snn_session_read(handle, "pixels_to_hidden.weight.gradient", SNN_FLOAT32, gradients[0], COUNT(gradients[0])));

    task.def.loss = SNN_LOSS_NONE;
    task.def.output_population = 77; /* not looked at */
    CHECK_OK(snn_trainer_create(handle, &task.def, &own));
    task.batch.labels = NULL;
    task.batch.label_count = 0;
    record = floats_of(2, "v", &v[0][0][0], OUTPUTS);
    gradient = floats_of(2, "v", &slopes[0][0][0], OUTPUTS);
    of_input = floats_of(0, "spikes", of_inputs, COUNT(of_inputs));
    CHECK_ERROR(snn_trainer_run_backward(own, 0, &gradient, 1, NULL, 0), SNN_ERROR_STATE, "run before it");
    CHECK_OK(snn_trainer_run(own, &task.batch, &record, 1, &task.result));
    CHECK_EQUAL(task.result.sample_count, BATCH);
    CHECK_NEAR(task.result.loss, 0, 0);
    for (sample = 0; sample < BATCH; ++sample) {
        double score[CLASSES] = {0}, total = 0;
        for (k = 0; k < CLASSES; ++k) {
            for (t = 0; t < T; ++t) score[k] += v[t][sample][k] / T;
            total += exp(score[k]);
        }
        loss += (log(total) - score[task.labels[sample]]) / BATCH;
        for (t = 0; t < T; ++t)
            for (k = 0; k < CLASSES; ++k)
                slopes[t][sample][k] = (float)((exp(score[k]) / total - (k == task.labels[sample])) / BATCH / T);
    }
    CHECK_NEAR(loss, library_loss, 1e-6);
    CHECK_OK(snn_trainer_run_backward(own, loss, &gradient, 1, &of_input, 1));
    CHECK_OK(snn_session_read(handle, "pixels_to_hidden.weight.gradient", SNN_FLOAT32, gradients[1], COUNT(gradients[1])));
    for (i = 0; i < COUNT(gradients[0]); ++i) {
        CHECK_NEAR(gradients[1][i], gradients[0][i], 1e-6);
        sum += fabs(gradients[0][i]);
    }
    CHECK(sum > 0.01);
    for (sum = 0, i = 0; i < COUNT(of_inputs); ++i) sum += fabs(of_inputs[i]);
    CHECK(sum > 0.01);
    CHECK_OK(snn_trainer_update(own));
    memset(&epoch, 0, sizeof epoch);
    epoch.struct_size = sizeof epoch;
    CHECK_OK(snn_trainer_end_epoch(own, &epoch));
    CHECK_NEAR(epoch.mean_loss, loss, 1e-12);

    CHECK_ERROR(snn_trainer_run_backward(own, 0, &gradient, 1, NULL, 0), SNN_ERROR_STATE, "run before it");
    CHECK_OK(snn_trainer_run(own, &task.batch, &record, 1, NULL));
    gradient.count -= 1;
    CHECK_ERROR(snn_trainer_run_backward(own, 0, &gradient, 1, NULL, 0), SNN_ERROR_INVALID_ARGUMENT, "gradients[0]");
    gradient.count += 1;
    gradient.variable = "spikes";
    CHECK_ERROR(snn_trainer_run_backward(own, 0, &gradient, 1, NULL, 0), SNN_ERROR_INVALID_ARGUMENT, "readout");
    gradient.variable = "spike_count";
    gradient.population = 1;
    gradient.count = BATCH * 24;
    CHECK_ERROR(snn_trainer_run_backward(own, 0, &gradient, 1, NULL, 0), SNN_ERROR_INVALID_ARGUMENT, "spike_count");
    CHECK_ERROR(snn_trainer_run_backward(own, 0, &of_input, 1, NULL, 0), SNN_ERROR_INVALID_ARGUMENT, "is an input");
    CHECK_ERROR(snn_trainer_run_backward(own, 0, NULL, 0, &record, 1), SNN_ERROR_INVALID_ARGUMENT, "not an input");
    CHECK_ERROR(snn_trainer_run_backward(own, 0, NULL, 1, NULL, 0), SNN_ERROR_INVALID_ARGUMENT, "gradients is null");
    CHECK_ERROR(snn_trainer_run(own, &task.batch, NULL, 1, NULL), SNN_ERROR_INVALID_ARGUMENT, "records is null");
    CHECK_ERROR(snn_trainer_forward(own, &task.batch, NULL), SNN_ERROR_STATE, "SNN_LOSS_NONE");
    CHECK_ERROR(snn_trainer_backward(own), SNN_ERROR_STATE, "SNN_LOSS_NONE");
    CHECK_ERROR(snn_trainer_run_backward(task.trainer, 0, NULL, 0, NULL, 0), SNN_ERROR_STATE, "SNN_LOSS_NONE");
    CHECK_ERROR(snn_trainer_run(task.trainer, &task.batch, &record, 1, NULL), SNN_ERROR_INVALID_ARGUMENT, "neither labels");
    snn_destroy_network(handle);

    handle = open_batch_session(1);
    CHECK_OK(snn_trainer_create(handle, &task.def, &own));
    CHECK_OK(snn_trainer_run(own, &task.batch, NULL, 0, NULL));
    CHECK_ERROR(snn_trainer_run_backward(own, 0, NULL, 0, &of_input, 1), SNN_ERROR_STATE, "SNN_FLAG_INPUT_GRADIENTS");
    snn_destroy_network(handle);
}

static const CheckCase cases[] = {
    CASE(adam_lowers_the_loss),
    CASE(adamw_lowers_the_loss),
    CASE(sgd_lowers_the_loss),
    CASE(lion_lowers_the_loss),
    CASE(a_trainer_goes_on_from_its_state),
    CASE(losses_in_time_take_targets_for_each_step),
    CASE(the_parts_make_the_step),
    CASE(training_gives_the_same_bits_for_every_thread_count),
    CASE(padding_is_ignored),
    CASE(updates_and_epochs_are_told),
    CASE(trained_weights_reach_the_file_and_come_back),
    CASE(a_loss_of_ones_own_gives_the_gradients_of_the_librarys),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
