#include "schedule/device_choice.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "common/error.h"
#include "common/machine.h"

namespace snn {

namespace {

// Units of step_work() below which a step takes the CPU less time, 20 to 100 microseconds, than handing it to another device.
constexpr double small_work = 200'000;
constexpr double clear_advantage = 0.8;    // a device has to be this much faster than the CPU, as predictions are rough

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

}  // namespace

std::string assumed_device(uint32_t flags) { return flags & float64_flags ? "reference" : backends().front()->name; }

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
        choices.push_back({chosen.name, text("a step of ", of_work(work), " operations is expected to take ", of_time(chosen.seconds),
                                             " on ", chosen.name, others)});
    }
    return choices;
}

std::vector<DeviceChoice> choose_devices(const Network& network, const ExecutorOptions& options,
                                         const std::function<void(const std::string& sentence)>& why_not) {
    const std::string first = assumed_device(options.flags);
    if (options.flags & float64_flags) return {{first, "float64 was asked for, which only this device computes"}};
    const double work = step_work(network, options.batch_size, assumed_activity);
    if (work < small_work)
        return {{first, text("a step of ", of_work(work), " operations is small: other devices take longer to be handed one")}};
    // What only the CPU takes.
    if (options.instruction_set != SNN_ISA_BEST || options.flags & SNN_FLAG_INTERPRET_MODELS)
        return {{first, "the instruction set or the way models are computed was chosen, which only this device has"}};
    const std::vector<Device> devices = automatic_devices();
    if (devices.size() == 1) return {{first, "it is the only device here that gives the same spikes everywhere"}};
    std::vector<Candidate> candidates;
    for (const Device& device : devices) {
        try {
            candidates.push_back({device.info.name, device_speed(device)});
        } catch (const std::exception& error) {
            if (candidates.empty()) return {{first, "its speed could not be measured"}};  // too little memory: nothing else will do better
            why_not(text("device '", device.info.name, "' is not used: ", error.what()));
        }
    }
    const double threads = std::min(std::max(1u, options.thread_count), logical_processors());
    return ranked(candidates, work, threads);
}

}  // namespace snn
