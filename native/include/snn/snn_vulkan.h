/* snn_vulkan.h - a session on the Vulkan device of the host program, stepped inside the host's own command buffers.
 *
 * No Vulkan header is needed: dispatchable handles (VkInstance, VkPhysicalDevice, VkDevice, VkQueue, VkCommandBuffer) travel as
 * void*, others (VkBuffer) as uint64_t, as in vulkan_core.h. No loader is linked: functions come from the host's
 * vkGetInstanceProcAddr. Nothing is assumed of the device but Vulkan 1.0 and 7 storage buffers a shader; no feature or extension
 * need be enabled.
 *
 *     SNNVulkanHost host;
 *     snn_vulkan_host_default(&host);
 *     host.instance = instance; host.physical_device = ...; host.get_instance_proc_addr = vkGetInstanceProcAddr; ...
 *     snn_vulkan_create_network(&config, &host, &brain);
 *     snn_vulkan_get_buffer(brain, "cells.v", &membrane);       once: where the renderer reads
 *     each frame:
 *         snn_session_set_input(brain, 0, values, count);
 *         snn_vulkan_record_steps(brain, command_buffer, 16);   outside a render pass
 *         ...                                                   draws that read `membrane`
 *         vkQueueSubmit(...)                                    the host's own
 *
 * The state of such a session is what the device will hold when all recorded command buffers have run: record in the order in which
 * they are submitted, and submit each once. The other functions of a session (snn_session_read, snn_session_write, snn_session_run,
 * snn_run_step, counters, saved states) may be used too; they use the queue, so before one of them the host waits until what it
 * has submitted of this session is done, and between recording and submitting none is called.
 */
#ifndef SNN_VULKAN_H
#define SNN_VULKAN_H

#include <snn/snn.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void(SNN_CALL *SNNVulkanFunction)(void);

/* The host's device. All of it stays the host's and must outlive the session. Nothing waits for the device or a queue to be idle;
 * functions that use the queue wait for their own fence. */
typedef struct SNNVulkanHost {
    uint32_t struct_size;
    uint32_t queue_family; /* of `queue`; it has compute, and the command buffers that steps are recorded into are of this family */
    void *instance;        /* VkInstance */
    void *physical_device; /* VkPhysicalDevice */
    void *device;          /* VkDevice */
    void *queue;           /* VkQueue, used while a session is opened and by the functions named above; never by recording */
    SNNVulkanFunction(SNN_CALL *get_instance_proc_addr)(void *instance, const char *name); /* vkGetInstanceProcAddr */
    /* Called around every vkQueueSubmit, both or neither. Null: nobody else submits to `queue` meanwhile. */
    void(SNN_CALL *lock_queue)(void *user);
    void(SNN_CALL *unlock_queue)(void *user);
    void *user;
} SNNVulkanHost;

SNN_API void SNN_CALL snn_vulkan_host_init(SNNVulkanHost *out_host, uint32_t struct_size);
SNN_INLINE void snn_vulkan_host_default(SNNVulkanHost *out_host) { snn_vulkan_host_init(out_host, sizeof *out_host); }

/* snn_create_network on the host's device. config->device is null or "vulkan". End it with snn_destroy_network, when what was
 * recorded has run.
 * Errors: SNN_ERROR_INVALID_ARGUMENT (a member of host is null, or the family has no compute), SNN_ERROR_UNSUPPORTED,
 * SNN_ERROR_NOT_FOUND (the library was built without Vulkan), those of snn_create_network.
 * Thread-safety: any thread; the queue is used within. */
SNN_API SNNStatus SNN_CALL snn_vulkan_create_network(const SNNConfig *config, const SNNVulkanHost *host, SNNHandle *out_handle);

/* Appends the next `step_count` steps to `command_buffer` (VkCommandBuffer, recording, outside a render pass): pipelines,
 * descriptor sets, push constants, dispatches and barriers, first one that waits for earlier compute and transfer commands, last
 * one that makes the results visible to all later commands. Pipeline, descriptor set 0 and push constants of the compute bind
 * point are other ones afterwards. Inputs are as they are set or bound now and are copied into the command buffer; spike inputs
 * that were set count for the first step. Spike callbacks are not called. Allocates nothing and uses no queue.
 * Errors: SNN_ERROR_UNSUPPORTED for a session that is not on a Vulkan device.
 * Thread-safety: as all functions of a session; the command buffer's pool is used within. */
SNN_API SNNStatus SNN_CALL snn_vulkan_record_steps(SNNHandle handle, void *command_buffer, uint32_t step_count);

typedef struct SNNVulkanBuffer {
    uint32_t struct_size;
    uint32_t type;         /* SNN_FLOAT32 or SNN_INT32 */
    uint64_t buffer;       /* VkBuffer; exclusive to the queue family; usage: storage, vertex, indirect, transfer both ways */
    uint64_t offset_bytes; /* where the values begin, [batch_size][size] */
    uint64_t size_bytes;
} SNNVulkanBuffer;

/* The buffer that holds a state ("population.state") on the device, to be read in place, or written between two recorded steps.
 * It stays the same for the life of the session. Works for sessions that own their device too.
 * Errors: SNN_ERROR_NOT_FOUND, SNN_ERROR_INVALID_ARGUMENT (not a state), SNN_ERROR_UNSUPPORTED (not on a Vulkan device). */
SNN_API SNNStatus SNN_CALL snn_vulkan_get_buffer(SNNHandle handle, const char *state, SNNVulkanBuffer *out_buffer);

#ifdef __cplusplus
}
#endif

#endif
