#include "network/read_program.h"

#include <algorithm>
#include <cmath>

#include "network/read_document.h"

namespace snn {

namespace {

constexpr uint32_t max_draws = 64;

using enum ValueType;

constexpr uint8_t everywhere = in_derive | in_step | in_adjoint | in_derivative | in_smooth | in_event;
constexpr uint8_t with_division = in_derive | in_adjoint | in_derivative | in_smooth;

struct OpInfo {
    const char* name;
    Op op;
    uint8_t places;
    uint8_t operand_count;
    ValueType operands[3];
    ValueType result;
};

// `select` takes two operands of the same type, float or int. Its entry gives the float form.
constexpr OpInfo op_infos[] = {
    {"add", Op::add, everywhere, 2, {float_, float_}, float_},
    {"sub", Op::sub, everywhere, 2, {float_, float_}, float_},
    {"mul", Op::mul, everywhere, 2, {float_, float_}, float_},
    {"div", Op::div, with_division, 2, {float_, float_}, float_},
    {"min", Op::min, everywhere, 2, {float_, float_}, float_},
    {"max", Op::max, everywhere, 2, {float_, float_}, float_},
    {"neg", Op::neg, everywhere, 1, {float_}, float_},
    {"abs", Op::abs, everywhere, 1, {float_}, float_},
    {"floor", Op::floor, everywhere, 1, {float_}, float_},
    {"exp", Op::exp, everywhere, 1, {float_}, float_},
    {"reciprocal", Op::reciprocal, everywhere, 1, {float_}, float_},
    {"log", Op::log, everywhere, 1, {float_}, float_},
    {"sqrt", Op::sqrt, with_division, 1, {float_}, float_},
    {"atan", Op::atan, in_smooth, 1, {float_}, float_},
    {"tanh", Op::tanh, in_smooth, 1, {float_}, float_},
    {"iadd", Op::iadd, everywhere, 2, {int_, int_}, int_},
    {"isub", Op::isub, everywhere, 2, {int_, int_}, int_},
    {"imul", Op::imul, everywhere, 2, {int_, int_}, int_},
    {"imin", Op::imin, everywhere, 2, {int_, int_}, int_},
    {"imax", Op::imax, everywhere, 2, {int_, int_}, int_},
    {"lt", Op::lt, everywhere, 2, {float_, float_}, bool_},
    {"le", Op::le, everywhere, 2, {float_, float_}, bool_},
    {"eq", Op::eq, everywhere, 2, {float_, float_}, bool_},
    {"ilt", Op::ilt, everywhere, 2, {int_, int_}, bool_},
    {"ile", Op::ile, everywhere, 2, {int_, int_}, bool_},
    {"ieq", Op::ieq, everywhere, 2, {int_, int_}, bool_},
    {"and", Op::and_, everywhere, 2, {bool_, bool_}, bool_},
    {"or", Op::or_, everywhere, 2, {bool_, bool_}, bool_},
    {"not", Op::not_, everywhere, 1, {bool_}, bool_},
    {"select", Op::select, everywhere, 3, {bool_, float_, float_}, float_},
    {"to_float", Op::to_float, everywhere, 1, {int_}, float_},
    {"to_int", Op::to_int, everywhere, 1, {float_}, int_},
    {"spike", Op::spike, in_step | in_adjoint, 2, {float_, int_}, float_},
    {"surrogate", Op::surrogate, in_adjoint, 1, {float_}, float_},
};

struct DrawInfo {
    const char* name;
    Op op;
    uint8_t operand_count;
};
constexpr DrawInfo draw_infos[] = {{"uniform", Op::uniform, 0}, {"normal", Op::normal, 0}, {"poisson", Op::poisson, 1}};

uint16_t read_register(const Json& value, uint32_t limit, const std::string& place) {
    if (!value.is_number_unsigned() || value.get<uint64_t>() >= limit)
        throw Error(SNN_ERROR_FORMAT, place, ": operand ", value.dump(), " is not one of the ", limit,
                    " registers before it");
    return static_cast<uint16_t>(value.get<uint64_t>());
}

// ["uniform", number], ["normal", number], ["poisson", number, mean]
Instruction read_draw(const Json& entry, const DrawInfo& info, const Program& program, Place where, const std::string& place) {
    if (where != in_step) throw Error(SNN_ERROR_FORMAT, place, ": op '", info.name, "' is not allowed in this program");
    if (entry.size() != info.operand_count + size_t{2})
        throw Error(SNN_ERROR_FORMAT, place, ": op '", info.name, "' takes the number of the draw and ",
                    static_cast<uint32_t>(info.operand_count), " operands, got ", entry.size() - 1, " entries");
    if (!entry[1].is_number_unsigned() || entry[1].get<uint64_t>() >= max_draws)
        throw Error(SNN_ERROR_FORMAT, place, ": the number of the draw is ", entry[1].dump(), "; expected 0 to ",
                    max_draws - 1);
    const double number = entry[1].get<double>();
    for (const Instruction& other : program.instructions)
        if (is_draw(other.op) && other.value == number)
            throw Error(SNN_ERROR_FORMAT, place, ": draw ", number, " stands twice");
    Instruction instruction{info.op, 0, 0, 0, number};
    if (info.operand_count == 1) {
        if (entry[2].is_number_unsigned() && entry[2].get<uint64_t>() >= program.constant_count)
            throw Error(SNN_ERROR_FORMAT, place, ": the mean of 'poisson' is register ", entry[2].dump(),
                        "; it must be a parameter or a derived constant, one of the first ", program.constant_count);
        instruction.a = read_register(entry[2], program.constant_count, place);
        if (program.types[instruction.a] != float_)
            throw Error(SNN_ERROR_FORMAT, place, ": the mean of 'poisson' is ", name_of(program.types[instruction.a]),
                        "; expected float");
    }
    return instruction;
}

Instruction read_instruction(const Json& entry, Program& program, Place where, const std::string& place) {
    if (!entry.is_array() || entry.empty() || entry.size() > 4 || !entry[0].is_string())
        throw Error(SNN_ERROR_FORMAT, place, " is not a list of an op name and at most 3 operands");
    const std::string& name = entry[0].get_ref<const std::string&>();
    if (name == "const" || name == "iconst") {
        const bool whole = name == "iconst";
        const bool fits = entry.size() == 2 && entry[1].is_number() && std::isfinite(entry[1].get<double>()) &&
                          std::abs(entry[1].get<double>()) <= (whole ? largest_int : largest_float) &&
                          (!whole || entry[1].is_number_integer());
        if (!fits)
            throw Error(SNN_ERROR_FORMAT, place, ": ", name, " needs one finite ", whole ? "32-bit whole " : "", "number");
        program.types.push_back(whole ? int_ : float_);
        return {whole ? Op::iconst : Op::const_, 0, 0, 0, entry[1].get<double>()};
    }
    for (const DrawInfo& draw : draw_infos) {
        if (name != draw.name) continue;
        const Instruction instruction = read_draw(entry, draw, program, where, place);
        program.types.push_back(float_);
        return instruction;
    }
    const auto info = std::find_if(std::begin(op_infos), std::end(op_infos), [&](const OpInfo& i) { return name == i.name; });
    if (info == std::end(op_infos)) throw Error(SNN_ERROR_FORMAT, place, ": unknown op '", name, "'");
    if (!(info->places & where)) throw Error(SNN_ERROR_FORMAT, place, ": op '", name, "' is not allowed in this program");
    if (entry.size() != info->operand_count + size_t{1})
        throw Error(SNN_ERROR_FORMAT, place, ": op '", name, "' takes ", static_cast<uint32_t>(info->operand_count),
                    " operands, got ", entry.size() - 1);
    uint16_t operands[3] = {0, 0, 0};
    const uint32_t limit = static_cast<uint32_t>(program.types.size());
    ValueType result = info->result;
    for (uint32_t i = 0; i < info->operand_count; ++i) {
        operands[i] = read_register(entry[i + 1], limit, place);
        ValueType expected = info->operands[i];
        const ValueType actual = program.types[operands[i]];
        if (info->op == Op::select && i > 0) {
            if (i == 1 && actual != bool_) result = actual;
            expected = result;
        }
        if (actual != expected)
            throw Error(SNN_ERROR_FORMAT, place, ": operand ", i + 1, " of '", name, "' is ", name_of(actual), "; expected ",
                        name_of(expected));
    }
    program.types.push_back(result);
    return {info->op, operands[0], operands[1], operands[2], 0.0};
}

}  // namespace

const char* name_of(ValueType type) { return type == float_ ? "float" : type == int_ ? "int" : "bool"; }

Program read_program(const JsonObject& entry, std::vector<ValueType> inputs, Place where, uint32_t constant_count) {
    Program program;
    program.constant_count = constant_count;
    program.input_count = static_cast<uint32_t>(inputs.size());
    program.types = std::move(inputs);
    const Json& ops = entry.list("ops", max_ops);
    for (size_t i = 0; i < ops.size(); ++i) {
        const Instruction instruction = read_instruction(ops[i], program, where, text(entry.place(), ".ops[", i, "]"));
        program.instructions.push_back(instruction);
    }
    return program;
}

uint16_t read_output(const Json& value, const Program& program, ValueType type, const std::string& place) {
    const uint16_t output = read_register(value, program.register_count(), place);
    if (program.types[output] != type)
        throw Error(SNN_ERROR_FORMAT, place, " is ", name_of(program.types[output]), "; expected ", name_of(type));
    return output;
}

std::vector<uint16_t> read_outputs(const JsonObject& entry, const char* key, const Program& program,
                                   const std::vector<ValueType>& types) {
    const Json& list = entry.list(key, max_ops);
    if (list.size() != types.size()) entry.fail(key, text("has ", list.size(), " registers; expected ", types.size()));
    std::vector<uint16_t> outputs;
    for (size_t i = 0; i < types.size(); ++i)
        outputs.push_back(read_output(list[i], program, types[i], text(entry.place(), ".", key, "[", i, "]")));
    return outputs;
}

std::vector<int32_t> read_optional_outputs(const JsonObject& entry, const char* key, const Program& program, size_t count) {
    const Json& list = entry.list(key, max_ops);
    if (list.size() != count) entry.fail(key, text("has ", list.size(), " registers; expected ", count));
    std::vector<int32_t> outputs;
    for (size_t i = 0; i < count; ++i)
        outputs.push_back(list[i] == Json(-1) ? -1
                                              : read_output(list[i], program, ValueType::float_,
                                                            text(entry.place(), ".", key, "[", i, "]")));
    return outputs;
}

std::vector<uint8_t> needed_registers(const Program& program, std::span<const int32_t> outputs) {
    std::vector<uint8_t> needed(program.register_count(), 0);
    for (const int32_t output : outputs)
        if (output >= 0) needed[static_cast<size_t>(output)] = 1;
    for (size_t k = program.instructions.size(); k-- > 0;) {
        if (!needed[program.input_count + k]) continue;
        const Instruction& i = program.instructions[k];
        const uint16_t operands[3] = {i.a, i.b, i.c};
        for (uint32_t n = 0; n < operand_count(i.op); ++n) needed[operands[n]] = 1;
    }
    return needed;
}

}  // namespace snn
