// What the device "auto" is for a network: the fastest of the devices that give the same bits, by measured speeds.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "schedule/device_speed.h"

namespace snn {

constexpr std::string_view automatic_device = "auto";

struct DeviceChoice {
    std::string device;
    std::string reason;  // one line
};

// A device that might be chosen, with its speed.
struct Candidate {
    std::string name;
    DeviceSpeed speed;
};

// What "auto" is as long as nothing is measured: the CPU, or the only device that computes in float64 where flags ask for that.
std::string assumed_device(uint32_t flags);

// Seconds that a step of so much work takes, from the two steps that were measured: a part for any step, and one that grows with
// the work. `parallel`: how many threads share what grows.
double predicted_step_s(const DeviceSpeed& speed, double work, double parallel);

// The same work and measurements always give the same order. The first candidate is the CPU.
std::vector<DeviceChoice> ranked(const std::vector<Candidate>& candidates, double work, double threads);

// The devices to try, the best first and the CPU among them. Small networks are not worth a look at other devices; what
// cannot be measured is left out, and `why_not` is told. Never throws for a device that does not work.
std::vector<DeviceChoice> choose_devices(const Network& network, const ExecutorOptions& options,
                                         const std::function<void(const std::string& sentence)>& why_not);

}  // namespace snn
