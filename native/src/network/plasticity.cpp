#include "network/plasticity.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/error.h"
#include "common/math.h"
#include "network/names.h"
#include "network/network.h"

namespace snn {

namespace {

constexpr float smallest_decay = 0x1p-60f;  // a trace below this has no effect on a weight

std::vector<double> registers_of(const Plasticity& plasticity, double dt_ms) {
    return evaluate_registers(plasticity.rule->derive, plasticity.parameters, plasticity.options, dt_ms);
}

WeightBounds bounds_from(const Plasticity& plasticity, const std::vector<double>& registers, const std::string& what) {
    const double low = registers[plasticity.rule->minimum], high = registers[plasticity.rule->maximum];
    // 2^100 keeps every fixed-point scale within its limits.
    if (!(std::abs(low) < 0x1p100) || !(std::abs(high) < 0x1p100) || !(low <= high))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": weights from ", low, " to ", high,
                    " are no range; expected finite bounds, the smallest weight first");
    return {static_cast<float>(low), static_cast<float>(high)};
}

TracePlan make_trace(const TraceInfo& info, const std::vector<double>& registers, double dt_ms, const std::string& what,
                     DecayTables& io_tables, bool is_own = false) {
    const double tau = registers[info.tau], keep = is_own ? 1.0 : registers[info.keep];
    if (!std::isfinite(tau) || tau <= 0)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": tau of trace '", info.name, "' is ", tau,
                    "; expected a finite time above 0, in ms");
    if (!(keep >= 0.0 && keep <= 1.0))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": keep of trace '", info.name, "' is ", keep, "; expected 0 to 1");
    TracePlan trace;
    trace.keep = static_cast<float>(keep);
    for (const auto& table : io_tables)
        if (table->tau == tau) return trace.table = table, trace;
    auto made = std::make_shared<DecayTable>();
    made->tau = tau;
    const auto after = [&](size_t n) { return static_cast<float>(exp_f64(-static_cast<double>(n) * dt_ms / tau)); };
    made->decay.reserve(static_cast<size_t>(std::min(41.6 * tau / dt_ms, static_cast<double>(max_decay_steps))) + 2);
    for (size_t n = 0; n < fine_steps; ++n) made->fine.push_back(after(n));
    for (size_t n = 0;; ++n) {
        if (n % fine_steps == 0) made->coarse.push_back(after(n));
        const float value = made->coarse.back() * made->fine[n % fine_steps];
        if (value < smallest_decay) break;
        made->decay.push_back(value);
        if (made->decay.size() == max_decay_steps)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": tau of trace '", info.name, "' is ", tau, " ms, ", tau / dt_ms,
                        " steps; expected at most ", longest_tau_steps, " steps, as with a dt of ", tau / longest_tau_steps,
                        " ms or more");
    }
    made->decay.push_back(0.0f);
    made->coarse.resize(std::max(made->coarse.size(), coarse_steps), 0.0f);
    trace.table = io_tables.emplace_back(std::move(made));
    return trace;
}

}  // namespace

std::string describe_plasticity(const Projection& projection) {
    return text("projection '", projection.name, "' (plasticity '", projection.plasticity->rule->name, "')");
}

void check_plasticity_parameter(const Projection& projection, uint32_t parameter, double value) {
    const ParameterInfo& info = projection.plasticity->rule->parameters[parameter];
    const bool inside = info.minimum_is_exclusive ? value > info.minimum : value >= info.minimum;
    if (!std::isfinite(value) || std::abs(value) > 3.4028234663852886e38 || !inside || value > info.maximum)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "parameter '", info.name, "' of ", describe_plasticity(projection), " is ",
                    value, "; it must be a finite float32 number",
                    std::isfinite(info.minimum) ? text(info.minimum_is_exclusive ? ", above " : ", at least ", info.minimum)
                                                : std::string(),
                    std::isfinite(info.maximum) ? text(", at most ", info.maximum) : std::string());
}

double WeightBounds::largest() const {
    return std::max(std::abs(static_cast<double>(minimum)), std::abs(static_cast<double>(maximum)));
}

