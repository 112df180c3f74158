// Spikes arrive at plastic synapses. A workgroup takes a spike of the list, changes the synapses of its row that have the delay
// with index gl_WorkGroupID.y, and adds what they deliver to the targets' sums. Then it counts the arrival in the traces of the
// source and the delay, which no other workgroup reads.
//
// `rows` is as in deliver_spikes.comp, but without ranges of sums.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "plastic.glsl"

layout(std430, set = 0, binding = 2) buffer Target { int target[]; };

void set_delivered(const float value) { delivered = held(value, a.least_delivered, a.most_delivered); }
void set_pre_trace(const uint k, const float value) { traces[pre_value(k)] = floatBitsToUint(value); }
void count_arrival(const uint k, const float x) { set_pre_trace(k, after_event(k, x)); }

// rule_pre() returns whether it has set `delivered`; if not, the synapse delivers its weight.
bool rule_pre() { return false; }
bool rule_arrival() { return false; }

void main() {
    const uint delay = gl_WorkGroupID.y;
    const uint slot = slot_of(a.from, rows[delay]);
    const uint count = spikes[slot];
    uint used = 0;
    for (uint spike = gl_WorkGroupID.x; spike < count; spike += gl_NumWorkGroups.x) {
        const uint i = spikes[slot + a.from.list + spike];
        if (i < a.first || i >= a.last) continue;
        const uint row = a.delay_count + (i - a.first) * a.delay_count + delay;
        const uint begin = rows[row], end = rows[row + 1];
        if (begin == end) continue;
        used += end - begin;
        pre_place = i * a.delay_count + delay;
        for (uint k = begin + gl_LocalInvocationID.x; k < end; k += GROUP_SIZE) {
            post_place = synapses[2 * k];
            find_synapse(k);
            if (!rule_pre()) delivered = weight;
            leave_synapse();
            // The scale is a power of two that may exceed the range of float, so it comes as two factors.
            const float whole = op_mul(op_mul(delivered, uintBitsToFloat(a.scale0)), uintBitsToFloat(a.scale1));
            atomicAdd(target[a.first_sum + post_place], op_to_int(whole));
        }
        memoryBarrierBuffer();  // all invocations must have read the traces before they are written
        barrier();
        if (gl_LocalInvocationID.x == 0) {
            rule_arrival();
            traces[pre_place] = run[RUN_NOW];
        }
    }
    if (gl_LocalInvocationID.x == 0 && used > 0) add_to_counter(used);
}
