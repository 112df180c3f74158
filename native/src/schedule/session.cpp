// Making a session, and its time. The other files of this class are one subject each: devices
// (session_opening.cpp, _device), long runs (_run, _background), variables, plasticity, state.
#include "schedule/session.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <utility>

#include "common/error.h"
#include "common/machine.h"

namespace snn {

namespace {

// Most steps of one advance() where nobody says: a quarter of a second of simulated time, at least 100.
uint32_t usual_catch_up(double dt_ms) {
    return static_cast<uint32_t>(std::clamp(std::floor(250.0 / dt_ms + 1e-6), 100.0, 4294967295.0));
}

double monotonic_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Session::Session(std::shared_ptr<const Network> network, const SessionOptions& options)
    : wall_clock(monotonic_seconds),
      network_(std::move(network)),
      batch_size_(options.executor.batch_size),
      flags_(options.executor.flags),
      max_catch_up_steps_(options.max_catch_up_steps ? options.max_catch_up_steps : usual_catch_up(network_->dt_ms())),
      seed_(options.executor.seed),
      inputs_(*network_, batch_size_),
      listeners_(options.log, options.log_user, gate_) {
    if (!network_->finished())
        throw Error(SNN_ERROR_STATE, "the network is not finished; finish it before a session is opened");
    plan_ =
        std::make_shared<const Plan>(make_plan(network_, flags_ & SNN_FLAG_INPUT_GRADIENTS, flags_ & SNN_FLAG_SAMPLE_WEIGHTS));
    const auto& populations = network_->populations();
    weight_is_own_.assign(network_->projections().size(), 0);
    rounding_is_told_.assign(network_->projections().size(), 0);
    parameters_.resize(populations.size());
    plasticity_.resize(network_->projections().size());
    plasticity_plans_ = plan_->plasticity;
    decay_tables_ = plan_->decay_tables;
    parameter_gradients_.resize(populations.size());
    for (size_t p = 0; p < network_->projections().size(); ++p) {
        const Projection& projection = network_->projections()[p];
        if (!projection.plasticity) continue;
        if (plan_->sample_weights)
            throw Error(SNN_ERROR_UNSUPPORTED, "projection '", projection.name,
                        "' is plastic: weights that learn cannot be samples' own (SNN_FLAG_SAMPLE_WEIGHTS)");
        if (batch_size_ > 1)
            throw Error(SNN_ERROR_UNSUPPORTED, "batch_size is ", batch_size_, "; projection '", projection.name,
                        "' is plastic: weights that learn belong to one sample (open a session for each) and are not trained");
        weight_is_own_[p] = 1;
    }
    executor_options_ = options.executor;
    if (executor_options_.thread_count == 0) executor_options_.thread_count = logical_processors();
    open_executor(options);
    // After the executor has told whether there is memory enough.
    inputs_.make_room(executor_->shared_device() != nullptr);
    runs_on_host_device_ = executor_options_.vulkan_host != nullptr;
    executor_options_.vulkan_host = nullptr;  // it is read while the executor is opened only
    if (!listeners_.hear_log()) return;
    report_opening();
    for (uint32_t p = 0; p < network_->projections().size(); ++p) {
        const Projection& projection = network_->projections()[p];
        warn_of_rounding(p, projection.plasticity ? loss_of_own_weights(*network_, projection) : projection.rounding_loss);
    }
}

// After fork() what an executor has belongs to the parent: a device whose driver was not made for it, threads that are not
// there, locks that one of them may hold. So it is left as it is.
Session::~Session() {
    if (!gate_.is_forked()) return;
    (void)background_.release();
    (void)executor_.release();
}

// Steps with the inputs that were set or bound.
RunRequest Session::request_for(uint32_t count) {
    check_state();
    RunRequest request;
    request.first_step = steps_done_;
    request.inputs = inputs_.frames();
    request.step_count = count;
    return request;
}

void Session::step(uint64_t count) {
    const bool one_by_one = listeners_.hear_spikes();
    while (count > 0) {
        const bool pending = inputs_.first_pending().has_value();
        const uint64_t now = one_by_one || pending ? 1 : std::min<uint64_t>(count, UINT32_MAX);
        executor_->run(request_for(static_cast<uint32_t>(now)));
        steps_done_ += now;
        if (pending) inputs_.clear_spikes();
        // Last: a callback may throw.
        if (one_by_one) listeners_.tell_spikes(*network_, batch_size_, *executor_, steps_done_ - 1);
        count -= now;
    }
}

// Step by step: the clock, tens of nanoseconds, is read after each.
uint64_t Session::step_within(uint64_t count, double budget_s) {
    if (std::isinf(budget_s)) {
        step(count);
        return count;
    }
    const double begin = wall_clock();
    for (uint64_t done = 0; done < count;) {
        step(1);
        if (++done == count || wall_clock() - begin >= budget_s) return done;
    }
    return 0;
}

void Session::check_frame(double seconds, double budget_s) {
    if (!std::isfinite(seconds) || seconds < 0)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "frame_dt is ", seconds, " s; it must be finite and not negative");
    if (std::isnan(budget_s) || budget_s < 0)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "budget_s is ", budget_s, " s; it must be 0 or more");
}

