#include "schedule/session_variables.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "backend/slots.h"
#include "common/error.h"
#include "network/fingerprint.h"
#include "network/names.h"
#include "network/rules.h"
#include "schedule/checks.h"

namespace snn {

namespace {

bool same_rule(const Synapses& a, const Synapses& b) {
    const ConnectionRule* const mine = a.rule() ? a.rule()->definition() : nullptr;
    const ConnectionRule* const theirs = b.rule() ? b.rule()->definition() : nullptr;
    return mine && theirs && *mine == *theirs;
}

// Of two with as many sources.
bool same_connections(const Synapses& a, const Synapses& b) {
    if (same_rule(a, b)) return true;
    if (a.is_rule() || b.is_rule()) {  // whose rows are not in canonical order
        const std::shared_ptr<const SparseIndex> mine = a.arrays().index, theirs = b.arrays().index;
        return mine->row_offsets == theirs->row_offsets && mine->targets == theirs->targets && mine->delays == theirs->delays;
    }
    const std::shared_ptr<const SynapseStore> mine = a.store(), theirs = b.store();
    RowMemory memory_of_mine, memory_of_theirs;
    for (uint32_t source = 0; source < a.source_size(); ++source) {
        const SynapseRow one = mine->row(source, memory_of_mine), other = theirs->row(source, memory_of_theirs);
        if (!std::ranges::equal(one.targets, other.targets) || !std::ranges::equal(one.delays, other.delays)) return false;
    }
    return true;
}

}  // namespace

SessionVariables::SessionVariables(OpenNetwork& open, Listeners& listeners)
    : open_(open),
      listeners_(listeners),
      network_(open.network()),
      parameters_(network_.populations().size()),
      parameter_gradients_(network_.populations().size()),
      plasticity_(network_.projections().size()),
      plasticity_plans_(open.plan().plasticity),
      decay_tables_(open.plan().decay_tables),
      weight_is_own_(network_.projections().size(), 0),
      rounding_is_told_(network_.projections().size(), 0) {
    for (size_t p = 0; p < network_.projections().size(); ++p) {
        const Projection& projection = network_.projections()[p];
        if (!projection.plasticity) continue;
        if (open.plan().sample_weights)
            throw Error(SNN_ERROR_UNSUPPORTED, "projection '", projection.name,
                        "' is plastic: weights that learn cannot be samples' own (SNN_FLAG_SAMPLE_WEIGHTS)");
        if (open.batch_size() > 1)
            throw Error(SNN_ERROR_UNSUPPORTED, "batch_size is ", open.batch_size(), "; projection '", projection.name,
                        "' is plastic: weights that learn belong to one sample (open a session for each) and are not trained");
        weight_is_own_[p] = 1;
    }
}

void SessionVariables::report_rounding() {
    for (uint32_t p = 0; p < network_.projections().size(); ++p) {
        const Projection& projection = network_.projections()[p];
        warn_of_rounding(p, projection.plasticity ? loss_of_own_weights(network_, projection) : projection.rounding_loss);
    }
}

// ---- Variables --------------------------------------------------------------------------------------------------------

SessionVariable SessionVariables::find(std::string_view path) const {
    const size_t dot = path.find('.');
    if (dot == std::string_view::npos)
        throw Error(SNN_ERROR_NOT_FOUND, "path '", path, "' has no '.'; expected population.state or projection.weight");
    const std::string_view owner = path.substr(0, dot);
    std::string_view variable = path.substr(dot + 1);
    const Network::Named* const found = network_.find(owner);
    if (!found) throw Error(SNN_ERROR_NOT_FOUND, "no population or projection is named '", owner, "' (path '", path, "')");
    const uint32_t index = found->index;
    if (found->is_population) {
        const Population& population = network_.population(index);
        if (variable == "spikes") {
            check_has_activity(population, text("'", path, "'"));
            return {{Slot::activity, index}, false};
        }
        if (variable == "history") return {{Slot::history, index}, true};
        if (population.is_input()) state_index(population, variable);  // throws
        for (uint32_t s = 0; s < population.model->states.size(); ++s)
            if (population.model->states[s].name == variable) return {{Slot::state, index, s}, true};
        std::string known;
        for (const StateInfo& state : population.model->states) add_item(known, state.name);
        for (uint32_t i = 0; i < population.model->parameters.size(); ++i) {
            const ParameterInfo& parameter = population.model->parameters[i];
            if (parameter.name == variable) return {{Slot::state, index}, true, SessionVariable::parameter, i};
            if (variable == parameter.name + ".gradient") {
                if (!population.learnable[i])
                    throw Error(SNN_ERROR_NOT_FOUND, "parameter '", parameter.name, "' of population '", owner,
                                "' is not learnable and has no gradient");
                if (parameter_gradients_[index].empty())
                    throw Error(SNN_ERROR_STATE, "'", path, "': there was no backward pass yet");
                return {{Slot::state, index}, false, SessionVariable::parameter_gradient, i};
            }
            add_item(known, parameter.name);
        }
        throw Error(SNN_ERROR_NOT_FOUND, "population '", population.name, "' has no state or parameter '", variable,
                    "'; it has: ", known);
    }
    const Projection& projection = network_.projection(index);
    const uint32_t sample = split_sample(path, variable);
    const bool is_gradient = variable.ends_with(".gradient");
    if (variable.starts_with("bias") && !projection.bias)
        throw Error(SNN_ERROR_NOT_FOUND, "projection '", owner, "' has no bias");
    if (is_gradient && !has_gradients_) throw Error(SNN_ERROR_STATE, "'", path, "': there was no backward pass yet");
    if (variable == "weight") return {{Slot::weight, index, 0, sample}, true};
    if (variable == "bias") return {{Slot::bias, index, 0, sample}, true};
    if (is_gradient && !projection.trainable)
        throw Error(SNN_ERROR_NOT_FOUND, "projection '", owner, "' is not trainable and has no gradient");
    if (variable == "weight.gradient") return {{Slot::weight_gradient, index}, false};
    if (variable == "bias.gradient") return {{Slot::bias_gradient, index}, false};
    if (projection.plasticity) return find_rule_variable(projection, index, variable);
    throw Error(SNN_ERROR_NOT_FOUND, "projection '", owner, "' has no variable '", variable,
                "'; it has: weight, bias, weight.gradient, bias.gradient");
}

// Of "weight[7]" and "bias[7]": takes the number off and gives it; else all samples.
uint32_t SessionVariables::split_sample(std::string_view path, std::string_view& io_variable) const {
    const size_t bracket = io_variable.find('[');
    const std::string_view name = io_variable.substr(0, bracket);
    if (bracket == std::string_view::npos || (name != "weight" && name != "bias")) return Slot::all_samples;
    const std::string_view number = io_variable.substr(bracket + 1);
    uint32_t sample = 0;
    const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), sample);
    if (failed != std::errc() || std::string_view(end, number.data() + number.size()) != "]" || sample >= open_.batch_size())
        throw Error(SNN_ERROR_NOT_FOUND, "path '", path, "': '", io_variable.substr(bracket),
                    "' is no sample; expected [0] to [", open_.batch_size() - 1, "]");
    if (!open_.plan().sample_weights)
        throw Error(SNN_ERROR_STATE, "'", path,
                    "': the samples share their weights; a session with SNN_FLAG_SAMPLE_WEIGHTS has ", "some for each");
    io_variable = name;
    return sample;
}

