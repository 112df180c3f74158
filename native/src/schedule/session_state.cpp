// Saving the state of a session and going on from it, bit for bit, on any device and number of threads.
//
// A step depends on: the network, the states, the activity that delays look back to, the inputs that were set, the weights and
// parameters that are the session's own, what plasticity remembers of spikes, and, where models draw, seed and step. All of it is
// kept in canonical order. Accumulators and receptor sums are empty between steps. Of weights that are the network's only a hash is
// kept.
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
    // Traces of neurons are not negative, ages 1 to that of traces that are gone. Those of synapses may be: a signal is an event
    // of the step to come, of age 0.
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
        throw Error(SNN_ERROR_UNSUPPORTED,
                    "the state of a session that computes in float64, for tests, cannot be saved or loaded");
}

// A state as it is put together.
class Session::StateWriter {
public:
    explicit StateWriter(Session& session) : session_(session), network_(*session.network_) {}

    SavedState write() {
        Json document = head();
        for (uint32_t p = 0; p < network_.populations().size(); ++p) document["populations"].push_back(population(p));
        for (uint32_t q = 0; q < network_.projections().size(); ++q) document["projections"].push_back(projection(q));
        state_.document = document.dump();
        return std::move(state_);
    }

private:
    template <class T>
    void add(const std::string& name, TensorType type, std::vector<uint64_t> shape, const std::vector<T>& values) {
        SavedTensor tensor{type, std::move(shape), {}};
        tensor.bytes.resize(values.size() * sizeof(T));
        std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
        state_.tensors.emplace(name, std::move(tensor));
    }

    void add(const std::string& name, TensorType type, std::vector<uint64_t> shape, const Slot& slot) {
        SavedTensor tensor{type, std::move(shape), {}};
        tensor.bytes.resize(session_.executor_->count(slot) * size_of(dtype_of(type)));
        session_.executor_->read(slot, dtype_of(type), tensor.bytes.data());
        state_.tensors.emplace(name, std::move(tensor));
    }

    Json head() const {
        const SNNCounters counted = session_.counters();
        return {{"dt_ms", network_.dt_ms()},
                {"batch_size", session_.batch_size_},
                {"sample_weights", session_.plan_->sample_weights},
                {"steps", session_.steps_done_},
                {"remainder_s", session_.remainder_s_},
                {"seed", session_.seed_},
                {"counters",
                 {{"steps", counted.steps},
                  {"spikes", counted.spikes},
                  {"input_spikes", counted.input_spikes},
                  {"synaptic_events", counted.synaptic_events},
                  {"synaptic_operations", counted.synaptic_operations}}},
                {"populations", Json::array()},
                {"projections", Json::array()}};
    }

    Json population(uint32_t p) {
        const Population& population = network_.population(p);
        const uint64_t batch = session_.batch_size_;
        Json entry = {{"name", population.name}, {"nature", nature_of(population)}};
        if (population.is_input() || population.is_binary()) {
            const Slot slot = activity_slot(*session_.plan_, p);
            const uint64_t depth = slot.kind == Slot::history ? session_.plan_->populations[p].history_depth : 1;
            add(history_name(population), population.is_binary() ? TensorType::u8 : TensorType::f32,
                {depth, batch, population.size}, slot);
        }
        if (population.is_input()) {
            const Input& input = session_.inputs_[session_.input_places_[p]];
            if (!input.clears || input.filled)
                add(input_name(population), TensorType::f32, {batch, population.size}, input.values);
            return entry;
        }
        const Model& model = *population.model;
        entry["definition"] = hexadecimal(hash_of_definition(model.json));
        for (uint32_t s = 0; s < model.states.size(); ++s)
            add(state_name(population, s), model.states[s].type == ValueType::int_ ? TensorType::i32 : TensorType::f32,
                {batch, population.size}, {Slot::state, p, s});
        const Parameters& parameters = session_.parameters_of(p);
        for (size_t i = 0; i < parameters.size(); ++i)
            add(parameter_name(population, i), TensorType::f64, {parameters[i].size()}, parameters[i]);
        return entry;
    }

