/* Spikes given one by one: to the step that comes, and to a run. Frames of the same spikes are the oracle. */
#include "fixtures.h"

enum { INPUTS = 150, CELLS = 70, MOST_SAMPLES = 3, STEPS = 40 };

static const char *const devices[] = {"cpu", "reference", "cpu+reference", "cpu*+reference*"};

/* Spike input "in" (150) -> "cells" (70): densely, in floats, and sparsely with delays, in whole numbers; cells -> cells
 * sparsely. */
static SNNNetwork make_listeners(void) {
    SNNNetwork network = new_network();
    float weights[INPUTS * CELLS];
    SNNProjectionDef def;
    SNNRandomConnectionDef rule;
    const uint32_t in = add_input(network, "in", SNN_POPULATION_SPIKE_INPUT, INPUTS);
    const uint32_t cells = add_neurons(network, "cells", "lif", CELLS);
    CHECK_OK(snn_random_fill(5, 1, SNN_RANDOM_NORMAL, 0.01, 0.1, weights, COUNT(weights)));
    connect(network, SNN_CONNECT_DENSE, in, cells, weights, COUNT(weights));
    snn_projection_def_default(&def);
    snn_random_connection_def_default(&rule);
    def.kind = SNN_CONNECT_SPARSE;
    def.trainable = 0;
    def.delay_steps = 1;
    def.target = cells;
    rule.probability = 0.2;
    rule.weight = distribution(SNN_DISTRIBUTION_UNIFORM, -0.2, 0.4);
    rule.delay = distribution(SNN_DISTRIBUTION_UNIFORM, 1, 6);
    def.source = in;
    def.name = "late";
    CHECK_OK(snn_network_connect_random(network, &def, &rule, NULL));
    def.source = cells;
    def.name = "again";
    CHECK_OK(snn_network_connect_random(network, &def, &rule, NULL));
    CHECK_OK(snn_network_finish(network));
    return network;
}

static SNNHandle open_listeners(const char *device, uint32_t batch_size) {
    return open_with_batch(make_listeners(), device, batch_size, strcmp(device, "cpu") == 0 ? 2 : 1);
}

/* Frames of some steps, with spikes in every third; by sample, and what they are as lists. */
typedef struct Spikes {
    float frames[STEPS][MOST_SAMPLES][INPUTS];
    uint32_t steps[STEPS * MOST_SAMPLES * INPUTS], neurons[STEPS * MOST_SAMPLES * INPUTS],
        samples[STEPS * MOST_SAMPLES * INPUTS];
    size_t count;
} Spikes;

static Spikes *new_spikes(uint32_t batch_size) {
    Spikes *spikes = calloc(1, sizeof *spikes);
    static float chances[STEPS * MOST_SAMPLES * INPUTS];
    float *frame = &spikes->frames[0][0][0];
    uint32_t step, sample, neuron;
    CHECK_OK(snn_random_fill(9, batch_size, SNN_RANDOM_UNIFORM, 0.0, 1.0, chances, COUNT(chances)));
    for (step = 0; step < STEPS; ++step)
        for (sample = 0; sample < batch_size; ++sample)
            for (neuron = 0; neuron < INPUTS; ++neuron, ++frame) {
                *frame = step % 3 == 0 && chances[(step * MOST_SAMPLES + sample) * INPUTS + neuron] < 0.1f ? 1.0f : 0.0f;
                if (*frame == 0.0f) continue;
                spikes->steps[spikes->count] = step;
                spikes->samples[spikes->count] = sample;
                spikes->neurons[spikes->count++] = neuron;
            }
    CHECK(spikes->count > STEPS);
    return spikes;
}

static const float *frame_of(const Spikes *spikes, uint32_t batch_size, uint32_t step) {
    return &spikes->frames[0][0][0] + (size_t)step * batch_size * INPUTS;
}

static void check_same_state(SNNHandle a, SNNHandle b, uint32_t batch_size) {
    static float one[MOST_SAMPLES * CELLS], other[MOST_SAMPLES * CELLS];
    SNNCounters ones, others;
    const size_t count = (size_t)batch_size * CELLS;
    CHECK_OK(snn_get_membrane_potentials(a, "cells", one, count));
    CHECK_OK(snn_get_membrane_potentials(b, "cells", other, count));
    CHECK(memcmp(one, other, count * sizeof one[0]) == 0);
    ones.struct_size = others.struct_size = sizeof ones;
    CHECK_OK(snn_get_counters(a, &ones));
    CHECK_OK(snn_get_counters(b, &others));
    CHECK(memcmp(&ones, &others, sizeof ones) == 0);
}

