// Adds what a normalised projection delivers to the sums of its receptor. An invocation has one target in one sample and step.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "train_deliver.glsl"

layout(std430, set = 0, binding = 3) readonly buffer Own { float own_sums[]; };  // of this projection, from step 0, no bias
layout(std430, set = 0, binding = 4) readonly buffer Factors { float factors[]; };  // [channel] means, [channel] scales

void main() {
    const uint j = gl_GlobalInvocationID.x;
    if (j >= a.target_size) return;
    const uint place = sum_place(j), channel = j / a.bias_spread, channels = a.target_size / a.bias_spread;
    precise const float distance = own_sums[place - a.sums] - factors[channel];
    precise const float scaled = distance * factors[channels + channel];
    precise const float delivered = scaled + parameters[a.weight_count + channel];
    precise const float sum = sums[place] + delivered;
    sums[place] = sum;
}
