#include "cpu/interpreter.h"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>

namespace snn::cpu {

// Works on values: inputs, literals and results of instructions. Scratch slots are assigned at the end, when it is known how
// long each result is needed.
class InterpretedProgram::Builder {
public:
    explicit Builder(InterpretedProgram& program, uint32_t input_count) : program_(program) {
        program_.input_count_ = input_count;
        for (uint32_t i = 0; i < input_count; ++i) values_.push_back({place_input | i, 0});
    }

    // Appends an op list whose inputs are the given values. Returns the value of each of its registers.
    std::vector<uint32_t> append(const Program& list, std::vector<uint32_t> registers, const Surrogate* surrogate,
                                 std::span<const double> surrogate_parameters) {
        for (const Instruction& instruction : list.instructions) {
            const auto value_of = [&](uint16_t operand) { return registers[operand]; };
            if (instruction.op == Op::const_) {
                registers.push_back(literal(std::bit_cast<uint32_t>(static_cast<float>(instruction.value))));
            } else if (instruction.op == Op::iconst) {
                registers.push_back(whole(static_cast<int32_t>(instruction.value)));
            } else if (is_draw(instruction.op)) {
                // The operands are the number of the draw and, for `poisson`, the place of its table: literals, not values of
                // the program.
                registers.push_back(emit(instruction.op, literal(static_cast<uint32_t>(instruction.value)),
                                         literal(instruction.b), 0));
            } else if (instruction.op == Op::surrogate) {
                std::vector<uint32_t> inputs;
                for (const double parameter : surrogate_parameters)
                    inputs.push_back(literal(std::bit_cast<uint32_t>(static_cast<float>(parameter))));
                inputs.push_back(value_of(instruction.a));
                const auto inner = append(surrogate->derivative, std::move(inputs), nullptr, {});
                registers.push_back(inner[surrogate->derivative_output]);
            } else if (const auto folded = fold(instruction, registers)) {
                registers.push_back(*folded);
            } else {
                registers.push_back(
                    emit(instruction.op, value_of(instruction.a), value_of(instruction.b), value_of(instruction.c)));
            }
        }
        return registers;
    }

    // An integer that is known now.
    uint32_t whole(int32_t number) {
        const uint32_t value = literal(static_cast<uint32_t>(number));
        known_[value] = number;
        return value;
    }

    // A value that survives when the inputs [first, end) other than `own` are overwritten.
    uint32_t safe_from(uint32_t value, uint32_t first, uint32_t end, uint32_t own) {
        if (value < first || value >= end || value == own) return value;
        return emit(Op::imin, value, value, value);  // the smaller of a word and itself: a copy
    }

    uint32_t output(uint32_t value) {
        outputs_.push_back(value);
        return value;
    }

    // Drops what no output needs and assigns scratch slots.
    void finish() {
        const uint32_t first_result = program_.input_count_;
        std::vector<uint8_t> needed(values_.size(), 0);
        for (const uint32_t value : outputs_) needed[value] = 1;
        for (size_t k = code_.size(); k-- > 0;)
            if (needed[code_[k].result]) needed[code_[k].a] = needed[code_[k].b] = needed[code_[k].c] = 1;
        std::vector<size_t> last_use(values_.size(), 0);
        for (size_t k = 0; k < code_.size(); ++k)
            if (needed[code_[k].result])
                for (const uint32_t value : {code_[k].a, code_[k].b, code_[k].c}) last_use[value] = k;
        for (const uint32_t value : outputs_) last_use[value] = code_.size();

        std::vector<uint32_t> free_slots;
        for (size_t k = 0; k < code_.size(); ++k) {
            const Step& step = code_[k];
            if (!needed[step.result]) continue;
            // An instruction may write over its own operands: each lane is read before it is written.
            uint32_t operands[3] = {step.a, step.b, step.c};
            std::sort(operands, operands + 3);
            for (int i = 0; i < 3; ++i) {
                const uint32_t value = operands[i];
                if (i > 0 && value == operands[i - 1]) continue;
                if (value >= first_result && values_[value].is_result && last_use[value] == k)
                    free_slots.push_back(values_[value].operand);
            }
            uint32_t slot = program_.slot_count_;
            if (free_slots.empty()) {
                ++program_.slot_count_;
            } else {
                slot = free_slots.back();
                free_slots.pop_back();
            }
            const uint32_t a = values_[step.a].operand, b = values_[step.b].operand, c = values_[step.c].operand;
            values_[step.result].operand = place_scratch | slot;
            program_.instructions_.push_back({static_cast<uint16_t>(step.op), slot, a, b, c});
        }
        const size_t table_bytes = program_.input_count_ * (sizeof(const void*) + sizeof(uint32_t));
        program_.table_words_ = static_cast<uint32_t>((table_bytes + 63) / 64 * 16);
    }

