// The C interface: sessions on the Vulkan device of the host program.
#include "api/sessions.h"
#include "schedule/checks.h"

using namespace snn;
using namespace snn::api;

namespace {

void check_given(const void* pointer, const char* name) {
    if (!pointer) throw Error(SNN_ERROR_INVALID_ARGUMENT, name, " is null");
}

void check_reserved(uint32_t reserved, const char* name) {
    if (reserved != 0) throw Error(SNN_ERROR_INVALID_ARGUMENT, name, "->reserved is ", reserved, "; expected 0");
}

void check_semaphores(const SNNVulkanSemaphore* semaphores, uint32_t count, const char* name) {
    if (count > 0) check_given(semaphores, name);
    for (uint32_t i = 0; i < count; ++i)
        if (semaphores[i].semaphore == 0) throw Error(SNN_ERROR_INVALID_ARGUMENT, name, "[", i, "].semaphore is null");
}

}  // namespace

extern "C" {

void snn_vulkan_host_init(SNNVulkanHost* out_host, uint32_t struct_size) {
    initialize(out_host, struct_size, SNNVulkanHost{});
}

SNNStatus snn_vulkan_create_network(const SNNConfig* config, const SNNVulkanHost* host, SNNHandle* out_handle) {
    return guarded([&] {
        required(out_handle, "out_handle");
        const SNNVulkanHost complete_host = complete(host, snn_vulkan_host_init, "host");
        check_given(complete_host.instance, "host->instance");
        check_given(complete_host.physical_device, "host->physical_device");
        check_given(complete_host.device, "host->device");
        if (!complete_host.submit) check_given(complete_host.queue, "host->queue");
        if (!complete_host.get_instance_proc_addr)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "host->get_instance_proc_addr is null; it is vkGetInstanceProcAddr");
        if (!complete_host.lock_queue != !complete_host.unlock_queue)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "host has one of lock_queue and unlock_queue; give both or neither");
        if (complete_host.submit && complete_host.lock_queue)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "host has submit and lock_queue; what submit calls locks its queue itself");
        *out_handle = open_session(config, &complete_host);
    });
}

SNNStatus snn_vulkan_record_steps(SNNHandle handle, void* command_buffer, uint32_t step_count) {
    return with_session(handle, [&](Session& session) {
        check_given(command_buffer, "command_buffer");
        session.host_device().record(command_buffer, step_count);
    });
}

SNNStatus snn_vulkan_get_device(SNNHandle handle, SNNVulkanDevice* out_device) {
    return with_session(handle, [&](Session& session) {
        SNNVulkanDevice device{};
        session.host_device().handles(device);
        answer(out_device, device, "out_device");
    });
}

SNNStatus snn_vulkan_get_buffer(SNNHandle handle, const char* state, SNNVulkanBuffer* out_buffer) {
    return reading_session(handle, [&](Session& session) {
        const DeviceBuffer found = session.host_device().buffer(&required(state, "state"));
        SNNVulkanBuffer buffer{};
        buffer.type = static_cast<uint32_t>(found.type);
        buffer.buffer = found.buffer;
        buffer.offset_bytes = found.offset_bytes;
        buffer.size_bytes = found.size_bytes;
        buffer.mapped = found.mapped;
        buffer.is_cached = found.is_cached;
        answer(out_buffer, buffer, "out_buffer");
    });
}

SNNStatus snn_vulkan_bind_buffer(SNNHandle handle, const char* path, const SNNVulkanBuffer* buffer) {
    return with_session(handle, [&](Session& session) {
        const char* const name = &required(path, "path");
        if (!buffer) return session.host_device().bind_buffer(name, nullptr);
        const SNNVulkanBuffer given = complete(buffer, "buffer");
        if (!given.buffer)
            throw Error(SNN_ERROR_INVALID_ARGUMENT,
                        "buffer->buffer is null; a null pointer in place of `buffer` ends the binding");
        check_reserved(given.reserved, "buffer");
        const DeviceBuffer bound{checked_dtype(given.type), given.buffer, given.offset_bytes, given.size_bytes};
        session.host_device().bind_buffer(name, &bound);
    });
}

SNNStatus snn_vulkan_submit_steps(SNNHandle handle, const SNNVulkanSubmission* submission, uint32_t step_count) {
    return with_session(handle, [&](Session& session) {
        SNNVulkanSubmission given{};
        if (submission) given = complete(submission, "submission");
        check_reserved(given.reserved, "submission");
        check_semaphores(given.waits, given.wait_count, "submission->waits");
        check_semaphores(given.signals, given.signal_count, "submission->signals");
        session.host_device().submit(given, step_count);
    });
}

SNNStatus snn_vulkan_set_readback(SNNHandle handle, const char* const* paths, uint32_t path_count, uint32_t frame_count) {
    return with_session(handle, [&](Session& session) {
        if (path_count > 0) check_given(paths, "paths");
        session.host_device().set_readback({paths, path_count}, frame_count);
    });
}

SNNStatus snn_vulkan_record_readback(SNNHandle handle, void* command_buffer, uint64_t frame) {
    return with_session(handle, [&](Session& session) {
        check_given(command_buffer, "command_buffer");
        session.host_device().record_readback(frame, command_buffer);
    });
}

SNNStatus snn_vulkan_read_back(SNNHandle handle, const char* path, uint64_t finished_frame, uint32_t dtype, void* out_data,
                               size_t count, uint64_t* out_frame) {
    return reading_session(handle, [&](Session& session) {
        required(out_frame, "out_frame");
        uint64_t frame = SNN_VULKAN_NO_FRAME;
        session.host_device().read_back(&required(path, "path"), finished_frame, dtype, out_data, count, frame);
        *out_frame = frame;
    });
}

SNNStatus snn_vulkan_get_plan(SNNHandle handle, SNNVulkanPlan* out_plan) {
    return with_session(handle, [&](Session& session) {
        SNNVulkanPlan plan{};
        session.host_device().plan(plan);
        answer(out_plan, plan, "out_plan");
    });
}

}  // extern "C"
