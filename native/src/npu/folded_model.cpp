#include "npu/folded_model.h"

#include <cmath>

#include "common/math.h"

namespace snn::npu {

namespace {

using Known = std::optional<double>;

Known uniform(const Constant& constant) {
    if (constant.type == ValueType::int_) {
        for (const int32_t value : constant.ints)
            if (value != constant.ints[0]) return {};
        return constant.ints[0];
    }
    for (const float value : constant.floats)
        if (value != constant.floats[0]) return {};
    return static_cast<double>(constant.floats[0]);
}

// Computes an operation whose operands are all known, as docs/model-format.md defines it.
Known compute(Op op, double a, double b) {
    const auto x = static_cast<float>(a), y = static_cast<float>(b);
    const auto real = [](float value) { return Known(static_cast<double>(value)); };
    const auto whole = [](int64_t value) {
        return Known(static_cast<double>(static_cast<int32_t>(static_cast<uint32_t>(value))));
    };
    const auto m = static_cast<int64_t>(a), n = static_cast<int64_t>(b);
    switch (op) {
        case Op::add: return real(x + y);
        case Op::sub: return real(x - y);
        case Op::mul: return real(x * y);
        case Op::min: return real(x < y ? x : y);
        case Op::max: return real(x > y ? x : y);
        case Op::neg: return real(-x);
        case Op::abs: return real(std::fabs(x));
        case Op::floor: return real(std::floor(x));
        case Op::exp: return real(exp_f32(x));
        case Op::log: return real(log_f32(x));
        case Op::reciprocal: return real(reciprocal_f32(x));
        case Op::iadd: return whole(m + n);
        case Op::isub: return whole(m - n);
        case Op::imul: return whole(m * n);
        case Op::imin:
        case Op::imax: return (op == Op::imin) == (a < b) ? a : b;
        case Op::lt:
        case Op::ilt: return a < b;
        case Op::le:
        case Op::ile: return a <= b;
        case Op::eq:
        case Op::ieq: return a == b;
        case Op::and_: return a != 0 && b != 0;
        case Op::or_: return a != 0 || b != 0;
        case Op::not_: return a == 0;
        case Op::to_float: return real(static_cast<float>(m));
        case Op::to_int: return to_int_nearest_even(a);
        case Op::spike: return b != 0 ? a >= 0 : a > 0;
        default: return {};
    }
}

class Folder {
public:
    Folder(const Model& model, const std::vector<Constant>& constants) : program_(model.step) {
        folded_.known.resize(program_.register_count());
        folded_.same_as.resize(program_.register_count());
        for (uint16_t reg = 0; reg < folded_.same_as.size(); ++reg) folded_.same_as[reg] = reg;
        for (size_t i = 0; i < constants.size(); ++i) folded_.known[i] = uniform(constants[i]);
    }

    void set_input(size_t reg, Known value) { folded_.known[reg] = value; }

    void run() {
        for (size_t i = 0; i < program_.instructions.size(); ++i) {
            const auto result = static_cast<uint16_t>(program_.input_count + i);
            folded_.known[result] = {};
            folded_.same_as[result] = result;
            fold(program_.instructions[i], result);
        }
    }
    const Known& known(uint16_t reg) const { return folded_.known[reg]; }
    FoldedModel& folded() { return folded_; }

private:
    void same(uint16_t result, uint16_t reg) {
        folded_.same_as[result] = folded_.same_as[reg];
        folded_.known[result] = folded_.known[reg];
    }
    bool is(uint16_t reg, double value) const { return known(reg) && *known(reg) == value; }

    void fold(const Instruction& op, uint16_t result) {
        Known& value = folded_.known[result];
        switch (op.op) {
            case Op::const_: value = static_cast<double>(static_cast<float>(op.value)); return;
            case Op::iconst: value = op.value; return;
            case Op::uniform:
            case Op::normal:
            case Op::poisson: return;
            case Op::select:
                if (known(op.a)) return same(result, *known(op.a) != 0 ? op.b : op.c);
                if (folded_.same_as[op.b] == folded_.same_as[op.c]) return same(result, op.b);
                if (known(op.b) && known(op.c) && *known(op.b) == *known(op.c)) value = known(op.b);
                return;
            default: break;
        }
        const bool is_unary = operand_count(op.op) == 1;
        if (known(op.a) && (is_unary || known(op.b))) {
            value = compute(op.op, *known(op.a), is_unary ? 0 : *known(op.b));
            return;
        }
        // One known operand can decide the result. x + 0 is treated as x, although the sign of a zero may differ.
        switch (op.op) {
            case Op::add:
            case Op::iadd:
                if (is(op.a, 0)) return same(result, op.b);
                if (is(op.b, 0)) return same(result, op.a);
                return;
            case Op::sub:
            case Op::isub:
                if (is(op.b, 0)) return same(result, op.a);
                return;
            case Op::mul:
            case Op::imul:
                if (is(op.a, 1)) return same(result, op.b);
                if (is(op.b, 1)) return same(result, op.a);
                return;
            case Op::and_:
                if (is(op.a, 0) || is(op.b, 0)) value = 0;
                else if (known(op.a)) same(result, op.b);
                else if (known(op.b)) same(result, op.a);
                return;
            case Op::or_:
                if (is(op.a, 1) || is(op.b, 1)) value = 1;
                else if (known(op.a)) same(result, op.b);
                else if (known(op.b)) same(result, op.a);
                return;
            default: return;
        }
    }

    const Program& program_;
    FoldedModel folded_;
};

}  // namespace

FoldedModel fold_model(const Model& model, const std::vector<Constant>& constants,
                       std::span<const std::optional<double>> uniform_states, std::span<const uint8_t> unused_receptors) {
    const size_t first_receptor = model.constant_count(), first_state = first_receptor + model.receptors.size();
    Folder folder(model, constants);
    for (size_t r = 0; r < unused_receptors.size(); ++r)
        if (unused_receptors[r]) folder.set_input(first_receptor + r, 0.0);
    std::vector<uint8_t> stays(model.states.size());
    for (size_t s = 0; s < stays.size(); ++s) stays[s] = uniform_states[s].has_value();
    // Assumes that all uniform states stay. Drops those that the step changes, and repeats until no more are dropped.
    for (bool is_steady = false; !is_steady;) {
        for (size_t s = 0; s < stays.size(); ++s) folder.set_input(first_state + s, stays[s] ? uniform_states[s] : Known());
        folder.run();
        is_steady = true;
        for (size_t s = 0; s < stays.size(); ++s) {
            if (!stays[s]) continue;
            const Known& next = folder.known(model.step_states[s]);
            if (next && *next == *uniform_states[s]) continue;
            stays[s] = 0;
            is_steady = false;
        }
    }
    folder.folded().state_stays = std::move(stays);
    return std::move(folder.folded());
}

}  // namespace snn::npu
