// Derived constants: evaluates the `derive` program in double, with the library's own exp, log and reciprocal.
#include <algorithm>

#include "common/math.h"
#include "network/model.h"

namespace snn {

std::vector<double> evaluate_registers(const Program& program, std::span<const double> parameters,
                                       std::span<const int32_t> options, double dt_ms,
                                       std::span<const double> more_inputs) {
    std::vector<double> registers(parameters.begin(), parameters.end());
    for (const int32_t option : options) registers.push_back(option);
    registers.push_back(dt_ms);
    registers.insert(registers.end(), more_inputs.begin(), more_inputs.end());
    registers.reserve(program.register_count());
    for (const Instruction& i : program.instructions) {
        const double a = i.op == Op::const_ || i.op == Op::iconst ? 0.0 : registers[i.a];
        const double b = registers[i.b], c = registers[i.c];
        double result = 0.0;
        switch (i.op) {
            case Op::const_:
            case Op::iconst: result = i.value; break;
            case Op::add:
            case Op::iadd: result = a + b; break;
            case Op::sub:
            case Op::isub: result = a - b; break;
            case Op::mul:
            case Op::imul: result = a * b; break;
            case Op::div: result = a / b; break;
            case Op::min:
            case Op::imin: result = a < b ? a : b; break;
            case Op::max:
            case Op::imax: result = a > b ? a : b; break;
            case Op::neg: result = -a; break;
            case Op::abs: result = std::fabs(a); break;
            case Op::floor: result = std::floor(a); break;
            case Op::exp: result = exp_f64(a); break;
            case Op::reciprocal: result = reciprocal_f64(a); break;
            case Op::log: result = log_f64(a); break;
            case Op::sqrt: result = std::sqrt(a); break;
            case Op::lt:
            case Op::ilt: result = a < b; break;
            case Op::le:
            case Op::ile: result = a <= b; break;
            case Op::eq:
            case Op::ieq: result = a == b; break;
            case Op::and_: result = a != 0 && b != 0; break;
            case Op::or_: result = a != 0 || b != 0; break;
            case Op::not_: result = a == 0; break;
            case Op::select: result = a != 0 ? b : c; break;
            case Op::to_float: result = a; break;
            case Op::to_int: result = to_int_nearest_even(a); break;
            case Op::spike:
            case Op::surrogate:
            case Op::uniform:
            case Op::normal:
            case Op::poisson:
            case Op::atan:
            case Op::tanh: break;  // not allowed in `derive`, which parse_model has checked
        }
        registers.push_back(result);
    }
    return registers;
}

std::vector<double> evaluate_derived(const Model& model, std::span<const double> parameters,
                                     std::span<const int32_t> options, double dt_ms) {
    const std::vector<double> registers = evaluate_registers(model.derive, parameters, options, dt_ms);
    std::vector<double> derived;
    for (const uint16_t output : model.derive_outputs) derived.push_back(registers[output]);
    return derived;
}

}  // namespace snn
