/* Steps in the background: begun by one frame, told by another. */
#define _DEFAULT_SOURCE
#include <math.h>
#include <pthread.h>
#if !defined(_WIN32)
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "fixtures.h"

typedef struct Heard {
    pthread_t thread;
    uint64_t last_step;
    int count, is_ordered, read_ok, write_busy;
} Heard;

static void SNN_CALL hear(SNNHandle handle, const SNNSpikes *spikes, void *user) {
    Heard *heard = user;
    uint64_t steps;
    heard->is_ordered &= pthread_equal(pthread_self(), heard->thread) && spikes->step >= heard->last_step;
    heard->last_step = spikes->step;
    heard->count += (int)spikes->count;
    heard->read_ok += snn_session_step_count(handle, &steps) == SNN_OK;
    heard->write_busy += snn_session_set_input(handle, 0, three_ones, 3) == SNN_ERROR_BUSY;
}

/* The same frames begun and polled, and stepped: the same states, spikes and step numbers. */
static void steps_in_the_background_are_those_of_a_frame(void) {
    SNNHandle background = open_with_batch(make_classifier(), NULL, 2, 2), at_once = open_with_batch(make_classifier(), NULL, 2, 1);
    Heard told = {0}, heard = {0};
    float pixels[2 * 16], v[2 * 24], expected[2 * 24];
    uint32_t begun, done;
    uint64_t steps, expected_steps;
    int frame;
    told.is_ordered = heard.is_ordered = 1;
    told.thread = heard.thread = pthread_self();
    CHECK_OK(snn_register_spike_callback(background, hear, &told));
    CHECK_OK(snn_register_spike_callback(at_once, hear, &heard));
    CHECK_OK(snn_session_poll(background, &done)); /* nothing was begun */
    CHECK_EQUAL(done, 1);
    for (frame = 0; frame < 30; ++frame) {
        CHECK_OK(snn_random_fill(5, (uint64_t)frame, SNN_RANDOM_UNIFORM, 0.0, 1.0, pixels, 32));
        CHECK_OK(snn_session_set_input(background, 0, pixels, 32));
        CHECK_OK(snn_session_set_input(at_once, 0, pixels, 32));
        CHECK_OK(snn_session_begin(background, 0.0165f, INFINITY, &begun));
        CHECK_EQUAL(begun, 1);
        CHECK_OK(snn_run_step(at_once, 0.0165f));
        if (frame % 2) CHECK_OK(snn_session_wait(background));
        else
            for (done = 0; !done;) CHECK_OK(snn_session_poll(background, &done));
    }
    CHECK_OK(snn_session_step_count(background, &steps));
    CHECK_OK(snn_session_step_count(at_once, &expected_steps));
    CHECK_EQUAL(steps, expected_steps);
    CHECK_OK(snn_get_membrane_potentials(background, "hidden", v, 48));
    CHECK_OK(snn_get_membrane_potentials(at_once, "hidden", expected, 48));
    CHECK(memcmp(v, expected, sizeof v) == 0);
    CHECK(told.count > 0 && told.count == heard.count && told.last_step == heard.last_step);
    CHECK(told.is_ordered && heard.is_ordered);
    snn_destroy_network(background);
    snn_destroy_network(at_once);
}