const Parameters& SessionVariables::parameters_of(uint32_t population) const {
    return parameters_[population].empty() ? network_.population(population).parameters : parameters_[population];
}

void SessionVariables::set_parameters(uint32_t population, Parameters parameters, const PopulationConstants& constants) {
    try {
        open_.executor().set_constants(population, constants);
    } catch (...) {
        try {  // what it has taken of them is taken back
            open_.executor().set_constants(population, make_population_constants(network_.population(population),
                                                                           parameters_of(population), network_.dt_ms()));
        } catch (const std::exception&) {
        }
        throw;
    }
    parameters_[population] = std::move(parameters);
}

void SessionVariables::restore_parameters(uint32_t population, Parameters parameters, const PopulationConstants* constants) {
    if (constants) set_parameters(population, std::move(parameters), *constants);
    else parameters_[population] = std::move(parameters);
}

void SessionVariables::give_parameters() {
    for (uint32_t p = 0; p < parameters_.size(); ++p)
        if (!parameters_[p].empty())
            open_.executor().set_constants(
                p, make_population_constants(network_.population(p), parameters_[p], network_.dt_ms()));
}

const std::vector<double>& SessionVariables::parameter_values(const SessionVariable& variable) const {
    const uint32_t population = variable.slot.index;
    const bool is_gradient = variable.kind == SessionVariable::parameter_gradient;
    return (is_gradient ? parameter_gradients_[population] : parameters_of(population))[variable.number];
}

