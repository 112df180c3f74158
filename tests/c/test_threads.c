/* Threads and processes: busy sessions, parallel sessions, shared networks, releasing and destroying from elsewhere, fork. */
#define _DEFAULT_SOURCE
#include <pthread.h>
#if !defined(_WIN32)
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "fixtures.h"

/* check.h ends a case by a longjmp, which must not cross threads: the functions below return a status instead. */

/* ---- A second thread inside one session ---- */

typedef struct Meeting {
    SNNHandle handle;
    SNNStatus read, step, write, set_input;
} Meeting;

static void *enter_from_elsewhere(void *argument) {
    Meeting *meeting = argument;
    float v[3];
    meeting->read = snn_get_membrane_potentials(meeting->handle, "cells", v, 3);
    meeting->step = snn_session_step(meeting->handle, 1);
    meeting->write = snn_session_write(meeting->handle, "cells.v", SNN_FLOAT32, three_ones, 3);
    meeting->set_input = snn_session_set_input(meeting->handle, 0, three_ones, 3);
    return NULL;
}

/* While the session is inside this callback, another thread tries to enter: certain to meet, no sleeping. */
static void SNN_CALL invite(SNNHandle handle, const SNNSpikes *spikes, void *user) {
    Meeting *meeting = user;
    pthread_t thread;
    (void)spikes;
    meeting->handle = handle;
    if (pthread_create(&thread, NULL, enter_from_elsewhere, meeting) == 0) pthread_join(thread, NULL);
}

static void a_second_thread_is_told_that_the_session_is_busy(void) {
    SNNHandle handle = open_chain();
    Meeting meeting = {NULL, SNN_OK, SNN_OK, SNN_OK, SNN_OK};
    CHECK_OK(snn_register_spike_callback(handle, invite, &meeting));
    step_chain(handle);
    CHECK_EQUAL(meeting.read, SNN_ERROR_BUSY);
    CHECK_EQUAL(meeting.step, SNN_ERROR_BUSY);
    CHECK_EQUAL(meeting.write, SNN_ERROR_BUSY);
    CHECK_EQUAL(meeting.set_input, SNN_ERROR_BUSY);
    CHECK_OK(snn_register_spike_callback(handle, NULL, NULL)); /* and it is usable afterwards */
    step_chain(handle);
    snn_destroy_network(handle);
}

static void *step_many(void *argument) {
    SNNHandle handle = *(SNNHandle *)argument;
    int i, strange = 0;
    for (i = 0; i < 2000; ++i) {
        const SNNStatus status = snn_session_step(handle, 1);
        strange += status != SNN_OK && status != SNN_ERROR_BUSY;
    }
    return strange ? argument : NULL;
}

static void threads_that_race_for_a_session_get_ok_or_busy(void) {
    SNNHandle handle = open_chain();
    pthread_t threads[4];
    uint64_t steps;
    int i, strange = 0;
    for (i = 0; i < 4; ++i) CHECK(pthread_create(&threads[i], NULL, step_many, &handle) == 0);
    for (i = 0; i < 4; ++i) {
        void *result;
        CHECK(pthread_join(threads[i], &result) == 0);
        strange += result != NULL;
    }
    CHECK_EQUAL(strange, 0);
    CHECK_OK(snn_session_step_count(handle, &steps));
    CHECK(steps >= 1 && steps <= 8000);
    step_chain(handle);
    snn_destroy_network(handle);
}

/* ---- Trainers that a garbage collector releases ---- */

/* The allocator of a host that uses it from one thread. */
typedef struct OneThread {
    pthread_t thread;
    int elsewhere; /* calls from another thread */
    int blocks;
} OneThread;

static void *SNN_CALL take_here(void *user, size_t size_bytes, size_t alignment) {
    OneThread *one = user;
    char *block = malloc(sizeof block + alignment + size_bytes), *aligned;
    if (!block) return NULL;
    aligned = block + sizeof block + alignment - ((uintptr_t)block + sizeof block) % alignment;
    memcpy(aligned - sizeof block, &block, sizeof block);
    one->elsewhere += !pthread_equal(one->thread, pthread_self());
    one->blocks += 1;
    return aligned;
}

static void SNN_CALL give_back_here(void *user, void *memory, size_t size_bytes) {
    OneThread *one = user;
    char *block;
    (void)size_bytes;
    memcpy(&block, (char *)memory - sizeof block, sizeof block);
    one->elsewhere += !pthread_equal(one->thread, pthread_self());
    one->blocks -= 1;
    free(block);
}

static void *release_trainer(void *argument) {
    snn_trainer_release(*(SNNTrainer *)argument);
    return NULL;
}

typedef struct Releasing {
    SNNTrainer trainer;
    int *blocks;
    int blocks_after; /* when it was released, within the step */
} Releasing;