/* ---- For the coming step ---- */

/* The neurons of a step backwards, each twice. */
static void add_spikes_of(SNNHandle handle, const Spikes *spikes, uint32_t batch_size, uint32_t step) {
    uint32_t sample, neuron, listed[2 * INPUTS], count;
    for (sample = 0; sample < batch_size; ++sample) {
        for (count = 0, neuron = INPUTS; neuron-- > 0;)
            if (frame_of(spikes, batch_size, step)[sample * INPUTS + neuron] != 0.0f) {
                listed[count++] = neuron;
                listed[count++] = neuron;
            }
        CHECK_OK(snn_session_add_input_spikes(handle, 0, sample, listed, count / 2));
        CHECK_OK(snn_session_add_input_spikes(handle, 0, sample, listed + count / 2, count - count / 2));
    }
}

static void spikes_added_to_a_step_are_those_of_its_frame(void) {
    uint32_t batch_size, device, step;
    for (device = 0; device < COUNT(devices); ++device)
        for (batch_size = device == 3 ? 2 : 1; batch_size <= MOST_SAMPLES; batch_size += 2) {
            SNNHandle listed = open_listeners(devices[device], batch_size), framed = open_listeners("reference", batch_size);
            Spikes *spikes = new_spikes(batch_size);
            SNNCounters counters;
            for (step = 0; step < STEPS; ++step) {
                CHECK_OK(snn_session_set_input(framed, 0, frame_of(spikes, batch_size, step), (size_t)batch_size * INPUTS));
                add_spikes_of(listed, spikes, batch_size, step);
                CHECK_OK(snn_session_step(framed, step % 4 == 0 ? 2 : 1)); /* they are gone after one */
                CHECK_OK(snn_session_step(listed, step % 4 == 0 ? 2 : 1));
                check_same_state(listed, framed, batch_size);
            }
            counters.struct_size = sizeof counters;
            CHECK_OK(snn_get_counters(listed, &counters));
            CHECK_EQUAL(counters.input_spikes, spikes->count);
            CHECK(counters.spikes > 100);
            free(spikes);
            snn_destroy_network(listed);
            snn_destroy_network(framed);
        }
}

static uint64_t input_spikes_of(SNNHandle handle) {
    SNNCounters counters;
    counters.struct_size = sizeof counters;
    CHECK_OK(snn_get_counters(handle, &counters));
    return counters.input_spikes;
}