std::string describe_bounds(const Plasticity& plasticity, const WeightBounds& bounds) {
    const auto named = [&](float bound, uint32_t place) {
        if (place >= plasticity.parameters.size()) return text(bound);
        return text(plasticity.parameters[place], " (", plasticity.rule->parameters[place].name, ")");
    };
    return text("from ", named(bounds.minimum, plasticity.rule->minimum), " to ",
                named(bounds.maximum, plasticity.rule->maximum));
}

WeightBounds weight_bounds(const Plasticity& plasticity, double dt_ms, const std::string& what) {
    return bounds_from(plasticity, registers_of(plasticity, dt_ms), what);
}

PlasticityPlan make_plasticity_plan(const Plasticity& plasticity, double dt_ms, const std::string& what,
                                    DecayTables& io_tables) {
    const PlasticityRule& rule = *plasticity.rule;
    const std::vector<double> registers = registers_of(plasticity, dt_ms);
    PlasticityPlan plan;
    const auto add = [&](double value) {
        PlasticConstant constant;
        constant.type = rule.constant_type(static_cast<uint32_t>(plan.constants.size()));
        constant.real = static_cast<float>(value);
        constant.whole = to_int_nearest_even(value);
        plan.constants.push_back(constant);
    };
    for (const double value : plasticity.parameters) add(value);
    for (const int32_t value : plasticity.options) add(value);
    for (size_t i = 0; i < rule.derived.size(); ++i) {
        const double value = registers[rule.derive_outputs[i]];
        if (!std::isfinite(value))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": the derived constant '", rule.derived[i].name, "' is ", value,
                        " for these parameters");
        add(value);
    }
    const auto add_traces = [&](const std::vector<TraceInfo>& infos, std::vector<TracePlan>& out_traces, bool are_own = false) {
        for (const TraceInfo& info : infos) out_traces.push_back(make_trace(info, registers, dt_ms, what, io_tables, are_own));
    };
    add_traces(rule.pre_traces, plan.pre_traces);
    add_traces(rule.post_traces, plan.post_traces);
    add_traces(rule.synapse_traces, plan.synapse_traces, true);
    plan.target_states = plasticity.target_states;
    const WeightBounds bounds = bounds_from(plasticity, registers, what);
    plan.minimum = bounds.minimum;
    plan.maximum = bounds.maximum;
    return plan;
}

std::vector<uint16_t> delays_of(const Synapses& synapses) {
    std::vector<uint8_t> is_used(size_t{synapses.max_delay()} + 1, 0);
    if (synapses.min_delay() == synapses.max_delay()) {
        is_used.back() = 1;
    } else {
        synapses.for_rows([&](uint32_t, const SynapseRow& row) {
            for (const uint16_t delay : row.delays) is_used[delay] = 1;
        });
    }
    std::vector<uint16_t> delays;
    for (size_t delay = 0; delay < is_used.size(); ++delay)
        if (is_used[delay]) delays.push_back(static_cast<uint16_t>(delay));
    return delays;
}

// ---- Building ---------------------------------------------------------------------------------------------------------

namespace {

uint32_t find_target_state(const PlasticityRule& rule, const TargetState& read, const Projection& projection,
                           const Population& target) {
    const std::vector<StateInfo>& states = target.model->states;
    std::string known;
    for (uint32_t i = 0; i < states.size(); ++i) {
        const bool is_float = states[i].type == ValueType::float_;
        if (is_float && states[i].name == read.state) return i;
        if (is_float) add_item(known, states[i].name);
    }
    throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", projection.name, "': plasticity '", rule.name,
                "' reads the state '", read.state, "' of its target; '", target.name, "' has model '", target.model->name,
                "', whose float states are: ", known.empty() ? "none" : known);
}

}  // namespace

