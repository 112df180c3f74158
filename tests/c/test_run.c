/* snn_session_run: inputs for many steps, recordings, progress, stopping. */
#include <math.h>

#include "fixtures.h"

enum { STEPS = 6 };

/* Spikes for the chain: input 0 at every step, input 1 at steps 1 and 4, input 2 never. */
static const float frames[STEPS][3] = {{1, 0, 0}, {1, 1, 0}, {1, 0, 0}, {1, 0, 0}, {1, 1, 0}, {1, 0, 0}};

static SNNInputArray input_frames(void) {
    SNNInputArray input = {0, 0, NULL, STEPS * 3};
    input.data = &frames[0][0];
    return input;
}

static SNNRunDef run_def(const SNNInputArray *inputs, const SNNRecordArray *records, uint32_t record_count) {
    SNNRunDef def;
    snn_run_def_default(&def);
    def.step_count = STEPS;
    def.inputs = inputs;
    def.input_count = inputs ? 1 : 0;
    def.records = records;
    def.record_count = record_count;
    return def;
}

static void records_hold_every_step(void) {
    static const char *const devices[] = {"cpu", "reference"};
    size_t device;
    for (device = 0; device < COUNT(devices); ++device) {
        SNNHandle handle = open_session(make_chain(), devices[device]);
        float v[STEPS][3], count[3], given[STEPS][3];
        double v_double[STEPS][3];
        uint8_t spikes[STEPS][3];
        const SNNInputArray input = input_frames();
        SNNRecordArray records[5];
        SNNRunDef def;
        int step;
        memset(records, 0, sizeof records);
        records[0] = (SNNRecordArray){1, SNN_FLOAT32, "v", v, STEPS * 3};
        records[1] = (SNNRecordArray){1, SNN_UINT8, "spikes", spikes, STEPS * 3};
        records[2] = (SNNRecordArray){1, SNN_FLOAT32, "spike_count", count, 3};
        records[3] = (SNNRecordArray){1, SNN_FLOAT64, "v", v_double, STEPS * 3};
        records[4] = (SNNRecordArray){0, SNN_FLOAT32, "spikes", given, STEPS * 3};
        count[0] = 99.0f; /* what was there before does not count */
        def = run_def(&input, records, 5);
        CHECK_OK(snn_session_run(handle, &def));
        for (step = 0; step < STEPS; ++step) {
            const int second = step % 2; /* cell 0 gets 0.5 at each step and spikes at every second */
            CHECK_NEAR(v[step][0], second ? 0.0 : 0.5, 0);
            CHECK_NEAR(v_double[step][0], second ? 0.0 : 0.5, 0);
            CHECK_EQUAL(spikes[step][0], second);
            CHECK_EQUAL(spikes[step][1], step == 1 || step == 4);
            CHECK_EQUAL(spikes[step][2], 0);
        }
        CHECK(memcmp(given, frames, sizeof frames) == 0);
        CHECK_NEAR(count[0], 3, 0);
        CHECK_NEAR(count[1], 2, 0);
        CHECK_NEAR(count[2], 0, 0);
        snn_destroy_network(handle);
    }
}

