// Common code of the shaders of a plastic projection: its synapses with their traces, and the traces of both sides. The
// functions of the rule are empty: when a session opens, libsnn fills them with the rule's operations, as in neuron_step.comp.
#include "run.glsl"
#include "operations.glsl"

layout(local_size_x = GROUP_SIZE) in;
layout(push_constant) uniform Push { Plastic a; };
layout(std430, set = 0, binding = 1) readonly buffer Spikes { uint spikes[]; };  // ring of the source or the target
layout(std430, set = 0, binding = 3) buffer Synapses { uint synapses[]; };       // [synapse]: target, weight; then their traces
layout(std430, set = 0, binding = 4) readonly buffer Rows { uint rows[]; };
// For each side: the step of each place's last event, [place], and the traces after it, [trace][place]. On the source's side, a
// place is a source and a delay. Then the states of the targets and the constants of the rule. Then four words for each trace,
// those of the source first and those of the synapse last: the number of steps after which it is 0, the offsets of the coarse
// and the fine table of its decay, and the factor of the old value at an event.
layout(std430, set = 0, binding = 5) buffer Traces { uint traces[]; };

uint synapse, pre_place, post_place;
float weight, delivered;

float rule_float(const uint k) { return uintBitsToFloat(traces[a.constants + k]); }
int rule_int(const uint k) { return int(traces[a.constants + k]); }

float decayed(const uint value, const uint last_step, const uint trace) {
    const uint table = a.tables + 4 * trace;
    const uint steps = run[RUN_NOW] - last_step;
    precise float factor = 0.0;
    if (steps < traces[table])
        factor = uintBitsToFloat(traces[traces[table + 1] + steps / 32]) *
                 uintBitsToFloat(traces[traces[table + 2] + steps % 32]);
    return op_mul(uintBitsToFloat(value), factor);
}

uint pre_value(const uint k) { return a.pre_size * (k + 1) + pre_place; }
uint post_value(const uint k) { return a.post + a.post_size * (k + 1) + post_place; }
float pre_trace(const uint k) { return decayed(traces[pre_value(k)], traces[pre_place], k); }
float post_trace(const uint k) { return decayed(traces[post_value(k)], traces[a.post + post_place], a.pre_count + k); }

float target_state(const uint k) { return uintBitsToFloat(traces[a.states + a.post_size * k + post_place]); }

uint own_value(const uint k) { return a.own + a.synapse_count * (k + 1) + synapse; }
float own_trace(const uint k) {
    return decayed(synapses[own_value(k)], synapses[a.own + synapse], a.pre_count + a.post_count + k);
}

// The value of a trace after an event, if it was x before.
float after_event(const uint trace, const float x) { return multiply_add(uintBitsToFloat(traces[a.tables + 4 * trace + 3]), x, 1.0); }

float held(const float value, const uint low, const uint high) {
    return op_min(op_max(value, uintBitsToFloat(low)), uintBitsToFloat(high));
}

// An event calls find_synapse() to read a synapse, and leave_synapse() to write it back.
void find_synapse(const uint number) {
    synapse = number;
    weight = uintBitsToFloat(synapses[2 * number + 1]);
}
void leave_synapse() {
    synapses[2 * synapse + 1] = floatBitsToUint(weight);
    if (a.own != NOWHERE) synapses[a.own + synapse] = run[RUN_NOW];
}

float weight_now() { return weight; }
// Clamps the weight to its bounds and flushes tiny values like those of a state.
void set_weight(const float value) {
    const float next = held(value, a.minimum, a.maximum);
    weight = uintBitsToFloat(flushed(next));
}
void set_own_trace(const uint k, const float value) { synapses[own_value(k)] = flushed(value); }
