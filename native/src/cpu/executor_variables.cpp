// Reading, writing and recording variables, always in canonical order.
#include <algorithm>
#include <cstring>

#include "backend/slots.h"
#include "common/math.h"
#include "cpu/backpropagation.h"
#include "cpu/executor.h"
#include "cpu/tape.h"

namespace snn::cpu {

namespace {

char* advanced(void* data, DType dtype, size_t elements) { return static_cast<char*>(data) + elements * size_of(dtype); }
const char* advanced(const void* data, DType dtype, size_t elements) {
    return static_cast<const char*>(data) + elements * size_of(dtype);
}

DType type_of_state(const PopulationData& data, uint32_t state) {
    return data.info.model->states[state].type == ValueType::int_ ? DType::int32 : DType::float32;
}

// Neurons [part.begin, part.end), all of them inside the population.
template <class T>
void fill_active(const uint16_t* bits, NeuronRange part, T* out) {
    for (uint32_t i = part.begin; i < part.end; ++i) *out++ = static_cast<T>(bits[i / 16] >> i % 16 & 1);
}

// Activity as 0 and 1, or the values of a value input.
void write_activity(const uint16_t* bits, const float* values, NeuronRange part, DType dtype, void* out) {
    if (values) {
        convert(DType::float32, values + part.begin, dtype, out, part.end - part.begin);
        return;
    }
    switch (dtype) {
        case DType::float32: return fill_active(bits, part, static_cast<float*>(out));
        case DType::float64: return fill_active(bits, part, static_cast<double*>(out));
        case DType::int32: return fill_active(bits, part, static_cast<int32_t*>(out));
        case DType::uint8: return fill_active(bits, part, static_cast<uint8_t*>(out));
    }
}

void read_activity(const PopulationData& data, uint64_t clock, uint32_t sample, NeuronRange part, DType dtype, void* out) {
    write_activity(data.bits_at(clock, sample), data.is_value_input() ? data.values_at(clock, sample) : nullptr, part, dtype,
                   out);
}

// Uses a list, because the processor cannot predict which bits are set.
template <class T>
void add_activity(const KernelTable& kernels, const uint16_t* bits, const float* values, NeuronRange part, T* io_sums) {
    constexpr uint32_t most = 512;
    uint32_t list[most];
    for (uint32_t begin = part.begin; begin < part.end; begin += most) {
        const uint32_t words = (std::min(most, part.end - begin) + 15) / 16;
        const uint32_t count = kernels.list_bits(bits + begin / 16, words, begin, list);
        for (uint32_t k = 0; k < count; ++k) io_sums[list[k] - part.begin] += values ? static_cast<T>(values[list[k]]) : T{1};
    }
}

}  // namespace

void CpuExecutor::record(const RunRequest& request, const Moment& at, uint32_t step, uint32_t range) const {
    for (const RecordFrames& frames : request.records) {
        const PopulationData& data = *context_.populations[frames.population];
        if (range != whole_row && range >= data.ranges.size()) continue;
        NeuronRange part = range == whole_row ? NeuronRange{0, data.row} : data.ranges[range];
        part.end = std::min(part.end, data.size);
        record_frames(request, frames, at, step, part);
    }
}

void CpuExecutor::record_range(const RunRequest& request, const Moment& at, uint32_t step, uint32_t population,
                               uint32_t range) const {
    const PopulationData& data = *context_.populations[population];
    record_population(request, at, step, population, {data.ranges[range].begin, std::min(data.ranges[range].end, data.size)});
}

void CpuExecutor::record_population(const RunRequest& request, const Moment& at, uint32_t step, uint32_t population,
                                    NeuronRange part) const {
    for (const RecordFrames& frames : request.records)
        if (frames.population == population) record_frames(request, frames, at, step, part);
}

void CpuExecutor::record_chosen(const RunRequest& request, const RecordFrames& frames, const Moment& at, uint32_t step,
                                NeuronRange part) const {
    const PopulationData& data = *context_.populations[frames.population];
    const size_t row = request.record_row(step) * frames.step_stride + at.sample * frames.chosen_count;
    const ChosenNeuron* const end = frames.chosen + frames.chosen_count;
    const ChosenNeuron* one = std::lower_bound(
        frames.chosen, end, part.begin, [](const ChosenNeuron& chosen, uint32_t neuron) { return chosen.neuron < neuron; });
    for (; one != end && one->neuron < part.end; ++one) {
        void* const out = advanced(frames.data, frames.dtype, row + one->place);
        const NeuronRange itself{one->neuron, one->neuron + 1};
        if (frames.kind == RecordFrames::activity) {
            read_activity(data, at.clock, at.sample, itself, frames.dtype, out);
            continue;
        }
        const DType type = type_of_state(data, frames.state_index);
        data.for_state(frames.state_index, at.sample, itself,
                       [&](const uint32_t* values, uint32_t, uint32_t) { convert(type, values, frames.dtype, out, 1); });
    }
}

void CpuExecutor::record_frames(const RunRequest& request, const RecordFrames& frames, const Moment& at, uint32_t step,
                                NeuronRange part) const {
    if (frames.kind != RecordFrames::activity_sum && !request.records_after(step)) return;
    if (frames.chosen) return record_chosen(request, frames, at, step, part);
    const PopulationData& data = *context_.populations[frames.population];
    const size_t place = static_cast<size_t>(at.sample) * data.size + part.begin;
    void* const out = advanced(frames.data, frames.dtype, request.record_row(step) * frames.step_stride + place);
    if (frames.kind == RecordFrames::state) {
        const DType type = type_of_state(data, frames.state_index);
        data.for_state(frames.state_index, at.sample, part, [&](const uint32_t* values, uint32_t begin, uint32_t end) {
            convert(type, values, frames.dtype, advanced(out, frames.dtype, begin - part.begin), end - begin);
        });
        return;
    }
    // In a run by layers, only groups that go step by step fill the frames. Everything else is on the tape alone.
    const uint32_t group = at.group == no_group ? no_group : group_of_[frames.population];
    const bool in_frames = at.group == no_group || (group != no_group && !groups_[group].by_tiles);
    const uint16_t* const bits =
        in_frames ? data.bits_at(at.clock, at.sample) : tape_->bits(frames.population, at.run_step, at.sample);
    const float* const values = !data.is_value_input() ? nullptr
                                : in_frames            ? data.values_at(at.clock, at.sample)
                                                       : tape_->values(frames.population, at.run_step, at.sample);
    const bool listed =
        at.group != no_group && in_frames && !values && data.one_list && part.begin == 0 && part.end >= data.size;
    if (frames.kind == RecordFrames::activity_sum && frames.dtype == DType::float64 && listed) {
        const uint32_t* const list = data.list_at(at.clock, at.sample);
        double* const sums = static_cast<double*>(out);
        for (uint32_t k = 0; k < data.count_at(at.clock, at.sample); ++k) sums[list[k]] += 1.0;
        return;
    }
    if (frames.kind == RecordFrames::activity) write_activity(bits, values, part, frames.dtype, out);
    else if (frames.dtype == DType::float64) add_activity(context_.kernels, bits, values, part, static_cast<double*>(out));
    else add_activity(context_.kernels, bits, values, part, static_cast<float*>(out));
}

size_t CpuExecutor::count(const Slot& slot) const { return slot_count(*context_.plan, context_.batch, slot); }

void CpuExecutor::read(const Slot& slot, DType dtype, void* out_data) const {
    switch (slot.kind) {
        case Slot::state: return read_states(slot, dtype, out_data);
        case Slot::activity:
        case Slot::history: return read_history(slot, dtype, out_data);
        case Slot::weight:
        case Slot::bias: return read_weights(slot, dtype, out_data);
        case Slot::pre_traces:
        case Slot::pre_age:
        case Slot::post_traces:
        case Slot::post_age:
        case Slot::synapse_traces:
        case Slot::synapse_age: return read_traces(slot, dtype, out_data);
        case Slot::weight_gradient:
        case Slot::bias_gradient: return read_gradient(slot, dtype, out_data);
    }
}

void CpuExecutor::read_states(const Slot& slot, DType dtype, void* out_data) const {
    const PopulationData& data = *context_.populations[slot.index];
    for (uint32_t sample = 0; sample < context_.batch; ++sample)
        data.for_state(slot.sub, sample, {0, data.size}, [&](const uint32_t* values, uint32_t begin, uint32_t end) {
            convert(type_of_state(data, slot.sub), values, dtype,
                    advanced(out_data, dtype, static_cast<size_t>(sample) * data.size + begin), end - begin);
        });
}

void CpuExecutor::read_history(const Slot& slot, DType dtype, void* out_data) const {
    const PopulationData& data = *context_.populations[slot.index];
    if (!data.has_activity()) {
        if (count(slot) > 0) std::memset(out_data, 0, count(slot) * size_of(dtype));
        return;
    }
    const uint32_t depth = slot.kind == Slot::history ? data.plan.history_depth : 1;
    for (uint32_t past = 0; past < depth; ++past)
        for (uint32_t sample = 0; sample < context_.batch; ++sample)
            read_activity(data, clock_ - 1 - past, sample, {0, data.size}, dtype,
                          advanced(out_data, dtype, (static_cast<size_t>(past) * context_.batch + sample) * data.size));
}

void CpuExecutor::read_weights(const Slot& slot, DType dtype, void* out_data) const {
    const ProjectionData& data = *context_.projections[slot.index];
    if (slot.kind == Slot::weight && (data.is_bundled || context_.plastic[slot.index])) {
        // Makes no second copy if the caller takes them as they are: weights can be half of a network.
        std::vector<float> other(dtype == DType::float32 ? 0 : data.weight_count);
        float* const weights = dtype == DType::float32 ? static_cast<float*>(out_data) : other.data();
        if (data.is_bundled) context_.bundles->read_weights(slot.index, weights);
        else context_.plastic[slot.index]->read_weights(weights);
        if (dtype != DType::float32) convert(DType::float32, weights, dtype, out_data, other.size());
        return;
    }
    const bool is_bias = slot.kind == Slot::bias;
    const size_t count = is_bias ? data.bias_count : data.weight_count;
    const WeightCopies copies = weight_copies(*context_.plan, context_.batch, slot);
    for (uint32_t copy = copies.first; copy < copies.last; ++copy) {
        const SampleWeights own = data.weights_of(copy);
        convert(DType::float32, is_bias ? own.bias : own.weights, dtype,
                advanced(out_data, dtype, (copy - copies.first) * count), count);
    }
}

void CpuExecutor::read_traces(const Slot& slot, DType dtype, void* out_data) const {
    if (count(slot) == 0) return;
    const Slot::Kind side = side_of(slot.kind);
    std::vector<float> traces(count({side, slot.index}));
    std::vector<int32_t> ages(count({age_of(side), slot.index}));
    context_.plastic[slot.index]->read_traces(side, clock_, traces.data(), ages.data(), ages.size());
    if (is_age(slot.kind)) convert(DType::int32, ages.data(), dtype, out_data, ages.size());
    else convert(DType::float32, traces.data(), dtype, out_data, traces.size());
}

void CpuExecutor::read_gradient(const Slot& slot, DType dtype, void* out_data) const {
    if (count(slot) == 0) return;
    const float* const gradient =
        backpropagation_ ? backpropagation_->gradient(slot.index, slot.kind == Slot::bias_gradient) : nullptr;
    if (gradient) convert(DType::float32, gradient, dtype, out_data, count(slot));
    else std::memset(out_data, 0, count(slot) * size_of(dtype));
}

void CpuExecutor::write(const Slot& slot, DType dtype, const void* data) {
    switch (slot.kind) {
        case Slot::state: return write_states(slot, dtype, data);
        case Slot::activity:
        case Slot::history: return write_history(slot, dtype, data);
        case Slot::weight:
        case Slot::bias: return write_weights(slot, dtype, data);
        case Slot::pre_traces:
        case Slot::pre_age:
        case Slot::post_traces:
        case Slot::post_age:
        case Slot::synapse_traces:
        case Slot::synapse_age: return write_traces(slot, dtype, data);
        case Slot::weight_gradient:
        case Slot::bias_gradient: return;  // read only, refused above the backends
    }
}

void CpuExecutor::write_states(const Slot& slot, DType dtype, const void* source) {
    PopulationData& data = *context_.populations[slot.index];
    const DType type = type_of_state(data, slot.sub);
    for (uint32_t sample = 0; sample < context_.batch; ++sample)
        data.for_state(slot.sub, sample, {0, data.size}, [&](uint32_t* words, uint32_t begin, uint32_t end) {
            convert(dtype, advanced(source, dtype, static_cast<size_t>(sample) * data.size + begin), type, words, end - begin);
            float* const values = reinterpret_cast<float*>(words);
            for (uint32_t i = 0; type == DType::float32 && i < end - begin; ++i) values[i] = flush(values[i]);
        });
}

void CpuExecutor::write_history(const Slot& slot, DType dtype, const void* source) {
    PopulationData& data = *context_.populations[slot.index];
    if (!data.has_activity()) return;
    const uint32_t depth = slot.kind == Slot::history ? data.plan.history_depth : 1;
    std::vector<float> row(data.size);
    for (uint32_t past = 0; past < depth; ++past)
        for (uint32_t sample = 0; sample < context_.batch; ++sample) {
            const uint64_t clock = clock_ - 1 - past;
            convert(dtype, advanced(source, dtype, (static_cast<size_t>(past) * context_.batch + sample) * data.size),
                    DType::float32, row.data(), data.size);
            context_.kernels.pack_bits(row.data(), data.size, data.bits_at(clock, sample));
            data.list_active(context_.kernels, clock, sample);
            if (data.is_value_input()) std::memcpy(data.values_at(clock, sample), row.data(), data.size * sizeof(float));
        }
}

void CpuExecutor::write_weights(const Slot& slot, DType dtype, const void* source) {
    ProjectionData& data = *context_.projections[slot.index];
    const bool is_bias = slot.kind == Slot::bias;
    const size_t count = is_bias ? data.bias_count : data.weight_count;
    if (count == 0) return;
    if (!is_bias && (data.is_bundled || context_.plastic[slot.index])) {
        std::vector<float> weights(count);
        convert(dtype, source, DType::float32, weights.data(), count);
        if (data.is_bundled) context_.bundles->write_weights(slot.index, weights.data());
        else context_.plastic[slot.index]->write_weights(weights.data());
        return;
    }
    const WeightCopies copies = weight_copies(*context_.plan, context_.batch, slot);
    for (uint32_t copy = copies.first; copy < copies.last; ++copy) {
        convert(dtype, advanced(source, dtype, (copy - copies.first) * count), DType::float32,
                is_bias ? data.own_bias(copy) : data.own_weights(copy), count);
        if (!is_bias) data.weights_changed(copy);
    }
}

void CpuExecutor::write_traces(const Slot& slot, DType dtype, const void* source) {
    if (count(slot) == 0) return;
    const Slot::Kind side = side_of(slot.kind);
    PlasticProjection& plastic = *context_.plastic[slot.index];
    if (is_age(slot.kind)) {
        std::vector<int32_t> ages(count(slot));
        convert(dtype, source, DType::int32, ages.data(), ages.size());
        plastic.write_traces(side, clock_, nullptr, ages.data(), ages.size());
    } else {
        std::vector<float> traces(count(slot));
        convert(dtype, source, DType::float32, traces.data(), traces.size());
        plastic.write_traces(side, clock_, traces.data(), nullptr, count({age_of(side), slot.index}));
    }
}

std::span<const uint32_t> CpuExecutor::active(uint32_t population, uint32_t sample) const {
    const PopulationData& data = *context_.populations[population];
    if (!data.has_activity()) return {};
    if (data.one_list) return {data.list_at(clock_ - 1, sample), data.count_at(clock_ - 1, sample)};
    size_t count = 0;
    data.for_lists(clock_ - 1, sample, [&](const uint32_t* list, uint32_t range_count) {
        std::copy_n(list, range_count, context_.joined_list.data() + count);
        count += range_count;
    });
    return {context_.joined_list.data(), count};
}

}  // namespace snn::cpu
