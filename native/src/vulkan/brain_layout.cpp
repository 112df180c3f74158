#include "vulkan/brain_layout.h"

#include <algorithm>
#include <bit>
#include <map>
#include <type_traits>

#include "common/error.h"
#include "vulkan/shader_arguments.h"

namespace snn::vulkan {

namespace {

constexpr uint32_t sources_of_a_spike = 8;  // estimate: one source in eight spikes in a step

std::string why_not(const Network& network) {
    for (const Projection& projection : network.projections())
        if ((projection.kind != SNN_CONNECT_DENSE && projection.kind != SNN_CONNECT_ONE_TO_ONE) || projection.is_fixed())
            return text("projection '", projection.name, "' is neither dense nor one-to-one, in float");
    return {};
}

}  // namespace

BrainLayout make_brain_layout(const Plan& plan) {
    const Network& network = *plan.network;
    const auto& projections = network.projections();
    BrainLayout layout;
    layout.not_possible_because = why_not(network);
    if (!layout.not_possible_because.empty()) return layout;
    layout.populations.resize(network.populations().size());
    layout.projections.resize(projections.size());
    const auto take = [](auto& io_words, uint64_t count) {
        const auto place = static_cast<uint32_t>(io_words);
        io_words += static_cast<std::remove_reference_t<decltype(io_words)>>(count);
        return place;
    };
    for (const uint32_t p : plan.order) {
        const Population& population = network.population(p);
        BrainLayout::OfPopulation& of = layout.populations[p];
        of.entry = take(layout.first_projection, shader::BRAIN_POPULATION_WORDS);
        if (population.is_input() || population.is_binary()) {
            of.slots = std::bit_ceil(plan.populations[p].history_depth + 1);
            of.width = population.is_binary() ? (population.size + 31) / 32 : population.size;
            of.ring = take(layout.brain_words, uint64_t{of.slots} * (1 + of.width));
        }
        if (!population.is_input())
            of.states = take(layout.brain_words, uint64_t{population.model->states.size()} * population.size);
    }
    layout.table_words = layout.first_projection;
    for (const uint32_t p : plan.order) {
        std::map<uint32_t, bool> may_be_held;  // by receptor: all its projections so far may be held
        for (uint32_t q = 0; q < projections.size(); ++q) {
            const Projection& projection = projections[q];
            if (projection.target != p) continue;
            BrainLayout::OfProjection& of = layout.projections[q];
            of.entry = take(layout.table_words, shader::BRAIN_PROJECTION_WORDS);
            const Population& source = network.population(projection.source);
            const bool few_of_many = projection.kind == SNN_CONNECT_DENSE && source.is_binary();
            layout.step_weights += projection.weight_count() / (few_of_many ? sources_of_a_spike : 1);
            bool& may = may_be_held.try_emplace(projection.receptor, true).first->second;
            may = may && source.is_input() && projection.delay_steps == 0;
            if (may) of.held = take(layout.brain_words, network.population(p).size);
        }
    }
    return layout;
}

}  // namespace snn::vulkan