/* Frames replace, lists add. */
static void spikes_are_added_to_what_was_set(void) {
    SNNHandle handle = open_with_batch(make_chain(), NULL, 2, 1);
    const uint32_t last[1] = {2}, first[2] = {0, 0};
    const float second[3] = {0, 1, 0}, seconds[6] = {0, 1, 0, 0, 1, 0};
    float v[6], in[6];
    CHECK_OK(snn_session_set_sample_input(handle, 0, 0, second, 3));
    CHECK_OK(snn_session_add_input_spikes(handle, 0, 0, last, 1));
    CHECK_OK(snn_session_add_input_spikes(handle, 0, 1, last, 1));
    CHECK_OK(snn_session_step(handle, 1));
    CHECK_OK(snn_session_read(handle, "in.spikes", SNN_FLOAT32, in, 6));
    CHECK(in[0] == 0 && in[1] == 1 && in[2] == 1 && in[3] == 0 && in[4] == 0 && in[5] == 1);
    CHECK_OK(snn_session_add_input_spikes(handle, 0, 1, last, 1));
    CHECK_OK(snn_session_add_input_spikes(handle, 0, 0, last, 1));
    CHECK_OK(snn_session_set_sample_input(handle, 0, 0, second, 3)); /* replaces those of its sample */
    CHECK_OK(snn_session_add_input_spikes(handle, 0, 0, first, 2));
    CHECK_OK(snn_session_step(handle, 1));
    CHECK_OK(snn_session_read(handle, "in.spikes", SNN_FLOAT32, in, 6));
    CHECK(in[0] == 1 && in[1] == 1 && in[2] == 0 && in[3] == 0 && in[4] == 0 && in[5] == 1);
    CHECK_OK(snn_session_add_input_spikes(handle, 0, 1, last, 1));
    CHECK_OK(snn_session_set_input(handle, 0, seconds, 6));
    CHECK_OK(snn_session_step(handle, 1));
    CHECK_OK(snn_session_add_input_spikes(handle, 0, 1, first, 1)); /* nothing is left of the lists before */
    CHECK_OK(snn_session_step(handle, 1));
    CHECK_OK(snn_session_read(handle, "in.spikes", SNN_FLOAT32, in, 6));
    CHECK(in[0] == 0 && in[1] == 0 && in[2] == 0 && in[3] == 1 && in[4] == 0 && in[5] == 0);
    CHECK_EQUAL(input_spikes_of(handle), 3 + 3 + 2 + 1);
    CHECK_OK(snn_session_add_input_spikes(handle, 0, 0, first, 1));
    CHECK_OK(snn_session_reset(handle)); /* forgets them */
    CHECK_OK(snn_session_step(handle, 1));
    CHECK_EQUAL(input_spikes_of(handle), 0);
    CHECK_OK(snn_session_add_input_spikes(handle, 0, 0, NULL, 0)); /* none */
    CHECK_OK(snn_session_step(handle, 1));
    CHECK_OK(snn_get_membrane_potentials(handle, "cells", v, 6));
    CHECK_EQUAL(input_spikes_of(handle), 0);
    snn_destroy_network(handle);
}

static void added_spikes_wait_for_a_step_that_is_due(void) {
    SNNHandle handle = open_chain();
    const uint32_t neurons[2] = {1, 2};
    CHECK_OK(snn_session_add_input_spikes(handle, 0, 0, neurons, 1));
    CHECK_OK(snn_run_step(handle, 0.0005f)); /* half a step */
    CHECK_OK(snn_session_add_input_spikes(handle, 0, 0, neurons + 1, 1));
    CHECK_EQUAL(input_spikes_of(handle), 0);
    CHECK_OK(snn_run_step(handle, 0.0025f));
    CHECK_EQUAL(input_spikes_of(handle), 2);
    snn_destroy_network(handle);
}

static void a_run_leaves_what_was_added_to_an_input_that_it_is_given(void) {
    const uint32_t added[2] = {1, 2}, steps[1] = {0}, neurons[1] = {3};
    size_t i;
    for (i = 0; i < COUNT(devices); ++i) {
        SNNNetwork network = new_network();
        SNNHandle handle;
        SNNSpikeInput events = {sizeof events, 0, steps, neurons, NULL, 1};
        SNNRunDef run;
        SNNCounters counters;
        float weights[4 * 8];
        size_t k;
        for (k = 0; k < COUNT(weights); ++k) weights[k] = 0.5f;
        add_input(network, "given", SNN_POPULATION_SPIKE_INPUT, 4);
        add_input(network, "left", SNN_POPULATION_SPIKE_INPUT, 4);
        add_neurons(network, "cells", "lif", 8);
        connect(network, SNN_CONNECT_DENSE, 0, 2, weights, COUNT(weights));
        connect(network, SNN_CONNECT_DENSE, 1, 2, weights, COUNT(weights));
        CHECK_OK(snn_network_finish(network));
        handle = open_with_batch(network, devices[i], 1, 1);
        CHECK_OK(snn_session_add_input_spikes(handle, 0, 0, added, 2));
        CHECK_OK(snn_session_add_input_spikes(handle, 1, 0, added, 1));
        snn_run_def_default(&run);
        run.step_count = 1;
        run.spike_inputs = &events;
        run.spike_input_count = 1;
        CHECK_OK(snn_session_run(handle, &run));
        counters.struct_size = sizeof counters;
        CHECK_OK(snn_get_counters(handle, &counters));
        CHECK_EQUAL(counters.input_spikes, 2); /* that of the run, and that of the other input */
        CHECK_OK(snn_session_step(handle, 2));
        CHECK_OK(snn_get_counters(handle, &counters));
        CHECK_EQUAL(counters.input_spikes, 4); /* and the two that were left */
        snn_destroy_network(handle);
    }
}