static void a_session_whose_steps_are_under_way_takes_inputs_only(void) {
    const float nothing[6] = {0}, half[3] = {0.5f, 0, 0};
    const uint32_t added = 0, stranger = 3;
    SNNHandle handle = open_with_batch(make_chain(), NULL, 2, 1);
    SNNNetwork network;
    Heard heard = {0};
    uint32_t begun, done;
    uint64_t steps;
    float v[6];
    heard.is_ordered = 1;
    heard.thread = pthread_self();
    CHECK_OK(snn_register_spike_callback(handle, hear, &heard));
    CHECK_OK(snn_session_begin(handle, 0.001f, INFINITY, &begun));
    /* Whether the thread is still at it or not, they are under way until a poll. */
    CHECK_ERROR(snn_session_step(handle, 1), SNN_ERROR_BUSY, "are under way; polling it tells");
    CHECK_ERROR(snn_get_membrane_potentials(handle, "cells", v, 6), SNN_ERROR_BUSY, "under way");
    CHECK_ERROR(snn_session_bind_input(handle, 0, NULL, 0), SNN_ERROR_BUSY, "under way");
    CHECK_ERROR(snn_session_set_input(handle, 0, half, 3), SNN_ERROR_INVALID_ARGUMENT, "takes 6 values");
    CHECK_ERROR(snn_session_set_sample_input(handle, 0, 1, half, 3), SNN_ERROR_INVALID_ARGUMENT, "0 and 1 only");
    CHECK_ERROR(snn_session_begin(handle, NAN, INFINITY, NULL), SNN_ERROR_INVALID_ARGUMENT, "frame_dt is nan");
    CHECK_ERROR(snn_session_begin(handle, 0.1f, -1.0f, NULL), SNN_ERROR_INVALID_ARGUMENT, "budget_s is -1");
    CHECK_ERROR(snn_session_poll(handle, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_done is null");
    CHECK_OK(snn_session_network(handle, &network));
    snn_network_release(network);
    CHECK_OK(snn_session_set_sample_input(handle, 0, 1, three_ones, 3)); /* for the steps that begin next */
    CHECK_OK(snn_session_add_input_spikes(handle, 0, 0, &added, 1));
    CHECK_ERROR(snn_session_add_input_spikes(handle, 0, 0, &stranger, 1), SNN_ERROR_INVALID_ARGUMENT, "neurons[0] is 3");
    CHECK_OK(snn_session_begin(handle, 0.002f, INFINITY, &begun)); /* its time is carried */
    CHECK_EQUAL(begun, 0);
    CHECK_OK(snn_session_wait(handle));
    CHECK_EQUAL(heard.count, 0);
    CHECK_OK(snn_session_step_count(handle, &steps));
    CHECK_EQUAL(steps, 1);
    CHECK_OK(snn_session_begin(handle, 0.001f, INFINITY, &begun));
    CHECK_EQUAL(begun, 1);
    CHECK_OK(snn_session_wait(handle));
    CHECK_OK(snn_session_step_count(handle, &steps));
    CHECK_EQUAL(steps, 4);
    CHECK_OK(snn_get_membrane_potentials(handle, "cells", v, 6));
    CHECK(v[0] == 0.5f && v[3] == 0.5f); /* spikes were for one step */
    CHECK_EQUAL(heard.count, 2);
    CHECK(heard.is_ordered);
    CHECK_EQUAL(heard.read_ok, 1); /* from a callback, as ever */
    CHECK_EQUAL(heard.write_busy, 1);
    /* A budget: at least one step that is due. */
    CHECK_OK(snn_session_begin(handle, 0.01f, 0.0f, &begun));
    for (done = 0; !done;) CHECK_OK(snn_session_poll(handle, &done));
    CHECK_OK(snn_session_step_count(handle, &steps));
    CHECK_EQUAL(steps, 5);
    CHECK_OK(snn_session_set_input(handle, 0, nothing, 6));
    CHECK_OK(snn_session_reset(handle));
    snn_destroy_network(handle);
}

static void SNN_CALL run_here(void *user, uint32_t count, void(SNN_CALL *task)(void *context, uint32_t index), void *context) {
    uint32_t i;
    (void)user;
    for (i = 0; i < count; ++i) task(context, i);
}

static void a_job_system_steps_in_its_own_jobs(void) {
    const SNNJobSystem jobs = {sizeof jobs, 1, run_here, NULL};
    SNNNetwork network = make_chain();
    SNNConfig config;
    SNNHandle handle;
    snn_config_default(&config);
    config.network = network;
    config.job_system = &jobs;
    CHECK_OK(snn_create_network(&config, &handle));
    snn_network_release(network);
    CHECK_ERROR(snn_session_begin(handle, 0.01f, INFINITY, NULL), SNN_ERROR_UNSUPPORTED, "run its steps in a job");
    step_chain(handle);
    snn_destroy_network(handle);
}

typedef struct Messages {
    pthread_t thread;
    int count;
} Messages;

static void SNN_CALL keep_warning(int32_t level, const char *message, void *user) {
    Messages *messages = user;
    if (level == SNN_LOG_WARNING && strstr(message, "time is dropped") && pthread_equal(pthread_self(), messages->thread))
        ++messages->count;
}

static void the_log_of_the_background_is_told_by_poll(void) {
    Messages messages;
    SNNNetwork network = make_chain();
    SNNConfig config;
    SNNHandle handle;
    messages.thread = pthread_self();
    messages.count = 0;
    snn_config_default(&config);
    config.network = network;
    config.log = keep_warning;
    config.log_user = &messages;
    CHECK_OK(snn_create_network(&config, &handle));
    snn_network_release(network);
    CHECK_OK(snn_session_begin(handle, 10.0f, INFINITY, NULL));
    CHECK_OK(snn_session_wait(handle));
    CHECK_EQUAL(messages.count, 1);
    snn_destroy_network(handle);
}

static void *release_trainer(void *trainer) {
    snn_trainer_release(trainer);
    return NULL;
}

/* The trainer's memory is the executor's, which the steps have: it goes when they are done. */
static void a_trainer_is_released_while_steps_are_under_way(void) {
    int i;
    for (i = 0; i < 20; ++i) {
        SNNHandle handle = open_session(make_classifier(), NULL);
        const SNNTrainerDef def = classifier_trainer_def(5);
        SNNTrainer trainer = NULL, refused = NULL;
        pthread_t thread;
        CHECK_OK(snn_trainer_create(handle, &def, &trainer));
        CHECK_OK(snn_session_begin(handle, 0.1f, INFINITY, NULL));
        CHECK_ERROR(snn_trainer_create(handle, &def, &refused), SNN_ERROR_BUSY, "under way");
        CHECK_EQUAL(pthread_create(&thread, NULL, release_trainer, trainer), 0);
        pthread_join(thread, NULL);
        CHECK_OK(snn_session_wait(handle));
        snn_destroy_network(handle);
    }
}

/* Ended while steps may run. */
static void steps_in_the_background_end_with_the_session(void) {
    int i;
    for (i = 0; i < 20; ++i) {
        SNNHandle handle = open_chain();
        CHECK_OK(snn_session_set_input(handle, 0, three_ones, 3));
        CHECK_OK(snn_session_begin(handle, 0.2f, INFINITY, NULL));
        snn_destroy_network(handle);
    }
}

#if !defined(_WIN32)
static void a_child_is_not_kept_by_steps_of_its_parent(void) {
    SNNHandle handle = open_chain();
    int status = 0;
    pid_t child;
    CHECK_OK(snn_session_begin(handle, 0.2f, INFINITY, NULL));
    fflush(stdout);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) { /* the thread of the steps does not exist here */
        uint32_t done;
        alarm(60);
        if (snn_session_poll(handle, &done) != SNN_ERROR_FORKED) _exit(1);
        snn_destroy_network(handle);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK_EQUAL(WEXITSTATUS(status), 0);
    CHECK_OK(snn_session_wait(handle));
    snn_destroy_network(handle);
}
#endif

static const CheckCase cases[] = {
    CASE(steps_in_the_background_are_those_of_a_frame),
    CASE(a_session_whose_steps_are_under_way_takes_inputs_only),
    CASE(a_job_system_steps_in_its_own_jobs),
    CASE(the_log_of_the_background_is_told_by_poll),
    CASE(a_trainer_is_released_while_steps_are_under_way),
    CASE(steps_in_the_background_end_with_the_session),
#if !defined(_WIN32)
    CASE(a_child_is_not_kept_by_steps_of_its_parent),
#endif
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
