/* snn_vulkan.h - a session on the Vulkan device of the host program, stepped inside the host's own command buffers.
 *
 * No Vulkan header is needed: dispatchable handles (VkInstance, VkPhysicalDevice, VkDevice, VkQueue, VkCommandBuffer) are
 * passed as void*, others (VkBuffer) as uint64_t, as in vulkan_core.h. No loader is linked: functions come from the host's
 * vkGetInstanceProcAddr. The device needs Vulkan 1.0 and 7 storage buffers per shader; no feature or extension has to be
 * enabled.
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
 * Which functions a host needs depends on what its engine gives to others:
 * - a command buffer that it is recording (Unity, Unreal, wgpu, most engines of your own): snn_vulkan_record_steps
 * - a queue, with a lock or a thread that submits for others (Unreal's RHIRunOnQueue, engines of your own):
 *   snn_vulkan_submit_steps, with SNNVulkanHost.lock_queue or SNNVulkanHost.submit
 * - a GPU layer without Vulkan's handles (Godot's RenderingDevice): snn_vulkan_get_plan
 * - nothing: a session on a device of its own, whose handles snn_vulkan_get_device gives
 *
 * The state of such a session is what the device will hold when all recorded command buffers have run. Record them in the order
 * in which you submit them, and submit each once. Steps that are recorded but never run leave the state wrong, whatever its
 * step count is set to; to repair it, call snn_session_reset, or snn_load_state with a state from before them.
 *
 * The other functions of a session (snn_session_read, snn_session_write, snn_session_run, snn_run_step, counters, saved states)
 * work too, but they use the queue. Before you call one, wait until all submitted work is done that is of this session or uses
 * its buffers. Call none between recording and submitting.
 */
#ifndef SNN_VULKAN_H
#define SNN_VULKAN_H

#include <snn/snn.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void(SNN_CALL *SNNVulkanFunction)(void);

/* The host's device. The host owns all of it and keeps it alive longer than the session. The session must in turn outlive what
 * was recorded of it: when it ends it frees its memory and pipelines without waiting for the host's submissions, so destroying
 * a session while one of its frames is in flight crashes the driver. Nothing waits for the device or a queue to be idle;
 * functions that use the queue wait for their own fence.
 *
 * The first session in a process that opens on a device of a driver asks it some thousand questions with known answers, in one
 * dispatch on the queue; devices of hosts and devices of its own are asked apart. If an answer is wrong, SNN_ERROR_UNSUPPORTED
 * names it: results would not be those of other devices. If only denormals are flushed, the log has a warning: networks with
 * weights, parameters or inputs below 2^-126 may spike differently from other devices. A session on a device of its own also
 * asks for IEEE 754 float32 arithmetic (VK_KHR_shader_float_controls); on a host's device, where the extension may not be
 * enabled, rounding, denormals and signs of zeros are the driver's default, and the answers show what that is.
 *
 * If VK_EXT_debug_utils is enabled in the instance, objects of a session have names ("snn memory", "snn neuron_step of lif")
 * and recorded commands have labels ("snn steps") in validation messages and in debuggers such as RenderDoc. */
