/* What a callback is given stays as it is for the whole call, whatever the callback reads meanwhile. */
#include "fixtures.h"

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
    CASE(spikes_stay_while_the_callback_reads_others),
    CASE(spikes_stay_on_a_gpu),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