static void added_spikes_travel_with_a_state(void) {
    static const char *const path = "test_events.state";
    SNNHandle from = open_chain(), to = open_session(make_chain(), "reference");
    const uint32_t neurons[2] = {2, 0}, other[1] = {1};
    CHECK_OK(snn_session_add_input_spikes(from, 0, 0, neurons, 2));
    CHECK_OK(snn_session_add_input_spikes(to, 0, 0, other, 1)); /* is forgotten */
    CHECK_OK(snn_save_state(from, path));
    CHECK_OK(snn_load_state(to, path));
    CHECK_OK(snn_session_step(to, 1));
    CHECK_EQUAL(input_spikes_of(to), 2);
    CHECK_OK(snn_session_add_input_spikes(to, 0, 0, other, 1));
    CHECK_OK(snn_session_step(to, 1));
    CHECK_EQUAL(input_spikes_of(to), 3);
    snn_destroy_network(from);
    snn_destroy_network(to);
    remove(path);
}

static void what_cannot_be_added_is_refused_and_nothing_added(void) {
    SNNHandle handle = open_chain(), classifier = open_session(make_classifier(), NULL);
    const uint32_t neurons[3] = {0, 1, 3};
    const float bound[3] = {0};
    CHECK_ERROR(snn_session_add_input_spikes(handle, 0, 0, neurons, 3), SNN_ERROR_INVALID_ARGUMENT,
                "neurons[2] is 3; input 'in' has 3, from 0");
    CHECK_ERROR(snn_session_add_input_spikes(handle, 0, 1, neurons, 1), SNN_ERROR_INVALID_ARGUMENT,
                "sample is 1; batch_size is 1");
    CHECK_ERROR(snn_session_add_input_spikes(handle, 0, 0, NULL, 1), SNN_ERROR_INVALID_ARGUMENT,
                "neurons is null, but count is 1");
    CHECK_ERROR(snn_session_add_input_spikes(handle, 1, 0, neurons, 1), SNN_ERROR_INVALID_ARGUMENT,
                "population 1 ('cells') is not an input");
    CHECK_ERROR(snn_session_add_input_spikes(handle, 7, 0, neurons, 1), SNN_ERROR_NOT_FOUND, "7");
    CHECK_ERROR(snn_session_add_input_spikes(NULL, 0, 0, neurons, 1), SNN_ERROR_INVALID_HANDLE, "null");
    CHECK_ERROR(snn_session_add_input_spikes(classifier, 0, 0, neurons, 1), SNN_ERROR_INVALID_ARGUMENT,
                "input 'pixels' takes values, not spikes one by one; those are for a spike input");
    CHECK_OK(snn_session_bind_input(handle, 0, bound, 3));
    CHECK_ERROR(snn_session_add_input_spikes(handle, 0, 0, neurons, 1), SNN_ERROR_STATE, "is bound to memory of the program");
    CHECK_OK(snn_session_bind_input(handle, 0, NULL, 0));
    CHECK_OK(snn_session_step(handle, 1));
    CHECK_EQUAL(input_spikes_of(handle), 0);
    snn_destroy_network(handle);
    snn_destroy_network(classifier);
}

/* ---- For a run ---- */

static SNNRunDef run_of(uint32_t step_count, const SNNSpikeInput *input) {
    SNNRunDef def;
    snn_run_def_default(&def);
    def.step_count = step_count;
    def.spike_inputs = input;
    def.spike_input_count = 1;
    return def;
}

static SNNSpikeInput input_of(const Spikes *spikes, uint32_t batch_size) {
    SNNSpikeInput input = {sizeof input, 0, NULL, NULL, NULL, 0};
    input.steps = spikes->steps;
    input.neurons = spikes->neurons;
    input.samples = batch_size > 1 ? spikes->samples : NULL;
    input.count = spikes->count;
    return input;
}

