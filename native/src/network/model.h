// A neuron model or surrogate as libsnn sees it: the op list of docs/model-format.md, checked and typed.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "network/op.h"

namespace snn {

enum class ValueType : uint8_t { float_, int_, bool_ };

struct Instruction {
    Op op;
    uint16_t a = 0, b = 0, c = 0;  // registers
    double value = 0;              // const_, iconst; the number of a draw
};

// Registers: `input_count` inputs, then one for each instruction.
struct Program {
    uint32_t input_count = 0;
    uint32_t constant_count = 0;  // of the inputs, those of a step that are the same in every step
    std::vector<Instruction> instructions;
    std::vector<ValueType> types;  // of every register
    uint32_t register_count() const { return input_count + static_cast<uint32_t>(instructions.size()); }
};

struct ParameterInfo {
    std::string name, unit;
    double default_value = 0;
    double minimum = -std::numeric_limits<double>::infinity();
    double maximum = std::numeric_limits<double>::infinity();
    bool minimum_is_exclusive = false;
};
struct OptionInfo {
    std::string name;
    std::vector<std::string> choices;
    int32_t default_choice = 0;
};
struct StateInfo {
    std::string name, unit;
    ValueType type = ValueType::float_;
    double initial = 0;
    std::optional<uint32_t> initial_parameter;  // index of the parameter whose value it starts with
};
struct DerivedInfo {
    std::string name;
    ValueType type = ValueType::float_;
};
struct TapeInfo {
    std::string name;
    ValueType type = ValueType::float_;
    uint32_t step_register = 0;
};

// What gives the gradients of a model's parameters: an adjoint that runs instead of the plain one, and the way on from the
// constants that a step reads to the parameters.
struct LearningPrograms {
    std::vector<TapeInfo> tape;  // kept besides the plain tape
    Program adjoint;  // inputs: parameters, options, derived, plain tape, this tape, dL/d(states after), dL/d(spike)
    std::vector<uint16_t> states, receptors;  // as Model::adjoint_states and _receptors, by the registers of this program
    std::vector<int32_t> constants;  // by constant: register of its gradient, -1: none
    Program derive;  // inputs: parameters, options, dt in ms, dL/d(each parameter), dL/d(each derived) as a step reads them
    std::vector<int32_t> parameters;  // by parameter: register of its gradient in `derive`, -1: it has none
};

struct Model {
    std::string name;
    std::string json;  // the text it was read from, as saved in files
    std::vector<ParameterInfo> parameters;
    std::vector<OptionInfo> options;
    std::vector<StateInfo> states;
    std::vector<std::string> receptors;
    std::vector<DerivedInfo> derived;
    bool has_membrane = true;  // false: the model has no states
    uint32_t membrane_state = 0;
    bool spiking = false;
    bool built_in = false;

    Program derive;  // inputs: parameters, options, dt in ms
    std::vector<uint16_t> derive_outputs;

    Program step;  // inputs: parameters, options, derived, receptors, states
    std::vector<uint16_t> step_states;
    int32_t step_spike = -1;
    std::vector<TapeInfo> tape;
    bool draws = false;                   // the step draws random numbers
    std::vector<uint16_t> poisson_means;  // the constants that are means of `poisson`, ascending; operand b is a place here

    bool differentiable = false;
    Program adjoint;  // inputs: parameters, options, derived, tape, dL/d(states after), dL/d(spike)
    std::vector<uint16_t> adjoint_states, adjoint_receptors;
    std::optional<LearningPrograms> learning;  // none: no parameter can be learned

