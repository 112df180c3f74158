#include "vulkan/model_shader.h"

#include <algorithm>
#include <bit>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "common/error.h"
#include "vulkan/pipelines.h"

namespace snn::vulkan {

namespace {

// Opcodes of the SPIR-V instructions that are read or written here, from its specification.
enum SpirvOp : uint32_t {
    op_name = 5, op_type_bool = 20, op_type_int = 21, op_type_float = 22, op_constant_false = 42, op_constant = 43,
    op_constant_true = 41, op_function = 54, op_function_end = 56, op_function_call = 57, op_selection_merge = 247,
    op_label = 248, op_switch = 251, op_return_value = 254,
};
constexpr size_t header_words = 5, bound_word = 3;

// A SPIR-V module that is cut where code is inserted: constants before the functions, and the bodies of the named functions.
class Module {
public:
    Module(std::string_view shader, const std::vector<std::string>& to_fill) : Module(embedded_shader(shader)) {
        const std::span<const uint32_t> words = embedded_shader(shader);
        size_t functions = 0, begin = 0;
        std::string in_function;  // the function to fill that `at` is in; empty: none
        for (size_t at = header_words; at < words.size(); at += words[at] >> 16) {
            const uint32_t* const word = &words[at];
            switch (word[0] & 0xFFFF) {
                case op_name: {
                    // "op_add(f1;f1;" is the function; names without a parenthesis are variables and parameters
                    const std::string_view name(reinterpret_cast<const char*>(word + 2));
                    if (const size_t end = name.find('('); end != name.npos)
                        functions_[std::string(name.substr(0, end))].id = word[1];
                    break;
                }
                case op_type_bool: types_[static_cast<size_t>(ValueType::bool_)] = word[1]; break;
                case op_type_float: types_[static_cast<size_t>(ValueType::float_)] = word[1]; break;
                case op_type_int: (word[3] ? types_[static_cast<size_t>(ValueType::int_)] : uint_type_) = word[1]; break;
                case op_function:
                    if (functions == 0) functions = at;
                    for (auto& [name, function] : functions_)
                        if (function.id == word[2]) {
                            function.type = word[1];
                            if (std::find(to_fill.begin(), to_fill.end(), name) != to_fill.end()) in_function = name;
                        }
                    break;
                case op_label:
                    if (in_function.empty()) break;
                    pieces_.push_back({in_function, {words.begin() + offset(begin), words.begin() + offset(at + 2)}, {}});
                    break;
                case op_function_end:
                    if (!in_function.empty()) begin = at;
                    in_function.clear();
                    break;
                default: break;
            }
        }
        if (pieces_.size() != to_fill.size())
            throw Error(SNN_ERROR_INTERNAL, "the shader ", shader, " lacks a function that is to be filled in");
        std::vector<uint32_t>& first = pieces_.front().before;
        before_.assign(first.begin(), first.begin() + offset(functions));
        first.erase(first.begin(), first.begin() + offset(functions));
        after_.assign(words.begin() + offset(begin), words.end());
    }

    // Calls are added to this function from now on. close() ends it with the value that it returns.
    void open(std::string_view function) {
        body_ =
            &std::find_if(pieces_.begin(), pieces_.end(), [&](const Piece& piece) { return piece.function == function; })->body;
    }
    void close(uint32_t returned) { append(*body_, op_return_value, {returned}); }
    // Opens a switch with a case for each number below `count`, and returns their labels; the last label is the default case.
    // Each case begins with begin(label) and ends with close().
    std::vector<uint32_t> open_switch(uint32_t selector, uint32_t count) {
        std::vector<uint32_t> labels;
        for (uint32_t i = 0; i <= count; ++i) labels.push_back(next_id_++);
        append(*body_, op_selection_merge, {labels[count], 0});
        std::vector<uint32_t> operands{selector, labels[count]};
        for (uint32_t i = 0; i < count; ++i) operands.insert(operands.end(), {i, labels[i]});
        append(*body_, op_switch, operands);
        return labels;
    }
    void begin(uint32_t label) { append(*body_, op_label, {label}); }

