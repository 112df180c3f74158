/* Whatever floating-point mode the program's threads are in - another rounding, denormals flushed, as audio and games have it - the
 * library computes the same bits, gives the mode back, and calls callbacks in the standard one. */
#include <fenv.h>

#include "fixtures.h"

#if defined(__SSE__) || defined(_M_X64)
#include <xmmintrin.h>
#define HAS_FLUSH 1
static unsigned long long present_mode(void) { return _mm_getcsr() & ~0x3fu; } /* without the flags of what has happened */
static void set_flush(int on) { _mm_setcsr(on ? _mm_getcsr() | 0x8040u : _mm_getcsr() & ~0x8040u); }
#elif defined(__aarch64__)
#define HAS_FLUSH 1
static unsigned long long present_mode(void) {
    unsigned long long mode;
    __asm__ __volatile__("mrs %0, fpcr" : "=r"(mode));
    return mode;
}
static void set_flush(int on) {
    const unsigned long long mode = (present_mode() & ~(1ull << 24)) | (on ? 1ull << 24 : 0);
    __asm__ __volatile__("msr fpcr, %0" : : "r"(mode));
}
#else
#define HAS_FLUSH 0
static unsigned long long present_mode(void) { return (unsigned long long)fegetround(); }
static void set_flush(int on) { (void)on; }
#endif

enum { STANDARD, UPWARD, TO_ZERO, FLUSHES, MODE_COUNT };

static void enter(int mode) {
    fesetround(mode == UPWARD ? FE_UPWARD : mode == TO_ZERO ? FE_TOWARDZERO : FE_TONEAREST);
    set_flush(mode == FLUSHES);
}

static uint64_t hash_of(uint64_t hash, const void *data, size_t size_bytes) {
    const unsigned char *bytes = data;
    size_t i;
    for (i = 0; i < size_bytes; ++i) hash = (hash ^ bytes[i]) * 1099511628211u;
    return hash;
}

/* A job system whose threads are in the mode of the program; one thread stands for them. */
typedef struct Workers {
    int mode, calls, kept;
} Workers;

static void SNN_CALL run_in_mode(void *user, uint32_t count, void(SNN_CALL *task)(void *context, uint32_t index), void *context) {
    Workers *workers = user;
    uint32_t i;
    unsigned long long before;
    ++workers->calls;
    enter(workers->mode);
    before = present_mode();
    for (i = 0; i < count; ++i) task(context, i);
    workers->kept += present_mode() == before;
    enter(STANDARD);
}

/* What the mode was when a callback was called. */
typedef struct Heard {
    int calls, standard;
    unsigned long long mode;
} Heard;

static void SNN_CALL look_at_mode(SNNHandle handle, const SNNSpikes *spikes, void *user) {
    Heard *heard = user;
    (void)handle;
    (void)spikes;
    ++heard->calls;
    heard->standard += present_mode() == heard->mode;
}

/* Opens, steps and reads in a mode; no check on the way, which would leave the mode behind. */
static uint64_t bits_of_steps(SNNNetwork network, int mode, uint32_t threads, Workers *workers, Heard *heard, int background) {
    static float v[WIDE];
    const float *values = wide_values();
    SNNJobSystem job_system;
    SNNConfig config;
    SNNHandle handle = NULL;
    SNNStatus status;
    uint64_t hash = 14695981039346656037u;
    unsigned long long before;
    int i, kept;
    snn_config_default(&config);
    config.network = network;
    config.thread_count = threads;
    if (workers) {
        memset(&job_system, 0, sizeof job_system);
        job_system.struct_size = sizeof job_system;
        job_system.parallel_for = run_in_mode;
        job_system.worker_count = threads;
        job_system.user = workers;
        config.job_system = &job_system;
    }
    if (heard) heard->mode = present_mode();
    enter(mode);
    before = present_mode();
    status = snn_create_network(&config, &handle);
    if (status == SNN_OK && heard) status = snn_register_spike_callback(handle, look_at_mode, heard);
    if (status == SNN_OK) status = snn_session_set_input(handle, 0, values, WIDE);
    for (i = 0; i < 20 && status == SNN_OK; ++i) {
        if (background) status = snn_session_begin(handle, 0.001f, HUGE_VALF, NULL);
        else status = snn_session_step(handle, 1);
        if (status == SNN_OK && background) status = snn_session_wait(handle);
    }
    if (status == SNN_OK) status = snn_session_read(handle, "cells.v", SNN_FLOAT32, v, WIDE);
    hash = hash_of(hash, v, sizeof v);
    if (status == SNN_OK) status = snn_session_read(handle, "readout.v", SNN_FLOAT32, v, 3);
    hash = hash_of(hash, v, 3 * sizeof v[0]);
    snn_destroy_network(handle);
    kept = present_mode() == before;
    enter(STANDARD);
    CHECK_OK(status);
    CHECK(kept);
    return hash;
}

