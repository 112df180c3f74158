/* Sessions: opening, input, stepping, reading and writing state, the simple level, spike callbacks. */
#include <math.h>

#include <stddef.h>

#include "fixtures.h"

/* ---- Opening ---- */

static void SNN_CALL one_by_one(void *user, uint32_t count, void(SNN_CALL *task)(void *context, uint32_t index),
                                void *context) {
    uint32_t i;
    (void)user;
    for (i = 0; i < count; ++i) task(context, i);
}

static void configurations_are_checked(void) {
    SNNNetwork network = make_chain();
    SNNConfig config;
    SNNHandle handle = NULL;
    SNNAllocator allocator = {sizeof allocator, NULL, NULL, NULL};
    SNNJobSystem job_system = {sizeof job_system, 1, NULL, NULL};
    snn_config_default(&config);
    CHECK_EQUAL(config.batch_size, 1);
    CHECK_EQUAL(config.thread_count, 1);
    CHECK_EQUAL(config.max_catch_up_steps, 0); /* a time */
    CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_INVALID_ARGUMENT, "neither");
    config.file = "no_such_file.snn";
    CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_IO, "no_such_file.snn");
    config.network = network;
    CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_INVALID_ARGUMENT, "both");
    config.file = NULL;
    config.device = "quantum";
    CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_NOT_FOUND, "cpu");
    config.device = NULL;
    config.batch_size = 0;
    CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_INVALID_ARGUMENT, "batch_size");
    config.batch_size = UINT32_MAX;
    CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_INVALID_ARGUMENT, "batch_size");
    config.batch_size = 1;
    config.thread_count = 1u << 30;
    CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_INVALID_ARGUMENT, "thread_count");
    config.thread_count = 1;
    config.instruction_set = 5;
    CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_INVALID_ARGUMENT, "instruction_set");
    config.instruction_set = 0;
    config.flags = 0x80;
    CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_INVALID_ARGUMENT, "flags");
    config.flags = SNN_FLAG_FLOAT64;
    CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_UNSUPPORTED, "");
    config.flags = 0;
    config.allocator = &allocator;
    CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_INVALID_ARGUMENT, "allocator");
    allocator.struct_size = 0;
    CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_VERSION, "allocator->struct_size");
    config.allocator = NULL;
    config.job_system = &job_system;
    CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_INVALID_ARGUMENT, "parallel_for");
    job_system.parallel_for = one_by_one;
    job_system.worker_count = 0;
    CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_INVALID_ARGUMENT, "worker_count is 0");
    job_system.worker_count = 1025;
    CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_INVALID_ARGUMENT, "worker_count is 1025");
    job_system.struct_size -= 1;
    CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_VERSION, "job_system->struct_size");
    config.job_system = NULL;
    config.struct_size = 3;
    CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_VERSION, "struct_size");
    config.struct_size = sizeof config + 4;
    CHECK_ERROR(snn_create_network(&config, &handle), SNN_ERROR_VERSION, "struct_size");
    CHECK_ERROR(snn_create_network(NULL, &handle), SNN_ERROR_INVALID_ARGUMENT, "config");
    snn_config_default(&config);
    config.network = network;
    CHECK_ERROR(snn_create_network(&config, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_handle");
    CHECK(handle == NULL);
    CHECK_OK(snn_create_network(&config, &handle));
    snn_destroy_network(handle);
    snn_network_release(network);
}

/* ---- Stepping ---- */

static void a_step_computes_what_the_model_says(void) {
    static const char *const devices[] = {"cpu", "reference"};
    size_t i;
    for (i = 0; i < COUNT(devices); ++i) {
        SNNHandle handle = open_session(make_chain(), devices[i]);
        const uint32_t *spikes;
        uint32_t count;
        uint64_t steps;
        float v[3];
        step_chain(handle);
        CHECK_OK(snn_get_membrane_potentials(handle, "cells", v, 3));
        CHECK_NEAR(v[0], 0.5, 0);
        CHECK_NEAR(v[1], 0.0, 0); /* spiked and was reset */
        CHECK_NEAR(v[2], 0.0, 0);
        CHECK_OK(snn_session_get_spikes(handle, 1, 0, &spikes, &count));
        CHECK_EQUAL(count, 2);
        CHECK(spikes[0] == 1 && spikes[1] == 2);
        CHECK_OK(snn_session_step(handle, 3)); /* spike inputs are empty again */
        CHECK_OK(snn_get_membrane_potentials(handle, "cells", v, 3));
        CHECK_NEAR(v[0], 0.5, 0);
        CHECK_OK(snn_session_get_spikes(handle, 1, 0, &spikes, &count));
        CHECK_EQUAL(count, 0);
        step_chain(handle);
        CHECK_OK(snn_session_get_spikes(handle, 1, 0, &spikes, &count));
        CHECK_EQUAL(count, 3);
        CHECK_OK(snn_session_step_count(handle, &steps));
        CHECK_EQUAL(steps, 5);
        CHECK_OK(snn_session_step(handle, 0));
        CHECK_OK(snn_session_step_count(handle, &steps));
        CHECK_EQUAL(steps, 5);
        CHECK_OK(snn_session_reset(handle));
        CHECK_OK(snn_session_step_count(handle, &steps));
        CHECK_EQUAL(steps, 0);
        CHECK_OK(snn_session_get_spikes(handle, 1, 0, &spikes, &count));
        CHECK_EQUAL(count, 0);
        snn_destroy_network(handle);
    }
}

static void the_null_device_counts_and_computes_nothing(void) {
    SNNHandle handle = open_session(make_chain(), "null");
    uint64_t steps;
    float v[3] = {1, 1, 1};
    step_chain(handle);
    CHECK_OK(snn_session_step_count(handle, &steps));
    CHECK_EQUAL(steps, 1);
    CHECK_OK(snn_get_membrane_potentials(handle, "cells", v, 3));
    CHECK_NEAR(v[0], 0.0, 0);
    snn_destroy_network(handle);
}

static void a_frame_advances_whole_steps_and_carries_the_rest(void) {
    SNNHandle handle = open_chain(); /* dt 1 ms; at most 250 steps a frame */
    const float wrong[] = {-0.001f, NAN, INFINITY, -INFINITY};
    uint64_t steps;
    size_t i;
    int frame;
    CHECK_OK(snn_run_step(handle, 0.0025f));
    CHECK_OK(snn_session_step_count(handle, &steps));
    CHECK_EQUAL(steps, 2);
    CHECK_OK(snn_run_step(handle, 0.0006f));
    CHECK_OK(snn_session_step_count(handle, &steps));
    CHECK_EQUAL(steps, 3);
    CHECK_OK(snn_run_step(handle, 0.0f));
    CHECK_OK(snn_run_step(handle, 5.0f)); /* capped; the time beyond is dropped */
    CHECK_OK(snn_session_step_count(handle, &steps));
    CHECK_EQUAL(steps, 253);
    CHECK_OK(snn_run_step(handle, 0.0005f));
    CHECK_OK(snn_session_step_count(handle, &steps));
    CHECK_EQUAL(steps, 253);
    for (i = 0; i < COUNT(wrong); ++i)
        CHECK_ERROR(snn_run_step(handle, wrong[i]), SNN_ERROR_INVALID_ARGUMENT, "frame_dt");
    CHECK_OK(snn_session_reset(handle));
    for (frame = 0; frame < 6000; ++frame) CHECK_OK(snn_run_step(handle, 1.0f / 60.0f)); /* 100 s at 60 frames */
    CHECK_OK(snn_session_step_count(handle, &steps));
    CHECK(steps >= 99999 && steps <= 100001);
    snn_destroy_network(handle);
}

static void a_budget_of_time_carries_steps_to_the_next_frame(void) {
    SNNHandle handle = open_chain(); /* dt 1 ms; at most 250 steps a frame */
    const float wrong[] = {-0.001f, NAN, -INFINITY};
    uint32_t steps = 77;
    uint64_t all;
    size_t i;
    for (i = 0; i < COUNT(wrong); ++i) {
        CHECK_ERROR(snn_run_step_within(handle, 0.005f, wrong[i], &steps), SNN_ERROR_INVALID_ARGUMENT, "budget_s");
        CHECK_ERROR(snn_run_step_within(handle, wrong[i], 1.0f, &steps), SNN_ERROR_INVALID_ARGUMENT, "frame_dt");
    }
    CHECK_EQUAL(steps, 77);
    CHECK_OK(snn_run_step_within(handle, 0.005f, 0.0f, &steps));
    CHECK_EQUAL(steps, 1);
    CHECK_OK(snn_run_step_within(handle, 0.0f, 0.0f, &steps));
    CHECK_EQUAL(steps, 1);
    CHECK_OK(snn_run_step_within(handle, 0.0005f, INFINITY, &steps));
    CHECK_EQUAL(steps, 3);
    CHECK_OK(snn_run_step_within(handle, 0.0f, 0.0f, NULL));
    CHECK_OK(snn_session_step_count(handle, &all));
    CHECK_EQUAL(all, 5);
    CHECK_OK(snn_run_step_within(handle, 9.0f, 0.0f, &steps)); /* 250 steps are due, the time beyond is dropped */
    CHECK_EQUAL(steps, 1);
    CHECK_OK(snn_run_step_within(handle, 0.0f, INFINITY, &steps));
    CHECK_EQUAL(steps, 249);
    snn_destroy_network(handle);
}

/* ---- Input ---- */

static void input_is_checked(void) {
    SNNHandle handle = open_chain();
    const float half[3] = {1, 0.5f, 0}, not_finite[3] = {0, 0, NAN};
    CHECK_ERROR(snn_session_set_input(handle, 0, half, 3), SNN_ERROR_INVALID_ARGUMENT,
                "input 'in' is 0.5 at sample 0, neuron 1; a spike input takes 0 and 1 only");
    CHECK_ERROR(snn_session_set_input(handle, 0, not_finite, 3), SNN_ERROR_INVALID_ARGUMENT, "is nan at sample 0, neuron 2");
    CHECK_ERROR(snn_session_set_input(handle, 0, three_ones, 2), SNN_ERROR_INVALID_ARGUMENT, "2");
    CHECK_ERROR(snn_session_set_input(handle, 1, three_ones, 3), SNN_ERROR_INVALID_ARGUMENT, "cells");
    CHECK_ERROR(snn_session_set_input(handle, 2, three_ones, 3), SNN_ERROR_NOT_FOUND, "2");
    CHECK_ERROR(snn_session_set_input(handle, 0, NULL, 3), SNN_ERROR_INVALID_ARGUMENT, "values");
    CHECK_ERROR(snn_session_bind_input(handle, 0, three_ones, 4), SNN_ERROR_INVALID_ARGUMENT, "4");
    CHECK_ERROR(snn_session_bind_input(handle, 1, three_ones, 3), SNN_ERROR_INVALID_ARGUMENT, "cells");
    snn_destroy_network(handle);
    handle = open_session(make_classifier(), NULL);
    {
        float pixels[16] = {0};
        pixels[7] = NAN;
        CHECK_ERROR(snn_session_set_input(handle, 0, pixels, 16), SNN_ERROR_INVALID_ARGUMENT, "neuron 7");
        pixels[7] = -INFINITY;
        CHECK_ERROR(snn_session_set_input(handle, 0, pixels, 16), SNN_ERROR_INVALID_ARGUMENT, "neuron 7");
    }
    snn_destroy_network(handle);
}

static void a_sample_is_given_its_own_input(void) {
    SNNHandle handle = open_with_batch(make_chain(), NULL, 3, 1), whole = open_with_batch(make_chain(), NULL, 3, 1);
    const float frames[3][3] = {{1, 1, 0}, {0, 0, 1}, {0, 0, 0}}, half[3] = {0, 0, 0.5f};
    float v[9], expected[9];
    int i;
    for (i = 0; i < 2; ++i) {
        CHECK_OK(snn_session_set_sample_input(handle, 0, 1, three_ones, 3)); /* changed before the step */
        CHECK_OK(snn_session_set_sample_input(handle, 0, 1, frames[1], 3));
        CHECK_OK(snn_session_set_sample_input(handle, 0, 0, frames[0], 3));
        CHECK_OK(snn_session_set_input(whole, 0, frames[0], 9));
        CHECK_OK(snn_session_step(handle, 1));
        CHECK_OK(snn_session_step(whole, 1));
        CHECK_OK(snn_session_step(handle, 1)); /* spikes are gone after one step */
        CHECK_OK(snn_session_step(whole, 1));
        CHECK_OK(snn_get_membrane_potentials(handle, "cells", v, 9));
        CHECK_OK(snn_get_membrane_potentials(whole, "cells", expected, 9));
        CHECK(memcmp(v, expected, sizeof v) == 0);
        CHECK_NEAR(v[0], i == 0 ? 0.5 : 0.0, 0);
    }
    CHECK_ERROR(snn_session_set_sample_input(handle, 0, 2, half, 3), SNN_ERROR_INVALID_ARGUMENT,
                "input 'in' is 0.5 at sample 2, neuron 2; a spike input takes 0 and 1 only");
    CHECK_ERROR(snn_session_set_sample_input(handle, 0, 3, three_ones, 3), SNN_ERROR_INVALID_ARGUMENT, "sample is 3; batch_size is 3");
    CHECK_ERROR(snn_session_set_sample_input(handle, 0, 2, three_ones, 2), SNN_ERROR_INVALID_ARGUMENT,
                "input 'in' takes 3 values (of sample 2), got 2");
    CHECK_ERROR(snn_session_set_sample_input(handle, 0, 2, NULL, 3), SNN_ERROR_INVALID_ARGUMENT, "values is null");
    CHECK_ERROR(snn_session_set_sample_input(handle, 1, 0, three_ones, 3), SNN_ERROR_INVALID_ARGUMENT, "cells");
    CHECK_OK(snn_session_bind_input(handle, 0, frames[0], 9));
    CHECK_ERROR(snn_session_set_sample_input(handle, 0, 0, three_ones, 3), SNN_ERROR_STATE, "is bound to memory of the program");
    snn_destroy_network(handle);
    snn_destroy_network(whole);
}

static void values_stay_until_they_are_changed(void) {
    const float weight = 0.25f, value = 1.0f, nothing = 0.0f;
    SNNNetwork network = new_network();
    SNNHandle handle;
    float v;
    add_input(network, "in", SNN_POPULATION_VALUE_INPUT, 1);
    add_neurons(network, "cell", "adder", 1);
    connect(network, SNN_CONNECT_DENSE, 0, 1, &weight, 1);
    CHECK_OK(snn_network_finish(network));
    handle = open_session(network, NULL);
    CHECK_OK(snn_session_set_input(handle, 0, &value, 1));
    CHECK_OK(snn_session_step(handle, 3));
    CHECK_OK(snn_get_membrane_potentials(handle, "cell", &v, 1));
    CHECK_NEAR(v, 0.75, 0);
    CHECK_OK(snn_session_set_input(handle, 0, &nothing, 1));
    CHECK_OK(snn_session_step(handle, 5));
    CHECK_OK(snn_get_membrane_potentials(handle, "cell", &v, 1));
    CHECK_NEAR(v, 0.75, 0);
    snn_destroy_network(handle);
}

static void bound_input_is_read_at_each_step(void) {
    SNNHandle handle = open_chain();
    float bound[3] = {1, 0, 0}, v[3];
    CHECK_OK(snn_session_bind_input(handle, 0, bound, 3));
    CHECK_OK(snn_session_step(handle, 1));
    bound[0] = 0;
    bound[1] = 2.5f; /* other than 0: a spike */
    CHECK_OK(snn_session_step(handle, 1));
    CHECK_OK(snn_get_membrane_potentials(handle, "cells", v, 3));
    CHECK_NEAR(v[0], 0.5, 0);
    {
        const uint32_t *spikes;
        uint32_t count;
        CHECK_OK(snn_session_get_spikes(handle, 1, 0, &spikes, &count));
        CHECK_EQUAL(count, 1);
        CHECK_EQUAL(spikes[0], 1);
    }
    CHECK_ERROR(snn_session_bind_input(handle, 0, NULL, 3), SNN_ERROR_INVALID_ARGUMENT, "values is null");
    CHECK_ERROR(snn_session_set_input(handle, 0, bound, 3), SNN_ERROR_STATE, "is bound to memory of the program");
    CHECK_OK(snn_session_bind_input(handle, 0, NULL, 0));
    CHECK_OK(snn_session_step(handle, 10));
    CHECK_OK(snn_get_membrane_potentials(handle, "cells", v, 3));
    CHECK_NEAR(v[0], 0.5, 0);
    snn_destroy_network(handle);
}

static void samples_of_a_batch_are_independent(void) {
    SNNNetwork network = make_chain();
    SNNConfig config;
    SNNHandle handle;
    const float input[2][3] = {{1, 0, 0}, {0, 0, 1}};
    const uint32_t *spikes;
    uint32_t count;
    float v[6];
    snn_config_default(&config);
    config.network = network;
    config.batch_size = 2;
    CHECK_OK(snn_create_network(&config, &handle));
    CHECK_ERROR(snn_session_set_input(handle, 0, three_ones, 3), SNN_ERROR_INVALID_ARGUMENT, "6");
    CHECK_OK(snn_session_set_input(handle, 0, &input[0][0], 6));
    CHECK_OK(snn_session_step(handle, 1));
    CHECK_OK(snn_get_membrane_potentials(handle, "cells", v, 6));
    CHECK_NEAR(v[0], 0.5, 0);
    CHECK_NEAR(v[3], 0.0, 0);
    CHECK_OK(snn_session_get_spikes(handle, 1, 0, &spikes, &count));
    CHECK_EQUAL(count, 0);
    CHECK_OK(snn_session_get_spikes(handle, 1, 1, &spikes, &count));
    CHECK_EQUAL(count, 1);
    CHECK_EQUAL(spikes[0], 2);
    CHECK_ERROR(snn_session_get_spikes(handle, 1, 2, &spikes, &count), SNN_ERROR_INVALID_ARGUMENT, "2");
    snn_destroy_network(handle);
    snn_network_release(network);
}

/* Two characters of a game: one network, weights of their own. */
static void samples_have_weights_of_their_own(void) {
    SNNNetwork network = make_chain(), saved = NULL;
    SNNConfig config;
    SNNHandle handle;
    const float input[6] = {1, 0, 0, 1, 0, 0}, mine[3] = {0.25f, 0, 0};
    float all[6], v[6];
    size_t count;
    snn_config_default(&config);
    config.network = network;
    config.batch_size = 2;
    config.flags = SNN_FLAG_SAMPLE_WEIGHTS;
    CHECK_OK(snn_create_network(&config, &handle));
    CHECK_OK(snn_session_value_count(handle, "in_to_cells.weight", &count));
    CHECK_EQUAL(count, 6);
    CHECK_OK(snn_session_value_count(handle, "in_to_cells.weight[1]", &count));
    CHECK_EQUAL(count, 3);
    CHECK_ERROR(snn_session_to_network(handle, &saved), SNN_ERROR_UNSUPPORTED, "2 samples"); /* also before one is written */
    CHECK_OK(snn_session_write(handle, "in_to_cells.weight[1]", SNN_FLOAT32, mine, 3));
    CHECK_OK(snn_session_read(handle, "in_to_cells.weight", SNN_FLOAT32, all, 6));
    CHECK_NEAR(all[0], 0.5, 0);
    CHECK_NEAR(all[3], 0.25, 0);
    CHECK_OK(snn_session_set_input(handle, 0, input, 6));
    CHECK_OK(snn_session_step(handle, 1));
    CHECK_OK(snn_get_membrane_potentials(handle, "cells", v, 6));
    CHECK_NEAR(v[0], 0.5, 0);
    CHECK_NEAR(v[3], 0.25, 0);
    CHECK_ERROR(snn_session_read(handle, "in_to_cells.weight[2]", SNN_FLOAT32, all, 3), SNN_ERROR_NOT_FOUND, "[0] to [1]");
    CHECK_ERROR(snn_session_to_network(handle, &saved), SNN_ERROR_UNSUPPORTED, "2 samples");
    snn_destroy_network(handle);
    snn_network_release(network);
}

/* ---- Reading and writing ---- */

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

/* A delayed projection: history is part of the state, so a run can be resumed exactly. */
static void a_run_can_be_resumed_from_its_state(void) {
    SNNNetwork network = new_network();
    SNNProjectionDef def;
    SNNHandle first, second;
    const float weight = 0.375f, spike = 1.0f;
    float history[4], v, v_first, v_second;
    size_t count;
    int i;
    add_input(network, "in", SNN_POPULATION_SPIKE_INPUT, 1);
    add_neurons(network, "cell", "adder", 1);
    snn_projection_def_default(&def);
    def.target = 1;
    def.weights = &weight;
    def.weight_count = 1;
    def.delay_steps = 3;
    CHECK_OK(snn_network_connect(network, &def, NULL));
    CHECK_OK(snn_network_finish(network));
    CHECK_OK(snn_network_retain(network));
    first = open_session(network, NULL);
    second = open_session(network, NULL);
    CHECK_OK(snn_session_set_input(first, 0, &spike, 1));
    CHECK_OK(snn_session_step(first, 2));
    CHECK_OK(snn_session_value_count(first, "in.history", &count));
    CHECK(count == 3 || count == 4);
    CHECK_OK(snn_session_read(first, "in.history", SNN_FLOAT32, history, count));
    CHECK(history[0] == 0.0f && history[1] == 1.0f); /* the newest first: the spike came a step before the last */
    CHECK_OK(snn_session_read(first, "cell.v", SNN_FLOAT32, &v, 1));
    CHECK_NEAR(v, 0.0, 0); /* still on its way */
    CHECK_OK(snn_session_write(second, "in.history", SNN_FLOAT32, history, count));
    history[1] = 0.5f;
    CHECK_ERROR(snn_session_write(second, "in.history", SNN_FLOAT32, history, count), SNN_ERROR_INVALID_ARGUMENT,
                "value [1] is 0.5; a spike is 0 or 1");
    CHECK_OK(snn_session_write(second, "cell.v", SNN_FLOAT32, &v, 1));
    for (i = 0; i < 3; ++i) {
        CHECK_OK(snn_session_step(first, 1));
        CHECK_OK(snn_session_step(second, 1));
        CHECK_OK(snn_session_read(first, "cell.v", SNN_FLOAT32, &v_first, 1));
        CHECK_OK(snn_session_read(second, "cell.v", SNN_FLOAT32, &v_second, 1));
        CHECK_NEAR(v_first, i < 1 ? 0.0 : 0.375, 0); /* the spike of step 0 arrives at step 3 */
        CHECK_NEAR(v_second, v_first, 0);
    }
    snn_destroy_network(first);
    snn_destroy_network(second);
}

/* ---- Spike callbacks ---- */

typedef struct Heard {
    int calls, spikes, right_sizes;
    uint64_t last_step;
    SNNStatus step, write, read;
} Heard;

static void SNN_CALL hear(SNNHandle handle, const SNNSpikes *spikes, void *user) {
    Heard *heard = user;
    const float zero[3] = {0, 0, 0};
    float v[3];
    heard->calls += 1;
    heard->right_sizes += spikes->struct_size == sizeof *spikes;
    heard->spikes += (int)spikes->count;
    heard->last_step = spikes->step;
    heard->read = snn_get_membrane_potentials(handle, "cells", v, 3);
    heard->step = snn_session_step(handle, 1);
    heard->write = snn_session_write(handle, "cells.v", SNN_FLOAT32, zero, 3);
}

static void spike_callbacks_hear_every_spike_and_may_only_read(void) {
    SNNHandle handle = open_chain();
    Heard heard;
    uint64_t steps;
    memset(&heard, 0, sizeof heard);
    CHECK_OK(snn_register_spike_callback(handle, hear, &heard));
    step_chain(handle);
    CHECK_OK(snn_session_step(handle, 2)); /* nobody spikes: no call */
    step_chain(handle);
    CHECK_EQUAL(heard.calls, 2);
    CHECK_EQUAL(heard.right_sizes, 2);
    CHECK_EQUAL(heard.spikes, 5);
    CHECK_EQUAL(heard.last_step, 3);
    CHECK_EQUAL(heard.read, SNN_OK);
    CHECK_EQUAL(heard.step, SNN_ERROR_BUSY);
    CHECK_EQUAL(heard.write, SNN_ERROR_BUSY);
    CHECK_OK(snn_register_spike_callback(handle, NULL, NULL));
    step_chain(handle);
    CHECK_EQUAL(heard.calls, 2);
    CHECK_OK(snn_session_step_count(handle, &steps));
    CHECK_EQUAL(steps, 5);
    snn_destroy_network(handle);
}

static void SNN_CALL destroy_from_inside(SNNHandle handle, const SNNSpikes *spikes, void *user) {
    (void)spikes;
    *(int *)user += 1;
    snn_destroy_network(handle);
}

static void destroying_from_a_callback_is_survived(void) {
    SNNHandle handle = open_chain();
    int calls = 0;
    SNNStatus status;
    CHECK_OK(snn_register_spike_callback(handle, destroy_from_inside, &calls));
    CHECK_OK(snn_session_set_input(handle, 0, three_ones, 3));
    status = snn_session_step(handle, 4);
    CHECK(status == SNN_OK || status == SNN_ERROR_BUSY || status == SNN_ERROR_INVALID_HANDLE);
    CHECK(calls >= 1);
    snn_register_spike_callback(handle, NULL, NULL);
    snn_destroy_network(handle);
    CHECK_ERROR(snn_session_step(handle, 1), SNN_ERROR_INVALID_HANDLE, "handle");
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

/* ---- Weights of another network ---- */

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

/* 40 neurons that are moved by noise alone. */
static SNNHandle open_noisy(const char *device, uint64_t seed, uint32_t config_size) {
    SNNNetwork network = NULL;
    SNNHandle handle = NULL;
    SNNConfig config;
    CHECK_OK(snn_network_create(1.0, &network));
    add_neurons(network, "cells", "noisy_izhikevich", 40);
    CHECK_OK(snn_network_finish(network));
    snn_config_default(&config);
    config.network = network;
    config.device = device;
    config.seed = seed;
    config.struct_size = config_size;
    CHECK_OK(snn_create_network(&config, &handle));
    snn_network_release(network);
    return handle;
}

static void random_draws_follow_from_seed_and_step(void) {
    const char *const devices[] = {"cpu", "reference"};
    float first[40], again[40], other[40], recovery[40];
    uint64_t steps = 0;
    size_t i;
    for (i = 0; i < 2; ++i) {
        SNNHandle handle = open_noisy(devices[i], 7, sizeof(SNNConfig)), twin = open_noisy(devices[i], 7, sizeof(SNNConfig));
        CHECK_OK(snn_session_step(handle, 20));
        CHECK_OK(snn_get_membrane_potentials(handle, "cells", first, 40));
        CHECK(first[0] != first[1]);
        /* The twin goes on from the tenth step, in a session that has not run the first ten. */
        CHECK_OK(snn_session_step(twin, 10));
        CHECK_OK(snn_session_read(twin, "cells.v", SNN_FLOAT32, again, 40));
        CHECK_OK(snn_session_read(twin, "cells.recovery", SNN_FLOAT32, recovery, 40));
        snn_destroy_network(twin);
        twin = open_noisy(devices[i], 7, sizeof(SNNConfig));
        CHECK_OK(snn_session_write(twin, "cells.v", SNN_FLOAT32, again, 40));
        CHECK_OK(snn_session_write(twin, "cells.recovery", SNN_FLOAT32, recovery, 40));
        CHECK_OK(snn_session_set_step_count(twin, 10));
        CHECK_OK(snn_session_step(twin, 10));
        CHECK_OK(snn_session_step_count(twin, &steps));
        CHECK_EQUAL(steps, 20);
        CHECK_OK(snn_get_membrane_potentials(twin, "cells", again, 40));
        CHECK(memcmp(first, again, sizeof first) == 0);
        snn_destroy_network(twin);
        /* After a reset the same numbers come again; another seed gives others. */
        CHECK_OK(snn_session_reset(handle));
        CHECK_OK(snn_session_step(handle, 20));
        CHECK_OK(snn_get_membrane_potentials(handle, "cells", again, 40));
        CHECK(memcmp(first, again, sizeof first) == 0);
        snn_destroy_network(handle);
        handle = open_noisy(devices[i], 8, sizeof(SNNConfig));
        CHECK_OK(snn_session_step(handle, 20));
        CHECK_OK(snn_get_membrane_potentials(handle, "cells", other, 40));
        CHECK(memcmp(first, other, sizeof first) != 0);
        snn_destroy_network(handle);
    }
    CHECK_ERROR(snn_session_set_step_count(NULL, 1), SNN_ERROR_INVALID_HANDLE, "handle");
}

static void a_config_without_a_seed_has_seed_zero(void) {
    SNNHandle old = open_noisy("cpu", 5, (uint32_t)offsetof(SNNConfig, seed)), zero = open_noisy("cpu", 0, sizeof(SNNConfig));
    float first[40], second[40];
    CHECK_OK(snn_session_step(old, 5));
    CHECK_OK(snn_session_step(zero, 5));
    CHECK_OK(snn_get_membrane_potentials(old, "cells", first, 40));
    CHECK_OK(snn_get_membrane_potentials(zero, "cells", second, 40));
    CHECK(memcmp(first, second, sizeof first) == 0);
    snn_destroy_network(old);
    snn_destroy_network(zero);
}

/* The chain: three synapses, one to one. Cell 0 spikes at every second input spike, cells 1 and 2 at each. */
static void counters_count_since_the_last_reset(void) {
    static const char *const devices[] = {"cpu", "reference"};
    uint32_t i;
    for (i = 0; i < COUNT(devices); ++i) {
        SNNHandle handle = open_session(make_chain(), devices[i]);
        SNNCounters counters;
        counters.struct_size = sizeof counters;
        CHECK_OK(snn_get_counters(handle, &counters));
        CHECK_EQUAL(counters.steps + counters.neuron_updates + counters.spikes + counters.synaptic_operations, 0);
        step_chain(handle);
        step_chain(handle);
        CHECK_OK(snn_session_set_step_count(handle, 1000));
        CHECK_OK(snn_session_step(handle, 5));
        CHECK_OK(snn_get_counters(handle, &counters));
        CHECK_EQUAL(counters.steps, 7);
        CHECK_EQUAL(counters.neuron_updates, 21);
        CHECK_EQUAL(counters.spikes, 5);
        CHECK_EQUAL(counters.input_spikes, 6);
        CHECK_EQUAL(counters.synaptic_events, 6);
        CHECK_EQUAL(counters.synaptic_operations, 6);
        CHECK_OK(snn_session_reset(handle));
        CHECK_OK(snn_get_counters(handle, &counters));
        CHECK_EQUAL(counters.steps + counters.spikes + counters.input_spikes + counters.synaptic_events, 0);
        snn_destroy_network(handle);
    }
    CHECK_ERROR(snn_get_counters(NULL, NULL), SNN_ERROR_INVALID_HANDLE, "handle");
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

static const CheckCase cases[] = {
    CASE(configurations_are_checked),
    CASE(a_step_computes_what_the_model_says),
    CASE(the_null_device_counts_and_computes_nothing),
    CASE(a_frame_advances_whole_steps_and_carries_the_rest),
    CASE(a_budget_of_time_carries_steps_to_the_next_frame),
    CASE(input_is_checked),
    CASE(a_sample_is_given_its_own_input),
    CASE(values_stay_until_they_are_changed),
    CASE(bound_input_is_read_at_each_step),
    CASE(samples_of_a_batch_are_independent),
    CASE(samples_have_weights_of_their_own),
    CASE(variables_are_read_and_written_by_path),
    CASE(whole_states_take_whole_numbers_only),
    CASE(whole_states_are_recorded_as_whole_numbers),
    CASE(paths_and_counts_are_checked),
    CASE(sessions_share_weights_until_one_writes),
    CASE(a_run_can_be_resumed_from_its_state),
    CASE(spike_callbacks_hear_every_spike_and_may_only_read),
    CASE(destroying_from_a_callback_is_survived),
    CASE(the_history_of_spikes_takes_zero_and_one),
    CASE(weights_of_other_shapes_are_refused),
    CASE(random_draws_follow_from_seed_and_step),
    CASE(a_config_without_a_seed_has_seed_zero),
    CASE(counters_count_since_the_last_reset),
    CASE(parameters_change_for_one_session),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
