/* What trainers refuse through the C interface: definitions, batches, networks, calls in the wrong order. */
#include <math.h>

#include "classification.h"

static void parts_in_the_wrong_order_are_refused(void) {
    Task task;
    float scores[BATCH * CLASSES];
    make_task(&task, open_batch_session(1));
    start(&task);
    CHECK_ERROR(snn_trainer_backward(task.trainer), SNN_ERROR_STATE, "forward");
    CHECK_ERROR(snn_trainer_update(task.trainer), SNN_ERROR_STATE, "backward");
    CHECK_ERROR(snn_trainer_scores(task.trainer, scores, COUNT(scores)), SNN_ERROR_STATE, "forward");
    CHECK_OK(forward(&task));
    CHECK_ERROR(snn_trainer_update(task.trainer), SNN_ERROR_STATE, "backward");
    CHECK_OK(snn_trainer_backward(task.trainer));
    CHECK_ERROR(snn_trainer_backward(task.trainer), SNN_ERROR_STATE, "forward");
    CHECK_OK(snn_trainer_update(task.trainer));
    CHECK_ERROR(snn_trainer_update(task.trainer), SNN_ERROR_STATE, "backward");
    snn_destroy_network(task.handle);
}

static void batches_are_checked(void) {
    Task task;
    float targets[BATCH * CLASSES] = {0};
    make_task(&task, open_batch_session(1));
    start(&task);
    task.labels[3] = 3;
    CHECK_ERROR(step(&task), SNN_ERROR_INVALID_ARGUMENT, "[3]");
    task.labels[3] = -2;
    CHECK_ERROR(step(&task), SNN_ERROR_INVALID_ARGUMENT, "[3]");
    task.labels[3] = 0;
    task.batch.label_count = BATCH - 1;
    CHECK_ERROR(step(&task), SNN_ERROR_INVALID_ARGUMENT, "label_count is 11; expected 12");
    task.batch.label_count = BATCH;
    task.batch.labels = NULL;
    CHECK_ERROR(step(&task), SNN_ERROR_INVALID_ARGUMENT, "labels is null");
    task.batch.label_count = 0;
    CHECK_ERROR(step(&task), SNN_ERROR_INVALID_ARGUMENT, "neither labels");
    task.batch.targets = targets;
    CHECK_ERROR(step(&task), SNN_ERROR_INVALID_ARGUMENT, "target_count is 0; expected 36");
    task.batch.target_count = COUNT(targets);
    CHECK_ERROR(step(&task), SNN_ERROR_INVALID_ARGUMENT, "labels");
    task.batch = batch_of(&task);
    task.batch.input_count = 0;
    CHECK_ERROR(step(&task), SNN_ERROR_INVALID_ARGUMENT, "pixels");
    task.batch.input_count = 1;
    task.input.count -= 1;
    CHECK_ERROR(step(&task), SNN_ERROR_INVALID_ARGUMENT, "pixels");
    task.input.count += 1;
    task.pixels[2][1] = NAN;
    CHECK_ERROR(step(&task), SNN_ERROR_INVALID_ARGUMENT, "sample 2, neuron 1");
    task.pixels[2][1] = 0;
    CHECK_ERROR(snn_trainer_step(task.trainer, NULL, &task.result), SNN_ERROR_INVALID_ARGUMENT, "batch");
    task.batch.struct_size = 0;
    CHECK_ERROR(step(&task), SNN_ERROR_VERSION, "struct_size");
    task.batch.struct_size = sizeof task.batch;
    task.result.struct_size = 0;
    CHECK_ERROR(step(&task), SNN_ERROR_VERSION, "struct_size");
    task.result.struct_size = sizeof task.result;
    CHECK_OK(step(&task));
    snn_destroy_network(task.handle);
}

static void trainer_defs_are_checked(void) {
    SNNHandle handle = open_batch_session(1);
    SNNTrainer trainer = NULL;
    SNNTrainerDef def = classifier_trainer_def(T);
    CHECK_EQUAL(def.optimizer, SNN_OPTIMIZER_ADAM);
    def.output_population = 0;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "pixels");
    def.output_population = 3;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_NOT_FOUND, "3");
    def = classifier_trainer_def(T);
    def.step_count = 0;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "step_count");
    def = classifier_trainer_def(T);
    def.loss = 99;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "loss");
    def.loss = SNN_LOSS_CROSS_ENTROPY_COUNT; /* the readout does not spike */
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "readout");
    def = classifier_trainer_def(T);
    def.optimizer = 99;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "optimizer");
    def = classifier_trainer_def(T);
    def.learning_rate = NAN;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "learning_rate");
    def.learning_rate = -1;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "learning_rate");
    def = classifier_trainer_def(T);
    def.beta1 = 1.0;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "beta1");
    def = classifier_trainer_def(T);
    def.gradient_clip_norm = -1;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "gradient_clip_norm");
    def = classifier_trainer_def(T);
    def.struct_size = 0;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_VERSION, "struct_size");
    CHECK_ERROR(snn_trainer_create(handle, NULL, &trainer), SNN_ERROR_INVALID_ARGUMENT, "def");
    def = classifier_trainer_def(T);
    CHECK_ERROR(snn_trainer_create(handle, &def, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_trainer");
    CHECK(trainer == NULL);
    CHECK_OK(snn_trainer_create(handle, &def, &trainer));
    CHECK_ERROR(snn_trainer_set_learning_rate(trainer, NAN), SNN_ERROR_INVALID_ARGUMENT, "learning_rate");
    CHECK_OK(snn_trainer_set_learning_rate(trainer, 0.5));
    snn_destroy_network(handle);
}

static void what_cannot_be_trained_says_why(void) {
    SNNHandle handle = open_chain(); /* the adder has no adjoint */
    SNNTrainerDef def;
    SNNTrainer trainer = NULL;
    snn_trainer_def_default(&def);
    def.output_population = 1;
    def.step_count = 5;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_UNSUPPORTED, "adder");
    snn_destroy_network(handle);
    handle = open_session(make_classifier(), "null");
    def = classifier_trainer_def(T);
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_UNSUPPORTED, "device");
    snn_destroy_network(handle);
}

static void rules_and_windows_are_checked(void) {
    SNNHandle handle = open_batch_session(1), learning = open_learning_session();
    SNNTrainerDef def = classifier_trainer_def(T);
    SNNTrainer trainer;
    def.rule = 4;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "def->rule is 4");
    def.rule = SNN_LEARNING_OTTT;
    CHECK_ERROR(snn_trainer_create(learning, &def, &trainer), SNN_ERROR_UNSUPPORTED, "learnable parameter");
    def.loss = SNN_LOSS_NONE;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "needs one of the library's losses");
    def = classifier_trainer_def(T);
    def.window_updates = 2;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "def->window_updates is 2");
    snn_destroy_network(learning);
    snn_destroy_network(handle);
}

static const CheckCase cases[] = {
    CASE(parts_in_the_wrong_order_are_refused),
    CASE(batches_are_checked),
    CASE(trainer_defs_are_checked),
    CASE(what_cannot_be_trained_says_why),
    CASE(rules_and_windows_are_checked),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
