// Goes on to the next step, or to the next row of records: one invocation.
#version 450
#extension GL_GOOGLE_include_directive : require
#define RUN_ACCESS
#include "run.glsl"

layout(local_size_x = 1) in;
layout(push_constant) uniform Push { Advance a; };

void main() {
    if (a.step == 0) {
        run[RUN_ROW] += 1;
        return;
    }
    run[RUN_NOW] += 1;
    run[RUN_FRAME] += 1;
    run[RUN_STEP_LOW] += 1;
    if (run[RUN_STEP_LOW] == 0) run[RUN_STEP_HIGH] += 1;
}