uint32_t Session::advance(double seconds, double budget_s) {
    check_frame(seconds, budget_s);
    const double dt_s = network_->dt_ms() * 1e-3;
    const double total_s = remainder_s_ + seconds;
    // A frame time is a float: 0.001f is a little more or less than one step of 1 ms and must still be one step, 0.02f still
    // 200 of 0.1 ms. Its error is at most half of its last bit.
    double steps = total_s / dt_s;
    steps = std::floor(steps + 1e-6 + steps * 0x1p-24);
    const bool drops = steps > max_catch_up_steps_;
    if (drops) steps = max_catch_up_steps_;
    uint64_t done = 0;
    {
        // What is due and does not run is carried, also when a callback or a device ends the call.
        struct Carrying {
            Session& session;
            double rest_s, dt_s;
            uint64_t due, first;
            ~Carrying() {
                const uint64_t left = due - (session.steps_done_ - first);
                session.remainder_s_ = rest_s + static_cast<double>(left) * dt_s;
            }
        } const carrying{*this, drops ? 0.0 : std::max(0.0, total_s - steps * dt_s), dt_s, static_cast<uint64_t>(steps),
                         steps_done_};
        done = step_within(carrying.due, budget_s);
    }
    const bool begins_to_drop = !std::exchange(dropping_time_, drops) && drops;
    // Once for frames in a row, written into the stack: nothing is allocated here, and a slow game is not slowed down further.
    if (listeners_.hear_log() && begins_to_drop) {
        std::array<char, 192> sentence;
        std::snprintf(
            sentence.data(), sentence.size(),
            "simulated time is dropped: %.3g s were due and one call makes up for at most %.3g s (%u steps of %.3g ms)",
            total_s, max_catch_up_steps_ * dt_s, static_cast<unsigned>(max_catch_up_steps_), network_->dt_ms());
        const SessionGate::Calling calling(gate_);
        listeners_.log(SNN_LOG_WARNING, sentence.data());
    }
    return static_cast<uint32_t>(done);
}

SNNCounters Session::counters() const {
    const ExecutorCounters executor = executor_->counters();
    SNNCounters counters{};
    counters.struct_size = sizeof counters;
    counters.steps = counted_before_.steps + executor.steps;
    for (const Population& population : network_->populations())
        if (!population.is_input()) counters.neuron_updates += counters.steps * batch_size_ * population.size;
    counters.spikes = counted_before_.spikes + executor.spikes;
    counters.input_spikes = counted_before_.input_spikes + executor.input_spikes;
    counters.synaptic_events = counted_before_.synaptic_events + executor.synaptic_events;
    counters.synaptic_operations = counted_before_.synaptic_operations + executor.synaptic_operations;
    return counters;
}

}  // namespace snn
