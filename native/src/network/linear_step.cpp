#include "network/linear_step.h"

#include <cmath>

#include "common/error.h"
#include "network/evaluate.h"

namespace snn {

namespace {

Surrogate surrogate_of_zero() {
    Surrogate zero;
    zero.derivative.input_count = 1;
    zero.derivative.instructions.push_back({Op::const_});
    zero.derivative_output = 1;
    return zero;
}

// At the initial state, float states moved by `offset` and sums of `offset`.
LinearStep step_at(const Population& population, const PopulationConstants& constants, size_t neuron, double offset) {
    const Model& model = *population.model;
    const Surrogate zero = surrogate_of_zero();
    const SurrogateInUse<double> surrogate{&zero, {}};
    const auto begin = [&](const Program& program) {
        Registers<double> registers;
        registers.resize(program.register_count());
        for (size_t i = 0; i < constants.constants.size(); ++i) {
            const Constant& constant = constants.constants[i];
            const size_t at = constant.per_neuron() ? neuron : 0;
            if (constant.type == ValueType::int_) registers.whole[i] = constant.ints[at];
            else registers.real[i] = constant.doubles[at];
        }
        return registers;
    };
    Registers<double> step = begin(model.step);
    const size_t receptor_base = model.constant_count(), state_base = receptor_base + model.receptors.size();
    for (size_t r = 0; r < model.receptors.size(); ++r) step.real[receptor_base + r] = offset;
    for (size_t s = 0; s < model.states.size(); ++s) {
        const std::vector<double>& initial = constants.initial_state(population, s);
        const double value = initial[initial.size() > 1 ? neuron : 0];
        if (model.states[s].type == ValueType::int_) step.whole[state_base + s] = to_int_nearest_even(value);
        else step.real[state_base + s] = value + offset;
    }
    const auto at = static_cast<uint32_t>(neuron);
    const Draws draws{{0, 0, 0, 0, at}, at, constants.poisson};
    evaluate(model.step, surrogate, false, step, &draws);
    if (model.spiking && step.real[static_cast<size_t>(model.step_spike)] != 0)
        throw Error(SNN_ERROR_UNSUPPORTED, "population '", population.name, "' spikes at its initial state");

    LinearStep result;
    result.state_count = model.states.size();
    result.jacobian.resize(result.state_count * result.state_count);
    result.input.resize(model.receptors.size() * result.state_count);
    for (size_t after = 0; after < result.state_count; ++after) {
        if (model.states[after].type == ValueType::int_) continue;
        Registers<double> adjoint = begin(model.adjoint);
        for (size_t k = 0; k < model.tape.size(); ++k) {
            adjoint.real[receptor_base + k] = step.real[model.tape[k].step_register];
            adjoint.whole[receptor_base + k] = step.whole[model.tape[k].step_register];
        }
        adjoint.real[receptor_base + model.tape.size() + after] = 1;
        evaluate(model.adjoint, surrogate, false, adjoint);
        for (size_t before = 0; before < result.state_count; ++before)
            if (model.states[before].type == ValueType::float_)
                result.jacobian[after * result.state_count + before] = adjoint.real[model.adjoint_states[before]];
        for (size_t r = 0; r < model.receptors.size(); ++r)
            result.input[r * result.state_count + after] = adjoint.real[model.adjoint_receptors[r]];
    }
    return result;
}

bool are_equal(const LinearStep& a, const LinearStep& b) {
    const auto close = [](const std::vector<double>& x, const std::vector<double>& y) {
        for (size_t i = 0; i < x.size(); ++i)
            if (!(std::fabs(x[i] - y[i]) <= 1e-12 * std::fmax(1.0, std::fabs(x[i])))) return false;
        return true;
    };
    return close(a.jacobian, b.jacobian) && close(a.input, b.input);
}

// States that no input reaches have no trace, and no input asks for credit of them.
void find_reached(LinearStep& io_step) {
    const size_t count = io_step.state_count;
    io_step.reached.assign(count, 0);
    for (size_t i = 0; i < io_step.input.size(); ++i)
        if (io_step.input[i] != 0) io_step.reached[i % count] = 1;
    for (size_t round = 0; round < count; ++round)
        for (size_t after = 0; after < count; ++after)
            for (size_t before = 0; before < count; ++before)
                if (io_step.reached[before] && io_step.from(after, before) != 0) io_step.reached[after] = 1;
    for (size_t i = 0; i < count * count; ++i)
        if (!io_step.reached[i / count] || !io_step.reached[i % count]) io_step.jacobian[i] = 0;
}

}  // namespace

int32_t LinearStep::only_state() const {
    int32_t only = -1;
    for (size_t s = 0; s < state_count; ++s) {
        if (!reached[s]) continue;
        if (only >= 0) return -1;
        only = static_cast<int32_t>(s);
    }
    return only;
}

LinearStep linear_step(const Population& population, const PopulationConstants& constants) {
    LinearStep result = step_at(population, constants, 0, 0.0);
    // Small, so that it does not spike; what is not linear shows far above rounding all the same.
    for (const double offset : {1e-3, -1e-2})
        if (!are_equal(result, step_at(population, constants, 0, offset)))
            throw Error(SNN_ERROR_UNSUPPORTED, "population '", population.name, "' has model '", population.model->name,
                        "', whose states do not follow each other linearly between spikes");
    bool own = false;
    for (const Constant& constant : constants.constants) own |= constant.per_neuron();
    for (size_t neuron = 1; own && neuron < population.size; ++neuron)
        if (!are_equal(result, step_at(population, constants, neuron, 0.0)))
            throw Error(SNN_ERROR_UNSUPPORTED, "population '", population.name, "' has neurons with different decays: neuron ",
                        neuron, " is not as neuron 0");
    find_reached(result);
    return result;
}

}  // namespace snn
