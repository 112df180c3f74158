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
    if (runs_on_host_device_)
        throw Error(SNN_ERROR_UNSUPPORTED,
                    "this session runs on a Vulkan device of the program: record or submit its steps, which does "
                    "not wait either");
    if (executor_options_.job_system.parallel_for)
        throw Error(SNN_ERROR_UNSUPPORTED,
                    "this session has a job system of the program, which is called by the thread that steps: run "
                    "its steps in a job");
    if (!background_) {
        for (Input& input : inputs_) {
            input.coming.resize(input.values.size());
            input.is_coming.resize(batch_size_);
        }
        background_ = std::make_unique<Background>([this] { advance(begun_s_, begun_budget_s_); });
    }
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
    remainder_s_ += std::exchange(owed_s_, 0.0);
    for (Input& input : inputs_) take_coming(input);
    const std::exception_ptr failure = background_->take_failure();
    listeners_.tell_kept();
    if (failure) std::rethrow_exception(failure);
    return true;
}

void Session::wait() {
    if (gate_.under_way()) background_->wait();
    poll();
}

void Session::take_coming(Input& input) {
    if (!std::exchange(input.any_coming, false)) return;
    for (uint32_t sample = 0; sample < batch_size_; ++sample) {
        const float* const coming = input.coming.data() + size_t{sample} * input.size;
        switch (std::exchange(input.is_coming[sample], Input::nothing)) {
            case Input::nothing: break;
            case Input::set: take_samples(input, sample, 1, coming); break;
            case Input::added:
                for (uint32_t neuron = 0; neuron < input.size; ++neuron)
                    if (coming[neuron] != 0.0f) add_spikes(input, sample, {&neuron, 1});
                break;
        }
    }
}

void Session::add_coming(Input& input, uint32_t sample, std::span<const uint32_t> neurons) const {
    float* const coming = input.coming.data() + size_t{sample} * input.size;
    if (input.is_coming[sample] == Input::nothing) {
        std::fill_n(coming, input.size, 0.0f);
        input.is_coming[sample] = Input::added;
        input.any_coming = true;
    }
    for (const uint32_t neuron : neurons) coming[neuron] = 1.0f;
}

}  // namespace snn