typedef struct SNNVulkanHost {
    uint32_t struct_size;
    uint32_t queue_family; /* the family of `queue` and of the command buffers that steps are recorded into; it supports
                              compute */
    void *instance;        /* VkInstance */
    void *physical_device; /* VkPhysicalDevice */
    void *device;          /* VkDevice */
    void *queue;           /* VkQueue, used to open the session and by the functions named above; never by recording. May be
                              null if `submit` is set */
    uint64_t pipeline_cache; /* VkPipelineCache, or 0: none. Without one, or without what an earlier run of the program left in
                                it, the driver compiles a dozen shaders or more while a session opens. It may be in use by other
                                threads, unless it was created with VK_PIPELINE_CACHE_CREATE_EXTERNALLY_SYNCHRONIZED_BIT.
                                Saving it is up to the host */
    SNNVulkanFunction(SNN_CALL *get_instance_proc_addr)(void *instance, const char *name); /* vkGetInstanceProcAddr */
    /* Called around every vkQueueSubmit; set both or neither. Null: nobody else submits to `queue` meanwhile, or `submit` is
     * set. */
    void(SNN_CALL *lock_queue)(void *user);
    void(SNN_CALL *unlock_queue)(void *user);
    /* The host submits. If this is set, libsnn never calls vkQueueSubmit; lock_queue and unlock_queue must be null. The call
     * gives one batch to `queue`, or to one queue of `queue_family` if that is null, with whatever thread and lock the engine
     * has for it, and returns what vkQueueSubmit returned. It may hand the batch to another thread, but returns only after
     * vkQueueSubmit has. Returned value:
     * - 0 (VK_SUCCESS): it was submitted;
     * - below 0, an error of VkResult: nothing was submitted. It is treated like that of a queue, see snn_vulkan_submit_steps.
     *   Exception: VK_ERROR_VALIDATION_FAILED_EXT says that the program has not submitted for a reason of its own, and nothing
     *   about the device. The call that submitted fails with SNN_ERROR_INVALID_ARGUMENT, and none of several devices is left:
     *   a step that fails so has not happened, and can be called again;
     * - above 0, which vkQueueSubmit never gives: nobody knows whether it was submitted. The call that submitted fails with
     *   SNN_ERROR_INVALID_ARGUMENT, and the session is lost, see there; one on several devices goes on without this one. When
     *   the session's use of the device ends, it waits for `fence`, for five seconds at most, before it frees what the device
     *   may be using. A wrapper in a language with exceptions returns 1 for an exception that may have come after
     *   vkQueueSubmit.
     * submit_info: a const VkSubmitInfo *, perhaps with a VkTimelineSemaphoreSubmitInfo as pNext; valid until the call returns.
     * fence: the VkFence to submit with, never null.
     * Called by the thread that calls into the session or, with several devices, by one of libsnn's; for two sessions perhaps
     * at the same time. It must not call into the session, nor wait for that thread. */
    int32_t(SNN_CALL *submit)(void *user, const void *submit_info, uint64_t fence);
    void *user;
} SNNVulkanHost;

SNN_API void SNN_CALL snn_vulkan_host_init(SNNVulkanHost *out_host, uint32_t struct_size);
SNN_INLINE void snn_vulkan_host_default(SNNVulkanHost *out_host) { snn_vulkan_host_init(out_host, sizeof *out_host); }

/* Opens a session on the host's device, as snn_create_network does. config->device is null or "vulkan", or several devices with
 * "vulkan" once among them. End the session with snn_destroy_network when what was recorded has run.
 * Errors: SNN_ERROR_INVALID_ARGUMENT (a member of host is null, lock_queue and `submit` are both set, or the family has no
 * compute), SNN_ERROR_UNSUPPORTED, SNN_ERROR_NOT_FOUND (the library was built without Vulkan), those of snn_create_network.
 * Thread-safety: any thread; it uses the queue. */
SNN_API SNNStatus SNN_CALL snn_vulkan_create_network(const SNNConfig *config, const SNNVulkanHost *host, SNNHandle *out_handle);

/* Records the next `step_count` steps into `command_buffer` (VkCommandBuffer, recording, outside a render pass): pipelines,
 * descriptor sets, push constants, dispatches and barriers. The first barrier waits for all commands that were submitted or
 * recorded before, such as the draws of an earlier frame, and makes visible what shaders and transfers wrote. The last makes
 * the results visible to all later commands and, if the host can see the memory, to the host. So steps and draws that share
 * buffers need no barrier of yours on one queue. As long as no buffer was got or bound, the last barrier is left out and the
 * first waits for steps and readbacks only.
 * Afterwards the compute bind point has another pipeline, descriptor set 0 and push constants. Inputs are copied into the
 * command buffer as they are set or bound now; spike inputs that were set count for the first step. Spike callbacks are not
 * called. Allocates nothing and uses no queue. After an error, discard the command buffer: it may hold a part of the steps, and
 * the session counts none of them.
 * Errors: SNN_ERROR_UNSUPPORTED for a session that is not on a Vulkan device, SNN_ERROR_DEVICE_LOST when an earlier call has
 * found the device lost.
 * Thread-safety: as all functions of a session; it uses the command buffer's pool. */
