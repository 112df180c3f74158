/* What trainers refuse through the C interface: definitions, batches, networks, calls in the wrong order. */
#include <math.h>

#include "classification.h"

static void parts_in_the_wrong_order_are_refused(void) {
    float pixels[BATCH][PIXELS], scores[BATCH * CLASSES];
    int32_t labels[BATCH];
    SNNInputArray input;
    SNNHandle handle = open_batch_session(1);
    SNNTrainerDef def = trainer_def();
    SNNTrainer trainer;
    SNNBatch batch;
    SNNTrainResult result = new_result();
    make_batch(pixels, labels);
    batch = batch_of(&input, pixels, labels);
    CHECK_OK(snn_trainer_create(handle, &def, &trainer));
    CHECK_ERROR(snn_trainer_backward(trainer), SNN_ERROR_STATE, "forward");
    CHECK_ERROR(snn_trainer_update(trainer), SNN_ERROR_STATE, "backward");
    CHECK_ERROR(snn_trainer_scores(trainer, scores, COUNT(scores)), SNN_ERROR_STATE, "forward");
    CHECK_OK(snn_trainer_forward(trainer, &batch, &result));
    CHECK_ERROR(snn_trainer_update(trainer), SNN_ERROR_STATE, "backward");
    CHECK_OK(snn_trainer_backward(trainer));
    CHECK_ERROR(snn_trainer_backward(trainer), SNN_ERROR_STATE, "forward");
    CHECK_OK(snn_trainer_update(trainer));
    CHECK_ERROR(snn_trainer_update(trainer), SNN_ERROR_STATE, "backward");
    snn_destroy_network(handle);
}

static void batches_are_checked(void) {
    float pixels[BATCH][PIXELS], targets[BATCH * CLASSES] = {0};
    int32_t labels[BATCH];
    SNNInputArray input;
    SNNHandle handle = open_batch_session(1);
    SNNTrainerDef def = trainer_def();
    SNNTrainer trainer;
    SNNBatch batch;
    SNNTrainResult result = new_result();
    make_batch(pixels, labels);
    batch = batch_of(&input, pixels, labels);
    CHECK_OK(snn_trainer_create(handle, &def, &trainer));
    labels[3] = 3;
    CHECK_ERROR(snn_trainer_step(trainer, &batch, &result), SNN_ERROR_INVALID_ARGUMENT, "[3]");
    labels[3] = -2;
    CHECK_ERROR(snn_trainer_step(trainer, &batch, &result), SNN_ERROR_INVALID_ARGUMENT, "[3]");
    labels[3] = 0;
    batch.label_count = BATCH - 1;
    CHECK_ERROR(snn_trainer_step(trainer, &batch, &result), SNN_ERROR_INVALID_ARGUMENT, "label_count is 11; expected 12");
    batch.label_count = BATCH;
    batch.labels = NULL;
    CHECK_ERROR(snn_trainer_step(trainer, &batch, &result), SNN_ERROR_INVALID_ARGUMENT, "labels is null");
    batch.label_count = 0;
    CHECK_ERROR(snn_trainer_step(trainer, &batch, &result), SNN_ERROR_INVALID_ARGUMENT, "neither labels");
    batch.targets = targets;
    CHECK_ERROR(snn_trainer_step(trainer, &batch, &result), SNN_ERROR_INVALID_ARGUMENT, "target_count is 0; expected 36");
    batch.target_count = COUNT(targets);
    CHECK_ERROR(snn_trainer_step(trainer, &batch, &result), SNN_ERROR_INVALID_ARGUMENT, "labels");
    batch = batch_of(&input, pixels, labels);
    batch.input_count = 0;
    CHECK_ERROR(snn_trainer_step(trainer, &batch, &result), SNN_ERROR_INVALID_ARGUMENT, "pixels");
    batch.input_count = 1;
    input.count -= 1;
    CHECK_ERROR(snn_trainer_step(trainer, &batch, &result), SNN_ERROR_INVALID_ARGUMENT, "pixels");
    input.count += 1;
    pixels[2][1] = NAN;
    CHECK_ERROR(snn_trainer_step(trainer, &batch, &result), SNN_ERROR_INVALID_ARGUMENT, "sample 2, neuron 1");
    pixels[2][1] = 0;
    CHECK_ERROR(snn_trainer_step(trainer, NULL, &result), SNN_ERROR_INVALID_ARGUMENT, "batch");
    batch.struct_size = 0;
    CHECK_ERROR(snn_trainer_step(trainer, &batch, &result), SNN_ERROR_VERSION, "struct_size");
    batch.struct_size = sizeof batch;
    result.struct_size = 0;
    CHECK_ERROR(snn_trainer_step(trainer, &batch, &result), SNN_ERROR_VERSION, "struct_size");
    result.struct_size = sizeof result;
    CHECK_OK(snn_trainer_step(trainer, &batch, &result));
    snn_destroy_network(handle);
}

static void trainer_defs_are_checked(void) {
    SNNHandle handle = open_batch_session(1);
    SNNTrainer trainer = NULL;
    SNNTrainerDef def = trainer_def();
    CHECK_EQUAL(def.optimizer, SNN_OPTIMIZER_ADAM);
    def.output_population = 0;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "pixels");
    def.output_population = 3;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_NOT_FOUND, "3");
    def = trainer_def();
    def.step_count = 0;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "step_count");
    def = trainer_def();
    def.loss = 99;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "loss");
    def.loss = SNN_LOSS_CROSS_ENTROPY_COUNT; /* the readout does not spike */
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "readout");
    def = trainer_def();
    def.optimizer = 99;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "optimizer");
    def = trainer_def();
    def.learning_rate = NAN;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "learning_rate");
    def.learning_rate = -1;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "learning_rate");
    def = trainer_def();
    def.beta1 = 1.0;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "beta1");
    def = trainer_def();
    def.gradient_clip_norm = -1;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "gradient_clip_norm");
    def = trainer_def();
    def.struct_size = 0;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_VERSION, "struct_size");
    CHECK_ERROR(snn_trainer_create(handle, NULL, &trainer), SNN_ERROR_INVALID_ARGUMENT, "def");
    def = trainer_def();
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
    def = trainer_def();
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_UNSUPPORTED, "device");
    snn_destroy_network(handle);
}

static void rules_and_windows_are_checked(void) {
    SNNHandle handle = open_batch_session(1), learning = open_learning_session();
    SNNTrainerDef def = trainer_def();
    SNNTrainer trainer;
    def.rule = 4;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "def->rule is 4");
    def.rule = SNN_LEARNING_OTTT;
    CHECK_ERROR(snn_trainer_create(learning, &def, &trainer), SNN_ERROR_UNSUPPORTED, "learnable parameter");
    def.loss = SNN_LOSS_NONE;
    CHECK_ERROR(snn_trainer_create(handle, &def, &trainer), SNN_ERROR_INVALID_ARGUMENT, "needs one of the library's losses");
    def = trainer_def();
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
