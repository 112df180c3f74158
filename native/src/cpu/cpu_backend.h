// The CPU backend: vector kernels chosen at run time, threads, interpreted models for users' definitions.
#pragma once

#include "backend/backend.h"

namespace snn {

extern const Backend cpu_backend;

}  // namespace snn
