// Which populations of a network run on which of several devices.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "network/network.h"

namespace snn {

struct Placement {
    std::vector<std::string> devices;     // as they were named
    std::vector<uint32_t> of_population;  // place in `devices`. Inputs: of the first device that reads them
    // Spikes go from device to device once in so many steps, which is 1 or at most half the smallest delay between devices. 0: nothing
    // goes from one to another.
    uint32_t window_steps = 0;
    // They are read so many steps late: two windows, so that a device may be a window ahead of another, or one where a window is a
    // step and that is the smallest delay.
    uint32_t lag_steps = 0;

    // "exc, inh on cpu; out on vulkan:0"
    std::string description(const Network& network) const;
    // Without one of the devices: its populations have no place (UINT32_MAX) until place() gives them one.
    Placement without(uint32_t device) const;
    // What gives this placement again: "cpu+vulkan:0;exc=0;inh=0;out=1"; without those that have no place.
    std::string device(const Network& network) const;
};

// `device` is "cpu+vulkan:0", devices with "+" between them, perhaps followed by ";population=number of a device, from 0" for those
// populations that the caller places. The others go, those with most work first, each where it is expected to be done first:
// device_speed() is asked where devices differ and something is left to be placed. Populations with an undelayed
// projection between them stay together. The same network, devices and measurements always give the same placement.
// Throws SNN_ERROR_NOT_FOUND for a device or population that is not there, SNN_ERROR_INVALID_ARGUMENT for words that say nothing
// of this kind, SNN_ERROR_UNSUPPORTED for devices that do not give the same bits as others, and for undelayed projections
// between populations that the caller has put apart.
Placement place(const Network& network, std::string_view device, const ExecutorOptions& options);

}  // namespace snn
