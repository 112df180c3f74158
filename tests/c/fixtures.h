/* fixtures.h - small networks with known answers, for the C tests. */
#ifndef SNN_TESTS_FIXTURES_H
#define SNN_TESTS_FIXTURES_H

#include <math.h>

#include "check.h"

/* A user's model whose every value can be worked out by hand: v = v + current; a spike where v >= threshold, then v = 0.
 * The op list is that of docs/model-format.md. Registers: 0 threshold, 1 current, 2 v. */
static const char adder_text[] =
    "{\"format\": 1, \"kind\": \"neuron\", \"name\": \"adder\", \"title\": \"Adds its input\","
    " \"parameters\": [{\"name\": \"threshold\", \"unit\": \"1\", \"default\": 1.0, \"doc\": \"\","
    " \"exclusive_minimum\": 0.0}],"
    " \"options\": [], \"states\": [{\"name\": \"v\", \"unit\": \"1\", \"type\": \"float\", \"initial\": 0.0, \"doc\": \"\"}],"
    " \"receptors\": [{\"name\": \"current\", \"unit\": \"1\", \"doc\": \"\"}], \"derived\": [], \"membrane\": \"v\","
    " \"spiking\": true, \"derive\": {\"ops\": [], \"outputs\": []},"
    " \"step\": {\"ops\": [[\"add\", 2, 1], [\"sub\", 3, 0], [\"iconst\", 1], [\"spike\", 4, 5], [\"const\", 0.5],"
    " [\"lt\", 7, 6], [\"const\", 0.0], [\"select\", 8, 9, 3]], \"states\": [10], \"spike\": 6, \"tape\": []}}";

static inline SNNModel load_adder(void) {
    SNNModel model = NULL;
    CHECK_OK(snn_model_load(adder_text, sizeof adder_text - 1, &model));
    return model;
}

/* The weights and synapses of a projection; borrowed from the network. */
static inline SNNProjectionArrays arrays_of(SNNNetwork network, uint32_t index) {
    SNNProjectionArrays arrays;
    memset(&arrays, 0, sizeof arrays);
    arrays.struct_size = sizeof arrays;
    CHECK_OK(snn_network_get_projection_arrays(network, index, &arrays));
    return arrays;
}

static inline SNNDistribution distribution(uint32_t kind, double a, double b) {
    SNNDistribution made = {0, 0, 0, -HUGE_VAL, HUGE_VAL};
    made.kind = kind;
    made.a = a;
    made.b = b;
    return made;
}

static inline uint32_t add_input(SNNNetwork network, const char *name, uint32_t kind, uint32_t size) {
    SNNPopulationDef def;
    uint32_t index = UINT32_MAX;
    snn_population_def_default(&def);
    def.kind = kind;
    def.name = name;
    def.shape.dims[0] = size;
    CHECK_OK(snn_network_add_population(network, &def, &index));
    return index;
}

/* `model_name`: a built-in, or "adder". */
static inline uint32_t add_neurons(SNNNetwork network, const char *name, const char *model_name, uint32_t size) {
    SNNPopulationDef def;
    uint32_t index = UINT32_MAX;
    const int is_adder = strcmp(model_name, "adder") == 0;
    snn_population_def_default(&def);
    def.name = name;
    def.shape.dims[0] = size;
    def.model_name = model_name;
    if (is_adder) def.model = load_adder();
    CHECK_OK(snn_network_add_population(network, &def, &index));
    if (is_adder) snn_model_release(def.model); /* the network keeps it alive */
    return index;
}

static inline uint32_t connect(SNNNetwork network, uint32_t kind, uint32_t source, uint32_t target, const float *weights,
                               size_t weight_count) {
    SNNProjectionDef def;
    uint32_t index = UINT32_MAX;
    snn_projection_def_default(&def);
    def.kind = kind;
    def.source = source;
    def.target = target;
    def.weights = weights;
    def.weight_count = weight_count;
    CHECK_OK(snn_network_connect(network, &def, &index));
    return index;
}

