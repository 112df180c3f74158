/* The host's own allocator, job system and log. */
#include <stddef.h>

#include "fixtures.h"

/* ---- Allocator ---- */

typedef struct Ledger {
    size_t allocations, releases, bytes, largest_alignment;
    size_t fail_at; /* the allocation with this number fails; 0: none */
    int wrong;
} Ledger;

/* Keeps what it needs to release in front of the aligned block. */
typedef struct Block {
    void *start;
    size_t size_bytes;
} Block;

static void *SNN_CALL ledger_allocate(void *user, size_t size_bytes, size_t alignment) {
    Ledger *ledger = user;
    char *start;
    uintptr_t place;
    Block *block;
    ledger->allocations += 1;
    if (ledger->allocations == ledger->fail_at) return NULL;
    if (alignment == 0 || (alignment & (alignment - 1)) != 0) ledger->wrong = 1;
    if (alignment > ledger->largest_alignment) ledger->largest_alignment = alignment;
    start = malloc(size_bytes + alignment + sizeof(Block));
    if (!start) return NULL;
    place = ((uintptr_t)start + sizeof(Block) + alignment - 1) & ~(uintptr_t)(alignment - 1);
    block = (Block *)place - 1;
    memcpy(&block->start, &start, sizeof start);
    memcpy(&block->size_bytes, &size_bytes, sizeof size_bytes);
    ledger->bytes += size_bytes;
    return (void *)place;
}

static void SNN_CALL ledger_release(void *user, void *memory, size_t size_bytes) {
    Ledger *ledger = user;
    Block block;
    if (!memory) {
        ledger->wrong = 1;
        return;
    }
    memcpy(&block, (Block *)memory - 1, sizeof block);
    if (block.size_bytes != size_bytes) ledger->wrong = 1;
    ledger->releases += 1;
    ledger->bytes -= size_bytes;
    free(block.start);
}

static SNNStatus open_with_ledger(SNNNetwork network, Ledger *ledger, SNNHandle *out_handle) {
    const SNNAllocator allocator = {sizeof allocator, ledger_allocate, ledger_release, ledger};
    SNNConfig config;
    snn_config_default(&config);
    config.network = network;
    config.allocator = &allocator; /* copied: it may go out of scope */
    config.batch_size = 4;
    return snn_create_network(&config, out_handle);
}

static void session_buffers_come_from_the_allocator_and_return_to_it(void) {
    SNNNetwork network = make_classifier();
    SNNHandle handle = NULL;
    Ledger ledger;
    size_t after_first_step;
    float weights[16 * 24];
    memset(&ledger, 0, sizeof ledger);
    CHECK_OK(open_with_ledger(network, &ledger, &handle));
    CHECK(ledger.allocations > 0);
    CHECK(ledger.bytes >= 4 * (24 + 3) * sizeof(float)); /* at least the membrane states of four samples */
    CHECK(ledger.largest_alignment >= 64);
    CHECK_OK(snn_session_step(handle, 1));
    after_first_step = ledger.allocations;
    CHECK_OK(snn_session_step(handle, 20));
    CHECK_EQUAL(ledger.allocations, after_first_step);
    CHECK_OK(snn_session_read(handle, "pixels_to_hidden.weight", SNN_FLOAT32, weights, COUNT(weights)));
    CHECK_OK(snn_session_write(handle, "pixels_to_hidden.weight", SNN_FLOAT32, weights, COUNT(weights)));
    CHECK(ledger.allocations > after_first_step); /* the session has a copy of its own now */
    snn_destroy_network(handle);
    CHECK_EQUAL(ledger.releases, ledger.allocations);
    CHECK_EQUAL(ledger.bytes, 0);
    CHECK_EQUAL(ledger.wrong, 0);
    snn_network_release(network);
}

