#include "schedule/device_choice.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "common/error.h"
#include "common/machine.h"
#include "schedule/together.h"

namespace snn {

namespace {

// Units of step_work() below which a step takes the CPU less time, at most so many seconds, than handing it to another device.
constexpr double small_work = 200'000;
constexpr double small_step_s = 100e-6;
constexpr double clear_advantage = 0.8;  // a device has to be this much faster than the CPU, as predictions are rough
constexpr double share_of_dt = 0.5;  // that a step may take where power is to be low: as much is left to the host program

constexpr uint32_t float64_flags = SNN_FLAG_FLOAT64 | SNN_FLAG_SMOOTH_SPIKES;

std::string of_work(double work) {
    char words[32];
    if (work < 1e6) std::snprintf(words, sizeof words, "%.0f", work);
    else std::snprintf(words, sizeof words, "%.0f million", work * 1e-6);
    return words;
}

std::string of_time(double seconds) {
    char words[32];
    if (seconds < 1e-3) std::snprintf(words, sizeof words, "%.*f us", seconds < 1e-5 ? 1 : 0, seconds * 1e6);
    else std::snprintf(words, sizeof words, "%.*f ms", seconds < 1e-2 ? 1 : 0, seconds * 1e3);
    return words;
}

PowerClass power_of(const Device& device) {
    if (device.backend->saves_power) return PowerClass::accelerator;
    const bool is_integrated = device.backend->is_integrated && device.backend->is_integrated(device.index);
    return is_integrated ? PowerClass::integrated_gpu : PowerClass::other;
}

}  // namespace

Automatic automatic_device(std::string_view device) {
    if (device == "auto") return Automatic::fastest;
    if (!device.starts_with("auto:")) return Automatic::no;
    if (device == "auto:low") return Automatic::low_power;
    throw Error(SNN_ERROR_NOT_FOUND, "device '", device, "': there are \"auto\" and \"auto:low\"");
}

std::string assumed_device(uint32_t flags) {
    const auto list = backends();
    return (*std::find_if(list.begin(), list.end(),
                          [&](const Backend* one) { return !(flags & float64_flags) || one->has_float64; }))
        ->name;
}

double predicted_step_s(const DeviceSpeed& speed, double work, double parallel) {
    const double a_unit = std::max(0.0, speed.large_step_s - speed.small_step_s) / (speed.large_work - speed.small_work);
    const double fixed = std::max(0.0, speed.small_step_s - speed.small_work * a_unit);
    return fixed + work * a_unit / parallel;
}

std::vector<DeviceChoice> ranked(const std::vector<Candidate>& candidates, double work, double threads) {
    struct Ranked {
        std::string name;
        double seconds, judged;
    };
    std::vector<Ranked> order;
    for (const Candidate& candidate : candidates) {
        const bool is_cpu = order.empty();
        const double seconds = predicted_step_s(candidate.speed, work, is_cpu ? threads : 1.0);
        order.push_back({candidate.name, seconds, is_cpu ? seconds * clear_advantage : seconds});
    }
    std::stable_sort(order.begin(), order.end(), [](const Ranked& a, const Ranked& b) { return a.judged < b.judged; });
    std::vector<DeviceChoice> choices;
    for (const Ranked& chosen : order) {
        std::string others;
        for (const Ranked& other : order)
            if (&other != &chosen) others += text(", ", of_time(other.seconds), " on ", other.name);
        choices.push_back({chosen.name, text("a step of ", of_work(work), " operations is expected to take ",
                                             of_time(chosen.seconds), " on ", chosen.name, others)});
    }
    return choices;
}

std::vector<DeviceChoice> ranked_by_power(const std::vector<Candidate>& candidates, double work, uint32_t thread_count,
                                          double dt_s) {
    struct Ranked {
        const Candidate* candidate;
        uint32_t threads;  // 0: not the CPU
        double seconds;
        bool keeps_time;
    };
    std::vector<Ranked> order;
    const auto add = [&](const Candidate& candidate, uint32_t threads) {
        const double seconds = predicted_step_s(candidate.speed, work, std::max(1u, threads));
        order.push_back({&candidate, threads, seconds, seconds <= share_of_dt * dt_s});
    };
    for (const Candidate& candidate : candidates) {
        const bool is_cpu = candidate.power == PowerClass::cpu;
        add(candidate, is_cpu);
        if (is_cpu && thread_count > 1) add(candidate, thread_count);
    }
    std::stable_sort(order.begin(), order.end(), [](const Ranked& a, const Ranked& b) {
        if (a.keeps_time != b.keeps_time) return a.keeps_time;
        return a.keeps_time ? a.candidate->power < b.candidate->power : a.seconds < b.seconds;
    });
    std::vector<DeviceChoice> choices;
    for (const Ranked& chosen : order) {
        const std::string on_threads =
            chosen.threads == 0 ? "" : text(" with ", chosen.threads, chosen.threads == 1 ? " thread" : " threads");
        choices.push_back({chosen.candidate->name,
                           text("power is to be low: a step of ", of_work(work), " operations is expected to take ",
                                of_time(chosen.seconds), " on ", chosen.candidate->name, on_threads, ", ",
                                chosen.keeps_time          ? "which leaves half of its "
                                : order.front().keeps_time ? "which does not leave half of its "
                                                           : "the least of all, as none leaves half of its ",
                                of_time(dt_s)),
                           chosen.threads});
    }
    return choices;
}

std::vector<DeviceChoice> choose_devices(const Network& network, const ExecutorOptions& options, bool low_power,
                                         const std::function<void(const std::string& sentence)>& why_not) {
    const std::string first = assumed_device(options.flags);
    if (options.flags & float64_flags) return {{first, "float64 was asked for, which only this device computes"}};
    const double work = step_work(network, options.batch_size, assumed_activity);
    if (work < small_work)
        return {{first, text("a step of ", of_work(work), " operations is small: other devices take longer to be handed one"),
                 low_power && small_step_s <= share_of_dt * network.dt_ms() * 1e-3 ? 1u : 0u}};
    // What only the CPU takes.
    const bool stays = options.instruction_set != SNN_ISA_BEST || options.flags & SNN_FLAG_INTERPRET_MODELS;
    if (stays && !low_power)
        return {{first, "the instruction set or the way models are computed was chosen, which only this device has"}};
    const std::vector<Device> devices = stays ? std::vector<Device>{find_device(first)} : automatic_devices(low_power);
    if (devices.size() == 1 && !low_power) return {{first, "it is the only device here that gives the same spikes everywhere"}};
    std::vector<Candidate> candidates;
    for (const Device& device : devices) {
        try {
            if (const std::string why = other_bits(device.info.name, options); !why.empty()) {
                why_not(text("device '", device.info.name, "' is not used: it ", why));
                continue;
            }
            candidates.push_back(
                {device.info.name, device_speed(device), candidates.empty() ? PowerClass::cpu : power_of(device)});
        } catch (const std::exception& error) {
            if (candidates.empty())
                return {{first, "its speed could not be measured"}};  // too little memory: nothing else will do better
            why_not(text("device '", device.info.name, "' is not used: ", error.what()));
        }
    }
    const uint32_t threads = std::min(std::max(1u, options.thread_count), logical_processors());
    return low_power ? ranked_by_power(candidates, work, threads, network.dt_ms() * 1e-3) : ranked(candidates, work, threads);
}

}  // namespace snn
