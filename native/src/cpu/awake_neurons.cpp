#include "cpu/awake_neurons.h"

#include <algorithm>
#include <bit>

namespace snn::cpu {

AwakeNeurons::AwakeNeurons(PopulationData& data, uint32_t range, const SNNAllocator& allocator)
    : data_(data),
      range_(range),
      begin_(data.ranges[range].begin),
      size_(std::min(data.ranges[range].end, data.size) - begin_),
      capacity_((size_ + span_slots - 1) / span_slots * span_slots) {
    const Model& model = *data.info.model;
    neurons_.allocate(allocator, capacity_);
    slots_.allocate(allocator, size_);
    std::fill_n(slots_.data(), size_, asleep);
    states_.allocate(allocator, size_t{data.state_count} * capacity_);
    for (uint32_t c = 0; c < model.constant_count(); ++c)
        if (model.constant_type(c) == ValueType::int_) own_constants_.push_back(c);
    constants_.allocate(allocator, own_constants_.size() * size_t{capacity_});
    due_.allocate(allocator, size_t{data.receptor_count} * (capacity_ / 16));
    std::fill_n(due_.data(), due_.size(), nothing_due);
    resting_.allocate(allocator, capacity_ / 16);
    constant_places_.resize(model.constant_count());
    for (uint32_t s = 0; s < data.state_count; ++s) state_places_.push_back(states_.data() + size_t{s} * capacity_);
    for (uint32_t r = 0; r < data.receptor_count; ++r)
        due_places_.push_back(data.has_input[r] ? due_.data() + size_t{r} * (capacity_ / 16) : nullptr);
}

NeuronStepArgs AwakeNeurons::args_of_slots() {
    std::copy(data_.constants.begin(), data_.constants.end(), constant_places_.begin());
    for (size_t k = 0; k < own_constants_.size(); ++k)
        if (data_.constant_masks[own_constants_[k]]) constant_places_[own_constants_[k]] = constants_.data() + k * capacity_;
    NeuronStepArgs args{};
    args.constants = constant_places_.data();
    args.constant_masks = data_.constant_masks.data();
    args.states = state_places_.data();
    args.receptor_scales = data_.fixed_scales.data();
    return args;
}

bool AwakeNeurons::gather(uint32_t most) {
    constexpr uint32_t most_states = 32;  // limit of a model
    void* states[most_states];
    for (uint32_t s = 0; s < data_.state_count; ++s) states[s] = data_.state_at(s, 0, range_);
    NeuronStepArgs args{};
    args.constants = data_.constants.data();
    args.constant_masks = data_.constant_masks.data();
    args.states = states;
    args.receptor_scales = data_.fixed_scales.data();
    const uint32_t end = data_.ranges[range_].end;
    data_.list_resting(args, begin_, end, resting_.data() - begin_ / 16);
    uint32_t resting = 0;
    for (uint32_t word = 0; word < (end - begin_) / 16; ++word) resting += static_cast<uint32_t>(std::popcount(resting_[word]));
    if (resting + most < size_) return false;
    for (uint32_t neuron = 0; neuron < size_; ++neuron)
        if (!(resting_[neuron / 16] >> neuron % 16 & 1)) wake(neuron);
    return true;
}

uint32_t AwakeNeurons::wake(uint32_t neuron) {
    const uint32_t slot = count_++, index = begin_ + neuron;
    neurons_[slot] = index;
    slots_[neuron] = slot;
    for (uint32_t s = 0; s < data_.state_count; ++s)
        states_[size_t{s} * capacity_ + slot] = data_.state_at(s, 0, range_)[index];
    for (size_t k = 0; k < own_constants_.size(); ++k) {
        const uint32_t c = own_constants_[k];
        constants_[k * capacity_ + slot] = static_cast<const uint32_t*>(data_.constants[c])[index & data_.constant_masks[c]];
    }
    return slot;
}

void AwakeNeurons::put_back(uint32_t slot) {
    const uint32_t index = neurons_[slot];
    for (uint32_t s = 0; s < data_.state_count; ++s)
        data_.state_at(s, 0, range_)[index] = states_[size_t{s} * capacity_ + slot];
    slots_[index - begin_] = asleep;
}

void AwakeNeurons::let_rest() {
    data_.list_resting(args_of_slots(), 0, padded(count_), resting_.data());
    // Backwards: the last slot moves into the gap, and its neuron is known to be awake.
    for (uint32_t slot = count_; slot-- > 0;) {
        if (!(resting_[slot / 16] >> slot % 16 & 1)) continue;
        put_back(slot);
        const uint32_t last = --count_;
        if (slot == last) continue;
        neurons_[slot] = neurons_[last];
        slots_[neurons_[slot] - begin_] = slot;
        const auto move = [&](Buffer<uint32_t>& words) {
            for (size_t row = 0; row < words.size(); row += capacity_) words[row + slot] = words[row + last];
        };
        move(states_);
        move(constants_);
    }
}

void AwakeNeurons::settle() {
    for (uint32_t slot = 0; slot < count_; ++slot) put_back(slot);
    count_ = 0;
}

void AwakeNeurons::step_span(uint32_t step_count, uint16_t* const* spikes, const DueSynapse* synapses) {
    data_.step_span({
        .step = args_of_slots(),
        .step_count = step_count,
        .slot_count = count_,
        .neurons = neurons_.data(),
        .spikes = spikes,
        .due = due_places_.data(),
        .synapses = synapses,
    });
}

}  // namespace snn::cpu
