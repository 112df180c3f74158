#include "vulkan/plastic.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "backend/slots.h"
#include "common/error.h"
#include "network/rules.h"
#include "vulkan/model_shader.h"

namespace snn::vulkan {

PlasticMemory::PlasticMemory(Device& device, const Network& network, const Projection& projection,
                             std::shared_ptr<const PlasticityPlan> plan, const ProjectionMemory& memory)
    : learns_from_targets(projection.plasticity->rule->learns_from_targets()),
      target_state_count(static_cast<uint32_t>(plan->target_states.size())),
      name_(projection.name) {
    const uint32_t sources = network.population(projection.source).size, targets = network.population(projection.target).size;
    const PlasticityRule& rule = *projection.plasticity->rule;
    arrival_shader = make_arrival_shader(rule, *plan);
    if (learns_from_targets) learning_shader = make_learning_shader(rule, *plan);
    if (rule.on_signal) signal_shader = make_signal_shader(rule, *plan);

    const uint64_t pre_places = uint64_t{sources} * memory.delays.size();
    const uint64_t sides = pre_places * (1 + plan->pre_traces.size()) + uint64_t{targets} * (1 + plan->post_traces.size());
    const uint64_t before_constants = sides + uint64_t{targets} * plan->target_states.size();
    if (before_constants * 4 > device.storage_range())
        throw Error(SNN_ERROR_UNSUPPORTED, "the traces of projection '", name_, "' would take ", before_constants * 4,
                    " bytes; a shader of this Vulkan device reaches ", device.storage_range());
    const auto half = projection.fixed_exponent / 2;
    arguments.delay_count = static_cast<uint32_t>(memory.delays.size());
    arguments.pre_size = static_cast<uint32_t>(pre_places);
    arguments.post = static_cast<uint32_t>(pre_places * (1 + plan->pre_traces.size()));
    arguments.post_size = targets;
    arguments.pre_count = static_cast<uint32_t>(plan->pre_traces.size());
    arguments.post_count = static_cast<uint32_t>(plan->post_traces.size());
    arguments.states = static_cast<uint32_t>(sides);
    arguments.constants = static_cast<uint32_t>(before_constants);
    arguments.tables = static_cast<uint32_t>(before_constants + plan->constants.size());
    target_arguments.size = targets;
    target_arguments.to = arguments.states;
    std::copy(plan->target_states.begin(), plan->target_states.end(), target_arguments.from);
    const uint64_t count = projection.weight_count();
    const uint64_t own_words = own_trace_words(projection);
    if (own_words > 0) own_ = memory.segments[0].synapses.part(2 * count * 4, own_words * 4);
    arguments.own = own_words > 0 ? static_cast<uint32_t>(2 * count) : shader::NOWHERE;
    arguments.synapse_count = static_cast<uint32_t>(count);
    arguments.scale0 = std::bit_cast<uint32_t>(std::ldexp(1.0f, half));
    arguments.scale1 = std::bit_cast<uint32_t>(std::ldexp(1.0f, projection.fixed_exponent - half));
    arguments.minimum = std::bit_cast<uint32_t>(plan->minimum);
    arguments.maximum = std::bit_cast<uint32_t>(plan->maximum);
    arguments.least_delivered = std::bit_cast<uint32_t>(plan->least_delivered());
    arguments.most_delivered = std::bit_cast<uint32_t>(plan->most_delivered());
    set_plan(device, std::move(plan));
    if (learns_from_targets) index_targets(device, network, projection, memory.delays);
}

bool PlasticMemory::set_plan(Device& device, std::shared_ptr<const PlasticityPlan> plan) {
    const VkDeviceSize kept_words = arguments.constants;
    std::vector<uint32_t> words, tables;
    for (const PlasticConstant& constant : plan->constants)
        words.push_back(constant.type == ValueType::int_ ? static_cast<uint32_t>(constant.whole)
                                                         : std::bit_cast<uint32_t>(constant.real));
    const size_t trace_count = plan->pre_traces.size() + plan->post_traces.size() + plan->synapse_traces.size();
    const auto add_table = [&](const std::vector<float>& values) {
        const auto place = static_cast<uint32_t>(arguments.tables + 4 * trace_count + tables.size());
        for (const float value : values) tables.push_back(std::bit_cast<uint32_t>(value));
        return place;
    };
    for (const auto* const side : {&plan->pre_traces, &plan->post_traces, &plan->synapse_traces})
        for (const TracePlan& trace : *side) {
            const uint32_t coarse = add_table(trace.table->coarse), fine = add_table(trace.table->fine);
            words.insert(words.end(), {static_cast<uint32_t>(trace.table->decay.size() - 1), coarse, fine,
                                       std::bit_cast<uint32_t>(trace.keep)});
        }
    words.insert(words.end(), tables.begin(), tables.end());
    // Longer time constants have longer tables. Allocates twice the size, because a move of `traces` makes the step be recorded
    // again.
    const bool grows = !traces.buffer || (kept_words + words.size()) * 4 > traces.size;
    Device::Claim claim(device);
    Range there = traces;
    if (grows) {
        const VkDeviceSize wanted = (kept_words + (traces.buffer ? 2 : 1) * words.size()) * 4;
        there = device.allocate(std::min(wanted, std::max(device.storage_range(), (kept_words + words.size()) * 4)),
                                Memory::device, text("the traces of projection '", name_, "'"));
        if (traces.buffer && kept_words > 0) {
            std::vector<uint32_t> kept(kept_words);
            device.download(traces, 0, kept.data(), kept_words * 4);
            device.upload(there, 0, kept.data(), kept_words * 4);
        }
    }
    if (!words.empty()) device.upload(there, kept_words * 4, words.data(), words.size() * 4);
    claim.keep();
    plan_ = std::move(plan);
    if (grows) device.release(std::exchange(traces, there));
    return grows;
}

// Indexes the synapses onto each target: the number in canonical order, and the place of the source and delay in its traces.
void PlasticMemory::index_targets(Device& device, const Network& network, const Projection& projection,
                                  std::span<const uint16_t> delays) {
    const uint32_t targets = network.population(projection.target).size;
    std::vector<uint32_t> begins(size_t{targets} + 1, 0);
    uint64_t count = 0;
    projection.synapses->for_rows([&](uint32_t, const SynapseRow& row) {
        for (const uint32_t target : row.targets) ++begins[target + 1], ++count;
    });
    if ((targets + 1 + 2 * count) * 4 > device.storage_range())
        throw Error(SNN_ERROR_UNSUPPORTED, "projection '", projection.name, "' has ", count,
                    " plastic synapses, more than a shader of this Vulkan device reaches");
    for (uint32_t j = 0; j < targets; ++j) begins[j + 1] += begins[j];
    std::vector<uint32_t> all(begins), next(begins);
    all.resize(targets + 1 + 2 * count);
    CanonicalRow row;
    uint32_t number = 0;
    projection.synapses->for_rows([&](uint32_t i, const SynapseRow& given) {
        row.assign(given);
        for (size_t k = 0; k < row.targets.size(); ++k, ++number) {
            const uint32_t delay = (row.delays.empty() ? 0u : row.delays[k]) + projection.delay_steps;
            const auto slot = std::lower_bound(delays.begin(), delays.end(), delay) - delays.begin();
            uint32_t* const entry = &all[targets + 1 + 2 * size_t{next[row.targets[k]]++}];
            entry[0] = number;
            entry[1] = i * arguments.delay_count + static_cast<uint32_t>(slot);
        }
    });
    incoming = device.allocate(all.size() * 4, Memory::device, text("the synapses of projection '", projection.name, "'"));
    device.upload(incoming, 0, all.data(), all.size() * 4);
}

void PlasticMemory::reset_traces(Device& device) {
    device.fill(traces.part(0, VkDeviceSize{arguments.constants} * 4), 0);
    if (own_.size > 0) device.fill(own_, 0);
}

PlasticMemory::Side PlasticMemory::side_of(Slot::Kind side) const {
    const auto cut = [](const Range& range, VkDeviceSize begin, VkDeviceSize end, size_t places) {
        const VkDeviceSize values = begin + places * 4;
        return Side{range.part(begin, places * 4), range.part(values, end - values), places};
    };
    const VkDeviceSize post = VkDeviceSize{arguments.post} * 4;
    if (side == Slot::pre_traces) return cut(traces, 0, post, arguments.pre_size);
    if (side == Slot::post_traces) return cut(traces, post, VkDeviceSize{arguments.states} * 4, arguments.post_size);
    return cut(own_, 0, own_.size, arguments.synapse_count);
}

void PlasticMemory::read_traces(Device& device, uint64_t now, Slot::Kind side, std::vector<float>& out_values,
                                std::vector<int32_t>& out_ages) const {
    const std::vector<TracePlan>& plans = traces_of(*plan_, side);
    const Side found = side_of(side);
    std::vector<uint32_t> steps(found.places);
    out_values.assign(found.places * plans.size(), 0.0f);
    out_ages.assign(found.places, oldest_event);
    if (out_values.empty()) return;
    device.download(found.steps, 0, steps.data(), steps.size() * 4);
    device.download(found.values, 0, out_values.data(), out_values.size() * 4);
    for (size_t i = 0; i < steps.size(); ++i)
        out_ages[i] = kept_traces(plans, static_cast<uint32_t>(now + 1) - steps[i], out_values.data() + i, found.places);
}

void PlasticMemory::write_values(Device& device, Slot::Kind side, std::span<const float> values) {
    if (!values.empty()) device.upload(side_of(side).values, 0, values.data(), values.size() * 4);
}

void PlasticMemory::write_ages(Device& device, uint64_t now, Slot::Kind side, std::span<const int32_t> ages) {
    std::vector<uint32_t> steps(ages.size());
    for (size_t i = 0; i < ages.size(); ++i) steps[i] = static_cast<uint32_t>(now + 1) - static_cast<uint32_t>(ages[i]);
    if (!steps.empty()) device.upload(side_of(side).steps, 0, steps.data(), steps.size() * 4);
}

}  // namespace snn::vulkan
