/* snn_vulkan.h: what is refused before anything of Vulkan is touched. tests/backend/test_vulkan_host.py has a host program. */
#include <snn/snn_vulkan.h>

#include "fixtures.h"

static SNNVulkanFunction SNN_CALL no_functions(void *instance, const char *name) {
    (void)instance;
    (void)name;
    return NULL;
}

static void SNN_CALL hook(void *user) { (void)user; }

static int32_t SNN_CALL submit(void *user, const void *submit_info, uint64_t fence) {
    (void)user;
    (void)submit_info;
    (void)fence;
    return -1;
}

/* A host whose members are all there, though none is Vulkan's. */
static SNNVulkanHost made_up_host(void) {
    static int thing;
    SNNVulkanHost host;
    snn_vulkan_host_init(&host, sizeof host);
    host.instance = host.physical_device = host.device = host.queue = &thing;
    host.get_instance_proc_addr = no_functions;
    return host;
}

static void an_incomplete_host_is_refused(void) {
    SNNConfig config;
    SNNVulkanHost host = made_up_host();
    SNNHandle handle = NULL;
    uint32_t size;
    snn_config_default(&config);
    config.network = make_chain();
    CHECK_ERROR(snn_vulkan_create_network(&config, &host, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_handle");
    CHECK_ERROR(snn_vulkan_create_network(&config, NULL, &handle), SNN_ERROR_INVALID_ARGUMENT, "host");
    for (size = 0; size <= sizeof host + 8; ++size) {
        if (size == sizeof host) continue;
        host.struct_size = size;
        CHECK_ERROR(snn_vulkan_create_network(&config, &host, &handle), SNN_ERROR_VERSION, "host->struct_size is");
    }
    host = made_up_host();
    host.instance = NULL;
    CHECK_ERROR(snn_vulkan_create_network(&config, &host, &handle), SNN_ERROR_INVALID_ARGUMENT, "host->instance");
    host = made_up_host();
    host.queue = NULL;
    CHECK_ERROR(snn_vulkan_create_network(&config, &host, &handle), SNN_ERROR_INVALID_ARGUMENT, "host->queue");
    host = made_up_host();
    host.lock_queue = hook;
    CHECK_ERROR(snn_vulkan_create_network(&config, &host, &handle), SNN_ERROR_INVALID_ARGUMENT, "unlock_queue");
    host.unlock_queue = hook;
    host.submit = submit;
    CHECK_ERROR(snn_vulkan_create_network(&config, &host, &handle), SNN_ERROR_INVALID_ARGUMENT, "host has submit and lock_queue");
    host = made_up_host();
    host.get_instance_proc_addr = NULL;
    CHECK_ERROR(snn_vulkan_create_network(&config, &host, &handle), SNN_ERROR_INVALID_ARGUMENT, "vkGetInstanceProcAddr");
    CHECK(handle == NULL);
    snn_network_release(config.network);
}

static void functions_that_are_not_vulkan_s_are_refused(void) {
    SNNConfig config;
    SNNVulkanHost host = made_up_host();
    SNNHandle handle = NULL;
    SNNStatus status;
    int submits;
    snn_config_default(&config);
    config.network = make_chain();
    for (submits = 0; submits < 2; ++submits) {
        status = snn_vulkan_create_network(&config, &host, &handle);
        CHECK(status == SNN_ERROR_INVALID_ARGUMENT || status == SNN_ERROR_NOT_FOUND); /* the latter: built without Vulkan */
        CHECK(status == SNN_ERROR_NOT_FOUND || strstr(snn_last_error(), "does not know") != NULL);
        CHECK(handle == NULL);
        host.submit = submit; /* it needs no queue then */
        host.queue = NULL;
    }
    snn_network_release(config.network);
}

static void a_session_elsewhere_records_nothing(void) {
    SNNHandle handle = open_session(make_chain(), "cpu");
    SNNVulkanBuffer buffer;
    SNNVulkanDevice device;
    uint64_t steps = 1;
    int commands;
    memset(&buffer, 0, sizeof buffer);
    buffer.struct_size = sizeof buffer;
    memset(&device, 0, sizeof device);
    device.struct_size = sizeof device;
    CHECK_ERROR(snn_vulkan_record_steps(handle, NULL, 1), SNN_ERROR_INVALID_ARGUMENT, "command_buffer");
    CHECK_ERROR(snn_vulkan_record_steps(handle, &commands, 1), SNN_ERROR_UNSUPPORTED, "not on a Vulkan device");
    CHECK_OK(snn_session_step_count(handle, &steps));
    CHECK(steps == 0);
    CHECK_ERROR(snn_vulkan_get_device(handle, &device), SNN_ERROR_UNSUPPORTED, "not on a Vulkan device");
    CHECK_ERROR(snn_vulkan_get_buffer(handle, NULL, &buffer), SNN_ERROR_INVALID_ARGUMENT, "state");
    CHECK_ERROR(snn_vulkan_get_buffer(handle, "first.nothing", &buffer), SNN_ERROR_NOT_FOUND, "first");
    snn_destroy_network(handle);
    CHECK_ERROR(snn_vulkan_record_steps(handle, &commands, 1), SNN_ERROR_INVALID_HANDLE, "handle");
}

static void a_buffer_is_checked_before_it_is_bound(void) {
    SNNHandle handle = open_session(make_chain(), "cpu");
    SNNVulkanBuffer buffer;
    memset(&buffer, 0, sizeof buffer);
    CHECK_ERROR(snn_vulkan_bind_buffer(handle, "cells.spikes", &buffer), SNN_ERROR_VERSION, "buffer->struct_size is 0");
    buffer.struct_size = sizeof buffer;
    CHECK_ERROR(snn_vulkan_bind_buffer(handle, NULL, &buffer), SNN_ERROR_INVALID_ARGUMENT, "path");
    CHECK_ERROR(snn_vulkan_bind_buffer(handle, "cells.spikes", &buffer), SNN_ERROR_INVALID_ARGUMENT, "buffer->buffer is null");
    buffer.buffer = 1;
    buffer.type = 9;
    CHECK_ERROR(snn_vulkan_bind_buffer(handle, "cells.spikes", &buffer), SNN_ERROR_INVALID_ARGUMENT, "dtype is 9");
    buffer.type = SNN_INT32;
    CHECK_ERROR(snn_vulkan_bind_buffer(handle, "cells.spikes", &buffer), SNN_ERROR_INVALID_ARGUMENT, "buffer->type is 2");
    buffer.type = SNN_FLOAT32;
    buffer.reserved = 5;
    CHECK_ERROR(snn_vulkan_bind_buffer(handle, "cells.spikes", &buffer), SNN_ERROR_INVALID_ARGUMENT, "buffer->reserved is 5; expected 0");
    buffer.reserved = 0;
    buffer.size_bytes = 3;
    CHECK_ERROR(snn_vulkan_bind_buffer(handle, "cells.spikes", &buffer), SNN_ERROR_INVALID_ARGUMENT, "size_bytes is 3");
    CHECK_ERROR(snn_vulkan_bind_buffer(handle, "cells.spikes", NULL), SNN_ERROR_UNSUPPORTED, "not on a Vulkan device");
    snn_destroy_network(handle);
}

static void semaphores_are_checked(void) {
    SNNHandle handle = open_session(make_chain(), "cpu");
    SNNVulkanSemaphore semaphores[2] = {{1, 0}, {0, 3}};
    SNNVulkanSubmission submission;
    memset(&submission, 0, sizeof submission);
    CHECK_ERROR(snn_vulkan_submit_steps(handle, &submission, 1), SNN_ERROR_VERSION, "submission->struct_size is 0");
    submission.struct_size = sizeof submission;
    submission.wait_count = 1;
    CHECK_ERROR(snn_vulkan_submit_steps(handle, &submission, 1), SNN_ERROR_INVALID_ARGUMENT, "submission->waits is null");
    submission.waits = submission.signals = semaphores;
    submission.signal_count = 2;
    CHECK_ERROR(snn_vulkan_submit_steps(handle, &submission, 1), SNN_ERROR_INVALID_ARGUMENT, "submission->signals[1].semaphore");
    submission.reserved = 5;
    CHECK_ERROR(snn_vulkan_submit_steps(handle, &submission, 1), SNN_ERROR_INVALID_ARGUMENT, "submission->reserved is 5; expected 0");
    CHECK_ERROR(snn_vulkan_submit_steps(handle, NULL, 1), SNN_ERROR_UNSUPPORTED, "not on a Vulkan device");
    snn_destroy_network(handle);
}

static void what_is_read_back_is_checked(void) {
    static const char *const paths[] = {"cells.v", NULL};
    SNNHandle handle = open_session(make_chain(), "cpu");
    uint64_t frame = 1;
    float values[3];
    int commands;
    CHECK_ERROR(snn_vulkan_set_readback(handle, NULL, 1, 2), SNN_ERROR_INVALID_ARGUMENT, "paths is null");
    CHECK_ERROR(snn_vulkan_set_readback(handle, paths, 2, 2), SNN_ERROR_INVALID_ARGUMENT, "paths[1] is null");
    CHECK_ERROR(snn_vulkan_set_readback(handle, paths, 1, 0), SNN_ERROR_INVALID_ARGUMENT, "frame_count is 0");
    CHECK_ERROR(snn_vulkan_set_readback(handle, paths, 1, 2), SNN_ERROR_UNSUPPORTED, "not on a Vulkan device");
    CHECK_ERROR(snn_vulkan_record_readback(handle, NULL, 0), SNN_ERROR_INVALID_ARGUMENT, "command_buffer");
    CHECK_ERROR(snn_vulkan_record_readback(handle, &commands, 0), SNN_ERROR_STATE, "nothing is read back");
    CHECK_ERROR(snn_vulkan_read_back(handle, "cells.v", 0, SNN_FLOAT32, values, 3, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_frame");
    frame = 7;
    CHECK_ERROR(snn_vulkan_read_back(handle, "cells.v", 0, SNN_FLOAT32, values, 3, &frame), SNN_ERROR_NOT_FOUND, "'cells.v' is not");
    CHECK(frame == 7);
    snn_destroy_network(handle);
}

static void a_plan_is_whole(void) {
    SNNConfig config;
    SNNHandle handle = NULL;
    SNNVulkanPlan plan;
    SNNVulkanBuffer buffer;
    SNNVulkanDevice device;
    SNNStatus status;
    uint32_t i, k;
    snn_config_default(&config);
    config.network = make_chain();
    config.device = "vulkan:plan";
    status = snn_create_network(&config, &handle);
    snn_network_release(config.network);
    if (status == SNN_ERROR_NOT_FOUND) {
        puts("skipped: built without Vulkan");
        return;
    }
    CHECK_OK(status);
    memset(&plan, 0, sizeof plan);
    memset(&device, 0, sizeof device);
    device.struct_size = sizeof device;
    CHECK_ERROR(snn_vulkan_get_plan(handle, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_plan");
    CHECK_ERROR(snn_vulkan_get_plan(handle, &plan), SNN_ERROR_VERSION, "out_plan->struct_size is 0");
    memset(&buffer, 0, sizeof buffer);
    buffer.struct_size = sizeof buffer;
    buffer.buffer = 77;
    buffer.size_bytes = 3 * 4;
    CHECK_OK(snn_vulkan_bind_buffer(handle, "in.input", &buffer));
    plan.struct_size = sizeof plan;
    CHECK_OK(snn_vulkan_get_plan(handle, &plan));
    CHECK(plan.dispatch_count > 0 && plan.dispatches[0].barrier == 1);
    for (i = 0; i < plan.shader_count; ++i) CHECK(plan.shaders[i].spirv[0] == 0x07230203u && plan.shaders[i].word_count > 5);
    for (i = 0, k = 0; i < plan.buffer_count; ++i) k += plan.buffers[i].host_buffer == 77;
    CHECK(k == 1);
    for (i = 0; i < plan.dispatch_count; ++i) {
        const SNNVulkanPlanDispatch *const dispatch = &plan.dispatches[i];
        CHECK(dispatch->shader < plan.shader_count && dispatch->push_bytes <= 128 && dispatch->groups[0] > 0);
        for (k = 0; k < SNN_VULKAN_BINDING_COUNT; ++k) {
            const SNNVulkanPlanBinding *const binding = &dispatch->bindings[k];
            CHECK(binding->buffer < plan.buffer_count && binding->size_bytes > 0);
            CHECK(binding->offset_bytes + binding->size_bytes <= plan.buffers[binding->buffer].size_bytes);
        }
    }
    CHECK_ERROR(snn_session_step(handle, 1), SNN_ERROR_UNSUPPORTED, "runs nothing");
    CHECK_ERROR(snn_vulkan_get_device(handle, &device), SNN_ERROR_UNSUPPORTED, "runs nothing");
    snn_destroy_network(handle);
}

/* The device is opened by libsnn. */
static void a_session_gives_its_own_device(void) {
    SNNConfig config;
    SNNHandle handle = NULL;
    SNNVulkanDevice device, later;
    SNNStatus status;
    snn_config_default(&config);
    config.network = make_chain();
    config.device = "vulkan";
    status = snn_create_network(&config, &handle);
    snn_network_release(config.network);
    if (status == SNN_ERROR_NOT_FOUND || status == SNN_ERROR_UNSUPPORTED) SKIP(snn_last_error());
    CHECK_OK(status);
    memset(&device, 0, sizeof device);
    CHECK_ERROR(snn_vulkan_get_device(handle, NULL), SNN_ERROR_INVALID_ARGUMENT, "out_device");
    CHECK_ERROR(snn_vulkan_get_device(handle, &device), SNN_ERROR_VERSION, "out_device->struct_size is 0");
    device.struct_size = sizeof device;
    later = device;
    CHECK_OK(snn_vulkan_get_device(handle, &device));
    CHECK(device.instance && device.physical_device && device.device && device.queue);
    CHECK(device.get_instance_proc_addr && device.get_instance_proc_addr(device.instance, "vkDestroyDevice"));
    CHECK_OK(snn_vulkan_submit_steps(handle, NULL, 3));
    CHECK_OK(snn_vulkan_get_device(handle, &later));
    CHECK(later.device == device.device && later.submitted.semaphore == device.submitted.semaphore);
    CHECK(later.submitted.value == device.submitted.value + (device.submitted.semaphore != 0));
    CHECK_OK(snn_session_step(handle, 1));
    snn_destroy_network(handle);
}

static const CheckCase cases[] = {
    CASE(an_incomplete_host_is_refused),
    CASE(functions_that_are_not_vulkan_s_are_refused),
    CASE(a_session_elsewhere_records_nothing),
    CASE(a_buffer_is_checked_before_it_is_bound),
    CASE(semaphores_are_checked),
    CASE(what_is_read_back_is_checked),
    CASE(a_plan_is_whole),
    CASE(a_session_gives_its_own_device),
};

int main(int argc, char **argv) { return check_main(argc, argv, cases, COUNT(cases)); }