SNN_API SNNStatus SNN_CALL snn_vulkan_record_steps(SNNHandle handle, void *command_buffer, uint32_t step_count);

typedef struct SNNVulkanSemaphore { /* part of a submission: no size, never changes */
    uint64_t semaphore; /* VkSemaphore */
    uint64_t value;     /* above 0 for a timeline semaphore; 0: a binary one */
} SNNVulkanSemaphore;

typedef struct SNNVulkanSubmission {
    uint32_t struct_size;
    uint32_t wait_count, signal_count;
    uint32_t reserved;                 /* 0 */
    const SNNVulkanSemaphore *waits;   /* before the first step */
    const SNNVulkanSemaphore *signals; /* after the last */
} SNNVulkanSubmission;

/* Submits the next `step_count` steps in a submission of the session's own, on the queue with which the session was opened. If
 * the host submits to that queue too, set lock_queue and unlock_queue or `submit` of SNNVulkanHost, or call this while nobody
 * else submits. The call does not wait for the device, except for the oldest submission when 8 are in flight. Inputs, spike
 * inputs and callbacks are as with snn_vulkan_record_steps. Host commands that read the results wait for one of `signals`.
 * Buffers that the session shares with a queue of another family need VK_SHARING_MODE_CONCURRENT. The host must have enabled
 * timeline semaphores if it uses them. `submission` may be null: no semaphores.
 *
 * Other functions of the session wait for its submissions by themselves, so snn_session_read returns the result of the steps; a
 * wait on a semaphore that is never signalled blocks them for ever. Works for a session that owns its device too.
 * A submission that is refused has not happened: step count and time are as before, and spikes that were set still wait for
 * their step, so the call can be repeated. After SNN_ERROR_DEVICE_LOST the session is lost: its functions that use the device
 * give that error from then on.
 * Errors: SNN_ERROR_INVALID_ARGUMENT (a semaphore is null), SNN_ERROR_UNSUPPORTED (not on a Vulkan device),
 * SNN_ERROR_OUT_OF_MEMORY (the device takes no work now), SNN_ERROR_DEVICE_LOST. Where the host submits, other errors
 * that it returns are SNN_ERROR_UNSUPPORTED, and values above 0 are SNN_ERROR_INVALID_ARGUMENT, after which the session is
 * lost too.
 * Thread-safety: as all functions of a session; it uses the queue. */
SNN_API SNNStatus SNN_CALL snn_vulkan_submit_steps(SNNHandle handle, const SNNVulkanSubmission *submission,
                                                   uint32_t step_count);

typedef struct SNNVulkanDevice {
    uint32_t struct_size;
    uint32_t queue_family;
    void *instance;        /* VkInstance */
    void *physical_device; /* VkPhysicalDevice */
    void *device;          /* VkDevice */
    void *queue;           /* VkQueue; null if the host gave none */
    SNNVulkanFunction(SNN_CALL *get_instance_proc_addr)(void *instance, const char *name); /* vkGetInstanceProcAddr */
    SNNVulkanSemaphore submitted; /* a timeline semaphore, and the value that it has when all is done that the session has
                                     submitted so far; null on a host's device, and where the device has none */
} SNNVulkanDevice;

