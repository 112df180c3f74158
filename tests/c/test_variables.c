/* Variables of a session, read and written by path, and weights from the file of another network. */
#include "fixtures.h"

static void variables_are_read_and_written_by_path(void) {
    SNNHandle handle = open_chain();
    const double states[3] = {0.25, -0.5, 0.75};
    double as_double[3];
    float as_float[3], weight[3];
    int32_t as_int[3];
    uint8_t as_byte[3];
    size_t count = 0;
    CHECK_OK(snn_session_value_count(handle, "cells.v", &count));
    CHECK_EQUAL(count, 3);
    CHECK_OK(snn_session_write(handle, "cells.v", SNN_FLOAT64, states, 3));
    CHECK_OK(snn_session_read(handle, "cells.v", SNN_FLOAT32, as_float, 3));
    CHECK_OK(snn_session_read(handle, "cells.v", SNN_FLOAT64, as_double, 3));
    CHECK_NEAR(as_float[1], -0.5, 0);
    CHECK_NEAR(as_double[2], 0.75, 0);
    step_chain(handle);
    CHECK_OK(snn_session_read(handle, "cells.spikes", SNN_UINT8, as_byte, 3));
    CHECK(as_byte[0] == 0 && as_byte[1] == 0 && as_byte[2] == 1); /* 0.75, 0.5 and 2.75 against 1 */
    CHECK_OK(snn_session_read(handle, "cells.spikes", SNN_INT32, as_int, 3));
    CHECK_EQUAL(as_int[2], 1);
    CHECK_OK(snn_session_read(handle, "in.spikes", SNN_FLOAT32, as_float, 3));
    CHECK_NEAR(as_float[0], 1.0, 0);
    CHECK_OK(snn_session_read(handle, "in_to_cells.weight", SNN_FLOAT32, weight, 3));
    CHECK_NEAR(weight[2], 2.0, 0);
    weight[0] = 4.0f;
    CHECK_OK(snn_session_write(handle, "in_to_cells.weight", SNN_FLOAT32, weight, 3));
    CHECK_OK(snn_session_reset(handle)); /* weights stay */
    step_chain(handle);
    CHECK_OK(snn_session_read(handle, "cells.spikes", SNN_UINT8, as_byte, 3));
    CHECK_EQUAL(as_byte[0], 1);
    snn_destroy_network(handle);
}

/* Two LIF neurons without input, whose refractory counter is a state of whole numbers. */
static SNNHandle open_lif(void) {
    SNNNetwork network = new_network();
    SNNConfig config;
    SNNHandle handle;
    add_neurons(network, "lif", "lif", 2);
    CHECK_OK(snn_network_finish(network));
    snn_config_default(&config);
    config.network = network;
    CHECK_OK(snn_create_network(&config, &handle));
    snn_network_release(network);
    return handle;
}

static void whole_states_take_whole_numbers_only(void) {
    SNNHandle handle = open_lif();
    const char *const path = "lif.refractory_left";
    const double half[2] = {3.0, 0.5}, large[2] = {1e20, 0.0}, ends[2] = {-2147483648.0, 2147483647.0};
    const double beyond[2] = {0.0, 2147483648.0};
    const float half32[2] = {0.25f, 1.0f};
    const int32_t counts[2] = {7, 16777217}; /* the second is no float32 number */
    int32_t read[2] = {0, 0};
    CHECK_OK(snn_session_write(handle, path, SNN_INT32, counts, 2));
    CHECK_ERROR(snn_session_write(handle, path, SNN_FLOAT64, half, 2), SNN_ERROR_INVALID_ARGUMENT, "value [1] is 0.5");
    CHECK_ERROR(snn_session_write(handle, path, SNN_FLOAT64, large, 2), SNN_ERROR_INVALID_ARGUMENT, "value [0] is 1e+20");
    CHECK_ERROR(snn_session_write(handle, path, SNN_FLOAT64, beyond, 2), SNN_ERROR_INVALID_ARGUMENT,
                "value [1] is 2.14748365e+09");
    CHECK_ERROR(snn_session_write(handle, path, SNN_FLOAT32, half32, 2), SNN_ERROR_INVALID_ARGUMENT, "whole numbers");
    CHECK_OK(snn_session_read(handle, path, SNN_INT32, read, 2));
    CHECK(read[0] == 7 && read[1] == 16777217); /* nothing of a refused write arrives */
    CHECK_OK(snn_session_write(handle, path, SNN_FLOAT64, ends, 2));
    CHECK_OK(snn_session_read(handle, path, SNN_INT32, read, 2));
    CHECK(read[0] == INT32_MIN && read[1] == INT32_MAX);
    snn_destroy_network(handle);
}

