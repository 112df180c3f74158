/* What threads share: a network whose synapses move while sessions come and go, and the steps of a session that a host runs on
 * threads of its own. */
#define _DEFAULT_SOURCE
#include <pthread.h>

#include "fixtures.h"

/* check.h ends a case by a longjmp, which must not cross threads: what they run returns a status instead. */

/* ---- One network, whose synapses move while sessions come and go ---- */

/* Spike input "in" (200) -> sparse, compact -> lif "cells" (WIDE), which inhibit each other by a rule, -> dense -> leaky
 * integrators "readout" (3). A network gives up its own form of compact synapses for that of the session that was opened last,
 * and makes arrays of them when they are asked for: at the first call, by whichever thread comes first. */
enum { SOURCES = 200, ROW = 150, SYNAPSES = SOURCES * ROW };
static SNNNetwork make_moving(void) {
    static uint64_t rows[SOURCES + 1];
    static uint32_t targets[SYNAPSES];
    static uint16_t delays[SYNAPSES];
    static float weights[3 * WIDE];
    SNNNetwork network = new_network();
    SNNProjectionDef def;
    SNNRandomConnectionDef rule;
    uint32_t i;
    add_input(network, "in", SNN_POPULATION_SPIKE_INPUT, SOURCES);
    add_neurons(network, "cells", "lif", WIDE);
    add_neurons(network, "readout", "leaky_integrator", 3);
    for (i = 0; i <= SOURCES; ++i) rows[i] = (uint64_t)i * ROW;
    for (i = 0; i < SYNAPSES; ++i) {
        targets[i] = i * 7919u % WIDE;
        delays[i] = (uint16_t)(1 + i % 3); /* sessions on the CPU move what arrives later */
    }
    CHECK_OK(snn_random_fill(8, 1, SNN_RANDOM_UNIFORM, 0.5, 2.0, weights, SYNAPSES));
    snn_projection_def_default(&def);
    def.kind = SNN_CONNECT_SPARSE;
    def.name = "drive";
    def.target = 1;
    def.trainable = 0;
    def.arithmetic = SNN_ARITHMETIC_COMPACT;
    def.weights = weights;
    def.weight_count = SYNAPSES;
    def.row_offsets = rows;
    def.row_offset_count = COUNT(rows);
    def.synapse_targets = targets;
    def.synapse_delays = delays;
    def.synapse_count = SYNAPSES;
    CHECK_OK(snn_network_connect(network, &def, NULL));
    snn_projection_def_default(&def);
    def.kind = SNN_CONNECT_SPARSE;
    def.name = "inhibition";
    def.source = def.target = 1;
    def.delay_steps = 1;
    def.trainable = 0;
    def.arithmetic = SNN_ARITHMETIC_COMPACT;
    snn_random_connection_def_default(&rule);
    rule.rule = SNN_RULE_FIXED_INDEGREE;
    rule.count = 2;
    rule.seed = 3;
    rule.weight = distribution(SNN_DISTRIBUTION_NORMAL, -0.2, 0.02);
    CHECK_OK(snn_network_connect_random(network, &def, &rule, NULL));
    CHECK_OK(snn_random_fill(8, 2, SNN_RANDOM_NORMAL, 0.0, 0.1, weights, COUNT(weights)));
    snn_projection_def_default(&def);
    def.source = 1;
    def.target = 2;
    def.delay_steps = 2; /* so that devices can share the network */
    def.weights = weights;
    def.weight_count = COUNT(weights);
    CHECK_OK(snn_network_connect(network, &def, NULL));
    CHECK_OK(snn_network_finish(network));
    return network;
}

typedef struct Visitor {
    SNNNetwork network; /* a reference of its own */
    const char *device;
    uint32_t thread_count;
    int writes; /* weights, which are the session's own from then on */
    float membrane[3];
    SNNStatus status;
    int same; /* what it read is what it wrote */
    uint64_t weight_hash;
} Visitor;

static uint64_t hash_floats(const float *values, size_t count) {
    uint64_t hash = UINT64_C(14695981039346656037);
    size_t i;
    for (i = 0; i < count; ++i) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        hash = (hash ^ bits) * UINT64_C(1099511628211);
    }
    return hash;
}