static inline SNNNetwork new_network(void) {
    SNNNetwork network = NULL;
    CHECK_OK(snn_network_create(1.0, &network));
    return network;
}

/* Spike input "in" (3) -> one to one, weights 0.5, 1, 2 -> adders "cells" (3). An input spike makes cells 1 and 2 spike
 * at once and cell 0 at every second one. Populations 0 and 1, projection 0. Not finished. */
static inline SNNNetwork build_chain(void) {
    static const float weights[3] = {0.5f, 1.0f, 2.0f};
    SNNNetwork network = new_network();
    const uint32_t in = add_input(network, "in", SNN_POPULATION_SPIKE_INPUT, 3);
    const uint32_t cells = add_neurons(network, "cells", "adder", 3);
    connect(network, SNN_CONNECT_ONE_TO_ONE, in, cells, weights, 3);
    return network;
}

static inline SNNNetwork make_chain(void) {
    SNNNetwork network = build_chain();
    CHECK_OK(snn_network_finish(network));
    return network;
}

/* A session on `device` (null: the default), which keeps the network alive: the reference of the caller is released. */
static inline SNNHandle open_with_batch(SNNNetwork network, const char *device, uint32_t batch_size, uint32_t thread_count) {
    SNNConfig config;
    SNNHandle handle = NULL;
    snn_config_default(&config);
    config.network = network;
    config.device = device;
    config.batch_size = batch_size;
    config.thread_count = thread_count;
    CHECK_OK(snn_create_network(&config, &handle));
    snn_network_release(network);
    return handle;
}

static inline SNNHandle open_session(SNNNetwork network, const char *device) { return open_with_batch(network, device, 1, 1); }

static inline SNNHandle open_chain(void) { return open_session(make_chain(), NULL); }

static const float three_ones[3] = {1.0f, 1.0f, 1.0f};

/* One step of the chain with a spike on every input. */
static inline void step_chain(SNNHandle handle) {
    CHECK_OK(snn_session_set_input(handle, 0, three_ones, 3));
    CHECK_OK(snn_session_step(handle, 1));
}

/* Value input "pixels" (16) -> dense -> lif "hidden" (24) -> dense with bias -> leaky integrators "readout" (3): small
 * enough to train in a test, and of the shape that users train. */
static inline SNNNetwork make_classifier(void) {
    float first[16 * 24], second[24 * 3], bias[3] = {0.0f, 0.01f, -0.01f};
    SNNNetwork network = new_network();
    SNNProjectionDef def;
    uint32_t pixels, hidden, readout;
    CHECK_OK(snn_random_fill(1, 1, SNN_RANDOM_NORMAL, 0.2, 0.5, first, COUNT(first)));
    CHECK_OK(snn_random_fill(1, 2, SNN_RANDOM_NORMAL, 0.0, 0.3, second, COUNT(second)));
    pixels = add_input(network, "pixels", SNN_POPULATION_VALUE_INPUT, 16);
    hidden = add_neurons(network, "hidden", "lif", 24);
    readout = add_neurons(network, "readout", "leaky_integrator", 3);
    connect(network, SNN_CONNECT_DENSE, pixels, hidden, first, COUNT(first));
    snn_projection_def_default(&def);
    def.source = hidden;
    def.target = readout;
    def.weights = second;
    def.weight_count = COUNT(second);
    def.bias = bias;
    def.bias_count = 3;
    CHECK_OK(snn_network_connect(network, &def, NULL));
    CHECK_OK(snn_network_finish(network));
    return network;
}

/* For training make_classifier(). */
static inline SNNTrainerDef classifier_trainer_def(uint32_t step_count) {
    SNNTrainerDef def;
    snn_trainer_def_default(&def);
    def.output_population = 2;
    def.step_count = step_count;
    def.loss = SNN_LOSS_CROSS_ENTROPY_MAX_MEMBRANE;
    def.learning_rate = 0.02;
    return def;
}

