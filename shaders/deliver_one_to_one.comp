// One-to-one projections.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "run.glsl"
#include "deliver.glsl"

void main() {
    const uint j = gl_GlobalInvocationID.x;
    uint used = 0;
    if (j < a.target_size) {
        float sum = begin_sum(j);
        const float value = activity_at(activity_of(a.lag), j);
        if (value != 0.0) {
            used = 1;
            sum = add_product(sum, weight(j), value);
        }
        end_sum(j, sum);
    }
    count_used(used);
}
