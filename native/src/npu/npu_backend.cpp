#include "npu/npu_backend.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "common/error.h"
#include "common/machine.h"
#include "npu/executor.h"

namespace snn {

namespace {

// OpenVINO, or null if it is not installed. A machine without it has no such devices.
const npu::Library* installed() {
    try {
        return &npu::library();
    } catch (const Error&) {
        return nullptr;
    }
}

bool is_npu(const std::string& device) { return device.starts_with("NPU"); }

std::vector<std::string> found_devices(bool npus) {
    std::vector<std::string> found;
    if (const npu::Library* const library = installed())
        std::copy_if(library->devices.begin(), library->devices.end(), std::back_inserter(found),
                     [&](const std::string& device) { return is_npu(device) == npus; });
    return found;
}

uint32_t npu_count() { return found_devices(true).empty() ? 0 : 1; }
uint32_t openvino_count() { return static_cast<uint32_t>(found_devices(false).size()); }

void describe_device(const std::string& device, SNNDeviceInfo& out_info) {
    const npu::Library& library = npu::library();
    std::string full_name = library.property(device, "FULL_DEVICE_NAME");
    full_name.resize(std::min(full_name.size(), full_name.find_last_not_of(' ') + 1));
    std::snprintf(out_info.description, sizeof out_info.description, "%.96s (OpenVINO %.24s: %.56s)", full_name.c_str(),
                  library.version.c_str(), library.property(device, "OPTIMIZATION_CAPABILITIES").c_str());
    out_info.core_count = 1;
    if (device == "CPU") {
        out_info.memory_bytes = total_memory_bytes();
    } else {
        const char* const property = is_npu(device) ? "NPU_DEVICE_TOTAL_MEM_SIZE" : "GPU_DEVICE_TOTAL_MEM_SIZE";
        out_info.memory_bytes = std::strtoull(library.property(device, property).c_str(), nullptr, 10);  // 0: unknown
    }
    out_info.can_train = 0;
}

void describe_npu(uint32_t, SNNDeviceInfo& out_info) {
    std::snprintf(out_info.name, sizeof out_info.name, "npu");
    describe_device(found_devices(true)[0], out_info);
}

void describe_openvino(uint32_t device, SNNDeviceInfo& out_info) {
    const std::string name = found_devices(false)[device];
    std::snprintf(out_info.name, sizeof out_info.name, "openvino:%.32s", name.c_str());
    describe_device(name, out_info);
}

std::string driver(uint32_t) { return "OpenVINO " + npu::library().version; }

std::unique_ptr<Executor> open(std::shared_ptr<const Plan> plan, const ExecutorOptions& options, npu::Target target) {
    if (options.flags & (SNN_FLAG_FLOAT64 | SNN_FLAG_SMOOTH_SPIKES))
        throw Error(SNN_ERROR_UNSUPPORTED, "device '", target.name,
                    "' computes in float32 or float16; SNN_FLAG_FLOAT64 and SNN_FLAG_SMOOTH_SPIKES need 'reference'");
    if (options.instruction_set != SNN_ISA_BEST)
        throw Error(SNN_ERROR_UNSUPPORTED, "device '", target.name,
                    "' has no instruction sets to choose from; leave it at SNN_ISA_BEST");
    check_shared_weights(options, target.name);
    return std::make_unique<npu::OpenVinoExecutor>(std::move(plan), options, std::move(target));
}

void check_is_there(const std::string& device, std::string_view name) {
    const std::vector<std::string>& devices = npu::library().devices;
    if (std::find(devices.begin(), devices.end(), device) != devices.end()) return;
    std::string known;
    for (const std::string& other : devices) add_item(known, other);
    throw Error(SNN_ERROR_NOT_FOUND, "device '", name, "': OpenVINO ", npu::library().version, " sees no ", device,
                " on this machine; it sees: ", known.empty() ? "nothing" : known);
}

void tell_absence_of_npu() { check_is_there("NPU", "npu"); }
void tell_absence_of_openvino() { npu::library(); }

constexpr std::pair<std::string_view, npu::WeightFormat> formats[] = {
    {"f32", npu::WeightFormat::float32}, {"f16", npu::WeightFormat::float16}, {"i8", npu::WeightFormat::int8}};

npu::WeightFormat weight_format(std::string_view precision, std::string_view name) {
    for (const auto& [word, format] : formats)
        if (word == precision) return format;
    throw Error(SNN_ERROR_NOT_FOUND, "device '", name, "': precision '", precision, "' is not known; there are: f32, f16, i8");
}

// Device names: "npu", "npu:i8".
std::unique_ptr<Executor> open_npu(std::shared_ptr<const Plan> plan, const ExecutorOptions& options) {
    const std::string name = options.device.empty() ? "npu" : "npu:" + options.device;
    const npu::WeightFormat weights = weight_format(options.device.empty() ? "f16" : options.device, name);
    check_is_there("NPU", name);
    return open(std::move(plan), options, {name, "NPU", weights});
}

// Device names after "openvino:": "CPU", "GPU.1", "CPU:f16".
std::unique_ptr<Executor> open_openvino(std::shared_ptr<const Plan> plan, const ExecutorOptions& options) {
    const std::string name = options.device.empty() ? "openvino" : "openvino:" + options.device;
    const size_t colon = options.device.find(':');
    const std::string device = options.device.empty() ? "CPU" : options.device.substr(0, colon);
    const std::string precision =
        colon == std::string::npos ? (is_npu(device) ? "f16" : "f32") : options.device.substr(colon + 1);
    const npu::WeightFormat weights = weight_format(precision, name);
    check_is_there(device, name);
    return open(std::move(plan), options, {name, device, weights});
}

// The memory of the executor. OpenVINO also takes memory for the compiled graph, about as much as the weights.
ExecutorMemory memory(const Plan& plan, const ExecutorOptions& options) {
    const Network& network = *plan.network;
    ExecutorMemory need;
    for (const Projection& projection : network.projections()) {
        uint64_t count = projection.weight_count();
        if (projection.synapses)
            count = uint64_t{network.population(projection.source).size} * network.population(projection.target).size;
        need.projection_bytes.push_back(2 * count * sizeof(float));
        need.needs_arrays.push_back(projection.synapses != nullptr);
    }
    for (size_t p = 0; p < network.populations().size(); ++p) {
        const Population& population = network.populations()[p];
        const uint64_t states = population.model ? population.model->states.size() : 0;
        need.state_bytes +=
            (plan.populations[p].history_depth + 2 + 2 * states) * population.size * options.batch_size * sizeof(float);
    }
    return need;
}

}  // namespace

const Backend npu_backend{.name = "npu",
                          .describe = describe_npu,
                          .open = open_npu,
                          .memory = memory,
                          .device_count = npu_count,
                          .tell_absence = tell_absence_of_npu,
                          .driver = driver,
                          .cannot_run = npu::cannot_lower,
                          .saves_power = true};
const Backend openvino_backend{.name = "openvino",
                               .describe = describe_openvino,
                               .open = open_openvino,
                               .memory = memory,
                               .device_count = openvino_count,
                               .tell_absence = tell_absence_of_openvino,
                               .driver = driver,
                               .cannot_run = npu::cannot_lower};

}  // namespace snn
