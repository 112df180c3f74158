#include "schedule/open_network.h"

#include <snn/snn_vulkan.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "common/error.h"
#include "common/machine.h"
#include "schedule/device_choice.h"
#include "schedule/lasting_executor.h"
#include "schedule/memory.h"
#include "schedule/together.h"

namespace snn {

OpenNetwork::OpenNetwork(std::shared_ptr<const Network> network, const ExecutorOptions& options, Listeners& listeners)
    : network_(std::move(network)),
      options_(options),
      listeners_(listeners),
      is_on_host_device_(options.vulkan_host != nullptr) {
    if (!network_->finished())
        throw Error(SNN_ERROR_STATE, "the network is not finished; finish it before a session is opened");
    plan_ = std::make_shared<const Plan>(make_plan(network_, flags()));
    if (options_.thread_count == 0) options_.thread_count = logical_processors();
}

void OpenNetwork::open(const std::string& device) {
    const Automatic automatic = automatic_device(device);
    is_automatic_ = automatic != Automatic::no;
    if (is_automatic_) open_best(automatic == Automatic::low_power);
    else open_on(device);
    options_.vulkan_host = nullptr;  // it is read while the executor is opened only
}

// The best device for the network; the next best where that does not open.
void OpenNetwork::open_best(bool low_power) {
    const std::vector<DeviceChoice> choices =
        choose_devices(*network_, options_, low_power, [&](const std::string& sentence) { listeners_.warn(sentence); });
    const uint32_t asked = options_.thread_count;
    for (size_t i = 0; i < choices.size(); ++i) {
        try {
            options_.thread_count = choices[i].thread_count ? choices[i].thread_count : asked;
            open_on(choices[i].device);
            device_reason_ = choices[i].reason;
            if (!runs_on_host(device_)) make_lasting({choices.begin() + static_cast<std::ptrdiff_t>(i) + 1, choices.end()});
            return;
        } catch (const std::exception& error) {
            if (i + 1 == choices.size()) throw;
            listeners_.warn(text("device '", choices[i].device, "' is not used: ", error.what(), "; the next best is '",
                                 choices[i + 1].device, "'"));
        }
    }
}

void OpenNetwork::open_on(const std::string& device) {
    if (names_several(device)) return open_several(device);
    options_.device = device_choice(device);
    if (!(flags() & SNN_FLAG_ANY_SIZE)) check_memory(estimate_memory(*plan_, device, options_));
    executor_ = find_backend(device).open(plan_, options_);
    executor_->reset_state();
    device_ = device;
}

namespace {

// Shares of a batch are told as they were found; places of populations can be longer than SNNSessionDevice::name.
std::string name_of(const TogetherExecutor& executor, const std::string& device) {
    return shares_samples(device) ? executor.device() : device;
}

}  // namespace

// Several devices. One that can be lost is left when it fails, and work is moved away from one that is
// slow (lasting_executor.h).
void OpenNetwork::open_several(const std::string& device) {
    std::unique_ptr<TogetherExecutor> executor = open_together(plan_, device, options_);
    std::string name = name_of(*executor, device);
    const bool can_be_lost = !std::all_of(executor->devices().begin(), executor->devices().end(), runs_on_host);
    // The host program's device stays its own for as long as the session lives.
    std::shared_ptr<const SNNVulkanHost> host;
    if (options_.vulkan_host) host = std::make_shared<const SNNVulkanHost>(*options_.vulkan_host);
    const auto options = [this, host] {
        ExecutorOptions own = options_;
        own.vulkan_host = host.get();
        return own;
    };
    LastingExecutor::Reopen reopen;
    if (can_be_lost)
        reopen = [this, options](std::unique_ptr<Executor>& io_executor, std::exception_ptr failure) {
            go_on_without(io_executor, failure, options());
        };
    LastingExecutor::Move move;
    if (executor->devices().size() > 1 && !(flags() & SNN_FLAG_FLOAT64))  // a state is copied in float32
        move = [this, options, asked = device, slowness = std::vector<double>()](
                   Executor& present, const std::function<void(Executor&)>& bring) mutable {
            return better_executor(static_cast<TogetherExecutor&>(present), asked, slowness, options(), bring);
        };
    executor_ =
        std::make_unique<LastingExecutor>(plan_, options_, std::move(executor), std::move(reopen), std::move(move));
    executor_->reset_state();
    device_ = std::move(name);
}

// `failure` is of a device of the executor, which is one over several.
void OpenNetwork::go_on_without(std::unique_ptr<Executor>& io_executor, std::exception_ptr failure,
                                const ExecutorOptions& options) {
    try {
        std::rethrow_exception(failure);
    } catch (const DeviceFailure& lost) {
        const auto& failed = static_cast<const TogetherExecutor&>(*io_executor);
        if (failed.devices().size() == 1) throw;
        // What the program has not submitted, and what such an error has left, is not the device's doing.
        if (lost.status() == SNN_ERROR_INVALID_ARGUMENT || lost.status() == SNN_ERROR_STATE) throw;
        const std::string name = failed.devices()[lost.place];
        std::string device = failed.without(lost.place);
        device_reason_ = text("'", name, "' failed and is not used any more: ", lost.what());
        listeners_.warn(text("device '", name, "' failed, the session goes on on '", device, "': ", lost.what()));
        io_executor.reset();  // makes room
        while (!io_executor) {
            try {
                std::unique_ptr<TogetherExecutor> opened = open_together(plan_, device, options);
                device_ = name_of(*opened, device);
                io_executor = std::move(opened);
            } catch (const DeviceFailure& other) {  // does not open any more: whatever is left shares anew
                const std::vector<std::string> left = devices_of(device);
                if (left.size() == 1) throw;
                listeners_.warn(text("device '", left[other.place], "' is not used either: ", other.what()));
                device = without_device(device, other.place);
            }
        }
    }
}

// With less on devices that are slower than they were expected to be; null: it stays as it is. `io_asked`: the device as the
// caller named it, or what is left of it.
std::unique_ptr<Executor> OpenNetwork::better_executor(TogetherExecutor& present, std::string& io_asked,
                                                       std::vector<double>& io_slowness, const ExecutorOptions& options,
                                                       const std::function<void(Executor&)>& bring) {
    if (present.devices() != devices_of(io_asked)) {  // one has failed since
        io_asked = present.device();
        io_slowness.clear();
    }
    const std::string device = present.better(io_asked, options, io_slowness);
    if (device.empty()) return nullptr;
    std::unique_ptr<TogetherExecutor> opened = open_together(plan_, device, options);
    bring(*opened);
    size_t slowest = 0;
    for (size_t d = 0; d < io_slowness.size(); ++d)
        if (io_slowness[d] > io_slowness[slowest]) slowest = d;
    std::string name = name_of(*opened, device);
    std::string reason =
        text("'", present.devices()[slowest], "' takes longer than was measured: work was moved to other devices");
    listeners_.log(SNN_LOG_INFORMATION, text(reason, "; ", opened->description()).c_str());
    device_ = std::move(name);
    device_reason_ = std::move(reason);
    return opened;
}

// A GPU that "auto" chose may be lost: the next best device goes on.
void OpenNetwork::make_lasting(const std::vector<DeviceChoice>& others) {
    std::vector<std::string> names;
    for (const DeviceChoice& choice : others)  // with the same bits
        if (find_backend(choice.device).is_automatic && std::find(names.begin(), names.end(), choice.device) == names.end())
            names.push_back(choice.device);
    const auto open = [this](const std::string& device) {
        ExecutorOptions options = options_;
        options.device = device_choice(device);
        if (!(flags() & SNN_FLAG_ANY_SIZE)) check_memory(estimate_memory(*plan_, device, options));
        return find_backend(device).open(plan_, options);
    };
    const auto told = [this](const std::string& device, const std::string& failure) {
        listeners_.warn(text("device '", device_, "' failed, the session goes on on '", device, "': ", failure));
        device_reason_ = text("'", device_, "' failed and is not used any more: ", failure);
        device_ = device;
    };
    executor_ =
        std::make_unique<LastingExecutor>(plan_, options_, std::move(executor_), reopen_on_next(names, open, told));
    executor_->reset_state();
}

void OpenNetwork::change_state(const std::function<void()>& change) {
    lose_state();
    try {
        change();
    } catch (const Error& error) {
        if (error.status() == SNN_ERROR_DEVICE_LOST) have_state();
        throw;
    }
    have_state();
}

std::string OpenNetwork::device_that_trains() {
    if (!is_automatic_) throw Error(SNN_ERROR_UNSUPPORTED, "device '", device_, "' cannot train; \"cpu\" can");
    // What a trainer does is not done again elsewhere: the device trains by itself.
    if (executor_->device_trains()) return device_;
    std::string device = backends().front()->name;
    listeners_.warn(text("device '", device_, "' cannot train; the session goes on on '", device, "'"));
    return device;
}

void OpenNetwork::train_on(const std::string& device, const std::function<void()>& take_over) {
    std::unique_ptr<Executor> left = std::move(executor_);
    const std::string left_device = device_;
    try {
        open_on(device);
        take_over();
    } catch (...) {
        executor_ = std::move(left);
        device_ = left_device;
        have_state();  // it was the new one's that is lost
        throw;
    }
    if (device != left_device) device_reason_ = text("'", left_device, "' cannot train");
}

void OpenNetwork::report() {
    uint64_t neurons = 0, synapses = 0;
    for (const Population& population : network_->populations())
        if (!population.is_input()) neurons += population.size;
    for (const Projection& projection : network_->projections()) synapses += synapse_count(*network_, projection);
    const std::string runs_on = executor_->description();
    const std::string message =
        text("session opened on device '", device_, "'", runs_on.empty() ? "" : " (", runs_on, runs_on.empty() ? "" : ")", ": ",
             neurons, " neurons, ", synapses, " synapses, batch_size ", batch_size(), device_reason_.empty() ? "" : "; ",
             device_reason_);
    listeners_.log(SNN_LOG_INFORMATION, message.c_str());
    // What was found when the executor was opened: to ask the backend could open its first device, beside a host's.
    if (const std::string why = executor_->other_bits(); !why.empty()) listeners_.warn(text("device '", device_, "' ", why));
}

}  // namespace snn
