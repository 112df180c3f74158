// How much memory a session of the CPU backend takes, computed by the rules that lay out its data.
#pragma once

#include "backend/backend.h"

namespace snn::cpu {

ExecutorMemory memory_need(const Plan& plan, const ExecutorOptions& options);

}  // namespace snn::cpu
