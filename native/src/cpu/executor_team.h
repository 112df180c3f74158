// A team of threads that go through steps together.
#pragma once

#include <atomic>
#include <chrono>
#include <cmath>

#include "common/thread_pool.h"
#include "cpu/executor.h"

namespace snn::cpu {

using Clock = std::chrono::steady_clock;

inline double nanoseconds_since(Clock::time_point begin) {
    return std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
}

struct CpuExecutor::Team {
    Team(uint32_t width, StepRange steps, double limit)
        : barrier(width), end(steps.end), limit_ns(limit), begin(Clock::now()) {}
    bool may_be_late() const { return limit_ns < HUGE_VAL; }
    bool is_late() const { return nanoseconds_since(begin) > limit_ns; }

    Barrier barrier;
    std::atomic<uint32_t> end;  // the step after the last one
    double limit_ns;
    Clock::time_point begin;
};

}  // namespace snn::cpu
