// What the device "auto" is for a network: the fastest of the devices that give the same bits, by measured speeds. And
// "auto:low": the one that takes the least power of those that keep up with the network's own time.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "schedule/device_speed.h"

namespace snn {

enum class Automatic : uint8_t { no, fastest, low_power };
// What "auto" or "auto:low" asks for; `no` for the name of a device. Throws SNN_ERROR_NOT_FOUND for other words behind "auto:".
Automatic automatic_device(std::string_view device);

struct DeviceChoice {
    std::string device;
    std::string reason;         // one line
    uint32_t thread_count = 0;  // 0: as many as were asked for
};

// What a busy device takes of a battery, the least first.
enum class PowerClass : uint8_t { accelerator, integrated_gpu, cpu, other };

// A device that might be chosen, with its speed.
struct Candidate {
    std::string name;
    DeviceSpeed speed;
    PowerClass power = PowerClass::other;
};

// What "auto" is as long as nothing is measured: the CPU, or the only device that computes in float64 where flags ask for that.
std::string assumed_device(uint32_t flags);

// Seconds that a step of so much work takes, from the two steps that were measured: a part for any step, and one that grows
// with the work. `parallel`: how many threads share what grows.
double predicted_step_s(const DeviceSpeed& speed, double work, double parallel);

// The same work and measurements always give the same order. The first candidate is the CPU.
std::vector<DeviceChoice> ranked(const std::vector<Candidate>& candidates, double work, double threads);

// The same for low power: first those that are expected to take at most half of `dt_s`, seconds, for a step, in the order of
// their PowerClass, where the CPU counts with one thread before it counts with `thread_count`; then the others, the fastest
// first.
std::vector<DeviceChoice> ranked_by_power(const std::vector<Candidate>& candidates, double work, uint32_t thread_count,
                                          double dt_s);

// The devices to try, the best first and the CPU among them. Small networks are not worth a look at other devices; what
// cannot be measured is left out, and `why_not` is told. Never throws for a device that does not work.
std::vector<DeviceChoice> choose_devices(const Network& network, const ExecutorOptions& options, bool low_power,
                                         const std::function<void(const std::string& sentence)>& why_not);

}  // namespace snn
