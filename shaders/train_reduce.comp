// Adds up the sums of slices, in order, to the gradient of a projection, and checks that all of it is finite.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "train_arguments.h"

const uint GROUP_SIZE = 128;

layout(local_size_x = GROUP_SIZE) in;
layout(push_constant) uniform Push { TrainReduce a; };
layout(std430, set = 0, binding = 0) readonly buffer Source { uint source[]; };  // first word: the float that a spike delivers
layout(std430, set = 0, binding = 1) readonly buffer Parts { float parts[]; };
layout(std430, set = 0, binding = 2) writeonly buffer Gradient { float gradient[]; };
layout(std430, set = 0, binding = 3) buffer NotFinite { uint not_finite[]; };  // by projection: 1 if a value is not finite

void main() {
    for (uint k = gl_GlobalInvocationID.x; k < a.count; k += gl_NumWorkGroups.x * GROUP_SIZE) {
        float sum = 0.0;
        for (uint slice = 0; slice < a.slices; ++slice) sum += parts[slice * a.count + k];
        if (k < a.weight_count) sum *= uintBitsToFloat(source[0]);
        gradient[k] = sum;
        if ((floatBitsToUint(sum) & 0x7F800000u) == 0x7F800000u) atomicOr(not_finite[a.place], 1u);
    }
}
