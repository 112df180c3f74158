#include "train/learned_parameters.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/error.h"
#include "train/optimizer.h"

namespace snn {

namespace {

bool is_stepped_as_logarithm(const ParameterInfo& info) { return info.minimum_is_exclusive; }

double moved(const ParameterInfo& info, double value, double step) {
    if (!is_stepped_as_logarithm(info)) return std::clamp(value + step, info.minimum, info.maximum);
    return std::min(info.minimum + (value - info.minimum) * std::exp(step), info.maximum);
}

}  // namespace

LearnedParameters::LearnedParameters(const Plan& plan) : plan_(plan) {
    for (uint32_t p = 0; p < plan.populations.size(); ++p) {
        if (!plan.populations[p].learning) continue;
        const Population& population = plan.network->population(p);
        OfPopulation entry{p, {}, Parameters(population.parameters.size()), {}, {}};
        for (const uint32_t parameter : plan.populations[p].learning->parameters) {
            const size_t count = population.parameters[parameter].size();
            entry.learned.push_back(
                {parameter, std::vector<double>(count), std::vector<double>(count), std::vector<double>(count)});
        }
        populations_.push_back(std::move(entry));
    }
}

void LearnedParameters::take_gradients(const Gradients& gradients, TrainedSession& session, bool from_reset) {
    for (OfPopulation& entry : populations_) {
        const Population& population = plan_.network->population(entry.population);
        const Model& model = *population.model;
        const LearningPlan& learning = *plan_.populations[entry.population].learning;
        const Parameters& present = session.parameters_of(entry.population);
        for (const Learned& learned : entry.learned)
            entry.gradients[learned.parameter].assign(present[learned.parameter].size(), 0.0);

        std::vector<std::vector<double>> of_constants(learning.constants.size(), std::vector<double>(population.size));
        for (uint32_t k = 0; k < learning.constants.size(); ++k)
            gradients.read_constant(entry.population, k, of_constants[k].data());
        const bool any_own = std::any_of(present.begin(), present.end(), [](const auto& values) { return values.size() > 1; });
        if (!any_own)  // neurons that share all parameters also share the derivatives
            for (std::vector<double>& values : of_constants) {
                double sum = 0;
                for (const double value : values) sum += value;
                values.assign(1, sum);
            }

        const size_t option_count = model.options.size();
        std::vector<double> parameters(model.parameters.size()), given(model.constant_count() - option_count);
        for (size_t neuron = 0; neuron < (any_own ? population.size : 1); ++neuron) {
            for (size_t i = 0; i < parameters.size(); ++i) parameters[i] = present[i][present[i].size() > 1 ? neuron : 0];
            for (size_t k = 0; k < learning.constants.size(); ++k) {
                const uint32_t constant = learning.constants[k];
                given[constant < parameters.size() ? constant : constant - option_count] = of_constants[k][neuron];
            }
            const std::vector<double> registers = evaluate_registers(model.learning->derive, parameters, population.options,
                                                                     plan_.network->dt_ms(), given);
            for (const Learned& learned : entry.learned) {
                std::vector<double>& gradient = entry.gradients[learned.parameter];
                gradient[gradient.size() > 1 ? neuron : 0] +=
                    registers[static_cast<size_t>(model.learning->parameters[learned.parameter])];
            }
        }
        std::vector<double> of_state(population.size);
        for (uint32_t s = 0; from_reset && s < model.states.size(); ++s) {
            const auto parameter = population.learnable_initial(s);
            if (!parameter) continue;
            gradients.read_initial(entry.population, s, of_state.data());
            std::vector<double>& gradient = entry.gradients[*parameter];
            for (size_t neuron = 0; neuron < of_state.size(); ++neuron)
                gradient[gradient.size() > 1 ? neuron : 0] += of_state[neuron];
        }
        for (Learned& learned : entry.learned) {
            const ParameterInfo& info = model.parameters[learned.parameter];
            learned.gradient = entry.gradients[learned.parameter];
            if (is_stepped_as_logarithm(info))
                for (size_t i = 0; i < learned.gradient.size(); ++i)
                    learned.gradient[i] *= present[learned.parameter][i] - info.minimum;
        }
        session.set_parameter_gradients(entry.population, entry.gradients);
    }
}

double LearnedParameters::square_sum() const {
    double sum = 0;
    for (const OfPopulation& entry : populations_)
        for (const Learned& learned : entry.learned)
            for (const double g : learned.gradient) sum += g * g;
    return sum;
}

void LearnedParameters::check_gradients_are_finite() const {
    for (const OfPopulation& entry : populations_) {
        const Population& population = plan_.network->population(entry.population);
        for (const Learned& learned : entry.learned)
            for (const double g : learned.gradient)
                if (!std::isfinite(g))
                    throw Error(SNN_ERROR_DIVERGED, "parameter '", population.model->parameters[learned.parameter].name,
                                "' of population '", population.name, "': its gradient is ", g,
                                ", so nothing was changed: parameters and weights were not updated; a lower learning rate or "
                                "gradient clipping may help");
    }
}

void LearnedParameters::prepare(const OptimizerStep& step, const TrainedSession& session) {
    const OptimizerConstants<double> constants = optimizer_constants<double>(step);
    for (OfPopulation& entry : populations_) {
        const Population& population = plan_.network->population(entry.population);
        entry.next = session.parameters_of(entry.population);
        for (Learned& learned : entry.learned) {
            const ParameterInfo& info = population.model->parameters[learned.parameter];
            std::vector<double>& values = entry.next[learned.parameter];
            learned.next_first = learned.first;
            learned.next_second = learned.second;
            // The session may have been given another number of values since.
            for (auto* const memory : {&learned.gradient, &learned.next_first, &learned.next_second})
                memory->resize(values.size());
            for (size_t i = 0; i < values.size(); ++i) {
                double change = 0;
                update_value(step.optimizer, constants, learned.gradient[i], change, learned.next_first[i],
                             learned.next_second[i]);
                values[i] = moved(info, values[i], change);
            }
            try {
                check_parameter(population, learned.parameter, values.data(), values.size());
            } catch (const Error& error) {
                throw Error(SNN_ERROR_DIVERGED, error.what(),
                            "; parameters and weights were not updated; a lower learning rate may help");
            }
        }
        try {
            entry.next_constants = make_population_constants(population, entry.next, plan_.network->dt_ms());
        } catch (const Error& error) {
            throw Error(SNN_ERROR_DIVERGED, error.what(),
                        "; parameters and weights were not updated; a lower learning rate may help");
        }
    }
}

void LearnedParameters::apply(TrainedSession& session) {
    for (OfPopulation& entry : populations_) {
        session.set_parameters(entry.population, std::move(entry.next), entry.next_constants);
        for (Learned& learned : entry.learned) {
            learned.first.swap(learned.next_first);
            learned.second.swap(learned.next_second);
        }
    }
}

size_t LearnedParameters::count() const {
    size_t count = 0;
    for (const OfPopulation& entry : populations_)
        for (const Learned& learned : entry.learned) count += learned.first.size() + learned.second.size();
    return count;
}

void LearnedParameters::read(std::span<double> out_values) const {
    double* out = out_values.data();
    for (const OfPopulation& entry : populations_)
        for (const Learned& learned : entry.learned)
            for (const auto* const moment : {&learned.first, &learned.second})
                out = std::copy(moment->begin(), moment->end(), out);
}

void LearnedParameters::for_squares(const std::function<void(size_t begin, size_t end)>& use) const {
    size_t at = 0;
    for (const OfPopulation& entry : populations_)
        for (const Learned& learned : entry.learned) {
            at += learned.first.size();
            use(at, at + learned.second.size());
            at += learned.second.size();
        }
}

void LearnedParameters::write(std::span<const double> values) {
    const double* from = values.data();
    for (OfPopulation& entry : populations_)
        for (Learned& learned : entry.learned)
            for (auto* const moment : {&learned.first, &learned.second}) {
                std::copy_n(from, moment->size(), moment->begin());
                from += moment->size();
            }
}

}  // namespace snn
