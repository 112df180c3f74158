/* Losses of several populations, and detached projections: each layer learns by a readout of its own. */
#include <math.h>

#include "fixtures.h"

enum { PIXELS = 16, HIDDEN = 24, CLASSES = 3, BATCH = 4, STEPS = 12 };
enum { INPUT, FIRST, SECOND, OUT, LOCAL };

/* pixels -> first -> (detached) second -> out, first -> (fixed) local */
static SNNHandle open_layers(void) {
    float into[PIXELS * HIDDEN], between[HIDDEN * HIDDEN], out[HIDDEN * CLASSES], local[HIDDEN * CLASSES];
    SNNNetwork network = new_network();
    SNNProjectionDef def;
    SNNProjectionInfo info;
    uint32_t cut;
    CHECK_OK(snn_random_fill(2, 1, SNN_RANDOM_NORMAL, 0.2, 0.5, into, COUNT(into)));
    CHECK_OK(snn_random_fill(2, 2, SNN_RANDOM_NORMAL, 0.1, 0.4, between, COUNT(between)));
    CHECK_OK(snn_random_fill(2, 3, SNN_RANDOM_NORMAL, 0.0, 0.3, out, COUNT(out)));
    CHECK_OK(snn_random_fill(2, 4, SNN_RANDOM_NORMAL, 0.0, 0.3, local, COUNT(local)));
    add_input(network, "pixels", SNN_POPULATION_VALUE_INPUT, PIXELS);
    add_neurons(network, "first", "lif", HIDDEN);
    add_neurons(network, "second", "lif", HIDDEN);
    add_neurons(network, "out", "leaky_integrator", CLASSES);
    add_neurons(network, "local", "leaky_integrator", CLASSES);
    connect(network, SNN_CONNECT_DENSE, INPUT, FIRST, into, COUNT(into));
    snn_projection_def_default(&def);
    CHECK_EQUAL(def.detached, 0);
    def.source = FIRST;
    def.target = SECOND;
    def.weights = between;
    def.weight_count = COUNT(between);
    def.detached = 1;
    CHECK_OK(snn_network_connect(network, &def, &cut));
    connect(network, SNN_CONNECT_DENSE, SECOND, OUT, out, COUNT(out));
    def.target = LOCAL;
    def.weights = local;
    def.weight_count = COUNT(local);
    def.detached = def.trainable = 0;
    CHECK_OK(snn_network_connect(network, &def, NULL));
    CHECK_OK(snn_network_finish(network));
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    CHECK_OK(snn_network_get_projection(network, cut, &info));
    CHECK(info.detached == 1 && info.trainable == 1);
    CHECK_OK(snn_network_get_projection(network, cut + 1, &info));
    CHECK(info.detached == 0);
    return open_with_batch(network, NULL, BATCH, 1);
}

/* A session of the layers and a batch for it. It holds addresses of its own parts, so it is not to be copied. */
typedef struct Task {
    float pixels[BATCH * PIXELS];
    int32_t labels[BATCH];
    SNNInputArray input; /* the pixels, held */
    SNNBatch batch;
    SNNHandle handle;
} Task;

static void make_task(Task *task) {
    int i;
    CHECK_OK(snn_random_fill(2, 5, SNN_RANDOM_UNIFORM, 0.0, 1.0, task->pixels, BATCH * PIXELS));
    for (i = 0; i < BATCH; ++i) task->labels[i] = i % CLASSES;
    task->batch = held_batch(&task->input, task->pixels, BATCH * PIXELS, task->labels, BATCH);
    task->handle = open_layers();
}

static SNNTrainer new_trainer(SNNHandle handle, uint32_t output, uint32_t loss) {
    SNNTrainerDef def;
    SNNTrainer trainer = NULL;
    snn_trainer_def_default(&def);
    def.output_population = output;
    def.step_count = STEPS;
    def.loss = loss;
    CHECK_OK(snn_trainer_create(handle, &def, &trainer));
    return trainer;
}

