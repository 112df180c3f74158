// The stand-in for Unity as a library, for UnityEngine.cs: the device, the frames and the buffers behind Graphics and GraphicsBuffer.
#include <cstdlib>

#include "unity.hpp"

#include <dlfcn.h>

namespace {
Unity* unity = nullptr;
void* plugin = nullptr;
}  // namespace

extern "C" {

void unity_start(const char* path) {
    unity = new Unity;
    plugin = dlopen(path, RTLD_NOW);
    HOST_REQUIRE(plugin != nullptr);
    reinterpret_cast<void (*)(UnityInterfaces*)>(dlsym(plugin, "UnityPluginLoad"))(unity->interfaces());
}

void unity_stop(void) {
    unity->finish();
    unity->device_callback(UNITY_DEVICE_SHUTDOWN);
    reinterpret_cast<void (*)()>(dlsym(plugin, "UnityPluginUnload"))();
    delete unity;
}

// Executes the events of a CommandBuffer, as a frame.
void unity_execute(void* function, const int* ids, void* const* data, int count) {
    unity->event_function = function;
    unity->begin_frame();
    for (int i = 0; i < count; ++i) unity->event(ids[i], data[i]);
    unity->end_frame();
}

void* unity_make_buffer(int size_bytes) { return unity->make_buffer(static_cast<std::size_t>(size_bytes)); }

// What is in a buffer when all frames are done.
const void* unity_buffer(void* buffer) {
    unity->finish();
    return static_cast<Buffer*>(buffer)->mapped;
}
}
