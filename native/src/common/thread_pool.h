// The threads of one session. run() hands out tasks 0..count-1 and takes part itself. Workers wait by spinning for a few
// microseconds (the next step of a network comes soon), then by yielding, then by sleeping, so that an idle session costs
// a game nothing.
//
// With a job system of the host, the pool has no threads of its own, and tasks go to the job system.
//
// Thread-safety: run() by one thread at a time. It takes no lock and allocates nothing; it wakes sleeping workers.
#pragma once

#include <snn/snn.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <type_traits>
#include <vector>

namespace snn {

// Sleeps while `number` is `value`; may return early. wake_all() wakes all sleeping threads.
void sleep_while(std::atomic<uint32_t>& number, uint32_t value);
void wake_all(std::atomic<uint32_t>& number);

class ThreadPool {
public:
    using Task = void (*)(void* context, uint32_t index);

    // `thread_count` counts the caller. Threads start here, not in run().
    ThreadPool(uint32_t thread_count, const SNNJobSystem& job_system);
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    // Whether width() tasks given to run() may wait for each other, because each gets a thread. A host's job system promises
    // no such thing.
    bool runs_together() const { return job_system_.parallel_for == nullptr; }

    // How many tasks can run at once: the useful upper bound of `count`.
    uint32_t width() const { return width_; }

    // Calls task(context, i) once for every i < count and returns when all are done. Tasks must not throw.
    void run(uint32_t count, Task task, void* context);

    template <class Function>
    void run(uint32_t count, Function&& function) {
        run(count, [](void* context, uint32_t index) { (*static_cast<std::remove_reference_t<Function>*>(context))(index); },
            static_cast<void*>(&function));
    }

    // Calls function(i, worker) once for every i < count. Workers take the next i as they become free.
    template <class Function>
    void deal(uint32_t count, Function&& function) {
        std::atomic<uint32_t> next{0};
        run(width_ < count ? width_ : count, [&](uint32_t worker) {
            for (uint32_t i = next.fetch_add(1, std::memory_order_relaxed); i < count;
                 i = next.fetch_add(1, std::memory_order_relaxed))
                function(i, worker);
        });
    }

private:
    struct Job {
        Task task = nullptr;
        void* context = nullptr;
    };

    void work();
    bool take_task();
    void stop();

    uint32_t width_;
    SNNJobSystem job_system_;
    Job job_;
    // The present work: round << 32 | next task << 16 | task count. A worker claims a task by incrementing `next`, and only
    // then reads job_, which does not change until that task is done. Late workers of an older round claim nothing.
    alignas(64) std::atomic<uint64_t> ticket_{0};
    alignas(64) std::atomic<uint32_t> unfinished_{0};
    alignas(64) std::atomic<uint32_t> round_{0};  // incremented with each ticket; sleeping workers wait for it
    std::atomic<uint32_t> sleepers_{0};
    std::atomic<bool> stopping_{false};
    std::vector<std::thread> workers_;
};

// Waits for another thread that is expected soon: it spins for a few microseconds, then yields the core to other threads.
class Waiting {
public:
    void pause();

private:
    uint32_t waited_ = 0;
};

// A barrier between the tasks of one ThreadPool::run(). It spins for a few microseconds, then yields the core to other threads:
// with fewer free cores than threads, spinning would hold up the very thread that the others wait for.
class Barrier {
public:
    explicit Barrier(uint32_t count) : count_(count), missing_(count) {}
    void wait();

private:
    uint32_t count_;
    alignas(64) std::atomic<uint32_t> missing_;
    alignas(64) std::atomic<uint32_t> round_{0};
};

}  // namespace snn
