// Computes nothing: every variable reads as zero. For measuring what lies above the backends, and for tests of what
// calls reach a backend: it counts them.
#pragma once

#include <cstdint>

#include "backend/backend.h"

namespace snn {

extern const Backend null_backend;

struct NullCalls {
    uint64_t resets = 0, runs = 0, steps = 0, reads = 0, writes = 0;
};

// The calls that an executor of this backend has had; null for another backend's.
const NullCalls* null_calls(const Executor& executor);

}  // namespace snn
