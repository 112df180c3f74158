// Advances the run's position to the next step, or to the next row of records, in one invocation. The device holds the position
// twice, so that the next step's words are written while the kernels of this step still read theirs. A plan has only one copy,
// bound both as `run` and as `next`. A driver may assume that the two do not overlap, so only `next` is used then.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "run.glsl"

layout(local_size_x = 1) in;
layout(constant_id = 0) const bool IN_PLACE = false;  // `next` is `run`
layout(push_constant) uniform Push { Advance a; };
layout(std430, set = 0, binding = 1) buffer Next { uint next[]; };

void main() {
    if (a.step == 0) {
        next[RUN_ROW] += 1;
        return;
    }
    // Reads everything before the first write: a read after a write would wait for it, which takes a microsecond on a GPU.
    if (IN_PLACE) {
        const uint now = next[RUN_NOW], frame = next[RUN_FRAME], low = next[RUN_STEP_LOW] + 1, high = next[RUN_STEP_HIGH];
        next[RUN_NOW] = now + 1;
        next[RUN_FRAME] = frame + 1;
        next[RUN_STEP_LOW] = low;
        next[RUN_STEP_HIGH] = low == 0 ? high + 1 : high;
        return;
    }
    const uint now = run[RUN_NOW], frame = run[RUN_FRAME], row = run[RUN_ROW];
    const uint low = run[RUN_STEP_LOW] + 1, high = run[RUN_STEP_HIGH];
    const uint seed_low = run[RUN_SEED_LOW], seed_high = run[RUN_SEED_HIGH];
    next[RUN_NOW] = now + 1;
    next[RUN_FRAME] = frame + 1;
    next[RUN_ROW] = row;
    next[RUN_STEP_LOW] = low;
    next[RUN_STEP_HIGH] = low == 0 ? high + 1 : high;
    next[RUN_SEED_LOW] = seed_low;
    next[RUN_SEED_HIGH] = seed_high;
    for (uint i = 0; i < a.inputs; ++i) next[RUN_INPUTS + i] = run[RUN_INPUTS + i];
}