void Network::set_plasticity(uint32_t index, std::shared_ptr<const PlasticityRule> rule) {
    check_unfinished();
    const Projection& found = projection(index);
    if (found.kind != SNN_CONNECT_SPARSE || !population(found.source).is_binary())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", found.name, "': plasticity needs a sparse projection from a ",
                    "population that spikes; it is ", name_of_kind(found.kind), " from '", population(found.source).name, "'");
    if (!population(found.target).is_binary())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", found.name, "': plasticity needs a target that spikes; '",
                    population(found.target).name, "' has model '", population(found.target).model->name, "'");
    Plasticity plasticity;
    for (const ParameterInfo& info : rule->parameters) plasticity.parameters.push_back(info.default_value);
    for (const OptionInfo& info : rule->options) plasticity.options.push_back(info.default_choice);
    for (const TargetState& state : rule->target_states)
        plasticity.target_states.push_back(find_target_state(*rule, state, found, population(found.target)));
    plasticity.rule = std::move(rule);
    auto shared = std::make_shared<const Plasticity>(std::move(plasticity));
    Projection& changed = projections_[index];
    changed.plasticity = std::move(shared);
    changed.arithmetic = SNN_ARITHMETIC_FIXED;
    changed.trainable = false;
}

Plasticity Network::changeable_plasticity(uint32_t index) const {
    check_unfinished();
    const Projection& found = projection(index);
    if (!found.plasticity)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", found.name, "' has no plasticity; give it a rule first");
    return *found.plasticity;
}

void Network::set_plasticity_parameter(uint32_t index, std::string_view name, double value) {
    Plasticity plasticity = changeable_plasticity(index);
    const Projection& owner = projections_[index];
    const uint32_t parameter = find_in(plasticity.rule->parameters, name, describe_plasticity(owner), "parameter");
    check_plasticity_parameter(owner, parameter, value);
    plasticity.parameters[parameter] = value;
    projections_[index].plasticity = std::make_shared<const Plasticity>(std::move(plasticity));
}

void Network::set_plasticity_option(uint32_t index, std::string_view name, std::string_view choice) {
    Plasticity plasticity = changeable_plasticity(index);
    const Projection& owner = projections_[index];
    const uint32_t option = find_in(plasticity.rule->options, name, describe_plasticity(owner), "option");
    const std::vector<std::string>& choices = plasticity.rule->options[option].choices;
    const auto found = std::find(choices.begin(), choices.end(), choice);
    if (found == choices.end()) {
        std::string known;
        for (const std::string& c : choices) add_item(known, c);
        throw Error(SNN_ERROR_NOT_FOUND, "option '", name, "' of ", describe_plasticity(owner), " has no choice '", choice,
                    "'; it has: ", known);
    }
    plasticity.options[option] = static_cast<int32_t>(found - choices.begin());
    projections_[index].plasticity = std::make_shared<const Plasticity>(std::move(plasticity));
}

void Network::check_plasticity() const {
    DecayTables tables;
    for (const Projection& projection : projections_) {
        if (!projection.plasticity) continue;
        make_plasticity_plan(*projection.plasticity, dt_ms_, describe_plasticity(projection), tables);
        if (const SynapseRule* const rule = projection.synapses->rule()) {
            // If the distribution lies within the bounds, so do its billions of synapses. Otherwise the actual synapses are
            // checked.
            const std::vector<float> quantiles = rule->weight_quantiles();
            const WeightBounds bounds = weight_bounds(*projection.plasticity, dt_ms_, describe_plasticity(projection));
            if (quantiles.front() >= bounds.minimum && quantiles.back() <= bounds.maximum) continue;
        }
        projection.synapses->for_rows([&](uint32_t, const SynapseRow& row) {
            check_plastic_weights(*this, projection, row.weights);
        });
    }
}

void check_plastic_weights(const Network& network, const Projection& projection, std::span<const float> weights) {
    const WeightBounds bounds = weight_bounds(*projection.plasticity, network.dt_ms(), describe_plasticity(projection));
    for (const float weight : weights)
        if (!(weight >= bounds.minimum && weight <= bounds.maximum))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, describe_plasticity(projection), ": a weight is ", weight,
                        "; the rule keeps weights ", describe_bounds(*projection.plasticity, bounds));
}

}  // namespace snn
