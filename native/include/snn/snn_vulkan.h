/* snn_vulkan.h - a session on the Vulkan device of the host program, stepped inside the host's own command buffers.
 *
 * No Vulkan header is needed: dispatchable handles (VkInstance, VkPhysicalDevice, VkDevice, VkQueue, VkCommandBuffer) travel as
 * void*, others (VkBuffer) as uint64_t, as in vulkan_core.h. No loader is linked: functions come from the host's
 * vkGetInstanceProcAddr. The device needs Vulkan 1.0 and 7 storage buffers for each shader; no feature or extension
 * has to be enabled.
 *
 *     SNNVulkanHost host;
 *     snn_vulkan_host_default(&host);
 *     host.instance = instance;
 *     host.physical_device = physical_device;
 *     host.device = device;
 *     host.queue = queue;
 *     host.queue_family = queue_family;
 *     host.get_instance_proc_addr = (SNNVulkanFunction(SNN_CALL *)(void *, const char *))vkGetInstanceProcAddr;
 *     snn_vulkan_create_network(&config, &host, &brain);
 *     snn_vulkan_get_buffer(brain, "cells.v", &membrane);       // once: where the renderer reads
 *     // each frame:
 *     snn_session_set_input(brain, 0, values, count);
 *     snn_vulkan_record_steps(brain, command_buffer, 16);       // outside a render pass
 *     // draws that read `membrane`; then the host submits its command buffer
 *
 * The state of such a session is what the device will hold when all recorded command buffers have run: record in the order in
 * which they are submitted, and submit each once. Steps that were recorded and never run leave it wrong, whatever its step
 * count is set to; snn_load_state of a state from before them, or snn_session_reset, puts it right. The other functions of a
 * session (snn_session_read, snn_session_write, snn_session_run, snn_run_step, counters, saved states) may be used too; they
 * use the queue, so before one of them the host waits until what it has submitted of this session is done, and between
 * recording and submitting none is called.
 */
#ifndef SNN_VULKAN_H
#define SNN_VULKAN_H

#include <snn/snn.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void(SNN_CALL *SNNVulkanFunction)(void);

/* The host's device. All of it stays the host's and must outlive the session. And the session must outlive what was recorded of
 * it: it frees its memory and pipelines when it ends, without waiting for the host's submissions, so a session that is
 * destroyed while a frame of it is on its way crashes the driver. Nothing waits for the device or a queue to be idle; functions
 * that use the queue wait for their own fence.
 *
 * A session on a device of its own asks the driver some thousand known answers when it opens, and for float32 arithmetic as
 * IEEE 754 has it (VK_KHR_shader_float_controls). A host's device is neither asked, as its queue is the host's, nor told, as it
 * may not have the extension enabled. Sums and products are not contracted here either; that they round to nearest, and that
 * signs of zeros and NaN count, rests on what the driver does unasked. Where it flushes denormals, networks with weights,
 * parameters or inputs below 2^-126 may spike otherwise than on other devices. To know of a GPU, open a session on
 * "vulkan:NUMBER" once: it is refused if an answer is wrong, and warns if denormals are flushed.
 *
 * Where the instance has VK_EXT_debug_utils enabled, objects of a session have names ("snn memory", "snn neuron_step of lif")
 * and what it records has labels ("snn steps") in validation messages and in debuggers such as RenderDoc. */
