// Steps in the background: what is given to a session meanwhile is kept for the steps that begin next, what its steps have to
// tell is told when the caller asks whether they are done.
#include <algorithm>
#include <cmath>
#include <utility>

#include "common/error.h"
#include "schedule/session.h"

namespace snn {

bool Session::begin(double seconds, double budget_s) {
    check_frame(seconds, budget_s);
    if (gate_.under_way()) {
        owed_s_ += seconds;
        return false;
    }
    if (open_.is_on_host_device())
        throw Error(SNN_ERROR_UNSUPPORTED,
                    "this session runs on a Vulkan device of the program: record or submit its steps, which does "
                    "not wait either");
    if (open_.has_host_jobs())
        throw Error(SNN_ERROR_UNSUPPORTED,
                    "this session has a job system of the program, which is called by the thread that steps: run "
                    "its steps in a job");
    if (!background_) background_ = std::make_unique<Background>([this] { advance(begun_s_, begun_budget_s_); });
    inputs_.hold();
    begun_s_ = seconds;
    begun_budget_s_ = budget_s;
    gate_.set_under_way(true);
    background_->start();
    return true;
}

bool Session::poll() {
    if (!gate_.under_way()) return true;
    if (background_->running()) return false;
    gate_.set_under_way(false);
    state_.progress().remainder_s += std::exchange(owed_s_, 0.0);
    inputs_.take_held();
    const std::exception_ptr failure = background_->take_failure();
    listeners_.tell_kept();
    if (failure) std::rethrow_exception(failure);
    return true;
}

void Session::wait() {
    if (gate_.under_way()) background_->wait();
    poll();
}

}  // namespace snn
