#include "schedule/session.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <utility>

#include "common/error.h"

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
      open_(std::move(network), options.executor, listeners_),
      listeners_(options.log, options.log_user, gate_),
      inputs_(open_.network(), open_.batch_size()),
      variables_(open_, listeners_),
      state_(open_, inputs_, variables_, options.executor.seed),
      arrays_(open_, inputs_, variables_),
      host_device_(open_, inputs_, variables_, state_, listeners_),
      max_catch_up_steps_(options.max_catch_up_steps ? options.max_catch_up_steps : usual_catch_up(open_.network().dt_ms())) {
    open_.open(options.device);
    // After the executor has told whether there is memory enough.
    inputs_.make_room(open_.executor().shared_device() != nullptr);
    if (!listeners_.hear_log()) return;
    open_.report();
    variables_.report_rounding();
}

// After fork() what an executor has belongs to the parent: a device whose driver was not made for it, threads that are not
// there, locks that one of them may hold. So it is left as it is.
Session::~Session() {
    if (!gate_.is_forked()) return;
    (void)background_.release();
    open_.abandon();
}

void Session::prepare_to_train() {
    if (open_.trains()) return;
    const std::string device = open_.device_that_trains();
    const SavedState saved = state_.save();
    open_.train_on(device, [&] {
        variables_.give_parameters();
        state_.restore(saved);
    });
}

void Session::tell_spikes() {
    listeners_.tell_spikes(network(), open_.batch_size(), open_.executor(), state_.progress().steps - 1);
}

void Session::step(uint64_t count) {
    const bool one_by_one = listeners_.hear_spikes();
    while (count > 0) {
        const bool pending = inputs_.first_pending().has_value();
        const uint64_t now = one_by_one || pending ? 1 : std::min<uint64_t>(count, UINT32_MAX);
        open_.executor().run(state_.next_request(static_cast<uint32_t>(now)));
        state_.progress().steps += now;
        if (pending) inputs_.clear_spikes();
        if (one_by_one) tell_spikes();  // last: a callback may throw
        count -= now;
    }
}

// A device takes many steps at once faster than one by one. So between two looks at the clock go as many as fill a sixteenth of
// what is left of the budget if they take as long as the last ones: single steps towards its end.
uint64_t Session::step_within(uint64_t count, double budget_s) {
    if (std::isinf(budget_s)) {
        step(count);
        return count;
    }
    const double begin = wall_clock();
    double now = begin;
    uint64_t done = 0, piece = 1;
    while (done < count) {
        step(piece);
        done += piece;
        if (done == count) break;
        const double before = std::exchange(now, wall_clock()), left_s = budget_s - (now - begin);
        if (left_s <= 0) break;
        const double step_s = std::max(now - before, 1e-9) / static_cast<double>(piece);
        piece = static_cast<uint64_t>(std::clamp(left_s / 16 / step_s, 1.0, static_cast<double>(count - done)));
    }
    return done;
}

void Session::check_frame(double seconds, double budget_s) {
    if (!std::isfinite(seconds) || seconds < 0)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "frame_dt is ", seconds, " s; it must be finite and not negative");
    if (std::isnan(budget_s) || budget_s < 0)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "budget_s is ", budget_s, " s; it must be 0 or more");
}

uint32_t Session::advance(double seconds, double budget_s) {
    check_frame(seconds, budget_s);
    SessionState::Progress& progress = state_.progress();
    const double dt_s = network().dt_ms() * 1e-3;
    const double total_s = progress.remainder_s + seconds;
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
            SessionState::Progress& progress;
            double rest_s, dt_s;
            uint64_t due, first;
            ~Carrying() {
                const uint64_t left = due - (progress.steps - first);
                progress.remainder_s = rest_s + static_cast<double>(left) * dt_s;
            }
        } const carrying{progress, drops ? 0.0 : std::max(0.0, total_s - steps * dt_s), dt_s, static_cast<uint64_t>(steps),
                         progress.steps};
        done = step_within(carrying.due, budget_s);
    }
    // A call without time of its own goes on with the frame before it.
    const bool begins_to_drop = seconds > 0 && !std::exchange(progress.dropping_time, drops) && drops;
    // Once for frames in a row, written into the stack: nothing is allocated here, and a slow game is not slowed down further.
    if (listeners_.hear_log() && begins_to_drop) {
        std::array<char, 192> sentence;
        std::snprintf(
            sentence.data(), sentence.size(),
            "simulated time is dropped: %.3g s were due and one call makes up for at most %.3g s (%u steps of %.3g ms)",
            total_s, max_catch_up_steps_ * dt_s, static_cast<unsigned>(max_catch_up_steps_), network().dt_ms());
        const SessionGate::Calling calling(gate_);
        listeners_.log(SNN_LOG_WARNING, sentence.data());
    }
    return static_cast<uint32_t>(done);
}

}  // namespace snn
