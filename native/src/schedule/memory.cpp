#include "schedule/memory.h"

#include <cstdio>

#include "common/error.h"
#include "common/machine.h"

namespace snn {

namespace {

constexpr uint64_t small = uint64_t{64} << 20;  // sessions below are opened without asking the system

std::string gibibytes(uint64_t bytes) {
    char words[32];
    std::snprintf(words, sizeof words, "%.3g GiB", static_cast<double>(bytes) * 0x1p-30);
    return words;
}

uint64_t array_bytes(const Network& network, const Projection& projection) {
    const uint64_t rows = uint64_t{network.population(projection.source).size} + 1;
    const uint64_t synapses = projection.synapses->count();
    return rows * sizeof(uint64_t) + synapses * (sizeof(uint32_t) + sizeof(float)) +
           (projection.synapses->max_delay() > 0 ? synapses * sizeof(uint16_t) : 0);
}

}  // namespace

MemoryEstimate estimate_memory(const Plan& plan, std::string_view device, const ExecutorOptions& options) {
    const Network& network = *plan.network;
    const Backend& backend = find_backend(device);
    const ExecutorMemory need = backend.memory ? backend.memory(plan, options) : ExecutorMemory{};
    MemoryEstimate estimate;
    estimate.state_bytes = estimate.new_bytes = need.state_bytes;
    for (const Population& population : network.populations())
        for (const auto* lists : {&population.parameters, &population.initial_states})
            for (const std::vector<double>& values : *lists) estimate.network_bytes += values.size() * sizeof(double);
    for (size_t q = 0; q < network.projections().size(); ++q) {
        const Projection& projection = network.projections()[q];
        const SynapseRule* const rule = projection.synapses ? projection.synapses->rule() : nullptr;
        const bool needs_arrays = need.needs_arrays.empty() ? false : need.needs_arrays[q] != 0;
        uint64_t held = projection.bias ? projection.bias->size() * sizeof(float) : 0;
        if (rule) held += rule->memory_bytes() + (needs_arrays ? array_bytes(network, projection) : 0);
        else if (projection.synapses) held += array_bytes(network, projection);
        else held += projection.weight_count() * sizeof(float);
        const uint64_t own = need.projection_bytes.empty() ? 0 : need.projection_bytes[q];
        estimate.network_bytes += held;
        estimate.weight_bytes += own;
        estimate.new_bytes += own + (rule ? held : 0);
        estimate.projection_bytes.push_back(held + own);
    }
    return estimate;
}

void check_memory(const MemoryEstimate& estimate) {
    if (estimate.new_bytes < small) return;
    const uint64_t available = available_memory_bytes();
    if (available == 0 || estimate.new_bytes <= available) return;
    throw Error(SNN_ERROR_OUT_OF_MEMORY, "the session would need about ", gibibytes(estimate.new_bytes),
                " of memory and ", gibibytes(available),
                " are free; the flag SNN_FLAG_ANY_SIZE opens it all the same");
}

}  // namespace snn
