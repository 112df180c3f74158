// What an executor can do besides (backend.h) on a device that it shares with the host program: steps in its command buffers,
// values in its memory.
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

// Where values lie in memory of the device that the host program shares: snn_vulkan.h.
struct DeviceBuffer {
    DType type;
    uint64_t buffer, offset_bytes, size_bytes;
};

// What of a population may lie in a buffer of the host program: the values that an input population reads, [batch][size]; the
// states of neurons, [state][batch][size]; their spikes of the last step, as floats 0 and 1; the same added up from step to
// step.
enum class Port : uint8_t { input, states, spikes, spike_count };

// What the host program reads without waiting: a state or the spikes of the last step; or of a population how often each neuron
// spiked since what was recorded before, where `counts`.
struct Readable {
    Slot slot;
    bool counts = false;
};

class SharedDevice {
public:
    // Appends steps to a command buffer of the host, with inputs that are held and without records; what they give is there
    // when the host has run it.
    virtual void record(const RunRequest& request, void* commands) = 0;
    // The same in a submission of its own, which waits for and signals semaphores of the host: begin, record, submit. What uses
    // the device afterwards waits for it.
    virtual void* begin_submission() = 0;
    virtual void submit(void* commands, const SNNVulkanSubmission& submission) = 0;
    // After begin_submission(), when record() or submit() has thrown: the steps have not been.
    virtual void cancel_submission() = 0;
    // For other code that works on the device beside this one.
    virtual void handles(SNNVulkanDevice& out_device) = 0;
    virtual DeviceBuffer state_buffer(uint32_t population, uint32_t state) const = 0;
    // From now on the port is read or written there; null: in the executor's own memory, or not at all. States move with it.
    // The values of an input that is bound are not read from a request. Gives why steps take longer from now on, as a sentence;
    // empty where they do not.
    virtual std::string bind_buffer(uint32_t population, Port port, const DeviceBuffer* buffer) = 0;
    // Values that the host reads without waiting: record_readback() copies them as they are after the steps that were
    // recorded before, to memory of their own for the last `frame_count` frames; read_back() gives value `place` of the newest
    // frame up to `finished_frame`, false where there is none. What is counted has no buffer of the host; gives what
    // bind_buffer() does.
    virtual std::string set_readback(std::span<const Readable> values, uint32_t frame_count) = 0;
    virtual void record_readback(uint64_t frame, void* commands) = 0;
    virtual bool read_back(size_t place, uint64_t finished_frame, DType dtype, void* out_data, uint64_t& out_frame) const = 0;
    // The step as data, from the state as it is now, with inputs that are held. Valid until the executor is next used.
    virtual void plan(const RunRequest& request, SNNVulkanPlan& out_plan) = 0;

protected:
    ~SharedDevice() = default;
};

}  // namespace snn