/* One step of training; makes the trainer when there is none yet. */
static SNNStatus train_one_batch(SNNHandle handle, SNNTrainer *io_trainer) {
    static const float pixels[4 * 16] = {1};
    static const int32_t labels[4] = {0, 1, 2, 0};
    const SNNInputArray input = {0, 1, pixels, 4 * 16};
    SNNTrainerDef def;
    SNNBatch batch;
    SNNTrainResult result;
    snn_trainer_def_default(&def);
    def.output_population = 2;
    def.step_count = 6;
    def.loss = SNN_LOSS_CROSS_ENTROPY_MEAN_MEMBRANE;
    memset(&batch, 0, sizeof batch);
    batch.struct_size = sizeof batch;
    batch.inputs = &input;
    batch.input_count = 1;
    batch.labels = labels;
    batch.label_count = COUNT(labels);
    result.struct_size = sizeof result;
    if (!*io_trainer) {
        const SNNStatus status = snn_trainer_create(handle, &def, io_trainer);
        if (status != SNN_OK) return status;
    }
    return snn_trainer_step(*io_trainer, &batch, &result);
}

/* Trains one step; releases everything. */
static SNNStatus train_with_ledger(SNNNetwork network, Ledger *ledger) {
    SNNHandle handle = NULL;
    SNNTrainer trainer = NULL;
    SNNStatus status = open_with_ledger(network, ledger, &handle);
    if (status != SNN_OK) return status;
    status = train_one_batch(handle, &trainer);
    snn_trainer_release(trainer);
    snn_destroy_network(handle);
    return status;
}

static void running_out_of_memory_is_an_error_at_every_place(void) {
    SNNNetwork network = make_classifier();
    Ledger ledger;
    size_t total, i;
    memset(&ledger, 0, sizeof ledger);
    CHECK_OK(train_with_ledger(network, &ledger));
    total = ledger.allocations;
    CHECK(total > 1 && total < 10000);
    for (i = 1; i <= total; ++i) {
        memset(&ledger, 0, sizeof ledger);
        ledger.fail_at = i;
        CHECK_ERROR(train_with_ledger(network, &ledger), SNN_ERROR_OUT_OF_MEMORY, "memory");
        CHECK_EQUAL(ledger.bytes, 0);
        CHECK_EQUAL(ledger.wrong, 0);
    }
    snn_network_release(network);
}

/* Where memory runs out, the session is as it was, or reset, or the run was whole. */
static void a_training_step_without_memory_leaves_a_whole_session(void) {
    SNNNetwork network = make_classifier();
    size_t failures = 0, resets = 0;
    SNNStatus status;
    do {
        SNNHandle handle = NULL;
        SNNTrainer trainer = NULL;
        SNNCounters counters;
        Ledger ledger;
        uint64_t steps = 0;
        memset(&ledger, 0, sizeof ledger);
        counters.struct_size = sizeof counters;
        CHECK_OK(open_with_ledger(network, &ledger, &handle));
        CHECK_OK(snn_session_step(handle, 7));
        ledger.fail_at = ledger.allocations + failures + 1;
        status = train_one_batch(handle, &trainer);
        failures += status != SNN_OK;
        CHECK_OK(snn_session_step_count(handle, &steps));
        CHECK(steps == 6 || (status != SNN_OK && (steps == 7 || steps == 0)));
        resets += steps == 0;
        CHECK_OK(snn_session_step(handle, 1));
        CHECK_OK(snn_get_counters(handle, &counters));
        CHECK_EQUAL(counters.steps, steps + 1);
        CHECK_OK(train_one_batch(handle, &trainer));
        snn_trainer_release(trainer);
        snn_destroy_network(handle);
        CHECK_EQUAL(ledger.bytes, 0);
    } while (status != SNN_OK && failures < 10000);
    CHECK(failures > 0 && resets > 0);
    snn_network_release(network);
}

