// Adds the bias of a projection whose own shader only makes integer sums.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "run.glsl"
#include "deliver.glsl"

void main() {
    const uint j = gl_GlobalInvocationID.x;
    if (j < a.target_size) end_sum(j, begin_sum(j));
}