static void run_frames(SNNHandle handle, const Spikes *spikes, uint32_t batch_size, float *out_v) {
    SNNInputArray frames = {0, 0, NULL, 0};
    SNNRecordArray record = {1, SNN_FLOAT32, "v", NULL, 0};
    SNNRunDef def;
    snn_run_def_default(&def);
    frames.data = frame_of(spikes, batch_size, 0);
    frames.count = (size_t)STEPS * batch_size * INPUTS;
    record.data = out_v;
    record.count = (size_t)STEPS * batch_size * CELLS;
    def.step_count = STEPS;
    def.inputs = &frames;
    def.input_count = 1;
    def.records = &record;
    def.record_count = 1;
    CHECK_OK(snn_session_run(handle, &def));
}

/* Within a step in any order, and twice. */
static void mix_steps(Spikes *spikes) {
    const size_t count = spikes->count;
    size_t begin, end, i;
    for (begin = 0; begin < count; begin = end) {
        for (end = begin; end < count && spikes->steps[end] == spikes->steps[begin];) ++end;
        for (i = 0; i < (end - begin) / 2; ++i) {
            const uint32_t neuron = spikes->neurons[begin + i], sample = spikes->samples[begin + i];
            spikes->neurons[begin + i] = spikes->neurons[end - 1 - i];
            spikes->samples[begin + i] = spikes->samples[end - 1 - i];
            spikes->neurons[end - 1 - i] = neuron;
            spikes->samples[end - 1 - i] = sample;
        }
    }
    spikes->steps[count] = spikes->steps[count - 1];
    spikes->neurons[count] = spikes->neurons[count - 1];
    spikes->samples[count] = spikes->samples[count - 1];
    ++spikes->count;
}

static void a_run_takes_events_as_it_takes_frames(void) {
    static float expected[STEPS * MOST_SAMPLES * CELLS], v[STEPS * MOST_SAMPLES * CELLS];
    uint32_t batch_size, device, mixed;
    for (device = 0; device < COUNT(devices); ++device)
        for (batch_size = device == 3 ? 2 : 1; batch_size <= MOST_SAMPLES; batch_size += 2)
            for (mixed = 0; mixed < 2; ++mixed) {
                SNNHandle listed = open_listeners(devices[device], batch_size),
                          framed = open_listeners("reference", batch_size);
                Spikes *spikes = new_spikes(batch_size);
                const uint64_t count = spikes->count;
                SNNRecordArray record = {1, SNN_FLOAT32, "v", NULL, 0};
                SNNSpikeInput input;
                SNNRunDef def;
                if (mixed) mix_steps(spikes);
                input = input_of(spikes, batch_size);
                run_frames(framed, spikes, batch_size, expected);
                def = run_of(STEPS, &input);
                record.data = v;
                record.count = (size_t)STEPS * batch_size * CELLS;
                def.records = &record;
                def.record_count = 1;
                CHECK_OK(snn_session_run(listed, &def));
                CHECK(memcmp(v, expected, record.count * sizeof v[0]) == 0);
                check_same_state(listed, framed, batch_size);
                CHECK_EQUAL(input_spikes_of(listed), count);
                CHECK_OK(snn_session_step(listed, 1)); /* of the run alone */
                CHECK_EQUAL(input_spikes_of(listed), count);
                free(spikes);
                snn_destroy_network(listed);
                snn_destroy_network(framed);
            }
}

/* The input's spikes are recorded as events, and given to another run as they are. */
static void recorded_events_are_an_input(void) {
    SNNHandle handle = open_listeners("cpu", 2), again = open_listeners("cpu", 2);
    Spikes *spikes = new_spikes(2), *recorded = calloc(1, sizeof *recorded);
    const SNNSpikeInput first = input_of(spikes, 2);
    SNNSpikeInput second;
    SNNSpikeRecord record = {sizeof record, 0, NULL, NULL, NULL, STEPS * 2 * INPUTS, 0};
    SNNRunDef def = run_of(STEPS, &first);
    uint32_t done = 0;
    record.steps = recorded->steps;
    record.neurons = recorded->neurons;
    record.samples = recorded->samples;
    def.spike_records = &record;
    def.spike_record_count = 1;
    def.out_step_count = &done;
    CHECK_OK(snn_session_run(handle, &def));
    CHECK_EQUAL(done, STEPS);
    CHECK_EQUAL(record.count, spikes->count);
    CHECK(memcmp(record.steps, spikes->steps, spikes->count * sizeof(uint32_t)) == 0);
    CHECK(memcmp(record.neurons, spikes->neurons, spikes->count * sizeof(uint32_t)) == 0);
    CHECK(memcmp(record.samples, spikes->samples, spikes->count * sizeof(uint32_t)) == 0);
    recorded->count = record.count;
    second = input_of(recorded, 2);
    def = run_of(STEPS, &second);
    CHECK_OK(snn_session_run(again, &def));
    check_same_state(handle, again, 2);
    free(spikes);
    free(recorded);
    snn_destroy_network(handle);
    snn_destroy_network(again);
}