/* Gets the device that a session runs on, for commands, buffers and submissions of your own. A host gets back what it gave.
 *
 *     snn_vulkan_submit_steps(brain, NULL, 16);
 *     snn_vulkan_get_device(brain, &device);     then vkQueueSubmit(device.queue, ...), waiting for device.submitted
 *
 * A device of the session's own has one queue. Its instance is of Vulkan 1.1, or of 1.0 if the loader knows no other; the
 * physical device may be of 1.0 with either. No feature is enabled except timelineSemaphore by VK_KHR_timeline_semaphore, where
 * there is that. So the functions of the semaphore are those of the extension, from vkGetDeviceProcAddr: vkWaitSemaphoresKHR,
 * vkGetSemaphoreCounterValueKHR. vkWaitSemaphores, of Vulkan 1.2, would call a null pointer. VK_KHR_shader_float_controls and
 * VK_KHR_portability_subset may be enabled too. The device ends with the session: destroy before what you made on it. Use
 * `queue` only while no function of the session runs and no steps that snn_session_begin began are under way. Steps that are
 * recorded or submitted later wait for your commands if you have got or bound a buffer; other functions of the session do not,
 * see above.
 *
 * `submitted.value` rises with each submission of the session, whichever function makes it: get it anew after the call. A
 * submission that was refused does not count, so every value that is given here will be reached, unless the device is lost.
 * Do not signal the semaphore. The first call makes it, and waits for what was submitted before.
 * Errors: SNN_ERROR_UNSUPPORTED (not on a Vulkan device, or on several devices), SNN_ERROR_OUT_OF_MEMORY,
 * SNN_ERROR_DEVICE_LOST.
 * Thread-safety: as all functions of a session. */
SNN_API SNNStatus SNN_CALL snn_vulkan_get_device(SNNHandle handle, SNNVulkanDevice *out_device);

typedef struct SNNVulkanBuffer {
    uint32_t struct_size;
    uint32_t type;         /* SNN_FLOAT32 or SNN_INT32 */
    uint64_t buffer;       /* VkBuffer; exclusive to the queue family; usage: storage, vertex, indirect, transfer source and
                              destination */
    uint64_t offset_bytes; /* where the values begin, [batch_size][size] */
    uint64_t size_bytes;
    void *mapped;       /* only an answer: the first value, in memory that the host sees too, mapped and coherent as long as the
                           buffer stays the same; `offset_bytes` is not to be added. Null: the host does not see the device's
                           own memory (most discrete GPUs), or the states are bound to a buffer of the host */
    uint32_t is_cached; /* of `mapped`: 1: the host reads through its caches. 0: writing is fast, reading is many times slower
                           than snn_session_read */
    uint32_t reserved;  /* 0 */
} SNNVulkanBuffer;

/* The buffer that holds a state ("population.state") on the device, for reading in place or writing between two recorded steps.
 * It stays the same until "population.states" is bound or let go of (snn_vulkan_bind_buffer). Get it before you record the steps
 * whose results you read there. Works for sessions that own their device too.
 * Where `mapped` is not null, the host reads the results there without a copy or a call, once its fence or semaphore says that
 * the steps are done, and writes there when none are under way; steps that are submitted afterwards see it.
 * Errors: SNN_ERROR_NOT_FOUND, SNN_ERROR_INVALID_ARGUMENT (not a state), SNN_ERROR_UNSUPPORTED (not on a Vulkan device). */
SNN_API SNNStatus SNN_CALL snn_vulkan_get_buffer(SNNHandle handle, const char *state, SNNVulkanBuffer *out_buffer);

