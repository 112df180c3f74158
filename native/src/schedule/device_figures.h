// What is known of devices when places are chosen: how fast they are, what they cannot run, and how much memory there is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "schedule/device_speed.h"

namespace snn {

struct DeviceFigures {
    std::vector<DeviceSpeed> speeds{};  // by device
    // The rest may be left out: nothing is ruled out then.
    std::vector<std::vector<std::string>> cannot_run{};  // by device and population: why it cannot; empty where it can
    std::vector<std::vector<uint64_t>> bytes{};        // by device and population: of its states and of the projections onto it
    std::vector<uint32_t> memory_of{};                 // by device: the memory that it works in; several may share one
    std::vector<uint64_t> memory_bytes{};              // by memory: what may be taken of it

    bool can_run(uint32_t device, uint32_t population) const {
        return cannot_run.empty() || cannot_run[device][population].empty();
    }
    // Of so many neurons of a population of `size`.
    uint64_t bytes_of(uint32_t device, uint32_t population, uint32_t count, uint32_t size) const;
    DeviceFigures slower(const std::vector<double>& slowness) const;  // each device so many times
};

// Measures what was not measured before (device_speed.h).
DeviceFigures figures_of(const Plan& plan, const std::vector<std::string>& devices, const ExecutorOptions& options);

}  // namespace snn
