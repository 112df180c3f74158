#include "schedule/session_inputs.h"

#include <algorithm>
#include <cstring>

#include "common/error.h"
#include "schedule/checks.h"

namespace snn {

SessionInputs::SessionInputs(const Network& network, uint32_t batch_size) : network_(network), batch_size_(batch_size) {
    const auto& populations = network.populations();
    places_.assign(populations.size(), none);
    for (uint32_t i = 0; i < populations.size(); ++i) {
        if (!populations[i].is_input()) continue;
        places_[i] = static_cast<uint32_t>(inputs_.size());
        checked_product(batch_size, populations[i].size, populations[i].name);
        inputs_.push_back({.population = i,
                           .size = populations[i].size,
                           .clears = populations[i].kind == SNN_POPULATION_SPIKE_INPUT,
                           .values = {}});
    }
    frames_.resize(inputs_.size());
}

void SessionInputs::make_room(bool recorded) {
    for (Input& input : inputs_) {
        input.values.assign(size_t{batch_size_} * input.size, 0.0f);
        if (recorded && input.clears) no_spikes_.resize(std::max(no_spikes_.size(), input.values.size()), 0.0f);
    }
}

// ---- What the program gives -------------------------------------------------------------------------------------------

SessionInputs::Input& SessionInputs::input_of(uint32_t population) {
    const Population& info = network_.population(population);
    if (places_[population] == none)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population ", population, " ('", info.name, "') is not an input");
    return inputs_[places_[population]];
}

void SessionInputs::set(uint32_t population, const float* values, size_t count) {
    set_samples(population, 0, batch_size_, values, count);
}

void SessionInputs::set_sample(uint32_t population, uint32_t sample, const float* values, size_t count) {
    check_sample(sample);
    set_samples(population, sample, 1, values, count);
}

void SessionInputs::check_sample(uint32_t sample) const {
    if (sample >= batch_size_) throw Error(SNN_ERROR_INVALID_ARGUMENT, "sample is ", sample, "; batch_size is ", batch_size_);
}

void SessionInputs::check_takes(uint32_t population) const { check_takes(inputs_[places_[population]]); }

void SessionInputs::check_takes(const Input& input) const {
    if (input.bound || input.on_device)
        throw Error(SNN_ERROR_STATE, "input '", network_.population(input.population).name,
                    "' is bound to ", input.on_device ? "a buffer on the device" : "memory of the program",
                    " and reads nothing else; end that binding first");
}

void SessionInputs::set_samples(uint32_t population, uint32_t first, uint32_t sample_count, const float* values, size_t count) {
    Input& input = input_of(population);
    const Population& info = network_.population(population);
    if (!values) throw Error(SNN_ERROR_INVALID_ARGUMENT, "values is null");
    if (const size_t expected = static_cast<size_t>(sample_count) * info.size; count != expected)
        throw Error(
            SNN_ERROR_INVALID_ARGUMENT, "input '", info.name, "' takes ", expected, " values (",
            sample_count == batch_size_ ? text("batch_size ", batch_size_, " x size ", info.size) : text("of sample ", first),
            "), got ", count);
    check_takes(input);
    check_frames(values, count, info, first, sample_count, true);
    if (!holding_) return take_samples(input, first, sample_count, values);
    std::memcpy(input.coming.data() + static_cast<size_t>(first) * info.size, values, count * sizeof(float));
    std::fill_n(input.is_coming.begin() + first, sample_count, Input::set);
    input.any_coming = true;
}

void SessionInputs::take_samples(Input& input, uint32_t first, uint32_t sample_count, const float* values) {
    std::memcpy(input.values.data() + first * input.size, values, sample_count * input.size * sizeof(float));
    input.filled = true;
    input.forget_list();
}

void SessionInputs::add_spikes(uint32_t population, uint32_t sample, const uint32_t* neurons, size_t count) {
    Input& input = input_of(population);
    const Population& info = network_.population(population);
    if (!input.clears)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "input '", info.name,
                    "' takes values, not spikes one by one; those are for a spike input");
    check_sample(sample);
    if (!neurons && count > 0) throw Error(SNN_ERROR_INVALID_ARGUMENT, "neurons is null, but count is ", count);
    check_takes(input);
    for (size_t i = 0; i < count; ++i)
        if (neurons[i] >= info.size)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "neurons[", i, "] is ", neurons[i], "; input '", info.name, "' has ",
                        info.size, ", from 0");
    if (count == 0) return;
    if (!input.spikes && StepSpikes::fits(batch_size_, input.size))
        input.spikes = std::make_unique<StepSpikes>(batch_size_, input.size);
    if (holding_) hold_spikes(input, sample, {neurons, count});
    else take_spikes(input, sample, {neurons, count});
}

