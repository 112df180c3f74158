// What the shaders of a plastic projection share: its synapses with their traces, and the traces of both sides. The functions of
// the rule are empty: when a session opens, libsnn puts the rule's operations there, as it does in neuron_step.comp.
#include "run.glsl"
#include "operations.glsl"

layout(local_size_x = GROUP_SIZE) in;
layout(push_constant) uniform Push { Plastic a; };
layout(std430, set = 0, binding = 1) readonly buffer Spikes { uint spikes[]; };  // of the side whose spikes act
layout(std430, set = 0, binding = 3) buffer Synapses { uint synapses[]; };       // [synapse]: target, weight; then their traces
layout(std430, set = 0, binding = 4) readonly buffer Rows { uint rows[]; };
// For each side the steps of the last events, [place], and what they left, [trace][place]. A place of the source's side is a source
// and a delay. Then states of the targets, and the constants of the rule. Then for each trace, the source's first and the synapse's last: steps after which
// nothing is left, where the coarse and the fine table of its decay are, and what an event keeps of it.
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

// What an event makes of a trace that is x.
float after_event(const uint trace, const float x) { return multiply_add(uintBitsToFloat(traces[a.tables + 4 * trace + 3]), x, 1.0); }

float held(const float value, const uint low, const uint high) {
    return op_min(op_max(value, uintBitsToFloat(low)), uintBitsToFloat(high));
}

// A synapse as an event finds it, and as it leaves it.
void find_synapse(const uint number) {
    synapse = number;
    weight = uintBitsToFloat(synapses[2 * number + 1]);
}
void leave_synapse() {
    synapses[2 * synapse + 1] = floatBitsToUint(weight);
    if (a.own != NOWHERE) synapses[a.own + synapse] = run[RUN_NOW];
}

float weight_now() { return weight; }
// Held within its bounds, and flushed as a state is.
void set_weight(const float value) {
    const float next = held(value, a.minimum, a.maximum);
    weight = uintBitsToFloat(flushed(next));
}
void set_own_trace(const uint k, const float value) { synapses[own_value(k)] = flushed(value); }