/* The chain's cells 0 and 1 spike as in records_hold_every_step; the input is recorded too. */
static void spikes_are_recorded_as_events(void) {
    static const char *const devices[] = {"cpu", "reference"};
    static const uint32_t steps[] = {1, 1, 3, 4, 5}, neurons[] = {0, 1, 0, 1, 0};
    static const uint32_t input_steps[] = {0, 1, 1, 2, 3, 4, 4, 5}, input_neurons[] = {0, 0, 1, 0, 0, 0, 1, 0};
    size_t device;
    for (device = 0; device < COUNT(devices); ++device) {
        SNNHandle handle = open_session(make_chain(), devices[device]);
        const SNNInputArray input = input_frames();
        uint32_t data[2][2][STEPS * 3], done = 0;
        SNNSpikeRecord events[2];
        SNNRunDef def = run_def(&input, NULL, 0);
        memset(events, 0, sizeof events);
        events[0] = (SNNSpikeRecord){sizeof events[0], 1, data[0][0], data[0][1], NULL, STEPS * 3, 99};
        events[1] = (SNNSpikeRecord){sizeof events[1], 0, data[1][0], data[1][1], NULL, STEPS * 3, 99};
        def.spike_records = events;
        def.spike_record_count = 2;
        def.out_step_count = &done;
        CHECK_OK(snn_session_run(handle, &def));
        CHECK_EQUAL(done, STEPS);
        CHECK_EQUAL(events[0].count, COUNT(steps));
        CHECK(memcmp(data[0][0], steps, sizeof steps) == 0);
        CHECK(memcmp(data[0][1], neurons, sizeof neurons) == 0);
        CHECK_EQUAL(events[1].count, COUNT(input_steps));
        CHECK(memcmp(data[1][0], input_steps, sizeof input_steps) == 0);
        CHECK(memcmp(data[1][1], input_neurons, sizeof input_neurons) == 0);
        snn_destroy_network(handle);
    }
}

/* Room for four events where a step can give three: the run stops in time, and goes on where it was. */
static void a_run_returns_before_events_could_be_lost(void) {
    static const char *const devices[] = {"cpu", "reference"};
    size_t device;
    for (device = 0; device < COUNT(devices); ++device) {
        SNNHandle handle = open_session(make_chain(), devices[device]);
        SNNInputArray input = input_frames();
        uint32_t steps[4], neurons[4], seen[8][2], seen_count = 0, done = 0, calls = 0, i;
        float v[STEPS / 2][3];
        SNNRecordArray record = {1, SNN_FLOAT32, "v", NULL, 0};
        SNNSpikeRecord events = {sizeof events, 1, NULL, NULL, NULL, 4, 0};
        SNNRunDef def = run_def(&input, &record, 1);
        events.steps = steps;
        events.neurons = neurons;
        def.spike_records = &events;
        def.spike_record_count = 1;
        def.record_interval = 2;
        while (def.steps_before < STEPS) {
            const uint32_t rows = def.steps_before / 2;
            def.step_count = STEPS - def.steps_before;
            def.out_step_count = &done;
            input.data = &frames[def.steps_before][0];
            input.count = def.step_count * 3;
            record.data = v + rows;
            record.count = (size_t)(STEPS / 2 - rows) * 3;
            CHECK_OK(snn_session_run(handle, &def));
            CHECK(done > 0);
            if (done == 0) break;
            CHECK(done == def.step_count || events.count > 1);
            for (i = 0; i < events.count && seen_count < 8; ++i, ++seen_count) {
                seen[seen_count][0] = steps[i];
                seen[seen_count][1] = neurons[i];
            }
            def.steps_before += done;
            ++calls;
        }
        CHECK(calls > 1);
        CHECK_EQUAL(seen_count, 5);
        {
            static const uint32_t expected[5][2] = {{1, 0}, {1, 1}, {3, 0}, {4, 1}, {5, 0}};
            CHECK(memcmp(seen, expected, sizeof expected) == 0);
        }
        for (i = 0; i < STEPS / 2; ++i) CHECK_NEAR(v[i][0], 0.0, 0); /* after steps 2, 4 and 6: cell 0 has just spiked */
        snn_destroy_network(handle);
    }
}