size_t SessionVariables::count_of(const SessionVariable& variable) const {
    switch (variable.kind) {
        case SessionVariable::values: return open_.executor().count(variable.slot);
        case SessionVariable::parameter:
        case SessionVariable::parameter_gradient: return parameter_values(variable).size();
        case SessionVariable::trace: return open_.executor().count({age_of(variable.slot.kind), variable.slot.index});
        default: return 1;
    }
}

void SessionVariables::read(std::string_view path, uint32_t dtype, void* out_data, size_t count) const {
    const SessionVariable variable = find(path);
    const DType type = checked_dtype(dtype);
    if (!out_data) throw Error(SNN_ERROR_INVALID_ARGUMENT, "out_data is null");
    if (const size_t expected = count_of(variable); count != expected)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "'", path, "' has ", expected, " values, count is ", count);
    if (variable.kind == SessionVariable::signal) throw Error(SNN_ERROR_INVALID_ARGUMENT, "'", path, "' can be written only");
    read(variable, type, out_data);
}

void SessionVariables::read(const SessionVariable& variable, DType type, void* out_data) const {
    switch (variable.kind) {
        case SessionVariable::values:
            open_.check_state();
            return open_.executor().read(variable.slot, type, out_data);
        case SessionVariable::parameter:
        case SessionVariable::parameter_gradient: {
            const std::vector<double>& values = parameter_values(variable);
            return convert(DType::float64, values.data(), type, out_data, values.size());
        }
        case SessionVariable::rule_parameter:
            return convert(DType::float64, &plasticity_of(variable.slot.index).parameters[variable.number], type, out_data, 1);
        case SessionVariable::trace: return read_trace(variable, type, out_data);
        case SessionVariable::signal: return;  // cannot be read
    }
}

void SessionVariables::write(std::string_view path, uint32_t dtype, const void* data, size_t count) {
    const SessionVariable variable = find(path);
    const DType type = checked_dtype(dtype);
    if (!variable.writable) throw Error(SNN_ERROR_INVALID_ARGUMENT, "'", path, "' can be read only");
    if (!data) throw Error(SNN_ERROR_INVALID_ARGUMENT, "data is null");
    if (variable.kind == SessionVariable::parameter) return write_parameter(variable, type, data, count);
    if (const size_t expected = count_of(variable); count != expected)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "'", path, "' has ", expected, " values, count is ", count);
    if (variable.kind != SessionVariable::values) return write_rule(variable, type, data, path);
    check_values(variable.slot, type, data, count, path);
    const bool is_weight = variable.slot.kind == Slot::weight;
    std::string told;
    if (is_weight && network_.projection(variable.slot.index).is_fixed())
        told = write_fixed_weights(variable.slot, type, data, count);
    else {
        if (is_weight || variable.slot.kind == Slot::bias) set_own_weights(variable.slot.index);
        open_.executor().write(variable.slot, type, data);
    }
    if (is_weight) warn_of_rounding(variable.slot.index, told);
}

