#include "schedule/memory.h"

#include <cstdio>

#include "common/error.h"
#include "common/machine.h"

namespace snn {

namespace {

constexpr uint64_t small = uint64_t{64} << 20;  // sessions below are opened without asking the system

}  // namespace

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

uint64_t plan_bytes(const Plan& plan) {
    uint64_t bytes = 0;
    for (const PopulationPlan& population : plan.populations) {
        for (const Constant& constant : population.constants)
            bytes += constant.doubles.size() * (sizeof(double) + sizeof(float));  // the float is an int where it is one
        for (const PoissonLimits& table : population.poisson) bytes += table.limits.size() * sizeof(uint32_t);
        for (const std::vector<double>& values : population.initial_states) bytes += values.size() * sizeof(double);
    }
    for (const auto& table : plan.decay_tables) bytes += table->bytes();
    return bytes;
}

uint64_t own_memory_bytes(std::string_view device, const ExecutorOptions& options) {
    const Backend& backend = find_backend(device);
    if (!backend.own_memory_bytes || options.vulkan_host) return 0;
    return backend.own_memory_bytes(device_choice(device));
}

MemoryEstimate estimate_memory(const Plan& plan, std::string_view device, const ExecutorOptions& options) {
    const Network& network = *plan.network;
    const Backend& backend = find_backend(device);
    const ExecutorMemory need = backend.memory ? backend.memory(plan, options) : ExecutorMemory{};
    MemoryEstimate estimate;
    estimate.plan_bytes = plan_bytes(plan);
    estimate.state_bytes = estimate.new_bytes = need.state_bytes + estimate.plan_bytes;
    for (const Population& population : network.populations())
        for (const auto* lists : {&population.parameters, &population.initial_states})
            for (const std::vector<double>& values : *lists) estimate.network_bytes += values.size() * sizeof(double);
    for (size_t q = 0; q < network.projections().size(); ++q) {
        const Projection& projection = network.projections()[q];
        const Synapses* const synapses = projection.synapses.get();
        const SynapseRule* const rule = synapses ? synapses->rule() : nullptr;
        const bool needs_arrays = need.needs_arrays.empty() ? false : need.needs_arrays[q] != 0;
        const bool keeps_rows = need.keeps_rows.empty() ? false : need.keeps_rows[q] != 0;
        uint64_t held = projection.bias ? projection.bias->size() * sizeof(float) : 0;
        if (rule) held += rule->memory_bytes() + (needs_arrays ? array_bytes(network, projection) : 0);
        else if (synapses && needs_arrays) held += array_bytes(network, projection);
        else if (synapses) held += keeps_rows ? 0 : synapses->memory_bytes();
        else held += projection.weight_count() * sizeof(float);
        const uint64_t own = need.projection_bytes.empty() ? 0 : need.projection_bytes[q];
        estimate.network_bytes += held;
        estimate.weight_bytes += own;
        const bool makes_arrays = synapses && needs_arrays && !synapses->has_arrays();
        estimate.new_bytes += own + (rule ? held : makes_arrays ? array_bytes(network, projection) : 0);
        estimate.projection_bytes.push_back(held + own);
    }
    if (own_memory_bytes(device, options) > 0)
        estimate.device_bytes.emplace(std::string(device), need.state_bytes + estimate.weight_bytes);
    return estimate;
}

void check_memory(const MemoryEstimate& estimate) {
    uint64_t host_bytes = estimate.new_bytes - estimate.plan_bytes;
    for (const auto& [device, bytes] : estimate.device_bytes) {
        host_bytes -= bytes;
        const uint64_t own = own_memory_bytes(device, {});
        if (bytes > own)
            throw Error(SNN_ERROR_OUT_OF_MEMORY, "the session would need about ", gibibytes(bytes),
                        " of the memory of device '", device, "', which has ", gibibytes(own),
                        "; the flag SNN_FLAG_ANY_SIZE opens it all the same");
    }
    if (host_bytes < small) return;
    const uint64_t available = available_memory_bytes();
    if (available == 0 || host_bytes <= available) return;
    throw Error(SNN_ERROR_OUT_OF_MEMORY, "the session would need about ", gibibytes(host_bytes),
                " of memory and ", gibibytes(available),
                " are free; the flag SNN_FLAG_ANY_SIZE opens it all the same");
}

}  // namespace snn