static void frames_may_be_recorded_every_few_steps(void) {
    static const char *const devices[] = {"cpu", "reference"};
    size_t device;
    for (device = 0; device < COUNT(devices); ++device) {
        SNNHandle handle = open_session(make_chain(), devices[device]);
        const SNNInputArray input = input_frames();
        float v[2][3] = {{0}}, count[3];
        uint8_t spikes[2][3];
        SNNRecordArray records[3];
        SNNRunDef def;
        records[0] = (SNNRecordArray){1, SNN_FLOAT32, "v", v, 3};
        records[1] = (SNNRecordArray){1, SNN_UINT8, "spikes", spikes, 3};
        records[2] = (SNNRecordArray){1, SNN_FLOAT32, "spike_count", count, 3};
        def = run_def(&input, records, 3);
        def.record_interval = 5;
        CHECK_OK(snn_session_run(handle, &def));
        CHECK_NEAR(v[0][0], 0.5, 0); /* after step 5 */
        CHECK_EQUAL(spikes[0][1], 1);
        CHECK_NEAR(count[0], 3, 0); /* of all steps */
        records[0].count = records[1].count = 6;
        def.steps_before = STEPS; /* 4 steps on, at 10, the next frame is due */
        CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "1 recorded steps");
        def.record_interval = 0;
        CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "record_interval is 0");
        def.record_interval = 1;
        def.steps_before = UINT32_MAX;
        CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "steps_before");
        snn_destroy_network(handle);
    }
}

static void records_of_spikes_are_checked(void) {
    SNNHandle handle = open_chain();
    uint32_t data[3], done = 77;
    SNNSpikeRecord events[2];
    SNNRunDef def = run_def(NULL, NULL, 0);
    SNNConfig config;
    SNNHandle batch = NULL;
    memset(events, 0, sizeof events);
    events[0] = events[1] = (SNNSpikeRecord){sizeof events[0], 1, data, data, NULL, 3, 0};
    def.spike_record_count = 1;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "spike_records is null");
    def.spike_records = events;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "out_step_count");
    def.out_step_count = &done;
    events[0].capacity = 2;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "capacity is 2");
    events[0].capacity = 3;
    events[0].steps = NULL;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "steps is null");
    events[0].steps = data;
    events[0].neurons = NULL;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "neurons is null");
    events[0].neurons = data;
    events[0].population = 2;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_NOT_FOUND, "2");
    events[0].population = 1;
    events[0].struct_size = 3;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_VERSION, "spike_records->struct_size is 3");
    events[0].struct_size = sizeof events[0];
    def.spike_record_count = 2;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "twice");
    CHECK_EQUAL(done, 77);
    def.spike_record_count = 1;
    snn_config_default(&config);
    CHECK_OK(snn_session_network(handle, &config.network));
    config.batch_size = 2;
    CHECK_OK(snn_create_network(&config, &batch));
    events[0].capacity = 6;
    CHECK_ERROR(snn_session_run(batch, &def), SNN_ERROR_INVALID_ARGUMENT, "samples is null");
    snn_network_release(config.network);
    snn_destroy_network(batch);
    snn_destroy_network(handle);
    handle = open_session(make_classifier(), NULL); /* populations 0: values, 2: leaky integrators */
    for (done = 0; done <= 2; done += 2) {
        events[0].population = done;
        CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "does not spike");
    }
    snn_destroy_network(handle);
}

static void a_held_input_is_used_at_every_step(void) {
    SNNHandle handle = open_chain();
    SNNInputArray input = {0, 1, three_ones, 3};
    float count[3];
    SNNRecordArray record = {1, SNN_FLOAT32, "spike_count", count, 3};
    SNNRunDef def = run_def(&input, &record, 1);
    CHECK_OK(snn_session_run(handle, &def));
    CHECK_NEAR(count[0], STEPS / 2, 0);
    CHECK_NEAR(count[2], STEPS, 0);
    input.held = 2;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "inputs[0] ('in'): held is 2; expected 0 or 1");
    snn_destroy_network(handle);
}

static void an_input_not_named_gets_what_was_set(void) {
    SNNHandle handle = open_chain();
    float count[3];
    SNNRecordArray record = {1, SNN_FLOAT32, "spike_count", count, 3};
    SNNRunDef def = run_def(NULL, &record, 1);
    CHECK_OK(snn_session_set_input(handle, 0, three_ones, 3));
    CHECK_OK(snn_session_run(handle, &def));
    CHECK_NEAR(count[2], 1, 0); /* spikes that were set count for one step */
    CHECK_OK(snn_session_bind_input(handle, 0, three_ones, 3));
    CHECK_OK(snn_session_run(handle, &def));
    CHECK_NEAR(count[2], STEPS, 0); /* bound ones for every step */
    snn_destroy_network(handle);
}