void SessionVariables::write_parameter(const SessionVariable& variable, DType type, const void* data, size_t count) {
    const Population& owner = network_.population(variable.slot.index);
    std::vector<double> values(std::min<size_t>(count, owner.size));  // the check refuses any more before it looks at them
    convert(type, data, DType::float64, values.data(), values.size());
    check_parameter(owner, variable.number, values.data(), count);
    Parameters parameters = parameters_of(variable.slot.index);
    parameters[variable.number] = std::move(values);
    const PopulationConstants constants = make_population_constants(owner, parameters, network_.dt_ms());
    set_parameters(variable.slot.index, std::move(parameters), constants);
}

// Refused as snn_network_set_initial_state refuses it: rounding would start another run than the one asked for.
void SessionVariables::check_values(const Slot& slot, DType type, const void* data, size_t count, std::string_view path) const {
    const bool whole = slot.kind == Slot::state && is_whole(network_.population(slot.index), slot.sub);
    const double largest = whole ? 2147483647.0 : double{std::numeric_limits<float>::max()};
    const double smallest = whole ? -2147483648.0 : -largest;
    // Devices keep the history of spikes as bits or as numbers: only 0 and 1 mean the same to all of them.
    const bool spikes = slot.kind == Slot::history && network_.population(slot.index).is_binary();
    for (size_t i = 0; i < count; ++i) {
        double value = 0;
        if (type == DType::float32) value = static_cast<const float*>(data)[i];
        if (type == DType::float64) value = static_cast<const double*>(data)[i];
        if (type == DType::int32) value = static_cast<const int32_t*>(data)[i];
        if (type == DType::uint8) value = static_cast<const uint8_t*>(data)[i];
        if (spikes && value != 0 && value != 1)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "'", path, "': value [", i, "] is ", value, "; a spike is 0 or 1");
        if (!std::isfinite(value) || value < smallest || value > largest || (whole && value != std::floor(value)))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "'", path, "': value [", i, "] is ", value, "; values must be finite ",
                        whole ? "32-bit whole numbers" : "float32 numbers");
    }
}

// Their sums, with those of the other projections onto the receptor, must fit its integers. Compact ones are rounded; returns
// what the log is to say of that.
std::string SessionVariables::write_fixed_weights(const Slot& slot, DType type, const void* data, size_t count) {
    const Projection& written = network_.projection(slot.index);
    std::vector<float> changed(count), others;
    convert(type, data, DType::float32, changed.data(), count);
    if (written.plasticity) check_plastic_weights(network_, written, changed);
    const WeightCopies copies = snn::weight_copies(open_.plan(), open_.batch_size(), slot);
    for (uint32_t copy = copies.first; copy < copies.last; ++copy)
        check_fixed_range(network_, slot.index, [&](uint32_t q) -> const float* {
            if (q == slot.index) return changed.data() + (copy - copies.first) * written.weight_count();
            if (!weight_is_own_[q]) return nullptr;
            const Slot of_other{Slot::weight, q, 0, copy};
            others.resize(open_.executor().count(of_other));
            open_.executor().read(of_other, DType::float32, others.data());
            return others.data();
        });
    std::string told = rounding_to_tell(slot.index, changed);
    set_own_weights(slot.index);  // before a write, which may end in its middle
    if (written.arithmetic != SNN_ARITHMETIC_COMPACT) {
        open_.executor().write(slot, type, data);
        return told;
    }
    round_compact(written, changed);
    open_.executor().write(slot, DType::float32, changed.data());
    return told;
}

