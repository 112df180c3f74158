// Reading, writing and recording variables, always in canonical order.
#include <algorithm>
#include <bit>
#include <cstring>

#include "backend/slots.h"
#include "common/math.h"
#include "cpu/backpropagation.h"
#include "cpu/executor.h"

namespace snn::cpu {

namespace {

char* advanced(void* data, DType dtype, size_t elements) { return static_cast<char*>(data) + elements * size_of(dtype); }
const char* advanced(const void* data, DType dtype, size_t elements) {
    return static_cast<const char*>(data) + elements * size_of(dtype);
}

DType type_of_state(const PopulationData& data, uint32_t state) {
    return data.info.model->states[state].type == ValueType::int_ ? DType::int32 : DType::float32;
}

template <class T>
void fill_active(T* out, uint32_t size, const uint32_t* active, uint32_t count) {
    std::fill_n(out, size, T{0});
    for (uint32_t i = 0; i < count; ++i) out[active[i]] = T{1};
}

// One row of activity as 0 and 1, or the values of a value input.
void read_activity(const PopulationData& data, uint64_t clock, uint32_t sample, DType dtype, void* out) {
    if (data.is_value_input()) {
        convert(DType::float32, data.values_at(clock, sample), dtype, out, data.size);
        return;
    }
    const uint32_t* const active = data.list_at(clock, sample);
    const uint32_t count = data.count_at(clock, sample);
    switch (dtype) {
        case DType::float32: return fill_active(static_cast<float*>(out), data.size, active, count);
        case DType::float64: return fill_active(static_cast<double*>(out), data.size, active, count);
        case DType::int32: return fill_active(static_cast<int32_t*>(out), data.size, active, count);
        case DType::uint8: return fill_active(static_cast<uint8_t*>(out), data.size, active, count);
    }
}

template <class T>
void add_activity(const PopulationData& data, uint64_t clock, uint32_t sample, T* io_sums) {
    const uint32_t* const active = data.list_at(clock, sample);
    const uint32_t count = data.count_at(clock, sample);
    const float* const values = data.is_value_input() ? data.values_at(clock, sample) : nullptr;
    for (uint32_t i = 0; i < count; ++i) io_sums[active[i]] += values ? static_cast<T>(values[active[i]]) : T{1};
}

}  // namespace

void CpuExecutor::record(const RunRequest& request, const Moment& at, uint32_t step) const {
    for (const RecordFrames& frames : request.records) {
        const PopulationData& data = *context_.populations[frames.population];
        const size_t row = static_cast<size_t>(at.sample) * data.size;
        void* const out = advanced(frames.data, frames.dtype, step * frames.step_stride + row);
        switch (frames.kind) {
            case RecordFrames::state:
                convert(type_of_state(data, frames.state_index), data.state_at(frames.state_index, at.sample), frames.dtype,
                        out, data.size);
                break;
            case RecordFrames::activity:
                read_activity(data, at.clock, at.sample, frames.dtype, out);
                break;
            case RecordFrames::activity_sum:
                if (frames.dtype == DType::float64) add_activity(data, at.clock, at.sample, static_cast<double*>(out));
                else add_activity(data, at.clock, at.sample, static_cast<float*>(out));
                break;
        }
    }
}

size_t CpuExecutor::count(const Slot& slot) const { return slot_count(*context_.plan, context_.batch, slot); }

void CpuExecutor::read(const Slot& slot, DType dtype, void* out_data) const {
    const uint32_t batch = context_.batch;
    switch (slot.kind) {
        case Slot::state: {
            const PopulationData& data = *context_.populations[slot.index];
            for (uint32_t sample = 0; sample < batch; ++sample)
                convert(type_of_state(data, slot.sub), data.state_at(slot.sub, sample), dtype,
                        advanced(out_data, dtype, static_cast<size_t>(sample) * data.size), data.size);
            return;
        }
        case Slot::activity:
        case Slot::history: {
            const PopulationData& data = *context_.populations[slot.index];
            if (!data.has_activity()) {
                if (count(slot) > 0) std::memset(out_data, 0, count(slot) * size_of(dtype));
                return;
            }
            const uint32_t depth = slot.kind == Slot::history ? data.plan.history_depth : 1;
            for (uint32_t past = 0; past < depth; ++past)
                for (uint32_t sample = 0; sample < batch; ++sample)
                    read_activity(data, clock_ - 1 - past, sample, dtype,
                                  advanced(out_data, dtype, (static_cast<size_t>(past) * batch + sample) * data.size));
            return;
        }
        case Slot::weight:
        case Slot::bias: {
            const ProjectionData& data = *context_.projections[slot.index];
            if (slot.kind == Slot::weight) convert(DType::float32, data.weights, dtype, out_data, data.weight_count);
            else convert(DType::float32, data.bias, dtype, out_data, data.bias_count);
            return;
        }
        case Slot::weight_gradient:
        case Slot::bias_gradient: {
            const float* const gradient =
                backpropagation_ ? backpropagation_->gradient(slot.index, slot.kind == Slot::bias_gradient) : nullptr;
            if (count(slot) == 0) return;
            if (gradient) convert(DType::float32, gradient, dtype, out_data, count(slot));
            else std::memset(out_data, 0, count(slot) * size_of(dtype));
            return;
        }
    }
}

void CpuExecutor::write(const Slot& slot, DType dtype, const void* source) {
    const uint32_t batch = context_.batch;
    switch (slot.kind) {
        case Slot::state: {
            PopulationData& data = *context_.populations[slot.index];
            for (uint32_t sample = 0; sample < batch; ++sample) {
                void* const row = data.state_at(slot.sub, sample);
                const void* const from = advanced(source, dtype, static_cast<size_t>(sample) * data.size);
                if (type_of_state(data, slot.sub) == DType::int32) {
                    convert(dtype, from, DType::int32, row, data.size);
                    continue;
                }
                float* const values = static_cast<float*>(row);
                convert(dtype, from, DType::float32, values, data.size);
                for (uint32_t i = 0; i < data.size; ++i) values[i] = flush(values[i]);
            }
            return;
        }
        case Slot::activity:
        case Slot::history: {
            PopulationData& data = *context_.populations[slot.index];
            if (!data.has_activity()) return;
            const uint32_t depth = slot.kind == Slot::history ? data.plan.history_depth : 1;
            std::vector<float> row(data.size);
            for (uint32_t past = 0; past < depth; ++past)
                for (uint32_t sample = 0; sample < batch; ++sample) {
                    const uint64_t clock = clock_ - 1 - past;
                    convert(dtype, advanced(source, dtype, (static_cast<size_t>(past) * batch + sample) * data.size),
                            DType::float32, row.data(), data.size);
                    context_.kernels.pack_bits(row.data(), data.size, data.bits_at(clock, sample));
                    data.list_active(context_.kernels, clock, sample);
                    if (data.is_value_input())
                        std::memcpy(data.values_at(clock, sample), row.data(), data.size * sizeof(float));
                }
            return;
        }
        case Slot::weight: {
            ProjectionData& data = *context_.projections[slot.index];
            if (data.weight_count == 0) return;
            convert(dtype, source, DType::float32, data.own_weights(), data.weight_count);
            data.weights_changed();
            return;
        }
        case Slot::bias: {
            ProjectionData& data = *context_.projections[slot.index];
            if (data.bias_count > 0) convert(dtype, source, DType::float32, data.own_bias(), data.bias_count);
            return;
        }
        case Slot::weight_gradient:
        case Slot::bias_gradient:
            return;  // read only, refused above the backends
    }
}

std::span<const uint32_t> CpuExecutor::active(uint32_t population, uint32_t sample) const {
    const PopulationData& data = *context_.populations[population];
    if (!data.has_activity()) return {};
    return {data.list_at(clock_ - 1, sample), data.count_at(clock_ - 1, sample)};
}

}  // namespace snn::cpu
