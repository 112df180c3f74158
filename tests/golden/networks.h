/* networks.h - the networks whose spikes and states are the same bits everywhere, and how their runs are hashed.
 * tests/c/test_golden.c compares the hashes with golden.h over devices, instruction sets and thread counts. */
#ifndef SNN_GOLDEN_NETWORKS_H
#define SNN_GOLDEN_NETWORKS_H

#include "fixtures.h"

static const char *const golden_names[] = {"feed_forward", "recurrent", "models", "convolution", "wide"};

enum { GOLDEN_STEPS = 200 };

static inline void connect_random_weights(SNNNetwork network, uint32_t source, uint32_t target, size_t count, double mean,
                                          double deviation) {
    float *weights = malloc(count * sizeof *weights);
    CHECK(weights);
    CHECK_OK(snn_random_fill(source + 1, target + 1, SNN_RANDOM_NORMAL, mean, deviation, weights, count));
    connect(network, SNN_CONNECT_DENSE, source, target, weights, count);
    free(weights);
}

/* Value input -> lif -> leaky integrators with a bias: the shape that users train. */
static inline void build_feed_forward(SNNNetwork network) {
    const float bias[10] = {0.0f, 0.01f, -0.01f, 0.02f, -0.02f, 0.03f, -0.03f, 0.04f, -0.04f, 0.05f};
    float weights[100 * 10];
    SNNProjectionDef def;
    add_input(network, "input", SNN_POPULATION_VALUE_INPUT, 64);
    add_neurons(network, "hidden", "lif", 100);
    add_neurons(network, "output", "leaky_integrator", 10);
    connect_random_weights(network, 0, 1, 64 * 100, 0.003, 0.05);
    CHECK_OK(snn_random_fill(2, 3, SNN_RANDOM_NORMAL, 0.0, 0.3, weights, COUNT(weights)));
    snn_projection_def_default(&def);
    def.source = 1;
    def.target = 2;
    def.weights = weights;
    def.weight_count = COUNT(weights);
    def.bias = bias;
    def.bias_count = 10;
    CHECK_OK(snn_network_connect(network, &def, NULL));
}

static inline void connect_sparsely(SNNNetwork network, uint32_t source, uint32_t target, float mean, float deviation) {
    SNNProjectionDef def;
    SNNRandomConnectionDef rule;
    snn_projection_def_default(&def);
    snn_random_connection_def_default(&rule);
    def.kind = SNN_CONNECT_SPARSE;
    def.trainable = 0; /* static: summed in fixed point */
    def.source = source;
    def.target = target;
    rule.probability = 0.1;
    rule.seed = 17 * source + target;
    rule.weight.kind = SNN_DISTRIBUTION_NORMAL;
    rule.weight.a = mean;
    rule.weight.b = deviation;
    rule.delay.kind = SNN_DISTRIBUTION_UNIFORM;
    rule.delay.a = 1;
    rule.delay.b = 20;
    CHECK_OK(snn_network_connect_random(network, &def, &rule, NULL));
}

/* Excitatory and inhibitory neurons, sparse with delays: fixed-point sums. Sizes are no multiple of any lane count. */
static inline void build_recurrent(SNNNetwork network) {
    add_input(network, "drive", SNN_POPULATION_SPIKE_INPUT, 333);
    add_neurons(network, "excitatory", "current_lif", 333);
    add_neurons(network, "inhibitory", "lif", 83);
    connect_sparsely(network, 0, 1, 0.04f, 0.03f);
    connect_sparsely(network, 0, 2, 0.1f, 0.05f);
    connect_sparsely(network, 1, 1, 0.02f, 0.01f);
    connect_sparsely(network, 1, 2, 0.1f, 0.02f);
    connect_sparsely(network, 2, 1, -0.1f, 0.02f);
    connect_sparsely(network, 2, 2, -0.2f, 0.05f);
}

/* Every built-in neuron model on its own, and some in two ways of reset and decay. */
static inline void build_models(SNNNetwork network) {
    uint32_t i, index;
    add_input(network, "drive", SNN_POPULATION_SPIKE_INPUT, 20);
    for (i = 0; snn_model_builtin_name(i); ++i) {
        const char *model = snn_model_builtin_name(i);
        const int large = strstr(model, "izhikevich") || strcmp(model, "adex") == 0 || strcmp(model, "hodgkin_huxley") == 0;
        const double mean = large ? 2.0 : 0.05; /* mV/ms or nS, else in thresholds or leak conductances */
        index = add_neurons(network, model, model, 37);
        if (strcmp(model, "poisson_source") != 0) /* has no receptors */
            connect_random_weights(network, 0, index, 20 * 37, mean, mean);
    }
    index = add_neurons(network, "lif_other_options", "lif", 37);
    CHECK_OK(snn_network_set_option(network, index, "reset", "value"));
    CHECK_OK(snn_network_set_option(network, index, "decay", "euler"));
    CHECK_OK(snn_network_set_option(network, index, "reset_timing", "next_step"));
    connect_random_weights(network, 0, index, 20 * 37, 0.1, 0.1);
}