void SessionVariables::read_membrane(std::string_view population, float* out_potentials, size_t count) const {
    const uint32_t index = network_.find_population(population);
    const Population& info = network_.population(index);
    if (info.is_input())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", population, "' is an input and has no membrane");
    if (!info.model->has_membrane)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", population, "' has model '", info.model->name,
                    "', which has no membrane");
    if (!out_potentials) throw Error(SNN_ERROR_INVALID_ARGUMENT, "out_potentials is null");
    const size_t expected = static_cast<size_t>(open_.batch_size()) * info.size;
    if (count != expected)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", population, "' has ", expected, " membrane values (batch_size ",
                    open_.batch_size(), " x size ", info.size, "), count is ", count);
    open_.check_state();
    open_.executor().read({Slot::state, index, info.model->membrane_state}, DType::float32, out_potentials);
}

std::span<const uint32_t> SessionVariables::spikes(uint32_t population, uint32_t sample) const {
    const Population& info = network_.population(population);
    if (!info.is_binary()) throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", info.name, "' does not spike");
    if (sample >= open_.batch_size())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "sample is ", sample, "; batch_size is ", open_.batch_size());
    open_.check_state();
    return open_.executor().active(population, sample);
}

// ---- Weights ----------------------------------------------------------------------------------------------------------

void SessionVariables::weights_changed() {
    for (size_t p = 0; p < weight_is_own_.size(); ++p)
        if (network_.projections()[p].trainable) weight_is_own_[p] = 1;
}

// The same weights to all samples; a bias where there is one, weights where they are given.
void SessionVariables::write_weights(uint32_t projection, const float* weights, const float* bias) {
    for (uint32_t copy = 0; copy < weight_copies(); ++copy) {
        if (weights) open_.executor().write({Slot::weight, projection, 0, copy}, DType::float32, weights);
        if (bias) open_.executor().write({Slot::bias, projection, 0, copy}, DType::float32, bias);
    }
}

void SessionVariables::restore_weights(uint32_t p, const std::vector<float>* weights) {
    const Projection& projection = network_.projections()[p];
    if (weights) open_.executor().write({Slot::weight, p}, DType::float32, weights->data());
    else if (weight_is_own_[p])
        write_weights(p, projection.weights_alone()->data(), projection.bias ? projection.bias->data() : nullptr);
    weight_is_own_[p] = weights || projection.plasticity;
}

// What the log is to say of weights that are about to be written to a fixed-point projection: nothing a second time, and
// without a log nobody looks at them.
std::string SessionVariables::rounding_to_tell(uint32_t projection, std::span<const float> weights) const {
    if (!listeners_.hear_log() || rounding_is_told_[projection]) return {};
    return rounding_loss(network_, network_.projection(projection), weights, true);
}

void SessionVariables::warn_of_rounding(uint32_t projection, const std::string& sentence) {
    if (sentence.empty()) return;
    rounding_is_told_[projection] = 1;
    listeners_.warn(sentence);
}

namespace {

// The projections of `other` that give their weights to those of `network`, in its order.
std::vector<const Projection*> sources_of_weights(const Network& network, const Network& other) {
    std::vector<const Projection*> sources;
    for (const Projection& mine : network.projections()) {
        const Projection& theirs = other.projections()[find_in(other.projections(), mine.name, "the file", "projection")];
        const std::string here = wiring_of(network, mine), there = wiring_of(other, theirs);
        if (here != there)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", mine.name, "' is ", here, "; in the file it is ", there);
        if (mine.synapses && !same_connections(*mine.synapses, *theirs.synapses))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", mine.name,
                        "' connects other neurons in the file, or with other delays");
        if (mine.plasticity) check_plastic_weights(network, mine, *theirs.weights_alone());
        sources.push_back(&theirs);
    }
    return sources;
}

// The population of `other` from which `mine` takes what it has learned.
const Population& source_of_parameters(const Population& mine, const Network& other) {
    const Population& theirs = other.populations()[find_in(other.populations(), mine.name, "the file", "population")];
    if (nature_of(mine) != nature_of(theirs))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", mine.name, "' is ", nature_of(mine), "; in the file it is ",
                    nature_of(theirs));
    return theirs;
}

}  // namespace

