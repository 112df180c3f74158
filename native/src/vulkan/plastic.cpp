#include "vulkan/plastic.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "common/error.h"
#include "network/rules.h"
#include "vulkan/model_shader.h"

namespace snn::vulkan {

PlasticMemory::PlasticMemory(Device& device, const Network& network, const Projection& projection, const PlasticityPlan& plan,
                             std::span<const uint16_t> delays)
    : learns_from_targets(projection.plasticity->rule->learns_from_targets()), plan_(&plan) {
    const uint32_t sources = network.population(projection.source).size, targets = network.population(projection.target).size;
    const PlasticityRule& rule = *projection.plasticity->rule;
    arrival_shader = make_arrival_shader(rule, plan);
    if (learns_from_targets) learning_shader = make_learning_shader(rule, plan);

    const uint64_t pre_places = uint64_t{sources} * delays.size();
    const uint64_t sides = pre_places * (1 + plan.pre_traces.size()) + uint64_t{targets} * (1 + plan.post_traces.size());
    const auto what = [&](const char* name) { return text("the ", name, " of projection '", projection.name, "'"); };
    if (sides * 4 > device.storage_range())
        throw Error(SNN_ERROR_UNSUPPORTED, what("traces"), " would take ", sides * 4,
                    " bytes; a shader of this Vulkan device reaches ", device.storage_range());
    const auto half = projection.fixed_exponent / 2;
    arguments.delay_count = static_cast<uint32_t>(delays.size());
    arguments.pre_size = static_cast<uint32_t>(pre_places);
    arguments.post = static_cast<uint32_t>(pre_places * (1 + plan.pre_traces.size()));
    arguments.post_size = targets;
    arguments.pre_count = static_cast<uint32_t>(plan.pre_traces.size());
    arguments.post_count = static_cast<uint32_t>(plan.post_traces.size());
    arguments.tables = static_cast<uint32_t>(sides);
    arguments.scale0 = std::bit_cast<uint32_t>(std::ldexp(1.0f, half));
    arguments.scale1 = std::bit_cast<uint32_t>(std::ldexp(1.0f, projection.fixed_exponent - half));
    arguments.minimum = std::bit_cast<uint32_t>(plan.minimum);
    arguments.maximum = std::bit_cast<uint32_t>(plan.maximum);
    arguments.least_delivered = std::bit_cast<uint32_t>(plan.least_delivered());
    arguments.most_delivered = std::bit_cast<uint32_t>(plan.most_delivered());

    std::vector<uint32_t> tables;
    std::vector<uint32_t> words;
    const size_t trace_count = plan.pre_traces.size() + plan.post_traces.size();
    for (const auto* const side : {&plan.pre_traces, &plan.post_traces})
        for (const TracePlan& trace : *side) {
            const auto coarse = static_cast<uint32_t>(sides + 4 * trace_count + words.size());
            for (const float value : trace.coarse) words.push_back(std::bit_cast<uint32_t>(value));
            const auto fine = static_cast<uint32_t>(sides + 4 * trace_count + words.size());
            for (const float value : trace.fine) words.push_back(std::bit_cast<uint32_t>(value));
            tables.insert(tables.end(), {static_cast<uint32_t>(trace.decay.size() - 1), coarse, fine,
                                         std::bit_cast<uint32_t>(trace.keep)});
        }
    tables.insert(tables.end(), words.begin(), words.end());
    traces = device.allocate((sides + tables.size()) * 4, Memory::device, what("traces"));
    if (!tables.empty()) device.upload(traces, sides * 4, tables.data(), tables.size() * 4);

    if (!learns_from_targets) return;
    // The synapses onto each target: their number in canonical order, and the place of their source and delay.
    std::vector<uint32_t> begins(size_t{targets} + 1, 0);
    RowMemory memory;
    CanonicalRow row;
    uint64_t count = 0;
    for (uint32_t i = 0; i < sources; ++i) {
        row.assign(projection.synapses->row(i, memory));
        for (const uint32_t target : row.targets) ++begins[target + 1], ++count;
    }
    if ((targets + 1 + 2 * count) * 4 > device.storage_range())
        throw Error(SNN_ERROR_UNSUPPORTED, "projection '", projection.name, "' has ", count,
                    " plastic synapses, more than a shader of this Vulkan device reaches");
    for (uint32_t j = 0; j < targets; ++j) begins[j + 1] += begins[j];
    std::vector<uint32_t> all(begins), next(begins);
    all.resize(targets + 1 + 2 * count);
    uint32_t number = 0;
    for (uint32_t i = 0; i < sources; ++i) {
        row.assign(projection.synapses->row(i, memory));
        for (size_t k = 0; k < row.targets.size(); ++k, ++number) {
            const uint32_t delay = (row.delays.empty() ? 0u : row.delays[k]) + projection.delay_steps;
            const auto slot = std::lower_bound(delays.begin(), delays.end(), delay) - delays.begin();
            uint32_t* const entry = &all[targets + 1 + 2 * size_t{next[row.targets[k]]++}];
            entry[0] = number;
            entry[1] = i * arguments.delay_count + static_cast<uint32_t>(slot);
        }
    }
    incoming = device.allocate(all.size() * 4, Memory::device, what("synapses"));
    device.upload(incoming, 0, all.data(), all.size() * 4);
}

void PlasticMemory::reset_traces(Device& device) {
    device.fill(traces.part(0, VkDeviceSize{arguments.tables} * 4), 0);
}

void PlasticMemory::read_traces(Device& device, uint64_t now, bool pre, std::vector<float>& out_values,
                                std::vector<int32_t>& out_ages) const {
    const std::vector<TracePlan>& plans = pre ? plan_->pre_traces : plan_->post_traces;
    const size_t count = places(pre);
    std::vector<uint32_t> steps(count);
    out_values.assign(count * plans.size(), 0.0f);
    out_ages.assign(count, oldest_event);
    if (plans.empty() || count == 0) return;
    device.download(traces, begin(pre), steps.data(), count * 4);
    device.download(traces, begin(pre) + count * 4, out_values.data(), out_values.size() * 4);
    for (size_t i = 0; i < count; ++i)
        out_ages[i] = kept_traces(plans, static_cast<uint32_t>(now + 1) - steps[i], out_values.data() + i, count);
}

void PlasticMemory::write_values(Device& device, bool pre, std::span<const float> values) {
    if (!values.empty()) device.upload(traces, begin(pre) + places(pre) * 4, values.data(), values.size() * 4);
}

void PlasticMemory::write_ages(Device& device, uint64_t now, bool pre, std::span<const int32_t> ages) {
    std::vector<uint32_t> steps(ages.size());
    for (size_t i = 0; i < ages.size(); ++i) steps[i] = static_cast<uint32_t>(now + 1) - static_cast<uint32_t>(ages[i]);
    if (!steps.empty()) device.upload(traces, begin(pre), steps.data(), steps.size() * 4);
}

}  // namespace snn::vulkan
