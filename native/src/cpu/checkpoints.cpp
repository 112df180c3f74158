#include "cpu/checkpoints.h"

#include <algorithm>
#include <cstring>

#include "cpu/tape.h"

namespace snn::cpu {

namespace {

template <class T>
void save_values(const Buffer<T>& from, Buffer<T>& to, uint32_t index) {
    if (!from.empty()) std::memcpy(to.data() + index * from.size(), from.data(), from.size() * sizeof(T));
}

template <class T>
void restore_values(const Buffer<T>& from, Buffer<T>& to, uint32_t index) {
    if (!to.empty()) std::memcpy(to.data(), from.data() + index * to.size(), to.size() * sizeof(T));
}

}  // namespace

void Checkpoints::begin(uint32_t count, const Tape& tape) {
    const auto grow = [&](auto& buffer, size_t values) {
        if (buffer.size() < count * values) buffer.allocate(context_.allocator, count * values, false);
    };
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        const PopulationData& data = *context_.populations[p];
        // A frame that is the same at every step needs no copy.
        populations_[p].keeps_values = data.is_value_input() && !(tape.is_held(p) && data.frame_count == 1);
        std::vector<uint32_t>& kept = populations_[p].kept_states;
        kept.clear();
        for (uint32_t s = 0; s < data.state_count; ++s)
            if (!data.training || data.info.model->states[s].type != ValueType::int_) kept.push_back(s);
        grow(populations_[p].states, kept.size() * context_.batch * data.row);
        grow(populations_[p].bits, data.bits.size());
        if (populations_[p].keeps_values) grow(populations_[p].values, data.values.size());
    }
}

template <class Copy>
void Checkpoints::for_states(uint32_t population, uint32_t index, Copy&& copy) {
    PopulationData& data = *context_.populations[population];
    const std::vector<uint32_t>& kept = populations_[population].kept_states;
    uint32_t* words = populations_[population].states.data() + index * kept.size() * context_.batch * data.row;
    for (const uint32_t s : kept)
        for (uint32_t sample = 0; sample < context_.batch; ++sample, words += data.row)
            data.for_state(s, sample, {0, data.row},
                           [&](uint32_t* state, uint32_t begin, uint32_t end) { copy(state, words + begin, end - begin); });
}

void Checkpoints::save(uint32_t index) {
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        const PopulationData& data = *context_.populations[p];
        for_states(p, index, [](const uint32_t* state, uint32_t* words, uint32_t count) { std::copy_n(state, count, words); });
        save_values(data.bits, populations_[p].bits, index);
        if (populations_[p].keeps_values) save_values(data.values, populations_[p].values, index);
    }
}

void Checkpoints::restore(uint32_t index, uint64_t clock) {
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        PopulationData& data = *context_.populations[p];
        data.states.clear();
        for_states(p, index, [](uint32_t* state, const uint32_t* words, uint32_t count) { std::copy_n(words, count, state); });
        restore_values(populations_[p].bits, data.bits, index);
        if (populations_[p].keeps_values) restore_values(populations_[p].values, data.values, index);
        for (uint32_t back = 1; data.has_activity() && back <= data.frame_count; ++back)
            for (uint32_t sample = 0; sample < context_.batch; ++sample)
                data.list_active(context_.kernels, clock - back, sample);
    }
}

}  // namespace snn::cpu
