// A thread that does a session's steps while its caller goes on. It sleeps between them, so that it costs nothing then.
//
// Thread-safety: one thread at a time, the session's caller. What the work touches belongs to it from start() until running()
// is false. Neither takes a lock or waits.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <thread>
#include <utility>

namespace snn {

class Background {
public:
    // `work` is done once for each start(); what it throws is kept.
    explicit Background(std::function<void()> work);
    ~Background();  // waits for what is being done
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;

    void start();  // when nothing is running
    bool running() const { return state_.load(std::memory_order_acquire) == working; }
    void wait();
    // Of the last work, null when it ended well; not while it is running.
    std::exception_ptr take_failure() { return std::exchange(failure_, nullptr); }

private:
    enum : uint32_t { idle, working, stopping };

    void serve();

    std::function<void()> work_;
    std::exception_ptr failure_;
    std::atomic<uint32_t> state_{idle};  // what both sides sleep on
    std::thread thread_;
};

}  // namespace snn
