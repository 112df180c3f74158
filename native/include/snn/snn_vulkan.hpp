// snn_vulkan.hpp - snn_vulkan.h for C++17 and later, to use with snn.hpp: the same functions with exceptions and ranges. The
// manual is snn_vulkan.h. Handles are void* and uint64_t as there, and no Vulkan header is needed.
//
//     const SNNVulkanHost host =
//         snn::vulkan::host(instance, physical_device, device, queue, queue_family, vkGetInstanceProcAddr);
//     snn::Session brain = snn::vulkan::open("brain.snn", host);
//     const uint32_t eyes = brain.find_population("eyes");
//     const SNNVulkanBuffer membrane = snn::vulkan::buffer(brain, "cells.v");  // once: where the renderer reads
//     // each frame:
//     brain.set_input(eyes, values);
//     snn::vulkan::record_steps(brain, command_buffer, 16);                    // outside a render pass
#ifndef SNN_SNN_VULKAN_HPP
#define SNN_SNN_VULKAN_HPP

#include <snn/snn.hpp>
#include <snn/snn_vulkan.h>

namespace snn {
inline namespace v1 {
namespace detail {

// The default device of the options, "cpu", stands for the host's device here.
inline SNNConfig host_config_of(const char* file, SNNNetwork network, const SessionOptions& options) {
    SNNConfig config = config_of(file, network, options);
    if (options.device == SessionOptions{}.device) config.device = nullptr;
    return config;
}

}  // namespace detail

namespace vulkan {

// A host with the defaults.
inline SNNVulkanHost host() {
    SNNVulkanHost host;
    snn_vulkan_host_default(&host);
    return host;
}
// The same with a VkInstance, VkPhysicalDevice, VkDevice, a VkQueue of queue_family, and vkGetInstanceProcAddr.
template <class GetInstanceProcAddr>
SNNVulkanHost host(void* instance, void* physical_device, void* device, void* queue, uint32_t queue_family,
                   GetInstanceProcAddr* get_instance_proc_addr) {
    static_assert(std::is_function_v<GetInstanceProcAddr>, "the last argument is vkGetInstanceProcAddr");
    SNNVulkanHost host = vulkan::host();
    host.instance = instance;
    host.physical_device = physical_device;
    host.device = device;
    host.queue = queue;
    host.queue_family = queue_family;
    host.get_instance_proc_addr = reinterpret_cast<decltype(host.get_instance_proc_addr)>(get_instance_proc_addr);
    return host;
}
// Opens a session on the host's device; both structs are read during the call only.
inline Session open(const SNNConfig& config, const SNNVulkanHost& host) {
    SNNHandle handle = nullptr;
    check(snn_vulkan_create_network(&config, &host, &handle));
    return Session(handle, config.batch_size);
}
// Opens a file or a network. options.device: the default, or several devices with "vulkan" once among them.
inline Session open(const std::string& path, const SNNVulkanHost& host, const SessionOptions& options = {}) {
    return open(detail::host_config_of(path.c_str(), nullptr, options), host);
}
inline Session open(const Network& network, const SNNVulkanHost& host, const SessionOptions& options = {}) {
    return open(detail::host_config_of(nullptr, network.get(), options), host);
}
// Records steps into a VkCommandBuffer that is recording.
inline void record_steps(Session& session, void* command_buffer, uint32_t step_count = 1) {
    check(snn_vulkan_record_steps(session.get(), command_buffer, step_count));
}
inline void submit_steps(Session& session, uint32_t step_count = 1, Values<SNNVulkanSemaphore> waits = {},
                         Values<SNNVulkanSemaphore> signals = {}) {
    SNNVulkanSubmission submission{};
    submission.struct_size = sizeof submission;
    submission.wait_count = static_cast<uint32_t>(waits.size());
    submission.signal_count = static_cast<uint32_t>(signals.size());
    submission.waits = waits.data();
    submission.signals = signals.data();
    check(snn_vulkan_submit_steps(session.get(), &submission, step_count));
}
// The device that the session runs on. Its queue is yours while no function of the session runs and no steps that begin() began
// are under way; `submitted` is one of the waits of other submissions.
inline SNNVulkanDevice device(Session& session) {
    SNNVulkanDevice device{};
    device.struct_size = sizeof device;
    check(snn_vulkan_get_device(session.get(), &device));
    return device;
}
// The buffer that holds a state, "population.state", on the device. Where `mapped` is not null, the values may be read there
// once the steps are done; where `is_cached` is 0, Session::read is many times faster.
inline SNNVulkanBuffer buffer(const Session& session, const std::string& state) {
    SNNVulkanBuffer buffer{};
    buffer.struct_size = sizeof buffer;
    check(snn_vulkan_get_buffer(session.get(), state.c_str(), &buffer));
    return buffer;
}
// Describes a float32 buffer (VkBuffer) of the host, to bind.
inline SNNVulkanBuffer buffer_of(uint64_t handle, uint64_t offset_bytes, uint64_t size_bytes) {
    SNNVulkanBuffer buffer{};
    buffer.struct_size = sizeof buffer;
    buffer.type = SNN_FLOAT32;
    buffer.buffer = handle;
    buffer.offset_bytes = offset_bytes;
    buffer.size_bytes = size_bytes;
    return buffer;
}
// From now on every step reads or writes `buffer` in place.
inline void bind_buffer(Session& session, const std::string& path, const SNNVulkanBuffer& buffer) {
    check(snn_vulkan_bind_buffer(session.get(), path.c_str(), &buffer));
}
inline void unbind_buffer(Session& session, const std::string& path) {
    check(snn_vulkan_bind_buffer(session.get(), path.c_str(), nullptr));
}
// Keeps values of the last `frame_count` frames for reading without waiting; no paths end it.
inline void set_readback(Session& session, const std::vector<std::string>& paths, uint32_t frame_count) {
    std::vector<const char*> names;
    for (const std::string& path : paths) names.push_back(path.c_str());
    check(snn_vulkan_set_readback(session.get(), names.data(), static_cast<uint32_t>(names.size()), frame_count));
}
inline void record_readback(Session& session, void* command_buffer, uint64_t frame) {
    check(snn_vulkan_record_readback(session.get(), command_buffer, frame));
}
// Returns the frame of the values. SNN_VULKAN_NO_FRAME: there is none yet, and out_data is unchanged.
template <class T>
uint64_t read_back(const Session& session, const std::string& path, uint64_t finished_frame, Span<T> out_data) {
    uint64_t frame = 0;
    check(snn_vulkan_read_back(session.get(), path.c_str(), finished_frame, detail::dtype_of<T>(), out_data.data(),
                               out_data.size(), &frame));
    return frame;
}
template <class Range, class T = detail::ValueOf<Range>>
uint64_t read_back(const Session& session, const std::string& path, uint64_t finished_frame, Range&& out_data) {
    return read_back(session, path, finished_frame, Span<T>(out_data));
}
// The arrays belong to the session and are valid until it is next used.
inline SNNVulkanPlan plan(Session& session) {
    SNNVulkanPlan plan{};
    plan.struct_size = sizeof plan;
    check(snn_vulkan_get_plan(session.get(), &plan));
    return plan;
}

}  // namespace vulkan
}  // namespace v1
}  // namespace snn

#endif