/* Binds a buffer of the host to what `path` names: from now on every step reads or writes it in place.
 *
 *     "population.input"        what an input population reads in every step: float32 [batch_size][size], spikes 0 and 1.
 *                               snn_session_set_input refuses this input while it is bound. Values are not checked for NaN and
 *                               infinity
 *     "population.states"       the states of neurons: [state][batch_size][size] in the order of the model's definition,
 *                               4 bytes a value, int32 for integer states. The present states are copied into it;
 *                               snn_vulkan_get_buffer tells where each state lies
 *     "population.spikes"       the spikes of the last step: float32 [batch_size][size], 0 and 1
 *     "population.spike_count"  the same, accumulated over steps; the host clears it when it likes. If only the host reads the
 *                               counts, snn_vulkan_set_readback is easier
 *
 * buffer->type is SNN_FLOAT32. Its size is the one given here; its offset is a multiple of 16 and of what the device demands of
 * storage buffers. A null `buffer` ends the binding; states then return to memory of the session.
 *
 * The VkBuffer belongs to the session's device, has the usage VK_BUFFER_USAGE_STORAGE_BUFFER_BIT (for states also both
 * transfers), is bound to memory, and is exclusive to the queue family or concurrent. Vulkan cannot be asked for its device or
 * usage, so only its size is checked. It stays alive until the binding or the session has ended and what was recorded has run.
 * A range is bound to one name of a session; one that overlaps another name's is refused, and so is memory of the session
 * itself, as snn_vulkan_get_buffer gives it. Memory of another session on the device may be bound.
 *
 * Commands that were recorded before use what was bound then; at most the last 256 calls of snn_vulkan_record_steps may still
 * wait to run. When you bind states, none may: their values are copied at once, on the queue.
 *
 * A small network steps in one dispatch if all its inputs are bound within one VkBuffer or none is bound, and all its bound
 * outputs (states, spikes, counts) lie within one VkBuffer, which may be the same. Otherwise each step takes several
 * dispatches: the same bits, but several times as long. A line of SNN_LOG_INFORMATION then gives the reason. A session whose
 * samples have weights of their own can only use the one dispatch: a binding that rules it out is refused.
 * Errors: SNN_ERROR_NOT_FOUND (no such name), SNN_ERROR_INVALID_ARGUMENT (a wrong size, offset or type, a range that is bound
 * to another name, or memory of the session), SNN_ERROR_UNSUPPORTED (not on a Vulkan device; samples with weights of their own,
 * as above).
 * Thread-safety: as all functions of a session. */
SNN_API SNNStatus SNN_CALL snn_vulkan_bind_buffer(SNNHandle handle, const char *path, const SNNVulkanBuffer *buffer);

/* Reads values of a frame on the host without waiting. The device copies the chosen values to memory that both see, once for
 * each of the last frames. The host reads a frame when its own fence or timeline semaphore says that the frame is finished.
 *
 *     static const char *const paths[] = {"cells.v", "output.spike_count"};
 *     snn_vulkan_set_readback(brain, paths, 2, 3);                       once: two frames in flight and a finished one
 *     each frame:
 *         snn_vulkan_record_steps(brain, command_buffer, 16);
 *         snn_vulkan_record_readback(brain, command_buffer, frame);      frame: 0, 1, ... of the host
 *         snn_vulkan_read_back(brain, "output.spike_count", finished, SNN_FLOAT32, counts, 8, &from);
 *
 * set_readback: `paths` are states ("population.state"), "population.spikes" (the spikes of the last step), and
 * "population.spike_count" (how often each neuron spiked since the previous frame; in the first frame, since this call). A
 * count that is bound to a buffer of the host cannot be read back too. Like such a buffer, a count may cost a small network its
 * single dispatch. `frame_count`, 1 to 64, is the number of frames kept: one more than are in flight, or none may be finished.
 * Frames kept before are dropped. No paths end the readback; its memory is kept for the next call. Do not call it while
 * recorded commands wait to run.
 * record_readback: copies the values as they are after what was recorded before, in place of the oldest frame. Frame numbers
 * must ascend, and the recorded commands must run in that order. Allocates nothing and uses no queue.
 * read_back: gives the values of the newest kept frame up to `finished_frame`, [batch_size][size] in the type wanted, and its
 * number in out_frame. If there is none, out_frame is SNN_VULKAN_NO_FRAME and out_data is unchanged. It waits for nothing and
 * does not call Vulkan. `finished_frame` is the last one that the device has finished; with a later one you read values that
 * are being written.
 * Errors: SNN_ERROR_INVALID_ARGUMENT (a path of another kind, a count, a frame that does not ascend), SNN_ERROR_NOT_FOUND (no
 * such path), SNN_ERROR_STATE (nothing is set, or a count is bound to a buffer), SNN_ERROR_UNSUPPORTED (not on a Vulkan
 * device), SNN_ERROR_DEVICE_LOST (record_readback, as record_steps).
 * Thread-safety: as all functions of a session. */
