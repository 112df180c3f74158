#include "network/network.h"

#include <algorithm>
#include <cmath>

#include "common/error.h"
#include "network/names.h"

namespace snn {

namespace {

constexpr uint64_t max_population_size = 1u << 30;

bool is_identifier(std::string_view name) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    if (name.empty() || name.size() > max_name_size || !letter(name[0])) return false;
    return std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

void check_count(size_t count, uint32_t size, const std::string& what) {
    if (count != 1 && count != size)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, " takes 1 value or ", size, " (one for each neuron), got ", count);
}

std::string describe(const Population& population) {
    return text("population '", population.name, "'", population.model ? " (model '" + population.model->name + "')" : "");
}

}  // namespace

Network::Network(double dt_ms) : dt_ms_(dt_ms) {
    if (!std::isfinite(dt_ms) || dt_ms <= 0 || dt_ms > 1e6)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "dt_ms is ", dt_ms, "; expected more than 0 and at most 1e6 milliseconds");
}

void Network::check_unfinished() const {
    if (finished_) throw Error(SNN_ERROR_STATE, "the network is finished and cannot be changed");
}

const Population& Network::population(uint32_t index) const {
    if (index >= populations_.size())
        throw Error(SNN_ERROR_NOT_FOUND, "population ", index, " does not exist; there are ", populations_.size());
    return populations_[index];
}

const Projection& Network::projection(uint32_t index) const {
    if (index >= projections_.size())
        throw Error(SNN_ERROR_NOT_FOUND, "projection ", index, " does not exist; there are ", projections_.size());
    return projections_[index];
}

uint32_t Network::find_population(std::string_view name) const {
    const Named* const found = find(name);
    if (!found || !found->is_population) fail_to_find(populations_, name, "the network", "population");
    return found->index;
}

uint32_t Network::find_projection(std::string_view name) const {
    const Named* const found = find(name);
    if (!found || found->is_population) fail_to_find(projections_, name, "the network", "projection");
    return found->index;
}

const Network::Named* Network::find(std::string_view name) const {
    const auto found = names_.find(name);
    return found == names_.end() ? nullptr : &found->second;
}

template <class Entry>
uint32_t Network::append(std::vector<Entry>& io_list, Entry entry, bool is_population) {
    const auto index = static_cast<uint32_t>(io_list.size());
    const auto named = names_.emplace(entry.name, Named{is_population, index}).first;
    try {
        io_list.push_back(std::move(entry));
    } catch (...) {
        names_.erase(named);
        throw;
    }
    return index;
}
template uint32_t Network::append(std::vector<Population>&, Population, bool);
template uint32_t Network::append(std::vector<Projection>&, Projection, bool);

Population& Network::changeable_population(uint32_t index) {
    check_unfinished();
    const Population& found = population(index);
    if (found.is_input())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", found.name, "' is an input and has no model");
    return populations_[index];
}

void Network::check_new_name(std::string_view name, const char* what) const {
    if (!is_identifier(name))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, " name '", name,
                    "' is not valid; expected letters, digits and '_', not beginning with a digit, at most ", max_name_size);
    if (const Named* const found = find(name))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, " name '", name, "' is a ",
                    found->is_population ? "population" : "projection", "'s already");
}

uint32_t Network::add_population(const SNNPopulationDef& def, std::shared_ptr<const Model> model) {
    check_unfinished();
    if (!def.name) throw Error(SNN_ERROR_INVALID_ARGUMENT, "def->name is null");
    check_new_name(def.name, "population");
    if (populations_.size() >= max_populations)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", def.name, "' is one too many; a network has at most ",
                    max_populations);
    if (def.kind > SNN_POPULATION_VALUE_INPUT)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", def.name, "': kind is ", def.kind, "; expected 0, 1 or 2");
    if (def.shape.rank < 1 || def.shape.rank > 3)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", def.name, "': shape has rank ", def.shape.rank,
                    "; expected 1 to 3");
    Population population;
    population.kind = def.kind;
    population.name = def.name;
    population.shape.rank = def.shape.rank;
    uint64_t size = 1;
    for (uint32_t axis = 0; axis < def.shape.rank; ++axis) {
        const uint32_t extent = def.shape.dims[axis];
        if (extent == 0) throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", def.name, "': shape[", axis, "] is 0");
        population.shape.dims[axis] = extent;
        size *= extent;
        if (size > max_population_size)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", def.name, "' has more than ", max_population_size,
                        " neurons");
    }
    population.size = static_cast<uint32_t>(size);
    if (!population.is_input()) {
        population.model = std::move(model);
        for (const ParameterInfo& info : population.model->parameters) population.parameters.push_back({info.default_value});
        for (const OptionInfo& info : population.model->options) population.options.push_back(info.default_choice);
        for (const StateInfo& info : population.model->states)
            population.initial_states.push_back(
                {info.initial_parameter ? population.model->parameters[*info.initial_parameter].default_value : info.initial});
        if (population.model->spiking && population.model->differentiable) {
            population.surrogate = builtin_surrogate("arctan");
            for (const ParameterInfo& info : population.surrogate->parameters)
                population.surrogate_parameters.push_back(info.default_value);
        }
    }
    population.learnable.resize(population.parameters.size());
    population.initial_is_set.resize(population.initial_states.size());
    return append(populations_, std::move(population), true);
}