static SNNTrainResult gradients(const Task *task, SNNTrainer trainer, float *out_first, float *out_second) {
    SNNTrainResult result = new_result();
    CHECK_OK(snn_trainer_forward(trainer, &task->batch, &result));
    CHECK_OK(snn_trainer_backward(trainer));
    CHECK_OK(snn_session_read(task->handle, "pixels_to_first.weight.gradient", SNN_FLOAT32, out_first, PIXELS * HIDDEN));
    CHECK_OK(snn_session_read(task->handle, "first_to_second.weight.gradient", SNN_FLOAT32, out_second, HIDDEN * HIDDEN));
    return result;
}

static int any(const float *values, size_t count) {
    while (count > 0)
        if (values[--count] != 0.0f) return 1;
    return 0;
}

static void each_layer_has_the_gradients_of_its_own_loss(void) {
    static float first[2][PIXELS * HIDDEN], second[2][HIDDEN * HIDDEN], both_first[PIXELS * HIDDEN], both_second[HIDDEN * HIDDEN];
    Task task;
    SNNTrainer of_local, of_out;
    SNNTrainResult local, out, both;
    make_task(&task);
    of_local = new_trainer(task.handle, LOCAL, SNN_LOSS_CROSS_ENTROPY_MAX_MEMBRANE);
    of_out = new_trainer(task.handle, OUT, SNN_LOSS_CROSS_ENTROPY_MEAN_MEMBRANE);
    local = gradients(&task, of_local, first[0], second[0]);
    out = gradients(&task, of_out, first[1], second[1]);
    CHECK(any(first[0], COUNT(first[0])) && any(second[1], COUNT(second[1])));
    CHECK(!any(second[0], COUNT(second[0])) && !any(first[1], COUNT(first[1])));
    CHECK_OK(snn_trainer_set_auxiliary_loss(of_out, LOCAL, SNN_LOSS_CROSS_ENTROPY_MAX_MEMBRANE, 1.0));
    both = gradients(&task, of_out, both_first, both_second);
    CHECK(both.loss == out.loss + local.loss && both.correct_count == out.correct_count);
    CHECK(memcmp(both_first, first[0], sizeof both_first) == 0 && memcmp(both_second, second[1], sizeof both_second) == 0);
    CHECK_OK(snn_trainer_set_auxiliary_loss(of_out, LOCAL, SNN_LOSS_CROSS_ENTROPY_MAX_MEMBRANE, 0.0));
    both = gradients(&task, of_out, both_first, both_second);
    CHECK(both.loss == out.loss && !any(both_first, COUNT(both_first)));
    snn_destroy_network(task.handle);
}

static void layers_learn_together(void) {
    Task task;
    SNNTrainer trainer, of_local;
    SNNTrainResult results[2][2];
    int i;
    make_task(&task);
    trainer = new_trainer(task.handle, OUT, SNN_LOSS_CROSS_ENTROPY_MEAN_MEMBRANE);
    of_local = new_trainer(task.handle, LOCAL, SNN_LOSS_CROSS_ENTROPY_MEAN_MEMBRANE);
    memset(results, 0, sizeof results);
    for (i = 0; i < 4; ++i) results[i / 2][i % 2].struct_size = sizeof(SNNTrainResult);
    CHECK_OK(snn_trainer_set_auxiliary_loss(trainer, LOCAL, SNN_LOSS_CROSS_ENTROPY_MEAN_MEMBRANE, 2.0));
    CHECK_OK(snn_trainer_forward(of_local, &task.batch, &results[0][1]));
    CHECK_OK(snn_trainer_step(trainer, &task.batch, &results[0][0]));
    for (i = 1; i < 100; ++i) CHECK_OK(snn_trainer_step(trainer, &task.batch, &results[1][0]));
    CHECK_OK(snn_trainer_forward(of_local, &task.batch, &results[1][1]));
    CHECK(results[1][0].loss < 0.7 * results[0][0].loss);
    CHECK(results[1][1].loss < 0.7 * results[0][1].loss);
    snn_destroy_network(task.handle);
}