/* Value input (1, 8, 8) -> convolution -> lif (4, 6, 6) -> average pooling -> adaptive lif (4, 3, 3) -> dense -> readout. */
static inline void build_convolution(SNNNetwork network) {
    static const SNNShape shapes[3] = {{3, {1, 8, 8}}, {3, {4, 6, 6}}, {3, {4, 3, 3}}};
    static const char *const names[3] = {"image", "maps", "pooled"};
    static const char *const models[3] = {NULL, "lif", "adaptive_lif"};
    float kernel[4 * 9];
    SNNProjectionDef def;
    int i;
    for (i = 0; i < 3; ++i) {
        SNNPopulationDef population;
        snn_population_def_default(&population);
        population.name = names[i];
        population.kind = i == 0 ? SNN_POPULATION_VALUE_INPUT : SNN_POPULATION_NEURONS;
        population.shape = shapes[i];
        population.model_name = models[i];
        CHECK_OK(snn_network_add_population(network, &population, NULL));
    }
    CHECK_OK(snn_random_fill(5, 5, SNN_RANDOM_NORMAL, 0.05, 0.2, kernel, COUNT(kernel)));
    snn_projection_def_default(&def);
    def.kind = SNN_CONNECT_CONV2D;
    def.source = 0;
    def.target = 1;
    def.kernel[0] = def.kernel[1] = 3;
    def.weights = kernel;
    def.weight_count = COUNT(kernel);
    CHECK_OK(snn_network_connect(network, &def, NULL));
    snn_projection_def_default(&def);
    def.kind = SNN_CONNECT_POOL2D;
    def.pool_mode = SNN_POOL_AVERAGE;
    def.source = 1;
    def.target = 2;
    def.kernel[0] = def.kernel[1] = def.stride[0] = def.stride[1] = 2;
    CHECK_OK(snn_network_connect(network, &def, NULL));
    add_neurons(network, "readout", "leaky_integrator", 5);
    connect_random_weights(network, 2, 3, 36 * 5, 0.0, 0.3);
}

/* A population wide enough to be dealt to threads in every step, and from it to a narrow one. */
static inline void build_wide(SNNNetwork network) {
    static float weights[WIDE];
    add_input(network, "drive", SNN_POPULATION_VALUE_INPUT, WIDE);
    add_neurons(network, "wide", "lif", WIDE);
    CHECK_OK(snn_random_fill(7, 1, SNN_RANDOM_NORMAL, 0.05, 0.05, weights, WIDE));
    connect(network, SNN_CONNECT_ONE_TO_ONE, 0, 1, weights, WIDE);
    add_neurons(network, "narrow", "adaptive_lif", 5);
    connect_random_weights(network, 1, 2, WIDE * 5, 0.0005, 0.001);
}

/* The finished network of that name. */
static inline SNNNetwork make_golden(const char *name) {
    SNNNetwork network = new_network();
    if (strcmp(name, "feed_forward") == 0) build_feed_forward(network);
    else if (strcmp(name, "recurrent") == 0) build_recurrent(network);
    else if (strcmp(name, "models") == 0) build_models(network);
    else if (strcmp(name, "convolution") == 0) build_convolution(network);
    else if (strcmp(name, "wide") == 0) build_wide(network);
    else CHECK(!"a known name");
    CHECK_OK(snn_network_finish(network));
    return network;
}

/* FNV-1a over bytes. */
static inline uint64_t hash_bytes(uint64_t hash, const void *data, size_t size) {
    const unsigned char *bytes = data;
    size_t i;
    for (i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Runs GOLDEN_STEPS steps of input drawn from the library's own random numbers and hashes, after every step, the
 * membrane bits of every population of neurons and the spikes of those that spike. */
static inline uint64_t hash_of_run(SNNNetwork network, SNNHandle handle, uint64_t *out_spike_count) {
    static float values[WIDE];
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    SNNNetworkInfo info;
    uint32_t step, p;
    *out_spike_count = 0;
    info.struct_size = sizeof info;
    CHECK_OK(snn_network_get_info(network, &info));
    for (step = 0; step < GOLDEN_STEPS; ++step) {
        for (p = 0; p < info.population_count; ++p) {
            SNNPopulationInfo population;
            uint32_t i;
            population.struct_size = sizeof population;
            CHECK_OK(snn_network_get_population(network, p, &population));
            CHECK(population.size <= COUNT(values));
            if (population.kind == SNN_POPULATION_NEURONS) continue;
            CHECK_OK(snn_random_fill(100 + p, step, SNN_RANDOM_UNIFORM, 0.0, 1.0, values, population.size));
            if (population.kind == SNN_POPULATION_SPIKE_INPUT)
                for (i = 0; i < population.size; ++i) values[i] = values[i] < 0.1f ? 1.0f : 0.0f;
            CHECK_OK(snn_session_set_input(handle, p, values, population.size));
        }
        CHECK_OK(snn_session_step(handle, 1));
        for (p = 0; p < info.population_count; ++p) {
            SNNPopulationInfo population;
            const uint32_t *neurons;
            uint32_t count;
            population.struct_size = sizeof population;
            CHECK_OK(snn_network_get_population(network, p, &population));
            if (population.kind != SNN_POPULATION_NEURONS) continue;
            if (strcmp(population.model_name, "poisson_source") != 0) { /* has no membrane */
                CHECK_OK(snn_get_membrane_potentials(handle, population.name, values, population.size));
                hash = hash_bytes(hash, values, population.size * sizeof *values);
            }
            if (strcmp(population.model_name, "leaky_integrator") == 0) continue;
            CHECK_OK(snn_session_get_spikes(handle, p, 0, &neurons, &count));
            hash = hash_bytes(hash, neurons, count * sizeof *neurons);
            *out_spike_count += count;
        }
    }
    return hash;
}

#endif