static void *visit_network(void *argument) {
    Visitor *visitor = argument;
    SNNConfig config;
    SNNHandle handle = NULL;
    float *weights = malloc(SYNAPSES * sizeof *weights), spikes[SOURCES];
    uint32_t i;
    for (i = 0; i < SOURCES; ++i) spikes[i] = i % 3 ? 1.0f : 0.0f;
    snn_config_default(&config);
    config.network = visitor->network;
    config.device = visitor->device;
    config.thread_count = visitor->thread_count;
    visitor->status = weights ? snn_create_network(&config, &handle) : SNN_ERROR_OUT_OF_MEMORY;
    snn_network_release(visitor->network); /* the session keeps it alive */
#define DO(call) \
    do { \
        if (visitor->status == SNN_OK) visitor->status = (call); \
    } while (0)
    for (i = 0; i < 12; ++i) {
        DO(snn_session_set_input(handle, 0, spikes, SOURCES));
        DO(snn_session_step(handle, 2));
    }
    DO(snn_get_membrane_potentials(handle, "readout", visitor->membrane, 3));
    DO(snn_session_read(handle, "drive.weight", SNN_FLOAT32, weights, SYNAPSES));
    if (visitor->status == SNN_OK) visitor->weight_hash = hash_floats(weights, SYNAPSES);
    visitor->same = 1;
    if (visitor->writes) {
        uint64_t written;
        for (i = 0; i < SYNAPSES && visitor->status == SNN_OK; ++i) weights[i] = -weights[i];
        written = hash_floats(weights, SYNAPSES);
        DO(snn_session_write(handle, "drive.weight", SNN_FLOAT32, weights, SYNAPSES));
        DO(snn_session_step(handle, 3));
        DO(snn_session_read(handle, "drive.weight", SNN_FLOAT32, weights, SYNAPSES));
        visitor->same = visitor->status != SNN_OK || hash_floats(weights, SYNAPSES) == written;
    }
#undef DO
    snn_destroy_network(handle);
    free(weights);
    return NULL;
}

/* What does not open a session reads the network meanwhile: its rows, or all of it as arrays. */
typedef struct Reader {
    SNNNetwork network;
    int asks_for_arrays;
    SNNStatus status;
    uint64_t weight_hash;
} Reader;

static void *read_network(void *argument) {
    Reader *reader = argument;
    float *weights = malloc(SYNAPSES * sizeof *weights);
    reader->status = weights ? SNN_OK : SNN_ERROR_OUT_OF_MEMORY;
    if (reader->asks_for_arrays) {
        SNNProjectionArrays arrays;
        memset(&arrays, 0, sizeof arrays);
        arrays.struct_size = sizeof arrays;
        if (reader->status == SNN_OK) reader->status = snn_network_get_projection_arrays(reader->network, 0, &arrays);
        if (reader->status == SNN_OK) reader->weight_hash = hash_floats(arrays.weights, arrays.weight_count);
    } else {
        int i;
        for (i = 0; i < 10 && reader->status == SNN_OK; ++i) {
            size_t count = SYNAPSES;
            reader->status = snn_network_get_synapses(reader->network, 0, 0, SOURCES, NULL, NULL, NULL, weights, &count);
        }
        if (reader->status == SNN_OK) reader->weight_hash = hash_floats(weights, SYNAPSES);
    }
    snn_network_release(reader->network);
    free(weights);
    return NULL;
}

static void sessions_of_one_network_come_and_go_while_it_is_read(void) {
    static const char *const devices[] = {"cpu", "cpu+cpu;cells=0;readout=1", "cpu", "reference"};
    float expected[3];
    uint64_t expected_hash;
    int round;
    {
        Visitor alone = {make_moving(), "cpu", 1, 0, {0, 0, 0}, SNN_OK, 0, 0};
        visit_network(&alone);
        CHECK_EQUAL(alone.status, SNN_OK);
        memcpy(expected, alone.membrane, sizeof expected);
        expected_hash = alone.weight_hash;
        CHECK(expected[0] != 0.0f);
    }
    for (round = 0; round < 4; ++round) {
        SNNNetwork network = make_moving();
        Visitor visitors[6];
        Reader readers[2];
        pthread_t threads[COUNT(visitors) + COUNT(readers)];
        size_t i;
        for (i = 0; i < COUNT(visitors); ++i) {
            /* The reference makes arrays, and nothing moves any more: not in every round. */
            const char *const device = devices[round % 2 ? i % 4 : i % 3];
            const int writes = round % 2 == 0 || i % 2 == 1;
            const Visitor visitor = {network, device, 1 + (uint32_t)i % 3, writes, {0, 0, 0}, SNN_OK, 0, 0};
            visitors[i] = visitor;
            CHECK_OK(snn_network_retain(network));
            CHECK(pthread_create(&threads[i], NULL, visit_network, &visitors[i]) == 0);
        }
        for (i = 0; i < COUNT(readers); ++i) {
            const Reader reader = {network, i == 1 && round % 3 == 2, SNN_OK, 0};
            readers[i] = reader;
            CHECK_OK(snn_network_retain(network));
            CHECK(pthread_create(&threads[COUNT(visitors) + i], NULL, read_network, &readers[i]) == 0);
        }
        if (round % 2) snn_network_release(network); /* whoever is last ends it */
        for (i = 0; i < COUNT(threads); ++i) CHECK(pthread_join(threads[i], NULL) == 0);
        for (i = 0; i < COUNT(visitors); ++i) {
            CHECK_EQUAL(visitors[i].status, SNN_OK);
            CHECK(memcmp(visitors[i].membrane, expected, sizeof expected) == 0);
            CHECK(visitors[i].weight_hash == expected_hash);
            CHECK(visitors[i].same);
        }
        for (i = 0; i < COUNT(readers); ++i) {
            CHECK_EQUAL(readers[i].status, SNN_OK);
            CHECK(readers[i].weight_hash == expected_hash);
        }
        if (round % 2 == 0) { /* what sessions wrote is not the network's */
            Reader last = {network, 0, SNN_OK, 0};
            read_network(&last);
            CHECK_EQUAL(last.status, SNN_OK);
            CHECK(last.weight_hash == expected_hash);
        }
    }
}