static void what_does_not_fit_is_refused(void) {
    SNNHandle handle = open_layers();
    SNNTrainer trainer = new_trainer(handle, OUT, SNN_LOSS_CROSS_ENTROPY_MEAN_MEMBRANE);
    const uint32_t loss = SNN_LOSS_CROSS_ENTROPY_MEAN_MEMBRANE;
    CHECK_ERROR(snn_trainer_set_auxiliary_loss(trainer, OUT, loss, 1.0), SNN_ERROR_INVALID_ARGUMENT, "'out' is the output population");
    CHECK_ERROR(snn_trainer_set_auxiliary_loss(trainer, INPUT, loss, 1.0), SNN_ERROR_INVALID_ARGUMENT, "'pixels') is an input");
    CHECK_ERROR(snn_trainer_set_auxiliary_loss(trainer, FIRST, loss, 1.0), SNN_ERROR_INVALID_ARGUMENT, "'first' has 24 neurons");
    CHECK_ERROR(snn_trainer_set_auxiliary_loss(trainer, LOCAL, 50, 1.0), SNN_ERROR_INVALID_ARGUMENT, "loss is 50");
    CHECK_ERROR(snn_trainer_set_auxiliary_loss(trainer, LOCAL, loss, -2.0), SNN_ERROR_INVALID_ARGUMENT, "weight is -2");
    CHECK_ERROR(snn_trainer_set_auxiliary_loss(trainer, 9, loss, 1.0), SNN_ERROR_NOT_FOUND, "9");
    CHECK_ERROR(snn_trainer_set_auxiliary_loss(NULL, LOCAL, loss, 1.0), SNN_ERROR_INVALID_HANDLE, "trainer");
    snn_destroy_network(handle);
}

static double loss_of(SNNTrainer trainer, uint32_t population) {
    double loss = -1;
    CHECK_OK(snn_trainer_loss_of(trainer, population, &loss));
    return loss;
}

