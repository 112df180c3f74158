#include "cpu/checkpoints.h"

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
        grow(populations_[p].states, data.states.size());
        grow(populations_[p].bits, data.bits.size());
        if (populations_[p].keeps_values) grow(populations_[p].values, data.values.size());
    }
}

void Checkpoints::save(uint32_t index) {
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        const PopulationData& data = *context_.populations[p];
        save_values(data.states, populations_[p].states, index);
        save_values(data.bits, populations_[p].bits, index);
        if (populations_[p].keeps_values) save_values(data.values, populations_[p].values, index);
    }
}

void Checkpoints::restore(uint32_t index, uint64_t clock) {
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        PopulationData& data = *context_.populations[p];
        restore_values(populations_[p].states, data.states, index);
        restore_values(populations_[p].bits, data.bits, index);
        if (populations_[p].keeps_values) restore_values(populations_[p].values, data.values, index);
        for (uint32_t back = 1; data.has_activity() && back <= data.frame_count; ++back)
            for (uint32_t sample = 0; sample < context_.batch; ++sample)
                data.list_active(context_.kernels, clock - back, sample);
    }
}

}  // namespace snn::cpu