    uint32_t constant(ValueType type, uint32_t bits) { return constant_of(types_[static_cast<size_t>(type)], bits); }
    uint32_t constant(uint32_t value) { return constant_of(uint_type_, value); }
    uint32_t constant_bool(bool value) {
        const uint32_t id = next_id_++;
        append(constants_, value ? op_constant_true : op_constant_false, {types_[static_cast<size_t>(ValueType::bool_)], id});
        return id;
    }
    // Calls the function and returns the id of its result.
    uint32_t call(const std::string& name, std::initializer_list<uint32_t> arguments) {
        const auto function = functions_.find(name);
        if (function == functions_.end()) throw Error(SNN_ERROR_INTERNAL, "the shader has no function ", name);
        const uint32_t id = next_id_++;
        std::vector<uint32_t> operands{function->second.type, id, function->second.id};
        operands.insert(operands.end(), arguments);
        append(*body_, op_function_call, operands);
        return id;
    }
    std::vector<uint32_t> finish() const {
        std::vector<uint32_t> words = before_;
        const auto add = [&](const std::vector<uint32_t>& part) { words.insert(words.end(), part.begin(), part.end()); };
        add(constants_);
        for (const Piece& piece : pieces_) add(piece.before), add(piece.body);
        add(after_);
        words[bound_word] = next_id_;
        return words;
    }

private:
    struct Function {
        uint32_t id = 0, type = 0;
    };
    struct Piece {
        std::string function;
        std::vector<uint32_t> before, body;  // `before` ends with the label of the function
    };

    static std::ptrdiff_t offset(size_t words) { return static_cast<std::ptrdiff_t>(words); }
    explicit Module(std::span<const uint32_t> words) : next_id_(words[bound_word]) {}

    static void append(std::vector<uint32_t>& words, SpirvOp op, const std::vector<uint32_t>& operands) {
        words.push_back(static_cast<uint32_t>(operands.size() + 1) << 16 | op);
        words.insert(words.end(), operands.begin(), operands.end());
    }
    uint32_t constant_of(uint32_t type, uint32_t bits) {
        const auto [found, is_new] = known_constants_.try_emplace({type, bits}, next_id_);
        if (is_new) append(constants_, op_constant, {type, next_id_++, bits});
        return found->second;
    }

