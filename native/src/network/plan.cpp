#include "network/plan.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <queue>

#include "common/error.h"
#include "common/math.h"
#include "common/random.h"

namespace snn {

namespace {

// The projections onto and from each population, ascending.
struct Wiring {
    explicit Wiring(const Network& network) : onto(network.populations().size()), from(network.populations().size()) {
        for (uint32_t i = 0; i < network.projections().size(); ++i) {
            onto[network.projections()[i].target].push_back(i);
            from[network.projections()[i].source].push_back(i);
        }
    }
    std::vector<std::vector<uint32_t>> onto, from;
};

// Takes, again and again, the lowest population whose undelayed sources are all done. finish() has excluded rings.
std::vector<uint32_t> evaluation_order(const Network& network, const Wiring& wiring) {
    const auto& projections = network.projections();
    const auto count = static_cast<uint32_t>(network.populations().size());
    std::vector<uint32_t> waiting(count, 0), order;
    for (const Projection& projection : projections)
        if (projection.reaches_within_step()) ++waiting[projection.target];
    std::priority_queue<uint32_t, std::vector<uint32_t>, std::greater<>> ready;
    for (uint32_t p = 0; p < count; ++p)
        if (waiting[p] == 0) ready.push(p);
    while (!ready.empty()) {
        const uint32_t next = ready.top();
        ready.pop();
        order.push_back(next);
        for (const uint32_t i : wiring.from[next])
            if (projections[i].reaches_within_step() && --waiting[projections[i].target] == 0)
                ready.push(projections[i].target);
    }
    // Inputs come first, whatever their index, because a step does not compute them.
    std::stable_partition(order.begin(), order.end(), [&](uint32_t p) { return network.population(p).is_input(); });
    return order;
}

// Every parameter as float32, every option, every derived constant. A constant is shared if everything it depends on is.
std::vector<Constant> make_constants(const Population& population, const Parameters& own, double dt_ms) {
    const Model& model = *population.model;
    std::vector<Constant> constants(model.constant_count());
    const size_t option_base = model.parameters.size(), derived_base = option_base + model.options.size();
    for (size_t i = 0; i < model.parameters.size(); ++i) constants[i].doubles = own[i];
    for (size_t i = 0; i < model.options.size(); ++i) constants[option_base + i].doubles = {double(population.options[i])};

    bool any_per_neuron = false;
    for (const auto& values : own) any_per_neuron |= values.size() > 1;
    const size_t rows = any_per_neuron ? population.size : 1;
    std::vector<double> parameters(model.parameters.size());
    for (size_t row = 0; row < rows; ++row) {
        for (size_t i = 0; i < parameters.size(); ++i) parameters[i] = own[i][own[i].size() > 1 ? row : 0];
        const std::vector<double> derived = evaluate_derived(model, parameters, population.options, dt_ms);
        for (size_t i = 0; i < derived.size(); ++i) {
            if (row == 0) constants[derived_base + i].doubles.reserve(rows);
            if (!std::isfinite(derived[i])) {
                std::string given;
                for (size_t k = 0; k < parameters.size(); ++k)
                    given += text(model.parameters[k].name, " = ", parameters[k], ", ");
                throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", population.name, "': the derived constant '",
                            model.derived[i].name, "' of model '", model.name, "' is ", derived[i], " with ", given,
                            "dt = ", dt_ms, " ms");
            }
            constants[derived_base + i].doubles.push_back(derived[i]);
        }
    }
    for (uint32_t i = 0; i < constants.size(); ++i) {
        Constant& constant = constants[i];
        // One value if all neurons agree: fewer bytes to read in every step.
        std::vector<double>& values = constant.doubles;
        if (std::all_of(values.begin(), values.end(), [&](double v) { return v == values[0]; }))
            values = std::vector<double>(1, values[0]);
        constant.type = model.constant_type(i);
        if (constant.type == ValueType::int_) constant.ints.reserve(values.size());
        else constant.floats.reserve(values.size());
        for (const double value : values) {
            if (constant.type == ValueType::int_) constant.ints.push_back(to_int_nearest_even(value));
            else constant.floats.push_back(static_cast<float>(value));
        }
    }
    return constants;
}

std::vector<PoissonLimits> make_poisson_limits(const Population& population, const std::vector<Constant>& constants) {
    const Model& model = *population.model;
    std::vector<PoissonLimits> tables;
    for (const uint16_t mean : model.poisson_means) {
        const std::vector<double>& means = constants[mean].doubles;
        std::map<double, std::vector<uint32_t>> by_mean;  // neurons often share a few means
        PoissonLimits table;
        table.per_neuron = means.size() > 1;
        for (const double value : means) {
            if (!(value >= 0 && value <= largest_poisson_mean))
                throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", population.name, "': '", model.constant_name(mean),
                            "' of model '", model.name, "', the mean of a Poisson draw in one step, is ", value,
                            "; it must be 0 to ", largest_poisson_mean);
            const auto [found, is_new] = by_mean.try_emplace(value);
            if (is_new) found->second = poisson_limits(value);
            table.count = std::max(table.count, static_cast<uint32_t>(found->second.size()));
        }
        table.limits.assign(size_t{table.count} * means.size(), UINT32_MAX);
        for (size_t neuron = 0; neuron < means.size(); ++neuron) {
            const std::vector<uint32_t>& limits = by_mean[means[neuron]];
            for (size_t k = 0; k < limits.size(); ++k) table.limits[k * means.size() + neuron] = limits[k];
        }
        tables.push_back(std::move(table));
    }
    return tables;
}

