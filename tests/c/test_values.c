/* What a run records by path, of chosen neurons and synapses. Reading after each step is the oracle. */
#include "fixtures.h"

enum { STEPS = 12, CELLS = 24 };

static const char *const devices[] = {"cpu", "reference", "cpu+reference"};

/* Two inputs -> "p", plastic, all to all -> two cells. */
static SNNNetwork make_learner(void) {
    static const uint64_t rows[3] = {0, 2, 4};
    static const uint32_t targets[4] = {0, 1, 0, 1};
    static const float weights[4] = {0.5f, 0.5f, 0.5f, 0.5f};
    SNNNetwork network = new_network();
    SNNProjectionDef def;
    add_input(network, "in", SNN_POPULATION_SPIKE_INPUT, 2);
    add_neurons(network, "cells", "lif", 2);
    snn_projection_def_default(&def);
    def.kind = SNN_CONNECT_SPARSE;
    def.name = "p";
    def.target = 1;
    def.weights = weights;
    def.weight_count = 4;
    def.row_offsets = rows;
    def.row_offset_count = 3;
    def.synapse_targets = targets;
    def.synapse_count = 4;
    CHECK_OK(snn_network_connect(network, &def, NULL));
    CHECK_OK(snn_network_set_plasticity(network, 0, "pair_stdp", NULL));
    CHECK_OK(snn_network_finish(network));
    return network;
}

static SNNValueRecord value_record(const char *path, uint32_t dtype, const uint64_t *indices, size_t index_count, void *data,
                                   size_t count) {
    SNNValueRecord record = {sizeof record, 0, NULL, NULL, 0, NULL, 0};
    record.dtype = dtype;
    record.path = path;
    record.indices = indices;
    record.index_count = index_count;
    record.data = data;
    record.count = count;
    return record;
}

static SNNRunDef run_of(uint32_t step_count, const SNNValueRecord *records, uint32_t record_count) {
    SNNRunDef def;
    snn_run_def_default(&def);
    def.step_count = step_count;
    def.value_records = records;
    def.value_record_count = record_count;
    return def;
}

/* The classifier's hidden cells, two samples: states as float and double, spikes as bytes, some of them twice. */
static void chosen_neurons_have_the_values_of_all(void) {
    static const uint64_t chosen[4] = {23, 0, 7, 23};
    uint32_t device, interval, step, row, sample, i;
    for (device = 0; device < COUNT(devices); ++device)
        for (interval = 1; interval <= 5; interval += 2) {
            SNNHandle run = open_with_batch(make_classifier(), devices[device], 2, 1);
            SNNHandle stepped = open_with_batch(make_classifier(), "reference", 2, 1);
            float pixels[32], v[STEPS][2][4], all[STEPS][2][CELLS], expected[2][CELLS], spiked[2][CELLS], none[1];
            double exact[STEPS][2][4];
            uint8_t spikes[STEPS][2][4];
            SNNValueRecord records[5];
            SNNRunDef def = run_of(STEPS, records, COUNT(records));
            const size_t rows = STEPS / interval;
            uint32_t spike_count = 0;
            records[0] = value_record("hidden.v", SNN_FLOAT32, chosen, 4, v, rows * 2 * 4);
            records[1] = value_record("hidden.spikes", SNN_UINT8, chosen, 4, spikes, rows * 2 * 4);
            records[2] = value_record("hidden.v", SNN_FLOAT64, chosen, 4, exact, rows * 2 * 4);
            records[3] = value_record("hidden.v", SNN_FLOAT32, NULL, 0, all, rows * 2 * CELLS);
            records[4] = value_record("hidden.v", SNN_FLOAT32, chosen, 0, none, 0);
            CHECK_OK(snn_random_fill(4, 4, SNN_RANDOM_UNIFORM, 0.0, 1.0, pixels, COUNT(pixels)));
            CHECK_OK(snn_session_set_input(run, 0, pixels, 32));
            CHECK_OK(snn_session_set_input(stepped, 0, pixels, 32));
            def.record_interval = interval;
            CHECK_OK(snn_session_run(run, &def));
            for (row = 0, step = 1; step <= STEPS; ++step) {
                CHECK_OK(snn_session_step(stepped, 1));
                if (step % interval != 0) continue;
                CHECK_OK(snn_session_read(stepped, "hidden.v", SNN_FLOAT32, expected, 2 * CELLS));
                CHECK_OK(snn_session_read(stepped, "hidden.spikes", SNN_FLOAT32, spiked, 2 * CELLS));
                CHECK(memcmp(all[row], expected, sizeof expected) == 0);
                for (sample = 0; sample < 2; ++sample)
                    for (i = 0; i < 4; ++i) {
                        CHECK(v[row][sample][i] == expected[sample][chosen[i]]);
                        CHECK(exact[row][sample][i] == (double)expected[sample][chosen[i]]);
                        CHECK_EQUAL(spikes[row][sample][i], spiked[sample][chosen[i]] != 0.0f);
                        spike_count += spikes[row][sample][i];
                    }
                ++row;
            }
            CHECK_EQUAL(row, rows);
            CHECK(spike_count > 0);
            snn_destroy_network(run);
            snn_destroy_network(stepped);
        }
}

