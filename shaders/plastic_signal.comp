// A signal reaches all plastic synapses of a projection before the next step. A workgroup takes the synapses of one source with
// one delay.
//
// `rows` is as in plastic_arrive.comp.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "plastic.glsl"

float signal_value() { return uintBitsToFloat(a.signal); }

bool rule_signal() { return false; }

void main() {
    const uint begin = a.first * a.delay_count, end = a.last * a.delay_count;
    for (pre_place = begin + gl_WorkGroupID.x; pre_place < end; pre_place += gl_NumWorkGroups.x) {
        const uint row = a.delay_count + pre_place - begin;
        for (uint k = rows[row] + gl_LocalInvocationID.x; k < rows[row + 1]; k += GROUP_SIZE) {
            post_place = synapses[2 * k];
            find_synapse(k);
            rule_signal();
            leave_synapse();
        }
    }
}
