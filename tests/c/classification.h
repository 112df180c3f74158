/* A network that is trained in the tests of trainers, and a batch for it. */
#ifndef SNN_TESTS_C_CLASSIFICATION_H
#define SNN_TESTS_C_CLASSIFICATION_H

#include "fixtures.h"

enum { BATCH = 12, PIXELS = 16, CLASSES = 3, T = 10 };

/* Training of a network like make_classifier. It holds addresses of its own parts, so it is not to be copied. */
typedef struct Task {
    float pixels[BATCH][PIXELS];
    int32_t labels[BATCH];
    SNNInputArray input; /* the pixels, held */
    SNNBatch batch;
    SNNHandle handle;
    SNNTrainerDef def; /* to be changed before start() */
    SNNTrainer trainer;
    SNNTrainResult result; /* of the last step or forward */
} Task;

static inline SNNBatch batch_of(Task *task) {
    return held_batch(&task->input, &task->pixels[0][0], BATCH * PIXELS, task->labels, BATCH);
}

/* Three classes that differ in which third of the pixels is bright. */
static inline void make_task(Task *task, SNNHandle handle) {
    int sample, pixel;
    CHECK_OK(snn_random_fill(9, 0, SNN_RANDOM_UNIFORM, 0.0, 0.3, &task->pixels[0][0], BATCH * PIXELS));
    for (sample = 0; sample < BATCH; ++sample) {
        task->labels[sample] = sample % CLASSES;
        for (pixel = 0; pixel < 5; ++pixel) task->pixels[sample][task->labels[sample] * 5 + pixel] += 0.7f;
    }
    task->batch = batch_of(task);
    task->handle = handle;
    task->def = classifier_trainer_def(T);
    task->trainer = NULL;
    task->result = new_result();
}

static inline void start(Task *task) { CHECK_OK(snn_trainer_create(task->handle, &task->def, &task->trainer)); }

static inline SNNStatus step(Task *task) { return snn_trainer_step(task->trainer, &task->batch, &task->result); }

static inline SNNStatus forward(Task *task) { return snn_trainer_forward(task->trainer, &task->batch, &task->result); }

/* The loss in the last of so many steps. */
static inline double loss_after(Task *task, int steps) {
    while (steps-- > 0) CHECK_OK(step(task));
    return task->result.loss;
}

static inline SNNHandle open_batch_session(uint32_t thread_count) {
    return open_with_batch(make_classifier(), NULL, BATCH, thread_count);
}

/* The classifier with one time constant for the hidden layer and a threshold for each of its neurons to learn. */
static inline SNNHandle open_learning_session(void) {
    SNNNetwork network = new_network();
    float first[PIXELS * 24], second[24 * CLASSES];
    double thresholds[24];
    uint32_t learnable = 7;
    int i;
    CHECK_OK(snn_random_fill(1, 1, SNN_RANDOM_NORMAL, 0.2, 0.5, first, COUNT(first)));
    CHECK_OK(snn_random_fill(1, 2, SNN_RANDOM_NORMAL, 0.0, 0.3, second, COUNT(second)));
    for (i = 0; i < 24; ++i) thresholds[i] = 0.9 + 0.01 * i;
    add_input(network, "pixels", SNN_POPULATION_VALUE_INPUT, PIXELS);
    add_neurons(network, "hidden", "lif", 24);
    add_neurons(network, "readout", "leaky_integrator", CLASSES);
    connect(network, SNN_CONNECT_DENSE, 0, 1, first, COUNT(first));
    connect(network, SNN_CONNECT_DENSE, 1, 2, second, COUNT(second));
    CHECK_OK(snn_network_set_parameter(network, 1, "threshold", thresholds, 24));
    CHECK_OK(snn_network_set_learnable(network, 1, "threshold", 1));
    CHECK_OK(snn_network_set_learnable(network, 1, "tau_membrane", 1));
    CHECK_ERROR(snn_network_set_learnable(network, 1, "refractory", 1), SNN_ERROR_UNSUPPORTED, "'refractory'");
    CHECK_ERROR(snn_network_set_learnable(network, 1, "tau", 1), SNN_ERROR_NOT_FOUND, "'tau'");
    CHECK_ERROR(snn_network_set_learnable(network, 0, "tau_membrane", 1), SNN_ERROR_INVALID_ARGUMENT, "'pixels' is an input");
    CHECK_OK(snn_network_get_learnable(network, 1, "tau_membrane", &learnable));
    CHECK_EQUAL(learnable, 1);
    CHECK_OK(snn_network_get_learnable(network, 1, "v_reset", &learnable));
    CHECK_EQUAL(learnable, 0);
    CHECK_OK(snn_network_finish(network));
    return open_with_batch(network, NULL, BATCH, 1);
}

#endif
