// How many workgroups deliver_spikes needs: as many as the largest number of spikes that arrive now with one delay.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "run.glsl"

layout(local_size_x = GROUP_SIZE) in;
layout(push_constant) uniform Push { DeliverSpikes a; };
layout(std430, set = 0, binding = 1) readonly buffer Source { uint source[]; };
layout(std430, set = 0, binding = 4) readonly buffer Rows { uint rows[]; };
layout(std430, set = 0, binding = 5) writeonly buffer Groups { uint groups[]; };

shared uint most;

void main() {
    if (gl_LocalInvocationID.x == 0) most = 0;
    barrier();
    for (uint i = gl_LocalInvocationID.x; i < a.delay_count * a.samples; i += GROUP_SIZE)
        atomicMax(most, source[slot_of(a.source, rows[i / a.samples]) + i % a.samples]);
    barrier();
    if (gl_LocalInvocationID.x == 0) groups[0] = min(most, 65535u);
}
