#include "common/encode.h"

#include <cmath>

#include "common/error.h"
#include "common/random.h"

namespace snn {

namespace {

void check(const SNNEncoderDef& def, const float* values, size_t value_count, size_t sample_count, size_t feature_count,
           const float* out_encoded, size_t out_count) {
    if (def.kind > SNN_ENCODE_DELTA)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "def->kind is ", def.kind,
                    "; expected SNN_ENCODE_RATE, _LATENCY, _CONSTANT or _DELTA");
    if (def.step_count == 0) throw Error(SNN_ERROR_INVALID_ARGUMENT, "def->step_count is 0; expected at least 1");
    if (!std::isfinite(def.gain) || !std::isfinite(def.threshold))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "def->gain is ", def.gain, " and def->threshold is ", def.threshold,
                    "; they must be finite");
    const size_t limit = SIZE_MAX / sizeof(float) / def.step_count;
    if (feature_count > 0 && sample_count > limit / feature_count)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "sample_count ", sample_count, " x feature_count ", feature_count,
                    " is too large");
    const size_t frame = sample_count * feature_count;
    if (out_count != frame * def.step_count)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "out_count is ", out_count, "; expected ", frame * def.step_count,
                    " (step_count ",
                    def.step_count, " x sample_count ", sample_count, " x feature_count ", feature_count, ")");
    const size_t count = def.kind == SNN_ENCODE_DELTA ? out_count : frame;
    if (value_count != count)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "value_count is ", value_count, "; expected ", count, " (",
                    def.kind == SNN_ENCODE_DELTA ? text("step_count ", def.step_count, " x ") : std::string(), "sample_count ",
                    sample_count, " x feature_count ", feature_count, ")");
    if (frame > 0 && (!values || !out_encoded))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, values ? "out_encoded is null" : "values is null");
    const bool unit = def.kind == SNN_ENCODE_RATE || def.kind == SNN_ENCODE_LATENCY;
    for (size_t i = 0; i < count; ++i)
        if (!std::isfinite(values[i]) || (unit && (values[i] < 0.0f || values[i] > 1.0f)))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "values[", i, "] is ", values[i],
                        unit ? "; expected 0 to 1" : "; it must be finite");
}

}  // namespace

void encode(const SNNEncoderDef& def, const float* values, size_t value_count, size_t sample_count, size_t feature_count,
            float* out_encoded, size_t out_count) {
    check(def, values, value_count, sample_count, feature_count, out_encoded, out_count);
    const size_t frame = sample_count * feature_count;
    if (def.kind == SNN_ENCODE_DELTA) {
        for (size_t i = 0; i < out_count; ++i)
            out_encoded[i] = values[i] - (i < frame ? 0.0f : values[i - frame]) > def.threshold ? 1.0f : 0.0f;
        return;
    }
    for (uint32_t step = 0; step < def.step_count; ++step) {
        float* const out = out_encoded + step * frame;
        for (size_t i = 0; i < frame; ++i) {
            if (def.kind == SNN_ENCODE_CONSTANT) {
                out[i] = def.gain * values[i];
            } else if (def.kind == SNN_ENCODE_LATENCY) {
                const double due = std::floor((1.0 - static_cast<double>(values[i])) * (def.step_count - 1) + 0.5);
                out[i] = values[i] >= def.threshold && static_cast<uint32_t>(due) == step ? 1.0f : 0.0f;
            } else {
                // One number for each (step, sample, feature), so a sample's encoding does not depend on its batch.
                const uint32_t sample = static_cast<uint32_t>(i / feature_count);
                const uint32_t feature = static_cast<uint32_t>(i % feature_count);
                const std::array<uint32_t, 4> words = philox(def.seed, {feature, sample, step, 0x656e6364u});
                out[i] = to_unit(words[0], words[1]) < static_cast<double>(def.gain) * values[i] ? 1.0f : 0.0f;
            }
        }
    }
}

}  // namespace snn