/* Room for the cells of one step alone, so that every call does one or two steps; each has the same list. */
static void a_run_in_several_calls_has_one_list(void) {
    SNNHandle whole = open_listeners("cpu", 1), parts = open_listeners("cpu", 1);
    Spikes *spikes = new_spikes(1);
    const SNNSpikeInput input = input_of(spikes, 1);
    SNNRunDef def = run_of(STEPS, &input);
    uint32_t steps[CELLS], neurons[CELLS], done = 0, calls = 0;
    SNNSpikeRecord record = {sizeof record, 1, NULL, NULL, NULL, CELLS, 0};
    CHECK_OK(snn_session_run(whole, &def));
    record.steps = steps;
    record.neurons = neurons;
    def.spike_records = &record;
    def.spike_record_count = 1;
    def.out_step_count = &done;
    while (def.steps_before < STEPS) {
        def.step_count = STEPS - def.steps_before;
        CHECK_OK(snn_session_run(parts, &def));
        def.steps_before += done;
        ++calls;
    }
    CHECK(calls > 5);
    check_same_state(whole, parts, 1);
    free(spikes);
    snn_destroy_network(whole);
    snn_destroy_network(parts);
}

/* So large an input that frames are written out for two steps at a time, and lists for all. */
static void events_of_a_large_input(void) {
    enum { PIXELS = 500000, LONG = 9 };
    static const uint32_t steps[] = {0, 0, 1, 4, 4, 5, 8}, neurons[] = {499999, 7, 7, 0, 499999, 7, 300000};
    static const uint32_t expected[] = {0, 0, 1, 4, 4, 5, 8}, expected_cells[] = {7, 499999, 7, 0, 499999, 7, 300000};
    uint32_t device, in, cells;
    for (device = 0; device < 2; ++device) {
        SNNNetwork network = new_network();
        SNNHandle handle;
        float *weights = malloc(PIXELS * sizeof *weights);
        uint32_t *found = malloc(2 * PIXELS * sizeof *found), done = 0;
        size_t i;
        SNNSpikeInput input = {sizeof input, 0, NULL, NULL, NULL, COUNT(steps)};
        SNNSpikeRecord record = {sizeof record, 1, NULL, NULL, NULL, PIXELS, 0};
        SNNRunDef def = run_of(LONG, &input);
        for (i = 0; i < PIXELS; ++i) weights[i] = 1.0f;
        in = add_input(network, "in", SNN_POPULATION_SPIKE_INPUT, PIXELS);
        cells = add_neurons(network, "cells", "adder", PIXELS);
        connect(network, SNN_CONNECT_ONE_TO_ONE, in, cells, weights, PIXELS);
        CHECK_OK(snn_network_finish(network));
        handle = open_session(network, devices[device]);
        input.steps = steps;
        input.neurons = neurons;
        record.steps = found;
        record.neurons = found + PIXELS;
        def.spike_records = &record;
        def.spike_record_count = 1;
        def.out_step_count = &done;
        for (i = 0; def.steps_before < LONG; def.steps_before += done, i += record.count) {
            def.step_count = LONG - def.steps_before;
            CHECK_OK(snn_session_run(handle, &def));
            CHECK(i + record.count <= COUNT(expected));
            CHECK(memcmp(found, expected + i, record.count * sizeof *found) == 0);
            CHECK(memcmp(found + PIXELS, expected_cells + i, record.count * sizeof *found) == 0);
        }
        CHECK_EQUAL(i, COUNT(expected));
        free(weights);
        free(found);
        snn_destroy_network(handle);
    }
}

