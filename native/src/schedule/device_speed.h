// How fast the devices of this machine are: measured once with two networks, and kept in a file for the next process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backend/backend.h"

namespace snn {

// Of one step with one sample on one thread, in seconds, and what it had to do, in units of step_work().
struct DeviceSpeed {
    double small_step_s = 0, large_step_s = 0;
    double small_work = 0, large_work = 0;
    // What spikes to and from other devices cost, in seconds: a window of steps that takes some and gives some, more than steps
    // of the same run without; and each spike, taken and given.
    double exchange_s = 0, spike_s = 0;
    bool was_kept = false;  // not measured by this call
};

// Of a device that takes `slowness` times as long for all it does.
DeviceSpeed slower(const DeviceSpeed& speed, double slowness);

// A device by its backend and its number there.
struct Device {
    const Backend* backend;
    uint32_t index;
    SNNDeviceInfo info;
    const SNNVulkanHost* vulkan_host = nullptr;  // it is a host program's, whose description names the driver
    std::string driver() const { return backend->driver && !vulkan_host ? backend->driver(index) : std::string(); }
};
std::vector<Device> all_devices();
// Those that "auto" may choose, the CPU first, or "auto:low". Drivers and libraries of the others are not loaded.
std::vector<Device> automatic_devices(bool low_power);
// Throws SNN_ERROR_NOT_FOUND with the names there are. "vulkan" is "vulkan:0".
Device find_device(std::string_view name);
Device device_of_host(const Backend& backend, const SNNVulkanHost& host);

// Measured at most once in a process and, while there is a folder to keep it in, once for each driver and version of libsnn;
// 0.1 to 0.5 s. The folder is that of the environment variable SNN_CACHE, else the user's own for such files; a machine that
// lets nothing be written measures in every process. Throws what opening a session on the device throws. Thread-safety: any
// thread.
DeviceSpeed device_speed(const Device& device);

constexpr double assumed_activity = 0.05;  // of spiking neurons in a step

// Of a step, for each population and for all: synapses that deliver to it, and the operations of neurons, 16 counting as one
// synapse. Spikes are not known before a network runs; `activity` of the spiking neurons are taken to spike in a step.
std::vector<double> population_work(const Network& network, uint32_t batch_size, double activity);
double step_work(const Network& network, uint32_t batch_size, double activity);

}  // namespace snn