/* A batch with values of population 0 that stay for all steps. What is given is borrowed. */
static inline SNNBatch held_batch(SNNInputArray *input, const float *values, size_t value_count, const int32_t *labels,
                                  size_t label_count) {
    SNNBatch batch;
    memset(&batch, 0, sizeof batch);
    memset(input, 0, sizeof *input);
    input->held = 1;
    input->data = values;
    input->count = value_count;
    batch.struct_size = sizeof batch;
    batch.inputs = input;
    batch.input_count = 1;
    batch.labels = labels;
    batch.label_count = label_count;
    return batch;
}

static inline SNNTrainResult new_result(void) {
    SNNTrainResult result;
    memset(&result, 0, sizeof result);
    result.struct_size = sizeof result;
    return result;
}

/* Value input "in" (WIDE) -> one to one -> lif "cells" (WIDE) -> dense -> leaky integrators "readout" (3). Wide enough that
 * one step of one sample is dealt to threads: the CPU device does so from about 20 microseconds of work on. */
enum { WIDE = 16384 };
static inline SNNNetwork make_wide(void) {
    static float weights[3 * WIDE];
    SNNNetwork network = new_network();
    add_input(network, "in", SNN_POPULATION_VALUE_INPUT, WIDE);
    add_neurons(network, "cells", "lif", WIDE);
    add_neurons(network, "readout", "leaky_integrator", 3);
    CHECK_OK(snn_random_fill(6, 1, SNN_RANDOM_UNIFORM, 0.0, 0.3, weights, WIDE));
    connect(network, SNN_CONNECT_ONE_TO_ONE, 0, 1, weights, WIDE);
    CHECK_OK(snn_random_fill(6, 2, SNN_RANDOM_NORMAL, 0.0, 0.01, weights, COUNT(weights)));
    connect(network, SNN_CONNECT_DENSE, 1, 2, weights, COUNT(weights));
    CHECK_OK(snn_network_finish(network));
    return network;
}

/* For the input of make_wide(). */
static inline const float *wide_values(void) {
    static float values[WIDE];
    CHECK_OK(snn_random_fill(6, 3, SNN_RANDOM_UNIFORM, 0.0, 1.0, values, WIDE));
    return values;
}

/* A job system that runs every task on the calling thread, in either order, and counts. */
typedef struct Jobs {
    size_t calls, tasks;
    int backwards;
} Jobs;

static inline void SNN_CALL run_jobs(void *user, uint32_t count, void(SNN_CALL *task)(void *context, uint32_t index),
                                     void *context) {
    Jobs *jobs = user;
    uint32_t i;
    jobs->calls += 1;
    jobs->tasks += count;
    for (i = 0; i < count; ++i) task(context, jobs->backwards ? count - 1 - i : i);
}

static inline SNNJobSystem job_system_of(Jobs *jobs, uint32_t worker_count) {
    SNNJobSystem job_system;
    memset(&job_system, 0, sizeof job_system);
    job_system.struct_size = sizeof job_system;
    job_system.parallel_for = run_jobs;
    job_system.worker_count = worker_count;
    job_system.user = jobs;
    return job_system;
}

/* A projection from population 0 to population 1. */
static inline SNNProjectionDef projection(uint32_t kind, const float *weights, size_t count) {
    SNNProjectionDef def;
    snn_projection_def_default(&def);
    def.kind = kind;
    def.source = 0;
    def.target = 1;
    def.weights = weights;
    def.weight_count = count;
    return def;
}

/* "in" (3 spike inputs) and "cells" (2 adders), not connected. */
static inline SNNNetwork unconnected(void) {
    SNNNetwork network = new_network();
    add_input(network, "in", SNN_POPULATION_SPIKE_INPUT, 3);
    add_neurons(network, "cells", "adder", 2);
    return network;
}

/* A path in the working folder that no other test uses. */
static inline const char *temporary_path(const char *name) {
    static char paths[4][256];
    static unsigned next = 0;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "tmp_%s", name);
    remove(path);
    return path;
}

#endif
