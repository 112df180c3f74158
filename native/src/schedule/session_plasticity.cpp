// What a session lets its caller read and write of rules of plasticity: parameters, traces, and signals to them.
#include <algorithm>
#include <cmath>
#include <utility>

#include "backend/slots.h"
#include "common/error.h"
#include "schedule/session_variables.h"

namespace snn {

SessionVariable SessionVariables::find_rule_variable(const Projection& projection, uint32_t index,
                                                     std::string_view variable) const {
    const PlasticityRule& rule = *projection.plasticity->rule;
    std::string known = "weight";
    for (uint32_t i = 0; i < rule.parameters.size(); ++i) {
        if (rule.parameters[i].name == variable) return {{Slot::weight, index}, true, SessionVariable::rule_parameter, i};
        known += ", " + rule.parameters[i].name;
    }
    const std::pair<Slot::Kind, const std::vector<TraceInfo>&> sides[] = {{Slot::pre_traces, rule.pre_traces},
                                                                          {Slot::post_traces, rule.post_traces},
                                                                          {Slot::synapse_traces, rule.synapse_traces}};
    for (const auto& [side, traces] : sides)
        for (uint32_t i = 0; i < traces.size(); ++i) {
            if (traces[i].name == variable) return {{side, index}, false, SessionVariable::trace, i};
            known += ", " + traces[i].name;
        }
    if (variable == "signal") {
        if (rule.on_signal) return {{Slot::weight, index}, true, SessionVariable::signal};
        throw Error(SNN_ERROR_NOT_FOUND, describe_plasticity(projection), " takes no signal: the rule has no [on_signal]");
    }
    if (rule.on_signal) known += ", signal";
    throw Error(SNN_ERROR_NOT_FOUND, describe_plasticity(projection), " has no variable '", variable, "'; it has: ", known);
}

const Plasticity& SessionVariables::plasticity_of(uint32_t projection) const {
    return plasticity_[projection] ? *plasticity_[projection] : *network_.projection(projection).plasticity;
}

std::shared_ptr<const PlasticityPlan> SessionVariables::checked_plan(uint32_t index, const Plasticity& plasticity) {
    const Projection& projection = network_.projection(index);
    const PlasticityPlan& before = *open_.plan().plasticity[index];
    // Those that no trace has any more make room.
    std::erase_if(decay_tables_, [](const std::shared_ptr<const DecayTable>& table) { return table.use_count() == 1; });
    auto plan = std::make_shared<PlasticityPlan>(
        make_plasticity_plan(plasticity, network_.dt_ms(), describe_plasticity(projection), decay_tables_));
    // The scale of the sums was chosen for them, and the weights are inside.
    if (plan->minimum != before.minimum || plan->maximum != before.maximum)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, describe_plasticity(projection), ": weights would stay from ", plan->minimum,
                    " to ", plan->maximum, "; the network was finished for ", before.minimum, " to ", before.maximum,
                    ", which do not change while it runs");
    plan->delays = before.delays;
    return plan;
}

void SessionVariables::set_plasticity(std::span<const std::shared_ptr<const Plasticity>> changed,
                                      std::span<const std::shared_ptr<const PlasticityPlan>> plans) {
    const auto rules_before = plasticity_;
    const auto plans_before = plasticity_plans_;
    uint32_t taken = 0;
    try {
        for (; taken < plans.size(); ++taken)
            if (plans[taken]) set_plasticity(taken, changed[taken], plans[taken]);
    } catch (...) {
        while (taken-- > 0) {
            if (!plans[taken]) continue;
            try {
                set_plasticity(taken, rules_before[taken], plans_before[taken]);
            } catch (const std::exception&) {  // the first error is the one that is reported
            }
        }
        throw;
    }
}

void SessionVariables::set_plasticity(uint32_t projection, std::shared_ptr<const Plasticity> plasticity,
                                      std::shared_ptr<const PlasticityPlan> plan) {
    try {
        open_.executor().set_plasticity(projection, plan);
    } catch (...) {
        try {  // among several devices one may have taken it before another refused
            open_.executor().set_plasticity(projection, plasticity_plans_[projection]);
        } catch (const std::exception&) {
        }
        throw;
    }
    plasticity_plans_[projection] = std::move(plan);
    plasticity_[projection] = std::move(plasticity);
}

void SessionVariables::read_trace(const SessionVariable& variable, DType dtype, void* out_data) const {
    open_.check_state();
    const Slot slot = variable.slot, age{age_of(slot.kind), slot.index};
    const TracePlan& plan = traces_of(*plasticity_plans_[slot.index], slot.kind)[variable.number];
    std::vector<float> traces(open_.executor().count(slot));
    std::vector<int32_t> ages(open_.executor().count(age));
    open_.executor().read(slot, DType::float32, traces.data());
    open_.executor().read(age, DType::int32, ages.data());
    float* const values = traces.data() + variable.number * ages.size();
    for (size_t i = 0; i < ages.size(); ++i)
        values[i] *= plan.table->after(static_cast<uint64_t>(ages[i]));
    convert(DType::float32, values, dtype, out_data, ages.size());
}

void SessionVariables::write_rule(const SessionVariable& variable, DType dtype, const void* data, std::string_view path) {
    const uint32_t index = variable.slot.index;
    double value = 0;
    convert(dtype, data, DType::float64, &value, 1);
    if (variable.kind == SessionVariable::signal) {
        if (!std::isfinite(static_cast<float>(value)))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "'", path, "' is ", value, "; it must be a finite float32 number");
        open_.executor().signal(index, static_cast<float>(value));
        return;
    }
    check_plasticity_parameter(network_.projection(index), variable.number, value);
    auto changed = std::make_shared<Plasticity>(plasticity_of(index));
    changed->parameters[variable.number] = value;
    std::shared_ptr<const PlasticityPlan> plan = checked_plan(index, *changed);
    set_plasticity(index, std::move(changed), std::move(plan));
}

}  // namespace snn
