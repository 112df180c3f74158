#include "schedule/device_figures.h"

#include <algorithm>

#include "common/machine.h"
#include "schedule/memory.h"
#include "schedule/together.h"

namespace snn {

namespace {

constexpr double share_of_memory = 0.9;  // the estimates are rough, and other programs have some of a GPU

uint64_t most_of(uint64_t bytes) { return static_cast<uint64_t>(share_of_memory * static_cast<double>(bytes)); }

std::vector<uint64_t> bytes_by_population(const Plan& plan, std::string_view device, const ExecutorOptions& options) {
    const Network& network = *plan.network;
    const Backend& backend = find_backend(device);
    std::vector<uint64_t> bytes(network.populations().size(), 0);
    if (!backend.memory) return bytes;
    const ExecutorMemory need = backend.memory(plan, options);
    const bool is_host = own_memory_bytes(device, options) == 0;
    uint64_t neurons = 0;
    for (const Population& population : network.populations()) neurons += population.size;
    for (size_t p = 0; p < bytes.size(); ++p)
        bytes[p] = static_cast<uint64_t>(static_cast<double>(need.state_bytes) * network.populations()[p].size /
                                         static_cast<double>(neurons));
    for (size_t q = 0; q < network.projections().size(); ++q) {
        const Projection& projection = network.projections()[q];
        if (!need.projection_bytes.empty()) bytes[projection.target] += need.projection_bytes[q];
        const bool makes_arrays = projection.synapses &&
                                  (projection.synapses->is_rule() || !projection.synapses->has_arrays()) &&
                                  !need.needs_arrays.empty() && need.needs_arrays[q];
        if (is_host && makes_arrays) bytes[projection.target] += array_bytes(network, projection);
    }
    return bytes;
}

}  // namespace

uint64_t DeviceFigures::bytes_of(uint32_t device, uint32_t population, uint32_t count, uint32_t size) const {
    if (bytes.empty()) return 0;
    return static_cast<uint64_t>(static_cast<double>(bytes[device][population]) * count / size);
}

DeviceFigures DeviceFigures::slower(const std::vector<double>& slowness) const {
    DeviceFigures result = *this;
    for (size_t d = 0; d < slowness.size(); ++d) result.speeds[d] = snn::slower(speeds[d], slowness[d]);
    return result;
}

DeviceFigures figures_of(const Plan& plan, const std::vector<std::string>& devices, const ExecutorOptions& options) {
    DeviceFigures figures;
    figures.speeds = measured_speeds(devices, options);
    const uint64_t of_host = available_memory_bytes();
    figures.memory_bytes = {of_host == 0 ? UINT64_MAX : most_of(of_host)};
    std::vector<std::string> with_own;  // whose memory is the first after the host's, the second ...
    for (uint32_t d = 0; d < devices.size(); ++d) {
        const std::string& name = devices[d];
        const ExecutorOptions own_options = options_of_part(options, name, threads_of_part(devices, d, options.thread_count));
        const Backend& backend = find_backend(name);
        figures.cannot_run.push_back(backend.cannot_run ? backend.cannot_run(*plan.network)
                                                        : std::vector<std::string>(plan.network->populations().size()));
        figures.bytes.push_back(bytes_by_population(plan, name, own_options));
        const uint64_t own = own_memory_bytes(name, own_options);
        figures.memory_of.push_back(0);
        if (own == 0) continue;
        const std::string full = name == backend.name ? text(name, ":0") : name;
        const auto known = std::find(with_own.begin(), with_own.end(), full);
        figures.memory_of.back() = static_cast<uint32_t>(known - with_own.begin()) + 1;
        if (known != with_own.end()) continue;
        with_own.push_back(full);
        figures.memory_bytes.push_back(most_of(own));
    }
    return figures;
}

}  // namespace snn