static void a_run_equals_its_steps(void) {
    SNNHandle by_run = open_chain(), by_step = open_chain();
    const SNNInputArray input = input_frames();
    SNNRunDef def = run_def(&input, NULL, 0);
    float a[3], b[3];
    uint64_t steps;
    int step;
    CHECK_OK(snn_session_run(by_run, &def));
    for (step = 0; step < STEPS; ++step) {
        CHECK_OK(snn_session_set_input(by_step, 0, frames[step], 3));
        CHECK_OK(snn_session_step(by_step, 1));
    }
    CHECK_OK(snn_get_membrane_potentials(by_run, "cells", a, 3));
    CHECK_OK(snn_get_membrane_potentials(by_step, "cells", b, 3));
    CHECK(memcmp(a, b, sizeof a) == 0);
    CHECK_OK(snn_session_step_count(by_run, &steps));
    CHECK_EQUAL(steps, STEPS);
    snn_destroy_network(by_run);
    snn_destroy_network(by_step);
}

static void runs_are_checked_before_the_first_step(void) {
    SNNHandle handle = open_chain();
    float data[STEPS * 3], bad[STEPS * 3] = {0};
    SNNInputArray input = input_frames(), two[2];
    SNNRecordArray record = {1, SNN_FLOAT32, "v", data, STEPS * 3};
    SNNRunDef def = run_def(&input, &record, 1);
    uint64_t steps;
    input.count = STEPS * 3 - 1;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "17");
    input = input_frames();
    input.population = 1;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "cells");
    input.population = 5;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_NOT_FOUND, "5");
    input = input_frames();
    input.data = NULL;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "data");
    input.data = bad;
    bad[10] = NAN;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "at step 3, sample 0, neuron 1");
    bad[10] = 0.5f;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "at step 3, sample 0, neuron 1");
    two[0] = two[1] = input = input_frames();
    def.inputs = two;
    def.input_count = 2;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "twice");
    def.inputs = NULL;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "inputs");
    def = run_def(&input, &record, 1);
    record.variable = "u";
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_NOT_FOUND, "records[0]: population 'cells' has no state 'u'");
    record.variable = NULL;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "variable");
    record.variable = "v";
    record.count = 3;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "18");
    record.count = STEPS * 3;
    record.dtype = SNN_UINT8;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "SNN_FLOAT32");
    record.dtype = SNN_INT32;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "SNN_FLOAT32");
    record.dtype = 17;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "records[0]: dtype is 17");
    record.dtype = SNN_FLOAT32;
    record.data = NULL;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "data");
    record.data = data;
    record.population = 2;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_NOT_FOUND, "records[0]: ");
    def.records = NULL;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "records");
    CHECK_ERROR(snn_session_run(handle, NULL), SNN_ERROR_INVALID_ARGUMENT, "def");
    def = run_def(&input, NULL, 0);
    def.struct_size = 0;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_VERSION, "struct_size");
    CHECK_OK(snn_session_step_count(handle, &steps));
    CHECK_EQUAL(steps, 0);
    snn_destroy_network(handle);
}

static void what_does_not_spike_has_no_spikes_to_record(void) {
    SNNHandle handle = open_session(make_classifier(), NULL);
    float data[STEPS * 3];
    SNNRecordArray record = {2, SNN_FLOAT32, "spikes", data, STEPS * 3};
    SNNRunDef def = run_def(NULL, &record, 1);
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "readout");
    record.variable = "spike_count";
    record.count = 3;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "readout");
    CHECK_ERROR(snn_session_read(handle, "readout.spikes", SNN_FLOAT32, data, 3), SNN_ERROR_INVALID_ARGUMENT,
                "'readout' has model 'leaky_integrator', which does not spike");
    snn_destroy_network(handle);
}