    Json projection(uint32_t q) {
        const Projection& projection = network_.projections()[q];
        const ProjectionHash& hash = session_.hash_of(q);
        const bool is_own = session_.weight_is_own_[q] != 0;
        Json entry = {{"name", projection.name},
                      {"delivery", delivery_of(network_, projection)},
                      {"connections", hexadecimal(hash.connections)},
                      {"own_weights", is_own}};
        if (is_own) add_weights(q);
        else entry["weights"] = hexadecimal(hash.weights);
        if (projection.plasticity) {
            entry["rule_definition"] = hexadecimal(hash_of_definition(projection.plasticity->rule->json));
            add_plasticity(q);
        }
        return entry;
    }

    void add_weights(uint32_t q) {
        const Projection& projection = network_.projections()[q];
        const auto shape = [&](uint64_t count) {
            std::vector<uint64_t> dims{count};
            if (session_.plan_->sample_weights) dims.insert(dims.begin(), session_.batch_size_);
            return dims;
        };
        add(projection.name + ".weight", TensorType::f32, shape(projection.weight_count()), {Slot::weight, q});
        if (projection.bias) add(projection.name + ".bias", TensorType::f32, shape(projection.bias_count()), {Slot::bias, q});
    }

    void add_plasticity(uint32_t q) {
        const Projection& projection = network_.projections()[q];
        const PlasticityPlan& plan = *session_.plan_->plasticity[q];
        const uint64_t sources = network_.population(projection.source).size;
        const uint64_t targets = network_.population(projection.target).size;
        for (const TraceTensor& tensor : trace_tensors) {
            const Slot::Kind side = side_of(tensor.slot);
            if (side == Slot::synapse_traces && plan.synapse_traces.empty()) continue;
            std::vector<uint64_t> shape{side == Slot::post_traces ? targets : projection.weight_count()};
            if (side == Slot::pre_traces) shape = {sources, plan.delays.size()};
            if (tensor.type == TensorType::f32) shape.insert(shape.begin(), traces_of(plan, side).size());
            add(projection.name + tensor.name, tensor.type, std::move(shape), {tensor.slot, q});
        }
        if (const auto& own = session_.plasticity_[q])
            add(rule_parameters_name(projection), TensorType::f64, {own->parameters.size()}, own->parameters);
    }

    Session& session_;
    const Network& network_;
    SavedState state_;
};

SavedState Session::save() {
    check_state_can_be_saved();
    return StateWriter(*this).write();
}

// A state that nobody vouched for. All of it is read and checked before any of it is taken over.
class Session::StateReader {
public:
    StateReader(Session& session, const SavedState& state)
        : session_(session), network_(*session.network_), populations_(network_.populations()),
          projections_(network_.projections()), document_(parse_json(state.document, "the state document")),
          root_(document_, "state"), tensors_(state), parameters_(populations_.size()), constants_(populations_.size()),
          inputs_(session.inputs_.size(), nullptr), is_own_(projections_.size()), weights_(projections_.size()),
          rules_(projections_.size()), plans_(projections_.size()) {}

    // Whether it is a state of this network. Sentences blame the caller, not the file.
    void check_network();
    // Whether everything is there, and in range. From here on the file is to blame.
    void read();
    void take_over();

private:
    struct Write {
        Slot slot;
        const SavedTensor* tensor;
    };

    void check_population(uint32_t p, const JsonObject& entry) const;
    void check_projection(uint32_t q, const JsonObject& entry);
    void read_numbers();
    void read_population(uint32_t p);
    void read_parameters(uint32_t p);
    void read_plasticity(uint32_t q);
    void read_weights(uint32_t q);
    void check_sums() const;
    void take_rules();