    uint32_t operand(uint32_t value) const { return values_[value].operand; }

private:
    struct Value {
        uint32_t operand;
        bool is_result;
    };
    struct Step {
        Op op;
        uint32_t result, a, b, c;
    };

    // The value of an instruction that known values decide: comparisons of options, and selections that depend on them. A known
    // condition is an integer, 0 or 1, which no remaining instruction reads.
    std::optional<uint32_t> fold(const Instruction& i, const std::vector<uint32_t>& registers) {
        const auto known = [&](uint16_t operand) -> std::optional<int32_t> {
            const auto found = known_.find(registers[operand]);
            return found == known_.end() ? std::nullopt : std::optional(found->second);
        };
        switch (i.op) {
            case Op::ieq:
            case Op::ilt:
            case Op::ile: {
                const auto a = known(i.a), b = known(i.b);
                if (!a || !b) return std::nullopt;
                return whole(i.op == Op::ieq ? *a == *b : i.op == Op::ilt ? *a < *b : *a <= *b);
            }
            case Op::not_:
                if (const auto a = known(i.a)) return whole(!*a);
                return std::nullopt;
            case Op::and_:
            case Op::or_: {
                // The known side decides the result or leaves it to the other side.
                const int32_t decides = i.op == Op::or_;
                for (const auto& [side, other] : {std::pair{i.a, i.b}, std::pair{i.b, i.a}})
                    if (const auto a = known(side)) return *a == decides ? whole(decides) : registers[other];
                return std::nullopt;
            }
            case Op::select:
                if (const auto condition = known(i.a)) return registers[*condition ? i.b : i.c];
                if (registers[i.b] == registers[i.c]) return registers[i.b];
                return std::nullopt;
            default: return std::nullopt;
        }
    }

    uint32_t literal(uint32_t bits) {
        const auto [found, is_new] = known_literals_.try_emplace(bits, static_cast<uint32_t>(values_.size()));
        if (is_new) {
            values_.push_back({place_literal | static_cast<uint32_t>(program_.literals_.size() / 16), false});
            program_.literals_.insert(program_.literals_.end(), 16, bits);
        }
        return found->second;
    }

    uint32_t emit(Op op, uint32_t a, uint32_t b, uint32_t c) {
        const uint32_t result = static_cast<uint32_t>(values_.size());
        values_.push_back({0, true});
        // An operand that an operation does not have repeats the first one, which always exists. It is never read.
        const int count = operand_count(op);
        code_.push_back({op, result, a, count > 1 ? b : a, count > 2 ? c : a});
        return result;
    }

    static int operand_count(Op op) {
        switch (op) {
            case Op::select:
                return 3;
            case Op::neg:
            case Op::abs:
            case Op::floor:
            case Op::exp:
            case Op::log:
            case Op::reciprocal:
            case Op::sqrt:
            case Op::not_:
            case Op::to_float:
            case Op::to_int:
                return 1;
            default:
                return 2;
        }
    }