LearningPlan make_learning_plan(const Population& population) {
    const Model& model = *population.model;
    const LearningPrograms& learning = *model.learning;
    LearningPlan plan;
    std::vector<int32_t> outputs;
    for (uint32_t i = 0; i < model.parameters.size(); ++i)
        if (population.learnable[i]) {
            plan.parameters.push_back(i);
            outputs.push_back(learning.parameters[i]);
        }
    // The last inputs of `derive` are gradients: those of the parameters, then those of the derived constants.
    const std::vector<uint8_t> needed = needed_registers(learning.derive, outputs);
    const uint32_t options = static_cast<uint32_t>(model.options.size());
    const uint32_t first_gradient = learning.derive.input_count - (model.constant_count() - options);
    for (uint32_t i = 0; i < model.constant_count(); ++i) {
        const bool is_parameter = i < model.parameters.size();
        if (!is_parameter && i < model.parameters.size() + options) continue;
        const uint32_t place = first_gradient + (is_parameter ? i : i - options);
        if (needed[place] && learning.constants[i] >= 0) plan.constants.push_back(i);
    }
    return plan;
}

// Chooses the values to keep on the tape. io_plan.learning must be set before.
void choose_tape(const Model& model, PopulationPlan& io_plan) {
    std::vector<TapeInfo> all = model.tape;
    std::vector<uint8_t> needed(model.tape.size(), 1);
    if (io_plan.learning) {
        const LearningPrograms& learning = *model.learning;
        std::vector<int32_t> outputs(learning.states.begin(), learning.states.end());
        outputs.insert(outputs.end(), learning.receptors.begin(), learning.receptors.end());
        for (const uint32_t constant : io_plan.learning->constants) outputs.push_back(learning.constants[constant]);
        const std::vector<uint8_t> used = needed_registers(learning.adjoint, outputs);
        all.insert(all.end(), learning.tape.begin(), learning.tape.end());
        for (size_t i = model.tape.size(); i < all.size(); ++i) needed.push_back(used[model.constant_count() + i]);
    }
    for (uint32_t i = 0; i < all.size(); ++i) {
        if (!needed[i]) continue;
        io_plan.tape.push_back(std::move(all[i]));
        io_plan.tape_places.push_back(i);
    }
}

// Marks the populations whose activity depends on something trained or, with `from_inputs`, on an input. Detached projections
// end the search. The adjoint of marked neurons must run, and gradients flow back to them.
void mark_gradients(const Network& network, const Wiring& wiring, bool from_inputs, std::vector<PopulationPlan>& populations) {
    std::vector<uint32_t> reached;
    const auto mark = [&](uint32_t p) {
        if (populations[p].needs_activity_gradient) return;
        populations[p].needs_activity_gradient = true;
        reached.push_back(p);
    };
    for (const Projection& projection : network.projections())
        if (projection.trainable) mark(projection.target);
    for (uint32_t p = 0; from_inputs && p < populations.size(); ++p)
        if (network.population(p).is_input()) mark(p);
    for (uint32_t p = 0; p < populations.size(); ++p)
        if (populations[p].learning) mark(p);
    while (!reached.empty()) {
        const uint32_t p = reached.back();
        reached.pop_back();
        for (const uint32_t i : wiring.from[p])
            if (const Projection& projection = network.projections()[i]; !projection.detached) mark(projection.target);
    }
}

// The plan of each population, except for the gradients it needs.
std::vector<PopulationPlan> plans_of_populations(const Network& network, const Wiring& wiring) {
    const auto& populations = network.populations();
    std::vector<PopulationPlan> plans(populations.size());
    for (uint32_t p = 0; p < populations.size(); ++p) {
        PopulationPlan& plan = plans[p];
        for (const uint32_t i : wiring.from[p])
            plan.history_depth = std::max(plan.history_depth, network.projections()[i].max_delay());
        if (populations[p].is_input()) continue;
        static_cast<PopulationConstants&>(plan) =
            make_population_constants(populations[p], populations[p].parameters, network.dt_ms());
        if (populations[p].learns()) plan.learning = make_learning_plan(populations[p]);
        choose_tape(*populations[p].model, plan);
        plan.receptor_is_fixed.assign(populations[p].model->receptors.size(), 0);
        plan.receptor_exponent.assign(populations[p].model->receptors.size(), 0);
    }
    for (const Projection& projection : network.projections()) {
        if (!projection.is_fixed()) continue;
        plans[projection.target].receptor_is_fixed[projection.receptor] = 1;
        plans[projection.target].receptor_exponent[projection.receptor] = projection.fixed_exponent;
    }
    return plans;
}

