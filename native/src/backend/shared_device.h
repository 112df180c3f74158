// What an executor offers in addition (backend.h) on a device that it shares with the host program: steps in the host's
// command buffers, and values in the host's buffers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "backend/backend.h"

struct SNNVulkanDevice;
struct SNNVulkanPlan;
struct SNNVulkanSubmission;

namespace snn {

// A range of values in the memory of the device that the host program shares: see snn_vulkan.h.
struct DeviceBuffer {
    DType type;
    uint64_t buffer, offset_bytes, size_bytes;
    void* mapped = nullptr;  // the same values in host memory; null: not mapped, or unknown
    bool is_cached = false;  // the host reads the mapping through its caches
};

// What a population may place in a buffer of the host program: the values that an input population reads, [batch][size]; the
// states of neurons, [state][batch][size]; the spikes of the last step, as floats 0 and 1; or those spikes summed over the
// steps.
enum class Port : uint8_t { input, states, spikes, spike_count };

// What the host program reads without waiting: a state or the spikes of the last step. With `counts`: how often each neuron
// of the slot's population has spiked since the previous readback was recorded.
struct Readable {
    Slot slot;
    bool counts = false;
};

class SharedDevice {
public:
    // Appends steps to a command buffer of the host, with held inputs and without records. The results are valid once the
    // host has run the command buffer.
    virtual void record(const RunRequest& request, void* commands) = 0;
    // The same in a separate submission, which waits for and signals semaphores of the host: begin, record, submit. Later uses
    // of the device wait for it.
    virtual void* begin_submission() = 0;
    virtual void submit(void* commands, const SNNVulkanSubmission& submission) = 0;
    // Call after begin_submission() if record() or submit() has thrown. The steps have not been computed.
    virtual void cancel_submission() = 0;
    // The handles of the device, for other code that works on it beside this executor.
    virtual void handles(SNNVulkanDevice& out_device) = 0;
    virtual DeviceBuffer state_buffer(uint32_t population, uint32_t state) const = 0;
    // Binds the port to the buffer, which is read or written from now on. Null: the executor's own memory, or none. States
    // move along. A bound input ignores the values of a request. Returns why steps take longer from now on, as a sentence;
    // empty if they do not.
    virtual std::string bind_buffer(uint32_t population, Port port, const DeviceBuffer* buffer) = 0;
    // Chooses the values that the host reads without waiting. record_readback() copies them, as they are after the steps
    // recorded so far, to memory that holds the last `frame_count` frames. read_back() returns value `place` of the newest
    // frame up to `finished_frame`, or false if there is none. Populations that are counted have no spike_count buffer of the
    // host. Returns the same as bind_buffer().
    virtual std::string set_readback(std::span<const Readable> values, uint32_t frame_count) = 0;
    virtual void record_readback(uint64_t frame, void* commands) = 0;
    virtual bool read_back(size_t place, uint64_t finished_frame, DType dtype, void* out_data, uint64_t& out_frame) const = 0;
    // The step as data, from the present state, with held inputs. Valid until the executor is next used.
    virtual void plan(const RunRequest& request, SNNVulkanPlan& out_plan) = 0;

protected:
    ~SharedDevice() = default;
};

}  // namespace snn