static void a_refused_run_leaves_what_was_there(void) {
    SNNHandle handle = open_chain();
    float count[3] = {7, 8, 9}, v[STEPS * 3];
    const SNNInputArray input = input_frames();
    SNNRecordArray records[2] = {{1, SNN_FLOAT32, "spike_count", NULL, 3}, {1, SNN_FLOAT32, "v", NULL, 1}};
    SNNRunDef def = run_def(&input, records, 2);
    records[0].data = count;
    records[1].data = v;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "records[1]");
    CHECK(count[0] == 7.0f && count[1] == 8.0f && count[2] == 9.0f);
    snn_destroy_network(handle);
}

/* ---- Progress ---- */

typedef struct Progress {
    uint64_t calls, last_done, total, stop_at;
} Progress;

static int32_t SNN_CALL note_progress(uint64_t steps_done, uint64_t steps_total, void *user) {
    Progress *progress = user;
    ++progress->calls;
    progress->last_done = steps_done;
    progress->total = steps_total;
    return progress->stop_at != 0 && steps_done >= progress->stop_at;
}

static void progress_is_told_and_may_stop_the_run(void) {
    SNNHandle handle = open_chain();
    const SNNInputArray input = input_frames();
    uint8_t spikes[STEPS][3];
    SNNRecordArray record = {1, SNN_UINT8, "spikes", spikes, STEPS * 3};
    SNNRunDef def = run_def(&input, &record, 1);
    Progress progress = {0, 0, 0, 0};
    uint64_t steps;
    def.progress = note_progress;
    def.progress_user = &progress;
    def.progress_interval = 2;
    CHECK_OK(snn_session_run(handle, &def));
    CHECK_EQUAL(progress.calls, 3);
    CHECK_EQUAL(progress.last_done, STEPS);
    CHECK_EQUAL(progress.total, STEPS);
    CHECK_OK(snn_session_reset(handle));
    memset(spikes, 7, sizeof spikes);
    progress.stop_at = 4;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_STOPPED, "4");
    CHECK_OK(snn_session_step_count(handle, &steps));
    CHECK_EQUAL(steps, 4);
    CHECK_EQUAL(spikes[3][0], 1); /* what was recorded so far is kept */
    CHECK_EQUAL(spikes[4][0], 7); /* the rest is untouched */
    snn_destroy_network(handle);
}

static void SNN_CALL count_calls(SNNHandle handle, const SNNSpikes *spikes, void *user) {
    (void)handle;
    *(uint64_t *)user += spikes->count;
}

static void a_run_calls_back_for_spikes(void) {
    SNNHandle handle = open_chain();
    const SNNInputArray input = input_frames();
    SNNRunDef def = run_def(&input, NULL, 0);
    uint64_t spikes = 0;
    CHECK_OK(snn_register_spike_callback(handle, count_calls, &spikes));
    CHECK_OK(snn_session_run(handle, &def));
    CHECK_EQUAL(spikes, 5);
    snn_destroy_network(handle);
}

static void a_run_of_no_steps_does_nothing(void) {
    SNNHandle handle = open_chain();
    SNNRunDef def = run_def(NULL, NULL, 0);
    uint64_t steps;
    def.step_count = 0;
    CHECK_OK(snn_session_run(handle, &def));
    CHECK_OK(snn_session_step_count(handle, &steps));
    CHECK_EQUAL(steps, 0);
    snn_destroy_network(handle);
}

static const CheckCase cases[] = {
    CASE(records_hold_every_step),
    CASE(spikes_are_recorded_as_events),
    CASE(a_run_returns_before_events_could_be_lost),
    CASE(frames_may_be_recorded_every_few_steps),
    CASE(records_of_spikes_are_checked),
    CASE(a_held_input_is_used_at_every_step),
    CASE(an_input_not_named_gets_what_was_set),
    CASE(a_run_equals_its_steps),
    CASE(runs_are_checked_before_the_first_step),
    CASE(what_does_not_spike_has_no_spikes_to_record),
    CASE(a_refused_run_leaves_what_was_there),
    CASE(progress_is_told_and_may_stop_the_run),
    CASE(a_run_calls_back_for_spikes),
    CASE(a_run_of_no_steps_does_nothing),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
