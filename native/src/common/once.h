// Makes something once, on first use, in whichever thread comes first.
//
// Not std::call_once: the C library runs its functions under its own unwinder. An exception that passes through would end the
// process if libsnn has been linked with its own copy of the unwinder.
#pragma once

#include <atomic>
#include <mutex>

namespace snn {

class Once {
public:
    // Calls make() unless an earlier call has completed. Other threads wait. If make() throws, the next call tries again.
    template <class Make>
    void call(Make&& make) {
        if (made_.load(std::memory_order_acquire)) return;
        const std::scoped_lock lock(mutex_);
        if (made_.load(std::memory_order_relaxed)) return;
        make();
        made_.store(true, std::memory_order_release);
    }
    bool is_made() const { return made_.load(std::memory_order_acquire); }

private:
    std::atomic<bool> made_{false};
    std::mutex mutex_;
};

}  // namespace snn