static void SNN_CALL release_elsewhere(SNNHandle handle, const SNNSpikes *spikes, void *user) {
    Releasing *releasing = user;
    pthread_t thread;
    (void)handle, (void)spikes;
    if (!releasing->trainer) return;
    if (pthread_create(&thread, NULL, release_trainer, &releasing->trainer) == 0) pthread_join(thread, NULL);
    releasing->trainer = NULL;
    releasing->blocks_after = *releasing->blocks;
}

/* Its memory is the session's: it ends on the thread that has the session, after the call that runs. */
static void a_trainer_released_meanwhile_ends_with_the_call(void) {
    const SNNTrainerDef def = classifier_trainer_def(5);
    OneThread one = {pthread_self(), 0, 0};
    const SNNAllocator allocator = {sizeof allocator, take_here, give_back_here, &one};
    static const int32_t label = 1;
    float values[16];
    SNNInputArray input;
    const SNNBatch batch = held_batch(&input, values, COUNT(values), &label, 1);
    SNNConfig config;
    SNNHandle handle = NULL;
    SNNNetwork network = make_classifier();
    Releasing releasing = {NULL, &one.blocks, 0};
    size_t i;
    for (i = 0; i < COUNT(values); ++i) values[i] = 2.0f;
    snn_config_default(&config);
    config.network = network;
    config.allocator = &allocator;
    CHECK_OK(snn_create_network(&config, &handle));
    CHECK_OK(snn_trainer_create(handle, &def, &releasing.trainer));
    CHECK_OK(snn_trainer_step(releasing.trainer, &batch, NULL));
    CHECK_OK(snn_session_set_input(handle, 0, values, COUNT(values)));
    CHECK_OK(snn_register_spike_callback(handle, release_elsewhere, &releasing));
    CHECK_OK(snn_session_step(handle, 5));
    CHECK(releasing.trainer == NULL); /* the callback ran */
    CHECK_EQUAL(one.elsewhere, 0);
    CHECK(one.blocks < releasing.blocks_after); /* it has ended, though the session has not */
    snn_destroy_network(handle);
    CHECK_EQUAL(one.blocks, 0);
    snn_network_release(network);
}

/* ---- Sessions side by side ---- */

typedef struct Worker {
    SNNNetwork network;
    const float *values;
    uint32_t thread_count;
    float membrane[3];
    SNNStatus status;
} Worker;

static void *run_own_session(void *argument) {
    Worker *worker = argument;
    SNNConfig config;
    SNNHandle handle = NULL;
    int i;
    snn_config_default(&config);
    config.network = worker->network;
    config.thread_count = worker->thread_count;
    worker->status = snn_create_network(&config, &handle);
    if (worker->status == SNN_OK) worker->status = snn_session_set_input(handle, 0, worker->values, WIDE);
    for (i = 0; i < 100 && worker->status == SNN_OK; ++i) worker->status = snn_session_step(handle, 2);
    if (worker->status == SNN_OK) worker->status = snn_get_membrane_potentials(handle, "readout", worker->membrane, 3);
    snn_destroy_network(handle);
    return NULL;
}

