// Reading and checking op lists (docs/model-format.md). What passes here can be run without further checks: every operand is
// an earlier register of the right type, every op is allowed where it stands, every output exists.
#include "network/model.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "common/json.h"

namespace snn {

namespace {

constexpr size_t max_text_bytes = 1u << 20;
constexpr size_t max_parameters = 64, max_options = 16, max_states = 32, max_receptors = 16, max_derived = 128;
constexpr size_t max_ops = 4096, max_choices = 64, max_tape = 64;
constexpr uint32_t max_draws = 64;
constexpr size_t max_traces = 4;  // of each side of a synapse, and of its own

constexpr double largest_float = 3.4028234663852886e38, largest_int = 2147483647.0;

using enum ValueType;

// Where a program runs decides which ops it may use.
enum Place : uint8_t { in_derive = 1, in_step = 2, in_adjoint = 4, in_derivative = 8, in_smooth = 16, in_event = 32 };
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

// `select` takes two operands of one type, float or int; its entry stands for the float form.
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

const char* name_of(ValueType type) { return type == float_ ? "float" : type == int_ ? "int" : "bool"; }

bool is_name(std::string_view name) {
    if (name.empty() || name.size() > 63 || name[0] < 'a' || name[0] > 'z') return false;
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

// Names of one kind: well-formed and each only once among all that share `taken`.
std::string read_name(const JsonObject& entry, std::set<std::string>& taken) {
    std::string name = entry.text("name");
    if (!is_name(name)) entry.fail("name", text("is '", name, "'; expected lower-case letters, digits and '_'"));
    if (!taken.insert(name).second) entry.fail("name", text("'", name, "' stands twice"));
    return name;
}

std::string optional_text(const JsonObject& entry, const char* key) { return entry.has(key) ? entry.text(key) : ""; }

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

// `constant_count`: inputs at the beginning that are parameters, options and derived constants.
Program read_program(const JsonObject& entry, std::vector<ValueType> inputs, Place where, uint32_t constant_count = 0) {
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

// A population that does not spike has no surrogate, which the op would ask.
void refuse_surrogates(const JsonObject& entry, const Program& program) {
    for (size_t i = 0; i < program.instructions.size(); ++i)
        if (program.instructions[i].op == Op::surrogate)
            throw Error(SNN_ERROR_FORMAT, entry.place(), ".ops[", i, "]: op 'surrogate' is of models that spike; this one does not");
}

ValueType read_type(const JsonObject& entry) {
    const char* const names[] = {"float", "int"};
    return entry.choice("type", names) == 0 ? float_ : int_;
}

// As read_outputs, for floats that may not be there: -1.
std::vector<int32_t> read_gradients(const JsonObject& entry, const char* key, const Program& program, size_t count) {
    const Json& list = entry.list(key, max_ops);
    if (list.size() != count) entry.fail(key, text("has ", list.size(), " registers; expected ", count));
    std::vector<int32_t> outputs;
    for (size_t i = 0; i < count; ++i)
        outputs.push_back(list[i] == Json(-1) ? -1
                                              : read_output(list[i], program, ValueType::float_,
                                                            text(entry.place(), ".", key, "[", i, "]")));
    return outputs;
}

std::vector<TapeInfo> read_tape(const JsonObject& entry, const Program& step, size_t maximum) {
    std::vector<TapeInfo> entries;
    const Json& tape = entry.list("tape", maximum);
    for (size_t i = 0; i < tape.size(); ++i) {
        const JsonObject one(tape[i], text(entry.place(), ".tape[", i, "]"));
        const ValueType type = read_type(one);
        entries.push_back({one.text("name"), type, read_output(one.at("register"), step, type, one.place())});
    }
    return entries;
}

// The document's ops go on where the plain adjoint ends; here both become one program, with the tape inputs side by side.
LearningPrograms read_learning(const JsonObject& entry, const Model& model, std::vector<ValueType> derive_inputs) {
    LearningPrograms learning;
    learning.tape = read_tape(entry, model.step, max_tape - model.tape.size());
    const Program& plain = model.adjoint;
    std::vector<ValueType> inputs = plain.types;
    for (const TapeInfo& info : learning.tape) inputs.push_back(info.type);
    const Program more = read_program(entry, inputs, in_adjoint);
    if (!model.spiking) refuse_surrogates(entry, more);
    const std::vector<int32_t> constants = read_gradients(entry, "constants", more, model.constant_count());

    const size_t tape_count = learning.tape.size(), tape_end = model.constant_count() + model.tape.size();
    const auto moved = [&](size_t reg) {
        if (reg >= tape_end && reg < plain.register_count()) return static_cast<uint16_t>(reg + tape_count);
        if (reg >= plain.register_count() && reg < more.input_count)
            return static_cast<uint16_t>(reg - plain.register_count() + tape_end);
        return static_cast<uint16_t>(reg);
    };
    Program& joined = learning.adjoint;
    joined.input_count = plain.input_count + static_cast<uint32_t>(tape_count);
    joined.types.resize(more.register_count());
    for (size_t reg = 0; reg < more.register_count(); ++reg) joined.types[moved(reg)] = more.types[reg];
    for (const Program* part : {&plain, &more})
        for (const Instruction& i : part->instructions)
            joined.instructions.push_back({i.op, moved(i.a), moved(i.b), moved(i.c), i.value});
    for (const uint16_t reg : model.adjoint_states) learning.states.push_back(moved(reg));
    for (const uint16_t reg : model.adjoint_receptors) learning.receptors.push_back(moved(reg));
    for (const int32_t reg : constants) learning.constants.push_back(reg < 0 ? -1 : moved(static_cast<size_t>(reg)));

    const JsonObject derive = entry.object("derive");
    derive_inputs.insert(derive_inputs.end(), model.parameters.size() + model.derived.size(), ValueType::float_);
    learning.derive = read_program(derive, derive_inputs, in_derive);
    learning.parameters = read_gradients(derive, "parameters", learning.derive, model.parameters.size());
    return learning;
}

// Lists the means of the step's draws and tells each `poisson` the place of its own.
void find_draws(Model& io_model) {
    std::set<uint16_t> means;
    for (const Instruction& instruction : io_model.step.instructions) {
        io_model.draws |= is_draw(instruction.op);
        if (instruction.op == Op::poisson) means.insert(instruction.a);
    }
    io_model.poisson_means.assign(means.begin(), means.end());
    for (Instruction& instruction : io_model.step.instructions)
        if (instruction.op == Op::poisson)
            instruction.b = static_cast<uint16_t>(std::distance(means.begin(), means.find(instruction.a)));
}

// A number that becomes a float32, or a 32-bit integer, in every neuron.
double read_value(const JsonObject& entry, const char* key, ValueType type) {
    const double value = entry.number(key);
    const bool whole = type == ValueType::int_;
    if (std::abs(value) > (whole ? largest_int : largest_float) || (whole && value != std::floor(value)))
        entry.fail(key, text("is ", value, "; it must be a ", whole ? "32-bit whole number" : "float32 number"));
    return value;
}

std::vector<ParameterInfo> read_parameters(const JsonObject& root, std::set<std::string>& taken) {
    std::vector<ParameterInfo> parameters;
    const Json& list = root.list("parameters", max_parameters);
    for (size_t i = 0; i < list.size(); ++i) {
        const JsonObject entry(list[i], text(root.place(), ": parameters[", i, "]"));
        ParameterInfo info;
        info.name = read_name(entry, taken);
        info.unit = optional_text(entry, "unit");
        info.default_value = read_value(entry, "default", ValueType::float_);
        if (entry.has("minimum")) info.minimum = entry.number("minimum");
        if (entry.has("exclusive_minimum")) {
            info.minimum = entry.number("exclusive_minimum");
            info.minimum_is_exclusive = true;
        }
        if (entry.has("maximum")) info.maximum = entry.number("maximum");
        if (info.default_value < info.minimum || info.default_value > info.maximum ||
            (info.minimum_is_exclusive && info.default_value == info.minimum))
            entry.fail("default", text("is ", info.default_value, ", outside its own bounds"));
        parameters.push_back(std::move(info));
    }
    return parameters;
}

std::vector<OptionInfo> read_options(const JsonObject& root, std::set<std::string>& taken) {
    std::vector<OptionInfo> options;
    const Json& list = root.list("options", max_options);
    for (size_t i = 0; i < list.size(); ++i) {
        const JsonObject entry(list[i], text(root.place(), ": options[", i, "]"));
        OptionInfo info;
        info.name = read_name(entry, taken);
        std::set<std::string> names;
        for (const Json& choice : entry.list("choices", max_choices)) {
            if (!choice.is_string() || !is_name(choice.get_ref<const std::string&>()) ||
                !names.insert(choice.get<std::string>()).second)
                entry.fail("choices", "has an entry that is not a name, or one twice");
            info.choices.push_back(choice.get<std::string>());
        }
        const auto chosen = std::find(info.choices.begin(), info.choices.end(), entry.text("default"));
        if (chosen == info.choices.end()) entry.fail("default", "is not one of the choices");
        info.default_choice = static_cast<int32_t>(chosen - info.choices.begin());
        options.push_back(std::move(info));
    }
    return options;
}

std::vector<StateInfo> read_states(const JsonObject& root, const std::vector<ParameterInfo>& parameters,
                                   std::set<std::string>& taken) {
    std::vector<StateInfo> states;
    const Json& list = root.list("states", max_states);
    for (size_t i = 0; i < list.size(); ++i) {
        const JsonObject entry(list[i], text(root.place(), ": states[", i, "]"));
        StateInfo info;
        info.name = read_name(entry, taken);
        info.unit = optional_text(entry, "unit");
        info.type = read_type(entry);
        const Json& initial = entry.at("initial");
        if (initial.is_string()) {
            const auto found = std::find_if(parameters.begin(), parameters.end(), [&](const ParameterInfo& p) {
                return p.name == initial.get_ref<const std::string&>();
            });
            if (found == parameters.end()) entry.fail("initial", "names no parameter");
            if (info.type == int_) entry.fail("initial", "is a parameter; an int state starts with a whole number");
            info.initial_parameter = static_cast<uint32_t>(found - parameters.begin());
        } else {
            info.initial = read_value(entry, "initial", info.type);
        }
        states.push_back(std::move(info));
    }
    return states;
}

void check_head(const JsonObject& root, const char* kind) {
    if (root.whole("format", UINT32_MAX) != 1)
        throw Error(SNN_ERROR_VERSION, root.place(), ": format ", root.whole("format", UINT32_MAX),
                    " is not known; this library reads format 1");
    if (root.text("kind") != kind) root.fail("kind", text("is '", root.text("kind"), "'; expected '", kind, "'"));
}

Json parse_document(std::string_view json) {
    if (json.size() > max_text_bytes)
        throw Error(SNN_ERROR_FORMAT, "the model document has ", json.size(), " bytes; at most ", max_text_bytes,
                    " are allowed");
    return parse_json(json, "the model document");
}

}  // namespace

ValueType Model::constant_type(uint32_t index) const {
    if (index < parameters.size()) return float_;
    if (index < parameters.size() + options.size()) return int_;
    return derived[index - parameters.size() - options.size()].type;
}

const std::string& Model::constant_name(uint32_t index) const {
    if (index < parameters.size()) return parameters[index].name;
    if (index < parameters.size() + options.size()) return options[index - parameters.size()].name;
    return derived[index - parameters.size() - options.size()].name;
}

std::shared_ptr<const Model> parse_model(std::string_view json) {
    const Json document = parse_document(json);
    const JsonObject unnamed(document, "the model");
    check_head(unnamed, "neuron");
    auto model = std::make_shared<Model>();
    model->name = unnamed.text("name");
    if (!is_name(model->name)) unnamed.fail("name", "is not a lower-case name");
    model->json = std::string(json);
    const JsonObject root(document, text("model '", model->name, "'"));

    std::set<std::string> taken;  // parameters, options, states, receptors share one space of names
    model->parameters = read_parameters(root, taken);
    model->options = read_options(root, taken);
    model->states = read_states(root, model->parameters, taken);
    const Json& receptors = root.list("receptors", max_receptors);
    for (size_t i = 0; i < receptors.size(); ++i)
        model->receptors.push_back(read_name({receptors[i], text(root.place(), ": receptors[", i, "]")}, taken));
    const Json& derived = root.list("derived", max_derived);
    for (size_t i = 0; i < derived.size(); ++i) {
        const JsonObject entry(derived[i], text(root.place(), ": derived[", i, "]"));
        model->derived.push_back({entry.text("name"), read_type(entry)});
    }
    const std::string membrane = root.text("membrane");
    const auto membrane_state = std::find_if(model->states.begin(), model->states.end(),
                                             [&](const StateInfo& s) { return s.name == membrane && s.type == float_; });
    model->has_membrane = !model->states.empty() || !membrane.empty();  // what remembers nothing has none
    if (model->has_membrane && membrane_state == model->states.end())
        root.fail("membrane", text("'", membrane, "' is not a float state"));
    if (model->has_membrane) model->membrane_state = static_cast<uint32_t>(membrane_state - model->states.begin());
    model->spiking = root.flag("spiking");

    std::vector<ValueType> derived_types, state_types, receptor_types(model->receptors.size(), float_);
    for (const DerivedInfo& info : model->derived) derived_types.push_back(info.type);
    for (const StateInfo& info : model->states) state_types.push_back(info.type);

    std::vector<ValueType> inputs(model->parameters.size(), float_);
    inputs.insert(inputs.end(), model->options.size(), int_);
    const std::vector<ValueType> shared = inputs;
    inputs.push_back(float_);  // dt
    const std::vector<ValueType> derive_inputs = inputs;
    const JsonObject derive = root.object("derive");
    model->derive = read_program(derive, derive_inputs, in_derive);
    model->derive_outputs = read_outputs(derive, "outputs", model->derive, derived_types);

    inputs = shared;
    inputs.insert(inputs.end(), derived_types.begin(), derived_types.end());
    const std::vector<ValueType> constants = inputs;
    inputs.insert(inputs.end(), receptor_types.begin(), receptor_types.end());
    inputs.insert(inputs.end(), state_types.begin(), state_types.end());
    const JsonObject step = root.object("step");
    model->step = read_program(step, inputs, in_step, model->constant_count());
    find_draws(*model);
    model->step_states = read_outputs(step, "states", model->step, state_types);
    if (model->spiking) {
        model->step_spike = read_output(step.at("spike"), model->step, float_, step.place() + ".spike");
    } else if (step.at("spike") != Json(-1)) {
        step.fail("spike", "must be -1 in a model that does not spike");
    }

    model->differentiable = root.has("adjoint");
    if (!model->differentiable) return model;
    model->tape = read_tape(step, model->step, max_tape);
    inputs = constants;
    for (const TapeInfo& info : model->tape) inputs.push_back(info.type);
    inputs.insert(inputs.end(), model->states.size(), float_);
    inputs.push_back(float_);  // dL/d(spike)
    const JsonObject adjoint = root.object("adjoint");
    model->adjoint = read_program(adjoint, inputs, in_adjoint);
    if (!model->spiking) refuse_surrogates(adjoint, model->adjoint);
    model->adjoint_states =
        read_outputs(adjoint, "states", model->adjoint, std::vector<ValueType>(model->states.size(), float_));
    model->adjoint_receptors = read_outputs(adjoint, "receptors", model->adjoint, receptor_types);
    if (root.has("learning")) model->learning = read_learning(root.object("learning"), *model, derive_inputs);
    return model;
}

std::shared_ptr<const Surrogate> parse_surrogate(std::string_view json) {
    const Json document = parse_document(json);
    const JsonObject unnamed(document, "the surrogate");
    check_head(unnamed, "surrogate");
    auto surrogate = std::make_shared<Surrogate>();
    surrogate->name = unnamed.text("name");
    if (!is_name(surrogate->name)) unnamed.fail("name", "is not a lower-case name");
    surrogate->json = std::string(json);
    const JsonObject root(document, text("surrogate '", surrogate->name, "'"));
    std::set<std::string> taken;
    surrogate->parameters = read_parameters(root, taken);
    const std::vector<ValueType> inputs(surrogate->parameters.size() + 1, float_);
    const JsonObject derivative = root.object("derivative"), smooth = root.object("smooth");
    surrogate->derivative = read_program(derivative, inputs, in_derivative);
    surrogate->derivative_output = read_output(derivative.at("output"), surrogate->derivative, float_, derivative.place());
    surrogate->smooth = read_program(smooth, inputs, in_smooth);
    surrogate->smooth_output = read_output(smooth.at("output"), surrogate->smooth, float_, smooth.place());
    return surrogate;
}

namespace {

std::vector<TraceInfo> read_traces(const JsonObject& root, const char* key, const Program& derive,
                                   std::set<std::string>& taken) {
    std::vector<TraceInfo> traces;
    const bool own = std::string_view(key) == "synapse_traces";
    if (own && !root.has(key)) return traces;
    const Json& list = root.list(key, max_traces);
    for (size_t i = 0; i < list.size(); ++i) {
        const JsonObject entry(list[i], text(root.place(), ": ", key, "[", i, "]"));
        TraceInfo info;
        info.name = read_name(entry, taken);
        info.tau = read_output(entry.at("tau"), derive, float_, entry.place() + ".tau");
        if (!own) info.keep = read_output(entry.at("keep"), derive, float_, entry.place() + ".keep");
        traces.push_back(std::move(info));
    }
    return traces;
}

PlasticEvent read_event(const JsonObject& entry, const std::vector<ValueType>& inputs, size_t traces) {
    PlasticEvent event;
    event.program = read_program(entry, inputs, in_event);
    event.weight = read_output(entry.at("weight"), event.program, float_, entry.place() + ".weight");
    if (traces > 0)
        event.traces = read_outputs(entry, "traces", event.program, std::vector<ValueType>(traces, float_));
    return event;
}

}  // namespace

std::vector<uint16_t> PlasticEvent::outputs() const {
    std::vector<uint16_t> all{weight};
    all.insert(all.end(), traces.begin(), traces.end());
    if (delivered >= 0) all.push_back(static_cast<uint16_t>(delivered));
    return all;
}

ValueType PlasticityRule::constant_type(uint32_t index) const {
    if (index < parameters.size()) return float_;
    if (index < parameters.size() + options.size()) return int_;
    return derived[index - parameters.size() - options.size()].type;
}

std::shared_ptr<const PlasticityRule> parse_plasticity(std::string_view json) {
    const Json document = parse_document(json);
    const JsonObject unnamed(document, "the plasticity rule");
    check_head(unnamed, "plasticity");
    auto rule = std::make_shared<PlasticityRule>();
    rule->name = unnamed.text("name");
    if (!is_name(rule->name)) unnamed.fail("name", "is not a lower-case name");
    rule->json = std::string(json);
    const JsonObject root(document, text("plasticity rule '", rule->name, "'"));

    std::set<std::string> taken;  // parameters, options and traces share one space of names
    rule->parameters = read_parameters(root, taken);
    rule->options = read_options(root, taken);
    std::vector<ValueType> inputs(rule->parameters.size(), float_), derived_types;
    inputs.insert(inputs.end(), rule->options.size(), int_);
    const Json& derived = root.list("derived", max_derived);
    for (size_t i = 0; i < derived.size(); ++i) {
        const JsonObject entry(derived[i], text(root.place(), ": derived[", i, "]"));
        rule->derived.push_back({entry.text("name"), read_type(entry)});
        derived_types.push_back(rule->derived.back().type);
    }
    const JsonObject derive = root.object("derive");
    std::vector<ValueType> derive_inputs = inputs;
    derive_inputs.push_back(float_);  // dt
    rule->derive = read_program(derive, derive_inputs, in_derive);
    rule->derive_outputs = read_outputs(derive, "outputs", rule->derive, derived_types);
    rule->minimum = read_output(derive.at("minimum"), rule->derive, float_, derive.place() + ".minimum");
    rule->maximum = read_output(derive.at("maximum"), rule->derive, float_, derive.place() + ".maximum");
    rule->pre_traces = read_traces(root, "pre_traces", rule->derive, taken);
    rule->post_traces = read_traces(root, "post_traces", rule->derive, taken);
    rule->synapse_traces = read_traces(root, "synapse_traces", rule->derive, taken);

    inputs.insert(inputs.end(), derived_types.begin(), derived_types.end());
    inputs.insert(inputs.end(), rule->pre_traces.size(), float_);
    if (root.has("arrival")) {
        const JsonObject arrival = root.object("arrival");
        rule->arrival = read_program(arrival, inputs, in_event);
        const Json& traces = arrival.list("traces", max_traces);
        if (traces.size() != rule->pre_traces.size())
            arrival.fail("traces", text("has ", traces.size(), " registers; expected ", rule->pre_traces.size()));
        for (size_t i = 0; i < traces.size(); ++i)
            rule->arrival_traces.push_back(traces[i] == Json(-1)
                                               ? -1
                                               : read_output(traces[i], rule->arrival, float_,
                                                             text(arrival.place(), ".traces[", i, "]")));
    }
    const size_t own = rule->synapse_traces.size();
    inputs.insert(inputs.end(), rule->post_traces.size() + own + 1, float_);  // and the weight
    const JsonObject on_pre = root.object("on_pre");
    rule->on_pre = read_event(on_pre, inputs, own);
    if (on_pre.has("delivered"))
        rule->on_pre.delivered =
            read_output(on_pre.at("delivered"), rule->on_pre.program, float_, on_pre.place() + ".delivered");
    rule->on_post = read_event(root.object("on_post"), inputs, own);
    inputs.push_back(float_);  // the signal
    if (root.has("on_signal")) rule->on_signal = read_event(root.object("on_signal"), inputs, own);
    return rule;
}

std::string kind_of_document(std::string_view json) {
    try {
        const Json document = parse_document(json);
        const Json kind = document.is_object() ? document.value("kind", Json()) : Json();
        return kind.is_string() ? kind.get<std::string>() : std::string();
    } catch (const Error&) {
        return {};  // the parser that follows says what is wrong with it
    }
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
