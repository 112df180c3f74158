/* The step path takes nothing from the heap. This program's own malloc family stands in front of the C library's and
 * counts; libsnn's calls come through it as well, its operator new included (it calls malloc).
 *
 * Only with glibc, whose __libc_* names reach the real functions, and not under a sanitizer, which has its own. */
#include "fixtures.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif

#if defined(__GLIBC__) && !defined(HAS_SANITIZER)

static int counting;    /* read and written with __atomic: sessions may have threads */
static long heap_calls;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);
void *memalign(size_t alignment, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
int posix_memalign(void **out_memory, size_t alignment, size_t size);

static void note(void) {
    if (__atomic_load_n(&counting, __ATOMIC_RELAXED)) __atomic_fetch_add(&heap_calls, 1, __ATOMIC_RELAXED);
}

void *malloc(size_t size) { return note(), __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return note(), __libc_calloc(count, size); }
void *realloc(void *memory, size_t size) { return note(), __libc_realloc(memory, size); }
void *memalign(size_t alignment, size_t size) { return note(), __libc_memalign(alignment, size); }
void *aligned_alloc(size_t alignment, size_t size) { return note(), __libc_memalign(alignment, size); }
int posix_memalign(void **out_memory, size_t alignment, size_t size) {
    note();
    *out_memory = __libc_memalign(alignment, size);
    return *out_memory ? 0 : 12; /* ENOMEM */
}
void free(void *memory) {
    if (memory) note();
    __libc_free(memory);
}

static void start_counting(void) {
    __atomic_store_n(&heap_calls, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&counting, 1, __ATOMIC_SEQ_CST);
}

static long stop_counting(void) {
    __atomic_store_n(&counting, 0, __ATOMIC_SEQ_CST);
    return __atomic_load_n(&heap_calls, __ATOMIC_SEQ_CST);
}

static void the_counter_sees_the_library(void) {
    SNNNetwork network = NULL;
    SNNStatus status;
    start_counting();
    status = snn_network_create(1.0, &network);
    CHECK(stop_counting() > 0); /* else the cases below would prove nothing */
    CHECK_OK(status);
    snn_network_release(network);
}

static void SNN_CALL add_up(SNNHandle handle, const SNNSpikes *spikes, void *user) {
    (void)handle;
    *(uint64_t *)user += spikes->count;
}

static void SNN_CALL count_warnings(int32_t level, const char *message, void *user) {
    (void)message;
    *(uint64_t *)user += level == SNN_LOG_WARNING;
}

/* Dense and sparse projections, delays, a value input and a spike input; some neurons spike at every step. A delay before the
 * readout lets devices have the two populations each. */
static SNNNetwork make_mixed(void) {
    SNNNetwork network = new_network();
    float weights[32 * 64];
    SNNProjectionDef def;
    SNNRandomConnectionDef rule;
    CHECK_OK(snn_random_fill(2, 2, SNN_RANDOM_NORMAL, 0.2, 0.5, weights, COUNT(weights)));
    add_input(network, "values", SNN_POPULATION_VALUE_INPUT, 32);
    add_neurons(network, "cells", "lif", 64);
    connect(network, SNN_CONNECT_DENSE, 0, 1, weights, COUNT(weights));
    add_input(network, "events", SNN_POPULATION_SPIKE_INPUT, 64);
    connect(network, SNN_CONNECT_ONE_TO_ONE, 2, 1, weights, 64);
    snn_projection_def_default(&def);
    def.kind = SNN_CONNECT_SPARSE;
    def.trainable = 0; /* summed in fixed point */
    def.source = def.target = 1;
    def.delay_steps = 1;
    snn_random_connection_def_default(&rule);
    rule.probability = 0.1;
    rule.weight = distribution(SNN_DISTRIBUTION_CONSTANT, 0.05, 0);
    rule.delay = distribution(SNN_DISTRIBUTION_UNIFORM, 1, 5);
    CHECK_OK(snn_network_connect_random(network, &def, &rule, NULL));
    add_neurons(network, "readout", "leaky_integrator", 4);
    def = projection(SNN_CONNECT_DENSE, weights, 64 * 4);
    def.source = 1;
    def.target = 3;
    def.delay_steps = 1;
    CHECK_OK(snn_network_connect(network, &def, NULL));
    CHECK_OK(snn_network_finish(network));
    return network;
}

/* Fewer steps than lie between two looks at whether work has to move between devices. */
static void count_in_step_path(const char *device, uint32_t batch_size, int with_callback) {
    SNNNetwork network = make_mixed();
    SNNConfig config;
    SNNHandle handle = NULL;
    static float values[8 * 32], events[8 * 64], membrane[8 * 64];
    static const uint32_t listed[] = {63, 0, 5, 5, 10, 40, 30, 20};
    uint64_t heard = 0, total = 0, warnings = 0;
    SNNStatus status = SNN_OK;
    uint32_t sample;
    long calls;
    int i;
    snn_config_default(&config);
    config.network = network;
    config.device = device;
    config.batch_size = batch_size;
    config.max_catch_up_steps = 4;
    config.log = with_callback ? count_warnings : NULL;
    config.log_user = &warnings;
    CHECK_OK(snn_create_network(&config, &handle));
    CHECK_OK(snn_random_fill(3, 3, SNN_RANDOM_UNIFORM, 0.0, 1.0, values, COUNT(values)));
    for (i = 0; i < 8 * 64; ++i) events[i] = i % 5 == 0 ? 1.0f : 0.0f;
    if (with_callback) CHECK_OK(snn_register_spike_callback(handle, add_up, &heard));
    CHECK_OK(snn_session_set_input(handle, 2, events, batch_size * 64));
    CHECK_OK(snn_session_add_input_spikes(handle, 2, 0, listed, COUNT(listed))); /* the first for an input may allocate, ... */
    /* ... as the first step may. */
    CHECK_OK(snn_session_step(handle, 1));
    CHECK_OK(snn_get_membrane_potentials(handle, "cells", membrane, batch_size * 64));
    start_counting();
    for (i = 0; i < 300 && status == SNN_OK; ++i) {
        const uint32_t *neurons;
        uint32_t count = 0;
        values[i % 32] += 0.01f;
        status = snn_session_set_input(handle, 0, values, batch_size * 32);
        if (status == SNN_OK && i % 3 == 0) status = snn_session_set_input(handle, 2, events, batch_size * 64);
        for (sample = 0; sample < batch_size && status == SNN_OK && i % 3 == 1; ++sample)
            status = snn_session_add_input_spikes(handle, 2, sample, listed, COUNT(listed));
        if (status == SNN_OK) status = i % 2 ? snn_run_step(handle, i % 4 == 1 ? 0.003f : 0.1f) : snn_session_step(handle, 2);
        if (status == SNN_OK) status = snn_get_membrane_potentials(handle, "cells", membrane, batch_size * 64);
        if (status == SNN_OK) status = snn_session_get_spikes(handle, 1, 0, &neurons, &count);
        total += count;
    }
    calls = stop_counting();
    CHECK_OK(status);
    CHECK(total > 300); /* spikes were delivered, so the whole path was walked */
    if (with_callback) CHECK(heard > 300 && warnings == 75); /* every second frame is too long */
    CHECK_EQUAL(calls, 0);
    snn_destroy_network(handle);
    snn_network_release(network);
}

static void stepping_allocates_nothing(void) { count_in_step_path(NULL, 1, 0); }
static void stepping_with_callbacks_allocates_nothing(void) { count_in_step_path(NULL, 1, 1); }
static void stepping_a_batch_allocates_nothing(void) { count_in_step_path(NULL, 8, 0); }

static void stepping_several_devices_allocates_nothing(void) {
    static const char *const devices[] = {"cpu*", "cpu*;microbatch=3", "cpu*+cpu*", "cpu+cpu;cells=0;readout=1"};
    size_t i;
    for (i = 0; i < COUNT(devices); ++i) {
        count_in_step_path(devices[i], 8, 0);
        count_in_step_path(devices[i], 8, 1);
    }
    count_in_step_path("cpu+cpu;cells=0;readout=1", 1, 1);
}

/* With the host's job system, which counts: threads of our own may not be woken on a busy machine, jobs always are. */
static void count_in_wide_steps(int with_jobs) {
    SNNNetwork network = make_wide();
    const float *values = wide_values();
    Jobs jobs = {0, 0, 0};
    SNNJobSystem job_system = job_system_of(&jobs, 3);
    SNNConfig config;
    SNNHandle handle = NULL;
    SNNStatus status = SNN_OK;
    const uint32_t *neurons;
    uint32_t count = 0;
    uint64_t total = 0;
    long calls;
    int i;
    snn_config_default(&config);
    config.network = network;
    config.thread_count = 3;
    if (with_jobs) config.job_system = &job_system;
    CHECK_OK(snn_create_network(&config, &handle));
    CHECK_OK(snn_session_set_input(handle, 0, values, WIDE)); /* the first step may allocate */
    CHECK_OK(snn_session_step(handle, 1));
    jobs.calls = 0;
    start_counting();
    for (i = 0; i < 100 && status == SNN_OK; ++i) {
        status = snn_session_set_input(handle, 0, values, WIDE);
        if (status == SNN_OK) status = snn_session_step(handle, 2);
        if (status == SNN_OK) status = snn_session_get_spikes(handle, 1, 0, &neurons, &count);
        total += count;
    }
    calls = stop_counting();
    CHECK_OK(status);
    CHECK(total > 100);
    if (with_jobs) CHECK(jobs.calls >= 200);
    CHECK_EQUAL(calls, 0);
    snn_destroy_network(handle);
    snn_network_release(network);
}

static void stepping_with_threads_allocates_nothing(void) { count_in_wide_steps(0); }
static void stepping_with_jobs_allocates_nothing(void) { count_in_wide_steps(1); }

static const CheckCase cases[] = {
    CASE(the_counter_sees_the_library),
    CASE(stepping_allocates_nothing),
    CASE(stepping_with_callbacks_allocates_nothing),
    CASE(stepping_a_batch_allocates_nothing),
    CASE(stepping_several_devices_allocates_nothing),
    CASE(stepping_with_threads_allocates_nothing),
    CASE(stepping_with_jobs_allocates_nothing),
};

#else

static void heap_calls_in_the_step_path(void) {
    SKIP("counting heap calls needs glibc and no sanitizer; the ordinary build counts them");
}

static const CheckCase cases[] = {CASE(heap_calls_in_the_step_path)};

#endif

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
