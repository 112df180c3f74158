// On which devices a session runs: opening them, choosing one, going on on others.
#include <snn/snn_vulkan.h>

#include <algorithm>
#include <functional>

#include "common/error.h"
#include "schedule/device_choice.h"
#include "schedule/lasting_executor.h"
#include "schedule/memory.h"
#include "schedule/session.h"
#include "schedule/together.h"

namespace snn {

void Session::open_executor_on(const std::string& device) {
    if (names_several(device)) return open_several(device);
    executor_options_.device = device_choice(device);
    if (!(flags_ & SNN_FLAG_ANY_SIZE)) check_memory(estimate_memory(*plan_, device, executor_options_));
    executor_ = find_backend(device).open(plan_, executor_options_);
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
void Session::open_several(const std::string& device) {
    std::unique_ptr<TogetherExecutor> executor = open_together(plan_, device, executor_options_);
    std::string name = name_of(*executor, device);
    const bool can_be_lost = !std::all_of(executor->devices().begin(), executor->devices().end(), runs_on_host);
    // The host program's device stays its own for as long as the session lives.
    std::shared_ptr<const SNNVulkanHost> host;
    if (executor_options_.vulkan_host) host = std::make_shared<const SNNVulkanHost>(*executor_options_.vulkan_host);
    const auto options = [this, host] {
        ExecutorOptions own = executor_options_;
        own.vulkan_host = host.get();
        return own;
    };
    LastingExecutor::Reopen reopen;
    if (can_be_lost)
        reopen = [this, options](std::unique_ptr<Executor>& io_executor, std::exception_ptr failure) {
            go_on_without(io_executor, failure, options());
        };
    LastingExecutor::Move move;
    if (executor->devices().size() > 1 && !(flags_ & SNN_FLAG_FLOAT64))  // a state is copied in float32
        move = [this, options, asked = device, slowness = std::vector<double>()](
                   Executor& present, const std::function<void(Executor&)>& bring) mutable {
            return better_executor(static_cast<TogetherExecutor&>(present), asked, slowness, options(), bring);
        };
    executor_ =
        std::make_unique<LastingExecutor>(plan_, executor_options_, std::move(executor), std::move(reopen), std::move(move));
    executor_->reset_state();
    device_ = std::move(name);
}

// `failure` is of a device of the executor, which is one over several.
void Session::go_on_without(std::unique_ptr<Executor>& io_executor, std::exception_ptr failure,
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
        warn(text("device '", name, "' failed, the session goes on on '", device, "': ", lost.what()));
        io_executor.reset();  // makes room
        while (!io_executor) {
            try {
                std::unique_ptr<TogetherExecutor> opened = open_together(plan_, device, options);
                device_ = name_of(*opened, device);
                io_executor = std::move(opened);
            } catch (const DeviceFailure& other) {  // does not open any more: whatever is left shares anew
                const std::vector<std::string> left = devices_of(device);
                if (left.size() == 1) throw;
                warn(text("device '", left[other.place], "' is not used either: ", other.what()));
                device = without_device(device, other.place);
            }
        }
    }
}

// With less on devices that are slower than they were expected to be; null: it stays as it is. `io_asked`: the device as the
// caller named it, or what is left of it.
std::unique_ptr<Executor> Session::better_executor(TogetherExecutor& present, std::string& io_asked,
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
    log(SNN_LOG_INFORMATION, text(reason, "; ", opened->description()).c_str());
    device_ = std::move(name);
    device_reason_ = std::move(reason);
    return opened;
}

void Session::open_executor(const SessionOptions& options) {
    const Automatic automatic = automatic_device(options.device);
    is_automatic_ = automatic != Automatic::no;
    if (!is_automatic_) return open_executor_on(options.device);
    const std::vector<DeviceChoice> choices = choose_devices(*network_, executor_options_, automatic == Automatic::low_power,
                                                             [&](const std::string& sentence) { warn(sentence); });
    const uint32_t asked = executor_options_.thread_count;
    for (size_t i = 0; i < choices.size(); ++i) {
        try {
            executor_options_.thread_count = choices[i].thread_count ? choices[i].thread_count : asked;
            open_executor_on(choices[i].device);
            device_reason_ = choices[i].reason;
            if (!runs_on_host(device_)) make_lasting({choices.begin() + static_cast<std::ptrdiff_t>(i) + 1, choices.end()});
            return;
        } catch (const std::exception& error) {
            if (i + 1 == choices.size()) throw;
            warn(text("device '", choices[i].device, "' is not used: ", error.what(), "; the next best is '",
                      choices[i + 1].device, "'"));
        }
    }
}

// A GPU that "auto" chose may be lost: the next best device goes on.
void Session::make_lasting(const std::vector<DeviceChoice>& others) {
    std::vector<std::string> names;
    for (const DeviceChoice& choice : others)  // with the same bits
        if (find_backend(choice.device).is_automatic && std::find(names.begin(), names.end(), choice.device) == names.end())
            names.push_back(choice.device);
    const auto open = [this](const std::string& device) {
        ExecutorOptions options = executor_options_;
        options.device = device_choice(device);
        if (!(flags_ & SNN_FLAG_ANY_SIZE)) check_memory(estimate_memory(*plan_, device, options));
        return find_backend(device).open(plan_, options);
    };
    const auto told = [this](const std::string& device, const std::string& failure) {
        warn(text("device '", device_, "' failed, the session goes on on '", device, "': ", failure));
        device_reason_ = text("'", device_, "' failed and is not used any more: ", failure);
        device_ = device;
    };
    executor_ =
        std::make_unique<LastingExecutor>(plan_, executor_options_, std::move(executor_), reopen_on_next(names, open, told));
    executor_->reset_state();
}

void Session::prepare_to_train() {
    // A network with nothing to train is told about by the trainer.
    if (plan_->step_adjoint.empty() || executor_->trainable()) return;
    if (!is_automatic_) throw Error(SNN_ERROR_UNSUPPORTED, "device '", device_, "' cannot train; \"cpu\" can");
    // What a trainer does is not done again elsewhere: the device trains by itself.
    const bool stays = executor_->device_trains();
    const std::string device = stays ? device_ : backends().front()->name;
    if (!stays) warn(text("device '", device_, "' cannot train; the session goes on on '", device, "'"));
    const SavedState state = save();
    std::unique_ptr<Executor> left = std::move(executor_);
    const std::string left_device = device_;
    try {
        open_executor_on(device);
        for (uint32_t p = 0; p < parameters_.size(); ++p)
            if (!parameters_[p].empty())
                executor_->set_constants(p,
                                         make_population_constants(network_->population(p), parameters_[p], network_->dt_ms()));
        restore(state);
    } catch (...) {
        executor_ = std::move(left);
        device_ = left_device;
        state_is_lost_ = false;  // it was the new one's
        throw;
    }
    if (!stays) device_reason_ = text("'", left_device, "' cannot train");
}

void Session::report_opening() const {
    uint64_t neurons = 0, synapses = 0;
    for (const Population& population : network_->populations())
        if (!population.is_input()) neurons += population.size;
    for (const Projection& projection : network_->projections()) synapses += synapse_count(*network_, projection);
    const std::string runs_on = executor_->description();
    const std::string message = text("session opened on device '", device_, "'", runs_on.empty() ? "" : " (", runs_on,
                                     runs_on.empty() ? "" : ")", ": ", neurons, " neurons, ", synapses,
                                     " synapses, batch_size ", batch_size_, device_reason_.empty() ? "" : "; ", device_reason_);
    log(SNN_LOG_INFORMATION, message.c_str());
    // What was found when the executor was opened: to ask the backend could open its first device, beside a host's.
    if (const std::string why = executor_->other_bits(); !why.empty()) warn(text("device '", device_, "' ", why));
}

}  // namespace snn
