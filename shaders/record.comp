// Copies a frame of spikes or of a state to memory that the host reads.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "run.glsl"

layout(local_size_x = GROUP_SIZE) in;
layout(push_constant) uniform Push { Record a; };
layout(std430, set = 0, binding = 1) readonly buffer From { uint from[]; };
layout(std430, set = 0, binding = 5) writeonly buffer Rows { uint to[]; };

void main() {
    const uint begin = a.from.slot_size == 0 ? a.begin : slot_of(a.from, a.lag) + a.begin;
    const uint row = (run[a.position] - a.lag) * a.count;
    for (uint i = gl_GlobalInvocationID.x; i < a.count; i += gl_NumWorkGroups.x * GROUP_SIZE) to[row + i] = from[begin + i];
}