uint32_t find_parameter(const Population& population, std::string_view name) {
    return find_in(population.model->parameters, name, describe(population), "parameter");
}

void check_parameter(const Population& population, uint32_t parameter, const double* values, size_t count) {
    const ParameterInfo& info = population.model->parameters[parameter];
    const std::string what = text("parameter '", info.name, "' of ", describe(population));
    check_count(count, population.size, what);
    for (size_t i = 0; i < count; ++i) {
        const bool inside = info.minimum_is_exclusive ? values[i] > info.minimum : values[i] >= info.minimum;
        if (!std::isfinite(values[i]) || std::abs(values[i]) > 3.4028234663852886e38 || !inside || values[i] > info.maximum)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": value [", i, "] is ", values[i],
                        "; it must be a finite float32 number",
                        std::isfinite(info.minimum) ? text(info.minimum_is_exclusive ? ", above " : ", at least ", info.minimum)
                                                    : std::string(),
                        std::isfinite(info.maximum) ? text(", at most ", info.maximum) : std::string(),
                        info.unit.empty() || info.unit == "1" ? std::string() : text(", in ", info.unit));
    }
}

void Network::set_parameter(uint32_t population, std::string_view name, const double* values, size_t count) {
    Population& owner = changeable_population(population);
    const uint32_t index = find_parameter(owner, name);
    check_parameter(owner, index, values, count);
    owner.parameters[index].assign(values, values + count);
    // A state that begins at this parameter follows it, unless it was set by hand.
    for (size_t s = 0; s < owner.model->states.size(); ++s)
        if (owner.model->states[s].initial_parameter == index && !owner.initial_is_set[s])
            owner.initial_states[s] = owner.parameters[index];
}

void Network::set_learnable(uint32_t population, std::string_view name, bool learnable) {
    Population& owner = changeable_population(population);
    const uint32_t index = find_parameter(owner, name);
    const auto& learning = owner.model->learning;
    if (learnable && (!learning || learning->parameters[index] < 0))
        throw Error(SNN_ERROR_UNSUPPORTED, "parameter '", name, "' of ", describe(owner),
                    " cannot be learned: no gradient reaches it");
    owner.learnable[index] = learnable;
}

void Network::set_option(uint32_t population, std::string_view name, std::string_view choice) {
    Population& owner = changeable_population(population);
    const uint32_t index = find_in(owner.model->options, name, describe(owner), "option");
    const OptionInfo& info = owner.model->options[index];
    const auto found = std::find(info.choices.begin(), info.choices.end(), choice);
    if (found == info.choices.end()) {
        std::string known;
        for (const std::string& c : info.choices) add_item(known, c);
        throw Error(SNN_ERROR_NOT_FOUND, "option '", name, "' of ", describe(owner), " has no choice '", choice,
                    "'; it has: ", known);
    }
    owner.options[index] = static_cast<int32_t>(found - info.choices.begin());
}

void Network::set_initial_state(uint32_t population, std::string_view name, const double* values, size_t count) {
    Population& owner = changeable_population(population);
    const uint32_t index = find_in(owner.model->states, name, describe(owner), "state");
    const std::string what = text("initial state '", name, "' of ", describe(owner));
    check_count(count, owner.size, what);
    const bool whole = owner.model->states[index].type == ValueType::int_;
    for (size_t i = 0; i < count; ++i)
        if (!std::isfinite(values[i]) || std::abs(values[i]) > (whole ? 2147483647.0 : 3.4028234663852886e38) ||
            (whole && values[i] != std::floor(values[i])))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": value [", i, "] is ", values[i], "; expected a finite ",
                        whole ? "32-bit whole number" : "float32 number");
    owner.initial_states[index].assign(values, values + count);
    owner.initial_is_set[index] = 1;
}