    Session& session_;
    const Network& network_;
    const std::vector<Population>& populations_;
    const std::vector<Projection>& projections_;
    const Json document_;
    const JsonObject root_;
    const Tensors tensors_;
    uint64_t steps_ = 0, seed_ = 0;
    double remainder_s_ = 0;
    ExecutorCounters counted_;
    std::vector<Write> writes_;
    std::vector<Parameters> parameters_;                          // per population
    std::vector<std::optional<PopulationConstants>> constants_;  // of those that change
    std::vector<const SavedTensor*> inputs_;                      // in the order of the session's; null: none was set
    std::vector<uint8_t> is_own_;                                 // per projection: the state has its weights
    std::vector<std::vector<float>> weights_;
    std::vector<std::shared_ptr<const Plasticity>> rules_;  // that change
    std::vector<std::shared_ptr<const PlasticityPlan>> plans_;
};

void Session::StateReader::check_network() {
    if (const double dt_ms = root_.number("dt_ms"); dt_ms != network_.dt_ms())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "the network has dt ", network_.dt_ms(), " ms; the state was saved with ",
                    dt_ms);
    if (const uint64_t batch = root_.whole("batch_size", UINT32_MAX); batch != session_.batch_size_)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "the session has batch_size ", session_.batch_size_,
                    "; the state was saved with ", batch);
    // Older states have no such word: their samples shared the weights.
    const bool own = session_.plan_->sample_weights, saved_own = root_.has("sample_weights") && root_.flag("sample_weights");
    if (saved_own != own)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "the samples of the session ",
                    own ? "have weights of their own" : "share their weights",
                    " (SNN_FLAG_SAMPLE_WEIGHTS); in the state that was saved they ",
                    saved_own ? "had their own" : "shared them");
    const Json& saved_populations = root_.list("populations", max_populations);
    const Json& saved_projections = root_.list("projections", max_projections);
    if (saved_populations.size() != populations_.size() || saved_projections.size() != projections_.size())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "the network has ", populations_.size(), " populations and ",
                    projections_.size(), " projections; the one that was saved had ", saved_populations.size(), " and ",
                    saved_projections.size());
    for (uint32_t p = 0; p < populations_.size(); ++p)
        check_population(p, JsonObject(saved_populations[p], text("state.populations[", p, "]")));
    for (uint32_t q = 0; q < projections_.size(); ++q)
        check_projection(q, JsonObject(saved_projections[q], text("state.projections[", q, "]")));
}

void Session::StateReader::check_population(uint32_t p, const JsonObject& entry) const {
    const Population& population = populations_[p];
    if (const std::string name = entry.text("name"); name != population.name)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population ", p, " is '", population.name,
                    "'; in the network that was saved it was '", name, "'");
    if (const std::string nature = entry.text("nature"); nature != nature_of(population))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", population.name, "' is ", nature_of(population),
                    "; in the network that was saved it was ", nature);
    if (population.model && entry.text("definition") != hexadecimal(hash_of_definition(population.model->json)))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", population.name, "': model '", population.model->name,
                    "' is defined otherwise than in the network that was saved");
}

void Session::StateReader::check_projection(uint32_t q, const JsonObject& entry) {
    const Projection& projection = projections_[q];
    if (const std::string name = entry.text("name"); name != projection.name)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection ", q, " is '", projection.name,
                    "'; in the network that was saved it was '", name, "'");
    const std::string here = delivery_of(network_, projection);
    if (const std::string there = entry.text("delivery"); there != here)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", projection.name, "' is ", here,
                    "; in the network that was saved it was ", there);
    const ProjectionHash& hash = session_.hash_of(q);
    if (entry.text("connections") != hexadecimal(hash.connections))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", projection.name,
                    "' connects other neurons than in the network that was saved, or with other delays");
    if (projection.plasticity &&
        entry.text("rule_definition") != hexadecimal(hash_of_definition(projection.plasticity->rule->json)))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", projection.name, "': plasticity rule '",
                    projection.plasticity->rule->name, "' is defined otherwise than in the network that was saved");
    is_own_[q] = entry.flag("own_weights");
    if (!is_own_[q] && entry.text("weights") != hexadecimal(hash.weights))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", projection.name,
                    "' has other weights than in the network that was saved; load the state in a session of that network, which then ",
                    "takes the new weights from their file");
}