static void whole_states_are_recorded_as_whole_numbers(void) {
    SNNHandle handle = open_lif();
    const int32_t counts[2] = {5, 16777219};
    int32_t recorded[2][2];
    SNNRecordArray record = {0, SNN_INT32, "refractory_left", recorded, 4};
    SNNRunDef run;
    snn_run_def_default(&run);
    run.step_count = 2;
    run.records = &record;
    run.record_count = 1;
    CHECK_OK(snn_session_write(handle, "lif.refractory_left", SNN_INT32, counts, 2));
    CHECK_OK(snn_session_run(handle, &run));
    CHECK(recorded[0][0] == 4 && recorded[0][1] == 16777218); /* one step less at each step */
    CHECK(recorded[1][0] == 3 && recorded[1][1] == 16777217);
    record.variable = "v";
    CHECK_ERROR(snn_session_run(handle, &run), SNN_ERROR_INVALID_ARGUMENT, "SNN_FLOAT32 or SNN_FLOAT64");
    snn_destroy_network(handle);
}

static void paths_and_counts_are_checked(void) {
    SNNHandle handle = open_chain();
    float values[3] = {0, 0, 0};
    size_t count = 77;
    CHECK_ERROR(snn_session_read(handle, "cells", SNN_FLOAT32, values, 3), SNN_ERROR_NOT_FOUND, "cells");
    CHECK_ERROR(snn_session_read(handle, "cells.u", SNN_FLOAT32, values, 3), SNN_ERROR_NOT_FOUND, "v");
    CHECK_ERROR(snn_session_read(handle, "sells.v", SNN_FLOAT32, values, 3), SNN_ERROR_NOT_FOUND, "sells");
    CHECK_ERROR(snn_session_read(handle, "in_to_cells.delay", SNN_FLOAT32, values, 3), SNN_ERROR_NOT_FOUND, "weight");
    CHECK_ERROR(snn_session_read(handle, "in_to_cells.bias", SNN_FLOAT32, values, 3), SNN_ERROR_NOT_FOUND, "bias");
    CHECK_ERROR(snn_session_read(handle, "in.v", SNN_FLOAT32, values, 3), SNN_ERROR_NOT_FOUND, "in");
    CHECK_ERROR(snn_session_read(handle, "", SNN_FLOAT32, values, 3), SNN_ERROR_NOT_FOUND, "");
    CHECK_ERROR(snn_session_read(handle, NULL, SNN_FLOAT32, values, 3), SNN_ERROR_INVALID_ARGUMENT, "path");
    CHECK_ERROR(snn_session_read(handle, "cells.v", SNN_FLOAT32, values, 2), SNN_ERROR_INVALID_ARGUMENT, "2");
    CHECK_ERROR(snn_session_read(handle, "cells.v", 4, values, 3), SNN_ERROR_INVALID_ARGUMENT, "4");
    CHECK_ERROR(snn_session_read(handle, "cells.v", SNN_FLOAT32, NULL, 3), SNN_ERROR_INVALID_ARGUMENT, "out_data");
    CHECK_ERROR(snn_session_write(handle, "cells.v", SNN_FLOAT32, NULL, 3), SNN_ERROR_INVALID_ARGUMENT, "data");
    CHECK_ERROR(snn_session_write(handle, "cells.v", SNN_FLOAT32, values, 4), SNN_ERROR_INVALID_ARGUMENT, "4");
    CHECK_ERROR(snn_session_write(handle, "cells.spikes", SNN_FLOAT32, values, 3), SNN_ERROR_INVALID_ARGUMENT, "read");
    CHECK_ERROR(snn_session_read(handle, "in_to_cells.weight.gradient", SNN_FLOAT32, values, 3), SNN_ERROR_STATE, "backward");
    CHECK_ERROR(snn_session_value_count(handle, "cells.u", &count), SNN_ERROR_NOT_FOUND, "v");
    CHECK_EQUAL(count, 77);
    values[2] = NAN;
    CHECK_ERROR(snn_session_write(handle, "cells.v", SNN_FLOAT32, values, 3), SNN_ERROR_INVALID_ARGUMENT, "[2]");
    CHECK_ERROR(snn_session_write(handle, "in_to_cells.weight", SNN_FLOAT32, values, 3), SNN_ERROR_INVALID_ARGUMENT, "[2]");
    CHECK_ERROR(snn_get_membrane_potentials(handle, "cells", values, 4), SNN_ERROR_INVALID_ARGUMENT, "4");
    CHECK_ERROR(snn_get_membrane_potentials(handle, "in", values, 3), SNN_ERROR_INVALID_ARGUMENT, "in");
    CHECK_ERROR(snn_get_membrane_potentials(handle, "nobody", values, 3), SNN_ERROR_NOT_FOUND, "cells");
    CHECK_ERROR(snn_get_membrane_potentials(handle, NULL, values, 3), SNN_ERROR_INVALID_ARGUMENT, "population");
    CHECK_ERROR(snn_get_membrane_potentials(handle, "cells", NULL, 3), SNN_ERROR_INVALID_ARGUMENT, "out_potentials");
    snn_destroy_network(handle);
}

