// dL/d(activity) through a sparse or one-to-one projection. An invocation has one source in one sample and step. Synapses are
// in canonical order, three words each: source, target, delay.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "train.glsl"

layout(constant_id = 1) const bool ONE_TO_ONE = false;

layout(std430, set = 0, binding = 2) readonly buffer Sums { float sums[]; };
layout(std430, set = 0, binding = 3) buffer ActivityGradient { float activity_gradient[]; };
layout(std430, set = 0, binding = 4) readonly buffer Rows { uint rows[]; };
layout(std430, set = 0, binding = 5) readonly buffer Synapses { uint synapses[]; };

void main() {
    const uint i = gl_GlobalInvocationID.x, step = a.source_first + gl_WorkGroupID.z;
    if (i >= a.source.size) return;
    float given = 0.0;
    const uint end = ONE_TO_ONE ? i + 1 : rows[i + 1];
    for (uint k = ONE_TO_ONE ? i : rows[i]; k < end; ++k) {
        const uint then = step + (ONE_TO_ONE ? a.delay : synapses[3 * k + 2]);  // step in which the activity arrives
        if (then < a.first_step || then >= a.first_step + a.step_count || !goes_back(then, step)) continue;
        given += parameters[k] * sums[target_row(then, gl_WorkGroupID.y) + (ONE_TO_ONE ? i : synapses[3 * k + 1])];
    }
    activity_gradient[source_row(step, gl_WorkGroupID.y) + i] += kept_scale() * given;
}
