// Writes the spikes of a step as floats, 0 and 1, to a buffer of the host program, or adds them to its values.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "run.glsl"

layout(local_size_x = GROUP_SIZE) in;
layout(constant_id = 0) const bool ADDS_UP = false;
layout(push_constant) uniform Push { CopySpikes a; };
layout(std430, set = 0, binding = 1) readonly buffer From { uint from[]; };
layout(std430, set = 0, binding = 2) buffer To { float to[]; };

void main() {
    const uint neuron = gl_GlobalInvocationID.x, sample_index = gl_WorkGroupID.y;
    if (neuron >= a.from.size) return;
    const uint word = from[slot_of(a.from, a.lag) + a.from.data + sample_index * a.from.width + neuron / 32];
    const float spike = float((word >> (neuron % 32)) & 1u);
    const uint at = sample_index * a.from.size + neuron;
    precise const float count = to[at] + spike;
    to[at] = ADDS_UP ? count : spike;
}