/* Two spike inputs with a delay of 2 onto the cells, so that the input and the cells keep a history. */
static void the_history_of_spikes_takes_zero_and_one(void) {
    static const char *const devices[] = {"cpu", "reference"};
    const float weights[2] = {0.5f, 0.5f}, recurrent[4] = {0}, whole[4] = {1, 0, 0, 1}, half[4] = {1, 0, 0.5f, 1};
    const double negative[4] = {0, -1, 0, 0};
    size_t i;
    for (i = 0; i < COUNT(devices); ++i) {
        SNNNetwork network = new_network();
        SNNProjectionDef def;
        SNNHandle handle;
        float values[4] = {0.5f, -3, 0, 1};
        add_input(network, "in", SNN_POPULATION_VALUE_INPUT, 2);
        add_neurons(network, "cells", "adder", 2);
        def = projection(SNN_CONNECT_ONE_TO_ONE, weights, 2);
        def.delay_steps = 2;
        CHECK_OK(snn_network_connect(network, &def, NULL));
        def = projection(SNN_CONNECT_DENSE, recurrent, 4);
        def.source = 1;
        def.delay_steps = 2;
        CHECK_OK(snn_network_connect(network, &def, NULL));
        CHECK_OK(snn_network_finish(network));
        handle = open_session(network, devices[i]);
        CHECK_OK(snn_session_write(handle, "cells.history", SNN_FLOAT32, whole, 4));
        CHECK_ERROR(snn_session_write(handle, "cells.history", SNN_FLOAT32, half, 4), SNN_ERROR_INVALID_ARGUMENT,
                    "'cells.history': value [2] is 0.5");
        CHECK_ERROR(snn_session_write(handle, "cells.history", SNN_FLOAT64, negative, 4), SNN_ERROR_INVALID_ARGUMENT,
                    "value [1] is -1");
        CHECK_OK(snn_session_write(handle, "in.history", SNN_FLOAT32, values, 4)); /* values may be any */
        snn_destroy_network(handle);
    }
}

static void parameters_change_for_one_session(void) {
    SNNNetwork network = make_chain(), changed = NULL;
    SNNHandle handle, other;
    SNNConfig config;
    double value = 0, values[3] = {0.5, 1.5, 4.0}, back[3];
    float v[3];
    size_t count = 3;
    snn_config_default(&config);
    config.network = network;
    CHECK_OK(snn_create_network(&config, &other));
    handle = open_session(network, NULL);
    CHECK_OK(snn_session_value_count(handle, "cells.threshold", &count));
    CHECK_EQUAL(count, 1);
    CHECK_OK(snn_session_read(handle, "cells.threshold", SNN_FLOAT64, &value, 1));
    CHECK_NEAR(value, 1.0, 0);
    CHECK_OK(snn_session_write(handle, "cells.threshold", SNN_FLOAT64, values, 3));
    CHECK_OK(snn_session_value_count(handle, "cells.threshold", &count));
    CHECK_EQUAL(count, 3);
    CHECK_OK(snn_session_read(handle, "cells.threshold", SNN_FLOAT64, back, 3));
    CHECK(memcmp(back, values, sizeof back) == 0);
    step_chain(handle); /* inputs of 0.5, 1 and 2 meet thresholds of 0.5, 1.5 and 4 */
    CHECK_OK(snn_get_membrane_potentials(handle, "cells", v, 3));
    CHECK_NEAR(v[0], 0.0, 0);
    CHECK_NEAR(v[1], 1.0, 0);
    CHECK_NEAR(v[2], 2.0, 0);
    step_chain(other); /* thresholds of 1 */
    CHECK_OK(snn_get_membrane_potentials(other, "cells", v, 3));
    CHECK_NEAR(v[0], 0.5, 0);
    CHECK_NEAR(v[1], 0.0, 0);
    value = -1.0;
    CHECK_ERROR(snn_session_write(handle, "cells.threshold", SNN_FLOAT64, &value, 1), SNN_ERROR_INVALID_ARGUMENT, "above 0");
    CHECK_ERROR(snn_session_write(handle, "cells.threshold", SNN_FLOAT64, values, 2), SNN_ERROR_INVALID_ARGUMENT, "threshold");
    CHECK_ERROR(snn_session_write(handle, "cells.thresh", SNN_FLOAT64, values, 1), SNN_ERROR_NOT_FOUND, "v, threshold");
    CHECK_OK(snn_session_reset(handle)); /* keeps them */
    step_chain(handle);
    CHECK_OK(snn_get_membrane_potentials(handle, "cells", v, 3));
    CHECK_NEAR(v[2], 2.0, 0);
    CHECK_OK(snn_session_to_network(handle, &changed));
    count = 3;
    CHECK_OK(snn_network_get_parameter(changed, 1, "threshold", back, &count));
    CHECK_EQUAL(count, 3);
    CHECK(memcmp(back, values, sizeof back) == 0);
    snn_network_release(changed);
    snn_destroy_network(handle);
    snn_destroy_network(other);
}

