// Going on from a state that nobody vouched for. All of it is read and checked before any of it is taken over.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "backend/slots.h"
#include "common/error.h"
#include "common/json.h"
#include "schedule/session_state.h"
#include "schedule/state_tensors.h"

namespace snn {

namespace {

// What a session would have let in.
struct Limits {
    double least = -HUGE_VAL, most = HUGE_VAL;
};

// Traces of neurons are not negative, ages 1 to that of traces that are gone. Those of synapses may be: a signal is an event
// of the step to come, of age 0.
Limits limits_of(const StateTensor& tensor) {
    if (tensor.kind != StateTensor::values) return {};
    const Slot::Kind kind = tensor.slot.kind;
    if (is_age(kind)) return {kind == Slot::synapse_age ? 0.0 : 1.0, static_cast<double>(oldest_event)};
    if (kind == Slot::pre_traces || kind == Slot::post_traces) return {0.0};
    return {};
}

// States and traces are what a run has made of them. Weights, parameters and inputs were finite when the session took them, and
// plasticity keeps weights within their bounds.
bool may_be_infinite(const StateTensor& tensor) {
    const Slot::Kind kind = tensor.slot.kind;
    return tensor.kind == StateTensor::values && kind != Slot::weight && kind != Slot::bias;
}

const SavedTensor* find(const SavedState& state, const std::string& name) {
    const auto found = state.tensors.find(name);
    return found == state.tensors.end() ? nullptr : &found->second;
}

// The tensor, of `count` values of its type.
const SavedTensor& at(const SavedState& state, const StateTensor& tensor, size_t count) {
    const SavedTensor* const found = find(state, tensor.name);
    if (!found) throw Error(SNN_ERROR_FORMAT, "tensor '", tensor.name, "' is missing");
    if (found->type != tensor.type || found->bytes.size() / size_of(dtype_of(tensor.type)) != count)
        throw Error(SNN_ERROR_FORMAT, "tensor '", tensor.name, "' has another type or size than the ", count,
                    " values expected");
    return *found;
}

std::vector<double> doubles(const SavedTensor& tensor, size_t count) {
    std::vector<double> values(count);
    convert(dtype_of(tensor.type), tensor.bytes.data(), DType::float64, values.data(), count);
    return values;
}

const SavedTensor& checked(const SavedState& state, const StateTensor& tensor) {
    const size_t count = tensor.count();
    const SavedTensor& found = at(state, tensor, count);
    const Limits limits = limits_of(tensor);
    const std::vector<double> values = doubles(found, count);
    for (size_t i = 0; i < count; ++i) {
        const double value = values[i];
        const auto fail = [&](const auto&... words) {
            throw Error(SNN_ERROR_FORMAT, "tensor '", tensor.name, "': value [", i, "] is ", words...);
        };
        if (tensor.of_spikes && value != 0 && value != 1) fail(value, "; a spike is 0 or 1");
        if (!std::isfinite(value) && !may_be_infinite(tensor)) fail("not finite");
        if (value < limits.least || value > limits.most) fail(value, ", out of range");
    }
    return found;
}

}  // namespace

class SessionState::Reader {
public:
    Reader(SessionState& session, const SavedState& state)
        : session_(session),
          network_(session.open_.network()),
          populations_(network_.populations()),
          projections_(network_.projections()),
          document_(parse_json(state.document, "the state document")),
          root_(document_.root, "state"),
          state_(state),
          parameters_(populations_.size()),
          constants_(populations_.size()),
          inputs_(populations_.size(), nullptr),
          is_own_(projections_.size()),
          weights_(projections_.size()),
          rules_(projections_.size()),
          plans_(projections_.size()) {}

    // Whether it is a state of this network. Sentences blame the caller, not the file.
    void check_network();
    // Whether everything is there, and in range. From here on the file is to blame.
    void read();
    // First, because an executor may refuse new rules, and nothing else of a state.
    void take_rules();
    void take_over();

private:
    struct Write {
        Slot slot;
        const SavedTensor* tensor;
    };

    void check_population(uint32_t p, const JsonObject& entry) const;
    void check_projection(uint32_t q, const JsonObject& entry);
    void read_numbers();
    void read(const StateTensor& tensor);
    void read_values(const StateTensor& tensor);
    void read_input(const StateTensor& tensor);
    void read_parameter(const StateTensor& tensor);
    void read_rule_parameters(const StateTensor& tensor);
    void read_weights(const StateTensor& tensor);
    void make_constants(uint32_t p);
    void check_sums() const;