    std::vector<uint32_t> before_, constants_, after_;
    std::vector<Piece> pieces_;
    std::vector<uint32_t>* body_ = nullptr;
    std::map<std::string, Function> functions_;
    std::map<std::pair<uint32_t, uint32_t>, uint32_t> known_constants_;
    uint32_t types_[3] = {}, uint_type_ = 0, next_id_;
};

// The shader function that implements an operation; null if there is none.
const char* function_of(Op op) {
    switch (op) {
        case Op::add: return "op_add";
        case Op::sub: return "op_sub";
        case Op::mul: return "op_mul";
        case Op::div: return "op_div";
        case Op::min: return "op_min";
        case Op::max: return "op_max";
        case Op::neg: return "op_neg";
        case Op::abs: return "op_abs";
        case Op::floor: return "op_floor";
        case Op::exp: return "op_exp";
        case Op::log: return "op_log";
        case Op::reciprocal: return "op_reciprocal";
        case Op::sqrt: return "op_sqrt";
        case Op::iadd: return "op_iadd";
        case Op::isub: return "op_isub";
        case Op::imul: return "op_imul";
        case Op::imin: return "op_imin";
        case Op::imax: return "op_imax";
        case Op::lt: return "op_lt";
        case Op::le: return "op_le";
        case Op::eq: return "op_eq";
        case Op::ilt: return "op_ilt";
        case Op::ile: return "op_ile";
        case Op::ieq: return "op_ieq";
        case Op::and_: return "op_and";
        case Op::or_: return "op_or";
        case Op::not_: return "op_not";
        case Op::to_float: return "op_to_float";
        case Op::to_int: return "op_to_int";
        case Op::spike: return "op_spike";
        case Op::uniform: return "op_uniform";
        case Op::normal: return "op_normal";
        case Op::poisson: return "op_poisson";
        default: return nullptr;
    }
}

// Which registers the outputs depend on.
std::vector<uint8_t> needed_for(const Program& program, std::span<const uint16_t> outputs) {
    return needed_registers(program, std::vector<int32_t>(outputs.begin(), outputs.end()));
}

uint32_t float_bits(double value) { return std::bit_cast<uint32_t>(static_cast<float>(value)); }

// The id of the surrogate's derivative at x.
uint32_t add_surrogate(Module& module, const Population& population, uint32_t x);

// Calls the operations that are needed. `io_ids`, by register, has the ids of the inputs and receives those of the results.
// `population`: in an adjoint, the population with the surrogate.
void add_operations(Module& module, const Program& program, std::span<const uint8_t> needed, std::vector<uint32_t>& io_ids,
                    const Population* population = nullptr) {
    for (size_t i = 0; i < program.instructions.size(); ++i) {
        const size_t result = program.input_count + i;
        if (!needed[result]) continue;
        const Instruction& instruction = program.instructions[i];
        const uint32_t a = io_ids[instruction.a], b = io_ids[instruction.b], c = io_ids[instruction.c];
        const auto number = [&] { return module.constant(static_cast<uint32_t>(instruction.value)); };
        switch (instruction.op) {
            case Op::const_: io_ids[result] = module.constant(ValueType::float_, float_bits(instruction.value)); continue;
            case Op::iconst:
                io_ids[result] =
                    module.constant(ValueType::int_, static_cast<uint32_t>(static_cast<int32_t>(instruction.value)));
                continue;
            case Op::select: {
                const ValueType type = program.types[result];
                io_ids[result] = module.call(type == ValueType::bool_   ? "op_select_bool"
                                             : type == ValueType::int_ ? "op_select_int"
                                                                       : "op_select_float", {a, b, c});
                continue;
            }
            case Op::surrogate:
                if (!population) break;
                io_ids[result] = add_surrogate(module, *population, a);
                continue;
            default: break;
        }
        const char* const function = function_of(instruction.op);
        if (!function) throw Error(SNN_ERROR_INTERNAL, "a program of a model or rule has an operation that none may have");
        if (instruction.op == Op::poisson) io_ids[result] = module.call(function, {number(), module.constant(instruction.b)});
        else if (is_draw(instruction.op)) io_ids[result] = module.call(function, {number()});
        else if (operand_count(instruction.op) == 1) io_ids[result] = module.call(function, {a});
        else io_ids[result] = module.call(function, {a, b});
    }
}

uint32_t add_surrogate(Module& module, const Population& population, uint32_t x) {
    const Program& derivative = population.surrogate->derivative;
    std::vector<uint32_t> ids(derivative.register_count(), 0);
    size_t at = 0;
    for (const double parameter : population.surrogate_parameters)
        ids[at++] = module.constant(ValueType::float_, float_bits(parameter));
    ids[at] = x;
    const uint16_t output = population.surrogate->derivative_output;
    add_operations(module, derivative, needed_for(derivative, {&output, 1}), ids);
    return ids[output];
}

// Adds the inputs of a rule's program and the operations that the outputs need. Returns ids by register. The inputs of an event
// are constants, traces, target states and the weight, and for a signal also its value. Other programs, which update the
// source's traces on arrival, have only the constants and those traces.
std::vector<uint32_t> add_rule(Module& module, const PlasticityRule& rule, const PlasticityPlan& plan, const Program& program,
                               std::span<const uint16_t> outputs, bool is_event) {
    const std::vector<uint8_t> needed = needed_for(program, outputs);
    std::vector<uint32_t> ids(program.register_count(), 0);
    uint32_t at = 0;
    const size_t first_option = rule.parameters.size(), first_derived = first_option + rule.options.size();
    for (; at < plan.constants.size(); ++at) {
        if (!needed[at]) continue;
        const bool is_whole = plan.constants[at].type == ValueType::int_;
        ids[at] = at >= first_option && at < first_derived
                      ? module.constant(ValueType::int_, static_cast<uint32_t>(plan.constants[at].whole))
                      : module.call(is_whole ? "rule_int" : "rule_float", {module.constant(at)});
    }
    const auto add_traces = [&](const char* function, size_t count) {
        for (uint32_t k = 0; k < count; ++k) ids[at++] = module.call(function, {module.constant(k)});
    };
    add_traces("pre_trace", plan.pre_traces.size());
    if (is_event) {
        add_traces("post_trace", plan.post_traces.size());
        add_traces("own_trace", plan.synapse_traces.size());
        for (const size_t first = at, end = first + plan.target_states.size(); at < end; ++at)
            if (needed[at]) ids[at] = module.call("target_state", {module.constant(static_cast<uint32_t>(at - first))});
        ids[at++] = module.call("weight_now", {});
        if (at < program.input_count) ids[at++] = module.call("signal_value", {});
    }
    add_operations(module, program, needed, ids);
    return ids;
}

// Fills in the shader function that applies an event to a synapse. The function returns whether it has set what is delivered.
void add_event(Module& module, const char* function, const PlasticityRule& rule, const PlasticityPlan& plan,
               const PlasticEvent& event) {
    module.open(function);
    const bool delivers = event.delivered >= 0;
    const std::vector<uint32_t> ids = add_rule(module, rule, plan, event.program, event.outputs(), true);
    module.call("set_weight", {ids[event.weight]});
    for (uint32_t k = 0; k < event.traces.size(); ++k) module.call("set_own_trace", {module.constant(k), ids[event.traces[k]]});
    if (delivers) module.call("set_delivered", {ids[static_cast<size_t>(event.delivered)]});
    module.close(module.constant_bool(delivers));
}

}  // namespace

ConstantPlaces place_constants(const std::vector<Constant>& constants) {
    ConstantPlaces places;
    for (const Constant& constant : constants) {
        places.per_neuron.push_back(constant.per_neuron());
        places.place.push_back(constant.per_neuron() ? places.own_count++ : places.shared_count++);
    }
    return places;
}

namespace {

// Adds the constants of a population, which are the first registers of a program.
void add_constants(Module& module, const Model& model, const std::vector<Constant>& constants, const ConstantPlaces& places,
                   std::span<const uint8_t> needed, std::vector<uint32_t>& io_ids) {
    const size_t first_option = model.parameters.size(), first_derived = first_option + model.options.size();
    for (size_t i = 0; i < model.constant_count(); ++i) {
        if (!needed[i]) continue;
        const bool whole = constants[i].type == ValueType::int_;
        if (i >= first_option && i < first_derived)
            io_ids[i] = module.constant(ValueType::int_, static_cast<uint32_t>(constants[i].ints[0]));
        else
            io_ids[i] = module.call(text(places.per_neuron[i] ? "own_" : "shared_", whole ? "int" : "float"),
                                    {module.constant(places.place[i])});
    }
}

const char* name_of(ValueType type) {
    return type == ValueType::int_ ? "int" : type == ValueType::bool_ ? "bool" : "float";
}

// Adds a step of the model and what it writes to the tape. Returns the id of the bool that says whether the neuron spikes.
uint32_t add_step(Module& module, const Model& model, const std::vector<Constant>& constants, const ConstantPlaces& places,
                  std::span<const TapeInfo> tape) {
    const Program& step = model.step;
    std::vector<uint16_t> outputs = model.step_states;
    if (model.spiking) outputs.push_back(static_cast<uint16_t>(model.step_spike));
    for (const TapeInfo& entry : tape) outputs.push_back(static_cast<uint16_t>(entry.step_register));
    const std::vector<uint8_t> needed = needed_for(step, outputs);
    std::vector<uint32_t> ids(step.register_count(), 0);
    add_constants(module, model, constants, places, needed, ids);
    const size_t first_receptor = model.constant_count(), first_state = first_receptor + model.receptors.size();
    // Reads all receptors, also unneeded ones, because receptor() clears the sum for the next step.
    for (size_t k = 0; k < model.receptors.size(); ++k)
        ids[first_receptor + k] = module.call("receptor", {module.constant(static_cast<uint32_t>(k))});
    for (size_t k = 0; k < model.states.size(); ++k)
        if (needed[first_state + k])
            ids[first_state + k] = module.call(text("state_", name_of(step.types[first_state + k])),
                                               {module.constant(static_cast<uint32_t>(k))});
    add_operations(module, step, needed, ids);
    for (size_t k = 0; k < tape.size(); ++k)
        module.call(text("tape_", name_of(tape[k].type)),
                    {module.constant(static_cast<uint32_t>(k)), ids[tape[k].step_register]});
    for (size_t k = 0; k < model.states.size(); ++k)
        module.call(text("set_state_", name_of(model.states[k].type)),
                    {module.constant(static_cast<uint32_t>(k)), ids[model.step_states[k]]});
    return model.spiking ? module.call("spikes", {ids[static_cast<size_t>(model.step_spike)]}) : module.constant_bool(false);
}

std::vector<uint32_t> make_step(std::string_view shader, const Model& model, const std::vector<Constant>& constants,
                                const ConstantPlaces& places, std::span<const TapeInfo> tape) {
    Module module(shader, {"model_step"});
    module.open("model_step");
    module.close(add_step(module, model, constants, places, tape));
    return module.finish();
}

}  // namespace

bool same_program(const ModelProgram& a, const ModelProgram& b) {
    if (a.model != b.model || place_constants(*a.constants).per_neuron != place_constants(*b.constants).per_neuron)
        return false;
    for (size_t i = a.model->parameters.size(); i < a.model->parameters.size() + a.model->options.size(); ++i)
        if ((*a.constants)[i].ints != (*b.constants)[i].ints) return false;
    return true;
}

std::vector<uint32_t> make_brains_shader(const std::vector<ModelProgram>& programs) {
    Module module("brains", {"model_step"});
    module.open("model_step");
    const std::vector<uint32_t> labels =
        module.open_switch(module.call("program", {}), static_cast<uint32_t>(programs.size()));
    for (size_t i = 0; i < programs.size(); ++i) {
        module.begin(labels[i]);
        const ModelProgram& program = programs[i];
        module.close(add_step(module, *program.model, *program.constants, place_constants(*program.constants), {}));
    }
    module.begin(labels.back());
    module.close(module.constant_bool(false));
    return module.finish();
}

std::vector<uint32_t> make_model_shader(const Model& model, const std::vector<Constant>& constants) {
    return make_step("neuron_step", model, constants, place_constants(constants), {});
}

std::vector<uint32_t> make_taped_shader(const Population& population, const PopulationPlan& plan,
                                        const ConstantPlaces& places) {
    // If no gradient passes through the population, nothing reads its tape.
    return make_step("train_step", *population.model, plan.constants, places,
                     plan.needs_activity_gradient ? std::span<const TapeInfo>(plan.tape) : std::span<const TapeInfo>());
}

std::vector<uint32_t> make_adjoint_shader(const Population& population, const PopulationPlan& plan,
                                          const ConstantPlaces& places) {
    const Model& model = *population.model;
    const Program& adjoint = plan.adjoint(model);
    Module module("train_adjoint", {"model_adjoint"});
    module.open("model_adjoint");
    std::vector<uint16_t> outputs = plan.adjoint_receptors(model);
    for (size_t s = 0; s < model.states.size(); ++s)
        if (model.states[s].type == ValueType::float_) outputs.push_back(plan.adjoint_states(model)[s]);
    const auto gradient_of = [&](uint32_t constant) { return static_cast<uint16_t>(model.learning->constants[constant]); };
    const std::span<const uint32_t> learned = plan.learning ? plan.learning->constants : std::span<const uint32_t>();
    for (const uint32_t constant : learned) outputs.push_back(gradient_of(constant));
    const std::vector<uint8_t> needed = needed_for(adjoint, outputs);
    std::vector<uint32_t> ids(adjoint.register_count(), 0);
    add_constants(module, model, plan.constants, places, needed, ids);
    const size_t first_tape = model.constant_count();
    for (size_t k = 0; k < plan.tape.size(); ++k)
        if (needed[first_tape + plan.tape_places[k]])
            ids[first_tape + plan.tape_places[k]] =
                module.call(text("taped_", name_of(plan.tape[k].type)), {module.constant(static_cast<uint32_t>(k))});
    const size_t first_state = first_tape + plan.tape_input_count(model);
    for (size_t s = 0; s < model.states.size(); ++s) {
        if (!needed[first_state + s]) continue;
        ids[first_state + s] = model.states[s].type == ValueType::int_
                                   ? module.constant(ValueType::float_, 0)
                                   : module.call("state_gradient", {module.constant(static_cast<uint32_t>(s))});
    }
    if (needed[first_state + model.states.size()]) ids[first_state + model.states.size()] = module.call("spike_gradient", {});
    add_operations(module, adjoint, needed, ids, &population);
    for (size_t s = 0; s < model.states.size(); ++s)
        if (model.states[s].type == ValueType::float_)
            module.call("set_state_gradient", {module.constant(static_cast<uint32_t>(s)), ids[plan.adjoint_states(model)[s]]});
    for (size_t r = 0; r < model.receptors.size(); ++r)
        module.call("set_receptor_gradient",
                    {module.constant(static_cast<uint32_t>(r)), ids[plan.adjoint_receptors(model)[r]]});
    for (size_t k = 0; k < learned.size(); ++k)
        module.call("add_constant_gradient", {module.constant(static_cast<uint32_t>(k)), ids[gradient_of(learned[k])]});
    module.close(module.constant_bool(true));
    return module.finish();
}

std::vector<uint32_t> make_arrival_shader(const PlasticityRule& rule, const PlasticityPlan& plan) {
    Module module("plastic_arrive", {"rule_pre", "rule_arrival"});
    add_event(module, "rule_pre", rule, plan, rule.on_pre);

    module.open("rule_arrival");
    std::vector<uint16_t> outputs;
    for (const int32_t given : rule.arrival_traces)
        if (given >= 0) outputs.push_back(static_cast<uint16_t>(given));
    // A rule without an arrival program gets an empty one with the same inputs.
    Program nothing;
    nothing.input_count = static_cast<uint32_t>(plan.constants.size() + plan.pre_traces.size());
    const Program& program = rule.arrival_traces.empty() ? nothing : rule.arrival;
    const std::vector<uint32_t> ids = add_rule(module, rule, plan, program, outputs, false);
    for (uint32_t k = 0; k < plan.pre_traces.size(); ++k) {
        const int32_t given = rule.arrival_traces.empty() ? -1 : rule.arrival_traces[k];
        if (given >= 0) module.call("set_pre_trace", {module.constant(k), ids[static_cast<size_t>(given)]});
        else module.call("count_arrival", {module.constant(k), ids[plan.constants.size() + k]});
    }
    module.close(module.constant_bool(true));
    return module.finish();
}

std::vector<uint32_t> make_learning_shader(const PlasticityRule& rule, const PlasticityPlan& plan) {
    Module module("plastic_learn", {"rule_post"});
    add_event(module, "rule_post", rule, plan, rule.on_post);
    return module.finish();
}

std::vector<uint32_t> make_signal_shader(const PlasticityRule& rule, const PlasticityPlan& plan) {
    Module module("plastic_signal", {"rule_signal"});
    add_event(module, "rule_signal", rule, plan, *rule.on_signal);
    return module.finish();
}

}  // namespace snn::vulkan
