// Dense projections from values. An invocation adds up a target's sums in eight rows (steps of samples; y and z of the
// workgroups), so that a weight is read once for all of them. Values of 0 are added too: sums are never -0, so no bit changes.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "train_deliver.glsl"

const uint ROWS = 8;

void main() {
    const uint j = gl_GlobalInvocationID.x;
    const uint first = a.first_step * a.samples + (gl_WorkGroupID.z * gl_NumWorkGroups.y + gl_WorkGroupID.y) * ROWS;
    const uint end = (a.first_step + a.step_count) * a.samples;
    if (j >= a.target_size || first >= end) return;
    uint data[ROWS];
    float sum[ROWS];
    [[unroll]] for (uint k = 0; k < ROWS; ++k) {
        const uint row = min(first + k, end - 1);
        data[k] = activity_of(row / a.samples - a.delay, row % a.samples);
        sum[k] = begin_sum(a.sums + row * a.target_size + j, j);
    }
    uint used = 0;
    for (uint i = 0; i < a.source.size; ++i) {
        const float weight = parameters[i * a.target_size + j];
        [[unroll]] for (uint k = 0; k < ROWS; ++k) {
            const float value = uintBitsToFloat(source[data[k] + i]);
            used += value != 0.0 && first + k < end ? 1 : 0;
            sum[k] = add_product(sum[k], weight, value);
        }
    }
    [[unroll]] for (uint k = 0; k < ROWS; ++k)
        if (first + k < end) sums[a.sums + (first + k) * a.target_size + j] = sum[k];
    // All targets have the same sources.
    if (gl_LocalInvocationID.x == 0) add_to_counter(used * min(GROUP_SIZE, a.target_size - j));
}