static void spikes_for_the_coming_step_are_not_those_after_training(void) {
    /* 2 inputs that spike, onto 2 neurons that fire at once */
    static const float weights[4] = {5, 0, 0, 5};
    static const int32_t label = 0;
    static const uint32_t both[2] = {0, 1};
    SNNNetwork network = new_network();
    SNNHandle handle;
    SNNTrainer trainer = NULL;
    SNNTrainerDef def = classifier_trainer_def(3);
    const float none[2] = {0, 0};
    float spikes[2] = {7, 7};
    SNNInputArray input = {0, 1, none, 2};
    SNNBatch batch = held_batch(&input, none, 2, &label, 1);
    SNNTrainResult result = new_result();
    add_input(network, "in", SNN_POPULATION_SPIKE_INPUT, 2);
    add_neurons(network, "cells", "lif", 2);
    connect(network, SNN_CONNECT_DENSE, 0, 1, weights, 4);
    CHECK_OK(snn_network_finish(network));
    handle = open_with_batch(network, NULL, 1, 1);
    def.output_population = 1;
    CHECK_OK(snn_trainer_create(handle, &def, &trainer));
    CHECK_OK(snn_session_add_input_spikes(handle, 0, 0, both, 2));
    CHECK_OK(snn_trainer_forward(trainer, &batch, &result));
    CHECK_OK(snn_session_step(handle, 1));
    CHECK_OK(snn_session_read(handle, "cells.spikes", SNN_FLOAT32, spikes, 2));
    CHECK(spikes[0] == 0 && spikes[1] == 0);
    snn_trainer_release(trainer);
    snn_destroy_network(handle);
}

static void destroying_a_session_frees_it_though_its_trainer_is_not_released(void) {
    SNNNetwork network = make_classifier();
    SNNHandle handle = NULL;
    SNNTrainer trainer = NULL;
    Ledger ledger;
    memset(&ledger, 0, sizeof ledger);
    CHECK_OK(open_with_ledger(network, &ledger, &handle));
    CHECK_OK(train_one_batch(handle, &trainer));
    CHECK(ledger.bytes > 0);
    snn_destroy_network(handle);
    CHECK_EQUAL(ledger.bytes, 0);
    CHECK_EQUAL(ledger.releases, ledger.allocations);
    CHECK_ERROR(train_one_batch(handle, &trainer), SNN_ERROR_INVALID_HANDLE, "session of this trainer");
    snn_trainer_release(trainer);
    CHECK_EQUAL(ledger.wrong, 0);
    snn_network_release(network);
}

/* ---- Job system ---- */

/* Tasks run on the calling thread, in either order: results must not depend on it. */
static void results_do_not_depend_on_the_job_system(void) {
    static float expected[WIDE + 3], found[WIDE + 3]; /* cells, then readout */
    int way;
    for (way = 0; way < 3; ++way) { /* none, forwards, backwards */
        SNNNetwork network = make_wide();
        Jobs jobs = {0, 0, 0};
        const SNNJobSystem job_system = job_system_of(&jobs, 3);
        SNNConfig config;
        SNNHandle handle = NULL;
        jobs.backwards = way == 2;
        snn_config_default(&config);
        config.network = network;
        if (way > 0) config.job_system = &job_system;
        CHECK_OK(snn_create_network(&config, &handle));
        CHECK_OK(snn_session_set_input(handle, 0, wide_values(), WIDE));
        CHECK_OK(snn_session_step(handle, 50));
        CHECK_OK(snn_get_membrane_potentials(handle, "cells", found, WIDE));
        CHECK_OK(snn_get_membrane_potentials(handle, "readout", found + WIDE, 3));
        CHECK(found[WIDE] != 0.0f); /* the cells have spiked */
        if (way == 0) memcpy(expected, found, sizeof expected);
        CHECK(memcmp(expected, found, sizeof expected) == 0);
        if (way > 0) CHECK(jobs.calls >= 50 && jobs.tasks >= 2 * jobs.calls);
        snn_destroy_network(handle);
        snn_network_release(network);
    }
}

