// Dense projections: adds the weight rows of the active sources. Neighbouring invocations read neighbouring weights. All
// invocations of a workgroup go through the same sources, so they branch in the same way.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "run.glsl"
#include "deliver.glsl"

void main() {
    const uint j = gl_GlobalInvocationID.x;
    uint used = 0;
    if (j < a.target_size) {
        float sum = begin_sum(j);
        const uint data = activity_of(a.lag);
        if (BINARY) {
            // Takes eight active sources at a time, so that eight reads are in flight.
            const uint end = (a.last + 31) / 32;
            uint word = a.first / 32, bits = source[data + word], found;
            do {
                uint at[8];
                found = 0;
                [[unroll]] for (uint n = 0; n < 8; ++n) {
                    while (bits == 0 && word + 1 < end) bits = source[data + ++word];
                    at[n] = bits == 0 ? 0 : word * 32 + findLSB(bits) - a.first;
                    found += bits == 0 ? 0 : 1;
                    bits &= bits - 1;
                }
                float weights[8];
                [[unroll]] for (uint n = 0; n < 8; ++n) weights[n] = weight(at[n] * a.target_size + j);
                [[unroll]] for (uint n = 0; n < 8; ++n)
                    if (n < found) sum = add(sum, weights[n]);
                used += found;
            } while (found == 8);
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
