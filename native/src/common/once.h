// Something that is made when it is first asked for, by whichever thread comes first.
//
// Not std::call_once: the C library runs its functions under an unwinder of its own, and an exception that passes through ends
// the process where libsnn brings its unwinder along.
#pragma once

#include <atomic>
#include <mutex>

namespace snn {

class Once {
public:
    // Calls make() unless a call has returned before; others wait for it. When it throws, the next one tries again.
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
