#include "cpu/cpu_backend.h"

#include <cstdio>

#include "common/error.h"
#include "common/machine.h"
#include "cpu/executor.h"
#include "cpu/instruction_set.h"
#include "cpu/memory_need.h"

namespace snn {

namespace {

void describe_cpu(uint32_t, SNNDeviceInfo& out_info) {
    const std::string sets = cpu::supported_instruction_sets();
    std::snprintf(out_info.name, sizeof out_info.name, "cpu");
    std::snprintf(out_info.description, sizeof out_info.description, "%s (%s)", processor_name().c_str(), sets.c_str());
    std::snprintf(out_info.instruction_sets, sizeof out_info.instruction_sets, "%s", sets.c_str());
    out_info.core_count = logical_processors();
    out_info.memory_bytes = total_memory_bytes();
    out_info.can_train = 1;
}

std::unique_ptr<Executor> open_cpu(std::shared_ptr<const Plan> plan, const ExecutorOptions& options) {
    if (options.flags & (SNN_FLAG_FLOAT64 | SNN_FLAG_SMOOTH_SPIKES))
        throw Error(SNN_ERROR_UNSUPPORTED,
                    "device 'cpu' computes in float32 only; SNN_FLAG_FLOAT64 and SNN_FLAG_SMOOTH_SPIKES need 'reference'");
    return std::make_unique<cpu::CpuExecutor>(std::move(plan), options);
}

}  // namespace

const Backend cpu_backend{.name = "cpu",
                          .describe = describe_cpu,
                          .open = open_cpu,
                          .memory = cpu::memory_need,
                          .gives_same_bits = true,
                          .is_automatic = true};

}  // namespace snn