// By projection; null: not plastic.
std::vector<std::shared_ptr<const PlasticityPlan>> plans_of_plasticity(const Network& network, DecayTables& io_tables) {
    std::vector<std::shared_ptr<const PlasticityPlan>> plans;
    for (const Projection& projection : network.projections()) {
        plans.emplace_back();
        if (!projection.plasticity) continue;
        PlasticityPlan made = make_plasticity_plan(*projection.plasticity, network.dt_ms(),
                                                   text("projection '", projection.name, "'"), io_tables);
        made.delays = delays_of(*projection.synapses);
        plans.back() = std::make_shared<const PlasticityPlan>(std::move(made));
    }
    return plans;
}

std::vector<KernelCall> step_of(const Plan& plan, const Network& network, const Wiring& wiring) {
    std::vector<KernelCall> step;
    for (const uint32_t p : plan.order) {
        if (network.population(p).is_input()) continue;
        step.push_back({Kernel::clear_receptors, p});
        for (const uint32_t i : wiring.onto[p]) step.push_back({Kernel::deliver, i});
        const auto& fixed = plan.populations[p].receptor_is_fixed;
        if (std::find(fixed.begin(), fixed.end(), 1) != fixed.end()) step.push_back({Kernel::finish_receptors, p});
        step.push_back({Kernel::neuron_step, p});
        for (const uint32_t i : wiring.onto[p])
            if (network.projections()[i].plasticity) step.push_back({Kernel::learn, i});
    }
    return step;
}

// The reason why the network cannot be trained; empty if it can.
std::string why_not_trainable(const Plan& plan, const Network& network, bool input_gradients) {
    const auto& populations = network.populations();
    if (plan.sample_weights) return "each sample has weights of its own (SNN_FLAG_SAMPLE_WEIGHTS)";
    for (uint32_t p = 0; p < populations.size(); ++p)
        if (!populations[p].is_input() && plan.populations[p].needs_activity_gradient && !populations[p].model->differentiable)
            return text("population '", populations[p].name, "' has model '", populations[p].model->name,
                        "', which cannot be differentiated");
    // With plasticity, the weights of a taped run would differ from step to step.
    for (const Projection& projection : network.projections())
        if (projection.plasticity)
            return text("projection '", projection.name, "' is plastic: its weights change while the network runs");
    bool anything_trained = input_gradients;
    for (const Projection& projection : network.projections()) anything_trained |= projection.trainable;
    for (const Population& population : populations) anything_trained |= population.learns();
    return anything_trained ? "" : "no projection is trainable and no parameter learnable";
}

// The kernel calls of the step, backwards.
std::vector<KernelCall> adjoint_of(const Plan& plan, const Network& network, const Wiring& wiring) {
    std::vector<KernelCall> adjoint;
    for (auto p = plan.order.rbegin(); p != plan.order.rend(); ++p) {
        if (!plan.populations[*p].needs_activity_gradient) continue;
        if (network.population(*p).is_input()) {
            adjoint.push_back({Kernel::input_gradient, *p});
            continue;
        }
        adjoint.push_back({Kernel::neuron_adjoint, *p});
        const std::vector<uint32_t>& onto = wiring.onto[*p];
        for (auto i = onto.rbegin(); i != onto.rend(); ++i)
            if (network.projections()[*i].trainable || plan.goes_back_to_source(network.projections()[*i]))
                adjoint.push_back({Kernel::deliver_adjoint, *i});
    }
    return adjoint;
}

}  // namespace

PopulationConstants make_population_constants(const Population& population, const Parameters& parameters, double dt_ms) {
    PopulationConstants made;
    made.constants = make_constants(population, parameters, dt_ms);
    made.poisson = make_poisson_limits(population, made.constants);
    if (population.learns()) made.initial_states = population.initial_states;
    for (size_t s = 0; s < made.initial_states.size(); ++s)
        if (const auto parameter = population.learnable_initial(s)) made.initial_states[s] = parameters[*parameter];
    return made;
}

Plan make_plan(std::shared_ptr<const Network> network, uint32_t session_flags) {
    const bool input_gradients = (session_flags & SNN_FLAG_INPUT_GRADIENTS) != 0;
    const Wiring wiring(*network);
    Plan plan;
    plan.sample_weights = (session_flags & SNN_FLAG_SAMPLE_WEIGHTS) != 0;
    plan.order = evaluation_order(*network, wiring);
    plan.populations = plans_of_populations(*network, wiring);
    mark_gradients(*network, wiring, input_gradients, plan.populations);
    plan.step = step_of(plan, *network, wiring);
    plan.plasticity = plans_of_plasticity(*network, plan.decay_tables);
    plan.not_trainable_because = why_not_trainable(plan, *network, input_gradients);
    if (plan.not_trainable_because.empty()) plan.step_adjoint = adjoint_of(plan, *network, wiring);
    plan.network = std::move(network);
    return plan;
}

}  // namespace snn
