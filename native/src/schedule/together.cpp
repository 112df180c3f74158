#include "schedule/together.h"

#include <algorithm>
#include <functional>
#include <new>
#include <utility>

#include "schedule/batch_executor.h"
#include "schedule/device_choice.h"
#include "schedule/device_speed.h"
#include "schedule/split_executor.h"

namespace snn {

bool names_several(std::string_view device) { return device.substr(0, device.find(';')).find_first_of("+*") != device.npos; }

bool shares_samples(std::string_view device) { return device.substr(0, device.find(';')).find('*') != device.npos; }

std::vector<std::string> devices_of(std::string_view device) {
    std::vector<std::string> names;
    device = device.substr(0, device.find(';'));
    for (size_t begin = 0; begin <= device.size();) {
        const size_t end = std::min(device.find('+', begin), device.size());
        const std::string_view name = device.substr(begin, end - begin);
        names.emplace_back(name.substr(0, name.find('*')));
        begin = end + 1;
    }
    return names;
}

std::string joined_devices(const std::vector<std::string>& devices, bool share_samples) {
    std::string words;
    for (const std::string& name : devices)
        words += (words.empty() ? "" : "+") + name + (share_samples ? "*" : "");
    return words;
}

std::string without_device(std::string_view device, uint32_t place) {
    std::vector<std::string> left = devices_of(device);
    left.erase(left.begin() + place);
    std::string words = joined_devices(left, shares_samples(device));
    if (shares_samples(device)) words += device.substr(std::min(device.find(';'), device.size()));  // the micro-batch
    return words;
}

std::string other_bits(std::string_view device, const ExecutorOptions& options) {
    const Backend& backend = find_backend(device);
    const std::string_view choice = device_choice(device);
    const bool is_of_host = options.vulkan_host && backend.is_gpu && choice.empty();
    try {
        return backend.other_bits && !is_of_host ? backend.other_bits(choice) : std::string();
    } catch (const std::exception&) {
        return {};  // it does not open: whoever opens it is told why
    }
}

namespace {

void refuse_other_bits(std::string_view device, std::string_view words, const std::string& why) {
    if (!why.empty())
        throw Error(SNN_ERROR_UNSUPPORTED, "device '", device, "' cannot work with others on one network ('", words, "'): it ",
                    why);
}

}  // namespace

void check_together(const std::vector<std::string>& devices, std::string_view words, const ExecutorOptions& options) {
    for (const std::string& name : devices) {
        if (automatic_device(name) != Automatic::no)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "device '", words,
                        "': 'auto' chooses one device and cannot be one of several; name ", "each of them");
        const Backend& backend = find_backend(name);
        if (!backend.gives_same_bits && (shares_samples(words) || !backend.cannot_run))
            throw Error(SNN_ERROR_UNSUPPORTED, "device '", name, "' cannot work with others on one network ('", words,
                        "'): it does not give the same bits as they do");
    }
    if (devices.size() > most_devices_together)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "device '", words.substr(0, 40), "...' names ", devices.size(),
                    " devices; at most ", most_devices_together, " work together");
    if (std::adjacent_find(devices.begin(), devices.end(), std::not_equal_to<>()) == devices.end()) return;
    for (const std::string& name : devices) refuse_other_bits(name, words, other_bits(name, options));
}

void check_bits(const Executor& part, std::string_view name, const std::vector<std::string>& devices, std::string_view words) {
    if (std::adjacent_find(devices.begin(), devices.end(), std::not_equal_to<>()) != devices.end())
        refuse_other_bits(name, words, part.other_bits());
}

bool runs_on_host(std::string_view device) { return !find_backend(device).is_gpu; }

uint32_t threads_of_part(const std::vector<std::string>& devices, uint32_t place, uint32_t thread_count) {
    if (!runs_on_host(devices[place])) return 1;
    const auto sharing = std::count_if(devices.begin(), devices.end(), runs_on_host);
    return std::max(1u, thread_count / static_cast<uint32_t>(sharing));
}

ExecutorOptions options_of_part(const ExecutorOptions& options, std::string_view device, uint32_t thread_count) {
    ExecutorOptions own = options;
    own.device = device_choice(device);
    own.thread_count = thread_count;
    if (runs_on_host(device) || !own.device.empty()) own.vulkan_host = nullptr;  // the host program's has no choice
    return own;
}