static void large_work_is_given_to_the_job_system(void) {
    enum { SIZE = 4096, SAMPLES = 64 };
    SNNNetwork network = new_network();
    SNNProjectionDef def;
    SNNRandomConnectionDef rule;
    Jobs jobs = {0, 0, 0};
    const SNNJobSystem job_system = job_system_of(&jobs, 4);
    SNNConfig config;
    SNNHandle handle = NULL;
    add_input(network, "in", SNN_POPULATION_SPIKE_INPUT, SIZE);
    add_neurons(network, "cells", "lif", SIZE);
    def = projection(SNN_CONNECT_SPARSE, NULL, 0);
    def.trainable = 0;
    snn_random_connection_def_default(&rule);
    rule.probability = 0.05;
    CHECK_OK(snn_network_connect_random(network, &def, &rule, NULL));
    CHECK_OK(snn_network_finish(network));
    snn_config_default(&config);
    config.network = network;
    config.batch_size = SAMPLES;
    config.thread_count = 4;
    config.job_system = &job_system;
    CHECK_OK(snn_create_network(&config, &handle));
    CHECK_OK(snn_session_step(handle, 3));
    CHECK(jobs.calls > 0);
    CHECK(jobs.tasks >= 2 * jobs.calls);
    snn_destroy_network(handle);
    snn_network_release(network);
}

/* ---- Log ---- */

typedef struct Log {
    size_t information_calls, warning_calls;
    char last[512];
    SNNHandle handle; /* to read from inside a warning */
    uint64_t steps;
    SNNStatus reading, stepping;
} Log;

static void SNN_CALL keep_message(int32_t level, const char *message, void *user) {
    Log *log = user;
    snprintf(log->last, sizeof log->last, "%s", message);
    if (level == SNN_LOG_INFORMATION) ++log->information_calls;
    if (level != SNN_LOG_WARNING) return;
    ++log->warning_calls;
    log->reading = snn_session_step_count(log->handle, &log->steps);
    log->stepping = snn_session_step(log->handle, 1);
}

static SNNHandle open_with_log(const char *device, Log *log) {
    SNNNetwork network = make_classifier();
    SNNConfig config;
    memset(log, 0, sizeof *log);
    snn_config_default(&config);
    config.network = network;
    config.device = device;
    config.thread_count = 2;
    config.instruction_set = SNN_ISA_SCALAR;
    config.max_catch_up_steps = 5;
    config.log = keep_message;
    config.log_user = log;
    CHECK_OK(snn_create_network(&config, &log->handle));
    snn_network_release(network);
    return log->handle;
}

static void the_log_tells_what_a_session_runs_on(void) {
    Log log;
    SNNHandle handle = open_with_log("cpu", &log);
    CHECK_EQUAL(log.information_calls, 1);
    CHECK_TEXT(log.last, "session opened on device 'cpu' (scalar, 2 threads): 27 neurons, 456 synapses, batch_size 1");
    CHECK_OK(snn_session_step(handle, 3));
    CHECK_EQUAL(log.information_calls, 1); /* nothing to say about steps */
    snn_destroy_network(handle);
    handle = open_with_log("reference", &log);
    CHECK_TEXT(log.last, "session opened on device 'reference': 27 neurons, 456 synapses, batch_size 1");
    CHECK_EQUAL(log.warning_calls, 0);
    snn_destroy_network(handle);
}

static void the_log_warns_when_time_begins_to_be_dropped(void) {
    Log log;
    SNNHandle handle = open_with_log(NULL, &log);
    CHECK_OK(snn_run_step(handle, 0.005f)); /* five steps: the most that are allowed, and nothing is dropped */
    CHECK_EQUAL(log.warning_calls, 0);
    CHECK_OK(snn_run_step(handle, 0.006f));
    CHECK_EQUAL(log.warning_calls, 1);
    CHECK(strstr(log.last, "simulated time is dropped"));
    CHECK_EQUAL(log.reading, SNN_OK);
    CHECK_EQUAL(log.steps, 10);
    CHECK_EQUAL(log.stepping, SNN_ERROR_BUSY);
    CHECK_OK(snn_run_step(handle, 1.0f));
    CHECK_EQUAL(log.warning_calls, 1); /* still the same trouble */
    CHECK_OK(snn_run_step(handle, 0.001f));
    CHECK_OK(snn_run_step(handle, 1.0f));
    CHECK_EQUAL(log.warning_calls, 2);
    CHECK_OK(snn_session_step(handle, 1)); /* the session is free again */
    snn_destroy_network(handle);
}

