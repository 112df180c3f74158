/* unity_interface.h - what this plug-in needs of Unity's native plug-in interface, declared here so that it builds without Unity.
 *
 * Layouts and numbers are those of the interfaces that Unity documents as IUnityInterface, IUnityGraphics and
 * IUnityGraphicsVulkan (editor folder Data/PluginAPI). Only 64-bit systems, where Vulkan's handles are pointers or 64-bit
 * numbers and every calling convention that Unity names is the C one. Functions that are not called are void*: they keep the
 * place of the others. Tests offer these tables as Unity does (tests/bindings/unity).
 */
#ifndef SNN_UNITY_INTERFACE_H
#define SNN_UNITY_INTERFACE_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define UNITY_EXPORT __declspec(dllexport)
#else
#define UNITY_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef void (*UnityRenderEventAndData)(int event_id, void *data);

typedef struct UnityInterfaceId {
    uint64_t high, low;
} UnityInterfaceId;

typedef struct UnityInterfaces {
    void *get_interface;      /* takes a C++ object; the split functions are for C */
    void *register_interface;
    void *(*get_interface_split)(uint64_t high, uint64_t low); /* null when this Unity does not have it now */
    void *register_interface_split;
} UnityInterfaces;

/* ---- IUnityGraphics ---------------------------------------------------------------------------------------------- */

#define UNITY_GRAPHICS_ID_HIGH 0x7CBA0A9CA4DDB544u
#define UNITY_GRAPHICS_ID_LOW 0x8C5AD4926EB17B11u
enum { UNITY_RENDERER_VULKAN = 21 };
enum { UNITY_DEVICE_INITIALIZE = 0, UNITY_DEVICE_SHUTDOWN = 1 };

typedef void (*UnityDeviceCallback)(int event);
typedef struct UnityGraphics {
    int (*get_renderer)(void);
    void (*register_device_callback)(UnityDeviceCallback callback);
    void (*unregister_device_callback)(UnityDeviceCallback callback);
    int (*reserve_event_ids)(int count); /* the first of `count` numbers that no other plug-in has */
} UnityGraphics;

/* ---- IUnityGraphicsVulkan ---------------------------------------------------------------------------------------- */

#define UNITY_VULKAN_ID_HIGH 0x95355348D4EF4E11u
#define UNITY_VULKAN_ID_LOW 0x9789313DFCFFCC87u

typedef void (*UnityVulkanFunction)(void);
typedef struct UnityVulkanInstance {
    uint64_t pipeline_cache;
    void *instance, *physical_device, *device, *queue;
    UnityVulkanFunction (*get_instance_proc_addr)(void *instance, const char *name);
    unsigned int queue_family;
    void *reserved[8];
} UnityVulkanInstance;

typedef struct UnityVulkanMemory {
    uint64_t memory, offset, size;
    void *mapped;
    uint32_t flags;
    unsigned int type_index;
    void *reserved[4];
} UnityVulkanMemory;

typedef struct UnityVulkanBuffer {
    UnityVulkanMemory memory;
    uint64_t buffer; /* VkBuffer */
    size_t size_bytes;
    uint32_t usage;
    void *reserved[4];
} UnityVulkanBuffer;

typedef struct UnityVulkanRecording {
    void *command_buffer;
    int level;
    uint64_t render_pass, framebuffer;
    int subpass;
    uint64_t current_frame; /* number of the frame that is being recorded */
    uint64_t safe_frame;    /* what frames up to this one used may be freed */
    void *reserved[4];
} UnityVulkanRecording;

enum { UNITY_RENDER_PASS_OUTSIDE = 2 };
enum { UNITY_QUEUE_NONE = 0, UNITY_QUEUE_ALLOW = 1 };
enum { UNITY_EVENT_PREVIOUS_FRAME_SUBMITTED = 1, UNITY_EVENT_MODIFIES_STATE = 8 };
enum { UNITY_ACCESS_BARRIER = 1 }; /* of AccessBuffer: record the barrier that the use needs */
typedef struct UnityVulkanEventConfig {
    int render_pass, queue;
    uint32_t flags;
} UnityVulkanEventConfig;

typedef struct UnityVulkan {
    void *intercept_initialization, *intercept_function;
    void (*configure_event)(int event_id, const UnityVulkanEventConfig *config);
    UnityVulkanInstance (*instance)(void);
    bool (*recording)(UnityVulkanRecording *out_recording, int queue_access);
    void *access_texture, *access_render_buffer, *access_render_buffer_resolve;
    /* `native_buffer`: GraphicsBuffer.GetNativeBufferPtr(). May record commands, so it comes before recording(). */
    bool (*access_buffer)(void *native_buffer, uint32_t stages, uint32_t access, int mode, UnityVulkanBuffer *out_buffer);
    void *ensure_outside_render_pass, *ensure_inside_render_pass, *access_queue, *configure_swapchain;
} UnityVulkan;

#ifdef __cplusplus
}
#endif
#endif
