// Resetting, reading and writing of brains: everything in canonical order, through the device's staging buffer.
#include <algorithm>
#include <bit>

#include "backend/slots.h"
#include "common/math.h"
#include "vulkan/brains.h"
#include "vulkan/shader_arguments.h"

namespace snn::vulkan {

DType BrainsExecutor::type_of(uint32_t index, uint32_t state) const {
    return population(index).model->states[state].type == ValueType::int_ ? DType::int32 : DType::float32;
}

// [sample][neuron]
Range BrainsExecutor::state_range(uint32_t index, uint32_t state) const {
    const VkDeviceSize words = frame(index);
    return memory_.part((layout_.populations[index].states_in_memory + state * words) * 4, words * 4);
}

// [sample][1 + width]: the number of the active, then bits or values.
Range BrainsExecutor::slot_range(uint32_t index, uint32_t lag) const {
    const BrainLayout::OfPopulation& of = layout_.populations[index];
    const VkDeviceSize words = VkDeviceSize{samples_} * slot_words(index);
    const uint32_t slot = (static_cast<uint32_t>(now_) - lag) & (of.slots - 1);
    return memory_.part((of.ring_in_memory + slot * words) * 4, words * 4);
}

Range BrainsExecutor::weight_range(const Slot& slot, uint32_t copy) const {
    const BrainLayout::OfProjection& of = layout_.projections[slot.index];
    const Projection& projection = network().projection(slot.index);
    const bool is_bias = slot.kind == Slot::bias;
    return weights_.part((copy * layout_.weight_words + (is_bias ? of.bias : of.weights)) * 4,
                         VkDeviceSize{is_bias ? projection.bias_count() : projection.weight_count()} * 4);
}

void BrainsExecutor::reset_state() {
    now_ = 0;
    std::vector<uint32_t> words(layout_.memory_words, 0);
    for (uint32_t p = 0; p < constants_.size(); ++p) {
        if (population(p).is_input()) continue;
        for (uint32_t s = 0; s < population(p).model->states.size(); ++s) {
            const std::vector<double>& initial = constants_[p].initial_state(population(p), s);
            std::vector<double> values(frame(p));
            for (size_t i = 0; i < values.size(); ++i) values[i] = initial[initial.size() > 1 ? i % population(p).size : 0];
            uint32_t* const out = &words[layout_.populations[p].states_in_memory + size_t{s} * frame(p)];
            convert(DType::float64, values.data(), type_of(p, s), out, values.size());
            if (type_of(p, s) == DType::float32)
                for (size_t i = 0; i < values.size(); ++i) out[i] = std::bit_cast<uint32_t>(flush(std::bit_cast<float>(out[i])));
        }
    }
    device_->upload(memory_, 0, words.data(), words.size() * 4);
    device_->fill(counters_, 0);
}

ExecutorCounters BrainsExecutor::counters() const {
    words_.resize(size_t{samples_} * shader::BRAIN_COUNTERS * 2);
    device_->download(counters_, 0, words_.data(), words_.size() * 4);
    const auto sum = [&](uint32_t counter) {
        uint64_t total = 0;
        for (size_t at = counter * 2; at < words_.size(); at += shader::BRAIN_COUNTERS * 2)
            total += uint64_t{words_[at + 1]} << 32 | words_[at];
        return total;
    };
    return {.steps = now_,
            .spikes = sum(shader::BRAIN_SPIKES),
            .input_spikes = sum(shader::BRAIN_INPUT_SPIKES),
            .synaptic_events = sum(shader::BRAIN_EVENTS),
            .synaptic_operations = sum(shader::BRAIN_OPERATIONS)};
}

size_t BrainsExecutor::count(const Slot& slot) const { return slot_count(*plan_, samples_, slot); }

void BrainsExecutor::read(const Slot& slot, DType dtype, void* out_data) const {
    const auto out_at = [&](size_t values) { return static_cast<char*>(out_data) + values * size_of(dtype); };
    const auto read_slot = [&](uint32_t lag, void* out) {
        const uint32_t width = layout_.populations[slot.index].width, size = population(slot.index).size;
        const bool binary = population(slot.index).is_binary();
        values_.assign(frame(slot.index), 0.0f);
        words_.resize(has_activity(slot.index) ? size_t{samples_} * (1 + width) : 0);
        if (!words_.empty()) device_->download(slot_range(slot.index, lag), 0, words_.data(), words_.size() * 4);
        for (size_t at = 0, i = 0; at < words_.size(); at += 1 + width)
            for (uint32_t neuron = 0; neuron < size; ++neuron, ++i)
                values_[i] = binary ? static_cast<float>(words_[at + 1 + neuron / 32] >> (neuron % 32) & 1)
                                    : std::bit_cast<float>(words_[at + 1 + neuron]);
        convert(DType::float32, values_.data(), dtype, out, values_.size());
    };
    switch (slot.kind) {
        case Slot::state:
            words_.resize(frame(slot.index));
            device_->download(state_range(slot.index, slot.sub), 0, words_.data(), words_.size() * 4);
            return convert(type_of(slot.index, slot.sub), words_.data(), dtype, out_data, words_.size());
        case Slot::activity: return read_slot(0, out_data);
        case Slot::history:
            for (uint32_t lag = 0; lag < plan_->populations[slot.index].history_depth; ++lag)
                read_slot(lag, out_at(size_t{lag} * frame(slot.index)));
            return;
        case Slot::weight:
        case Slot::bias: {
            const WeightCopies copies = weight_copies(*plan_, samples_, slot);
            for (uint32_t copy = copies.first; copy < copies.last; ++copy) {
                const Range range = weight_range(slot, copy);
                values_.resize(range.size / 4);
                if (values_.empty()) return;
                device_->download(range, 0, values_.data(), range.size);
                convert(DType::float32, values_.data(), dtype, out_at((copy - copies.first) * values_.size()), values_.size());
            }
            return;
        }
        default: {  // of plasticity and training, which there is none of: never asked for
            const std::vector<float> zeros(count(slot), 0.0f);
            return convert(DType::float32, zeros.data(), dtype, out_data, zeros.size());
        }
    }
}

void BrainsExecutor::write(const Slot& slot, DType dtype, const void* data) {
    const auto data_at = [&](size_t values) { return static_cast<const char*>(data) + values * size_of(dtype); };
    const auto write_slot = [&](uint32_t lag, const void* from) {
        if (!has_activity(slot.index)) return;
        const uint32_t size = population(slot.index).size, words = slot_words(slot.index);
        values_.resize(frame(slot.index));
        convert(dtype, from, DType::float32, values_.data(), values_.size());
        words_.assign(size_t{samples_} * words, 0);
        for (size_t i = 0; i < values_.size(); ++i) {
            uint32_t* const own = &words_[i / size * words];
            if (values_[i] != 0.0f) ++own[0];
            if (!population(slot.index).is_binary()) own[1 + i % size] = std::bit_cast<uint32_t>(values_[i]);
            else if (values_[i] != 0.0f) own[1 + i % size / 32] |= 1u << (i % size % 32);
        }
        device_->upload(slot_range(slot.index, lag), 0, words_.data(), words_.size() * 4);
    };
    switch (slot.kind) {
        case Slot::state: {
            words_.resize(frame(slot.index));
            convert(dtype, data, type_of(slot.index, slot.sub), words_.data(), words_.size());
            if (type_of(slot.index, slot.sub) == DType::float32)
                for (uint32_t& word : words_) word = std::bit_cast<uint32_t>(flush(std::bit_cast<float>(word)));
            return device_->upload(state_range(slot.index, slot.sub), 0, words_.data(), words_.size() * 4);
        }
        case Slot::activity: return write_slot(0, data);
        case Slot::history:
            for (uint32_t lag = 0; lag < plan_->populations[slot.index].history_depth; ++lag)
                write_slot(lag, data_at(size_t{lag} * frame(slot.index)));
            return;
        case Slot::weight:
        case Slot::bias: {
            const WeightCopies copies = weight_copies(*plan_, samples_, slot);
            for (uint32_t copy = copies.first; copy < copies.last; ++copy) {
                const Range range = weight_range(slot, copy);
                values_.resize(range.size / 4);
                if (values_.empty()) return;
                convert(dtype, data_at((copy - copies.first) * values_.size()), DType::float32, values_.data(), values_.size());
                device_->upload(range, 0, values_.data(), range.size);
            }
            return;
        }
        default: return;  // not there; the session has refused them
    }
}

std::span<const uint32_t> BrainsExecutor::active(uint32_t index, uint32_t sample) const {
    active_.clear();
    if (!has_activity(index)) return active_;
    const VkDeviceSize bytes = VkDeviceSize{slot_words(index)} * 4;
    words_.resize(slot_words(index));
    device_->download(slot_range(index, 0), sample * bytes, words_.data(), bytes);
    const bool binary = population(index).is_binary();
    for (uint32_t i = 0; i < population(index).size; ++i)
        if (binary ? words_[1 + i / 32] >> (i % 32) & 1 : std::bit_cast<float>(words_[1 + i]) != 0.0f) active_.push_back(i);
    return active_;
}

}  // namespace snn::vulkan