/* Four synapses onto four neurons; their weights decide the scale. */
static SNNNetwork compact_network(const float *weights) {
    const uint64_t row_offsets[5] = {0, 1, 2, 3, 4};
    const uint32_t targets[4] = {0, 1, 2, 3};
    SNNNetwork network = new_network();
    SNNProjectionDef def = projection(SNN_CONNECT_SPARSE, weights, 4);
    def.source = add_input(network, "in", SNN_POPULATION_SPIKE_INPUT, 4);
    def.target = add_neurons(network, "out", "lif", 4);
    def.name = "p";
    def.trainable = 0;
    def.row_offsets = row_offsets;
    def.row_offset_count = 5;
    def.synapse_targets = targets;
    def.synapse_count = 4;
    CHECK_OK(snn_network_connect(network, &def, NULL));
    CHECK_OK(snn_network_finish(network));
    return network;
}

static void the_log_warns_once_when_rounding_takes_too_much_of_written_weights(void) {
    const float weights[4] = {1.0f, 0.9f, 1.1f, 0.8f}, fine[4] = {1.5f, 0.123f, 0.0f, 2.0f};
    const float small[4] = {1e-3f, 1e-3f, 1e-3f, 1e-3f}, lost[4] = {1.0f, 1.0f, 1.0f, 2e-5f};
    SNNNetwork network = compact_network(weights);
    SNNConfig config;
    Log log;
    memset(&log, 0, sizeof log);
    snn_config_default(&config);
    config.network = network;
    config.log = keep_message;
    config.log_user = &log;
    CHECK_OK(snn_create_network(&config, &log.handle));
    CHECK_OK(snn_session_write(log.handle, "p.weight", SNN_FLOAT32, weights, 4));
    CHECK_OK(snn_session_write(log.handle, "p.weight", SNN_FLOAT32, fine, 4));
    CHECK_EQUAL(log.warning_calls, 0);
    CHECK_OK(snn_session_write(log.handle, "p.weight", SNN_FLOAT32, small, 4));
    CHECK_EQUAL(log.warning_calls, 1);
    CHECK(strstr(log.last, "projection 'p' has compact weights"));
    CHECK(strstr(log.last, "multiples of 2^-13: 0.001 became 0.000976562"));
    CHECK_OK(snn_session_write(log.handle, "p.weight", SNN_FLOAT32, lost, 4));
    CHECK_EQUAL(log.warning_calls, 1); /* still the same trouble */
    snn_destroy_network(log.handle);
    CHECK_OK(snn_create_network(&config, &log.handle)); /* another session is told of it anew */
    CHECK_OK(snn_session_write(log.handle, "p.weight", SNN_FLOAT32, lost, 4));
    CHECK_EQUAL(log.warning_calls, 2);
    CHECK(strstr(log.last, "2e-05 became 0, and 25 % of them became 0"));
    snn_destroy_network(log.handle);
    config.log = NULL;
    CHECK_OK(snn_create_network(&config, &log.handle));
    CHECK_OK(snn_session_write(log.handle, "p.weight", SNN_FLOAT32, lost, 4));
    snn_destroy_network(log.handle);
    snn_network_release(network);
}

static const CheckCase cases[] = {
    CASE(session_buffers_come_from_the_allocator_and_return_to_it),
    CASE(running_out_of_memory_is_an_error_at_every_place),
    CASE(a_training_step_without_memory_leaves_a_whole_session),
    CASE(spikes_for_the_coming_step_are_not_those_after_training),
    CASE(destroying_a_session_frees_it_though_its_trainer_is_not_released),
    CASE(results_do_not_depend_on_the_job_system),
    CASE(large_work_is_given_to_the_job_system),
    CASE(the_log_tells_what_a_session_runs_on),
    CASE(the_log_warns_when_time_begins_to_be_dropped),
    CASE(the_log_warns_once_when_rounding_takes_too_much_of_written_weights),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
