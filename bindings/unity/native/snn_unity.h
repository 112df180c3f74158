/* snn_unity.h - networks on the Vulkan device of Unity, stepped inside Unity's own command buffers.
 *
 * Two threads use a network: the script's creates it, sets inputs and queues steps; Unity's render thread runs the events below,
 * which C# puts into a CommandBuffer with IssuePluginEventAndData(snn_unity_event_function(), snn_unity_event_id(...), network):
 *
 *     SNN_UNITY_OPEN   once, before the first step: opens the session; uses the queue
 *     SNN_UNITY_STEP   once for every snn_unity_queue_steps, in the same order: records those steps, then the copies of states
 *                      into Unity's buffers
 *     SNN_UNITY_CLOSE  after snn_unity_destroy: frees what the GPU no longer uses. Later events of any network do it as well.
 *
 * What goes wrong in an event is told by snn_unity_status. There are no spike callbacks here; scripts that want them run sessions of
 * snn.h on the processor.
 *
 * Errors: status and sentence as in snn.h; the sentence is snn_unity_last_error(), per thread.
 * Thread-safety: one network, one script thread at a time; different networks in parallel. Events: the render thread.
 */
#ifndef SNN_UNITY_H
#define SNN_UNITY_H

#include <snn/snn.h>

#include "unity_interface.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct SNNUnityOpaque *SNNUnityNetwork;

enum { SNN_UNITY_OPEN = 0, SNN_UNITY_STEP = 1, SNN_UNITY_CLOSE = 2 };
/* Steps that may be queued before the render thread has recorded them. */
enum { SNN_UNITY_QUEUE_LENGTH = 8 };

/* Called by Unity. */
UNITY_EXPORT void UnityPluginLoad(UnityInterfaces *interfaces);
UNITY_EXPORT void UnityPluginUnload(void);

UNITY_EXPORT const char *snn_unity_last_error(void);
/* SNN_ABI_VERSION of the snn.h this plug-in was built with. */
UNITY_EXPORT uint32_t snn_unity_abi_version(void);
/* 1 while Unity renders with Vulkan, 0 else. */
UNITY_EXPORT int32_t snn_unity_ready(void);
UNITY_EXPORT void *snn_unity_event_function(void); /* a UnityRenderEventAndData */
/* SNN_UNITY_* to the number that Unity reserved for it; -1 for another value, or when Unity did not load this plug-in. */
UNITY_EXPORT int32_t snn_unity_event_id(int32_t event);

/* A network from the bytes of a .snn file; they are copied.
 * Errors: those of snn_network_load_memory; SNN_ERROR_UNSUPPORTED when Unity does not render with Vulkan. */
UNITY_EXPORT SNNStatus snn_unity_create(const void *file, size_t size_bytes, uint64_t seed, SNNUnityNetwork *out_network);
/* May come while steps are queued: they run first. Null and stale networks are ignored. */
UNITY_EXPORT void snn_unity_destroy(SNNUnityNetwork network);
/* For the steps that are queued next, as snn_session_set_input: values stay, spikes are for one step. */
UNITY_EXPORT SNNStatus snn_unity_set_input(SNNUnityNetwork network, uint32_t population, const float *values, size_t count);
/* After each STEP event the state ("output.v"), 4 bytes a value, is copied to the start of a buffer of Unity's
 * (GraphicsBuffer.GetNativeBufferPtr()) that is large enough and can be copied to. Null ends it. */
UNITY_EXPORT SNNStatus snn_unity_copy_state(SNNUnityNetwork network, const char *state, void *native_buffer);
/* Errors: SNN_ERROR_BUSY when SNN_UNITY_QUEUE_LENGTH calls wait for their events. */
UNITY_EXPORT SNNStatus snn_unity_queue_steps(SNNUnityNetwork network, uint32_t step_count);
/* The first thing that went wrong in an event since the last call, or SNN_OK. SNN_ERROR_DEVICE_LOST: Unity shut its device down;
 * create the network anew. */
UNITY_EXPORT SNNStatus snn_unity_status(SNNUnityNetwork network);
/* Steps that events have recorded. */
UNITY_EXPORT SNNStatus snn_unity_step_count(SNNUnityNetwork network, uint64_t *out_steps);

#ifdef __cplusplus
}
#endif
#endif
