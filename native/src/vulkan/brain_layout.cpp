#include "vulkan/brain_layout.h"

#include <algorithm>
#include <bit>
#include <map>
#include <type_traits>

#include "common/error.h"
#include "vulkan/shader_arguments.h"

namespace snn::vulkan {

namespace {

std::string why_not(const Network& network) {
    for (const Projection& projection : network.projections())
        if ((projection.kind != SNN_CONNECT_DENSE && projection.kind != SNN_CONNECT_ONE_TO_ONE) || projection.is_fixed())
            return text("projection '", projection.name, "' is neither dense nor one-to-one, in float");
    return {};
}

}  // namespace

BrainLayout make_brain_layout(const Plan& plan, uint32_t sample_count) {
    const Network& network = *plan.network;
    const auto& projections = network.projections();
    BrainLayout layout;
    layout.not_possible_because = why_not(network);
    if (!layout.not_possible_because.empty()) return layout;
    layout.populations.resize(network.populations().size());
    layout.projections.resize(projections.size());
    const auto take = [](auto& io_words, uint64_t count) {
        const uint64_t place = io_words;
        io_words += static_cast<std::remove_reference_t<decltype(io_words)>>(count);
        return place;
    };
    const auto take_shared = [&](uint64_t count) { return static_cast<uint32_t>(take(layout.brain_words, count)); };
    for (const uint32_t p : plan.order) {
        const Population& population = network.population(p);
        BrainLayout::OfPopulation& of = layout.populations[p];
        of.entry = static_cast<uint32_t>(take(layout.first_projection, shader::BRAIN_POPULATION_WORDS));
        if (population.is_input() || population.is_binary()) {
            of.slots = std::bit_ceil(plan.populations[p].history_depth + 1);
            of.width = population.is_binary() ? (population.size + 31) / 32 : population.size;
            const uint64_t words = uint64_t{of.slots} * (1 + of.width);
            of.ring = take_shared(words);
            of.ring_in_memory = take(layout.memory_words, words * sample_count);
        }
        if (population.is_input()) {
            of.frames = take(layout.frame_words, uint64_t{sample_count} * population.size);
            continue;
        }
        const uint64_t words = uint64_t{population.model->states.size()} * population.size;
        of.states = take_shared(words);
        of.states_in_memory = take(layout.memory_words, words * sample_count);
        if (of.slots > 0) of.records = take(layout.record_words, uint64_t{sample_count} * of.width);
    }
    layout.table_words = layout.first_projection;
    for (const uint32_t p : plan.order) {
        std::map<uint32_t, bool> may_be_held;  // by receptor: all before it may be
        for (uint32_t q = 0; q < projections.size(); ++q) {
            const Projection& projection = projections[q];
            if (projection.target != p) continue;
            BrainLayout::OfProjection& of = layout.projections[q];
            of.entry = static_cast<uint32_t>(take(layout.table_words, shader::BRAIN_PROJECTION_WORDS));
            of.weights = static_cast<uint32_t>(take(layout.weight_words, projection.weight_count()));
            of.bias = static_cast<uint32_t>(take(layout.weight_words, projection.bias_count()));
            bool& may = may_be_held.try_emplace(projection.receptor, true).first->second;
            may = may && network.population(projection.source).is_input() && projection.delay_steps == 0;
            if (may) of.held = take_shared(network.population(p).size);
        }
    }
    return layout;
}

}  // namespace snn::vulkan
