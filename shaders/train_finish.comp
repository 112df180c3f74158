// Adds integer sums, scaled, to float sums.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "train_arguments.h"

const uint GROUP_SIZE = 128;

layout(local_size_x = GROUP_SIZE) in;
layout(push_constant) uniform Push { TrainFinish a; };
layout(std430, set = 0, binding = 0) buffer Sums { float sums[]; };
layout(std430, set = 0, binding = 1) readonly buffer WholeSums { int whole_sums[]; };

void main() {
    for (uint k = gl_GlobalInvocationID.x; k < a.count; k += gl_NumWorkGroups.x * GROUP_SIZE) {
        precise const float whole_sum = float(whole_sums[a.begin + k]) * uintBitsToFloat(a.scale);
        precise const float sum = sums[a.begin + k] + whole_sum;
        sums[a.begin + k] = sum;
    }
}
