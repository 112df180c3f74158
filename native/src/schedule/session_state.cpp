// Saving the state of a session, to go on from it bit for bit on any device and number of threads (session_restore.cpp).
//
// A step depends on: the network, the states, the activity that delays look back to, the inputs that were set, the weights and
// parameters that are the session's own, what plasticity remembers of spikes, and, where models draw, seed and step. All of it
// is kept in canonical order. Accumulators and receptor sums are empty between steps. Of weights that are the network's only a
// hash is kept.
#include "schedule/session_state.h"

#include <cstring>

#include "common/error.h"
#include "common/json.h"
#include "schedule/state_tensors.h"

namespace snn {

SNNCounters SessionState::counters() const {
    const ExecutorCounters executor = open_.executor().counters();
    SNNCounters counted{};
    counted.struct_size = sizeof counted;
    counted.steps = progress_.counted_before.steps + executor.steps;
    for (const Population& population : network_.populations())
        if (!population.is_input()) counted.neuron_updates += counted.steps * open_.batch_size() * population.size;
    counted.spikes = progress_.counted_before.spikes + executor.spikes;
    counted.input_spikes = progress_.counted_before.input_spikes + executor.input_spikes;
    counted.synaptic_events = progress_.counted_before.synaptic_events + executor.synaptic_events;
    counted.synaptic_operations = progress_.counted_before.synaptic_operations + executor.synaptic_operations;
    return counted;
}

const ProjectionHash& SessionState::hash_of(uint32_t projection) {
    hashes_.resize(network_.projections().size());
    if (!hashes_[projection]) hashes_[projection] = hash_of_projection(network_.projection(projection));
    return *hashes_[projection];
}

const std::string& SessionState::definition_hash(const std::string& json) {
    const auto found = definition_hashes_.find(&json);
    if (found != definition_hashes_.end()) return found->second;
    return definition_hashes_.emplace(&json, hexadecimal(hash_of_definition(json))).first->second;
}

void SessionState::check_can_be_saved() const {
    if (open_.flags() & SNN_FLAG_FLOAT64)
        throw Error(SNN_ERROR_UNSUPPORTED,
                    "the state of a session that computes in float64, for tests, cannot be saved or loaded");
}

std::string SessionState::document() {
    const SNNCounters counted = counters();
    Json written = {{"dt_ms", network_.dt_ms()},
                    {"batch_size", open_.batch_size()},
                    {"sample_weights", open_.plan().sample_weights},
                    {"steps", progress_.steps},
                    {"remainder_s", progress_.remainder_s},
                    {"seed", seed_},
                    {"counters",
                     {{"steps", counted.steps},
                      {"spikes", counted.spikes},
                      {"input_spikes", counted.input_spikes},
                      {"synaptic_events", counted.synaptic_events},
                      {"synaptic_operations", counted.synaptic_operations}}},
                    {"populations", Json::array()},
                    {"projections", Json::array()}};
    for (const Population& population : network_.populations()) {
        Json entry = {{"name", population.name}, {"nature", nature_of(population)}};
        if (population.model) entry["definition"] = definition_hash(population.model->json);
        written["populations"].push_back(std::move(entry));
    }
    for (uint32_t q = 0; q < network_.projections().size(); ++q) {
        const Projection& projection = network_.projection(q);
        const ProjectionHash& hash = hash_of(q);
        const bool is_own = variables_.has_own_weights(q);
        Json entry = {{"name", projection.name},
                      {"delivery", delivery_of(network_, projection)},
                      {"connections", hexadecimal(hash.connections)},
                      {"own_weights", is_own}};
        if (!is_own) entry["weights"] = hexadecimal(hash.weights);
        if (projection.plasticity) entry["rule_definition"] = definition_hash(projection.plasticity->rule->json);
        written["projections"].push_back(std::move(entry));
    }
    return written.dump();
}

// Whether a state says more of it than the network does.
bool SessionState::has(const StateTensor& tensor) const {
    const uint32_t index = tensor.slot.index;
    switch (tensor.kind) {
        case StateTensor::input: return inputs_.is_set(index);
        case StateTensor::parameter: return true;
        case StateTensor::rule_parameters: return variables_.has_own_plasticity(index);
        case StateTensor::values: break;
    }
    return (tensor.slot.kind != Slot::weight && tensor.slot.kind != Slot::bias) || variables_.has_own_weights(index);
}

// Those that the session itself holds.
std::span<const std::byte> SessionState::bytes_of(const StateTensor& tensor) const {
    const uint32_t index = tensor.slot.index;
    if (tensor.kind == StateTensor::input) return std::as_bytes(inputs_.values(index));
    if (tensor.kind == StateTensor::parameter) return std::as_bytes(std::span(variables_.parameters_of(index)[tensor.number]));
    return std::as_bytes(std::span(variables_.plasticity_of(index).parameters));
}

StateOutline SessionState::outline() {
    check_can_be_saved();
    open_.check_state();
    StateOutline found{document(), {}};
    for (const StateTensor& tensor : state_tensors(open_.plan(), open_.batch_size())) {
        if (!has(tensor)) continue;
        StateOutline::Tensor& entry = found.tensors.emplace_back(tensor.name, tensor.type, tensor.shape);
        if (tensor.kind == StateTensor::values) {
            entry.read = [this, slot = tensor.slot, dtype = dtype_of(tensor.type)](std::byte* out_values) {
                open_.executor().read(slot, dtype, out_values);
            };
            continue;
        }
        const std::span<const std::byte> bytes = bytes_of(tensor);
        if (tensor.kind == StateTensor::parameter) entry.shape = {bytes.size() / sizeof(double)};
        entry.read = [bytes](std::byte* out_values) { std::memcpy(out_values, bytes.data(), bytes.size()); };
    }
    return found;
}

SavedState SessionState::save() {
    StateOutline found = outline();
    SavedState state{std::move(found.document), {}};
    for (StateOutline::Tensor& tensor : found.tensors) {
        const size_t count = static_cast<size_t>(element_count(tensor.shape));
        SavedTensor saved{tensor.type, std::move(tensor.shape), std::vector<std::byte>(count * size_of(dtype_of(tensor.type)))};
        tensor.read(saved.bytes.data());
        state.tensors.emplace(std::move(tensor.name), std::move(saved));
    }
    return state;
}

}  // namespace snn
