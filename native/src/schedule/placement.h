// Which populations of a network, or slices of them, run on which of several devices.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "network/plan.h"
#include "schedule/device_figures.h"

namespace snn {

// Neurons of a population that one device has.
struct Placed {
    Slice neurons;
    uint32_t device;  // place in Placement::devices
    bool operator==(const Placed&) const = default;
};

struct Placement {
    std::vector<std::string> devices;  // as they were named
    // By population: all of it on one device, or slices in ascending order, which no device has two of. Inputs: on the first
    // device that reads them. Nothing: it has no place yet.
    std::vector<std::vector<Placed>> of_population;
    // Spikes go from device to device once in so many steps, which is 1 or at most half the smallest delay between devices. 0:
    // nothing goes from one to another.
    uint32_t window_steps = 0;
    // They are read so many steps late: two windows, so that a device may be a window ahead of another, or one where a window
    // is a step and that is the smallest delay.
    uint32_t lag_steps = 0;

    bool is_cut(uint32_t population) const { return of_population[population].size() > 1; }
    // "exc[0:512], inh on cpu; exc[512:800], out on vulkan:0"
    std::string description(const Network& network) const;
    // Without one of the devices: populations of which it had something have no place until place() gives them one.
    Placement without(uint32_t device) const;
    // What gives this placement again: "cpu+vulkan:0;exc[0:512]=0;exc[512:800]=1;inh=0;out=1"; without those that have no
    // place.
    std::string device(const Network& network) const;
};

// `device` is "cpu+vulkan:0", devices with "+" between them, perhaps followed by ";population=number of a device, from 0" or
// ";population[first:end]=number" for those populations that the caller places. The others go where a step is expected to take
// the least time, with what spikes between devices cost, perhaps all to one device; where that leaves one device much longer at
// work than others, populations are cut instead. device_speed() is asked where something is left to be placed. Populations with
// an undelayed projection between them stay together, and are not cut. The same network, devices and measurements always give
// the same placement. Nothing goes where it cannot be run, or where there is no memory for it as long as there is some
// elsewhere.
// Throws SNN_ERROR_NOT_FOUND for a device or population that is not there, SNN_ERROR_INVALID_ARGUMENT for words that say
// nothing of this kind and for slices that are none, SNN_ERROR_UNSUPPORTED for devices that do not give the same bits as
// others, for undelayed projections between populations that the caller has put apart, for populations that cannot be cut, and
// for those that none of the devices can run.
Placement place(const Plan& plan, std::string_view device, const ExecutorOptions& options);
// The same, and the figures are kept for who asks for more; nothing where no choice was left.
Placement place(const Plan& plan, std::string_view device, const ExecutorOptions& options,
                std::optional<DeviceFigures>& io_figures);
// The same by figures that are given.
Placement place(const Plan& plan, std::string_view device, const ExecutorOptions& options, const DeviceFigures& figures);
// Seconds of a step, by device; 0 of one that has no neurons.
std::vector<double> expected_step_s(const Network& network, const Placement& placement, const ExecutorOptions& options,
                                    const DeviceFigures& figures);
// A sentence for each thing that a device cannot do and is left to others, for devices whose bits are their own, and for memory
// that is not enough.
std::vector<std::string> reasons_of(const Network& network, const Placement& placement, const DeviceFigures& figures);

}  // namespace snn
