#include "network/linear_step.h"

#include <cmath>
#include <utility>

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

// One neuron of a population: its step and the step's adjoint in double, with surrogates of 0.
class Probe {
public:
    Probe(const Population& population, const PopulationConstants& constants, size_t neuron)
        : population_(population), model_(*population.model), constants_(constants), neuron_(neuron) {}

    size_t receptor_base() const { return model_.constant_count(); }
    size_t state_base() const { return receptor_base() + model_.receptors.size(); }

    // Registers of a step at the initial state, with sums of 0; not yet evaluated.
    Registers<double> at_rest() const {
        Registers<double> step = begin(model_.step);
        for (size_t s = 0; s < model_.states.size(); ++s) {
            const std::vector<double>& initial = constants_.initial_state(population_, s);
            const double value = initial[initial.size() > 1 ? neuron_ : 0];
            if (model_.states[s].type == ValueType::int_) step.whole[state_base() + s] = to_int_nearest_even(value);
            else step.real[state_base() + s] = value;
        }
        return step;
    }
    void evaluate_step(Registers<double>& io_step) const {
        const auto at = static_cast<uint32_t>(neuron_);
        const Draws draws{{0, 0, 0, 0, at}, at, constants_.poisson};
        evaluate(model_.step, surrogate(), false, io_step, &draws);
    }
    bool spikes(const Registers<double>& step) const {
        return model_.spiking && step.real[static_cast<size_t>(model_.step_spike)] != 0;
    }
    double state_after(const Registers<double>& step, size_t state) const { return step.real[model_.step_states[state]]; }
    // Registers of the step after an evaluated one, with sums of 0; not yet evaluated.
    Registers<double> after(const Registers<double>& step) const {
        Registers<double> next = begin(model_.step);
        for (size_t s = 0; s < model_.states.size(); ++s) {
            next.real[state_base() + s] = step.real[model_.step_states[s]];
            next.whole[state_base() + s] = step.whole[model_.step_states[s]];
        }
        return next;
    }
    // d(a state after an evaluated step) / d(states before, sums).
    Registers<double> adjoint(const Registers<double>& step, size_t state_after) const {
        Registers<double> adjoint = begin(model_.adjoint);
        for (size_t k = 0; k < model_.tape.size(); ++k) {
            adjoint.real[receptor_base() + k] = step.real[model_.tape[k].step_register];
            adjoint.whole[receptor_base() + k] = step.whole[model_.tape[k].step_register];
        }
        adjoint.real[receptor_base() + model_.tape.size() + state_after] = 1;
        evaluate(model_.adjoint, surrogate(), false, adjoint);
        return adjoint;
    }

private:
    static SurrogateInUse<double> surrogate() {
        static const Surrogate zero = surrogate_of_zero();
        return {&zero, {}};
    }
    Registers<double> begin(const Program& program) const {
        Registers<double> registers;
        registers.resize(program.register_count());
        for (size_t i = 0; i < constants_.constants.size(); ++i) {
            const Constant& constant = constants_.constants[i];
            const size_t at = constant.per_neuron() ? neuron_ : 0;
            if (constant.type == ValueType::int_) registers.whole[i] = constant.ints[at];
            else registers.real[i] = constant.doubles[at];
        }
        return registers;
    }

    const Population& population_;
    const Model& model_;
    const PopulationConstants& constants_;
    size_t neuron_;
};

