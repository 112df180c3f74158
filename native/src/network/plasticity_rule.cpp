// Reads and checks plasticity rules.
#include <set>

#include "network/model.h"
#include "network/read_document.h"
#include "network/read_program.h"

namespace snn {

namespace {

constexpr size_t max_traces = 4;  // for pre, post and synapse traces each
constexpr size_t max_target_states = 4;

using enum ValueType;

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

std::vector<TargetState> read_target_states(const JsonObject& root, std::set<std::string>& taken) {
    std::vector<TargetState> states;
    if (!root.has("target_states")) return states;
    const Json& list = root.list("target_states", max_target_states);
    for (size_t i = 0; i < list.size(); ++i) {
        const JsonObject entry(list[i], text(root.place(), ": target_states[", i, "]"));
        TargetState state;
        state.name = read_name(entry, taken);
        state.state = entry.text("state");
        states.push_back(std::move(state));
    }
    return states;
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

ValueType PlasticityRule::constant_type(uint32_t index) const { return constant_type_of(*this, index); }

std::shared_ptr<const PlasticityRule> parse_plasticity(std::string_view json) {
    const Document document(json, "plasticity", "plasticity rule");
    const JsonObject& root = document.root;
    auto rule = std::make_shared<PlasticityRule>();
    rule->name = document.name;
    rule->json = std::string(json);

    std::set<std::string> taken;  // parameters, options, traces and states share one space of names
    rule->parameters = read_parameters(root, taken);
    rule->options = read_options(root, taken);
    std::vector<ValueType> inputs(rule->parameters.size(), float_);
    inputs.insert(inputs.end(), rule->options.size(), int_);
    rule->derived = read_derived(root);
    const std::vector<ValueType> derived_types = types_of(rule->derived);
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
    rule->target_states = read_target_states(root, taken);

    inputs.insert(inputs.end(), derived_types.begin(), derived_types.end());
    inputs.insert(inputs.end(), rule->pre_traces.size(), float_);
    if (root.has("arrival")) {
        const JsonObject arrival = root.object("arrival");
        rule->arrival = read_program(arrival, inputs, in_event);
        rule->arrival_traces = read_optional_outputs(arrival, "traces", rule->arrival, rule->pre_traces.size());
    }
    const size_t own = rule->synapse_traces.size();
    inputs.insert(inputs.end(), rule->post_traces.size() + own + rule->target_states.size() + 1, float_);  // and the weight
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

}  // namespace snn