static void events_are_checked_before_the_first_step(void) {
    SNNHandle handle = open_with_batch(make_chain(), NULL, 2, 1), classifier = open_session(make_classifier(), NULL);
    const uint32_t steps[3] = {1, 4, 3}, neurons[3] = {2, 0, 3}, samples[3] = {0, 1, 2};
    const SNNInputArray held = {0, 1, three_ones, 3};
    SNNSpikeInput inputs[2] = {{sizeof inputs[0], 0, NULL, NULL, NULL, 2}, {sizeof inputs[0], 0, NULL, NULL, NULL, 0}};
    SNNSpikeInput *const input = inputs;
    SNNRunDef def = run_of(5, inputs);
    uint64_t done;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT,
                "spike_inputs[0] ('in'): steps is null, but count is 2");
    input->steps = steps;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "neurons is null, but count is 2");
    input->neurons = neurons;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT,
                "samples is null; it may be for a batch_size of 1 only, and that is 2");
    input->samples = samples;
    input->count = 3;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT,
                "spike_inputs[0] ('in'): steps[2] is 3, after 4; events are in the order of their steps");
    input->steps = steps + 1;
    input->neurons = neurons + 1;
    input->count = 1;
    def.step_count = 4;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "steps[0] is 4; the run has 4 steps, from 0");
    def.step_count = 5;
    input->neurons = neurons + 2;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "neurons[0] is 3; 'in' has 3, from 0");
    input->neurons = neurons;
    input->samples = samples + 2;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "samples[0] is 2; batch_size is 2");
    input->samples = samples;
    input->count = (size_t)1 << 40;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "count is 1099511627776; it is at most 4294967295");
    input->count = 1;
    def.spike_input_count = 2;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "spike_inputs[1] ('in'): the input is given twice");
    inputs[1].struct_size = 8;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_VERSION, "def->spike_inputs->struct_size is 8");
    def.spike_input_count = 1;
    def.inputs = &held;
    def.input_count = 1;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "input 'in' takes 6 values");
    def.input_count = 0;
    input->population = 1;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT,
                "spike_inputs[0] ('cells'): the population is not an input; events are spikes of a spike input");
    input->population = 5;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_NOT_FOUND, "5");
    input->population = 0;
    CHECK_ERROR(snn_session_run(classifier, &def), SNN_ERROR_INVALID_ARGUMENT, "the population is a value input");
    def.spike_inputs = NULL;
    CHECK_ERROR(snn_session_run(handle, &def), SNN_ERROR_INVALID_ARGUMENT, "spike_inputs is null but spike_input_count is 1");
    CHECK_OK(snn_session_step_count(handle, &done));
    CHECK_EQUAL(done, 0);
    snn_destroy_network(handle);
    snn_destroy_network(classifier);
}

/* Trains on frames or on events: losses, and the weights in the end. */
static void train(const char *device, const SNNBatch *batch, uint32_t checkpoint_steps, double losses[3], float *out_weights) {
    SNNHandle handle = open_listeners(device, MOST_SAMPLES);
    SNNTrainer trainer;
    SNNTrainerDef def;
    SNNTrainResult result = {sizeof result, 0, 0, 0, 0};
    uint32_t i;
    snn_trainer_def_default(&def);
    def.output_population = 1;
    def.step_count = STEPS;
    def.checkpoint_steps = checkpoint_steps;
    CHECK_OK(snn_trainer_create(handle, &def, &trainer));
    for (i = 0; i < 3; ++i) {
        if (i == 0) {
            CHECK_OK(snn_trainer_forward(trainer, batch, &result));
            CHECK_OK(snn_trainer_backward(trainer));
            CHECK_OK(snn_trainer_update(trainer));
        } else CHECK_OK(snn_trainer_step(trainer, batch, &result));
        losses[i] = result.loss;
    }
    CHECK_OK(snn_session_read(handle, "in_to_cells.weight", SNN_FLOAT32, out_weights, INPUTS * CELLS));
    snn_trainer_release(trainer);
    snn_destroy_network(handle);
}