// The linear step at the initial state, with float states shifted by `offset` and sums equal to `offset`.
LinearStep step_at(const Population& population, const PopulationConstants& constants, size_t neuron, double offset) {
    const Model& model = *population.model;
    const Probe probe(population, constants, neuron);
    Registers<double> step = probe.at_rest();
    for (size_t i = probe.receptor_base(); i < probe.state_base() + model.states.size(); ++i) step.real[i] += offset;
    probe.evaluate_step(step);
    if (probe.spikes(step))
        throw Error(SNN_ERROR_UNSUPPORTED, "population '", population.name, "' spikes at its initial state");

    LinearStep result;
    result.state_count = model.states.size();
    result.jacobian.resize(result.state_count * result.state_count);
    result.input.resize(model.receptors.size() * result.state_count);
    for (size_t after = 0; after < result.state_count; ++after) {
        if (model.states[after].type == ValueType::int_) continue;
        const Registers<double> adjoint = probe.adjoint(step, after);
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

// Marks the states that input reaches, and clears the Jacobian of the others: they have no trace, and get no credit.
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

bool is_close(double a, double b) { return std::fabs(a - b) <= 1e-9 * std::fmax(1.0, std::fabs(a)); }

// Solves J x = right over the states that input reaches; returns false if J is singular.
bool solve(const LinearStep& step, std::vector<double>& io_right) {
    std::vector<size_t> places;
    for (size_t s = 0; s < step.state_count; ++s)
        if (step.reached[s]) places.push_back(s);
    const size_t count = places.size();
    std::vector<double> rows(count * (count + 1));
    const auto at = [&](size_t row, size_t column) -> double& { return rows[row * (count + 1) + column]; };
    for (size_t i = 0; i < count; ++i) {
        for (size_t k = 0; k < count; ++k) at(i, k) = step.from(places[i], places[k]);
        at(i, count) = io_right[places[i]];
    }
    for (size_t k = 0; k < count; ++k) {
        size_t pivot = k;
        for (size_t i = k + 1; i < count; ++i)
            if (std::fabs(at(i, k)) > std::fabs(at(pivot, k))) pivot = i;
        if (std::fabs(at(pivot, k)) < 1e-30) return false;
        for (size_t j = 0; j <= count; ++j) std::swap(at(k, j), at(pivot, j));
        for (size_t i = 0; i < count; ++i) {
            if (i == k) continue;
            const double factor = at(i, k) / at(k, k);
            for (size_t j = k; j <= count; ++j) at(i, j) -= factor * at(k, j);
        }
    }
    for (size_t i = 0; i < count; ++i) io_right[places[i]] = at(i, count) / at(i, i);
    return true;
}

// Whether an arrival moves the membrane without a jump: the input does not change the membrane in the step of its arrival, or
// it is equivalent to a change of other states before that step (which adds inputs first and then lets them act on the
// membrane).
bool moves_smoothly(const LinearStep& step, size_t membrane, size_t receptor) {
    if (step.of_input(receptor, membrane) == 0) return true;
    std::vector<double> before(step.state_count);
    for (size_t s = 0; s < step.state_count; ++s) before[s] = step.of_input(receptor, s);
    if (!solve(step, before)) return false;
    double largest = 0;
    for (const double value : before) largest = std::fmax(largest, std::fabs(value));
    return std::fabs(before[membrane]) <= 1e-9 * largest;
}

// Finds where a model's membrane crosses its threshold, by running steps of one neuron whose states are shifted from rest.
// Refuses models for which EventProp has no equations.
class CrossingProbe {
public:
    CrossingProbe(const Population& population, const PopulationConstants& constants, const LinearStep& linear,
                  const std::vector<uint8_t>& has_input, size_t neuron)
        : population_(population),
          model_(*population.model),
          linear_(linear),
          has_input_(has_input),
          argument_(argument_of_the_spike()),
          probe_(population, constants, neuron),
          start_(probe_.at_rest()),
          rest_(start_) {
        probe_.evaluate_step(rest_);
        membrane_ = probe_.state_after(rest_, model_.membrane_state);
        overshoot_ = rest_.real[argument_];
        scale_ = std::fmax(1e-3, std::fabs(overshoot_));
    }

    Crossing find() {
        Crossing crossing;
        crossing.membrane = static_cast<int32_t>(model_.membrane_state);
        crossing.threshold = membrane_ - overshoot_;
        std::vector<uint8_t> is_risen(model_.tape.size(), 1);
        step_with_argument(-0.5 * scale_, crossing.threshold, is_risen);
        const double above = 1e-6 * scale_;
        const Registers<double> spiking = step_with_argument(above, crossing.threshold, is_risen);
        const double reset = reset_of(spiking, crossing.threshold + above);
        crossing.steepening = (1 - linear_.from(model_.membrane_state, model_.membrane_state)) * reset;
        const auto risen = std::find(is_risen.begin(), is_risen.end(), 1);
        if (risen == is_risen.end())
            throw refuse("whose adjoint does not read the membrane before the reset, where EventProp finds it");
        crossing.risen = model_.tape[static_cast<size_t>(risen - is_risen.begin())].step_register;
        crossing.offset = membrane_ - rest_.real[crossing.risen];
        return crossing;
    }

private:
    Error refuse(const char* why) const {
        return Error(SNN_ERROR_UNSUPPORTED, "population '", population_.name, "' has model '", model_.name, "', ", why);
    }

    // The register that holds the membrane before the reset, minus the threshold.
    uint16_t argument_of_the_spike() const {
        const size_t v = model_.membrane_state;
        if (!model_.has_membrane || !linear_.reached[v])
            throw refuse("whose membrane no input moves, so that EventProp finds no time of a spike");
        uint16_t argument = 0;
        size_t arguments = 0;
        for (const Instruction& instruction : model_.step.instructions)
            if (instruction.op == Op::spike) {
                argument = instruction.a;
                ++arguments;
            }
        if (arguments != 1) throw refuse("which spikes on more than one condition, where EventProp needs one threshold");
        for (size_t r = 0; r < model_.receptors.size(); ++r)
            if (has_input_[r] && !moves_smoothly(linear_, v, r))
                throw refuse(
                    "whose membrane jumps when a spike arrives: the time of its own spikes is then no smooth function of what "
                    "arrived, as EventProp needs it; 'current_lif' has a synaptic current between");
        return argument;
    }

    bool is_real(size_t state) const { return model_.states[state].type == ValueType::float_; }

    // A state after the step, as the linear step predicts it for states shifted from rest.
    double expected(const Registers<double>& moved, size_t after) const {
        double sum = probe_.state_after(rest_, after);
        for (size_t s = 0; s < model_.states.size(); ++s)
            if (is_real(s))
                sum += linear_.from(after, s) * (moved.real[probe_.state_base() + s] - start_.real[probe_.state_base() + s]);
        return sum;
    }

    // A step in which the spike's argument becomes `wanted`, below or above 0. Refuses the model unless the argument depends on
    // the membrane alone. Leaves set those flags of `io_is_risen` whose tape values depend on the membrane in the same way.
    Registers<double> step_with_argument(double wanted, double threshold, std::vector<uint8_t>& io_is_risen) const {
        const size_t v = model_.membrane_state;
        Registers<double> step = start_;
        for (size_t s = 0; s < model_.states.size(); ++s)
            if (linear_.reached[s] && s != v) step.real[probe_.state_base() + s] += 0.01 * scale_;
        step.real[probe_.state_base() + v] += (threshold + wanted - expected(step, v)) / linear_.from(v, v);
        const Registers<double> before = step;
        probe_.evaluate_step(step);
        if (!is_close(step.real[argument_], wanted) || probe_.spikes(step) != (wanted > 0))
            throw refuse("which spikes by more than its membrane and a threshold that stays, as EventProp needs it");
        for (size_t e = 0; e < model_.tape.size(); ++e) {
            const uint32_t from = model_.tape[e].step_register;
            io_is_risen[e] &= model_.tape[e].type == ValueType::float_ &&
                              is_close(step.real[from] - wanted, rest_.real[from] - overshoot_);
        }
        for (size_t s = 0; s < model_.states.size(); ++s)
            if (is_real(s) && s != v && !is_close(probe_.state_after(step, s), expected(before, s)))
                throw refuse("whose spikes change more than its membrane, which EventProp does not know");
        return step;
    }

    // By how much a spike resets the membrane, relative to its value before the reset.
    double reset_of(const Registers<double>& spiking, double membrane_before) const {
        const size_t v = model_.membrane_state;
        const double reset = membrane_before - probe_.state_after(spiking, v);
        Registers<double> next = probe_.after(spiking);
        const double free = expected(next, v);
        probe_.evaluate_step(next);
        if (is_close(reset, 0) || probe_.spikes(next) || !is_close(probe_.state_after(next, v), free))
            throw refuse(
                "whose membrane is not set back in the step of a spike, or held after it (refractory): EventProp needs a reset "
                "in that step, and a membrane that is free from the next on");
        return reset;
    }

    const Population& population_;
    const Model& model_;
    const LinearStep& linear_;
    const std::vector<uint8_t>& has_input_;
    const uint16_t argument_;
    const Probe probe_;
    const Registers<double> start_;  // at rest
    Registers<double> rest_;         // after a step from rest
    double membrane_, overshoot_, scale_;
};

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
    // Small enough not to spike; a nonlinear step still differs by far more than rounding.
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

LinearStep event_step(const Population& population, const PopulationConstants& constants,
                      const std::vector<uint8_t>& has_input) {
    LinearStep result = linear_step(population, constants);
    if (!population.model->spiking) return result;
    result.crossing = CrossingProbe(population, constants, result, has_input, 0).find();
    bool own = false;
    for (const Constant& constant : constants.constants) own |= constant.per_neuron();
    for (size_t neuron = 1; own && neuron < population.size; ++neuron) {
        const Crossing other = CrossingProbe(population, constants, result, has_input, neuron).find();
        if (!is_close(result.crossing.threshold, other.threshold) || !is_close(result.crossing.steepening, other.steepening) ||
            !is_close(result.crossing.offset, other.offset) || result.crossing.risen != other.risen)
            throw Error(SNN_ERROR_UNSUPPORTED, "population '", population.name,
                        "' has neurons with different thresholds or resets: neuron ", neuron, " is not as neuron 0");
    }
    return result;
}

}  // namespace snn
