// dL/dw of a sparse or one-to-one projection: an invocation computes one weight at a time. Synapses are in canonical order,
// three words each: source, target, delay.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "train_weights.glsl"

layout(constant_id = 1) const bool ONE_TO_ONE = false;

layout(std430, set = 0, binding = 5) readonly buffer Synapses { uint synapses[]; };

void main() {
    const uint end = slice_end();
    for (uint k = gl_GlobalInvocationID.x; k < a.weight_count; k += gl_NumWorkGroups.x * GROUP_SIZE) {
        const uint i = ONE_TO_ONE ? k : synapses[3 * k], j = ONE_TO_ONE ? k : synapses[3 * k + 1];
        const uint delay = ONE_TO_ONE ? a.delay : synapses[3 * k + 2];
        float sum = 0.0;
        for (uint row = slice_begin(); row < end; ++row) {
            const float value = activity_at(activity_before(row, delay), i);
            if (value != 0.0) sum += value * sums[a.sums + row * a.target_size + j];
        }
        parts[parts_begin() + k] = sum;
    }
}