typedef struct SNNVulkanHost {
    uint32_t struct_size;
    uint32_t queue_family; /* of `queue`; it has compute, and the command buffers that steps are recorded into are of this
                              family */
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

/* snn_create_network on the host's device. config->device is null or "vulkan", or several devices with "vulkan" once among
 * them. End it with snn_destroy_network, when what was recorded has run.
 * Errors: SNN_ERROR_INVALID_ARGUMENT (a member of host is null, or the family has no compute), SNN_ERROR_UNSUPPORTED,
 * SNN_ERROR_NOT_FOUND (the library was built without Vulkan), those of snn_create_network.
 * Thread-safety: any thread; the queue is used within. */
SNN_API SNNStatus SNN_CALL snn_vulkan_create_network(const SNNConfig *config, const SNNVulkanHost *host, SNNHandle *out_handle);

/* Appends the next `step_count` steps to `command_buffer` (VkCommandBuffer, recording, outside a render pass): pipelines,
 * descriptor sets, push constants, dispatches and barriers, first one that waits for earlier compute and transfer commands,
 * last one that makes the results visible to all later commands and, where it sees the memory, to the host. While no buffer was
 * got or bound, there is nothing to show: the last one is left out, and the first waits for steps and what is read back only.
 * Pipeline, descriptor set 0 and push constants of the compute bind point are other ones afterwards. Inputs are as they are set
 * or bound now and are copied into the command buffer; spike inputs that were set count for the first step. Spike callbacks are
 * not called. Allocates nothing and uses no queue.
 * Errors: SNN_ERROR_UNSUPPORTED for a session that is not on a Vulkan device.
 * Thread-safety: as all functions of a session; the command buffer's pool is used within. */
SNN_API SNNStatus SNN_CALL snn_vulkan_record_steps(SNNHandle handle, void *command_buffer, uint32_t step_count);

typedef struct SNNVulkanSemaphore { /* part of a submission: no size, never changes */
    uint64_t semaphore; /* VkSemaphore */
    uint64_t value;     /* of a timeline semaphore, above 0; 0: a binary one */
} SNNVulkanSemaphore;

typedef struct SNNVulkanSubmission {
    uint32_t struct_size;
    uint32_t wait_count, signal_count;
    uint32_t reserved;                 /* 0 */
    const SNNVulkanSemaphore *waits;   /* before the first step */
    const SNNVulkanSemaphore *signals; /* after the last */
} SNNVulkanSubmission;

/* The next `step_count` steps in a submission of the session's own, on the queue that it was opened with: one that the host
 * submits to as well (give lock_queue and unlock_queue, or call this where nobody else submits), or one that it leaves to the
 * session. The call does not wait for the device unless 8 submissions are in flight: then for the oldest of them. Inputs,
 * spike inputs and callbacks as with snn_vulkan_record_steps. The host's commands that read what the steps wrote wait for one
 * of `signals`; on a queue of another family, buffers that it shares with the session need VK_SHARING_MODE_CONCURRENT. The host
 * enables timeline semaphores if it uses them. `submission` may be null: no semaphores.
 *
 * Other functions of the session wait for its submissions by themselves, so snn_session_read gives what the steps left; a
 * wait on a semaphore that nothing signals makes them wait for ever. Also for a session that owns its device.
 * Errors: SNN_ERROR_INVALID_ARGUMENT (a semaphore is null), SNN_ERROR_UNSUPPORTED (not on a Vulkan device),
 * SNN_ERROR_DEVICE_LOST.
 * Thread-safety: as all functions of a session; the queue is used within. */
SNN_API SNNStatus SNN_CALL snn_vulkan_submit_steps(SNNHandle handle, const SNNVulkanSubmission *submission,
                                                   uint32_t step_count);

typedef struct SNNVulkanBuffer {
    uint32_t struct_size;
    uint32_t type;         /* SNN_FLOAT32 or SNN_INT32 */
    uint64_t buffer;       /* VkBuffer; exclusive to the queue family; usage: storage, vertex, indirect, transfer both ways */
    uint64_t offset_bytes; /* where the values begin, [batch_size][size] */
    uint64_t size_bytes;
} SNNVulkanBuffer;

/* The buffer that holds a state ("population.state") on the device, to be read in place, or written between two recorded steps.
 * It stays the same for the life of the session. Get it before steps are recorded whose results are read there. Works for
 * sessions that own their device too.
 * Errors: SNN_ERROR_NOT_FOUND, SNN_ERROR_INVALID_ARGUMENT (not a state), SNN_ERROR_UNSUPPORTED (not on a Vulkan device). */
SNN_API SNNStatus SNN_CALL snn_vulkan_get_buffer(SNNHandle handle, const char *state, SNNVulkanBuffer *out_buffer);

/* Binds a buffer of the host to what `path` names, to be read or written in place by every step from now on:
 *
 *     "population.input"        what an input population reads in every step: float32 [batch_size][size], spikes 0 and 1.
 *                               snn_session_set_input refuses it from then on. Not checked for values that are not finite
 *     "population.states"       the states of neurons: [state][batch_size][size] in the order in which the model defines them,
 *                               4 bytes a value, int32 where they are whole numbers. What they are now is copied into it;
 *                               snn_vulkan_get_buffer tells where each state lies
 *     "population.spikes"       the spikes of the last step: float32 [batch_size][size], 0 and 1
 *     "population.spike_count"  the same, accumulated over steps; the host clears it when it likes. To have it on the host
 *                               only, snn_vulkan_set_readback is easier
 *
 * buffer->type is SNN_FLOAT32, its size the one given here, its offset a multiple of what the device demands of storage buffers
 * and of 16. Null instead of a buffer ends the binding; states go back to memory of the session.
 *
 * The VkBuffer is of the session's device, with usage VK_BUFFER_USAGE_STORAGE_BUFFER_BIT (for states also both transfers),
 * bound to memory, exclusive to the queue family or concurrent. Vulkan tells neither its device nor its usage, so only its size
 * is checked. It stays alive until the binding has ended, or the session, and what was recorded has run. A range is bound to
 * one name of a session; one that overlaps another name's is refused. Commands that were recorded before use what was bound
 * then; of those, the last 256 calls of snn_vulkan_record_steps may wait to run. Not to be called while one is waiting to run,
 * when states are bound: their values are copied at once, on the queue.
 * A small network steps in one dispatch where all its inputs are bound within one VkBuffer or none is, and all its outputs that
 * are bound (states, spikes, counts) lie within one VkBuffer, which may be the same. Else it takes several dispatches for each
 * step, with the same bits and several times as long: a line of SNN_LOG_INFORMATION says so and why. Samples with weights of
 * their own have the one dispatch only: what would leave it is refused.
 * Errors: SNN_ERROR_NOT_FOUND (no such name), SNN_ERROR_INVALID_ARGUMENT (a wrong size, offset or type, or a range that is
 * bound to another name), SNN_ERROR_UNSUPPORTED (not on a Vulkan device; samples with weights of their own, as above).
 * Thread-safety: as all functions of a session. */
SNN_API SNNStatus SNN_CALL snn_vulkan_bind_buffer(SNNHandle handle, const char *path, const SNNVulkanBuffer *buffer);

/* Values of a frame for the host, without waiting: what was set is copied to memory that both see, once for each of the last
 * frames, and read there when the host knows that a frame is finished, by its fence or timeline semaphore.
 *
 *     static const char *const paths[] = {"cells.v", "output.spike_count"};
 *     snn_vulkan_set_readback(brain, paths, 2, 3);                       once: for two frames on their way and a finished one
 *     each frame:
 *         snn_vulkan_record_steps(brain, command_buffer, 16);
 *         snn_vulkan_record_readback(brain, command_buffer, frame);      frame: 0, 1, ... of the host
 *         snn_vulkan_read_back(brain, "output.spike_count", finished, SNN_FLOAT32, counts, 8, &from);
 *
 * set_readback: paths are states ("population.state"), "population.spikes", the spikes of the last step, and
 * "population.spike_count", how often each neuron spiked in all steps since the frame before (of the first: since this call). A
 * count that is bound to a buffer of the host is not read back too; like such a buffer it may cost a small network its one
 * dispatch. `frame_count`, 1 to 64, is how many frames are kept: one more than are on their way, else there may be none that is
 * finished. Those kept before are forgotten. No path ends it; its memory is kept for the next ones. Not to be called while
 * something that was recorded waits to run.
 * record_readback: copies them as they are after what was recorded before, in the place of the oldest frame. Frames ascend.
 * Allocates nothing and uses no queue. Commands that were recorded run in the order of their frames.
 * read_back: of the newest frame kept up to `finished_frame`, whose number goes to out_frame; SNN_VULKAN_NO_FRAME, and out_data
 * as it was, where there is none. [batch_size][size], in the type wanted. It waits for nothing and calls nothing of Vulkan.
 * `finished_frame` is the last one that the device has finished: a later one gives values that are being written.
 * Errors: SNN_ERROR_INVALID_ARGUMENT (a path of another kind, a count, a frame that does not ascend), SNN_ERROR_NOT_FOUND (no
 * such path), SNN_ERROR_STATE (nothing is set, or a count is bound to a buffer), SNN_ERROR_UNSUPPORTED (not on a Vulkan
 * device).
 * Thread-safety: as all functions of a session. */
#define SNN_VULKAN_NO_FRAME UINT64_MAX
SNN_API SNNStatus SNN_CALL snn_vulkan_set_readback(SNNHandle handle, const char *const *paths, uint32_t path_count,
                                                   uint32_t frame_count);
SNN_API SNNStatus SNN_CALL snn_vulkan_record_readback(SNNHandle handle, void *command_buffer, uint64_t frame);
SNN_API SNNStatus SNN_CALL snn_vulkan_read_back(SNNHandle handle, const char *path, uint64_t finished_frame, uint32_t dtype,
                                                void *out_data, size_t count, uint64_t *out_frame);

/* The step as data, for a host that runs it through a GPU layer of its own: SPIR-V modules, buffers with what they hold at
 * first, dispatches. The session's config->device is "vulkan:plan"; it needs no device and no driver, and runs nothing. Its
 * states, weights, parameters, seed and step count are set by the usual functions or snn_load_state, and are in the buffers; so
 * are values that were set for value inputs, which are held. Host buffers are named by snn_vulkan_bind_buffer, with any number
 * but 0 for a VkBuffer: inputs that change must be, spikes and states may be.
 *
 *     snn_vulkan_get_plan(brain, &plan);
 *     make a pipeline of each shader; a buffer of each buffer that has no host_buffer, with its contents
 *     for each step, for each dispatch:
 *         where `barrier` is 1: wait for the writes of all dispatches before, of earlier steps too
 *         bind the pipeline, the seven storage buffers (set 0, bindings 0 to 6) and the push constants, dispatch
 *
 * Nothing changes from step to step: what counts steps is one of the buffers. Dispatches between two barriers may run in any
 * order and at once. */
#define SNN_VULKAN_BINDING_COUNT 7
#define SNN_VULKAN_PUSH_WORD_COUNT 32
#define SNN_VULKAN_NO_BUFFER 0xFFFFFFFFu

/* These structs are parts of a plan: they have no size of their own and never change. */
typedef struct SNNVulkanPlanShader {
    const uint32_t *spirv; /* a compute shader for Vulkan 1.0, entry point "main", without optional features */
    uint64_t word_count;
    const uint32_t *constants; /* of constant_id 0, 1, ...: 32-bit specialisation constants; booleans are 0 and 1 */
    uint64_t constant_count;
} SNNVulkanPlanShader;

typedef struct SNNVulkanPlanBuffer {
    uint64_t size_bytes;
    const void *contents; /* [size_bytes] before the first step */
    uint64_t host_buffer; /* what snn_vulkan_bind_buffer was given; 0: it is the plan's own */
} SNNVulkanPlanBuffer;

typedef struct SNNVulkanPlanBinding {
    uint32_t buffer; /* in SNNVulkanPlan.buffers */
    uint32_t reserved;
    uint64_t offset_bytes, size_bytes; /* the offset is a multiple of 256, or as it was bound */
} SNNVulkanPlanBinding;

typedef struct SNNVulkanPlanDispatch {
    uint32_t shader; /* in SNNVulkanPlan.shaders */
    uint32_t barrier;
    uint32_t groups[3]; /* workgroups; enough also where they could come from indirect_buffer */
    uint32_t indirect_buffer; /* three words there hold the workgroups that are needed now; SNN_VULKAN_NO_BUFFER, as today
                                 always: `groups` do */
    uint64_t indirect_offset_bytes;
    uint32_t push_bytes; /* push constants from offset 0: so much of `push` */
    uint32_t push[SNN_VULKAN_PUSH_WORD_COUNT];
    uint32_t reserved;
    SNNVulkanPlanBinding bindings[SNN_VULKAN_BINDING_COUNT];
} SNNVulkanPlanDispatch;

typedef struct SNNVulkanPlan {
    uint32_t struct_size;
    uint32_t shader_count, buffer_count, dispatch_count;
    const SNNVulkanPlanShader *shaders;
    const SNNVulkanPlanBuffer *buffers;
    const SNNVulkanPlanDispatch *dispatches; /* of one step, in order */
} SNNVulkanPlan;

/* The arrays are the session's and stay until it is next used. Of a state, snn_vulkan_get_buffer gives the number of its buffer
 * in `buffers`, in place of a VkBuffer.
 * Errors: SNN_ERROR_UNSUPPORTED (the session's device is not "vulkan:plan"), SNN_ERROR_STATE (a spike input was set; it holds
 * for one step only). */
SNN_API SNNStatus SNN_CALL snn_vulkan_get_plan(SNNHandle handle, SNNVulkanPlan *out_plan);

#ifdef __cplusplus
}
#endif

#endif
