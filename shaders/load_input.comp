// Loads the step's frame of an input population into its ring of activity.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "run.glsl"
#include "spikes.glsl"

layout(local_size_x = GROUP_SIZE) in;
layout(constant_id = 0) const bool BINARY = true;
layout(push_constant) uniform Push { LoadInput a; };
layout(std430, set = 0, binding = 1) readonly buffer Frames { uint frames[]; };

void main() {
    const uint neuron = gl_GlobalInvocationID.x, sample_index = gl_WorkGroupID.y;
    uint value = 0;
    if (neuron < a.own.size)
        value = frames[a.frames + run[RUN_FRAME] * run[a.stride] + sample_index * a.own.size + neuron];
    if (BINARY) write_spikes(a.own, neuron, uintBitsToFloat(value) != 0.0);
    else if (neuron < a.own.size) own[slot_of(a.own, 0) + a.own.data + sample_index * a.own.width + neuron] = value;
}
