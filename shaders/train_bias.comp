// dL/d(bias): a workgroup computes one value at a time. Its invocations go through the neurons that share it, in all rows.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "train_weights.glsl"

layout(constant_id = 1) const bool OF_TRACES = false;

void main() {
    const uint begin = slice_begin(), end = slice_end();
    for (uint c = gl_WorkGroupID.x; c < bias_count(); c += gl_NumWorkGroups.x) {
        float sum = 0.0;
        for (uint place = gl_LocalInvocationID.x; place < (end - begin) * a.bias_spread; place += GROUP_SIZE)
            sum += sums[a.sums + (begin + place / a.bias_spread) * a.target_size + c * a.bias_spread + place % a.bias_spread];
        const float all = group_sum(sum);
        if (gl_LocalInvocationID.x == 0)
            parts[parts_begin() + a.weight_count + c] = OF_TRACES ? uintBitsToFloat(source[a.pool_weight]) * all : all;
    }
}