static void the_loss_is_told_in_parts(void) {
    Task task;
    SNNTrainerDef def;
    SNNTrainer of_local, both = NULL, windows = NULL;
    SNNTrainResult local = new_result(), whole = new_result();
    double loss = 5, rates;
    make_task(&task);
    of_local = new_trainer(task.handle, LOCAL, SNN_LOSS_CROSS_ENTROPY_MAX_MEMBRANE);
    CHECK(loss_of(of_local, LOCAL) == 0);
    CHECK_OK(snn_trainer_forward(of_local, &task.batch, &local));
    CHECK(loss_of(of_local, LOCAL) == local.loss);
    snn_trainer_def_default(&def);
    def.output_population = OUT;
    def.step_count = STEPS;
    def.loss = SNN_LOSS_CROSS_ENTROPY_MEAN_MEMBRANE;
    def.rate_regularization = 2;
    def.rate_target = 0.5;
    CHECK_OK(snn_trainer_create(task.handle, &def, &both));
    CHECK_OK(snn_trainer_set_auxiliary_loss(both, LOCAL, SNN_LOSS_CROSS_ENTROPY_MAX_MEMBRANE, 3.0));
    CHECK_OK(snn_trainer_forward(both, &task.batch, &whole));
    CHECK(loss_of(both, LOCAL) == 3.0 * local.loss);
    rates = whole.loss - loss_of(both, OUT) - loss_of(both, LOCAL);
    CHECK(rates > 0.01 && rates <= 2 * 0.25);
    def.rate_regularization = 0;
    def.window_steps = 5;
    def.learning_rate = 0;
    CHECK_OK(snn_trainer_create(task.handle, &def, &windows));
    CHECK_OK(snn_trainer_set_auxiliary_loss(windows, LOCAL, SNN_LOSS_CROSS_ENTROPY_MAX_MEMBRANE, 3.0));
    CHECK_OK(snn_trainer_step(windows, &task.batch, &whole));
    CHECK_OK(snn_trainer_step(windows, &task.batch, &whole)); /* another batch begins anew */
    CHECK(fabs(loss_of(windows, OUT) + loss_of(windows, LOCAL) - whole.loss) < 1e-12 * whole.loss);
    CHECK_ERROR(snn_trainer_loss_of(both, FIRST, &loss), SNN_ERROR_INVALID_ARGUMENT, "'first' has no loss");
    CHECK_ERROR(snn_trainer_loss_of(both, 9, &loss), SNN_ERROR_NOT_FOUND, "9");
    CHECK_ERROR(snn_trainer_loss_of(both, OUT, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_loss");
    CHECK(loss == 5);
    snn_destroy_network(task.handle);
}

static void classes_count_by_their_weights(void) {
    static const float ones[CLASSES] = {2, 2, 2}, one[CLASSES] = {0, 1, 0}, negative[CLASSES] = {1, -1, 1};
    const int32_t only[BATCH] = {-1, 1, -1, -1};
    Task task;
    SNNBatch of_one;
    SNNTrainer trainer, own, refused = NULL;
    SNNTrainerDef def;
    SNNTrainResult plain = new_result(), weighted = new_result();
    make_task(&task);
    trainer = new_trainer(task.handle, OUT, SNN_LOSS_CROSS_ENTROPY_MEAN_MEMBRANE);
    own = new_trainer(task.handle, OUT, SNN_LOSS_NONE);
    of_one = task.batch;
    of_one.labels = only;
    CHECK_OK(snn_trainer_forward(trainer, &task.batch, &plain));
    CHECK_OK(snn_trainer_set_class_weights(trainer, ones, CLASSES)); /* all alike: nothing changes */
    CHECK_OK(snn_trainer_forward(trainer, &task.batch, &weighted));
    CHECK(fabs(weighted.loss - plain.loss) < 1e-12 && weighted.sample_count == BATCH);
    CHECK_OK(snn_trainer_set_class_weights(trainer, one, CLASSES)); /* the one sample of class 1 is all that counts */
    CHECK_OK(snn_trainer_forward(trainer, &task.batch, &weighted));
    CHECK_OK(snn_trainer_set_class_weights(trainer, NULL, 0));
    CHECK_OK(snn_trainer_forward(trainer, &of_one, &plain));
    CHECK(plain.sample_count == 1 && weighted.loss == plain.loss);
    CHECK_ERROR(snn_trainer_set_class_weights(trainer, ones, 2), SNN_ERROR_INVALID_ARGUMENT, "count is 2; expected 3");
    CHECK_ERROR(snn_trainer_set_class_weights(trainer, NULL, 3), SNN_ERROR_INVALID_ARGUMENT, "weights");
    CHECK_ERROR(snn_trainer_set_class_weights(trainer, negative, CLASSES), SNN_ERROR_INVALID_ARGUMENT, "weights[1] is -1");
    CHECK_ERROR(snn_trainer_set_class_weights(own, ones, CLASSES), SNN_ERROR_STATE, "SNN_LOSS_NONE");
    snn_trainer_def_default(&def);
    CHECK(def.label_smoothing == 0);
    def.output_population = OUT;
    def.label_smoothing = 1.5;
    CHECK_ERROR(snn_trainer_create(task.handle, &def, &refused), SNN_ERROR_INVALID_ARGUMENT, "label_smoothing is 1.5; expected 0 to 1");
    snn_destroy_network(task.handle);
}

static const CheckCase cases[] = {
    CASE(each_layer_has_the_gradients_of_its_own_loss),
    CASE(layers_learn_together),
    CASE(what_does_not_fit_is_refused),
    CASE(the_loss_is_told_in_parts),
    CASE(classes_count_by_their_weights),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
