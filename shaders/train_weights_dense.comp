// dL/dw of a dense projection: an invocation computes the weights of 32 sources onto one target.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "train_weights.glsl"

void main() {
    const uint j = gl_GlobalInvocationID.x, first = gl_WorkGroupID.y * 32;
    if (j >= a.target_size) return;
    const uint count = min(32, a.source.size - first), end = slice_end();
    float sum[32];
    [[unroll]] for (uint k = 0; k < 32; ++k) sum[k] = 0.0;
    for (uint row = slice_begin(); row < end; ++row) {
        const uint data = activity_before(row, a.delay);
        if (BINARY) {
            const uint bits = source[data + gl_WorkGroupID.y];
            if (bits == 0) continue;
            const float gradient = sums[a.sums + row * a.target_size + j];
            [[unroll]] for (uint k = 0; k < 32; ++k) sum[k] += ((bits >> k) & 1u) != 0 ? gradient : 0.0;
        } else {
            const float gradient = sums[a.sums + row * a.target_size + j];
            [[unroll]] for (uint k = 0; k < 32; ++k) {
                const float value = uintBitsToFloat(source[data + first + min(k, count - 1)]);
                sum[k] += value * gradient;
            }
        }
    }
    for (uint k = 0; k < count; ++k) parts[parts_begin() + (first + k) * a.target_size + j] = sum[k];
}
