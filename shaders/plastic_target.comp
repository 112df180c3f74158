// Before a step, copies the target states that a plasticity rule reads, for the events of the step. A workgroup copies some
// targets of state gl_WorkGroupID.y.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "run.glsl"

layout(local_size_x = GROUP_SIZE) in;
layout(push_constant) uniform Push { PlasticTarget a; };
layout(std430, set = 0, binding = 1) readonly buffer States { uint states[]; };
layout(std430, set = 0, binding = 5) writeonly buffer Traces { uint traces[]; };

void main() {
    const uint k = gl_WorkGroupID.y;
    for (uint j = gl_GlobalInvocationID.x; j < a.size; j += gl_NumWorkGroups.x * GROUP_SIZE)
        traces[a.to + k * a.size + j] = states[a.from[k] * a.size + j];
}
