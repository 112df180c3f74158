// Saving the state of a session, to go on from it bit for bit on any device and number of threads (session_restore.cpp).
//
// A step depends on: the network, the states, the activity that delays look back to, the inputs that were set, the weights and
// parameters that are the session's own, what plasticity remembers of spikes, and, where models draw, seed and step. All of it
// is kept in canonical order. Accumulators and receptor sums are empty between steps. Of weights that are the network's only a
// hash is kept.
#include <cstring>

#include "common/error.h"
#include "common/json.h"
#include "schedule/session.h"
#include "schedule/state_tensors.h"

namespace snn {

const ProjectionHash& Session::hash_of(uint32_t projection) {
    hashes_.resize(network_->projections().size());
    if (!hashes_[projection]) hashes_[projection] = hash_of_projection(network_->projection(projection));
    return *hashes_[projection];
}

const std::string& Session::definition_hash(const std::string& json) {
    const auto found = definition_hashes_.find(&json);
    if (found != definition_hashes_.end()) return found->second;
    return definition_hashes_.emplace(&json, hexadecimal(hash_of_definition(json))).first->second;
}

void Session::check_state_can_be_saved() const {
    if (flags_ & SNN_FLAG_FLOAT64)
        throw Error(SNN_ERROR_UNSUPPORTED,
                    "the state of a session that computes in float64, for tests, cannot be saved or loaded");
}

std::string Session::state_document() {
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
    for (const Population& population : network_->populations()) {
        Json entry = {{"name", population.name}, {"nature", nature_of(population)}};
        if (population.model) entry["definition"] = definition_hash(population.model->json);
        document["populations"].push_back(std::move(entry));
    }
    for (uint32_t q = 0; q < network_->projections().size(); ++q) {
        const Projection& projection = network_->projection(q);
        const ProjectionHash& hash = hash_of(q);
        const bool is_own = weight_is_own_[q] != 0;
        Json entry = {{"name", projection.name},
                      {"delivery", delivery_of(*network_, projection)},
                      {"connections", hexadecimal(hash.connections)},
                      {"own_weights", is_own}};
        if (!is_own) entry["weights"] = hexadecimal(hash.weights);
        if (projection.plasticity) entry["rule_definition"] = definition_hash(projection.plasticity->rule->json);
        document["projections"].push_back(std::move(entry));
    }
    return document.dump();
}

// Whether a state says more of it than the network does.
bool Session::is_in_state(const StateTensor& tensor) const {
    const uint32_t index = tensor.slot.index;
    switch (tensor.kind) {
        case StateTensor::input: return inputs_.is_set(index);
        case StateTensor::parameter: return true;
        case StateTensor::rule_parameters: return plasticity_[index] != nullptr;
        case StateTensor::values: break;
    }
    return (tensor.slot.kind != Slot::weight && tensor.slot.kind != Slot::bias) || weight_is_own_[index];
}

// Those that the session itself holds.
std::span<const std::byte> Session::bytes_of(const StateTensor& tensor) const {
    const uint32_t index = tensor.slot.index;
    if (tensor.kind == StateTensor::input) return std::as_bytes(inputs_.values(index));
    if (tensor.kind == StateTensor::parameter) return std::as_bytes(std::span(parameters_of(index)[tensor.number]));
    return std::as_bytes(std::span(plasticity_of(index).parameters));
}

StateOutline Session::outline_state() {
    check_state_can_be_saved();
    check_state();
    StateOutline outline{state_document(), {}};
    for (const StateTensor& tensor : state_tensors(*plan_, batch_size_)) {
        if (!is_in_state(tensor)) continue;
        StateOutline::Tensor& entry = outline.tensors.emplace_back(tensor.name, tensor.type, tensor.shape);
        if (tensor.kind == StateTensor::values) {
            entry.read = [this, slot = tensor.slot, dtype = dtype_of(tensor.type)](std::byte* out_values) {
                executor_->read(slot, dtype, out_values);
            };
            continue;
        }
        const std::span<const std::byte> bytes = bytes_of(tensor);
        if (tensor.kind == StateTensor::parameter) entry.shape = {bytes.size() / sizeof(double)};
        entry.read = [bytes](std::byte* out_values) { std::memcpy(out_values, bytes.data(), bytes.size()); };
    }
    return outline;
}

SavedState Session::save() {
    StateOutline outline = outline_state();
    SavedState state{std::move(outline.document), {}};
    for (StateOutline::Tensor& tensor : outline.tensors) {
        const size_t count = static_cast<size_t>(element_count(tensor.shape));
        SavedTensor saved{tensor.type, std::move(tensor.shape), std::vector<std::byte>(count * size_of(dtype_of(tensor.type)))};
        tensor.read(saved.bytes.data());
        state.tensors.emplace(std::move(tensor.name), std::move(saved));
    }
    return state;
}

}  // namespace snn
