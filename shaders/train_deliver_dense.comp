// Dense projections from spikes: adds the weight rows of the active sources.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "train_deliver.glsl"

void main() {
    const uint j = gl_GlobalInvocationID.x, step = step_at_hand();
    if (j >= a.target_size) return;
    uint used = 0;
    float sum = begin_sum(sum_place(j), j);
    const uint data = activity_of(step - a.delay, gl_WorkGroupID.y);
    const float scale = kept_scale();
    for (uint word = 0; word < a.source.width; ++word) {
        uint bits = source[data + word];
        used += bitCount(bits);
        while (bits != 0) {
            const uint i = word * 32 + findLSB(bits);
            sum = add_product(sum, parameters[i * a.target_size + j], scale);
            bits &= bits - 1;
        }
    }
    sums[sum_place(j)] = sum;
    // All targets have the same sources.
    if (gl_LocalInvocationID.x == 0) add_to_counter(used * min(GROUP_SIZE, a.target_size - j));
}
