// Carries traces through a run: what arrivals have left in the states of a target that never spikes. An invocation has one
// source of a sample, with one delay. The invocation after the last source has the bias, which acts as a source that is always
// active.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "train_arguments.h"

const uint GROUP_SIZE = 128, MOST_STATES = 32;

layout(local_size_x = GROUP_SIZE) in;
layout(constant_id = 0) const bool BINARY = true;  // the source's activity is bits
layout(push_constant) uniform Push { TrainTraces a; };
layout(std430, set = 0, binding = 0) readonly buffer Source { uint source[]; };
layout(std430, set = 0, binding = 1) buffer Traces { float traces[]; };

void main() {
    const uint i = gl_GlobalInvocationID.x, sample_index = gl_WorkGroupID.y, slot = gl_WorkGroupID.z, slots = gl_NumWorkGroups.z;
    const bool is_bias = i == a.source.size;
    if (i > a.source.size || (is_bias && (sample_index | slot) != 0)) return;
    float trace[MOST_STATES], old[MOST_STATES];
    const uint first = is_bias ? 0 : a.states + (slot * a.samples + sample_index) * a.source.size + i;
    const uint stride = is_bias ? 1 : slots * a.samples * a.source.size;  // from one state to the next
    for (uint k = 0; k < a.states; ++k) trace[k] = traces[a.before + first + k * stride];
    for (uint step = 0; step < a.step_count; ++step) {
        float arrived = 1.0;
        if (!is_bias) {
            // Steps before the first are negative numbers, which wrap as unsigned ones.
            const uint data = a.source.data + (step - (a.most_delay - slot)) * a.source.stride + sample_index * a.source.width;
            if (BINARY) arrived = float((source[data + i / 32] >> (i % 32)) & 1u);
            else arrived = uintBitsToFloat(source[data + i]);
        }
        for (uint k = 0; k < a.states; ++k) old[k] = trace[k];
        for (uint after = 0; after < a.states; ++after) {
            float sum = traces[a.states * a.states + after] * arrived;
            for (uint k = 0; k < a.states; ++k) sum += traces[after * a.states + k] * old[k];
            trace[after] = sum;
        }
    }
    for (uint k = 0; k < a.states; ++k) traces[a.now + first + k * stride] = trace[k];
}