static void weights_and_traces_are_recorded_as_they_change(void) {
    static const uint64_t chosen[2] = {3, 0}, last[1] = {1};
    static const char *const plastic_devices[] = {"cpu", "reference"};
    uint32_t device, step;
    for (device = 0; device < COUNT(plastic_devices); ++device) {
        SNNHandle run = open_session(make_learner(), plastic_devices[device]),
                  stepped = open_session(make_learner(), "reference");
        const float ones[2] = {1, 1};
        const SNNInputArray held = {0, 1, ones, 2};
        float weights[STEPS / 2][2], all[STEPS / 2][4], traces[STEPS / 2][1], expected[4], trace[2];
        SNNValueRecord records[3];
        SNNRunDef def = run_of(STEPS - 1, records, COUNT(records));
        uint64_t steps;
        int changes = 0;
        records[0] = value_record("p.weight", SNN_FLOAT32, chosen, 2, weights, 5 * 2);
        records[1] = value_record("p.weight", SNN_FLOAT32, NULL, 0, all, 5 * 4);
        records[2] = value_record("p.recent_arrivals", SNN_FLOAT32, last, 1, traces, 5);
        def.record_interval = 2;
        def.inputs = &held;
        def.input_count = 1;
        CHECK_OK(snn_session_run(run, &def));
        CHECK_OK(snn_session_step_count(run, &steps));
        CHECK_EQUAL(steps, STEPS - 1);
        for (step = 0; step < STEPS - 1; ++step) {
            CHECK_OK(snn_session_set_input(stepped, 0, ones, 2));
            CHECK_OK(snn_session_step(stepped, 1));
            if (step % 2 == 0) continue;
            CHECK_OK(snn_session_read(stepped, "p.weight", SNN_FLOAT32, expected, 4));
            CHECK_OK(snn_session_read(stepped, "p.recent_arrivals", SNN_FLOAT32, trace, 2));
            CHECK(memcmp(all[step / 2], expected, sizeof expected) == 0);
            CHECK(weights[step / 2][0] == expected[3] && weights[step / 2][1] == expected[0]);
            CHECK(traces[step / 2][0] == trace[1]);
            changes += expected[0] != 0.5f;
        }
        CHECK(changes > 0);
        snn_destroy_network(run);
        snn_destroy_network(stepped);
    }
}

static void samples_with_weights_of_their_own_have_a_row_each(void) {
    static const uint64_t chosen[2] = {2, 1};
    const float mine[3] = {7, 8, 9};
    float both[2][2][2], one[2][1];
    SNNNetwork network = make_chain();
    SNNConfig config;
    SNNHandle handle;
    SNNValueRecord records[2];
    SNNRunDef def = run_of(2, records, 2);
    snn_config_default(&config);
    config.network = network;
    config.batch_size = 2;
    config.flags = SNN_FLAG_SAMPLE_WEIGHTS;
    CHECK_OK(snn_create_network(&config, &handle));
    CHECK_OK(snn_session_write(handle, "in_to_cells.weight[1]", SNN_FLOAT32, mine, 3));
    records[0] = value_record("in_to_cells.weight", SNN_FLOAT32, chosen, 2, both, 8);
    records[1] = value_record("in_to_cells.weight[1]", SNN_FLOAT32, chosen + 1, 1, one, 2);
    CHECK_OK(snn_session_run(handle, &def));
    CHECK(both[1][0][0] == 2.0f && both[1][0][1] == 1.0f && both[1][1][0] == 9.0f && both[1][1][1] == 8.0f);
    CHECK(one[0][0] == 8.0f && one[1][0] == 8.0f);
    snn_destroy_network(handle);
    snn_network_release(network);
}

