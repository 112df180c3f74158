// Targets spike. A workgroup takes a spike of the list and changes all synapses of the segment onto that neuron. For the last
// segment, it then counts the spike in the neuron's traces.
//
// `rows` holds: the index of the first synapse onto each target, and the end of the last; then for each synapse its number in
// the segment and the place of its source's traces.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "plastic.glsl"

bool rule_post() { return false; }

void main() {
    const uint slot = slot_of(a.from, 0);
    const uint count = spikes[slot];
    for (uint spike = gl_WorkGroupID.x; spike < count; spike += gl_NumWorkGroups.x) {
        post_place = spikes[slot + a.from.list + spike];
        for (uint at = rows[post_place] + gl_LocalInvocationID.x; at < rows[post_place + 1]; at += GROUP_SIZE) {
            pre_place = rows[a.post_size + 2 + 2 * at];
            find_synapse(rows[a.post_size + 1 + 2 * at]);
            rule_post();
            leave_synapse();
        }
        if (a.is_last == 0) continue;
        memoryBarrierBuffer();  // all invocations must have read the traces before they are written
        barrier();
        if (gl_LocalInvocationID.x == 0) {
            for (uint k = 0; k < a.post_count; ++k)
                traces[post_value(k)] = floatBitsToUint(after_event(a.pre_count + k, post_trace(k)));
            traces[a.post + post_place] = run[RUN_NOW];
        }
    }
}