/* ---- The threads of a host ---- */

typedef struct Share { /* of one thread: every fourth task */
    void(SNN_CALL *task)(void *context, uint32_t index);
    void *context;
    uint32_t first, count;
} Share;

enum { HOST_THREADS = 4 };

static void *work_share(void *argument) {
    const Share *share = argument;
    uint32_t i;
    for (i = share->first; i < share->count; i += HOST_THREADS) share->task(share->context, i);
    return NULL;
}

/* The first share is the caller's; *user counts calls that did start threads. */
static void SNN_CALL share_out(void *user, uint32_t count, void(SNN_CALL *task)(void *context, uint32_t index), void *context) {
    Share shares[HOST_THREADS];
    pthread_t threads[HOST_THREADS];
    int started[HOST_THREADS] = {0};
    uint32_t i;
    for (i = 0; i < HOST_THREADS; ++i) {
        const Share share = {task, context, i, count};
        shares[i] = share;
        if (i > 0 && i < count) started[i] = pthread_create(&threads[i], NULL, work_share, &shares[i]) == 0;
    }
    for (i = 0; i < HOST_THREADS; ++i)
        if (!started[i]) work_share(&shares[i]);
    for (i = 0; i < HOST_THREADS; ++i)
        if (started[i]) pthread_join(threads[i], NULL);
    *(int *)user += started[1];
}

/* One sample is cut into phases, where a step is long enough for that; several samples are dealt out. */
static void a_host_shares_the_work_out_to_its_own_threads(void) {
    uint32_t batch;
    for (batch = 1; batch <= 6; batch += 5) {
        int shared = 0, i;
        const SNNJobSystem jobs = {sizeof jobs, HOST_THREADS, share_out, &shared};
        SNNNetwork network = batch == 1 ? make_wide() : make_moving();
        const size_t input_count = batch == 1 ? WIDE : batch * SOURCES;
        const float *values = wide_values();
        SNNConfig config;
        SNNHandle handle;
        float spikes[6 * SOURCES], found[2][6 * 3];
        for (i = 0; i < 6 * SOURCES; ++i) spikes[i] = i % 3 ? 1.0f : 0.0f;
        snn_config_default(&config);
        config.network = network;
        config.batch_size = batch;
        for (i = 0; i < 2; ++i) {
            int step;
            config.job_system = i ? &jobs : NULL;
            CHECK_OK(snn_create_network(&config, &handle));
            for (step = 0; step < 12; ++step) {
                CHECK_OK(snn_session_set_input(handle, 0, batch == 1 ? values : spikes, input_count));
                CHECK_OK(snn_session_step(handle, 2));
            }
            CHECK_OK(snn_get_membrane_potentials(handle, "readout", found[i], batch * 3));
            snn_destroy_network(handle);
        }
        snn_network_release(network);
        CHECK(shared > 0);
        CHECK(found[0][0] != 0.0f);
        CHECK(memcmp(found[0], found[1], batch * 3 * sizeof(float)) == 0);
    }
}

static const CheckCase cases[] = {
    CASE(sessions_of_one_network_come_and_go_while_it_is_read),
    CASE(a_host_shares_the_work_out_to_its_own_threads),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