    InterpretedProgram& program_;
    std::vector<Value> values_;
    std::vector<Step> code_;
    std::vector<uint32_t> outputs_;
    std::map<uint32_t, uint32_t> known_literals_;
    std::map<uint32_t, int32_t> known_;  // by value: known integers and conditions
};

namespace {

std::vector<uint32_t> first_values(uint32_t count) {
    std::vector<uint32_t> values(count);
    for (uint32_t i = 0; i < count; ++i) values[i] = i;
    return values;
}

}  // namespace

InterpretedProgram InterpretedProgram::step(const Model& model, std::span<const int32_t> options,
                                            std::span<const TapeInfo> taped) {
    InterpretedProgram program;
    Builder builder(program, model.step.input_count);
    std::vector<uint32_t> inputs = first_values(model.step.input_count);
    for (size_t k = 0; k < options.size(); ++k) inputs[model.parameters.size() + k] = builder.whole(options[k]);
    const auto registers = builder.append(model.step, std::move(inputs), nullptr, {});
    const uint32_t state_count = static_cast<uint32_t>(model.states.size());
    const uint32_t first_state = model.step.input_count - state_count;
    std::vector<uint32_t> states, tape;
    uint32_t spike = 0;
    for (uint32_t i = 0; i < state_count; ++i)
        states.push_back(builder.output(builder.safe_from(registers[model.step_states[i]], first_state,
                                                          model.step.input_count, first_state + i)));
    if (model.step_spike >= 0) spike = builder.output(registers[static_cast<uint32_t>(model.step_spike)]);
    for (const TapeInfo& entry : taped) tape.push_back(builder.output(registers[entry.step_register]));
    builder.finish();
    for (const uint32_t value : states) program.state_results_.push_back(builder.operand(value));
    for (const uint32_t value : tape) program.tape_results_.push_back(builder.operand(value));
    program.spikes_ = model.step_spike >= 0;
    if (program.spikes_) program.spike_result_ = builder.operand(spike);
    for (const StateInfo& state : model.states) program.state_is_int_.push_back(state.type == ValueType::int_);
    program.constant_count_ = model.constant_count();
    program.receptor_count_ = static_cast<uint32_t>(model.receptors.size());
    program.tape_count_ = static_cast<uint32_t>(tape.size());
    return program;
}

InterpretedProgram InterpretedProgram::adjoint(const Model& model, std::span<const int32_t> options,
                                               const Surrogate& surrogate, std::span<const double> parameters,
                                               const std::optional<LearningPlan>& learning) {
    const Program& adjoint = learning ? model.learning->adjoint : model.adjoint;
    InterpretedProgram program;
    Builder builder(program, adjoint.input_count);
    std::vector<uint32_t> inputs = first_values(adjoint.input_count);
    for (size_t k = 0; k < options.size(); ++k) inputs[model.parameters.size() + k] = builder.whole(options[k]);
    const auto registers = builder.append(adjoint, std::move(inputs), &surrogate, parameters);
    const uint32_t state_count = static_cast<uint32_t>(model.states.size());
    const uint32_t end_of_states = adjoint.input_count - 1, first_state = end_of_states - state_count;
    const auto& state_outputs = learning ? model.learning->states : model.adjoint_states;
    std::vector<uint32_t> states, receptors, constants;
    for (uint32_t i = 0; i < state_count; ++i)
        states.push_back(builder.output(
            builder.safe_from(registers[state_outputs[i]], first_state, end_of_states, first_state + i)));
    for (const uint16_t result : learning ? model.learning->receptors : model.adjoint_receptors)
        receptors.push_back(builder.output(registers[result]));
    // Results for constants are read after the states were written.
    for (size_t k = 0; learning && k < learning->constants.size(); ++k) {
        const uint32_t value = registers[static_cast<size_t>(model.learning->constants[learning->constants[k]])];
        constants.push_back(builder.output(builder.safe_from(value, first_state, end_of_states, UINT32_MAX)));
    }
    builder.finish();
    for (const uint32_t value : states) program.state_results_.push_back(builder.operand(value));
    for (const uint32_t value : receptors) program.receptor_results_.push_back(builder.operand(value));
    for (const uint32_t value : constants) program.constant_results_.push_back(builder.operand(value));
    for (const StateInfo& state : model.states) program.state_is_int_.push_back(state.type == ValueType::int_);
    program.constant_count_ = model.constant_count();
    program.receptor_count_ = static_cast<uint32_t>(receptors.size());
    program.tape_count_ = static_cast<uint32_t>(model.tape.size() + (learning ? model.learning->tape.size() : 0));
    return program;
}

InterpretedProgram InterpretedProgram::event(const Program& event, std::span<const uint16_t> outputs) {
    InterpretedProgram program;
    Builder builder(program, event.input_count);
    const auto registers = builder.append(event, first_values(event.input_count), nullptr, {});
    for (const uint16_t output : outputs) builder.output(registers[output]);
    builder.finish();
    for (const uint16_t output : outputs) program.state_results_.push_back(builder.operand(registers[output]));
    return program;
}

ProgramCache::Shared ProgramCache::step(const Model& model, const std::vector<int32_t>& options,
                                        std::span<const TapeInfo> tape) {
    std::vector<uint32_t> kept;
    for (const TapeInfo& entry : tape) kept.push_back(entry.step_register);
    Shared& program = steps_[{{&model, options}, std::move(kept)}];
    if (!program) program = std::make_shared<const InterpretedProgram>(InterpretedProgram::step(model, options, tape));
    return program;
}

ProgramCache::Shared ProgramCache::adjoint(const Model& model, const std::vector<int32_t>& options,
                                           const Surrogate& surrogate, const std::vector<double>& parameters,
                                           const std::optional<LearningPlan>& learning) {
    Shared& program = adjoints_[{{&model, options}, &surrogate, parameters, learning.has_value(),
                                 learning ? learning->constants : std::vector<uint32_t>()}];
    if (!program)
        program = std::make_shared<const InterpretedProgram>(
            InterpretedProgram::adjoint(model, options, surrogate, parameters, learning));
    return program;
}

BlockProgram InterpretedProgram::view() const {
    return {
        .instructions = instructions_.data(),
        .instruction_count = static_cast<uint32_t>(instructions_.size()),
        .literals = literals_.data(),
        .input_count = input_count_,
        .table_words = table_words_,
        .constant_count = constant_count_,
        .receptor_count = receptor_count_,
        .state_count = static_cast<uint32_t>(state_is_int_.size()),
        .tape_count = tape_count_,
        .state_is_int = state_is_int_.data(),
        .state_results = state_results_.data(),
        .receptor_results = receptor_results_.data(),
        .tape_results = tape_results_.data(),
        .constant_results = constant_results_.data(),
        .constant_result_count = static_cast<uint32_t>(constant_results_.size()),
        .spike_result = spike_result_,
        .spikes = spikes_,
    };
}

}  // namespace snn::cpu
