// How much memory a session of the CPU backend takes, from the same rules by which it lays its data out.
#pragma once

#include "backend/backend.h"

namespace snn::cpu {

ExecutorMemory memory_need(const Plan& plan, const ExecutorOptions& options);

}  // namespace snn::cpu
