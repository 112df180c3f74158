// Dense projections: the weight rows of the active sources. Neighbouring invocations read neighbouring weights, and all of a
// workgroup see the same sources, so they branch alike.
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
            for (uint word = a.first / 32; word * 32 < a.last; ++word) {
                uint bits = source[data + word];
                used += bitCount(bits);
                const uint row = word * 32 - a.first;
                while (bits != 0) {
                    // Four at a time, so that four reads are on their way.
                    uint places[4];
                    bool there[4];
                    [[unroll]] for (uint n = 0; n < 4; ++n) {
                        there[n] = bits != 0;
                        places[n] = there[n] ? findLSB(bits) : places[0];
                        bits &= bits - 1;
                    }
                    float weights[4];
                    [[unroll]] for (uint n = 0; n < 4; ++n) weights[n] = weight((row + places[n]) * a.target_size + j);
                    [[unroll]] for (uint n = 0; n < 4; ++n)
                        if (there[n]) sum = add(sum, weights[n]);
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
