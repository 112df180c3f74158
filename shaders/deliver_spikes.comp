// Sparse synapses with integer sums. The spikes of one source that arrive now, with any delay, are dealt to the workgroups.
// LANES invocations take a spike and add its synapses to the targets' sums. Integer sums are the same in any order. Each
// workgroup number in y and z stands for GROUP_SIZE slots; a slot is a delay and a sample.
//
// A source has a list of synapses for each delay and each range of sums that 16 bits can address. If those would be many short
// lists, it has one for each delay, and a byte of each synapse names its range (PART_BYTES).
//
// `rows` holds: the delays in steps; the first sum of each range; for each source of the segment and list, the index of the
// first synapse; the end of the last synapses. With short entries (ENTRY_BITS), instead of the indices: the index of each
// source's first synapse; then for each source and list, where it ends, counted from there.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "run.glsl"

layout(local_size_x = GROUP_SIZE) in;
layout(constant_id = 0) const bool COMPACT = true;  // a synapse is one word: target, and weight in the upper half; else two
layout(constant_id = 1) const uint LANES = 32;      // number of invocations that share a spike
layout(constant_id = 2) const bool CONSECUTIVE = false;  // delays are consecutive: no look-up, one dependent read less
layout(constant_id = 3) const bool PART_BYTES = false;
layout(constant_id = 4) const uint ENTRY_BITS = 32;  // 8, 16 or 32
layout(push_constant) uniform Push { DeliverSpikes a; };
layout(std430, set = 0, binding = 1) readonly buffer Source { uint source[]; };
layout(std430, set = 0, binding = 2) buffer Target { int target[]; };
layout(std430, set = 0, binding = 3) readonly buffer Synapses { uint synapses[]; };
layout(std430, set = 0, binding = 4) readonly buffer Rows { uint rows[]; };

const uint TEAMS = GROUP_SIZE / LANES;

// The running sum of the spikes that arrive in each slot of a workgroup. Two arrays, which take turns in the prefix sum.
shared uint ends[2][GROUP_SIZE];
shared uint group_used;

uint delay_of(const uint number) { return CONSECUTIVE ? a.first_delay + number : rows[number]; }

// The index of the first synapse in a list of a source, or of the end of its last list. `row`: the source in the segment.
uint begin_of(const uint row, const uint list) {
    const uint lists = a.delay_count * a.lists, table = a.delay_count + a.part_count;
    if (ENTRY_BITS == 32) return rows[table + row * lists + list];
    const uint begin = rows[table + row];
    if (list == 0) return begin;
    const uint entry = row * lists + list - 1, in_a_word = 32 / ENTRY_BITS;
    return begin + bitfieldExtract(rows[a.ends + entry / in_a_word], int(entry % in_a_word * ENTRY_BITS), int(ENTRY_BITS));
}

uint part_of(const uint k) { return bitfieldExtract(synapses[a.part_bytes + k / 4], int(k % 4 * 8), 8); }

void deliver(const uint sums, const uint k) {
    if (COMPACT) {
        const uint synapse = synapses[k];
        atomicAdd(target[sums + (synapse & 0xFFFF)], int(synapse) >> 16);
    } else {
        atomicAdd(target[sums + synapses[2 * k]], int(synapses[2 * k + 1]));
    }
}

void main() {
    const uint place = gl_LocalInvocationID.x, all_slots = a.delay_count * a.samples;
    const uint first_slot = (gl_WorkGroupID.z * gl_NumWorkGroups.y + gl_WorkGroupID.y) * GROUP_SIZE;
    if (first_slot >= all_slots) return;  // y and z may have more workgroups than are needed
    const uint slots = min(all_slots - first_slot, GROUP_SIZE);
    uint count = 0;
    if (place < slots) {
        const uint delay = (first_slot + place) / a.samples, sample_index = (first_slot + place) % a.samples;
        count = source[slot_of(a.source, delay_of(delay)) + sample_index];
    }
    ends[0][place] = count;
    if (place == 0) group_used = 0;
    barrier();
    uint side = 0;
    for (uint reach = 1; reach < slots; reach *= 2) {
        ends[1 - side][place] = ends[side][place] + (place >= reach ? ends[side][place - reach] : 0);
        side = 1 - side;
        barrier();
    }
    uint used = 0;
    const uint total = ends[side][slots - 1], lane = place % LANES;
    for (uint spike = gl_WorkGroupID.x * TEAMS + place / LANES; spike < total; spike += gl_NumWorkGroups.x * TEAMS) {
        uint low = 0, high = slots - 1;
        while (low < high) {
            const uint middle = (low + high) / 2;
            if (ends[side][middle] > spike) high = middle;
            else low = middle + 1;
        }
        const uint delay = (first_slot + low) / a.samples, sample_index = (first_slot + low) % a.samples;
        const uint list = slot_of(a.source, delay_of(delay)) + a.source.list + sample_index * a.source.size;
        const uint i = source[list + spike - (low == 0 ? 0 : ends[side][low - 1])];
        if (i < a.first || i >= a.last) continue;
        const uint row = i - a.first, first_list = delay * a.lists, of_sample = sample_index * a.sum_stride;
        const uint begin = begin_of(row, first_list), end = begin_of(row, first_list + a.lists);
        if (lane == 0) used += end - begin;
        uint part = 0, part_end = PART_BYTES ? end : begin_of(row, first_list + 1), sums = of_sample + rows[a.delay_count];
        for (uint k = begin + lane; k < end; k += LANES) {
            if (PART_BYTES) sums = of_sample + rows[a.delay_count + part_of(k)];
            while (k >= part_end) {
                ++part;
                part_end = begin_of(row, first_list + part + 1);
                sums = of_sample + rows[a.delay_count + part];
            }
            deliver(sums, k);
        }
    }
    if (used > 0) atomicAdd(group_used, used);
    barrier();
    if (place == 0 && group_used > 0) add_to_counter(group_used);
}