    SessionState& session_;
    const Network& network_;
    const std::vector<Population>& populations_;
    const std::vector<Projection>& projections_;
    const JsonDocument document_;
    const JsonObject root_;
    const SavedState& state_;
    uint64_t steps_ = 0, seed_ = 0;
    double remainder_s_ = 0;
    ExecutorCounters counted_;
    std::vector<Write> writes_;
    std::vector<Parameters> parameters_;                         // per population
    std::vector<std::optional<PopulationConstants>> constants_;  // of those that change
    std::vector<const SavedTensor*> inputs_;                     // per population; null: none was set
    std::vector<uint8_t> is_own_;                                // per projection: the state has its weights
    std::vector<std::vector<float>> weights_;
    std::vector<std::shared_ptr<const Plasticity>> rules_;  // that change
    std::vector<std::shared_ptr<const PlasticityPlan>> plans_;
};

void SessionState::Reader::check_network() {
    if (const double dt_ms = root_.number("dt_ms"); dt_ms != network_.dt_ms())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "the network has dt ", network_.dt_ms(), " ms; the state was saved with ",
                    dt_ms);
    if (const uint64_t batch = root_.whole("batch_size", UINT32_MAX); batch != session_.open_.batch_size())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "the session has batch_size ", session_.open_.batch_size(),
                    "; the state was saved with ", batch);
    // Older states have no such word: their samples shared the weights.
    const bool own = session_.open_.plan().sample_weights;
    const bool saved_own = root_.has("sample_weights") && root_.flag("sample_weights");
    if (saved_own != own)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "the samples of the session ",
                    own ? "have weights of their own" : "share their weights",
                    " (SNN_FLAG_SAMPLE_WEIGHTS); in the state that was saved they ",
                    saved_own ? "had their own" : "shared them");
    const Json& saved_populations = root_.list("populations", max_populations);
    const Json& saved_projections = root_.list("projections", max_projections);
    if (saved_populations.size() != populations_.size() || saved_projections.size() != projections_.size())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "numbers of populations and projections: ", populations_.size(), " and ",
                    projections_.size(), "; of the network that was saved ", saved_populations.size(), " and ",
                    saved_projections.size());
    for (uint32_t p = 0; p < populations_.size(); ++p)
        check_population(p, JsonObject(saved_populations[p], text("state.populations[", p, "]")));
    for (uint32_t q = 0; q < projections_.size(); ++q)
        check_projection(q, JsonObject(saved_projections[q], text("state.projections[", q, "]")));
}

void SessionState::Reader::check_population(uint32_t p, const JsonObject& entry) const {
    const Population& population = populations_[p];
    if (const std::string name = entry.text("name"); name != population.name)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population ", p, " is '", population.name,
                    "'; in the network that was saved it was '", name, "'");
    if (const std::string nature = entry.text("nature"); nature != nature_of(population))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", population.name, "' is ", nature_of(population),
                    "; in the network that was saved it was ", nature);
    if (population.model && entry.text("definition") != session_.definition_hash(population.model->json))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", population.name, "': model '", population.model->name,
                    "' is defined otherwise than in the network that was saved");
}

void SessionState::Reader::check_projection(uint32_t q, const JsonObject& entry) {
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
    if (projection.plasticity && entry.text("rule_definition") != session_.definition_hash(projection.plasticity->rule->json))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "projection '", projection.name, "': plasticity rule '",
                    projection.plasticity->rule->name, "' is defined otherwise than in the network that was saved");
    is_own_[q] = entry.flag("own_weights");
    if (!is_own_[q] && entry.text("weights") != hexadecimal(hash.weights))
        throw Error(
            SNN_ERROR_INVALID_ARGUMENT, "projection '", projection.name,
            "' has other weights than in the network that was saved; load the state in a session of that network, which then ",
            "takes the new weights from their file");
}

void SessionState::Reader::read() {
    read_numbers();
    try {
        for (const StateTensor& tensor : state_tensors(session_.open_.plan(), session_.open_.batch_size())) read(tensor);
        for (uint32_t p = 0; p < populations_.size(); ++p)
            if (!populations_[p].is_input()) make_constants(p);
        check_sums();
    } catch (const Error& error) {
        throw Error(error.status() == SNN_ERROR_INVALID_ARGUMENT ? SNN_ERROR_FORMAT : error.status(), error.what());
    }
}

void SessionState::Reader::read_numbers() {
    constexpr uint64_t any = std::numeric_limits<uint64_t>::max();
    steps_ = root_.whole("steps", any);
    seed_ = root_.whole("seed", any);
    remainder_s_ = root_.number("remainder_s");
    if (remainder_s_ < 0) root_.fail("remainder_s", "is negative");
    const JsonObject counters = root_.object("counters");
    counted_ = {counters.whole("steps", any), counters.whole("spikes", any), counters.whole("input_spikes", any),
                counters.whole("synaptic_events", any), counters.whole("synaptic_operations", any)};
}

void SessionState::Reader::read(const StateTensor& tensor) {
    switch (tensor.kind) {
        case StateTensor::values: return read_values(tensor);
        case StateTensor::input: return read_input(tensor);
        case StateTensor::parameter: return read_parameter(tensor);
        case StateTensor::rule_parameters: return read_rule_parameters(tensor);
    }
}

