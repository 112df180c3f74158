// Reads and checks neuron models and surrogates (docs/model-format.md). For plasticity rules see plasticity_rule.cpp.
#include "network/model.h"

#include <algorithm>
#include <set>

#include "network/read_document.h"
#include "network/read_program.h"

namespace snn {

namespace {

constexpr size_t max_states = 32, max_receptors = 16, max_tape = 64;

using enum ValueType;

// A population that does not spike has no surrogate, which this op would evaluate.
void refuse_surrogates(const JsonObject& entry, const Program& program) {
    for (size_t i = 0; i < program.instructions.size(); ++i)
        if (program.instructions[i].op == Op::surrogate)
            throw Error(SNN_ERROR_FORMAT, entry.place(), ".ops[", i,
                        "]: op 'surrogate' is of models that spike; this one does not");
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

// The document's ops continue the plain adjoint. This joins both into one program, with the tape inputs side by side.
LearningPrograms read_learning(const JsonObject& entry, const Model& model, std::vector<ValueType> derive_inputs) {
    LearningPrograms learning;
    learning.tape = read_tape(entry, model.step, max_tape - model.tape.size());
    const Program& plain = model.adjoint;
    std::vector<ValueType> inputs = plain.types;
    for (const TapeInfo& info : learning.tape) inputs.push_back(info.type);
    const Program more = read_program(entry, inputs, in_adjoint);
    if (!model.spiking) refuse_surrogates(entry, more);
    const std::vector<int32_t> constants = read_optional_outputs(entry, "constants", more, model.constant_count());

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
    learning.parameters = read_optional_outputs(derive, "parameters", learning.derive, model.parameters.size());
    return learning;
}

// Lists the means of the step's draws, and gives each `poisson` the index of its mean.
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

void read_names(const JsonObject& root, Model& io_model) {
    std::set<std::string> taken;  // parameters, options, states, receptors share one space of names
    io_model.parameters = read_parameters(root, taken);
    io_model.options = read_options(root, taken);
    io_model.states = read_states(root, io_model.parameters, taken);
    const Json& receptors = root.list("receptors", max_receptors);
    for (size_t i = 0; i < receptors.size(); ++i)
        io_model.receptors.push_back(read_name({receptors[i], text(root.place(), ": receptors[", i, "]")}, taken));
    io_model.derived = read_derived(root);
    io_model.spiking = root.flag("spiking");
}

void read_membrane(const JsonObject& root, Model& io_model) {
    const std::string membrane = root.text("membrane");
    io_model.has_membrane = !io_model.states.empty() || !membrane.empty();  // a model without states has none
    if (!io_model.has_membrane) return;
    const auto found = std::find_if(io_model.states.begin(), io_model.states.end(),
                                    [&](const StateInfo& s) { return s.name == membrane && s.type == float_; });
    if (found == io_model.states.end()) root.fail("membrane", text("'", membrane, "' is not a float state"));
    io_model.membrane_state = static_cast<uint32_t>(found - io_model.states.begin());
}

// The inputs of programs, in the order of their first registers.
struct ProgramInputs {
    explicit ProgramInputs(const Model& model)
        : derive(model.parameters.size(), float_), receptors(model.receptors.size(), float_), derived(types_of(model.derived)) {
        derive.insert(derive.end(), model.options.size(), int_);
        constants = derive;
        constants.insert(constants.end(), derived.begin(), derived.end());
        derive.push_back(float_);  // dt
        for (const StateInfo& info : model.states) states.push_back(info.type);
    }
    std::vector<ValueType> step() const {
        std::vector<ValueType> inputs = constants;
        inputs.insert(inputs.end(), receptors.begin(), receptors.end());
        inputs.insert(inputs.end(), states.begin(), states.end());
        return inputs;
    }
    std::vector<ValueType> adjoint(const Model& model) const {
        std::vector<ValueType> inputs = constants;
        for (const TapeInfo& info : model.tape) inputs.push_back(info.type);
        inputs.insert(inputs.end(), states.size(), float_);
        inputs.push_back(float_);  // dL/d(spike)
        return inputs;
    }
    std::vector<ValueType> derive, receptors, derived, constants, states;
};

void read_step(const JsonObject& entry, const ProgramInputs& inputs, Model& io_model) {
    io_model.step = read_program(entry, inputs.step(), in_step, io_model.constant_count());
    find_draws(io_model);
    io_model.step_states = read_outputs(entry, "states", io_model.step, inputs.states);
    if (io_model.spiking) {
        io_model.step_spike = read_output(entry.at("spike"), io_model.step, float_, entry.place() + ".spike");
    } else if (entry.at("spike") != Json(-1)) {
        entry.fail("spike", "must be -1 in a model that does not spike");
    }
}

void read_adjoint(const JsonObject& entry, const ProgramInputs& inputs, Model& io_model) {
    io_model.adjoint = read_program(entry, inputs.adjoint(io_model), in_adjoint);
    if (!io_model.spiking) refuse_surrogates(entry, io_model.adjoint);
    io_model.adjoint_states =
        read_outputs(entry, "states", io_model.adjoint, std::vector<ValueType>(io_model.states.size(), float_));
    io_model.adjoint_receptors = read_outputs(entry, "receptors", io_model.adjoint, inputs.receptors);
}

}  // namespace

ValueType Model::constant_type(uint32_t index) const { return constant_type_of(*this, index); }

const std::string& Model::constant_name(uint32_t index) const {
    if (index < parameters.size()) return parameters[index].name;
    if (index < parameters.size() + options.size()) return options[index - parameters.size()].name;
    return derived[index - parameters.size() - options.size()].name;
}

std::shared_ptr<const Model> parse_model(std::string_view json) {
    const Document document(json, "neuron", "model");
    const JsonObject& root = document.root;
    auto model = std::make_shared<Model>();
    model->name = document.name;
    model->json = std::string(json);
    read_names(root, *model);
    read_membrane(root, *model);

    const ProgramInputs inputs(*model);
    const JsonObject derive = root.object("derive"), step = root.object("step");
    model->derive = read_program(derive, inputs.derive, in_derive);
    model->derive_outputs = read_outputs(derive, "outputs", model->derive, inputs.derived);
    read_step(step, inputs, *model);

    model->differentiable = root.has("adjoint");
    if (!model->differentiable) return model;
    model->tape = read_tape(step, model->step, max_tape);
    read_adjoint(root.object("adjoint"), inputs, *model);
    if (root.has("learning")) model->learning = read_learning(root.object("learning"), *model, inputs.derive);
    return model;
}

std::shared_ptr<const Surrogate> parse_surrogate(std::string_view json) {
    const Document document(json, "surrogate", "surrogate");
    const JsonObject& root = document.root;
    auto surrogate = std::make_shared<Surrogate>();
    surrogate->name = document.name;
    surrogate->json = std::string(json);
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

}  // namespace snn
