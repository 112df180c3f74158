#include "cpu/traces.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "cpu/tape.h"

namespace snn::cpu {

namespace {

constexpr uint32_t most_states = 32;

}  // namespace

void Traces::begin(bool from_reset, std::span<const LinearStep> linear) {
    for (const KernelCall& call : context_.plan->step_adjoint) {
        if (call.kernel != Kernel::deliver_adjoint) continue;
        const ProjectionData& data = *context_.projections[call.index];
        if (!data.info.trainable) continue;
        const PopulationData& source = *context_.populations[data.info.source];
        const LinearStep& step = linear[data.info.target];
        Traced& traced = projections_[call.index];
        traced.states = static_cast<uint32_t>(step.state_count);
        traced.slots = data.segments ? static_cast<uint32_t>(data.segments->delays().size()) : 1;
        traced.row = source.row;
        traced.only_state = step.only_state();
        traced.jacobian.assign(step.jacobian.begin(), step.jacobian.end());
        traced.input.resize(traced.states);
        for (uint32_t s = 0; s < traced.states; ++s)
            traced.input[s] = static_cast<float>(step.of_input(data.info.receptor, s));
        traced.bias.resize(traced.states);
        const size_t count = static_cast<size_t>(traced.slots) * traced.states * context_.batch * traced.row;
        if (traced.now.size() != count) {
            traced.now.allocate(context_.allocator, count);
            traced.before.allocate(context_.allocator, count);
            traced.bits_before.allocate(context_.allocator, count / 16);
        }
        if (from_reset) {
            traced.now.clear();
            traced.bias.assign(traced.states, 0.0);
        }
        std::memcpy(traced.before.data(), traced.now.data(), count * sizeof(float));
        for (size_t at = 0; at < count; at += traced.row)
            context_.kernels.pack_bits(traced.before.data() + at, traced.row, traced.bits_before.data() + at / 16);
        traced.bias_before = traced.bias;
    }
}

const float* Traces::values(uint32_t projection, uint32_t slot, uint32_t state, uint32_t sample) const {
    const Traced& traced = projections_[projection];
    return traced.before.data() + ((size_t{slot} * traced.states + state) * context_.batch + sample) * traced.row;
}

const uint16_t* Traces::bits(uint32_t projection, uint32_t slot, uint32_t state, uint32_t sample) const {
    const Traced& traced = projections_[projection];
    return traced.bits_before.data() + ((size_t{slot} * traced.states + state) * context_.batch + sample) * (traced.row / 16);
}

void Traces::advance(const Tape& tape, uint32_t begin, uint32_t end) {
    context_.pool.deal(context_.batch, [&](uint32_t sample, uint32_t) { advance_sample(tape, begin, end, sample); });
    for (Traced& traced : projections_)
        for (uint32_t step = begin; step < end; ++step) {
            double old[most_states];
            std::copy(traced.bias.begin(), traced.bias.end(), old);
            for (uint32_t after = 0; after < traced.states; ++after) {
                double sum = static_cast<double>(traced.input[after]);
                for (uint32_t s = 0; s < traced.states; ++s)
                    sum += static_cast<double>(traced.jacobian[after * traced.states + s]) * old[s];
                traced.bias[after] = sum;
            }
        }
}

void Traces::advance_sample(const Tape& tape, uint32_t begin, uint32_t end, uint32_t sample) {
    for (uint32_t q = 0; q < projections_.size(); ++q) {
        Traced& traced = projections_[q];
        const ProjectionData& data = *context_.projections[q];
        for (uint32_t slot = 0; slot < traced.slots; ++slot) {
            const uint32_t delay = data.info.delay_steps + (data.segments ? data.segments->delays()[slot] : 0u);
            float* rows[most_states];
            for (uint32_t s = 0; s < traced.states; ++s)
                rows[s] = traced.now.data() + ((size_t{slot} * traced.states + s) * context_.batch + sample) * traced.row;
            for (uint32_t step = begin; step < end; ++step) {
                if (const int32_t only = traced.only_state; only >= 0) {
                    const float decay = traced.jacobian[static_cast<size_t>(only) * traced.states + static_cast<size_t>(only)];
                    for (uint32_t i = 0; i < traced.row; ++i) rows[only][i] *= decay;
                }
                for (uint32_t i = 0; traced.only_state < 0 && i < traced.row; ++i) {
                    float old[most_states];
                    for (uint32_t s = 0; s < traced.states; ++s) old[s] = rows[s][i];
                    for (uint32_t after = 0; after < traced.states; ++after) {
                        float sum = 0;
                        for (uint32_t s = 0; s < traced.states; ++s) sum += traced.jacobian[after * traced.states + s] * old[s];
                        rows[after][i] = sum;
                    }
                }
                if (step < tape.first_arrival(delay)) continue;
                const uint16_t* const bits = tape.bits(data.info.source, step - delay, sample);
                const float* const values = tape.values(data.info.source, step - delay, sample);
                for (uint32_t word = 0; word < traced.row / 16; ++word)
                    for (uint32_t left = bits[word]; left != 0; left &= left - 1) {
                        const uint32_t i = word * 16 + static_cast<uint32_t>(std::countr_zero(left));
                        for (uint32_t s = 0; s < traced.states; ++s)
                            rows[s][i] += traced.input[s] * (values ? values[i] : 1.0f);
                    }
            }
        }
    }
}

}  // namespace snn::cpu