static void steps_have_the_same_bits_in_every_mode(void) {
    SNNNetwork network = make_wide();
    const uint64_t expected = bits_of_steps(network, STANDARD, 1, NULL, NULL, 0);
    int mode;
    for (mode = STANDARD; mode < MODE_COUNT; ++mode) {
        Workers workers = {0, 0, 0};
        workers.mode = mode;
        CHECK(bits_of_steps(network, mode, 1, NULL, NULL, 0) == expected);
        CHECK(bits_of_steps(network, mode, 3, NULL, NULL, 0) == expected);
        CHECK(bits_of_steps(network, mode, 1, NULL, NULL, 1) == expected);
        CHECK(bits_of_steps(network, mode, 3, &workers, NULL, 0) == expected);
        CHECK(workers.calls >= 20);
        CHECK_EQUAL(workers.kept, workers.calls); /* a task gives its thread the mode back */
    }
    snn_network_release(network);
}

static void callbacks_are_called_in_the_standard_mode(void) {
    SNNNetwork network = make_wide();
    int mode;
    for (mode = STANDARD; mode < MODE_COUNT; ++mode) {
        Heard heard = {0, 0, 0};
        bits_of_steps(network, mode, 1, NULL, &heard, 0);
        CHECK(heard.calls > 0);
        CHECK_EQUAL(heard.standard, heard.calls);
    }
    snn_network_release(network);
}

/* 1e-20 times 1e-20 is a denormal number, above a threshold of 0: every neuron spikes. */
static void denormal_input_is_not_flushed(void) {
    enum { NEURONS = 70000 }; /* enough for threads to share them */
    static float weights[NEURONS];
    const float tiny = 1e-20f;
    const double zero = 0;
    SNNNetwork network = new_network();
    uint32_t threads;
    int i;
    if (!HAS_FLUSH) SKIP("no way to have this processor flush denormals");
    for (i = 0; i < NEURONS; ++i) weights[i] = 1e-20f;
    add_input(network, "in", SNN_POPULATION_VALUE_INPUT, 1);
    add_neurons(network, "cells", "lif", NEURONS);
    CHECK_OK(snn_network_set_parameter(network, 1, "threshold", &zero, 1));
    connect(network, SNN_CONNECT_DENSE, 0, 1, weights, NEURONS);
    CHECK_OK(snn_network_finish(network));
    for (threads = 1; threads <= 3; ++threads) {
        SNNHandle handle;
        const uint32_t *neurons;
        uint32_t count = 0;
        SNNStatus status;
        CHECK_OK(snn_network_retain(network));
        handle = open_with_batch(network, NULL, 1, threads);
        CHECK_OK(snn_session_set_input(handle, 0, &tiny, 1));
        enter(FLUSHES);
        status = snn_session_step(handle, 1);
        enter(STANDARD);
        CHECK_OK(status);
        CHECK_OK(snn_session_get_spikes(handle, 1, 0, &neurons, &count));
        CHECK_EQUAL(count, NEURONS);
        snn_destroy_network(handle);
    }
    snn_network_release(network);
}

/* Building, drawing, training, and reading what was learned. */
static uint64_t bits_of_training(int mode) {
    static float pixels[8 * 16], weights[16 * 24], draws[4096];
    static const int32_t labels[8] = {0, 1, 2, 0, 1, 2, 0, 1};
    SNNHandle handle = open_with_batch(make_classifier(), NULL, 8, 2);
    const SNNTrainerDef def = classifier_trainer_def(10);
    SNNDistribution lognormal = distribution(SNN_DISTRIBUTION_LOGNORMAL, 0.1, 0.5);
    SNNTrainer trainer = NULL;
    SNNInputArray input;
    SNNTrainResult result = new_result();
    double drawn[64];
    SNNStatus status;
    uint64_t hash = 14695981039346656037u;
    int i;
    CHECK_OK(snn_random_fill(4, 4, SNN_RANDOM_UNIFORM, 0.0, 2.0, pixels, COUNT(pixels)));
    enter(mode);
    status = snn_random_fill(5, 5, SNN_RANDOM_NORMAL, 0.1, 0.7, draws, COUNT(draws));
    if (status == SNN_OK) status = snn_random_draw(&lognormal, 6, 6, drawn, COUNT(drawn));
    if (status == SNN_OK) status = snn_trainer_create(handle, &def, &trainer);
    for (i = 0; i < 5 && status == SNN_OK; ++i) {
        const SNNBatch batch = held_batch(&input, pixels, COUNT(pixels), labels, COUNT(labels));
        status = snn_trainer_step(trainer, &batch, &result);
    }
    if (status == SNN_OK) status = snn_session_read(handle, "pixels_to_hidden.weight", SNN_FLOAT32, weights, COUNT(weights));
    snn_trainer_release(trainer);
    snn_destroy_network(handle);
    enter(STANDARD);
    CHECK_OK(status);
    hash = hash_of(hash, draws, sizeof draws);
    hash = hash_of(hash, drawn, sizeof drawn);
    hash = hash_of(hash, &result.loss, sizeof result.loss);
    return hash_of(hash, weights, sizeof weights);
}

static void training_and_draws_have_the_same_bits_in_every_mode(void) {
    const uint64_t expected = bits_of_training(STANDARD);
    int mode;
    for (mode = UPWARD; mode < MODE_COUNT; ++mode) CHECK(bits_of_training(mode) == expected);
}

static const CheckCase cases[] = {
    CASE(steps_have_the_same_bits_in_every_mode),
    CASE(callbacks_are_called_in_the_standard_mode),
    CASE(denormal_input_is_not_flushed),
    CASE(training_and_draws_have_the_same_bits_in_every_mode),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