// They are values too, for executors that take no lists and for what is saved.
void SessionInputs::take_spikes(Input& input, uint32_t sample, std::span<const uint32_t> neurons) {
    if (!input.filled) input.listed = input.spikes != nullptr;
    input.filled = true;
    for (const uint32_t neuron : neurons) input.values[size_t{sample} * input.size + neuron] = 1.0f;
    if (input.listed) input.spikes->add(sample, neurons);
}

void SessionInputs::bind(uint32_t population, const float* values, size_t count) {
    Input& input = input_of(population);
    if (!values && count > 0)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "values is null, but count is ", count, "; null with count 0 ends the binding");
    if (values && count != input.values.size())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "input '", network_.population(population).name, "' takes ",
                    input.values.size(), " values, got ", count);
    if (values && input.on_device)
        throw Error(SNN_ERROR_STATE, "input '", network_.population(population).name,
                    "' is bound to a buffer on the device; bind that to null first");
    input.bound = values;
}

void SessionInputs::set_on_device(uint32_t population, bool on_device) {
    Input& input = input_of(population);
    input.on_device = on_device;
    input.filled = false;
    input.forget_list();
    std::fill(input.values.begin(), input.values.end(), 0.0f);
}

// ---- While steps are under way ----------------------------------------------------------------------------------------

void SessionInputs::hold() {
    for (Input& input : inputs_) {
        input.coming.resize(input.values.size());
        input.is_coming.resize(batch_size_);
    }
    holding_ = true;
}

void SessionInputs::hold_spikes(Input& input, uint32_t sample, std::span<const uint32_t> neurons) {
    float* const coming = input.coming.data() + size_t{sample} * input.size;
    if (input.is_coming[sample] == Input::nothing) {
        std::fill_n(coming, input.size, 0.0f);
        input.is_coming[sample] = Input::added;
        input.any_coming = true;
    }
    for (const uint32_t neuron : neurons) coming[neuron] = 1.0f;
}

void SessionInputs::take_held() {
    holding_ = false;
    for (Input& input : inputs_) take_held(input);
}

void SessionInputs::take_held(Input& input) const {
    if (!std::exchange(input.any_coming, false)) return;
    for (uint32_t sample = 0; sample < batch_size_; ++sample) {
        const float* const coming = input.coming.data() + size_t{sample} * input.size;
        switch (std::exchange(input.is_coming[sample], Input::nothing)) {
            case Input::nothing: break;
            case Input::set: take_samples(input, sample, 1, coming); break;
            case Input::added:
                for (uint32_t neuron = 0; neuron < input.size; ++neuron)
                    if (coming[neuron] != 0.0f) take_spikes(input, sample, {&neuron, 1});
                break;
        }
    }
}

// ---- What a step reads ------------------------------------------------------------------------------------------------

std::span<const InputFrames> SessionInputs::held_without_spikes() {
    for (size_t i = 0; i < inputs_.size(); ++i)
        if (inputs_[i].is_pending() && !inputs_[i].bound) frames_[i] = {inputs_[i].population, no_spikes_.data(), 0};
        else inputs_[i].tell(frames_[i]);
    return frames_;
}

void SessionInputs::clear(Input& input) {
    if (!input.is_pending()) return;
    if (input.listed) input.spikes->clear(input.values.data());
    else std::memset(input.values.data(), 0, input.values.size() * sizeof(float));
    input.filled = input.listed = false;
}

void SessionInputs::clear_spikes() {
    for (Input& input : inputs_) clear(input);
}

// ---- As a part of the state -------------------------------------------------------------------------------------------

bool SessionInputs::is_set(uint32_t population) const {
    const Input& input = inputs_[places_[population]];
    return !input.clears || input.filled;
}

void SessionInputs::restore(uint32_t population, std::span<const std::byte> values) {
    Input& input = inputs_[places_[population]];
    std::memcpy(input.values.data(), values.data(), values.size());
    input.filled = true;
}

void SessionInputs::forget_spikes(std::span<const uint8_t> begins) {
    for (Input& input : inputs_) {
        if (!input.is_pending()) continue;
        for (uint32_t sample = 0; sample < batch_size_; ++sample)
            if (begins[sample]) std::fill_n(input.values.begin() + size_t{sample} * input.size, input.size, 0.0f);
        input.forget_list();
    }
}

}  // namespace snn