void Session::StateReader::read() {
    read_numbers();
    try {
        for (uint32_t p = 0; p < populations_.size(); ++p) read_population(p);
        for (uint32_t q = 0; q < projections_.size(); ++q) {
            if (projections_[q].plasticity) read_plasticity(q);
            if (is_own_[q]) read_weights(q);
        }
        check_sums();
    } catch (const Error& error) {
        throw Error(error.status() == SNN_ERROR_INVALID_ARGUMENT ? SNN_ERROR_FORMAT : error.status(), error.what());
    }
}

void Session::StateReader::read_numbers() {
    constexpr uint64_t any = std::numeric_limits<uint64_t>::max();
    steps_ = root_.whole("steps", any);
    seed_ = root_.whole("seed", any);
    remainder_s_ = root_.number("remainder_s");
    if (remainder_s_ < 0) root_.fail("remainder_s", "is negative");
    const JsonObject counters = root_.object("counters");
    counted_ = {counters.whole("steps", any), counters.whole("spikes", any), counters.whole("input_spikes", any),
                counters.whole("synaptic_events", any), counters.whole("synaptic_operations", any)};
}

void Session::StateReader::read_population(uint32_t p) {
    const Population& population = populations_[p];
    const size_t frame = static_cast<size_t>(session_.batch_size_) * population.size;
    if (population.is_input() || population.is_binary()) {
        const Slot slot = activity_slot(*session_.plan_, p);
        const TensorType type = population.is_binary() ? TensorType::u8 : TensorType::f32;
        writes_.push_back({slot, &tensors_.checked(history_name(population), type, session_.executor_->count(slot),
                                                   population.is_binary())});
    }
    if (population.is_input()) {
        const uint32_t place = session_.input_places_[p];
        const bool clears = session_.inputs_[place].clears;
        if (clears && !tensors_.find(input_name(population))) return;  // none was set
        inputs_[place] = &tensors_.checked(input_name(population), TensorType::f32, frame, clears);
        return;
    }
    const Model& model = *population.model;
    for (uint32_t s = 0; s < model.states.size(); ++s) {
        const TensorType type = model.states[s].type == ValueType::int_ ? TensorType::i32 : TensorType::f32;
        writes_.push_back({{Slot::state, p, s}, &tensors_.checked(state_name(population, s), type, frame)});
    }
    read_parameters(p);
}

void Session::StateReader::read_parameters(uint32_t p) {
    const Population& population = populations_[p];
    for (uint32_t i = 0; i < population.model->parameters.size(); ++i) {
        const std::string name = parameter_name(population, i);
        const SavedTensor* const found = tensors_.find(name);
        const size_t count = found ? found->bytes.size() / sizeof(double) : 1;
        std::vector<double> values(count);
        const SavedTensor& tensor = tensors_.at(name, TensorType::f64, count);
        convert(DType::float64, tensor.bytes.data(), DType::float64, values.data(), count);
        check_parameter(population, i, values.data(), count);
        parameters_[p].push_back(std::move(values));
    }
    if (parameters_[p] != session_.parameters_of(p))
        constants_[p] = make_population_constants(population, parameters_[p], network_.dt_ms());
    if (parameters_[p] == population.parameters) parameters_[p].clear();
}

void Session::StateReader::read_plasticity(uint32_t q) {
    const Projection& projection = projections_[q];
    for (const TraceTensor& trace : trace_tensors) {
        const Slot slot{trace.slot, q};
        const bool of_synapses = side_of(trace.slot) == Slot::synapse_traces;
        if (of_synapses && session_.plan_->plasticity[q]->synapse_traces.empty()) continue;
        writes_.push_back({slot, &tensors_.traces(projection.name + trace.name, trace.type, session_.executor_->count(slot),
                                                  of_synapses)});
    }
    auto rule = std::make_shared<Plasticity>(*projection.plasticity);
    std::vector<double>& parameters = rule->parameters;
    if (const std::string name = rule_parameters_name(projection); tensors_.find(name)) {
        const SavedTensor& saved = tensors_.at(name, TensorType::f64, parameters.size());
        convert(DType::float64, saved.bytes.data(), DType::float64, parameters.data(), parameters.size());
        for (uint32_t i = 0; i < parameters.size(); ++i) check_plasticity_parameter(projection, i, parameters[i]);
    }
    if (parameters == session_.plasticity_of(q).parameters) return;
    plans_[q] = session_.checked_plan(q, *rule);
    rules_[q] = std::move(rule);
}

