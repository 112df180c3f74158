#include "vulkan/plastic.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <utility>

#include "backend/slots.h"
#include "common/error.h"
#include "network/rules.h"
#include "vulkan/model_shader.h"

namespace snn::vulkan {

PlasticMemory::PlasticMemory(Device& device, const Network& network, const Projection& projection,
                             std::shared_ptr<const PlasticityPlan> plan, const ProjectionMemory& memory)
    : segments(memory.segments),
      learns_from_targets(projection.plasticity->rule->learns_from_targets()),
      target_state_count(static_cast<uint32_t>(plan->target_states.size())),
      name_(projection.name),
      own_words_(own_trace_words(projection)) {
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
    arguments_.delay_count = static_cast<uint32_t>(memory.delays.size());
    arguments_.pre_size = static_cast<uint32_t>(pre_places);
    arguments_.post = static_cast<uint32_t>(pre_places * (1 + plan->pre_traces.size()));
    arguments_.post_size = targets;
    arguments_.pre_count = static_cast<uint32_t>(plan->pre_traces.size());
    arguments_.post_count = static_cast<uint32_t>(plan->post_traces.size());
    arguments_.states = static_cast<uint32_t>(sides);
    arguments_.constants = static_cast<uint32_t>(before_constants);
    arguments_.tables = static_cast<uint32_t>(before_constants + plan->constants.size());
    target_arguments.size = targets;
    target_arguments.to = arguments_.states;
    std::copy(plan->target_states.begin(), plan->target_states.end(), target_arguments.from);
    arguments_.scale0 = std::bit_cast<uint32_t>(std::ldexp(1.0f, half));
    arguments_.scale1 = std::bit_cast<uint32_t>(std::ldexp(1.0f, projection.fixed_exponent - half));
    arguments_.minimum = std::bit_cast<uint32_t>(plan->minimum);
    arguments_.maximum = std::bit_cast<uint32_t>(plan->maximum);
    arguments_.least_delivered = std::bit_cast<uint32_t>(plan->least_delivered());
    arguments_.most_delivered = std::bit_cast<uint32_t>(plan->most_delivered());
    set_plan(device, std::move(plan));
    if (learns_from_targets) index_targets(device, network, projection, memory.delays);
}

bool PlasticMemory::set_plan(Device& device, std::shared_ptr<const PlasticityPlan> plan) {
    const VkDeviceSize kept_words = arguments_.constants;
    std::vector<uint32_t> words, tables;
    for (const PlasticConstant& constant : plan->constants)
        words.push_back(constant.type == ValueType::int_ ? static_cast<uint32_t>(constant.whole)
                                                         : std::bit_cast<uint32_t>(constant.real));
    const size_t trace_count = plan->pre_traces.size() + plan->post_traces.size() + plan->synapse_traces.size();
    const auto add_table = [&](const std::vector<float>& values) {
        const auto place = static_cast<uint32_t>(arguments_.tables + 4 * trace_count + tables.size());
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

shader::Plastic PlasticMemory::arguments_of(size_t segment) const {
    shader::Plastic arguments = arguments_;
    arguments.first = segments[segment].first;
    arguments.last = segments[segment].last;
    arguments.is_last = segment + 1 == segments.size();
    arguments.own = own_words_ > 0 ? 2 * segments[segment].count : shader::NOWHERE;
    arguments.synapse_count = segments[segment].count;
    return arguments;
}

// Indexes the synapses of each segment by target: the number in the segment, and the place of the source and delay in its
// traces.
void PlasticMemory::index_targets(Device& device, const Network& network, const Projection& projection,
                                  std::span<const uint16_t> delays) {
    const uint32_t targets = network.population(projection.target).size;
    const std::shared_ptr<const SynapseStore> rows = projection.synapses->store();
    RowMemory memory;
    CanonicalRow row;
    for (const ProjectionMemory::Segment& segment : segments) {
        std::vector<uint32_t> all(size_t{targets} + 1, 0);
        for (uint32_t i = segment.first; i < segment.last; ++i)
            for (const uint32_t target : rows->row(i, memory).targets) ++all[target + 1];
        std::partial_sum(all.begin(), all.end(), all.begin());
        std::vector<uint32_t> next(all);
        all.resize(targets + 1 + 2 * size_t{segment.count});
        uint32_t number = 0;
        for (uint32_t i = segment.first; i < segment.last; ++i) {
            row.assign(rows->row(i, memory));
            for (size_t k = 0; k < row.targets.size(); ++k, ++number) {
                const uint32_t delay = (row.delays.empty() ? 0u : row.delays[k]) + projection.delay_steps;
                const auto slot = std::lower_bound(delays.begin(), delays.end(), delay) - delays.begin();
                uint32_t* const entry = &all[targets + 1 + 2 * size_t{next[row.targets[k]]++}];
                entry[0] = number;
                entry[1] = i * arguments_.delay_count + static_cast<uint32_t>(slot);
            }
        }
        incoming.push_back(
            device.allocate(all.size() * 4, Memory::device, text("the synapses of projection '", projection.name, "'")));
        device.upload(incoming.back(), 0, all.data(), all.size() * 4);
    }
}

std::vector<PlasticMemory::Piece> PlasticMemory::pieces_of(Slot::Kind side) const {
    std::vector<Piece> pieces;
    // `begin`, `trace_count`: where the steps begin, in words; the traces that follow them.
    const auto add = [&](const Range& range, uint64_t begin, size_t trace_count, VkDeviceSize places) {
        if (places == 0) return;
        const VkDeviceSize values = begin * 4 + places * 4;
        pieces.push_back({range.part(begin * 4, places * 4), range.part(values, trace_count * places * 4), places_in(pieces),
                          static_cast<size_t>(places)});
    };
    if (side == Slot::pre_traces) add(traces, 0, arguments_.pre_count, arguments_.pre_size);
    else if (side == Slot::post_traces) add(traces, arguments_.post, arguments_.post_count, arguments_.post_size);
    else if (own_words_ > 0)
        for (const ProjectionMemory::Segment& segment : segments)
            add(segment.synapses, 2 * uint64_t{segment.count}, own_words_ - 1, segment.count);
    return pieces;
}

void PlasticMemory::reset_traces(Device& device) {
    device.fill(traces.part(0, VkDeviceSize{arguments_.constants} * 4), 0);
    for (const Piece& piece : pieces_of(Slot::synapse_traces)) {
        device.fill(piece.steps, 0);
        device.fill(piece.values, 0);
    }
}

void PlasticMemory::read_traces(Device& device, uint64_t now, Slot::Kind side, std::vector<float>& out_values,
                                std::vector<int32_t>& out_ages) const {
    const std::vector<TracePlan>& plans = traces_of(*plan_, side);
    const std::vector<Piece> pieces = pieces_of(side);
    const size_t places = places_in(pieces);
    out_values.resize(places * plans.size());
    out_ages.resize(places);
    std::vector<uint32_t> steps;
    for (const Piece& piece : pieces) {
        steps.resize(piece.places);
        device.download(piece.steps, 0, steps.data(), steps.size() * 4);
        for (size_t k = 0; k < plans.size(); ++k)
            device.download(piece.values, k * piece.places * 4, &out_values[k * places + piece.first], piece.places * 4);
        for (size_t i = 0; i < piece.places; ++i)
            out_ages[piece.first + i] = kept_traces(plans, static_cast<uint32_t>(now + 1) - steps[i],
                                                    out_values.data() + piece.first + i, places);
    }
}

void PlasticMemory::write_values(Device& device, Slot::Kind side, std::span<const float> values) {
    const std::vector<Piece> pieces = pieces_of(side);
    const size_t places = places_in(pieces);
    for (const Piece& piece : pieces)
        for (size_t k = 0; k * places < values.size(); ++k)
            device.upload(piece.values, k * piece.places * 4, &values[k * places + piece.first], piece.places * 4);
}

void PlasticMemory::write_ages(Device& device, uint64_t now, Slot::Kind side, std::span<const int32_t> ages) {
    std::vector<uint32_t> steps(ages.size());
    for (size_t i = 0; i < ages.size(); ++i) steps[i] = static_cast<uint32_t>(now + 1) - static_cast<uint32_t>(ages[i]);
    for (const Piece& piece : pieces_of(side)) device.upload(piece.steps, 0, &steps[piece.first], piece.places * 4);
}

size_t PlasticMemory::places_in(const std::vector<Piece>& pieces) {
    return pieces.empty() ? 0 : pieces.back().first + pieces.back().places;
}

}  // namespace snn::vulkan
