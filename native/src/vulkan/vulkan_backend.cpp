#include "vulkan/vulkan_backend.h"

#include <bit>
#include <cstdio>

#include "common/error.h"
#include "vulkan/executor.h"
#include "vulkan/probe.h"

namespace snn {

namespace {

const char* name_of(VkPhysicalDeviceType type) {
    switch (type) {
        case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU: return "discrete GPU";
        case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU: return "integrated GPU";
        case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU: return "virtual GPU";
        case VK_PHYSICAL_DEVICE_TYPE_CPU: return "on the CPU";
        default: return "other";
    }
}

// Each vendor packs its driver version differently; the plain number is enough to tell versions apart.
std::string driver(uint32_t device) { return text("driver ", vulkan::devices()[device].driver_version); }

void tell_absence() {
    if (vulkan::devices().empty()) vulkan::refuse_without_device();
}

uint32_t device_count() { return static_cast<uint32_t>(vulkan::devices().size()); }

bool is_integrated(uint32_t device) { return vulkan::devices()[device].type == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU; }

void describe(const vulkan::DeviceDescription& found, const std::string& more, SNNDeviceInfo& out_info) {
    std::snprintf(out_info.description, sizeof out_info.description, "%.96s (%s, Vulkan %u.%u%s%s)", found.name.c_str(),
                  name_of(found.type), VK_API_VERSION_MAJOR(found.api_version), VK_API_VERSION_MINOR(found.api_version),
                  more.empty() ? "" : ", ", more.c_str());
    out_info.core_count = 1;
    out_info.memory_bytes = found.memory_bytes;
    out_info.can_train = 1;
}

void describe_own(uint32_t device, SNNDeviceInfo& out_info) {
    const vulkan::DeviceDescription& found = vulkan::devices()[device];
    std::snprintf(out_info.name, sizeof out_info.name, "vulkan:%u", device);
    describe(found, found.uuid, out_info);
}

void describe_host(const SNNVulkanHost& host, SNNDeviceInfo& out_info) {
    const vulkan::DeviceDescription found = vulkan::description_of(host);
    std::snprintf(out_info.name, sizeof out_info.name, "vulkan of a host");
    describe(found, text("driver ", found.driver_version), out_info);
}

uint64_t own_memory_bytes(std::string_view choice) {
    const vulkan::DeviceDescription* const found = vulkan::find_device(choice);
    const bool is_apart = found && found->type == VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU;
    return is_apart ? found->memory_bytes : 0;
}

std::string other_bits(std::string_view choice) {
    return vulkan::flushes_denormals(choice) ? vulkan::bits_without_denormals : std::string();
}

std::unique_ptr<Executor> open(std::shared_ptr<const Plan> plan, const ExecutorOptions& options) {
    if (options.flags & (SNN_FLAG_FLOAT64 | SNN_FLAG_SMOOTH_SPIKES))
        throw Error(SNN_ERROR_UNSUPPORTED,
                    "device 'vulkan' computes in float32 only; SNN_FLAG_FLOAT64 and SNN_FLAG_SMOOTH_SPIKES need 'reference'");
    if (options.instruction_set != SNN_ISA_BEST)
        throw Error(SNN_ERROR_UNSUPPORTED, "device 'vulkan' has no instruction sets to choose from; leave it at SNN_ISA_BEST");
    return std::make_unique<vulkan::VulkanExecutor>(std::move(plan), options);
}

// By population: the words of the table that finds its static synapses, if one bundle holds them all.
std::vector<uint64_t> words_of_tables(const Network& network) {
    struct Bundle {
        uint64_t synapses = 0, targets = 0;
        uint32_t least_delay = UINT32_MAX, most_delay = 0;
        bool compact = true;
    };
    std::vector<Bundle> bundles(network.populations().size());
    for (const Projection& projection : network.projections()) {
        if (vulkan::delivery_of(projection) != vulkan::Delivery::spikes) continue;
        Bundle& bundle = bundles[projection.source];
        bundle.synapses += projection.weight_count();
        bundle.targets += network.population(projection.target).size;
        bundle.least_delay = std::min<uint32_t>(bundle.least_delay, projection.min_delay());
        bundle.most_delay = std::max<uint32_t>(bundle.most_delay, projection.max_delay());
        bundle.compact &= projection.arithmetic == SNN_ARITHMETIC_COMPACT;
    }
    std::vector<uint64_t> words;
    for (size_t p = 0; p < bundles.size(); ++p) {
        const Bundle& bundle = bundles[p];
        if (bundle.synapses == 0) {
            words.push_back(0);
            continue;
        }
        const uint64_t sources = network.populations()[p].size, delays = bundle.most_delay - bundle.least_delay + 1;
        const uint64_t parts = bundle.compact ? 1 + bundle.targets / vulkan::compact_sums : 1;
        vulkan::RowTable table = vulkan::RowTable::chosen(bundle.synapses, sources, delays, parts);
        const uint64_t lists = table.has_part_bytes ? delays : delays * parts;
        table.choose_entries(bundle.synapses, sources, lists, 2 * bundle.synapses / sources);  // a long row has twice the mean
        words.push_back(table.words(sources, lists) + (table.has_part_bytes ? bundle.synapses / 4 : 0));
    }
    return words;
}

// The memory that population.cpp, projection.cpp, plastic.cpp and spike_bundle.cpp allocate, without alignment.
ExecutorMemory memory(const Plan& plan, const ExecutorOptions& options) {
    const Network& network = *plan.network;
    ExecutorMemory need;
    std::vector<uint8_t> keeps_list(network.populations().size(), 0);
    const std::vector<uint64_t> table_words = words_of_tables(network);
    for (const Projection& projection : network.projections()) {
        const uint64_t sources = network.population(projection.source).size,
                       targets = network.population(projection.target).size;
        const uint64_t count = projection.weight_count();
        const uint64_t delays = projection.max_delay() - projection.min_delay() + 1;  // upper bound
        uint64_t words = count;
        switch (vulkan::delivery_of(projection)) {
            case vulkan::Delivery::dense:
            case vulkan::Delivery::one_to_one:
            case vulkan::Delivery::window: break;
            case vulkan::Delivery::sparse: words = 3 * count + targets; break;
            case vulkan::Delivery::spikes:
                words = (projection.arithmetic == SNN_ARITHMETIC_COMPACT ? 1 : 2) * count;
                // The projections of a source share a table.
                if (keeps_list[projection.source] == 0) words += table_words[projection.source];
                keeps_list[projection.source] = 1;
                break;
            case vulkan::Delivery::plastic: {
                const PlasticityRule& rule = *projection.plasticity->rule;
                keeps_list[projection.source] = keeps_list[projection.target] = 1;
                words = 2 * count + sources * delays * (2 + rule.pre_traces.size()) +
                        targets * (2 + rule.post_traces.size() + rule.target_states.size());
                if (rule.learns_from_targets()) words += 2 * count;
                words += vulkan::own_trace_words(projection) * count;
                const PlasticityPlan& traces = *plan.plasticity[need.projection_bytes.size()];
                for (const auto* const side : {&traces.pre_traces, &traces.post_traces, &traces.synapse_traces})
                    for (const TracePlan& trace : *side) words += trace.table->coarse.size() + trace.table->fine.size();
                break;
            }
        }
        const uint64_t copies = plan.sample_weights ? options.batch_size : 1;
        need.projection_bytes.push_back(copies * (words + projection.bias_count()) * 4);
        // Only Delivery::sparse needs the network's arrays, to sort synapses by target. The others work row by row.
        need.needs_arrays.push_back(vulkan::delivery_of(projection) == vulkan::Delivery::sparse);
    }
    for (size_t p = 0; p < network.populations().size(); ++p) {
        const Population& population = network.populations()[p];
        const uint64_t frame = uint64_t{population.size} * options.batch_size;
        uint64_t slot = keeps_list[p] ? frame : 0;
        slot += population.is_binary() ? (frame + 31) / 32 : population.is_input() ? frame : 0;
        need.state_bytes += slot * std::bit_ceil(plan.populations[p].history_depth + 2) * 4;
        if (population.model)
            need.state_bytes += (population.model->states.size() + 2 * population.model->receptors.size()) * frame * 4;
        for (const Constant& constant : plan.populations[p].constants) need.state_bytes += constant.doubles.size() * 4;
        for (const PoissonLimits& table : plan.populations[p].poisson) need.state_bytes += table.limits.size() * 4;
    }
    return need;
}

}  // namespace

const Backend vulkan_backend{.name = "vulkan",
                             .describe = describe_own,
                             .open = open,
                             .memory = memory,
                             .device_count = device_count,
                             .tell_absence = tell_absence,
                             .driver = driver,
                             .gives_same_bits = true,
                             .other_bits = other_bits,
                             .is_gpu = true,
                             .own_memory_bytes = own_memory_bytes,
                             .is_automatic = true,
                             .is_integrated = is_integrated,
                             .describe_host = describe_host};

}  // namespace snn
