#include "backend/reference/reference_backend.h"

#include <cstdio>

#include "backend/reference/executor.h"
#include "common/error.h"

namespace snn {

namespace {

void describe(uint32_t, SNNDeviceInfo& out_info) {
    std::snprintf(out_info.name, sizeof out_info.name, "reference");
    std::snprintf(out_info.description, sizeof out_info.description,
                  "plain loops, one neuron at a time: the definition that other devices are compared with");
    std::snprintf(out_info.instruction_sets, sizeof out_info.instruction_sets, "scalar");
    out_info.core_count = 1;
    out_info.can_train = 1;
}

std::unique_ptr<Executor> open(std::shared_ptr<const Plan> plan, const ExecutorOptions& options) {
    const bool float64 = options.flags & SNN_FLAG_FLOAT64;
    if ((options.flags & SNN_FLAG_SMOOTH_SPIKES) && !float64)
        throw Error(SNN_ERROR_UNSUPPORTED, "SNN_FLAG_SMOOTH_SPIKES needs SNN_FLAG_FLOAT64");
    if (options.instruction_set > SNN_ISA_SCALAR)
        throw Error(SNN_ERROR_UNSUPPORTED, "the reference device has no instruction set but scalar");
    if (float64) return std::make_unique<reference::ReferenceExecutor<double>>(std::move(plan), options);
    return std::make_unique<reference::ReferenceExecutor<float>>(std::move(plan), options);
}

// Every value is stored as a Real, and every synapse is read from the network's arrays.
ExecutorMemory memory(const Plan& plan, const ExecutorOptions& options) {
    const Network& network = *plan.network;
    const uint64_t real = options.flags & SNN_FLAG_FLOAT64 ? sizeof(double) : sizeof(float);
    ExecutorMemory need;
    for (size_t p = 0; p < network.populations().size(); ++p) {
        const Population& population = network.populations()[p];
        uint64_t values = uint64_t{plan.populations[p].history_depth} + 1;
        if (population.model) values += population.model->states.size() + 2 * population.model->receptors.size();
        need.state_bytes += values * population.size * options.batch_size * real;
    }
    for (const Projection& projection : network.projections()) {
        const uint64_t copies = plan.sample_weights ? options.batch_size : 1;
        need.projection_bytes.push_back(copies * (projection.weight_count() + projection.bias_count()) * real);
        need.needs_arrays.push_back(1);
    }
    return need;
}

}  // namespace

extern const Backend reference_backend{
    .name = "reference", .describe = describe, .open = open, .memory = memory, .gives_same_bits = true, .has_float64 = true};

}  // namespace snn
