// A neuron model or surrogate in memory: the op list of docs/model-format.md, checked and typed.
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
    double value = 0;              // for const_ and iconst; for a draw, its number
};

// Registers: `input_count` inputs, then one for each instruction.
struct Program {
    uint32_t input_count = 0;
    uint32_t constant_count = 0;  // inputs of a step program that are the same in every step
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

// The programs for gradients of a model's parameters: an adjoint that runs instead of the plain one and gives the gradients of
// the constants that a step reads, and `derive`, which continues from these constants to the parameters.
struct LearningPrograms {
    std::vector<TapeInfo> tape;  // in addition to the plain tape
    Program adjoint;  // inputs: parameters, options, derived, plain tape, this tape, dL/d(states after), dL/d(spike)
    std::vector<uint16_t> states, receptors;  // like Model::adjoint_states and adjoint_receptors, for this program's registers
    std::vector<int32_t> constants;  // by constant: register of its gradient; -1: none
    Program derive;  // inputs: parameters, options, dt in ms, dL/d(each parameter), dL/d(each derived) as a step reads them
    std::vector<int32_t> parameters;  // by parameter: register of its gradient in `derive`; -1: none
};

struct Model {
    std::string name;
    std::string json;  // the text that it was read from and that files save
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
    std::vector<uint16_t> poisson_means;  // constants that are means of `poisson`, ascending; operand b is an index into this

    bool differentiable = false;
    Program adjoint;  // inputs: parameters, options, derived, tape, dL/d(states after), dL/d(spike)
    std::vector<uint16_t> adjoint_states, adjoint_receptors;
    std::optional<LearningPrograms> learning;  // none: no parameter is learnable

    // Parameters, options and derived constants: the inputs of a step besides receptors and states.
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

// A trace, which events raise and which decays with `tau`. A pre or post trace is shared by all synapses of a neuron: a spike
// of that neuron sets it to keep * value + 1, or to the result of PlasticityRule::arrival. Events set a synapse trace
// directly.
struct TraceInfo {
    std::string name;
    uint16_t tau = 0, keep = 0;  // registers of `derive`; a synapse trace has no keep
};

// A float state of the target that events read, with its value from before their step.
struct TargetState {
    std::string name;   // in the rule
    std::string state;  // in the target's model
};

// How an event changes a synapse. Inputs: parameters, options, derived, pre traces, post traces, synapse traces, target states,
// weight, and for a signal its value.
struct PlasticEvent {
    Program program;
    uint16_t weight = 0;
    std::vector<uint16_t> traces;  // of the synapse
    int32_t delivered = -1;        // register of the value delivered to the target; -1: the new weight

    std::vector<uint16_t> outputs() const;  // weight, traces and, if there is one, the delivered value
};

// How the weight of a synapse changes when a spike arrives at it (on_pre), when its target spikes (on_post), and when a signal
// is sent (on_signal).
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
    std::vector<int32_t> arrival_traces;  // by pre trace: register of its new value; -1: keep * value + 1. Empty: all -1
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

// Reads and checks a document. Throws Error(SNN_ERROR_FORMAT) with the place ("model 'lif': step.ops[3]: ...").
std::shared_ptr<const Model> parse_model(std::string_view json);
std::shared_ptr<const Surrogate> parse_surrogate(std::string_view json);
std::shared_ptr<const PlasticityRule> parse_plasticity(std::string_view json);

// Built-ins by name. Throws SNN_ERROR_NOT_FOUND with a list of all names. Parsed once, shared, thread-safe.
std::shared_ptr<const Model> builtin_model(std::string_view name);
std::shared_ptr<const Surrogate> builtin_surrogate(std::string_view name);
std::shared_ptr<const PlasticityRule> builtin_plasticity(std::string_view name);
int32_t builtin_surrogate_index(std::string_view name);  // index in the alphabetical list; -1 if there is none
// Names in alphabetical order; null if the index is past the end.
const char* builtin_model_name(uint32_t index);
const char* builtin_surrogate_name(uint32_t index);
const char* builtin_plasticity_name(uint32_t index);
// The "kind" of a document; empty if the text is not such a document.
std::string kind_of_document(std::string_view json);

// By register: whether one of the outputs depends on it. Negative outputs are ignored.
std::vector<uint8_t> needed_registers(const Program& program, std::span<const int32_t> outputs);

// Evaluates a `derive` program and returns all its registers.
std::vector<double> evaluate_registers(const Program& derive, std::span<const double> parameters,
                                       std::span<const int32_t> options, double dt_ms,
                                       std::span<const double> more_inputs = {});

// The derived constants of one neuron (or of all neurons that share parameters), in double, with the library's own functions.
std::vector<double> evaluate_derived(const Model& model, std::span<const double> parameters,
                                     std::span<const int32_t> options, double dt_ms);

}  // namespace snn
