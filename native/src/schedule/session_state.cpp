// Saving the state of a session and going on from it, bit for bit, on any device and number of threads.
//
// A step depends on: the network, the states, the activity that delays look back to, the inputs that were set, the weights and
// parameters that are the session's own, what plasticity remembers of spikes, and, where models draw, seed and step. All of it is kept in canonical order.
// Accumulators and receptor sums are empty between steps. Of weights that are the network's only a hash is kept.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "backend/slots.h"
#include "common/error.h"
#include "common/json.h"
#include "schedule/session.h"

namespace snn {

namespace {

std::string hexadecimal(uint64_t hash) {
    constexpr const char* digits = "0123456789abcdef";
    std::string words(16, '0');
    for (size_t i = 0; i < 16; ++i) words[i] = digits[hash >> (60 - 4 * i) & 15];
    return words;
}

DType dtype_of(TensorType type) {
    switch (type) {
        case TensorType::f64: return DType::float64;
        case TensorType::i32: return DType::int32;
        case TensorType::u8: return DType::uint8;
        default: return DType::float32;
    }
}

// What else decides what a projection delivers.
std::string delivery_of(const Network& network, const Projection& projection) {
    constexpr const char* arithmetics[] = {"default", "float", "fixed", "compact"};
    constexpr const char* pools[] = {"sum", "average", "max"};
    const Population& target = network.population(projection.target);
    std::string words = text(wiring_of(network, projection), ", from '", network.population(projection.source).name, "' to '",
                             target.name, ".", target.model->receptors[projection.receptor], "', delay ",
                             projection.delay_steps, ", ", arithmetics[projection.arithmetic]);
    if (projection.is_fixed()) words += text(" in units of 2^", -projection.fixed_exponent);
    if (projection.kind == SNN_CONNECT_POOL2D) words += text(", ", pools[projection.pool_mode]);
    if (!projection.plasticity) return words;
    const PlasticityRule& rule = *projection.plasticity->rule;
    words += text(", plastic by '", rule.name, "'");
    for (size_t i = 0; i < rule.parameters.size(); ++i)
        words += text(", ", rule.parameters[i].name, " ", projection.plasticity->parameters[i]);
    for (size_t i = 0; i < rule.options.size(); ++i)
        words += text(", ", rule.options[i].name, " ",
                      rule.options[i].choices[static_cast<size_t>(projection.plasticity->options[i])]);
    return words;
}

std::string history_name(const Population& population) { return population.name + ".history"; }
std::string input_name(const Population& population) { return population.name + ".input"; }
std::string state_name(const Population& population, uint32_t state) {
    return population.name + ".state." + population.model->states[state].name;
}
std::string parameter_name(const Population& population, size_t parameter) {
    return population.name + ".parameter." + population.model->parameters[parameter].name;
}

struct TraceTensor {
    const char* name;
    Slot::Kind slot;
    TensorType type;
};
constexpr TraceTensor trace_tensors[] = {{".pre_traces", Slot::pre_traces, TensorType::f32},
                                         {".pre_age", Slot::pre_age, TensorType::i32},
                                         {".post_traces", Slot::post_traces, TensorType::f32},
                                         {".post_age", Slot::post_age, TensorType::i32},
                                         {".synapse_traces", Slot::synapse_traces, TensorType::f32},
                                         {".synapse_age", Slot::synapse_age, TensorType::i32}};

std::string rule_parameters_name(const Projection& projection) { return projection.name + ".rule_parameters"; }

// Reads the tensors of a state that nobody vouched for.
class Tensors {
public:
    explicit Tensors(const SavedState& state) : state_(state) {}

