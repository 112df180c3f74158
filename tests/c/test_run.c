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

static void a_held_input_is_used_at_every_step(void) {
    SNNHandle handle = open_chain();
    SNNInputArray input = {0, 1, three_ones, 3};
    float count[3];
    SNNRecordArray record = {1, SNN_FLOAT32, "spike_count", count, 3};
    SNNRunDef def = run_def(&input, &record, 1);
    CHECK_OK(snn_session_run(handle, &def));
    CHECK_NEAR(count[0], STEPS / 2, 0);
    CHECK_NEAR(count[2], STEPS, 0);
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
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "[10]");
    bad[10] = 0.5f;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "[10]");
    two[0] = two[1] = input = input_frames();
    def.inputs = two;
    def.input_count = 2;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "twice");
    def.inputs = NULL;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "inputs");
    def = run_def(&input, &record, 1);
    record.variable = "u";
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_NOT_FOUND, "u");
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
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "17");
    record.dtype = SNN_FLOAT32;
    record.data = NULL;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "data");
    record.data = data;
    record.population = 2;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_NOT_FOUND, "2");
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
