#include "cpu/spike_times.h"

#include <algorithm>
#include <cstring>

namespace snn::cpu {

void SpikeTimes::begin(std::span<const LinearStep> linear, const std::vector<std::vector<NeuronRange>>& parts) {
    size_t tape = 0, row = 0;
    for (uint32_t index = 0; index < populations_.size(); ++index) {
        Population& p = populations_[index];
        const PopulationData& data = *context_.populations[index];
        p.crossing = linear[index].crossing;
        if (!keeps(index)) continue;
        const std::vector<TapeInfo>& entries = data.plan.tape;
        const auto found = std::find_if(entries.begin(), entries.end(),
                                        [&](const TapeInfo& entry) { return entry.step_register == p.crossing.risen; });
        p.risen = static_cast<uint32_t>(found - entries.begin());
        p.part_of_word.assign(data.words, 0);
        for (uint32_t part = 0; part < parts[index].size(); ++part)
            for (uint32_t word = parts[index][part].begin / 16; word < parts[index][part].end / 16; ++word)
                p.part_of_word[word] = part;
        const uint32_t part_count = static_cast<uint32_t>(std::max<size_t>(parts[index].size(), 1));
        if (part_count != p.part_count) p.capacity = 0;
        p.part_count = part_count;
        p.counts.resize(size_t{context_.batch} * part_count);
        p.left.resize(p.counts.size());
        tape = std::max(tape, entries.size() * data.row);
        row = std::max<size_t>(row, data.row);
    }
    for (TaskMemory& task : context_.tasks) {
        if (task.step_tape.size() < tape) task.step_tape.allocate(context_.allocator, tape, false);
        if (task.membrane_before.size() < row) task.membrane_before.allocate(context_.allocator, row, false);
    }
}

void SpikeTimes::clear() {
    for (Population& p : populations_) std::fill(p.counts.begin(), p.counts.end(), 0u);
}

bool SpikeTimes::grow() {
    bool grew = false;
    for (Population& p : populations_) {
        const uint32_t most = p.counts.empty() ? 0 : *std::max_element(p.counts.begin(), p.counts.end());
        if (most <= p.capacity) continue;
        p.capacity = 0;
        const uint32_t capacity = most + most / 8;  // spare room, because batches differ
        p.values.allocate(context_.allocator, p.counts.size() * capacity, false);
        p.capacity = capacity;
        grew = true;
    }
    return grew;
}

void SpikeTimes::before_step(uint32_t population, NeuronRange part, void* const* states, TaskMemory& io_task,
                             void** out_tape) const {
    const PopulationData& data = *context_.populations[population];
    for (size_t e = 0; e < data.plan.tape.size(); ++e) out_tape[e] = io_task.step_tape.data() + e * data.row;
    const float* const membrane = static_cast<const float*>(states[populations_[population].crossing.membrane]);
    std::memcpy(io_task.membrane_before.data() + part.begin, membrane + part.begin, (part.end - part.begin) * sizeof(float));
}

void SpikeTimes::after_step(uint32_t population, NeuronRange part, const uint16_t* bits, uint32_t sample,
                            const TaskMemory& task) {
    Population& p = populations_[population];
    const float* const risen =
        reinterpret_cast<const float*>(task.step_tape.data() + size_t{p.risen} * context_.populations[population]->row);
    const float threshold = static_cast<float>(p.crossing.threshold), offset = static_cast<float>(p.crossing.offset);
    for (uint32_t word = part.begin / 16; word < part.end / 16; ++word) {
        if (bits[word] == 0) continue;
        const size_t stack = size_t{sample} * p.part_count + p.part_of_word[word];
        uint32_t count = p.counts[stack];
        for (uint32_t left = bits[word]; left != 0; left &= left - 1, ++count) {
            if (count >= p.capacity) continue;
            const uint32_t i = word * 16 + static_cast<uint32_t>(std::countr_zero(left));
            const float before = task.membrane_before[i], rise = risen[i] + offset - before;
            // If the membrane was above the threshold already, there was no crossing, and nothing moves the spike.
            p.values[stack * p.capacity + count] = before <= threshold && rise > 0 ? 1.0f / rise : 0.0f;
        }
        p.counts[stack] = count;
    }
}

void SpikeTimes::restart() {
    for (Population& p : populations_) p.left = p.counts;
}

}  // namespace snn::cpu