    // Parameters, options and derived constants: what a step reads besides receptors and states.
    uint32_t constant_count() const {
        return static_cast<uint32_t>(parameters.size() + options.size() + derived.size());
    }
    ValueType constant_type(uint32_t index) const;
    const std::string& constant_name(uint32_t index) const;
};

struct Surrogate {
    std::string name, json;
    std::vector<ParameterInfo> parameters;
    Program derivative, smooth;  // inputs: parameters, x
    uint16_t derivative_output = 0, smooth_output = 0;
    bool built_in = false;
};

// What events leave behind: decays with `tau`. A trace of one side is of all synapses of a neuron, whose spike makes it
// keep * value + 1, or what PlasticityRule::arrival says; a trace of the synapse becomes what its events give.
struct TraceInfo {
    std::string name;
    uint16_t tau = 0, keep = 0;  // registers of `derive`; a trace of the synapse has no keep
};

// A float state of the target that events read, as it was before their step.
struct TargetState {
    std::string name;   // in the rule
    std::string state;  // in the target's model
};

// What an event makes of a synapse. Inputs: parameters, options, derived, pre traces, post traces, traces of the synapse,
// states of the target, weight, and for a signal its value.
struct PlasticEvent {
    Program program;
    uint16_t weight = 0;
    std::vector<uint16_t> traces;  // of the synapse
    int32_t delivered = -1;        // what arrives at the target; -1: the new weight

    std::vector<uint16_t> outputs() const;  // weight, traces and, where there is one, what is delivered
};

// How the weight of a synapse changes when a spike arrives at it (on_pre), when its target spikes (on_post), and when a signal
// comes from outside.
struct PlasticityRule {
    std::string name, json;
    std::vector<ParameterInfo> parameters;
    std::vector<OptionInfo> options;
    std::vector<TraceInfo> pre_traces, post_traces, synapse_traces;
    std::vector<TargetState> target_states;
    std::vector<DerivedInfo> derived;
    Program derive;  // inputs: parameters, options, dt in ms
    std::vector<uint16_t> derive_outputs;
    uint16_t minimum = 0, maximum = 0;  // registers of `derive`: the bounds of the weight
    PlasticEvent on_pre, on_post;
    std::optional<PlasticEvent> on_signal;
    Program arrival;                      // inputs: parameters, options, derived, pre traces
    std::vector<int32_t> arrival_traces;  // by pre trace: its value after an arrival, -1: keep * value + 1; empty: all that
    bool built_in = false;

    // Whether a spike of the target has any effect.
    bool learns_from_targets() const {
        return !post_traces.empty() || !synapse_traces.empty() || on_post.weight + 1u != on_post.program.input_count;
    }

    uint32_t constant_count() const {
        return static_cast<uint32_t>(parameters.size() + options.size() + derived.size());
    }
    ValueType constant_type(uint32_t index) const;
};

// Read and check a document; throws Error(SNN_ERROR_FORMAT) with the place ("model 'lif': step.ops[3]: ...").
std::shared_ptr<const Model> parse_model(std::string_view json);
std::shared_ptr<const Surrogate> parse_surrogate(std::string_view json);
std::shared_ptr<const PlasticityRule> parse_plasticity(std::string_view json);

// Built-ins by name; throws SNN_ERROR_NOT_FOUND that lists the names there are. Parsed once, shared, thread-safe.
std::shared_ptr<const Model> builtin_model(std::string_view name);
std::shared_ptr<const Surrogate> builtin_surrogate(std::string_view name);
std::shared_ptr<const PlasticityRule> builtin_plasticity(std::string_view name);
int32_t builtin_surrogate_index(std::string_view name);  // position in the alphabetical list, -1 if none
// Names in alphabetical order; null when the index is past the end.
const char* builtin_model_name(uint32_t index);
const char* builtin_surrogate_name(uint32_t index);
const char* builtin_plasticity_name(uint32_t index);
// The "kind" that the document names; empty when it is not such a document.
std::string kind_of_document(std::string_view json);

// By register, whether one of the outputs is computed from it; negative outputs stand for none.
std::vector<uint8_t> needed_registers(const Program& program, std::span<const int32_t> outputs);

// Every register of a `derive` program.
std::vector<double> evaluate_registers(const Program& derive, std::span<const double> parameters,
                                       std::span<const int32_t> options, double dt_ms,
                                       std::span<const double> more_inputs = {});

// The derived constants of one neuron (or of all that share parameters), in double with the library's own functions.
std::vector<double> evaluate_derived(const Model& model, std::span<const double> parameters,
                                     std::span<const int32_t> options, double dt_ms);

}  // namespace snn
