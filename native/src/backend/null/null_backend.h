// Computes nothing: every variable reads as zero. It serves to measure what lies above the backends, and to test which calls
// reach a backend, because it counts them.
#pragma once

#include <cstdint>

#include "backend/backend.h"

namespace snn {

extern const Backend null_backend;

struct NullCalls {
    uint64_t resets = 0, runs = 0, steps = 0, reads = 0, writes = 0;
};

// The number of calls that an executor of this backend has received; null for an executor of another backend.
const NullCalls* null_calls(const Executor& executor);

}  // namespace snn