static void a_batch_takes_events_as_it_takes_frames(void) {
    static const char *const trained_on[] = {"cpu", "reference", "cpu*+reference*"};
    static float expected[INPUTS * CELLS], found[INPUTS * CELLS];
    Spikes *spikes = new_spikes(MOST_SAMPLES);
    const int32_t labels[MOST_SAMPLES] = {4, 0, 69};
    const SNNInputArray frames = {0, 0, &spikes->frames[0][0][0], sizeof spikes->frames / sizeof(float)};
    const SNNSpikeInput events = {sizeof events, 0, spikes->steps, spikes->neurons, spikes->samples, spikes->count};
    SNNBatch of_frames = {sizeof of_frames, 1, 0, &frames, NULL, labels, MOST_SAMPLES, NULL, 0};
    SNNBatch of_events = {sizeof of_events, 0, 1, NULL, &events, labels, MOST_SAMPLES, NULL, 0};
    double expected_losses[3], losses[3];
    uint32_t i, checkpoint_steps;
    for (i = 0; i < COUNT(trained_on); ++i)
        for (checkpoint_steps = 0; checkpoint_steps < 14; checkpoint_steps += 7) {
            train(trained_on[i], &of_frames, checkpoint_steps, expected_losses, expected);
            train(trained_on[i], &of_events, checkpoint_steps, losses, found);
            CHECK(expected_losses[2] != expected_losses[0]);
            CHECK(memcmp(losses, expected_losses, sizeof losses) == 0);
            CHECK(memcmp(found, expected, sizeof found) == 0);
        }
    free(spikes);
}

static void events_of_a_batch_are_checked(void) {
    SNNHandle handle = open_listeners("cpu", MOST_SAMPLES);
    const int32_t labels[MOST_SAMPLES] = {0, 0, 0};
    const uint32_t steps[1] = {STEPS}, neurons[1] = {0}, samples[1] = {0};
    SNNSpikeInput events[2] = {{sizeof events[0], 0, steps, neurons, samples, 1}, {sizeof events[0], 0, NULL, NULL, NULL, 0}};
    SNNBatch batch = {sizeof batch, 0, 0, NULL, NULL, labels, MOST_SAMPLES, NULL, 0};
    SNNTrainResult result = {sizeof result, 0, 0, 0, 0};
    SNNTrainer trainer;
    SNNTrainerDef def;
    snn_trainer_def_default(&def);
    def.output_population = 1;
    def.step_count = STEPS;
    CHECK_OK(snn_trainer_create(handle, &def, &trainer));
    CHECK_ERROR(snn_trainer_step(trainer, &batch, &result), SNN_ERROR_INVALID_ARGUMENT, "input 'in' is missing from the batch");
    batch.spike_input_count = 1;
    CHECK_ERROR(snn_trainer_step(trainer, &batch, &result), SNN_ERROR_INVALID_ARGUMENT,
                "spike_inputs is null but spike_input_count is 1");
    batch.spike_inputs = events;
    CHECK_ERROR(snn_trainer_step(trainer, &batch, &result), SNN_ERROR_INVALID_ARGUMENT,
                "spike_inputs[0] ('in'): steps[0] is 40; the run has 40 steps, from 0");
    events[0].count = 0;
    batch.spike_input_count = 2;
    CHECK_ERROR(snn_trainer_step(trainer, &batch, &result), SNN_ERROR_INVALID_ARGUMENT,
                "spike_inputs[1] ('in'): the input is given twice");
    events[1].struct_size = 8;
    CHECK_ERROR(snn_trainer_step(trainer, &batch, &result), SNN_ERROR_VERSION, "batch->spike_inputs->struct_size is 8");
    batch.spike_input_count = 1;
    CHECK_OK(snn_trainer_step(trainer, &batch, &result)); /* silence */
    snn_trainer_release(trainer);
    snn_destroy_network(handle);
}

static const CheckCase cases[] = {
    CASE(spikes_added_to_a_step_are_those_of_its_frame),
    CASE(spikes_are_added_to_what_was_set),
    CASE(added_spikes_wait_for_a_step_that_is_due),
    CASE(a_run_leaves_what_was_added_to_an_input_that_it_is_given),
    CASE(added_spikes_travel_with_a_state),
    CASE(what_cannot_be_added_is_refused_and_nothing_added),
    CASE(a_run_takes_events_as_it_takes_frames),
    CASE(recorded_events_are_an_input),
    CASE(a_run_in_several_calls_has_one_list),
    CASE(events_of_a_large_input),
    CASE(events_are_checked_before_the_first_step),
    CASE(a_batch_takes_events_as_it_takes_frames),
    CASE(events_of_a_batch_are_checked),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
