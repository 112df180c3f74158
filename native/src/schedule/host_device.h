// What a session shares with a host program that owns its device: memory there, and steps in the program's command buffers.
//
// Thread-safety: one thread at a time.
#pragma once

#include <snn/snn.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/shared_device.h"
#include "schedule/listeners.h"
#include "schedule/open_network.h"
#include "schedule/session_inputs.h"
#include "schedule/session_state.h"
#include "schedule/session_variables.h"

namespace snn {

class HostDevice {
public:
    HostDevice(OpenNetwork& open, SessionInputs& inputs, SessionVariables& variables, SessionState& state, Listeners& listeners)
        : open_(open),
          network_(open.network()),
          inputs_(inputs),
          variables_(variables),
          state_(state),
          listeners_(listeners) {}

    // Appends steps to a command buffer of the host; time goes on as if they had run.
    void record(void* commands, uint32_t count);
    void submit(const SNNVulkanSubmission& submission, uint32_t count);
    void plan(SNNVulkanPlan& out_plan);

    void set_readback(std::span<const char* const> paths, uint32_t frame_count);
    void record_readback(uint64_t frame, void* commands);
    // False: no frame is kept that is old enough.
    bool read_back(std::string_view path, uint64_t finished_frame, uint32_t dtype, void* out_data, size_t count,
                   uint64_t& out_frame) const;

    void handles(SNNVulkanDevice& out_device) { shared().handles(out_device); }
    DeviceBuffer buffer(std::string_view path) const;
    void bind_buffer(std::string_view path, const DeviceBuffer* buffer);

private:
    struct BoundBuffer {
        std::string path;
        DeviceBuffer buffer;
    };
    struct ReadbackValue {
        std::string path;
        size_t count;
    };

    SharedDevice& shared() const;  // throws SNN_ERROR_UNSUPPORTED where the device is not shared
    void record_steps(SharedDevice& device, void* commands, uint32_t count);
    void count_recorded(uint32_t count);
    Readable find_readable(std::string_view path, const std::string& place) const;
    void check_is_free(const DeviceBuffer& buffer, std::string_view path) const;  // of other names

    OpenNetwork& open_;
    const Network& network_;
    SessionInputs& inputs_;
    SessionVariables& variables_;
    SessionState& state_;
    Listeners& listeners_;
    std::vector<BoundBuffer> bound_buffers_;      // of the host program
    std::vector<ReadbackValue> readback_values_;  // that come back without waiting
};

}  // namespace snn