#define SNN_VULKAN_NO_FRAME UINT64_MAX
SNN_API SNNStatus SNN_CALL snn_vulkan_set_readback(SNNHandle handle, const char *const *paths, uint32_t path_count,
                                                   uint32_t frame_count);
SNN_API SNNStatus SNN_CALL snn_vulkan_record_readback(SNNHandle handle, void *command_buffer, uint64_t frame);
SNN_API SNNStatus SNN_CALL snn_vulkan_read_back(SNNHandle handle, const char *path, uint64_t finished_frame, uint32_t dtype,
                                                void *out_data, size_t count, uint64_t *out_frame);

/* A plan: the step as data, for a host that runs it through its own GPU layer. It has SPIR-V modules, buffers with their first
 * contents, and dispatches. The session's config->device is "vulkan:plan"; such a session needs no device or driver and runs
 * nothing. Set its states, weights, parameters, seed and step count by the usual functions or snn_load_state: they are in the
 * buffers, and so are the values set for value inputs, which are held. Name host buffers with snn_vulkan_bind_buffer, with any
 * nonzero number instead of a VkBuffer. Inputs that change need one; spikes and states may have one.
 *
 *     snn_vulkan_get_plan(brain, &plan);
 *     make a pipeline of each shader; a buffer of each buffer that has no host_buffer, with its contents
 *     for each step, for each dispatch:
 *         where `barrier` is 1: wait for the writes of all earlier dispatches, those of earlier steps too
 *         bind the pipeline, the seven storage buffers (set 0, bindings 0 to 6) and the push constants, dispatch
 *
 * Nothing of this changes from step to step: the step count is in one of the buffers. Dispatches between two barriers may run
 * in any order and at once. */
#define SNN_VULKAN_BINDING_COUNT 7
#define SNN_VULKAN_PUSH_WORD_COUNT 32
#define SNN_VULKAN_NO_BUFFER 0xFFFFFFFFu

/* These structs are parts of a plan: they have no size of their own and never change. */
typedef struct SNNVulkanPlanShader {
    const uint32_t *spirv; /* a compute shader for Vulkan 1.0, entry point "main", no optional features */
    uint64_t word_count;
    const uint32_t *constants; /* [constant_count] 32-bit specialisation constants of constant_id 0, 1, ...; booleans are 0 and
                                  1 */
    uint64_t constant_count;
} SNNVulkanPlanShader;

typedef struct SNNVulkanPlanBuffer {
    uint64_t size_bytes;
    const void *contents; /* [size_bytes] before the first step */
    uint64_t host_buffer; /* the number given to snn_vulkan_bind_buffer; 0: the plan's own buffer */
} SNNVulkanPlanBuffer;

typedef struct SNNVulkanPlanBinding {
    uint32_t buffer; /* index in SNNVulkanPlan.buffers */
    uint32_t reserved;
    uint64_t offset_bytes, size_bytes; /* the offset is a multiple of 256, or the one that was bound */
} SNNVulkanPlanBinding;

typedef struct SNNVulkanPlanDispatch {
    uint32_t shader; /* index in SNNVulkanPlan.shaders */
    uint32_t barrier;
    uint32_t groups[3]; /* workgroups; always enough, even with an indirect_buffer */
    uint32_t indirect_buffer; /* three words there are the workgroups needed now. SNN_VULKAN_NO_BUFFER (today always): use
                                 `groups` */
    uint64_t indirect_offset_bytes;
    uint32_t push_bytes; /* bytes of `push` to set as push constants, from offset 0 */
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

/* Gets the plan of a session. The arrays belong to the session and are valid until it is next used. For a state,
 * snn_vulkan_get_buffer gives the index of its buffer in `buffers` instead of a VkBuffer.
 * Errors: SNN_ERROR_UNSUPPORTED (the session's device is not "vulkan:plan"), SNN_ERROR_STATE (a spike input was set; it holds
 * for one step only). */
SNN_API SNNStatus SNN_CALL snn_vulkan_get_plan(SNNHandle handle, SNNVulkanPlan *out_plan);

#ifdef __cplusplus
}
#endif

#endif
