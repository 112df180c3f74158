// Sparse projections in integers: a workgroup takes a spike of the list and adds the synapses of its row that have the delay
// gl_WorkGroupID.y. Integer sums come out the same in any order.
//
// `rows`: the delays in steps; then for each source of the segment where its synapses of each delay begin, and where they end.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "run.glsl"

layout(local_size_x = GROUP_SIZE) in;
layout(constant_id = 0) const bool COMPACT = true;  // a synapse is one word: target, and weight in the upper half; else two
layout(push_constant) uniform Push { DeliverSpikes a; };
layout(std430, set = 0, binding = 1) readonly buffer Source { uint source[]; };
layout(std430, set = 0, binding = 2) buffer Target { int target[]; };
layout(std430, set = 0, binding = 3) readonly buffer Synapses { uint synapses[]; };
layout(std430, set = 0, binding = 4) readonly buffer Rows { uint rows[]; };

void main() {
    const uint delay = gl_WorkGroupID.y, sample_index = gl_WorkGroupID.z;
    const uint slot = slot_of(a.source, rows[delay]);
    const uint count = source[slot + sample_index];
    const uint list = slot + a.source.list + sample_index * a.source.size;
    const uint sums = a.sums + sample_index * a.target_size + a.first_target;
    uint used = 0;
    for (uint spike = gl_WorkGroupID.x; spike < count; spike += gl_NumWorkGroups.x) {
        const uint i = source[list + spike];
        if (i < a.first || i >= a.last) continue;
        const uint row = a.delay_count + (i - a.first) * (a.delay_count + 1) + delay;
        const uint begin = rows[row], end = rows[row + 1];
        used += end - begin;
        for (uint k = begin + gl_LocalInvocationID.x; k < end; k += GROUP_SIZE) {
            if (COMPACT) {
                const uint synapse = synapses[k];
                atomicAdd(target[sums + (synapse & 0xFFFF)], int(synapse) >> 16);
            } else {
                atomicAdd(target[sums + synapses[2 * k]], int(synapses[2 * k + 1]));
            }
        }
    }
    if (gl_LocalInvocationID.x == 0 && used > 0) add_to_counter(used);
}
