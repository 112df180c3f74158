/* A first network in C: four neurons with inputs of different strength. It is built, run, saved, loaded and run again.
 *
 *     cc first_network.c -lsnn && ./a.out      (README.md: where the header and the library are) */
#include <snn/snn.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEURONS 4
#define STEPS 1000

/* The one place where errors are looked at. */
static void check(SNNStatus status) {
    if (status == SNN_OK) return;
    fprintf(stderr, "%s: %s\n", snn_status_name(status), snn_last_error());
    exit(1);
}

static SNNNetwork build(void) {
    const float weights[NEURONS] = {1.0f, 1.0f, 1.0f, 1.0f};
    SNNNetwork network;
    SNNPopulationDef population;
    SNNProjectionDef projection;
    uint32_t input, neurons;

    check(snn_network_create(1.0, &network)); /* a step of 1 ms */

    snn_population_def_default(&population);
    population.name = "input";
    population.kind = SNN_POPULATION_VALUE_INPUT;
    population.shape.dims[0] = NEURONS;
    check(snn_network_add_population(network, &population, &input));

    snn_population_def_default(&population);
    population.name = "neurons";
    population.model_name = "lif"; /* threshold 1, membrane time constant 20 ms */
    population.shape.dims[0] = NEURONS;
    check(snn_network_add_population(network, &population, &neurons));

    snn_projection_def_default(&projection);
    projection.kind = SNN_CONNECT_ONE_TO_ONE;
    projection.source = input;
    projection.target = neurons;
    projection.weights = weights;
    projection.weight_count = NEURONS;
    check(snn_network_connect(network, &projection, NULL));

    check(snn_network_finish(network));
    return network;
}

/* Runs a second of constant input and counts each neuron's spikes. */
static void run(const SNNConfig *config, const float *input, float *out_spike_counts) {
    SNNHandle session;
    const SNNRecordArray record = {1, SNN_FLOAT32, "spike_count", out_spike_counts, NEURONS};
    SNNRunDef def;
    check(snn_create_network(config, &session));
    check(snn_session_set_input(session, 0, input, NEURONS)); /* values stay until they are changed */
    snn_run_def_default(&def);
    def.step_count = STEPS;
    def.records = &record;
    def.record_count = 1;
    check(snn_session_run(session, &def));
    snn_destroy_network(session);
}

int main(void) {
    const float input[NEURONS] = {0.04f, 0.10f, 0.20f, 0.40f}; /* 0.04 a step never reaches the threshold */
    const char *path = "first_network.snn";
    float built[NEURONS], loaded[NEURONS];
    SNNNetwork network = build();
    SNNConfig config;
    int i;

    snn_config_default(&config);
    config.network = network;
    run(&config, input, built);
    check(snn_network_save(network, path));
    snn_network_release(network);

    snn_config_default(&config);
    config.file = path;
    run(&config, input, loaded);
    remove(path);

    for (i = 0; i < NEURONS; ++i) printf("input %.2f: %.0f spikes in a second\n", (double)input[i], (double)built[i]);
    if (memcmp(built, loaded, sizeof built) != 0) return 1;
    puts("the loaded network spikes the same");
    return 0;
}