void SessionState::Reader::read_values(const StateTensor& tensor) {
    const Slot::Kind kind = tensor.slot.kind;
    if ((kind == Slot::weight || kind == Slot::bias) && !is_own_[tensor.slot.index]) return;
    if (kind == Slot::weight) return read_weights(tensor);
    writes_.push_back({tensor.slot, &checked(state_, tensor)});
}

void SessionState::Reader::read_input(const StateTensor& tensor) {
    if (tensor.of_spikes && !find(state_, tensor.name)) return;  // none was set
    inputs_[tensor.slot.index] = &checked(state_, tensor);
}

void SessionState::Reader::read_parameter(const StateTensor& tensor) {
    const SavedTensor* const found = find(state_, tensor.name);
    const size_t count = found ? found->bytes.size() / sizeof(double) : 1;
    std::vector<double> values = doubles(at(state_, tensor, count), count);
    check_parameter(populations_[tensor.slot.index], tensor.number, values.data(), count);
    parameters_[tensor.slot.index].push_back(std::move(values));
}

void SessionState::Reader::make_constants(uint32_t p) {
    const Population& population = populations_[p];
    if (parameters_[p] != session_.variables_.parameters_of(p))
        constants_[p] = make_population_constants(population, parameters_[p], network_.dt_ms());
    if (parameters_[p] == population.parameters) parameters_[p].clear();
}

void SessionState::Reader::read_rule_parameters(const StateTensor& tensor) {
    const uint32_t q = tensor.slot.index;
    const Projection& projection = projections_[q];
    auto rule = std::make_shared<Plasticity>(*projection.plasticity);
    if (find(state_, tensor.name)) {  // else they are the network's
        rule->parameters = doubles(at(state_, tensor, tensor.count()), tensor.count());
        for (uint32_t i = 0; i < rule->parameters.size(); ++i) check_plasticity_parameter(projection, i, rule->parameters[i]);
    }
    if (rule->parameters == session_.variables_.plasticity_of(q).parameters) return;
    plans_[q] = session_.variables_.checked_plan(q, *rule);
    rules_[q] = std::move(rule);
}

void SessionState::Reader::read_weights(const StateTensor& tensor) {
    const uint32_t q = tensor.slot.index;
    const Projection& projection = projections_[q];
    const SavedTensor& saved = checked(state_, tensor);
    weights_[q].resize(tensor.count());
    convert(DType::float32, saved.bytes.data(), DType::float32, weights_[q].data(), weights_[q].size());
    if (projection.arithmetic == SNN_ARITHMETIC_COMPACT) round_compact(projection, weights_[q]);
    if (projection.plasticity) check_plastic_weights(network_, projection, weights_[q]);
}

// Fixed-point sums hold the weights of each sample together with those that stay as they are.
void SessionState::Reader::check_sums() const {
    if (std::find(is_own_.begin(), is_own_.end(), 1) == is_own_.end()) return;
    for (uint32_t copy = 0; copy < session_.variables_.weight_copies(); ++copy)
        check_fixed_ranges(network_, [&](uint32_t q) -> const float* {
            if (is_own_[q]) return weights_[q].data() + copy * projections_[q].weight_count();
            return projections_[q].synapses->is_rule() ? projections_[q].weights().data() : nullptr;
        });
}

void SessionState::Reader::take_rules() { session_.variables_.set_plasticity(rules_, plans_); }

void SessionState::Reader::take_over() {
    Executor& executor = session_.open_.executor();
    SessionVariables& variables = session_.variables_;
    for (uint32_t q = 0; q < projections_.size(); ++q)
        if (is_own_[q]) variables.set_own_weights(q);  // also when some are written
    executor.reset_state();
    executor.set_seed(seed_);
    session_.seed_ = seed_;
    for (uint32_t p = 0; p < populations_.size(); ++p)
        variables.restore_parameters(p, std::move(parameters_[p]), constants_[p] ? &*constants_[p] : nullptr);
    for (const Write& write : writes_) executor.write(write.slot, dtype_of(write.tensor->type), write.tensor->bytes.data());
    for (uint32_t q = 0; q < projections_.size(); ++q) variables.restore_weights(q, is_own_[q] ? &weights_[q] : nullptr);
    session_.inputs_.clear_spikes();
    for (uint32_t p = 0; p < populations_.size(); ++p)
        if (inputs_[p]) session_.inputs_.restore(p, inputs_[p]->bytes);
    session_.progress_ = {steps_, remainder_s_, false, counted_};
}

void SessionState::restore(const SavedState& state) {
    check_can_be_saved();
    Reader reader(*this, state);
    reader.check_network();
    reader.read();
    reader.take_rules();
    open_.change_state([&] { reader.take_over(); });
}

}  // namespace snn
