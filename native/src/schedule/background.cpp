#include "schedule/background.h"

#include <system_error>

#include "common/error.h"
#include "common/float_mode.h"
#include "common/thread_pool.h"

namespace snn {

Background::Background(std::function<void()> work) : work_(std::move(work)) {
    try {
        thread_ = std::thread([this] { serve(); });
    } catch (const std::system_error& error) {
        throw Error(SNN_ERROR_OUT_OF_MEMORY, "the thread for steps in the background could not be started: ", error.what());
    }
}

Background::~Background() {
    state_.store(stopping);
    wake_all(state_);
    thread_.join();
}

void Background::start() {
    state_.store(working);
    wake_all(state_);
}

void Background::wait() {
    while (running()) sleep_while(state_, working);
}

void Background::serve() {
    const FloatModeScope standard;
    for (;;) {
        const uint32_t state = state_.load();
        if (state == stopping) return;
        if (state == idle) {
            sleep_while(state_, idle);
            continue;
        }
        try {
            work_();
        } catch (...) {
            failure_ = std::current_exception();
        }
        uint32_t expected = working;
        state_.compare_exchange_strong(expected, idle);  // or it is to stop
        wake_all(state_);
    }
}

}  // namespace snn
