#include "cpu/tape.h"

namespace snn::cpu {

Tape::Tape(const CpuContext& context) : context_(context), populations_(context.populations.size()) {
    for (uint32_t i = 0; i < populations_.size(); ++i) {
        const PopulationData& data = *context.populations[i];
        populations_[i].row = data.row;
        populations_[i].is_value_input = data.is_value_input();
        populations_[i].keeps_activity = data.has_activity();
    }
    for (const KernelCall& call : context.plan->step_adjoint) {
        if (call.kernel != Kernel::neuron_adjoint) continue;
        const PopulationPlan& plan = context.plan->populations[call.index];
        populations_[call.index].entry_count = static_cast<uint32_t>(plan.tape.size());
    }
}

void Tape::begin(uint32_t step_count, std::span<const InputFrames> inputs) {
    step_count_ = step_count;
    for (const InputFrames& input : inputs) populations_[input.population].held = input.step_stride == 0;
    const auto grow = [&](auto& buffer, size_t count) {
        if (buffer.size() < count) buffer.allocate(context_.allocator, count);
    };
    for (Population& p : populations_) {
        const size_t rows = static_cast<size_t>(step_count) * context_.batch;
        if (p.entry_count > 0) grow(p.entries, rows * p.entry_count * p.row);
        if (!p.keeps_activity) continue;
        grow(p.bits, rows * (p.row / 16));
        if (p.is_value_input) grow(p.values, (p.held ? context_.batch : rows) * p.row);
    }
}

}  // namespace snn::cpu
