#include "common/thread_pool.h"

#include <algorithm>
#include <system_error>

#include "common/compiler.h"
#include "common/error.h"
#include "common/float_mode.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#if !defined(NOMINMAX)
#define NOMINMAX
#endif
#include <windows.h>
#endif

namespace snn {

namespace {

constexpr uint32_t spins_before_yield = 400;  // a few microseconds: the gap between two kernels of a step
constexpr uint32_t yields_before_sleep = 100;
constexpr uint32_t most_tasks = 0xffff;

uint32_t next_of(uint64_t ticket) { return static_cast<uint32_t>(ticket >> 16) & 0xffffu; }
uint32_t count_of(uint64_t ticket) { return static_cast<uint32_t>(ticket) & 0xffffu; }

}  // namespace

#if defined(_WIN32)
// Not std::atomic's own: without a futex, libstdc++ can miss a notification between its check of the number and its sleep, and
// then sleeps forever.
void sleep_while(std::atomic<uint32_t>& number, uint32_t value) { WaitOnAddress(&number, &value, sizeof value, INFINITE); }
void wake_all(std::atomic<uint32_t>& number) { WakeByAddressAll(&number); }
#else
void sleep_while(std::atomic<uint32_t>& number, uint32_t value) { number.wait(value); }
void wake_all(std::atomic<uint32_t>& number) { number.notify_all(); }
#endif

ThreadPool::ThreadPool(uint32_t thread_count, const SNNJobSystem& job_system)
    : width_(std::clamp(thread_count, 1u, most_tasks)), job_system_(job_system) {
    if (job_system_.parallel_for) {
        width_ = std::clamp(job_system_.worker_count, 1u, most_tasks);
        return;
    }
    try {
        workers_.reserve(width_ - 1);
        for (uint32_t i = 1; i < width_; ++i) workers_.emplace_back([this] { work(); });
    } catch (const std::system_error& error) {
        stop();
        throw Error(SNN_ERROR_OUT_OF_MEMORY, "thread ", workers_.size() + 1, " of ", width_ - 1,
                    " could not be started: ", error.what());
    } catch (...) {  // out of memory: running threads must not be destroyed
        stop();
        throw;
    }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
    stopping_.store(true);
    round_.fetch_add(1);
    wake_all(round_);
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
}

bool ThreadPool::take_task() {
    uint64_t ticket = ticket_.load(std::memory_order_acquire);
    while (next_of(ticket) < count_of(ticket)) {
        if (!ticket_.compare_exchange_weak(ticket, ticket + 0x10000u, std::memory_order_acq_rel,
                                           std::memory_order_acquire))
            continue;
        job_.task(job_.context, next_of(ticket));
        unfinished_.fetch_sub(1, std::memory_order_acq_rel);
        return true;
    }
    return false;
}

void ThreadPool::work() {
    const FloatModeScope standard;
    uint32_t idle = 0;
    while (!stopping_.load(std::memory_order_relaxed)) {
        if (take_task()) {
            idle = 0;
        } else if (idle < spins_before_yield) {
            ++idle;
            SNN_PAUSE();
        } else if (idle < spins_before_yield + yields_before_sleep) {
            ++idle;
            std::this_thread::yield();
        } else {
            // The caller increments round_ after storing the ticket and then checks for sleepers. Here the order is reversed,
            // so one of the two sees the other (both sides are sequentially consistent).
            sleepers_.fetch_add(1);
            const uint32_t round = round_.load();
            const uint64_t ticket = ticket_.load();
            if (next_of(ticket) >= count_of(ticket) && !stopping_.load()) sleep_while(round_, round);
            sleepers_.fetch_sub(1);
            idle = 0;
        }
    }
}

void Waiting::pause() {
    if (++waited_ < spins_before_yield) SNN_PAUSE();
    else std::this_thread::yield();
}

void Barrier::wait() {
    const uint32_t round = round_.load(std::memory_order_relaxed);
    if (missing_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        missing_.store(count_, std::memory_order_relaxed);
        round_.store(round + 1, std::memory_order_release);
        return;
    }
    Waiting waiting;
    while (round_.load(std::memory_order_acquire) == round) waiting.pause();
}

void ThreadPool::run(uint32_t count, Task task, void* context) {
    if (count == 0) return;
    if (count == 1) {
        task(context, 0);
        return;
    }
    if (job_system_.parallel_for) {
        Job job{task, context};
        job_system_.parallel_for(
            job_system_.user, count,
            [](void* of_job, uint32_t index) {
                const FloatModeScope standard;
                const Job& given = *static_cast<const Job*>(of_job);
                given.task(given.context, index);
            },
            &job);
        return;
    }
    if (width_ == 1 || count > most_tasks) {
        for (uint32_t i = 0; i < count; ++i) task(context, i);
        return;
    }
    job_ = {task, context};
    unfinished_.store(count, std::memory_order_relaxed);
    const uint64_t round = (ticket_.load(std::memory_order_relaxed) >> 32) + 1;
    ticket_.store(round << 32 | count);
    round_.fetch_add(1);
    if (sleepers_.load() > 0) wake_all(round_);

    while (take_task()) {
    }
    Waiting waiting;
    while (unfinished_.load(std::memory_order_acquire) > 0) waiting.pause();
}

}  // namespace snn
