// Runs an op list for one neuron. It defines every op, in float or double.
#pragma once

#include <cmath>
#include <span>
#include <type_traits>
#include <vector>

#include "common/math.h"
#include "common/random.h"
#include "network/model.h"
#include "network/plan.h"

namespace snn {

// A population's surrogate with its parameters.
template <class Real>
struct SurrogateInUse {
    const Surrogate* surrogate = nullptr;
    std::vector<Real> parameters;
};

// Registers of both kinds under one numbering: floats in `real`, ints and bools in `whole`.
template <class Real>
struct Registers {
    std::vector<Real> real;
    std::vector<int32_t> whole;
    void resize(size_t count) {
        real.resize(count);
        whole.resize(count);
    }
};

template <class Real>
Real exp_of(Real x) {
    if constexpr (std::is_same_v<Real, float>) return exp_f32(x);
    else return exp_f64(x);
}

template <class Real>
Real log_of(Real x) {
    if constexpr (std::is_same_v<Real, float>) return log_f32(x);
    else return log_f64(x);
}

template <class Real>
Real reciprocal_of(Real x) {
    if constexpr (std::is_same_v<Real, float>) return reciprocal_f32(x);
    else return reciprocal_f64(x);
}

inline int32_t wrapped(uint32_t value) { return static_cast<int32_t>(value); }

template <class Real>
Real evaluate_surrogate(const Program& program, uint16_t output, const SurrogateInUse<Real>& surrogate, Real x);

// The source of a step's draws: the current neuron, and the population's tables.
struct Draws {
    DrawPlace place;
    uint32_t neuron;  // index in the tables
    std::span<const PoissonLimits> poisson;

    uint32_t count(const Instruction& draw) const {
        const PoissonLimits& table = poisson[draw.b];
        const uint32_t word = poisson_word(place, static_cast<uint32_t>(draw.value));
        const size_t row = table.per_neuron ? table.limits.size() / table.count : 1;
        const size_t column = table.per_neuron ? neuron : 0;
        uint32_t events = 0;
        for (uint32_t k = 0; k < table.count; ++k) events += table.limits[k * row + column] < word;
        return events;
    }
};

// `registers` already holds the inputs. `draws` may be null if the program has no draws.
template <class Real>
void evaluate(const Program& program, const SurrogateInUse<Real>& surrogate, bool smooth, Registers<Real>& registers,
              const Draws* draws = nullptr) {
    std::vector<Real>& r = registers.real;
    std::vector<int32_t>& n = registers.whole;
    size_t at = program.input_count;
    for (const Instruction& i : program.instructions) {
        Real& result = r[at];
        int32_t& whole = n[at];
        const auto u = [&](uint16_t index) { return static_cast<uint32_t>(n[index]); };
        switch (i.op) {
            case Op::const_: result = static_cast<Real>(i.value); break;
            case Op::iconst: whole = static_cast<int32_t>(i.value); break;
            case Op::add: result = r[i.a] + r[i.b]; break;
            case Op::sub: result = r[i.a] - r[i.b]; break;
            case Op::mul: result = r[i.a] * r[i.b]; break;
            case Op::div: result = r[i.a] / r[i.b]; break;
            case Op::min: result = r[i.a] < r[i.b] ? r[i.a] : r[i.b]; break;
            case Op::max: result = r[i.a] > r[i.b] ? r[i.a] : r[i.b]; break;
            case Op::neg: result = -r[i.a]; break;
            case Op::abs: result = std::fabs(r[i.a]); break;
            case Op::floor: result = std::floor(r[i.a]); break;
            case Op::exp: result = exp_of(r[i.a]); break;
            case Op::reciprocal: result = reciprocal_of(r[i.a]); break;
            case Op::log: result = log_of(r[i.a]); break;
            case Op::sqrt: result = std::sqrt(r[i.a]); break;
            case Op::atan: result = std::atan(r[i.a]); break;
            case Op::tanh: result = std::tanh(r[i.a]); break;
            case Op::iadd: whole = wrapped(u(i.a) + u(i.b)); break;
            case Op::isub: whole = wrapped(u(i.a) - u(i.b)); break;
            case Op::imul: whole = wrapped(u(i.a) * u(i.b)); break;
            case Op::imin: whole = n[i.a] < n[i.b] ? n[i.a] : n[i.b]; break;
            case Op::imax: whole = n[i.a] > n[i.b] ? n[i.a] : n[i.b]; break;
            case Op::lt: whole = r[i.a] < r[i.b]; break;
            case Op::le: whole = r[i.a] <= r[i.b]; break;
            case Op::eq: whole = r[i.a] == r[i.b]; break;
            case Op::ilt: whole = n[i.a] < n[i.b]; break;
            case Op::ile: whole = n[i.a] <= n[i.b]; break;
            case Op::ieq: whole = n[i.a] == n[i.b]; break;
            case Op::and_: whole = n[i.a] && n[i.b]; break;
            case Op::or_: whole = n[i.a] || n[i.b]; break;
            case Op::not_: whole = !n[i.a]; break;
            case Op::select:
                result = n[i.a] ? r[i.b] : r[i.c];
                whole = n[i.a] ? n[i.b] : n[i.c];
                break;
            case Op::to_float: result = static_cast<Real>(n[i.a]); break;
            case Op::to_int: whole = to_int_nearest_even(static_cast<double>(r[i.a])); break;
            case Op::spike:
                if (smooth && surrogate.surrogate)
                    result = evaluate_surrogate(surrogate.surrogate->smooth, surrogate.surrogate->smooth_output,
                                                surrogate, r[i.a]);
                else result = (n[i.b] ? r[i.a] >= Real{0} : r[i.a] > Real{0}) ? Real{1} : Real{0};
                break;
            case Op::uniform:
                result = draw_uniform(draw_word(draws->place, static_cast<uint32_t>(i.value)));
                break;
            case Op::normal: result = draw_normal(draw_word(draws->place, static_cast<uint32_t>(i.value))); break;
            case Op::poisson: result = static_cast<Real>(draws->count(i)); break;
            case Op::surrogate:
                result = evaluate_surrogate(surrogate.surrogate->derivative, surrogate.surrogate->derivative_output,
                                            surrogate, r[i.a]);
                break;
        }
        ++at;
    }
}

template <class Real>
Real evaluate_surrogate(const Program& program, uint16_t output, const SurrogateInUse<Real>& surrogate, Real x) {
    static thread_local Registers<Real> registers;
    registers.resize(program.register_count());
    for (size_t i = 0; i < surrogate.parameters.size(); ++i) registers.real[i] = surrogate.parameters[i];
    registers.real[surrogate.parameters.size()] = x;
    evaluate(program, SurrogateInUse<Real>{}, false, registers);
    return registers.real[output];
}

}  // namespace snn