uint32_t width_of(size_t part_count, const ExecutorOptions& options) {
    const bool alone = options.job_system.parallel_for || options.allocator.allocate;
    return alone ? 1 : static_cast<uint32_t>(part_count);
}

std::vector<DeviceSpeed> measured_speeds(const std::vector<std::string>& devices, const ExecutorOptions& options) {
    std::vector<DeviceSpeed> speeds;
    for (const std::string& name : devices) {
        const std::string_view choice = device_choice(name);
        if (const SNNVulkanHost* const host = options_of_part(options, name, 1).vulkan_host) {
            speeds.push_back(device_speed(device_of_host(find_backend(name), *host)));
            continue;
        }
        // A device that is named by its name or UUID counts as the first of its kind.
        const bool is_listed = choice.empty() || is_device_number(choice);
        speeds.push_back(device_speed(find_device(is_listed ? name : find_backend(name).name)));
    }
    return speeds;
}

std::vector<DeviceSpeed> speeds_of(const std::vector<std::string>& devices, const ExecutorOptions& options) {
    if (std::adjacent_find(devices.begin(), devices.end(), std::not_equal_to<>()) != devices.end())
        return measured_speeds(devices, options);
    return std::vector<DeviceSpeed>(devices.size(), {.small_step_s = 0, .large_step_s = 1, .small_work = 0, .large_work = 1});
}

void Observation::conclude(const std::vector<double>& expected_s, std::vector<double>& io_slowness) {
    io_slowness.resize(busy_s_.size(), 1.0);
    for (size_t d = 0; d < busy_s_.size(); ++d) {
        if (steps_ > 0 && busy_s_[d] > 0 && expected_s[d] > 0)
            io_slowness[d] = busy_s_[d] / static_cast<double>(steps_) / expected_s[d];
        busy_s_[d] = 0;
    }
    steps_ = 0;
}

bool Observation::is_worth_a_move(double present_s, double better_s) {
    return std::exchange(was_worth_it_, better_s < worth_a_move * present_s) && was_worth_it_;
}

void rethrow_as_failure(std::string_view device, uint32_t place) {
    try {
        throw;
    } catch (const Error& error) {
        throw DeviceFailure(error.status(), error.what(), place);
    } catch (const std::bad_alloc&) {
        throw DeviceFailure(SNN_ERROR_OUT_OF_MEMORY, text("device '", device, "' is out of memory"), place);
    } catch (const std::exception& error) {
        throw DeviceFailure(SNN_ERROR_INTERNAL, error.what(), place);
    }
}

void check_not_to_train(std::string_view device, const ExecutorOptions& options) {
    if (!shares_samples(device) && options.flags & (SNN_FLAG_INPUT_GRADIENTS | SNN_FLAG_SMOOTH_SPIKES))
        throw Error(SNN_ERROR_UNSUPPORTED,
                    "devices that share populations do not train together: SNN_FLAG_INPUT_GRADIENTS and ",
                    "SNN_FLAG_SMOOTH_SPIKES need one device, or devices that share samples, not '", device, "'");
}

std::unique_ptr<TogetherExecutor> open_together(std::shared_ptr<const Plan> plan, std::string_view device,
                                                const ExecutorOptions& options) {
    check_not_to_train(device, options);
    const auto check = [&](const auto& shared) {
        if (!(options.flags & SNN_FLAG_ANY_SIZE)) check_memory(estimate_memory(*plan, shared, options));
    };
    if (shares_samples(device)) {
        Shares shares = make_shares(*plan->network, device, options);
        check(shares);
        return std::make_unique<BatchExecutor>(std::move(plan), std::move(shares), options);
    }
    Split split = make_split(*plan, device, options);
    check(split);
    return std::make_unique<SplitExecutor>(std::move(plan), std::move(split), options);
}

MemoryEstimate estimate_together(const Plan& plan, std::string_view device, const ExecutorOptions& options) {
    check_not_to_train(device, options);
    return shares_samples(device) ? estimate_memory(plan, make_shares(*plan.network, device, options), options)
                                  : estimate_memory(plan, make_split(plan, device, options), options);
}

}  // namespace snn