static void sessions_run_side_by_side_on_one_network(void) {
    SNNNetwork network = make_wide(); /* so that the threads of those that have more than one do take part */
    const float *values = wide_values(); /* one array, which it fills at each call */
    Worker workers[6];
    pthread_t threads[6];
    int i;
    for (i = 0; i < 6; ++i) {
        workers[i].network = network;
        workers[i].values = values;
        workers[i].thread_count = 1 + (uint32_t)i % 3;
        CHECK(pthread_create(&threads[i], NULL, run_own_session, &workers[i]) == 0);
    }
    for (i = 0; i < 6; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
    for (i = 0; i < 6; ++i) {
        CHECK_EQUAL(workers[i].status, SNN_OK);
        CHECK(workers[i].membrane[0] != 0.0f);
        CHECK(memcmp(workers[i].membrane, workers[0].membrane, sizeof workers[0].membrane) == 0);
    }
    snn_network_release(network);
}

/* ---- Handles from every thread ---- */

static void *retain_and_release(void *argument) {
    SNNNetwork network = *(SNNNetwork *)argument;
    SNNNetworkInfo info;
    int i, strange = 0;
    info.struct_size = sizeof info;
    for (i = 0; i < 5000; ++i) {
        strange += snn_network_retain(network) != SNN_OK;
        strange += snn_network_get_info(network, &info) != SNN_OK;
        snn_network_release(network);
    }
    return strange ? argument : NULL;
}

static void networks_are_counted_from_every_thread(void) {
    SNNNetwork network = make_chain();
    pthread_t threads[4];
    SNNNetworkInfo info;
    int i, strange = 0;
    for (i = 0; i < 4; ++i) CHECK(pthread_create(&threads[i], NULL, retain_and_release, &network) == 0);
    for (i = 0; i < 4; ++i) {
        void *result;
        CHECK(pthread_join(threads[i], &result) == 0);
        strange += result != NULL;
    }
    CHECK_EQUAL(strange, 0);
    info.struct_size = sizeof info;
    CHECK_OK(snn_network_get_info(network, &info));
    snn_network_release(network);
    CHECK_ERROR(snn_network_get_info(network, &info), SNN_ERROR_INVALID_HANDLE, "network");
}

static void *destroy_now(void *argument) {
    snn_destroy_network(*(SNNHandle *)argument);
    return NULL;
}

static void *step_until_gone(void *argument) {
    SNNHandle handle = *(SNNHandle *)argument;
    SNNStatus status;
    do status = snn_session_step(handle, 1);
    while (status == SNN_OK);
    return status == SNN_ERROR_INVALID_HANDLE ? NULL : argument;
}

static void destroying_from_another_thread_ends_the_stepping(void) {
    int round;
    for (round = 0; round < 50; ++round) {
        SNNHandle handle = open_chain();
        pthread_t stepper, destroyer;
        void *result = NULL;
        CHECK(pthread_create(&stepper, NULL, step_until_gone, &handle) == 0);
        CHECK(pthread_create(&destroyer, NULL, destroy_now, &handle) == 0);
        CHECK(pthread_join(destroyer, NULL) == 0);
        CHECK(pthread_join(stepper, &result) == 0);
        CHECK(result == NULL);
    }
}

static void *fail_here(void *argument) {
    char *sentence = argument;
    strcpy(sentence, snn_last_error()); /* a new thread has had no error */
    if (snn_session_step(NULL, 1) == SNN_ERROR_INVALID_HANDLE && snn_last_error()[0]) return NULL;
    return argument;
}

static void the_last_error_belongs_to_the_thread(void) {
    char sentence[256] = "x";
    pthread_t thread;
    void *result = NULL;
    CHECK_ERROR(snn_device_count(NULL), SNN_ERROR_INVALID_ARGUMENT, "out_count");
    CHECK(pthread_create(&thread, NULL, fail_here, sentence) == 0);
    CHECK(pthread_join(thread, &result) == 0);
    CHECK(result == NULL);
    CHECK_TEXT(sentence, "");
    CHECK(strstr(snn_last_error(), "out_count"));
}

#if !defined(_WIN32)
/* ---- fork ---- */

static void a_child_may_not_use_sessions_of_its_parent(void) {
    SNNHandle handle;
    SNNNetwork network = make_chain(), wide = make_wide();
    int status = 0;
    pid_t child;
    CHECK_OK(snn_network_retain(network));
    handle = open_session(network, NULL);
    step_chain(handle);
    fflush(stdout);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        float v[3];
        SNNConfig config;
        SNNHandle own = NULL;
        if (snn_session_step(handle, 1) != SNN_ERROR_FORKED || !strstr(snn_last_error(), "fork")) _exit(1);
        if (snn_get_membrane_potentials(handle, "cells", v, 3) != SNN_ERROR_FORKED) _exit(2);
        if (snn_session_reset(handle) != SNN_ERROR_FORKED) _exit(3);
        snn_config_default(&config); /* networks stay usable, and a session of its own works */
        config.network = wide;
        config.thread_count = 2;
        if (snn_create_network(&config, &own) != SNN_OK) _exit(4);
        if (snn_session_set_input(own, 0, wide_values(), WIDE) != SNN_OK) _exit(6);
        if (snn_session_step(own, 10) != SNN_OK) _exit(5);
        snn_destroy_network(own);
        snn_destroy_network(handle); /* destroying it is allowed and must not hang */
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK_EQUAL(WEXITSTATUS(status), 0);
    step_chain(handle); /* the parent is not touched by it */
    snn_destroy_network(handle);
    snn_network_release(network);
    snn_network_release(wide);
}

static void a_child_may_destroy_a_session_with_threads(void) {
    SNNNetwork network = make_wide();
    SNNConfig config;
    SNNHandle handle = NULL;
    int status = 0;
    pid_t child;
    snn_config_default(&config);
    config.network = network;
    config.thread_count = 3;
    CHECK_OK(snn_create_network(&config, &handle));
    CHECK_OK(snn_session_step(handle, 5));
    fflush(stdout);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) { /* its worker threads do not exist here */
        alarm(60);
        snn_destroy_network(handle);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK_OK(snn_session_step(handle, 5));
    snn_destroy_network(handle);
    snn_network_release(network);
}
#endif

static const CheckCase cases[] = {
    CASE(a_second_thread_is_told_that_the_session_is_busy),
    CASE(threads_that_race_for_a_session_get_ok_or_busy),
    CASE(a_trainer_released_meanwhile_ends_with_the_call),
    CASE(sessions_run_side_by_side_on_one_network),
    CASE(networks_are_counted_from_every_thread),
    CASE(destroying_from_another_thread_ends_the_stepping),
    CASE(the_last_error_belongs_to_the_thread),
#if !defined(_WIN32)
    CASE(a_child_may_not_use_sessions_of_its_parent),
    CASE(a_child_may_destroy_a_session_with_threads),
#endif
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