void Session::StateReader::read_weights(uint32_t q) {
    const Projection& projection = projections_[q];
    const size_t count = session_.executor_->count({Slot::weight, q});
    const SavedTensor& saved = tensors_.checked(projection.name + ".weight", TensorType::f32, count);
    weights_[q].resize(count);
    convert(DType::float32, saved.bytes.data(), DType::float32, weights_[q].data(), count);
    if (projection.arithmetic == SNN_ARITHMETIC_COMPACT) round_compact(projection, weights_[q]);
    if (projection.plasticity) check_plastic_weights(network_, projection, weights_[q]);
    if (!projection.bias) return;
    const Slot bias{Slot::bias, q};
    writes_.push_back({bias, &tensors_.checked(projection.name + ".bias", TensorType::f32, session_.executor_->count(bias))});
}

// Fixed-point sums hold the weights of each sample together with those that stay as they are.
void Session::StateReader::check_sums() const {
    if (std::find(is_own_.begin(), is_own_.end(), 1) == is_own_.end()) return;
    for (uint32_t copy = 0; copy < session_.weight_copies(); ++copy)
        check_fixed_ranges(network_, [&](uint32_t q) {
            return is_own_[q] ? weights_[q].data() + copy * projections_[q].weight_count() : projections_[q].weights().data();
        });
}

// First, because an executor may refuse new rules, and nothing else of a state.
void Session::StateReader::take_rules() {
    const auto rules_before = session_.plasticity_;
    const auto plans_before = session_.plasticity_plans_;
    uint32_t taken = 0;
    try {
        for (; taken < projections_.size(); ++taken)
            if (plans_[taken]) session_.set_plasticity(taken, std::move(rules_[taken]), plans_[taken]);
    } catch (...) {
        while (taken-- > 0)
            if (plans_[taken]) session_.set_plasticity(taken, rules_before[taken], plans_before[taken]);
        throw;
    }
}

void Session::StateReader::take_over() {
    take_rules();
    Executor& executor = *session_.executor_;
    executor.reset_state();
    executor.set_seed(seed_);
    session_.seed_ = seed_;
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        if (constants_[p]) executor.set_constants(p, *constants_[p]);
        session_.parameters_[p] = std::move(parameters_[p]);
    }
    for (const Write& write : writes_) executor.write(write.slot, dtype_of(write.tensor->type), write.tensor->bytes.data());
    for (uint32_t q = 0; q < projections_.size(); ++q) {
        const Projection& projection = projections_[q];
        if (is_own_[q]) executor.write({Slot::weight, q}, DType::float32, weights_[q].data());
        else if (session_.weight_is_own_[q])
            session_.write_weights(q, projection.weights().data(), projection.bias ? projection.bias->data() : nullptr);
        session_.weight_is_own_[q] = is_own_[q] || projection.plasticity;
    }
    session_.clear_spike_inputs();
    for (size_t i = 0; i < inputs_.size(); ++i) {
        if (!inputs_[i]) continue;
        std::memcpy(session_.inputs_[i].values.data(), inputs_[i]->bytes.data(), inputs_[i]->bytes.size());
        session_.inputs_[i].filled = true;
    }
    session_.steps_done_ = steps_;
    session_.remainder_s_ = remainder_s_;
    session_.dropping_time_ = false;
    session_.counted_before_ = counted_;
}

void Session::restore(const SavedState& state) {
    check_state_can_be_saved();
    StateReader reader(*this, state);
    reader.check_network();
    reader.read();
    reader.take_over();
}

}  // namespace snn
