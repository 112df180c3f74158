// A network on the devices that run it: its plan, and the executor that was opened from it. The device is chosen where that is
// left to "auto", and left for others where it fails, is slow or cannot do what is asked.
//
// Thread-safety: one thread at a time.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "network/network.h"
#include "network/plan.h"
#include "schedule/listeners.h"

namespace snn {

class OpenNetwork {
public:
    // Makes the plan; open() comes before all that needs an executor. `listeners`: are told about devices that are not used.
    OpenNetwork(std::shared_ptr<const Network> network, const ExecutorOptions& options, Listeners& listeners);
    void open(const std::string& device);

    const std::shared_ptr<const Network>& shared_network() const { return network_; }
    const Network& network() const { return *network_; }
    const Plan& plan() const { return *plan_; }
    Executor& executor() const { return *executor_; }
    uint32_t batch_size() const { return options_.batch_size; }
    uint32_t flags() const { return options_.flags; }
    // The device it runs on; why, where "auto" chose it or another one failed, else "".
    const std::string& device() const { return device_; }
    const std::string& device_reason() const { return device_reason_; }
    bool is_on_host_device() const { return is_on_host_device_; }  // of the host program
    bool has_host_jobs() const { return options_.job_system.parallel_for != nullptr; }
    void report();  // to the log

    // Whether the executor has a state that can be read and stepped from. A change that takes several calls of the executor - a
    // reset, a load, a training run - loses the state until the last of them has succeeded.
    void check_state() const {
        if (state_is_lost_) refuse_lost_state();
    }
    void lose_state() { state_is_lost_ = true; }
    void have_state() { state_is_lost_ = false; }
    // Runs `change`, such a change. If it throws, the state stays lost - unless the device is lost: it then reports that itself,
    // in every call from then on.
    void change_state(const std::function<void()>& change);

    // There is nothing to train, or the executor does it.
    bool trains() const { return plan_->step_adjoint.empty() || executor_->trainable(); }
    // What goes on where it does not. Throws where the device was not left to choose.
    std::string device_that_trains();
    // Another executor, on that device, with what `take_over` puts in. When one of them throws, all is as before.
    void train_on(const std::string& device, const std::function<void()>& take_over);

    // In another process than it was opened in: what the executor has is left as it is.
    void abandon() noexcept { (void)executor_.release(); }

private:
    void open_best(bool low_power);
    void open_on(const std::string& device);
    void open_several(const std::string& device);
    void make_lasting(const std::vector<struct DeviceChoice>& others);
    std::unique_ptr<Executor> better_executor(class TogetherExecutor& present, std::string& io_asked,
                                              std::vector<double>& io_slowness, const ExecutorOptions& options,
                                              const std::function<void(Executor&)>& bring);
    void go_on_without(std::unique_ptr<Executor>& io_executor, std::exception_ptr failure, const ExecutorOptions& options);

    std::shared_ptr<const Network> network_;
    std::shared_ptr<const Plan> plan_;
    std::unique_ptr<Executor> executor_;
    ExecutorOptions options_;  // to open another one
    Listeners& listeners_;
    std::string device_, device_reason_;
    bool is_automatic_ = false;  // the device was left to choose
    bool is_on_host_device_ = false;
    bool state_is_lost_ = false;
};

}  // namespace snn
