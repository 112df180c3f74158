#include "network/plan.h"

#include <algorithm>
#include <cmath>

#include "common/error.h"
#include "common/math.h"

namespace snn {

namespace {

bool reaches_within_step(const Projection& projection) {
    return projection.delay_steps == 0 && !(projection.sparse && smallest_delay(*projection.sparse) > 0);
}

// Repeatedly the population of the lowest index whose undelayed sources are all done; finish() has excluded rings.
std::vector<uint32_t> evaluation_order(const Network& network) {
    const size_t count = network.populations().size();
    std::vector<uint32_t> waiting(count, 0), order;
    for (const Projection& projection : network.projections())
        if (reaches_within_step(projection)) ++waiting[projection.target];
    std::vector<uint8_t> done(count, 0);
    while (order.size() < count) {
        uint32_t next = 0;
        while (done[next] || waiting[next] > 0) ++next;
        done[next] = 1;
        order.push_back(next);
        for (const Projection& projection : network.projections())
            if (projection.source == next && reaches_within_step(projection)) --waiting[projection.target];
    }
    // Inputs first, whatever their index: nothing happens to them in a step.
    std::stable_partition(order.begin(), order.end(), [&](uint32_t p) { return network.population(p).is_input(); });
    return order;
}

// Every parameter as float32, every option, every derived constant: shared when all it depends on is shared.
std::vector<Constant> make_constants(const Population& population, double dt_ms) {
    const Model& model = *population.model;
    std::vector<Constant> constants(model.constant_count());
    const size_t option_base = model.parameters.size(), derived_base = option_base + model.options.size();
    for (size_t i = 0; i < model.parameters.size(); ++i) constants[i].doubles = population.parameters[i];
    for (size_t i = 0; i < model.options.size(); ++i) constants[option_base + i].doubles = {double(population.options[i])};

    bool any_per_neuron = false;
    for (const auto& values : population.parameters) any_per_neuron |= values.size() > 1;
    const size_t rows = any_per_neuron ? population.size : 1;
    std::vector<double> parameters(model.parameters.size());
    for (size_t row = 0; row < rows; ++row) {
        for (size_t i = 0; i < parameters.size(); ++i)
            parameters[i] = population.parameters[i][population.parameters[i].size() > 1 ? row : 0];
        const std::vector<double> derived = evaluate_derived(model, parameters, population.options, dt_ms);
        for (size_t i = 0; i < derived.size(); ++i) {
            if (!std::isfinite(derived[i]))
                throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", population.name, "': the derived constant '",
                            model.derived[i].name, "' of model '", model.name, "' is ", derived[i], " for these parameters");
            constants[derived_base + i].doubles.push_back(derived[i]);
        }
    }
    for (uint32_t i = 0; i < constants.size(); ++i) {
        Constant& constant = constants[i];
        // One value when all neurons agree: fewer bytes to read in every step.
        std::vector<double>& values = constant.doubles;
        if (std::all_of(values.begin(), values.end(), [&](double v) { return v == values[0]; })) values.resize(1);
        constant.type = model.constant_type(i);
        for (const double value : values) {
            if (constant.type == ValueType::int_) constant.ints.push_back(to_int_nearest_even(value));
            else constant.floats.push_back(static_cast<float>(value));
        }
    }
    return constants;
}

// Marks the neurons whose activity depends on something trained: their adjoint must run, and gradients flow back to them.
void mark_gradients(const Network& network, std::vector<PopulationPlan>& populations) {
    bool changed = true;
    while (changed) {
        changed = false;
        for (const Projection& projection : network.projections()) {
            PopulationPlan& target = populations[projection.target];
            if (target.needs_activity_gradient) continue;
            if (projection.trainable || populations[projection.source].needs_activity_gradient)
                changed = target.needs_activity_gradient = true;
        }
    }
}

}  // namespace

Plan make_plan(std::shared_ptr<const Network> network) {
    Plan plan;
    plan.order = evaluation_order(*network);
    const auto& populations = network->populations();
    const auto& projections = network->projections();
    plan.populations.resize(populations.size());
    for (uint32_t p = 0; p < populations.size(); ++p) {
        PopulationPlan& population = plan.populations[p];
        population.history_depth = history_depth(*network, p);
        if (populations[p].is_input()) continue;
        population.constants = make_constants(populations[p], network->dt_ms());
        population.receptor_is_fixed.assign(populations[p].model->receptors.size(), 0);
        population.receptor_exponent.assign(populations[p].model->receptors.size(), 0);
    }
    for (const Projection& projection : projections) {
        if (projection.arithmetic != SNN_ARITHMETIC_FIXED) continue;
        plan.populations[projection.target].receptor_is_fixed[projection.receptor] = 1;
        plan.populations[projection.target].receptor_exponent[projection.receptor] = projection.fixed_exponent;
    }
    mark_gradients(*network, plan.populations);

    for (const uint32_t p : plan.order) {
        if (populations[p].is_input()) continue;
        plan.step.push_back({Kernel::clear_receptors, p});
        for (uint32_t i = 0; i < projections.size(); ++i)
            if (projections[i].target == p) plan.step.push_back({Kernel::deliver, i});
        const auto& fixed = plan.populations[p].receptor_is_fixed;
        if (std::find(fixed.begin(), fixed.end(), 1) != fixed.end()) plan.step.push_back({Kernel::finish_receptors, p});
        plan.step.push_back({Kernel::neuron_step, p});
    }

    bool anything_trained = false;
    for (const Projection& projection : projections) anything_trained |= projection.trainable;
    if (!anything_trained) plan.not_trainable_because = "no projection is trainable";
    for (uint32_t p = 0; p < populations.size(); ++p)
        if (plan.populations[p].needs_activity_gradient && !populations[p].model->differentiable)
            plan.not_trainable_because = text("population '", populations[p].name, "' has model '", populations[p].model->name,
                                              "', which cannot be differentiated");
    if (!plan.not_trainable_because.empty()) return plan.network = std::move(network), plan;
    for (auto it = plan.order.rbegin(); it != plan.order.rend(); ++it) {
        if (!plan.populations[*it].needs_activity_gradient) continue;
        plan.step_adjoint.push_back({Kernel::neuron_adjoint, *it});
        for (uint32_t i = static_cast<uint32_t>(projections.size()); i-- > 0;)
            if (projections[i].target == *it &&
                (projections[i].trainable || plan.populations[projections[i].source].needs_activity_gradient))
                plan.step_adjoint.push_back({Kernel::deliver_adjoint, i});
    }
    plan.network = std::move(network);
    return plan;
}

}  // namespace snn
