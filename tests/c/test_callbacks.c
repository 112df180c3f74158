/* Spike callbacks: what they hear, what they may do, and that what they are given stays as it is for the whole call. */
#include "fixtures.h"

typedef struct Heard {
    int calls, spikes, right_sizes;
    uint64_t last_step;
    SNNStatus step, write, read;
} Heard;

static void SNN_CALL hear(SNNHandle handle, const SNNSpikes *spikes, void *user) {
    Heard *heard = user;
    const float zero[3] = {0, 0, 0};
    float v[3];
    heard->calls += 1;
    heard->right_sizes += spikes->struct_size == sizeof *spikes;
    heard->spikes += (int)spikes->count;
    heard->last_step = spikes->step;
    heard->read = snn_get_membrane_potentials(handle, "cells", v, 3);
    heard->step = snn_session_step(handle, 1);
    heard->write = snn_session_write(handle, "cells.v", SNN_FLOAT32, zero, 3);
}

static void spike_callbacks_hear_every_spike_and_may_only_read(void) {
    SNNHandle handle = open_chain();
    Heard heard;
    uint64_t steps;
    memset(&heard, 0, sizeof heard);
    CHECK_OK(snn_register_spike_callback(handle, hear, &heard));
    step_chain(handle);
    CHECK_OK(snn_session_step(handle, 2)); /* nobody spikes: no call */
    step_chain(handle);
    CHECK_EQUAL(heard.calls, 2);
    CHECK_EQUAL(heard.right_sizes, 2);
    CHECK_EQUAL(heard.spikes, 5);
    CHECK_EQUAL(heard.last_step, 3);
    CHECK_EQUAL(heard.read, SNN_OK);
    CHECK_EQUAL(heard.step, SNN_ERROR_BUSY);
    CHECK_EQUAL(heard.write, SNN_ERROR_BUSY);
    CHECK_OK(snn_register_spike_callback(handle, NULL, NULL));
    step_chain(handle);
    CHECK_EQUAL(heard.calls, 2);
    CHECK_OK(snn_session_step_count(handle, &steps));
    CHECK_EQUAL(steps, 5);
    snn_destroy_network(handle);
}

static void SNN_CALL destroy_from_inside(SNNHandle handle, const SNNSpikes *spikes, void *user) {
    (void)spikes;
    *(int *)user += 1;
    snn_destroy_network(handle);
}

static void destroying_from_a_callback_is_survived(void) {
    SNNHandle handle = open_chain();
    int calls = 0;
    SNNStatus status;
    CHECK_OK(snn_register_spike_callback(handle, destroy_from_inside, &calls));
    CHECK_OK(snn_session_set_input(handle, 0, three_ones, 3));
    status = snn_session_step(handle, 4);
    CHECK(status == SNN_OK || status == SNN_ERROR_BUSY || status == SNN_ERROR_INVALID_HANDLE);
    CHECK(calls >= 1);
    snn_register_spike_callback(handle, NULL, NULL);
    snn_destroy_network(handle);
    CHECK_ERROR(snn_session_step(handle, 1), SNN_ERROR_INVALID_HANDLE, "handle");
}

typedef struct Reader {
    size_t calls, changed;
    SNNStatus status;
} Reader;

/* Reads the spikes of both samples, each of which may take the place of what was read before. */
static void SNN_CALL read_both(SNNHandle handle, const SNNSpikes *spikes, void *user) {
    Reader *reader = user;
    const size_t bytes = spikes->count * sizeof *spikes->neurons;
    uint32_t *copy = malloc(bytes), sample;
    memcpy(copy, spikes->neurons, bytes);
    for (sample = 0; sample < 2 && reader->status == SNN_OK; ++sample) {
        const uint32_t *neurons;
        uint32_t count;
        reader->status = snn_session_get_spikes(handle, spikes->population, sample, &neurons, &count);
        if (sample == spikes->sample) reader->changed += count != spikes->count || memcmp(copy, neurons, bytes) != 0;
    }
    reader->changed += memcmp(copy, spikes->neurons, bytes) != 0;
    reader->calls += 1;
    free(copy);
}

/* One step of make_chain() with two samples: neurons 1 and 2 spike in the first, 2 in the second. */
static void check_reading(const char *device) {
    static const float values[6] = {1, 1, 1, 0, 0, 1};
    SNNHandle handle = open_with_batch(make_chain(), device, 2, 1);
    Reader reader = {0, 0, SNN_OK};
    CHECK_OK(snn_register_spike_callback(handle, read_both, &reader));
    CHECK_OK(snn_session_set_input(handle, 0, values, COUNT(values)));
    CHECK_OK(snn_session_step(handle, 1));
    CHECK_OK(reader.status);
    CHECK_EQUAL(reader.calls, 2);
    CHECK_EQUAL(reader.changed, 0);
    snn_destroy_network(handle);
}

static void spikes_stay_while_the_callback_reads_others(void) {
    check_reading("cpu");
    check_reading("reference");
    check_reading("cpu*1+cpu*1");
}

static void spikes_stay_on_a_gpu(void) {
    SNNDeviceInfo info;
    uint32_t count, i;
    CHECK_OK(snn_device_count(&count));
    for (i = 0; i < count; ++i) {
        memset(&info, 0, sizeof info);
        info.struct_size = sizeof info;
        CHECK_OK(snn_device_get(i, &info));
        if (strncmp(info.name, "vulkan", 6) != 0) continue;
        check_reading(info.name);
        return;
    }
    SKIP("no Vulkan device on this machine");
}

static const CheckCase cases[] = {
    CASE(spike_callbacks_hear_every_spike_and_may_only_read),
    CASE(destroying_from_a_callback_is_survived),
    CASE(spikes_stay_while_the_callback_reads_others),
    CASE(spikes_stay_on_a_gpu),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