void Network::set_surrogate(uint32_t population, std::shared_ptr<const Surrogate> surrogate, const double* parameters,
                            size_t count) {
    Population& owner = changeable_population(population);
    if (!owner.model->spiking)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, describe(owner), " does not spike and takes no surrogate");
    if (count != 0 && count != surrogate->parameters.size())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "surrogate '", surrogate->name, "' takes ", surrogate->parameters.size(),
                    " parameters (", names_in(surrogate->parameters), "), got ", count);
    std::vector<double> values;
    for (size_t i = 0; i < surrogate->parameters.size(); ++i) {
        const ParameterInfo& info = surrogate->parameters[i];
        const double value = count ? parameters[i] : info.default_value;
        const bool inside = info.minimum_is_exclusive ? value > info.minimum : value >= info.minimum;
        if (!std::isfinite(value) || !inside || value > info.maximum)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "parameter '", info.name, "' of surrogate '", surrogate->name, "' is ",
                        value, ", outside its bounds");
        values.push_back(value);
    }
    owner.surrogate = std::move(surrogate);
    owner.surrogate_parameters = std::move(values);
}

// ---- Finishing --------------------------------------------------------------------------------------------------------

void Network::finish() {
    if (finished_) return;
    check_undelayed_cycles();
    check_plasticity();
    choose_arithmetic();
    round_compact_weights();
    keep_fixed_groups();
    finished_ = true;
}

void Network::finish(const std::vector<int32_t>& fixed_exponents) {
    check_unfinished();
    check_undelayed_cycles();
    check_plasticity();
    set_fixed_exponents(fixed_exponents);
    round_compact_weights();
    keep_fixed_groups();
    finished_ = true;
}

// Without delay, a spike must reach its targets within the step, so projections without delay must not form a ring.
void Network::check_undelayed_cycles() const {
    const size_t count = populations_.size();
    std::vector<uint8_t> mark(count, 0);  // 1: on the current path, 2: done
    struct Frame {
        uint32_t population;
        size_t next;
    };
    std::vector<std::vector<uint32_t>> targets(count);
    for (const Projection& projection : projections_)
        if (projection.reaches_within_step()) targets[projection.source].push_back(projection.target);
    for (uint32_t start = 0; start < count; ++start) {
        if (mark[start]) continue;
        std::vector<Frame> path{{start, 0}};
        mark[start] = 1;
        while (!path.empty()) {
            Frame& top = path.back();
            if (top.next == targets[top.population].size()) {
                mark[top.population] = 2;
                path.pop_back();
                continue;
            }
            const uint32_t target = targets[top.population][top.next++];
            if (mark[target] == 1) {
                std::string ring;
                bool inside = false;
                for (const Frame& frame : path) {
                    inside |= frame.population == target;
                    if (inside) ring += populations_[frame.population].name + " -> ";
                }
                throw Error(SNN_ERROR_INVALID_ARGUMENT, "projections without delay form a ring: ", ring,
                            populations_[target].name, "; give one of them delay_steps of at least 1");
            }
            if (mark[target] == 0) {
                mark[target] = 1;
                path.push_back({target, 0});
            }
        }
    }
}

std::shared_ptr<const Network> Network::with_values(const std::vector<std::shared_ptr<const std::vector<float>>>& weights,
                                                    const std::vector<std::shared_ptr<const std::vector<float>>>& biases,
                                                    const std::vector<Parameters>& parameters,
                                                    const std::vector<std::shared_ptr<const Plasticity>>& plasticity) const {
    auto copy = std::make_shared<Network>(*this);
    for (size_t p = 0; p < populations_.size(); ++p)
        if (!parameters[p].empty()) {
            Population& changed = copy->populations_[p];
            changed.parameters = parameters[p];
            for (size_t s = 0; s < changed.initial_states.size(); ++s)
                if (const auto parameter = changed.learnable_initial(s))
                    changed.initial_states[s] = changed.parameters[*parameter];
        }
    for (size_t p = 0; p < projections_.size(); ++p) {
        if (weights[p]) {
            Projection& changed = copy->projections_[p];
            if (changed.synapses) changed.synapses = changed.synapses->with_weights(weights[p]);
            else changed.dense_weights = weights[p];
            changed.rounding_loss.clear();
        }
        if (biases[p]) copy->projections_[p].bias = biases[p];
        if (plasticity[p]) copy->projections_[p].plasticity = plasticity[p];
    }
    return copy;
}

}  // namespace snn
