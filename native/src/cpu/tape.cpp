#include "cpu/tape.h"

#include <cstring>
#include <numeric>

namespace snn::cpu {

Tape::Tape(const CpuContext& context)
    : context_(context), dense_share_of_spikes_(context.kernels.has_fast_products ? 0.45 : 2.0),
      populations_(context.populations.size()) {
    for (uint32_t i = 0; i < populations_.size(); ++i) {
        const PopulationData& data = *context.populations[i];
        populations_[i].size = data.size;
        populations_[i].row = data.row;
        populations_[i].is_value_input = data.is_value_input();
        populations_[i].keeps_activity = data.has_activity();
        populations_[i].lookback = data.plan.history_depth;
    }
    for (const KernelCall& call : context.plan->step_adjoint) {
        if (call.kernel != Kernel::neuron_adjoint) continue;
        populations_[call.index].trains = true;
    }
}

void Tape::begin(uint32_t segment_steps, uint64_t steps_before, std::span<const InputFrames> inputs, bool of_neurons) {
    steps_before_ = steps_before;
    for (const InputFrames& input : inputs) populations_[input.population].held = input.step_stride == 0;
    const auto grow = [&](auto& buffer, size_t count) {
        if (buffer.size() < count) buffer.allocate(context_.allocator, count);
    };
    for (uint32_t index = 0; index < populations_.size(); ++index) {
        Population& p = populations_[index];
        p.entry_count = p.trains ? static_cast<uint32_t>(context_.populations[index]->tape_places().size()) : 0;
        if (of_neurons && p.entry_count > 0)
            grow(p.entries, static_cast<size_t>(segment_steps) * context_.batch * p.entry_count * p.row);
        if (!p.keeps_activity) continue;
        const size_t rows = (static_cast<size_t>(segment_steps) + p.lookback) * context_.batch;
        grow(p.bits, rows * (p.row / 16));
        if (p.is_value_input) grow(p.values, (p.held ? context_.batch : rows) * p.row);
        else grow(p.spikes, size_t{segment_steps} + p.lookback);
    }
}

void Tape::begin_segment(uint32_t first, uint64_t clock) {
    first_ = first;
    for (uint32_t index = 0; index < populations_.size(); ++index) {
        const PopulationData& data = *context_.populations[index];
        Population& p = populations_[index];
        p.spikes.clear();
        for (uint32_t back = 1; p.keeps_activity && back <= p.lookback; ++back)
            for (uint32_t sample = 0; sample < context_.batch; ++sample) {
                std::memcpy(bits(index, first - back, sample), data.bits_at(clock - back, sample),
                            data.words * sizeof(uint16_t));
                if (p.is_value_input && !p.held)
                    std::memcpy(values(index, first - back, sample), data.values_at(clock - back, sample),
                                p.row * sizeof(float));
                if (!p.spikes.empty()) add_spikes(index, first - back, data.count_at(clock - back, sample));
            }
    }
}

bool Tape::is_dense(uint32_t population, uint32_t begin, uint32_t end) const {
    const Population& p = populations_[population];
    if (p.is_value_input) return p.share > dense_share_of_values;
    if (p.held) return p.share > dense_share_of_spikes_;
    const uint64_t* const spikes = p.spikes.data() + step_row(population, begin);
    return is_dense_count(population, std::accumulate(spikes, spikes + (end - begin), uint64_t{0}),
                          uint64_t{end - begin} * context_.batch);
}

bool Tape::is_ever_dense(uint32_t population) const {
    const Population& p = populations_[population];
    if (p.is_value_input || p.held) return is_dense(population, 0, 0);
    const uint64_t* const spikes = p.spikes.data();
    return std::any_of(spikes, spikes + p.spikes.size(),
                       [&](uint64_t count) { return is_dense_count(population, count, context_.batch); });
}

}  // namespace snn::cpu
