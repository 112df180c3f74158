/* Sessions: opening, stepping, time, seeds, counters. */
#include <math.h>
#include <time.h>

#include "fixtures.h"

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

/* 40 neurons that are moved by noise alone. */
static SNNHandle open_noisy(const char *device, uint64_t seed) {
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
    CHECK_OK(snn_create_network(&config, &handle));
    snn_network_release(network);
    return handle;
}

static void random_draws_follow_from_seed_and_step(void) {
    const char *const devices[] = {"cpu", "reference"};
    const uint32_t zero = 0, one = 1;
    float first[40], again[40], other[40], recovery[40];
    uint64_t steps = 0;
    size_t i;
    for (i = 0; i < 2; ++i) {
        SNNHandle handle = open_noisy(devices[i], 7), twin = open_noisy(devices[i], 7);
        uint64_t seed = 0;
        CHECK_OK(snn_session_seed(handle, &seed));
        CHECK_EQUAL(seed, 7);
        CHECK_ERROR(snn_session_seed(handle, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_seed");
        CHECK_OK(snn_session_step(handle, 20));
        CHECK_OK(snn_get_membrane_potentials(handle, "cells", first, 40));
        CHECK(first[0] != first[1]);
        /* The twin goes on from the tenth step, in a session that has not run the first ten. */
        CHECK_OK(snn_session_step(twin, 10));
        CHECK_OK(snn_session_read(twin, "cells.v", SNN_FLOAT32, again, 40));
        CHECK_OK(snn_session_read(twin, "cells.recovery", SNN_FLOAT32, recovery, 40));
        snn_destroy_network(twin);
        twin = open_noisy(devices[i], 7);
        CHECK_OK(snn_session_write(twin, "cells.v", SNN_FLOAT32, again, 40));
        CHECK_OK(snn_session_write(twin, "cells.recovery", SNN_FLOAT32, recovery, 40));
        CHECK_OK(snn_session_set_step_count(twin, 10));
        CHECK_OK(snn_session_step(twin, 10));
        CHECK_OK(snn_session_step_count(twin, &steps));
        CHECK_EQUAL(steps, 20);
        CHECK_OK(snn_get_membrane_potentials(twin, "cells", again, 40));
        CHECK(memcmp(first, again, sizeof first) == 0);
        snn_destroy_network(twin);
        /* A sample that begins again draws other numbers, because the step count goes on. */
        CHECK_OK(snn_session_reset_samples(handle, &zero, 1));
        CHECK_OK(snn_session_step_count(handle, &steps));
        CHECK_EQUAL(steps, 20);
        CHECK_OK(snn_session_step(handle, 20));
        CHECK_OK(snn_get_membrane_potentials(handle, "cells", other, 40));
        CHECK(memcmp(first, other, sizeof first) != 0);
        CHECK_OK(snn_session_reset_samples(handle, NULL, 0));
        CHECK_ERROR(snn_session_reset_samples(handle, NULL, 1), SNN_ERROR_INVALID_ARGUMENT, "samples is null, but count is 1");
        CHECK_ERROR(snn_session_reset_samples(handle, &one, 1), SNN_ERROR_INVALID_ARGUMENT, "samples[0] is 1; batch_size is 1");
        /* After a reset the same numbers come again; another seed gives others. */
        CHECK_OK(snn_session_reset(handle));
        CHECK_OK(snn_session_step(handle, 20));
        CHECK_OK(snn_get_membrane_potentials(handle, "cells", again, 40));
        CHECK(memcmp(first, again, sizeof first) == 0);
        snn_destroy_network(handle);
        handle = open_noisy(devices[i], 8);
        CHECK_OK(snn_session_step(handle, 20));
        CHECK_OK(snn_get_membrane_potentials(handle, "cells", other, 40));
        CHECK(memcmp(first, other, sizeof first) != 0);
        snn_destroy_network(handle);
    }
    CHECK_ERROR(snn_session_set_step_count(NULL, 1), SNN_ERROR_INVALID_HANDLE, "handle");
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

/* Seconds of processor time to open a session on so many single neurons, each with four synapses; the best of seven. */
static double seconds_to_open(uint32_t populations) {
    static const uint64_t offsets[2] = {0, 1};
    static const uint32_t target = 0;
    static const float weight = 1;
    SNNNetwork network = new_network();
    char name[16];
    double best = HUGE_VAL;
    uint32_t i;
    for (i = 0; i < populations; ++i) {
        snprintf(name, sizeof name, "p%u", i);
        add_neurons(network, name, "lif", 1);
    }
    for (i = 0; i < 4 * populations; ++i) {
        SNNProjectionDef def = projection(SNN_CONNECT_SPARSE, &weight, 1);
        snprintf(name, sizeof name, "e%u", i);
        def.name = name;
        def.source = i % populations;
        def.target = (i * 7 + 1) % populations;
        def.delay_steps = 1;
        def.trainable = 0;
        def.row_offsets = offsets;
        def.row_offset_count = 2;
        def.synapse_targets = &target;
        def.synapse_count = 1;
        CHECK_OK(snn_network_connect(network, &def, NULL));
    }
    CHECK_OK(snn_network_finish(network));
    for (i = 0; i < 7; ++i) {
        const clock_t begin = clock();
        double seconds;
        CHECK_OK(snn_network_retain(network));
        snn_destroy_network(open_session(network, NULL));
        seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
        if (seconds < best) best = seconds;
    }
    snn_network_release(network);
    return best;
}

/* Four times as many of both take about four times as long; with the product of the two numbers it was sixteen. */
static void opening_takes_time_with_the_size_of_the_network(void) {
    const double small = seconds_to_open(2000), large = seconds_to_open(8000);
    if (large >= 8 * small) fprintf(stderr, "opening took %g s, and %g s of four times as much\n", small, large);
    CHECK(large < 8 * small);
}

static const CheckCase cases[] = {
    CASE(opening_takes_time_with_the_size_of_the_network),
    CASE(configurations_are_checked),
    CASE(a_step_computes_what_the_model_says),
    CASE(the_null_device_counts_and_computes_nothing),
    CASE(a_frame_advances_whole_steps_and_carries_the_rest),
    CASE(a_budget_of_time_carries_steps_to_the_next_frame),
    CASE(a_run_can_be_resumed_from_its_state),
    CASE(random_draws_follow_from_seed_and_step),
    CASE(counters_count_since_the_last_reset),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
