/* snn_save_state and snn_load_state: what travels, what is refused, and that refusing changes nothing. */
#include "fixtures.h"

static const char *const path = "test_state.state";

static SNNHandle open_batch(SNNNetwork network, uint32_t batch_size, uint32_t flags) {
    SNNConfig config;
    SNNHandle handle = NULL;
    snn_config_default(&config);
    config.network = network;
    config.batch_size = batch_size;
    config.flags = flags;
    if (flags) config.device = "reference";
    CHECK_OK(snn_create_network(&config, &handle));
    return handle;
}

static void read_cells(SNNHandle handle, float v[3]) { CHECK_OK(snn_get_membrane_potentials(handle, "cells", v, 3)); }

static void everything_a_step_depends_on_travels(void) {
    SNNNetwork network = make_chain();
    SNNHandle from = open_batch(network, 1, 0), to = open_session(network, "reference");
    const double threshold = 4.0;
    const float weights[3] = {0.25f, 1.0f, 3.0f};
    float a[3], b[3];
    uint32_t steps;
    uint64_t all;
    SNNCounters counters;
    CHECK_OK(snn_session_write(from, "cells.threshold", SNN_FLOAT64, &threshold, 1));
    CHECK_OK(snn_session_write(from, "in_to_cells.weight", SNN_FLOAT32, weights, 3));
    step_chain(from);
    CHECK_OK(snn_run_step(from, 0.0016f));                      /* one step, 0.6 ms are carried */
    CHECK_OK(snn_session_set_input(from, 0, three_ones, 3));    /* for the step to come */
    CHECK_OK(snn_save_state(from, path));
    step_chain(to); /* is forgotten */
    CHECK_OK(snn_load_state(to, path));
    CHECK_OK(snn_session_step_count(to, &all));
    CHECK_EQUAL(all, 2);
    counters.struct_size = sizeof counters;
    CHECK_OK(snn_get_counters(to, &counters));
    CHECK_EQUAL(counters.steps, 2);
    CHECK_EQUAL(counters.input_spikes, 3);
    CHECK_EQUAL(counters.neuron_updates, 6);
    CHECK_OK(snn_run_step_within(from, 0.0005f, 1e30f, &steps));
    CHECK_EQUAL(steps, 1);
    CHECK_OK(snn_run_step_within(to, 0.0005f, 1e30f, &steps));
    CHECK_EQUAL(steps, 1); /* of the time that was carried */
    read_cells(from, a);
    read_cells(to, b);
    CHECK(memcmp(a, b, sizeof a) == 0);
    CHECK_NEAR(b[0], 0.5, 0); /* two inputs with the weight 0.25 */
    CHECK_NEAR(b[2], 0.0, 0); /* 6 reached the threshold of 4 */
    CHECK_OK(snn_session_reset(to));
    CHECK_OK(snn_get_counters(to, &counters));
    CHECK_EQUAL(counters.steps, 0);
    snn_destroy_network(from);
    snn_destroy_network(to);
    remove(path);
}