static void sessions_share_weights_until_one_writes(void) {
    SNNNetwork network = make_chain(), changed = NULL;
    SNNConfig config;
    SNNHandle writer, reader;
    const float weights[3] = {9, 9, 9};
    float read[3];
    snn_config_default(&config);
    config.network = network;
    CHECK_OK(snn_create_network(&config, &writer));
    CHECK_OK(snn_create_network(&config, &reader));
    CHECK_OK(snn_session_write(writer, "in_to_cells.weight", SNN_FLOAT32, weights, 3));
    CHECK_OK(snn_session_read(reader, "in_to_cells.weight", SNN_FLOAT32, read, 3));
    CHECK_NEAR(read[0], 0.5, 0);
    CHECK_NEAR(arrays_of(network, 0).weights[0], 0.5, 0);
    CHECK_OK(snn_session_to_network(writer, &changed));
    CHECK_NEAR(arrays_of(changed, 0).weights[0], 9.0, 0);
    snn_network_release(changed);
    snn_destroy_network(writer);
    snn_destroy_network(reader);
    snn_network_release(network);
}

/* Spike input (channels, 4, 9) -> convolution -> adders (2, height, width). */
static SNNNetwork make_window(uint32_t channels, uint32_t kernel_y, uint32_t kernel_x, uint32_t groups) {
    const SNNShape shapes[2] = {{3, {channels, 4, 9}}, {3, {2, 5 - kernel_y, 10 - kernel_x}}};
    SNNNetwork network = new_network();
    SNNPopulationDef population;
    SNNProjectionDef def = projection(SNN_CONNECT_CONV2D, NULL, 0);
    snn_population_def_default(&population);
    population.kind = SNN_POPULATION_SPIKE_INPUT;
    population.name = "in";
    population.shape = shapes[0];
    CHECK_OK(snn_network_add_population(network, &population, NULL));
    snn_population_def_default(&population);
    population.name = "cells";
    population.model_name = "lif";
    population.shape = shapes[1];
    CHECK_OK(snn_network_add_population(network, &population, NULL));
    def.kernel[0] = kernel_y;
    def.kernel[1] = kernel_x;
    def.groups = groups;
    CHECK_OK(snn_network_connect(network, &def, NULL));
    CHECK_OK(snn_network_finish(network));
    return network;
}

static SNNNetwork make_dense(uint32_t source, uint32_t target) {
    SNNNetwork network = new_network();
    add_input(network, "in", SNN_POPULATION_SPIKE_INPUT, source);
    add_neurons(network, "cells", "adder", target);
    connect(network, SNN_CONNECT_DENSE, 0, 1, NULL, 0);
    CHECK_OK(snn_network_finish(network));
    return network;
}

/* Opens the first network; the second, from a file, must not be taken although it has as many weights. */
static void refuses_weights(SNNNetwork mine, SNNNetwork theirs, const char *words) {
    const char *path = temporary_path("other.snn");
    SNNHandle handle = open_session(mine, NULL);
    CHECK_OK(snn_network_save(theirs, path));
    snn_network_release(theirs);
    CHECK_ERROR(snn_load_weights(handle, path), SNN_ERROR_INVALID_ARGUMENT, words);
    remove(path);
    snn_destroy_network(handle);
}

static void weights_of_other_shapes_are_refused(void) {
    refuses_weights(make_dense(3, 2), make_dense(2, 3),
                    "'in_to_cells' is dense from 3 to 2; in the file it is dense from 2 to 3");
    refuses_weights(make_window(1, 3, 3, 1), make_window(1, 1, 9, 1), "kernel 1 x 9");
    refuses_weights(make_window(4, 3, 3, 2), make_window(2, 3, 3, 1), "groups 2; in the file it is conv2d from (2, 4, 9)");
    refuses_weights(make_chain(), make_dense(1, 3), "is one-to-one from 3 to 3; in the file it is dense from 1 to 3");
}

static const CheckCase cases[] = {
    CASE(variables_are_read_and_written_by_path),
    CASE(whole_states_take_whole_numbers_only),
    CASE(whole_states_are_recorded_as_whole_numbers),
    CASE(paths_and_counts_are_checked),
    CASE(the_history_of_spikes_takes_zero_and_one),
    CASE(parameters_change_for_one_session),
    CASE(sessions_share_weights_until_one_writes),
    CASE(weights_of_other_shapes_are_refused),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