/* So many neurons that whole rows are kept for three steps at a time. */
static void rows_of_a_large_population_come_in_pieces(void) {
    enum { MANY = 300000, ROWS = 10 };
    static const uint64_t chosen[3] = {299999, 0, 150000};
    uint32_t device, row;
    for (device = 0; device < 2; ++device) {
        SNNNetwork network = new_network();
        SNNHandle handle;
        float *values = malloc(MANY * sizeof *values), v[ROWS][3], after[ROWS / 2][3];
        SNNValueRecord record = value_record("cells.v", SNN_FLOAT32, chosen, 3, v, ROWS * 3);
        SNNRunDef def = run_of(ROWS, &record, 1);
        size_t i;
        for (i = 0; i < MANY; ++i) values[i] = 1.0f;
        add_input(network, "in", SNN_POPULATION_VALUE_INPUT, MANY);
        add_neurons(network, "cells", "adder", MANY);
        connect(network, SNN_CONNECT_ONE_TO_ONE, 0, 1, values, MANY);
        CHECK_OK(snn_network_finish(network));
        handle = open_session(network, devices[device]);
        for (i = 0; i < MANY; ++i) values[i] = (float)(i % 4) / 64.0f;
        CHECK_OK(snn_session_set_input(handle, 0, values, MANY));
        CHECK_OK(snn_session_run(handle, &def));
        for (row = 0; row < ROWS; ++row)
            CHECK(v[row][0] == (float)(row + 1) * 3 / 64 && v[row][1] == 0.0f && v[row][2] == 0.0f);
        /* A call that goes on with a run: its first row is one step away. */
        def.record_interval = 2;
        def.steps_before = 3;
        def.step_count = 7;
        record.data = after;
        record.count = 4 * 3;
        CHECK_OK(snn_session_run(handle, &def));
        for (row = 0; row < 4; ++row) CHECK(after[row][0] == (float)(11 + 2 * row) * 3 / 64);
        free(values);
        snn_destroy_network(handle);
    }
}

static int32_t SNN_CALL stop_after_four(uint64_t steps_done, uint64_t steps_total, void *user) {
    (void)steps_total;
    (void)user;
    return steps_done >= 4;
}

static void a_run_that_is_stopped_keeps_its_rows(void) {
    static const uint64_t chosen[1] = {0};
    SNNHandle handle = open_chain();
    float v[STEPS];
    SNNValueRecord record = value_record("cells.v", SNN_FLOAT32, chosen, 1, v, STEPS);
    const SNNInputArray held = {0, 1, three_ones, 3};
    SNNRunDef def = run_of(STEPS, &record, 1);
    memset(v, 0, sizeof v);
    v[4] = 7.0f;
    def.inputs = &held;
    def.input_count = 1;
    def.progress = stop_after_four;
    def.progress_interval = 2;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_STOPPED, "4");
    CHECK(v[0] == 0.5f && v[1] == 0.0f && v[2] == 0.5f && v[3] == 0.0f && v[4] == 7.0f);
    snn_destroy_network(handle);
}

static void what_cannot_be_recorded_is_refused_before_the_first_step(void) {
    static const uint64_t chosen[2] = {0, 3};
    SNNHandle handle = open_chain(), learner = open_session(make_learner(), NULL);
    float data[STEPS];
    SNNValueRecord record = value_record("cells.v", SNN_FLOAT32, chosen, 2, data, 2);
    SNNRunDef def = run_of(1, &record, 1);
    uint64_t steps;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT,
                "value_records[0] ('cells.v'): indices[1] is 3; there are 3, from 0");
    record.index_count = 1;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT,
                "value_records[0] ('cells.v') needs room for 1 values (1 recorded steps x batch_size 1 x 1 chosen), got 2");
    record.count = 1;
    record.dtype = SNN_UINT8;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "is recorded as SNN_FLOAT32 or SNN_FLOAT64");
    record.dtype = SNN_INT32;
    record.path = "cells.spikes";
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT,
                "is recorded as SNN_FLOAT32 or SNN_FLOAT64 or SNN_UINT8");
    record.dtype = 9;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "value_records[0]: dtype is 9");
    record.dtype = SNN_FLOAT32;
    record.path = "cells.u";
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_NOT_FOUND,
                "value_records[0]: population 'cells' has no state or parameter 'u'");
    record.path = "cells.threshold";
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT,
                "value_records[0] ('cells.threshold'): a run records states, spikes, weights, biases and traces");
    record.path = "cells.history";
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "a run records states");
    record.path = "in_to_cells.bias";
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_NOT_FOUND, "value_records[0]: projection 'in_to_cells' has no bias");
    record.path = NULL;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "value_records[0]: path is null");
    record.path = "in_to_cells.weight";
    record.data = NULL;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "data is null");
    record.data = data;
    record.indices = NULL;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "indices is null, but index_count is 1");
    record.index_count = 0;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT,
                "needs room for 3 values (1 recorded steps x 3), got 1");
    record.path = "p.tau_plus";
    CHECK_ERROR(snn_session_run(learner, &def), SNN_ERROR_INVALID_ARGUMENT, "a run records states");
    record.struct_size = 8;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_VERSION, "def->value_records->struct_size is 8");
    def.value_records = NULL;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "value_records is null but value_record_count is 1");
    CHECK_OK(snn_session_step_count(handle, &steps));
    CHECK_EQUAL(steps, 0);
    snn_destroy_network(handle);
    snn_destroy_network(learner);
}

static const CheckCase cases[] = {
    CASE(chosen_neurons_have_the_values_of_all),
    CASE(weights_and_traces_are_recorded_as_they_change),
    CASE(samples_with_weights_of_their_own_have_a_row_each),
    CASE(rows_of_a_large_population_come_in_pieces),
    CASE(a_run_that_is_stopped_keeps_its_rows),
    CASE(what_cannot_be_recorded_is_refused_before_the_first_step),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