void SessionVariables::load_weights(const Network& other) {
    const auto& projections = network_.projections();
    const std::vector<const Projection*> sources = sources_of_weights(network_, other);
    // What was learned with those weights comes with them.
    std::vector<std::pair<uint32_t, Parameters>> learned;
    std::vector<PopulationConstants> constants;
    for (uint32_t p = 0; p < network_.populations().size(); ++p) {
        const Population& mine = network_.populations()[p];
        if (!mine.learns()) continue;
        const Population& theirs = source_of_parameters(mine, other);
        Parameters parameters = parameters_of(p);
        for (uint32_t i = 0; i < parameters.size(); ++i) {
            if (!mine.learnable[i]) continue;
            const std::vector<double>& values = theirs.parameters[find_parameter(theirs, mine.model->parameters[i].name)];
            check_parameter(mine, i, values.data(), values.size());
            parameters[i] = values;
        }
        constants.push_back(make_population_constants(mine, parameters, network_.dt_ms()));
        learned.emplace_back(p, std::move(parameters));
    }
    // Weights that are the rule's on both sides are there already.
    const auto stay = [&](uint32_t p) {
        const Projection &mine = projections[p], &theirs = *sources[p];
        return mine.synapses && same_rule(*mine.synapses, *theirs.synapses) && !weight_is_own_[p] &&
               mine.fixed_exponent == theirs.fixed_exponent;
    };
    std::shared_ptr<const std::vector<float>> theirs;  // of one projection at a time
    check_fixed_ranges(network_, [&](uint32_t p) -> const float* {
        if (stay(p)) return nullptr;
        theirs.reset();
        theirs = sources[p]->weights_alone();
        return theirs->data();
    });
    std::vector<std::pair<uint32_t, std::string>> told;
    for (uint32_t p = 0; p < projections.size(); ++p) {
        if (projections[p].kind == SNN_CONNECT_POOL2D) continue;
        const float* const bias = projections[p].bias ? sources[p]->bias->data() : nullptr;
        if (stay(p)) {
            if (!bias) continue;
            set_own_weights(p);
            write_weights(p, nullptr, bias);
            continue;
        }
        theirs.reset();
        theirs = sources[p]->weights_alone();
        std::vector<float> rounded;
        if (projections[p].is_fixed()) told.emplace_back(p, rounding_to_tell(p, *theirs));
        if (projections[p].arithmetic == SNN_ARITHMETIC_COMPACT) {
            rounded = *theirs;
            round_compact(projections[p], rounded);
        }
        set_own_weights(p);
        write_weights(p, rounded.empty() ? theirs->data() : rounded.data(), bias);
    }
    for (size_t i = 0; i < learned.size(); ++i) set_parameters(learned[i].first, std::move(learned[i].second), constants[i]);
    for (const auto& [p, sentence] : told) warn_of_rounding(p, sentence);
}

std::shared_ptr<const Network> SessionVariables::to_network() const {
    open_.check_state();
    const auto& projections = network_.projections();
    std::vector<std::shared_ptr<const std::vector<float>>> weights(projections.size()), biases(projections.size());
    for (uint32_t p = 0; p < projections.size(); ++p) {
        if (weight_copies() > 1 && projections[p].weight_count() > 0)
            throw Error(SNN_ERROR_UNSUPPORTED, "the ", open_.batch_size(),
                        " samples have weights of their own; read those of one (\"", projections[p].name,
                        ".weight[0]\") and write them to a session without SNN_FLAG_SAMPLE_WEIGHTS");
        if (!weight_is_own_[p]) continue;
        auto values = std::make_shared<std::vector<float>>(projections[p].weight_count());
        open_.executor().read({Slot::weight, p}, DType::float32, values->data());
        weights[p] = std::move(values);
        if (!projections[p].bias) continue;
        auto bias = std::make_shared<std::vector<float>>(projections[p].bias->size());
        open_.executor().read({Slot::bias, p}, DType::float32, bias->data());
        biases[p] = std::move(bias);
    }
    return network_.with_values(weights, biases, parameters_, plasticity_);
}

}  // namespace snn