    const SavedTensor* find(const std::string& name) const {
        const auto found = state_.tensors.find(name);
        return found == state_.tensors.end() ? nullptr : &found->second;
    }
    const SavedTensor& at(const std::string& name, TensorType type, size_t count) const {
        const SavedTensor* const found = find(name);
        if (!found) throw Error(SNN_ERROR_FORMAT, "tensor '", name, "' is missing");
        const size_t size = size_of(dtype_of(type));
        if (found->type != type || found->bytes.size() / size != count)
            throw Error(SNN_ERROR_FORMAT, "tensor '", name, "' has another type or size than the ", count, " values expected");
        return *found;
    }
    // Values that a session would have let in.
    const SavedTensor& checked(const std::string& name, TensorType type, size_t count, bool spikes = false) const {
        const SavedTensor& found = at(name, type, count);
        if (type == TensorType::i32) return found;
        std::vector<double> values(count);
        convert(dtype_of(type), found.bytes.data(), DType::float64, values.data(), count);
        for (size_t i = 0; i < count; ++i) {
            if (spikes && values[i] != 0 && values[i] != 1)
                throw Error(SNN_ERROR_FORMAT, "tensor '", name, "': value [", i, "] is ", values[i], "; a spike is 0 or 1");
            if (!std::isfinite(values[i]))
                throw Error(SNN_ERROR_FORMAT, "tensor '", name, "': value [", i, "] is not finite");
        }
        return found;
    }
    // Traces of neurons are not negative, ages 1 to that of traces that are gone. Those of synapses may be: a signal is an event of
    // the step to come, of age 0.
    const SavedTensor& traces(const std::string& name, TensorType type, size_t count, bool of_synapses) const {
        const SavedTensor& found = checked(name, type, count);
        std::vector<double> values(count);
        convert(dtype_of(type), found.bytes.data(), DType::float64, values.data(), count);
        const double least = type == TensorType::i32 ? (of_synapses ? 0 : 1) : of_synapses ? -HUGE_VAL : 0;
        for (size_t i = 0; i < count; ++i)
            if (values[i] < least || (type == TensorType::i32 && values[i] > oldest_event))
                throw Error(SNN_ERROR_FORMAT, "tensor '", name, "': value [", i, "] is ", values[i], ", out of range");
        return found;
    }

private:
    const SavedState& state_;
};

}  // namespace

const ProjectionHash& Session::hash_of(uint32_t projection) {
    hashes_.resize(network_->projections().size());
    if (!hashes_[projection]) hashes_[projection] = hash_of_projection(*network_, network_->projection(projection));
    return *hashes_[projection];
}

void Session::check_state_can_be_saved() const {
    if (flags_ & SNN_FLAG_FLOAT64)
        throw Error(SNN_ERROR_UNSUPPORTED, "the state of a session that computes in float64, for tests, cannot be saved or loaded");
}

// History, or where there is no delay the last step alone: what was active then can be read.
Slot Session::activity_slot(uint32_t population) const {
    return {plan_->populations[population].history_depth > 0 ? Slot::history : Slot::activity, population};
}

SavedState Session::save() {
    check_state_can_be_saved();
    SavedState state;
    const auto add_values = [&](const std::string& name, TensorType type, std::vector<uint64_t> shape, const auto& values) {
        SavedTensor tensor{type, std::move(shape), {}};
        tensor.bytes.resize(values.size() * sizeof values[0]);
        std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
        state.tensors.emplace(name, std::move(tensor));
    };
    const auto add = [&](const std::string& name, TensorType type, std::vector<uint64_t> shape, const Slot& slot) {
        SavedTensor tensor{type, std::move(shape), {}};
        tensor.bytes.resize(executor_->count(slot) * size_of(dtype_of(type)));
        executor_->read(slot, dtype_of(type), tensor.bytes.data());
        state.tensors.emplace(name, std::move(tensor));
    };
    const SNNCounters counted = counters();
    Json document = {{"dt_ms", network_->dt_ms()},
                     {"batch_size", batch_size_},
                     {"sample_weights", plan_->sample_weights},
                     {"steps", steps_done_},
                     {"remainder_s", remainder_s_},
                     {"seed", seed_},
                     {"counters",
                      {{"steps", counted.steps},
                       {"spikes", counted.spikes},
                       {"input_spikes", counted.input_spikes},
                       {"synaptic_events", counted.synaptic_events},
                       {"synaptic_operations", counted.synaptic_operations}}},
                     {"populations", Json::array()},
                     {"projections", Json::array()}};
    const auto& populations = network_->populations();
    for (uint32_t p = 0; p < populations.size(); ++p) {
        const Population& population = populations[p];
        Json entry = {{"name", population.name}, {"nature", nature_of(population)}};
        if (population.is_input() || population.is_binary()) {
            const Slot slot = activity_slot(p);
            const uint64_t depth = slot.kind == Slot::history ? plan_->populations[p].history_depth : 1;
            add(history_name(population), population.is_binary() ? TensorType::u8 : TensorType::f32,
                {depth, batch_size_, population.size}, slot);
        }
        if (population.is_input()) {
            const Input& input = inputs_[input_places_[p]];
            if (!input.clears || input.filled)
                add_values(input_name(population), TensorType::f32, {batch_size_, population.size}, input.values);
        } else {
            const Model& model = *population.model;
            entry["definition"] = hexadecimal(hash_of_definition(model.json));
            for (uint32_t s = 0; s < model.states.size(); ++s)
                add(state_name(population, s), model.states[s].type == ValueType::int_ ? TensorType::i32 : TensorType::f32,
                    {batch_size_, population.size}, {Slot::state, p, s});
            const Parameters& parameters = parameters_of(p);
            for (size_t i = 0; i < parameters.size(); ++i)
                add_values(parameter_name(population, i), TensorType::f64, {parameters[i].size()}, parameters[i]);
        }
        document["populations"].push_back(std::move(entry));
    }
    for (uint32_t q = 0; q < network_->projections().size(); ++q) {
        const Projection& projection = network_->projections()[q];
        Json entry = {{"name", projection.name},
                      {"delivery", delivery_of(*network_, projection)},
                      {"connections", hexadecimal(hash_of(q).connections)},
                      {"own_weights", weight_is_own_[q] != 0}};
        if (!weight_is_own_[q]) {
            entry["weights"] = hexadecimal(hash_of(q).weights);
        } else {
            const auto shape = [&](uint64_t count) {
                return plan_->sample_weights ? std::vector<uint64_t>{batch_size_, count} : std::vector<uint64_t>{count};
            };
            add(projection.name + ".weight", TensorType::f32, shape(projection.weight_count()), {Slot::weight, q});
            if (projection.bias) add(projection.name + ".bias", TensorType::f32, shape(projection.bias_count()), {Slot::bias, q});
        }
        if (projection.plasticity) {
            entry["rule_definition"] = hexadecimal(hash_of_definition(projection.plasticity->rule->json));
            const PlasticityPlan& plan = *plan_->plasticity[q];
            const uint64_t sources = network_->population(projection.source).size;
            const uint64_t targets = network_->population(projection.target).size;
            for (const TraceTensor& tensor : trace_tensors) {
                const Slot::Kind side = side_of(tensor.slot);
                if (side == Slot::synapse_traces && plan.synapse_traces.empty()) continue;
                std::vector<uint64_t> shape{side == Slot::post_traces ? targets : projection.weight_count()};
                if (side == Slot::pre_traces) shape = {sources, plan.delays.size()};
                if (tensor.type == TensorType::f32) shape.insert(shape.begin(), traces_of(plan, side).size());
                add(projection.name + tensor.name, tensor.type, std::move(shape), {tensor.slot, q});
            }
            if (plasticity_[q])
                add_values(rule_parameters_name(projection), TensorType::f64, {plasticity_[q]->parameters.size()},
                           plasticity_[q]->parameters);
        }
        document["projections"].push_back(std::move(entry));
    }
    state.document = document.dump();
    return state;
}

void Session::restore(const SavedState& state) {
    check_state_can_be_saved();
    const Json document = parse_json(state.document, "the state document");
    const JsonObject root(document, "state");
    const Tensors tensors(state);
    const auto& populations = network_->populations();
    const auto& projections = network_->projections();

    // --- Is it a state of this network? Sentences that blame the caller, not the file.
    if (const double dt_ms = root.number("dt_ms"); dt_ms != network_->dt_ms())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "the network has dt ", network_->dt_ms(), " ms; the state was saved with ", dt_ms);
    if (const uint64_t batch = root.whole("batch_size", UINT32_MAX); batch != batch_size_)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "the session has batch_size ", batch_size_, "; the state was saved with ", batch);
    // Older states have no such word: their samples shared the weights.
    if (const bool own = root.has("sample_weights") && root.flag("sample_weights"); own != plan_->sample_weights)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "the samples of the session ", plan_->sample_weights ? "have weights of their own" : "share their weights",
                    " (SNN_FLAG_SAMPLE_WEIGHTS); in the state that was saved they ", own ? "had their own" : "shared them");
    const Json& saved_populations = root.list("populations", max_populations);
    const Json& saved_projections = root.list("projections", max_projections);
    if (saved_populations.size() != populations.size() || saved_projections.size() != projections.size())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "the network has ", populations.size(), " populations and ", projections.size(),
                    " projections; the one that was saved had ", saved_populations.size(), " and ", saved_projections.size());
    for (uint32_t p = 0; p < populations.size(); ++p) {
        const JsonObject entry(saved_populations[p], text("state.populations[", p, "]"));
        if (const std::string name = entry.text("name"); name != populations[p].name)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "population ", p, " is '", populations[p].name,
                        "'; in the network that was saved it was '", name, "'");
        if (const std::string nature = entry.text("nature"); nature != nature_of(populations[p]))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", populations[p].name, "' is ", nature_of(populations[p]),
                        "; in the network that was saved it was ", nature);
        if (populations[p].model && entry.text("definition") != hexadecimal(hash_of_definition(populations[p].model->json)))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", populations[p].name, "': model '", populations[p].model->name,
                        "' is defined otherwise than in the network that was saved");
    }
    std::vector<uint8_t> is_own(projections.size());
    for (uint32_t q = 0; q < projections.size(); ++q) {
        const JsonObject entry(saved_projections[q], text("state.projections[", q, "]"));
        if (const std::string name = entry.text("name"); name != projections[q].name)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection ", q, " is '", projections[q].name,
                        "'; in the network that was saved it was '", name, "'");
        const std::string here = delivery_of(*network_, projections[q]);
        if (const std::string there = entry.text("delivery"); there != here)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", projections[q].name, "' is ", here,
                        "; in the network that was saved it was ", there);
        if (entry.text("connections") != hexadecimal(hash_of(q).connections))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", projections[q].name,
                        "' connects other neurons than in the network that was saved, or with other delays");
        if (projections[q].plasticity &&
            entry.text("rule_definition") != hexadecimal(hash_of_definition(projections[q].plasticity->rule->json)))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", projections[q].name, "': plasticity rule '",
                        projections[q].plasticity->rule->name, "' is defined otherwise than in the network that was saved");
        is_own[q] = entry.flag("own_weights");
        if (!is_own[q] && entry.text("weights") != hexadecimal(hash_of(q).weights))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", projections[q].name,
                        "' has other weights than in the network that was saved; load it in a session of that network, which then takes "
                        "the new weights: snn_load_weights (Simulation.load_weights in Python)");
    }

    // --- Is everything there, and in range? From here on the file is to blame.
    struct Write {
        Slot slot;
        const SavedTensor* tensor;
    };
    std::vector<Write> writes;
    std::vector<Parameters> parameters(populations.size());
    std::vector<std::optional<PopulationConstants>> constants(populations.size());
    std::vector<const SavedTensor*> inputs(inputs_.size(), nullptr);
    std::vector<std::vector<float>> weights(projections.size());
    std::vector<std::shared_ptr<const Plasticity>> rules(projections.size());  // that change
    std::vector<std::shared_ptr<const PlasticityPlan>> plans(projections.size());
    const uint64_t steps = root.whole("steps", std::numeric_limits<uint64_t>::max());
    const uint64_t seed = root.whole("seed", std::numeric_limits<uint64_t>::max());
    const double remainder_s = root.number("remainder_s");
    if (remainder_s < 0) root.fail("remainder_s", "is negative");
    const JsonObject saved_counters = root.object("counters");
    const auto counter = [&](const char* name) { return saved_counters.whole(name, std::numeric_limits<uint64_t>::max()); };
    const ExecutorCounters counted{counter("steps"), counter("spikes"), counter("input_spikes"), counter("synaptic_events"),
                                   counter("synaptic_operations")};
    try {
        for (uint32_t p = 0; p < populations.size(); ++p) {
            const Population& population = populations[p];
            const size_t frame = static_cast<size_t>(batch_size_) * population.size;
            if (population.is_input() || population.is_binary()) {
                const Slot slot = activity_slot(p);
                const TensorType type = population.is_binary() ? TensorType::u8 : TensorType::f32;
                const SavedTensor& history =
                    tensors.checked(history_name(population), type, executor_->count(slot), population.is_binary());
                writes.push_back({slot, &history});
            }
            if (population.is_input()) {
                const Input& input = inputs_[input_places_[p]];
                if (input.clears && !tensors.find(input_name(population))) continue;  // none was set
                inputs[input_places_[p]] = &tensors.checked(input_name(population), TensorType::f32, frame, input.clears);
                continue;
            }
            const Model& model = *population.model;
            for (uint32_t s = 0; s < model.states.size(); ++s) {
                const TensorType type = model.states[s].type == ValueType::int_ ? TensorType::i32 : TensorType::f32;
                writes.push_back({{Slot::state, p, s}, &tensors.checked(state_name(population, s), type, frame)});
            }
            for (size_t i = 0; i < model.parameters.size(); ++i) {
                const std::string name = parameter_name(population, i);
                const SavedTensor* const found = tensors.find(name);
                const size_t count = found ? found->bytes.size() / sizeof(double) : 1;
                std::vector<double> values(count);
                const SavedTensor& tensor = tensors.at(name, TensorType::f64, count);
                convert(DType::float64, tensor.bytes.data(), DType::float64, values.data(), count);
                check_parameter(population, static_cast<uint32_t>(i), values.data(), count);
                parameters[p].push_back(std::move(values));
            }
            if (parameters[p] != parameters_of(p))
                constants[p] = make_population_constants(population, parameters[p], network_->dt_ms());
            if (parameters[p] == population.parameters) parameters[p].clear();
        }
        for (uint32_t q = 0; q < projections.size(); ++q) {
            for (const TraceTensor& trace : trace_tensors) {
                if (!projections[q].plasticity) break;
                const Slot slot{trace.slot, q};
                const bool own = side_of(trace.slot) == Slot::synapse_traces;
                if (own && plan_->plasticity[q]->synapse_traces.empty()) continue;
                const SavedTensor& saved =
                    tensors.traces(projections[q].name + trace.name, trace.type, executor_->count(slot), own);
                writes.push_back({slot, &saved});
            }
            if (projections[q].plasticity) {
                auto rule = std::make_shared<Plasticity>(*projections[q].plasticity);
                if (tensors.find(rule_parameters_name(projections[q]))) {
                    const SavedTensor& saved =
                        tensors.at(rule_parameters_name(projections[q]), TensorType::f64, rule->parameters.size());
                    convert(DType::float64, saved.bytes.data(), DType::float64, rule->parameters.data(), rule->parameters.size());
                    for (uint32_t i = 0; i < rule->parameters.size(); ++i)
                        check_plasticity_parameter(projections[q], i, rule->parameters[i]);
                }
                if (rule->parameters != plasticity_of(q).parameters) {
                    plans[q] = checked_plan(q, *rule);
                    rules[q] = std::move(rule);
                }
            }
            if (!is_own[q]) continue;
            const SavedTensor& saved =
                tensors.checked(projections[q].name + ".weight", TensorType::f32, executor_->count({Slot::weight, q}));
            weights[q].resize(executor_->count({Slot::weight, q}));
            convert(DType::float32, saved.bytes.data(), DType::float32, weights[q].data(), weights[q].size());
            if (projections[q].arithmetic == SNN_ARITHMETIC_COMPACT) round_compact(projections[q], weights[q]);
            if (projections[q].plasticity) check_plastic_weights(*network_, projections[q], weights[q]);
            if (!projections[q].bias) continue;
            writes.push_back({{Slot::bias, q}, &tensors.checked(projections[q].name + ".bias", TensorType::f32,
                                                                executor_->count({Slot::bias, q}))});
        }
        const bool any_own = std::find(is_own.begin(), is_own.end(), 1) != is_own.end();
        for (uint32_t copy = 0; any_own && copy < weight_copies(); ++copy)
            check_fixed_ranges(*network_, [&](uint32_t q) {
                return is_own[q] ? weights[q].data() + copy * projections[q].weight_count() : projections[q].weights().data();
            });
    } catch (const Error& error) {
        throw Error(error.status() == SNN_ERROR_INVALID_ARGUMENT ? SNN_ERROR_FORMAT : error.status(), error.what());
    }

    // --- Now it is taken over. Rules first: an executor may refuse new ones, and nothing else of this.
    const auto rules_before = plasticity_;
    const auto plans_before = plasticity_plans_;
    uint32_t taken = 0;
    try {
        for (; taken < projections.size(); ++taken)
            if (plans[taken]) set_plasticity(taken, std::move(rules[taken]), plans[taken]);
    } catch (...) {
        while (taken-- > 0)
            if (plans[taken]) set_plasticity(taken, rules_before[taken], plans_before[taken]);
        throw;
    }
    executor_->reset_state();
    executor_->set_seed(seed);
    seed_ = seed;
    for (uint32_t p = 0; p < populations.size(); ++p) {
        if (constants[p]) executor_->set_constants(p, *constants[p]);
        parameters_[p] = std::move(parameters[p]);
    }
    for (const Write& write : writes) executor_->write(write.slot, dtype_of(write.tensor->type), write.tensor->bytes.data());
    for (uint32_t q = 0; q < projections.size(); ++q) {
        if (is_own[q]) executor_->write({Slot::weight, q}, DType::float32, weights[q].data());
        else if (weight_is_own_[q])
            write_weights(q, projections[q].weights().data(), projections[q].bias ? projections[q].bias->data() : nullptr);
        weight_is_own_[q] = is_own[q] || projections[q].plasticity;
    }
    clear_spike_inputs();
    for (size_t i = 0; i < inputs_.size(); ++i) {
        if (!inputs[i]) continue;
        std::memcpy(inputs_[i].values.data(), inputs[i]->bytes.data(), inputs[i]->bytes.size());
        inputs_[i].filled = true;
    }
    steps_done_ = steps;
    remainder_s_ = remainder_s;
    dropping_time_ = false;
    counted_before_ = counted;
}

}  // namespace snn
