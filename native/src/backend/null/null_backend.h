// Computes nothing: every variable reads as zero. For measuring what lies above the backends, and for trying callers.
#pragma once

#include "backend/backend.h"

namespace snn {

extern const Backend null_backend;

}  // namespace snn