static void memory_holds_what_the_file_does(void) {
    SNNHandle from = open_session(make_chain(), "cpu"), to = open_session(make_chain(), "reference");
    unsigned char data[4096], file[4096];
    size_t size = 0, again = 0, read;
    float a[3], b[3];
    FILE *stream;
    step_chain(from);
    CHECK_OK(snn_save_state(from, path));
    stream = fopen(path, "rb");
    CHECK(stream != NULL);
    read = fread(file, 1, sizeof file, stream);
    fclose(stream);
    CHECK_OK(snn_save_state_memory(from, NULL, 0, &size));
    CHECK_EQUAL(size, read);
    memset(data, 7, sizeof data);
    CHECK_ERROR(snn_save_state_memory(from, data, size - 1, &again), SNN_ERROR_INVALID_ARGUMENT, "are needed");
    CHECK_EQUAL(again, size);
    CHECK(data[0] == 7);
    CHECK_OK(snn_save_state_memory(from, data, sizeof data, &again));
    CHECK_EQUAL(again, size);
    CHECK(memcmp(data, file, size) == 0 && data[size] == 7);
    CHECK_OK(snn_load_state_memory(to, data, size));
    read_cells(from, a);
    read_cells(to, b);
    CHECK(memcmp(a, b, sizeof a) == 0 && a[0] > 0);
    CHECK_ERROR(snn_load_state_memory(to, data, size - 1), SNN_ERROR_FORMAT, "data_offsets");
    CHECK_ERROR(snn_load_state_memory(to, data, 5), SNN_ERROR_FORMAT, "the file has 5 bytes");
    CHECK_ERROR(snn_load_state_memory(to, NULL, 5), SNN_ERROR_INVALID_ARGUMENT, "data is null");
    CHECK_ERROR(snn_save_state_memory(from, NULL, 5, &again), SNN_ERROR_INVALID_ARGUMENT, "out_data is null");
    CHECK_ERROR(snn_save_state_memory(from, data, sizeof data, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_size_bytes");
    read_cells(to, b);
    CHECK(memcmp(a, b, sizeof a) == 0);
    snn_destroy_network(from);
    snn_destroy_network(to);
    remove(path);
}

/* Traces and weights: the session that loads learns what the one that saved would have learned. */
static void what_plasticity_remembers_travels(void) {
    static const uint64_t rows[4] = {0, 2, 3, 4};
    static const uint32_t targets[4] = {0, 1, 1, 2};
    static const float first[4] = {0.5f, 0.5f, 0.5f, 0.5f};
    SNNNetwork network = NULL;
    SNNProjectionDef def;
    SNNHandle from, to;
    float before[4], a[4], b[4];
    int step;
    CHECK_OK(snn_network_create(1.0, &network));
    add_input(network, "in", SNN_POPULATION_SPIKE_INPUT, 3);
    add_neurons(network, "cells", "lif", 3);
    snn_projection_def_default(&def);
    def.kind = SNN_CONNECT_SPARSE;
    def.name = "p";
    def.source = 0;
    def.target = 1;
    def.weights = first;
    def.weight_count = 4;
    def.row_offsets = rows;
    def.row_offset_count = 4;
    def.synapse_targets = targets;
    def.synapse_count = 4;
    CHECK_OK(snn_network_connect(network, &def, NULL));
    CHECK_OK(snn_network_set_plasticity(network, 0, "pair_stdp", NULL));
    CHECK_OK(snn_network_finish(network));
    from = open_batch(network, 1, 0);
    to = open_session(network, "reference");
    for (step = 0; step < 4; ++step) step_chain(from);
    CHECK_OK(snn_session_read(from, "p.weight", SNN_FLOAT32, before, 4));
    CHECK_OK(snn_save_state(from, path));
    step_chain(to); /* is forgotten */
    CHECK_OK(snn_load_state(to, path));
    CHECK_OK(snn_session_read(to, "p.weight", SNN_FLOAT32, b, 4));
    CHECK(memcmp(before, b, sizeof b) == 0);
    for (step = 0; step < 3; ++step) {
        step_chain(from);
        step_chain(to);
    }
    CHECK_OK(snn_session_read(from, "p.weight", SNN_FLOAT32, a, 4));
    CHECK_OK(snn_session_read(to, "p.weight", SNN_FLOAT32, b, 4));
    CHECK(memcmp(a, b, sizeof a) == 0);
    CHECK(memcmp(a, before, sizeof a) != 0);
    CHECK(memcmp(before, first, sizeof before) != 0);
    snn_destroy_network(from);
    snn_destroy_network(to);
    snn_network_release(network);
    remove(path);
}

/* What a session had of its own goes when a state without it comes. */
static void weights_and_parameters_go_back_to_those_of_the_network(void) {
    SNNNetwork network = make_chain();
    SNNHandle from = open_batch(network, 1, 0), to = open_session(network, NULL);
    const double threshold = 4.0;
    const float weights[3] = {9, 9, 9};
    double value = 0;
    float back[3];
    CHECK_OK(snn_save_state(from, path));
    CHECK_OK(snn_session_write(to, "cells.threshold", SNN_FLOAT64, &threshold, 1));
    CHECK_OK(snn_session_write(to, "in_to_cells.weight", SNN_FLOAT32, weights, 3));
    CHECK_OK(snn_load_state(to, path));
    CHECK_OK(snn_session_read(to, "cells.threshold", SNN_FLOAT64, &value, 1));
    CHECK_NEAR(value, 1.0, 0);
    CHECK_OK(snn_session_read(to, "in_to_cells.weight", SNN_FLOAT32, back, 3));
    CHECK_NEAR(back[0], 0.5, 0);
    step_chain(to);
    read_cells(to, back);
    CHECK_NEAR(back[0], 0.5, 0);
    snn_destroy_network(from);
    snn_destroy_network(to);
    remove(path);
}

static SNNNetwork chain_with(double dt_ms, const char *name, uint32_t size, const char *model, const float *weights,
                             uint32_t delay) {
    SNNNetwork network = NULL;
    SNNProjectionDef def;
    CHECK_OK(snn_network_create(dt_ms, &network));
    add_input(network, "in", SNN_POPULATION_SPIKE_INPUT, size);
    add_neurons(network, name, model, size);
    snn_projection_def_default(&def);
    def.kind = SNN_CONNECT_ONE_TO_ONE;
    def.name = "in_to_cells";
    def.source = 0;
    def.target = 1;
    def.delay_steps = delay;
    def.weights = weights;
    def.weight_count = size;
    CHECK_OK(snn_network_connect(network, &def, NULL));
    CHECK_OK(snn_network_finish(network));
    return network;
}

static void a_state_of_another_network_is_refused_and_named(void) {
    static const float weights[4] = {0.5f, 1.0f, 2.0f, 3.0f}, others[3] = {0.5f, 1.0f, 2.5f};
    struct {
        double dt_ms;
        const char *name;
        uint32_t size;
        const char *model;
        const float *weights;
        uint32_t delay;
        const char *sentence;
    } const different[] = {
        {0.5, "cells", 3, "adder", weights, 0, "dt 0.5 ms"},
        {1.0, "nerves", 3, "adder", weights, 0, "'nerves'; in the network that was saved it was 'cells'"},
        {1.0, "cells", 4, "adder", weights, 0, "shape (4)"},
        {1.0, "cells", 3, "lif", weights, 0, "model 'lif'"},
        {1.0, "cells", 3, "adder", others, 0, "other weights"},
        {1.0, "cells", 3, "adder", weights, 2, "delay 2"},
    };
    SNNNetwork network = make_chain();
    SNNHandle from = open_batch(network, 1, 0), other = open_batch(network, 2, 0), exact = open_batch(network, 1, SNN_FLAG_FLOAT64);
    size_t i;
    snn_network_release(network);
    step_chain(from);
    CHECK_OK(snn_save_state(from, path));
    CHECK_ERROR(snn_load_state(other, path), SNN_ERROR_INVALID_ARGUMENT, "batch_size 2");
    CHECK_ERROR(snn_load_state(exact, path), SNN_ERROR_UNSUPPORTED, "float64");
    CHECK_ERROR(snn_save_state(exact, path), SNN_ERROR_UNSUPPORTED, "float64");
    for (i = 0; i < COUNT(different); ++i) {
        SNNHandle to = open_session(chain_with(different[i].dt_ms, different[i].name, different[i].size, different[i].model,
                                               different[i].weights, different[i].delay),
                                    NULL);
        CHECK_ERROR(snn_load_state(to, path), SNN_ERROR_INVALID_ARGUMENT, different[i].sentence);
        CHECK_ERROR(snn_load_state(to, path), SNN_ERROR_INVALID_ARGUMENT, path);
        snn_destroy_network(to);
    }
    snn_destroy_network(from);
    snn_destroy_network(other);
    snn_destroy_network(exact);
    remove(path);
}

static void what_is_no_state_is_refused_and_changes_nothing(void) {
    SNNNetwork network = make_chain();
    SNNHandle handle = open_batch(network, 1, 0);
    float before[3], after[3];
    FILE *file;
    step_chain(handle);
    read_cells(handle, before);
    CHECK_ERROR(snn_load_state(handle, "no_such.state"), SNN_ERROR_IO, "no_such.state");
    CHECK_ERROR(snn_save_state(handle, "no_such_folder/x.state"), SNN_ERROR_IO, "no_such_folder");
    CHECK_ERROR(snn_load_state(handle, NULL), SNN_ERROR_INVALID_ARGUMENT, "path");
    CHECK_ERROR(snn_save_state(NULL, path), SNN_ERROR_INVALID_HANDLE, "handle");
    CHECK_OK(snn_network_save(network, path));
    CHECK_ERROR(snn_load_state(handle, path), SNN_ERROR_FORMAT, "but a network");
    CHECK_OK(snn_save_state(handle, path));
    CHECK_ERROR(snn_load_weights(handle, path), SNN_ERROR_FORMAT, "not a .snn file");
    file = fopen(path, "wb");
    CHECK(file != NULL);
    if (file) {
        CHECK(fwrite("12345678901234567890", 1, 20, file) == 20);
        CHECK(fclose(file) == 0);
    }
    CHECK_ERROR(snn_load_state(handle, path), SNN_ERROR_FORMAT, "not a state file");
    read_cells(handle, after);
    CHECK(memcmp(before, after, sizeof before) == 0);
    snn_network_release(network);
    snn_destroy_network(handle);
    remove(path);
}

static void SNN_CALL save_inside(SNNHandle handle, const SNNSpikes *spikes, void *user) {
    (void)spikes;
    CHECK_ERROR(snn_save_state(handle, path), SNN_ERROR_BUSY, "callback");
    CHECK_ERROR(snn_load_state(handle, path), SNN_ERROR_BUSY, "callback");
    ++*(int *)user;
}

static void a_callback_may_not_save(void) {
    SNNHandle handle = open_chain();
    int calls = 0;
    CHECK_OK(snn_register_spike_callback(handle, save_inside, &calls));
    step_chain(handle);
    CHECK(calls > 0);
    snn_destroy_network(handle);
}

static const CheckCase cases[] = {
    CASE(everything_a_step_depends_on_travels),
    CASE(memory_holds_what_the_file_does),
    CASE(what_plasticity_remembers_travels),
    CASE(weights_and_parameters_go_back_to_those_of_the_network),
    CASE(a_state_of_another_network_is_refused_and_named),
    CASE(what_is_no_state_is_refused_and_changes_nothing),
    CASE(a_callback_may_not_save),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
