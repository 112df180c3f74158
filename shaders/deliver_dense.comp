// Dense projections: the weight rows of the active sources. Neighbouring invocations read neighbouring weights, and all of a
// workgroup see the same sources, so they branch alike.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "run.glsl"
#include "deliver.glsl"

void main() {
    const uint j = gl_GlobalInvocationID.x;
    uint used = 0;
    if (j < a.target_size) {
        float sum = begin_sum(j);
        const uint data = activity_of(a.lag);
        if (BINARY) {
            for (uint word = a.first / 32; word * 32 < a.last; ++word) {
                uint bits = source[data + word];
                used += bitCount(bits);
                while (bits != 0) {
                    const uint i = word * 32 + findLSB(bits);
                    sum = add(sum, weight((i - a.first) * a.target_size + j));
                    bits &= bits - 1;
                }
            }
        } else {
            for (uint i = a.first; i < a.last; ++i) {
                const float value = uintBitsToFloat(source[data + i]);
                if (value == 0.0) continue;
                ++used;
                sum = add_product(sum, weight((i - a.first) * a.target_size + j), value);
            }
        }
        end_sum(j, sum);
    }
    count_used(used);
}
